// Package ring keeps the last samples of a measurement.
package ring

// Ring holds up to a fixed number of samples; a new one takes the place of the oldest.
type Ring struct {
	samples []float64
	next    int // where the next sample goes
	full    bool
}

// New returns an empty ring. It panics if size is not above 0.
func New(size int) *Ring {
	if size <= 0 {
		panic("ring: a ring has room for at least one sample")
	}
	return &Ring{samples: make([]float64, size)}
}

// Len returns how many samples there are.
func (r *Ring) Len() int {
	if r.full {
		return len(r.samples)
	}
	return r.next
}

// Add appends a sample.
func (r *Ring) Add(sample float64) {
	r.samples[r.next] = sample
	r.next++
	if r.next == len(r.samples) {
		r.next = 0
		r.full = true
	}
}

// Last returns the last count samples, oldest first, as a slice of the caller's own; all there
// are where there are fewer, and none where count is not above 0.
func (r *Ring) Last(count int) []float64 {
	last := make([]float64, count)
	at := r.next - count
	for index := range last {
		last[index] = r.samples[at%len(r.samples)]
		at++
	}
	return last
}
