package policy

import (
	"fmt"
	"slices"
)

// Licence is a kind of paper that lets a corp say what others may not.
type Licence struct {
	ID     string `json:"id"`
	Name   Words  `json:"name"`
	Number Words  `json:"number"` // which number is meant
}

// Licensed is the part of a check that does not hold for a corp with a licence in force.
type Licensed struct {
	Kinds    []string `json:"kinds"`              // any of these
	Classes  []string `json:"classes,omitempty"`  // empty = all that the check is for
	AnyOf    []string `json:"any_of"`             // patterns over the normal form
	Identity bool     `json:"identity,omitempty"` // the first group of a pattern names who speaks: that has to be the holder
	// Says are patterns one of which a licensed message has to hold; "{number}" is the number of the paper. Without any of them
	// it goes to review, for Reason.
	Says   []string `json:"says,omitempty"`
	Reason Words    `json:"reason,omitzero"`
	WayOut Words    `json:"way_out,omitzero"`
}

// SaysNumber is the element of Licensed.Says that stands for the number of the paper.
const SaysNumber = "{number}"

// LicensedExample is a text that a rule finds, and leaves to who holds the paper.
type LicensedExample struct {
	Kind   string `json:"kind"`
	Holder string `json:"holder"`
	Number string `json:"number"`
	Class  string `json:"class,omitempty"`
	Text   string `json:"text"`
}

// Licence answers a kind of paper by its id, or nil.
func (p *Policy) Licence(id string) *Licence {
	if i := slices.IndexFunc(p.Licences, func(l Licence) bool { return l.ID == id }); i >= 0 {
		return &p.Licences[i]
	}
	return nil
}

// WaitsFor lists the rules that a kind of paper bears on.
func (p *Policy) WaitsFor(kind string) []*Rule {
	var out []*Rule
	for i := range p.Rules {
		if c := p.Rules[i].Check; c != nil && slices.ContainsFunc(c.Licensed, func(l Licensed) bool { return slices.Contains(l.Kinds, kind) }) {
			out = append(out, &p.Rules[i])
		}
	}
	return out
}

func (p *Policy) checkLicensed(r *Rule) error {
	if r.Check == nil {
		return nil
	}
	for _, l := range r.Check.Licensed {
		for _, k := range l.Kinds {
			if p.Licence(k) == nil {
				return fmt.Errorf("unknown licence %q", k)
			}
		}
		if len(l.Kinds) == 0 || len(l.AnyOf) == 0 || len(l.Says) > 0 && (l.Reason == Words{} || l.WayOut == Words{}) {
			return fmt.Errorf("a licensed part needs kinds, patterns, and words for who holds the paper and says too little")
		}
	}
	return nil
}
