package guard

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// pattern is a compiled pattern with its triggers: whatever it matches meets all the needs of one of its branches. A
// pattern with a branch that needs nothing has to be tried everywhere.
type pattern struct {
	branches []branch
	licensed *licensed // nil: it holds for everybody
	doubt    bool      // a person looks, whatever the rule does

	at, end int     // its branches among those of the guard; none: it has to be tried everywhere
	sure    int     // so many of them, from the first, are all that the pattern asks for
	asks    []*lazy // what each branch asks for: smaller than the pattern, and quicker
	whole   *lazy
}

// branch is one way in which a pattern can match: a text of each of these sets is there, one after the other.
type branch [][]string

const (
	mostBranches = 24 // of what stands one after the other
	mostNeeds    = 8  // of a branch; those of the longest texts are kept
	mostClass    = 16 // characters of a class that are tried one by one
	mostTexts    = 80 // of one need
)

func newPattern(s string) (pattern, error) {
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return pattern{}, err
	}
	p := pattern{whole: newLazy(func() string { return s })}
	sure, rest := apart(tree)
	for len(sure) > 0 {
		n := min(mostTexts, len(sure))
		some := sure[:n]
		p.branches, p.asks, sure = append(p.branches, branch{some}), append(p.asks, newLazy(func() string { return alternation(some) })), sure[n:]
		p.sure++
	}
	for _, alternative := range rest {
		one := newLazy(alternative.String)
		for _, b := range branches(alternative) {
			if len(b) == 0 {
				p.branches, p.asks, p.sure = nil, nil, 0
				return p, nil
			}
			p.branches, p.asks = append(p.branches, telling(b)), append(p.asks, one)
		}
	}
	return p, nil
}

// alternation matches any of texts, the longest where several do.
func alternation(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = regexp.QuoteMeta(t)
	}
	slices.SortStableFunc(quoted, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return strings.Join(quoted, "|")
}

// apart sets the alternatives of re apart that are nothing but texts.
func apart(re *syntax.Regexp) (sure []string, rest []*syntax.Regexp) {
	if t := texts(re); len(t) > 0 && !slices.Contains(t, "") {
		return t, nil
	}
	if re.Op == syntax.OpCapture {
		return apart(re.Sub[0])
	}
	if re.Op != syntax.OpAlternate {
		return nil, []*syntax.Regexp{re}
	}
	for _, a := range re.Sub {
		s, r := apart(a)
		sure, rest = append(sure, s...), append(rest, r...)
	}
	return sure, rest
}

// texts lists everything that re matches, when it is little; else it is nil.
func texts(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []string{string(re.Rune)}
		}
	case syntax.OpCharClass:
		return characters(re)
	case syntax.OpCapture:
		return texts(re.Sub[0])
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpQuest:
		if t := texts(re.Sub[0]); t != nil {
			return append(t, "")
		}
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			t := texts(sub)
			if out = append(out, t...); t == nil || len(out) > mostTexts {
				return nil
			}
		}
		return out
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			t := texts(sub)
			if t == nil || len(out)*len(t) > mostTexts {
				return nil
			}
			next := make([]string, 0, len(out)*len(t))
			for _, a := range out {
				for _, b := range t {
					next = append(next, a+b)
				}
			}
			out = next
		}
		return out
	default:
	}
	return nil
}

// characters lists those of a class, when they are few; else it is nil.
func characters(re *syntax.Regexp) []string {
	var out []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if out = append(out, string(r)); len(out) > mostClass {
				return nil
			}
		}
	}
	return out
}

// lazy is a regular expression that is compiled when it is first tried: of a policy's few ever are in one process.
type lazy struct{ get func() *regexp.Regexp }

// newLazy takes the source of an expression that the parser has accepted.
func newLazy(source func() string) *lazy {
	return &lazy{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source()) })}
}

// everywhere says whether the pattern has to be tried on every text.
func (p *pattern) everywhere() bool { return p.at == p.end }

// branches lists the ways in which re can match; a branch without needs may match anything.
func branches(re *syntax.Regexp) []branch {
	if t := texts(re); len(t) > 0 && !slices.Contains(t, "") {
		return []branch{{t}}
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return branches(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return branches(re.Sub[0])
		}
	case syntax.OpAlternate:
		return anyOf(re.Sub)
	case syntax.OpConcat:
		out := []branch{{}}
		for _, sub := range re.Sub {
			more := branches(sub)
			if len(out)*len(more) > mostBranches {
				more = []branch{united(more)}
			}
			next := make([]branch, 0, len(out)*len(more))
			for _, a := range out {
				for _, b := range more {
					next = append(next, slices.Concat(a, b))
				}
			}
			out = next
		}
		return out
	default:
	}
	return []branch{{}}
}

// anyOf lists the branches of alternatives: those that need one text are one branch.
func anyOf(alternatives []*syntax.Regexp) []branch {
	var out []branch
	var single []string
	for _, sub := range alternatives {
		for _, b := range branches(sub) {
			switch {
			case len(b) == 0:
				return []branch{{}}
			case len(b) == 1 && len(single)+len(b[0]) <= mostTexts:
				single = append(single, b[0]...)
			default:
				out = append(out, b)
			}
		}
	}
	if len(single) > 0 {
		out = append(out, branch{single})
	}
	return out
}

// united makes one branch of several: of each what tells most.
func united(all []branch) branch {
	var out []string
	for _, b := range all {
		if len(b) == 0 {
			return nil
		}
		out = append(out, slices.MinFunc(b, better)...)
	}
	if len(out) > mostTexts {
		return nil
	}
	return branch{out}
}

// telling keeps the needs of a branch that tell most, in their order.
func telling(b branch) branch {
	for len(b) > mostNeeds {
		least := slices.MaxFunc(b, better)
		i := slices.IndexFunc(b, func(texts []string) bool { return &texts[0] == &least[0] })
		b = slices.Delete(slices.Clone(b), i, i+1)
	}
	return b
}

// better sorts needs that fewer texts meet to the front.
func better(a, b []string) int {
	return cmp.Or(cmp.Compare(shortest(b), shortest(a)), cmp.Compare(len(a), len(b)))
}

func shortest(list []string) int {
	n := utf8.RuneCountInString(list[0])
	for _, s := range list[1:] {
		n = min(n, utf8.RuneCountInString(s))
	}
	return n
}
