package governance

import (
	"cmp"
	"slices"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Tally sums up the decisions about many: what a plan says.
type Tally struct {
	Reachable int
	Held      int
	Reasons   []Ground // most frequent first
}

// Ground is one reason for holding back, with how many it holds.
type Ground struct {
	RuleID string
	Text   errs.Text
	Count  int
	Next   clock.Time // the earliest of them; 0 = none is known
}

// TallyOf sums up decisions.
func TallyOf(decisions []Decision) Tally {
	var t Tally
	grounds := map[[2]string]*Ground{}
	for _, d := range decisions {
		if d.OK() {
			t.Reachable++
			continue
		}
		t.Held++
		k := [2]string{d.RuleID, d.Reason.ZH}
		g := grounds[k]
		if g == nil {
			g = &Ground{RuleID: d.RuleID, Text: d.Reason}
			grounds[k] = g
		}
		g.Count++
		if d.Next != 0 && (g.Next == 0 || d.Next < g.Next) {
			g.Next = d.Next
		}
	}
	for _, g := range grounds {
		t.Reasons = append(t.Reasons, *g)
	}
	slices.SortFunc(t.Reasons, func(a, b Ground) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Text.ZH, b.Text.ZH))
	})
	return t
}
