package broadcast

import (
	"testing"
	"time"
)

// A task that WeCom keeps may be confirmed at any time: it is read for ever, but ever less often.
func TestReadingATaskBecomesRareAndNeverEnds(t *testing.T) {
	t.Parallel()
	within := map[time.Duration]int{10 * time.Minute: 0, 24 * time.Hour: 0, 7 * 24 * time.Hour: 0, 365 * 24 * time.Hour: 0}
	age := time.Duration(0)
	for n := 0; age < 365*24*time.Hour; n++ {
		step := pollAfter(n)
		if step < pollAfter(max(0, n-1)) {
			t.Fatalf("reading %d comes sooner than the one before", n)
		}
		age += step
		for span := range within {
			if age <= span {
				within[span]++
			}
		}
	}
	if within[10*time.Minute] < 14 || within[24*time.Hour] > 190 || within[7*24*time.Hour] > 350 || within[365*24*time.Hour] > 720 {
		t.Errorf("readings by age: %v", within)
	}
}
