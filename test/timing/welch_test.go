package timing

import (
	"math"
	"slices"
	"testing"
	"time"
)

// sample is a set of durations in seconds.
type sample []float64

func (s *sample) add(d time.Duration) { *s = append(*s, d.Seconds()) }

// trimmed returns the sample without its slowest fifth: what a busy machine adds is in that end, and it would hide a
// difference rather than show one.
func (s sample) trimmed() sample {
	sorted := slices.Clone(s)
	slices.Sort(sorted)
	return sorted[:len(sorted)-len(sorted)/5]
}

// moments returns mean and unbiased variance.
func (s sample) moments() (mean, variance float64) {
	for _, x := range s {
		mean += x
	}
	mean /= float64(len(s))
	for _, x := range s {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(s)-1)
}

// welch returns Welch's t statistic of two samples, and the difference of their means both relative to the smaller mean
// and as it is.
func welch(a, b sample) (t, relative, difference float64) {
	meanA, varA := a.moments()
	meanB, varB := b.moments()
	spread := math.Sqrt(varA/float64(len(a)) + varB/float64(len(b)))
	if spread == 0 {
		spread = math.SmallestNonzeroFloat64
	}
	return (meanA - meanB) / spread, (meanA - meanB) / min(meanA, meanB), meanA - meanB
}

// TestWelch holds the statistic to numbers worked out by hand.
func TestWelch(t *testing.T) {
	a, b := sample{1, 2, 3, 4}, sample{3, 4, 5, 6}
	got, relative, difference := welch(a, b)
	// means 2.5 and 4.5, variances 5/3 each: t = -2 / sqrt(2 * (5/3)/4)
	if want := -2 / math.Sqrt(2*(5.0/3)/4); math.Abs(got-want) > 1e-12 {
		t.Errorf("t = %v, want %v", got, want)
	}
	if want := -2 / 2.5; math.Abs(relative-want) > 1e-12 {
		t.Errorf("relative = %v, want %v", relative, want)
	}
	if difference != -2 {
		t.Errorf("difference = %v, want -2", difference)
	}
	if got := (sample{5, 1, 2, 3, 4}).trimmed(); !slices.Equal(got, sample{1, 2, 3, 4}) {
		t.Errorf("trimmed = %v", got)
	}
}
