package experiment

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/governance/likeness"
	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// What the plan says within a month differs enough to be sent at all.
func TestThePlanSaysSomethingNewEachTime(t *testing.T) {
	t.Parallel()
	form := normal.New()
	var said []likeness.Print
	for day := range 30 {
		for _, s := range Plan() {
			said = append(said, likeness.Of(form, []string{s.On(day)}))
		}
	}
	near, pairs := 0, 0
	for i := range said {
		for j := range i {
			if pairs++; said[i].Distance(said[j]) <= 8 {
				near++
			}
		}
	}
	if near*50 > pairs {
		t.Errorf("%d of %d pairs are nearly the same", near, pairs)
	}
	t.Logf("%d of %d pairs are nearly the same", near, pairs)
}
