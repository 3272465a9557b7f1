package guard

import (
	"fmt"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// compile reads the patterns of a rule and takes its words from the lexicon.
func (r *rule) compile(form *normal.Former, lexicon []Entry) error {
	if err := r.patterns(); err != nil {
		return err
	}
	for _, s := range r.check.NoneOf {
		c, err := newPattern(s)
		if err != nil {
			return err
		}
		r.noneOf = append(r.noneOf, c)
	}
	switch r.check.Code {
	case "", codeNumbers:
	default:
		return fmt.Errorf("no check is called %q", r.check.Code)
	}
	for _, e := range lexicon {
		if e.Class != "" && e.Class == r.check.Lexicon {
			if err := r.take(form, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// patterns compiles those of the rule, and those of its licensed parts.
func (r *rule) patterns() error {
	take := func(dst *[]pattern, l *licensed, src []string, doubt bool) error {
		for _, s := range src {
			c, err := newPattern(s)
			if err != nil {
				return err
			}
			r.untriggered = r.untriggered || len(c.branches) == 0
			c.licensed, c.doubt = l, doubt
			*dst = append(*dst, c)
		}
		return nil
	}
	if err := take(&r.anyOf, nil, r.check.AnyOf, false); err != nil {
		return err
	}
	if err := take(&r.allOf, nil, r.check.AllOf, false); err != nil {
		return err
	}
	for i := range r.check.Licensed {
		l, err := newLicensed(&r.check.Licensed[i])
		if err != nil {
			return err
		}
		if err := take(&r.anyOf, l, l.AnyOf, false); err != nil {
			return err
		}
	}
	return take(&r.anyOf, nil, r.check.Doubt, true)
}

// spot is a place that a rule's patterns object to, in runes.
type spot struct {
	place
	wanting *licensed // it may be said, but not like this
	doubt   bool      // a person looks
}

// find answers the first place in a clause that the rule's patterns object to. An exemption counts where it overlaps the
// place; with all_of it counts anywhere. held is what is met in the clause.
func (r *rule) find(t normal.Text, cl clause, m *reading, held triggered) (spot, bool) {
	base := t.Byte(cl.from)
	s := t.String[base:t.Byte(cl.to)]
	at := func(from, to int) place { return place{t.Rune(base + from), t.Rune(base + to)} }
	if len(r.allOf) > 0 {
		if !r.in(s, held) {
			return spot{}, false
		}
		m := r.allOf[len(r.allOf)-1].whole.get().FindStringIndex(s)
		return spot{place: at(m[0], m[1])}, true
	}
	var milder spot
	for i := range r.anyOf {
		p := &r.anyOf[i]
		if !held.may(p) || !p.licensed.applies(m.Class) {
			continue
		}
		for x := range held.places(p, s) {
			if x[0] == x[1] || r.exempt(s, x[0], x[1], held) {
				continue
			}
			if p.doubt {
				if milder.place == (place{}) {
					milder = spot{place: at(x[0], x[1]), doubt: true}
				}
				continue
			}
			if p.licensed == nil {
				return spot{place: at(x[0], x[1])}, true
			}
			claimed := ""
			if len(x) > 3 && x[2] >= 0 {
				claimed = s[x[2]:x[3]]
			}
			switch p.licensed.covers(m.Own, claimed, m.message) {
			case bare:
				return spot{place: at(x[0], x[1])}, true
			case wanting:
				if milder.place == (place{}) {
					milder = spot{place: at(x[0], x[1]), wanting: p.licensed}
				}
			case covered:
			}
		}
	}
	return milder, milder.place != (place{})
}

// in says whether everything that all_of asks for is in s, and no exemption.
func (r *rule) in(s string, held triggered) bool {
	for i := range r.allOf {
		if !held.may(&r.allOf[i]) {
			return false
		}
	}
	for i := range r.allOf {
		if !held.matches(&r.allOf[i], s) {
			return false
		}
	}
	for i := range r.noneOf {
		if held.matches(&r.noneOf[i], s) {
			return false
		}
	}
	return len(r.allOf) > 0
}

func (r *rule) exempt(s string, from, to int, held triggered) bool {
	for i := range r.noneOf {
		for m := range held.places(&r.noneOf[i], s) {
			if m[0] < to && from < m[1] {
				return true
			}
		}
	}
	return false
}
