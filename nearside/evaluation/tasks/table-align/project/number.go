package table

import (
	"strconv"
	"strings"
)

// isNumber tells whether a cell is a number: digits with a sign, commas between thousands, a
// point, or a per cent sign behind it.
func isNumber(cell string) bool {
	cell = strings.TrimSuffix(strings.TrimSpace(cell), "%")
	if strings.ContainsAny(cell, "xXpPeEiInN_") {
		return false
	}
	_, err := strconv.ParseFloat(strings.ReplaceAll(cell, ",", ""), 64)
	return err == nil
}

// Count returns a count with commas between thousands.
func Count(count int) string {
	text := strconv.Itoa(count)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return sign + text
}
