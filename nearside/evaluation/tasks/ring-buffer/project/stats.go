package ring

import "math"

// Mean returns the mean of the last count samples, and 0 where there are none.
func (r *Ring) Mean(count int) float64 {
	last := r.Last(count)
	if len(last) == 0 {
		return 0
	}
	sum := 0.0
	for _, sample := range last {
		sum += sample
	}
	return sum / float64(len(last))
}

// Spread returns the difference between the largest and the smallest of the last count samples.
func (r *Ring) Spread(count int) float64 {
	last := r.Last(count)
	if len(last) == 0 {
		return 0
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, sample := range last {
		least, most = math.Min(least, sample), math.Max(most, sample)
	}
	return most - least
}
