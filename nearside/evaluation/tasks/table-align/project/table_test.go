package table

import "testing"

func check(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWordsAreAtTheLeft(t *testing.T) {
	made := New("name", "place").Add("Ann", "Oslo").Add("Bo", "Rome")
	check(t, made.String(), "name  place\n----  -----\nAnn   Oslo\nBo    Rome\n")
}

func TestShortRowsArePrinted(t *testing.T) {
	made := New("a", "b").Add("long one").Add("x", "y", "z")
	check(t, made.String(), "a         b\n--------  -\nlong one\nx         y\n")
}

func TestWidthsAreOfCharacters(t *testing.T) {
	check(t, New("é", "b").Add("ü", "c").String(), "é  b\n-  -\nü  c\n")
}

func TestNumbersAreAtTheRight(t *testing.T) {
	made := New("name", "size").Add("a", "5").Add("b", "12,000")
	check(t, made.String(), "name    size\n----  ------\na          5\nb     12,000\n")
}

func TestCounts(t *testing.T) {
	check(t, Count(1234567), "1,234,567")
	check(t, Count(-1000), "-1,000")
	check(t, Count(12), "12")
}
