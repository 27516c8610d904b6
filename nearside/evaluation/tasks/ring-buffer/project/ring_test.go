package ring

import (
	"reflect"
	"testing"
)

func filled(size, count int) *Ring {
	made := New(size)
	for sample := 1; sample <= count; sample++ {
		made.Add(float64(sample))
	}
	return made
}

func TestLenGrowsToTheSize(t *testing.T) {
	for count, want := range []int{0, 1, 2, 3, 3, 3} {
		if got := filled(3, count).Len(); got != want {
			t.Errorf("after %d: got %d, want %d", count, got, want)
		}
	}
}

func TestLastOnesInOrder(t *testing.T) {
	if got := filled(3, 4).Last(2); !reflect.DeepEqual(got, []float64{3, 4}) {
		t.Errorf("got %v, want [3 4]", got)
	}
}

func TestLastOfAFewSamples(t *testing.T) {
	if got := filled(5, 3).Last(2); !reflect.DeepEqual(got, []float64{2, 3}) {
		t.Errorf("got %v, want [2 3]", got)
	}
}

func TestMoreThanThereAre(t *testing.T) {
	if got := filled(5, 2).Last(4); !reflect.DeepEqual(got, []float64{1, 2}) {
		t.Errorf("got %v, want [1 2]", got)
	}
}

func TestMean(t *testing.T) {
	if got := filled(4, 3).Mean(2); got != 2.5 {
		t.Errorf("got %v, want 2.5", got)
	}
}
