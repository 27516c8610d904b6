// Package table prints rows as columns for a terminal.
package table

import (
	"strings"
	"unicode/utf8"
)

// Table is a heading and rows; rows may be shorter than the heading, and what they have more is
// not printed.
type Table struct {
	Heading []string
	Rows    [][]string
}

// New returns an empty table.
func New(heading ...string) *Table {
	return &Table{Heading: heading}
}

// Add appends a row and returns the table.
func (t *Table) Add(cells ...string) *Table {
	t.Rows = append(t.Rows, cells)
	return t
}

// String returns the table as text: a heading, a line below it, and a line for each row. Columns
// are as wide as their widest cell and two blanks apart.
func (t *Table) String() string {
	widths := make([]int, len(t.Heading))
	for _, cells := range append([][]string{t.Heading}, t.Rows...) {
		for column := range widths {
			if column < len(cells) {
				widths[column] = max(widths[column], utf8.RuneCountInString(cells[column]))
			}
		}
	}
	var text strings.Builder
	write := func(cells []string) {
		var line strings.Builder
		for column, width := range widths {
			cell := ""
			if column < len(cells) {
				cell = cells[column]
			}
			if column > 0 {
				line.WriteString("  ")
			}
			line.WriteString(cell + strings.Repeat(" ", width-utf8.RuneCountInString(cell)))
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	write(t.Heading)
	ruler := make([]string, len(widths))
	for column, width := range widths {
		ruler[column] = strings.Repeat("-", width)
	}
	write(ruler)
	for _, cells := range t.Rows {
		write(cells)
	}
	return text.String()
}

func max(one, other int) int {
	if one > other {
		return one
	}
	return other
}
