package guard

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// pattern is a compiled pattern with its triggers: whatever it matches holds at least one of them. Without triggers it
// has to be tried everywhere.
type pattern struct {
	*regexp.Regexp
	triggers []string
	licensed *licensed // nil: it holds for everybody
}

func newPattern(s string) (pattern, error) {
	re, err := regexp.Compile(s)
	if err != nil {
		return pattern{}, err
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return pattern{}, err
	}
	return pattern{Regexp: re, triggers: needed(tree)}, nil
}

// needed lists texts one of which is in every match, or nil when none can be named.
func needed(re *syntax.Regexp) []string {
	const mostClass = 16
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []string{string(re.Rune)}
		}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if out = append(out, string(r)); len(out) > mostClass {
					return nil
				}
			}
		}
		return out
	case syntax.OpCapture, syntax.OpPlus:
		return needed(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needed(re.Sub[0])
		}
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			n := needed(sub)
			if n == nil {
				return nil
			}
			out = append(out, n...)
		}
		return out
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if n := needed(sub); n != nil && (best == nil || shortest(n) > shortest(best) || shortest(n) == shortest(best) && len(n) < len(best)) {
				best = n
			}
		}
		return best
	case syntax.OpStar, syntax.OpQuest, syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpAnyCharNotNL, syntax.OpAnyChar, syntax.OpBeginLine,
		syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
	}
	return nil
}

func shortest(list []string) int {
	n := utf8.RuneCountInString(list[0])
	for _, s := range list[1:] {
		n = min(n, utf8.RuneCountInString(s))
	}
	return n
}

// compile reads the patterns of a rule and takes its words from the lexicon.
func (r *rule) compile(form *normal.Former, lexicon []Entry) error {
	if err := r.patterns(); err != nil {
		return err
	}
	for _, s := range r.check.NoneOf {
		re, err := regexp.Compile(s)
		if err != nil {
			return err
		}
		r.noneOf = append(r.noneOf, re)
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
	take := func(dst *[]pattern, l *licensed, src []string) error {
		for _, s := range src {
			c, err := newPattern(s)
			if err != nil {
				return err
			}
			r.untriggered = r.untriggered || c.triggers == nil
			c.licensed = l
			*dst = append(*dst, c)
		}
		return nil
	}
	if err := take(&r.anyOf, nil, r.check.AnyOf); err != nil {
		return err
	}
	if err := take(&r.allOf, nil, r.check.AllOf); err != nil {
		return err
	}
	for i := range r.check.Licensed {
		l, err := newLicensed(&r.check.Licensed[i])
		if err != nil {
			return err
		}
		if err := take(&r.anyOf, l, l.AnyOf); err != nil {
			return err
		}
	}
	return nil
}

// spot is a place that a rule's patterns object to, in runes.
type spot struct {
	place
	wanting *licensed // it may be said, but not like this
}

// find answers the first place in a clause that the rule's patterns object to. An exemption counts where it overlaps the
// place; with all_of it counts anywhere.
func (r *rule) find(t normal.Text, cl clause, m *reading) (spot, bool) {
	base := t.Byte(cl.from)
	s := t.String[base:t.Byte(cl.to)]
	at := func(from, to int) place { return place{t.Rune(base + from), t.Rune(base + to)} }
	if len(r.allOf) > 0 {
		if !r.in(s) {
			return spot{}, false
		}
		m := r.allOf[len(r.allOf)-1].FindStringIndex(s)
		return spot{place: at(m[0], m[1])}, true
	}
	var milder spot
	for _, p := range r.anyOf {
		if !p.licensed.applies(m.Class) {
			continue
		}
		for _, x := range p.FindAllStringSubmatchIndex(s, -1) {
			if x[0] == x[1] || r.exempt(s, x[0], x[1]) {
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
				if milder.wanting == nil {
					milder = spot{at(x[0], x[1]), p.licensed}
				}
			case covered:
			}
		}
	}
	return milder, milder.wanting != nil
}

// in says whether everything that all_of asks for is in s, and no exemption.
func (r *rule) in(s string) bool {
	for _, p := range r.allOf {
		if !p.MatchString(s) {
			return false
		}
	}
	return len(r.allOf) > 0 && !slices.ContainsFunc(r.noneOf, func(re *regexp.Regexp) bool { return re.MatchString(s) })
}

func (r *rule) exempt(s string, from, to int) bool {
	for _, re := range r.noneOf {
		for _, m := range re.FindAllStringIndex(s, -1) {
			if m[0] < to && from < m[1] {
				return true
			}
		}
	}
	return false
}
