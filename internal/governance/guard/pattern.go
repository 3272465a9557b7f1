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
	return pattern{re, needed(tree)}, nil
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
	for _, p := range []struct {
		src []string
		dst *[]pattern
	}{{r.check.AnyOf, &r.anyOf}, {r.check.AllOf, &r.allOf}} {
		for _, s := range p.src {
			c, err := newPattern(s)
			if err != nil {
				return err
			}
			r.untriggered = r.untriggered || c.triggers == nil
			*p.dst = append(*p.dst, c)
		}
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

// find answers the first place in a clause that the rule's patterns object to, in runes. An exemption counts where it
// overlaps the place; with all_of it counts anywhere.
func (r *rule) find(t normal.Text, cl clause) (from, to int, ok bool) {
	base := t.Byte(cl.from)
	s := t.String[base:t.Byte(cl.to)]
	if len(r.allOf) > 0 {
		if !r.in(s) {
			return 0, 0, false
		}
		m := r.allOf[len(r.allOf)-1].FindStringIndex(s)
		return t.Rune(base + m[0]), t.Rune(base + m[1]), true
	}
	for _, p := range r.anyOf {
		for _, m := range p.FindAllStringIndex(s, -1) {
			if m[0] < m[1] && !r.exempt(s, m[0], m[1]) {
				return t.Rune(base + m[0]), t.Rune(base + m[1]), true
			}
		}
	}
	return 0, 0, false
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
