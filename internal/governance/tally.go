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
	var t tally
	for _, d := range decisions {
		t.add(d)
	}
	return t.with(Tally{})
}

// tally is a Tally in the making.
type tally struct {
	reachable int
	grounds   map[ground]*Ground
}

type ground struct{ rule, reason string }

func (t *tally) add(d Decision) {
	if d.OK() {
		t.reachable++
		return
	}
	t.hold(Ground{RuleID: d.RuleID, Text: d.Reason, Count: 1, Next: d.Next})
}

func (t *tally) hold(g Ground) {
	k := ground{g.RuleID, g.Text.ZH}
	had := t.grounds[k]
	if had == nil {
		if t.grounds == nil {
			t.grounds = map[ground]*Ground{}
		}
		t.grounds[k] = &g
		return
	}
	had.Count += g.Count
	if g.Next != 0 && (had.Next == 0 || g.Next < had.Next) {
		had.Next = g.Next
	}
}

// with answers it together with another one.
func (t *tally) with(o Tally) Tally {
	out := Tally{Reachable: t.reachable + o.Reachable}
	for _, g := range o.Reasons {
		t.hold(g)
	}
	for _, g := range t.grounds {
		out.Held += g.Count
		out.Reasons = append(out.Reasons, *g)
	}
	slices.SortFunc(out.Reasons, func(a, b Ground) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Text.ZH, b.Text.ZH))
	})
	return out
}
