package ring

import (
	"reflect"
	"testing"
)

func TestHiddenEveryCountOfEveryFill(t *testing.T) {
	for size := 1; size <= 5; size++ {
		for added := 0; added <= 12; added++ {
			made := filled(size, added)
			for count := 0; count <= 14; count++ {
				want := []float64{}
				for sample := added - minimum(count, minimum(size, added)) + 1; sample <= added; sample++ {
					want = append(want, float64(sample))
				}
				got := made.Last(count)
				if len(got) != len(want) || (len(want) > 0 && !reflect.DeepEqual(got, want)) {
					t.Fatalf("size %d, %d added: Last(%d) is %v, want %v", size, added, count, got, want)
				}
			}
		}
	}
}

func TestHiddenNoneForNegativeCounts(t *testing.T) {
	if got := filled(3, 2).Last(-1); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if got := New(3).Mean(2); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestHiddenTheSliceIsTheCallers(t *testing.T) {
	made := filled(3, 3)
	made.Last(3)[0] = 99
	if got := made.Last(3); !reflect.DeepEqual(got, []float64{1, 2, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestHiddenSpread(t *testing.T) {
	if got := filled(3, 9).Spread(5); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
}

func minimum(one, other int) int {
	if one < other {
		return one
	}
	return other
}
