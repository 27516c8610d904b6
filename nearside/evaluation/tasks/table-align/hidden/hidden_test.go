package table

import (
	"strings"
	"testing"
)

func TestHiddenEmptyCellsAreNoWords(t *testing.T) {
	made := New("n", "total").Add("", "1").Add("10").Add("2", "-3.5")
	check(t, made.String(), " n  total\n--  -----\n        1\n10\n 2   -3.5\n")
}

func TestHiddenOneWordKeepsAColumnAtTheLeft(t *testing.T) {
	made := New("value").Add("100").Add("n/a").Add("5")
	check(t, made.String(), "value\n-----\n100\nn/a\n5\n")
}

func TestHiddenAHeadingAloneIsAtTheLeft(t *testing.T) {
	check(t, New("2025", "long heading").String(), "2025  long heading\n----  ------------\n")
	check(t, New("year", "x").Add("", "").String(), "year  x\n----  -\n\n")
}

func TestHiddenLongHeadingsMoveToo(t *testing.T) {
	made := New("share", "of").Add("5 %", "all").Add("50%", "")
	if !strings.HasPrefix(made.String(), "share  of\n") {
		t.Errorf("got:\n%s", made)
	}
	made = New("percentage", "of").Add("5%", "all").Add("50%", "")
	check(t, made.String(), "percentage  of\n----------  ---\n        5%  all\n       50%\n")
}

func TestHiddenTheTableStaysAsItWas(t *testing.T) {
	made := New("n").Add("1").Add("22")
	first := made.String()
	if made.Rows[0][0] != "1" || made.Heading[0] != "n" || made.String() != first {
		t.Error("printing changed the table")
	}
}

func TestHiddenWideCharacters(t *testing.T) {
	check(t, New("größe", "é").Add("1", "ü").Add("20", "x").String(), "größe  é\n-----  -\n    1  ü\n   20  x\n")
}
