package autoreply

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/automaton"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Match is the rule that answers a message, and the pattern of it that fitted.
type Match struct {
	Rule    *Rule
	Pattern Pattern
}

// Why explains about one rule whether it would have answered a message.
type Why struct {
	Rule    *Rule
	Matched bool    // its keywords fit, and it may work here and now
	Pattern Pattern // the keyword that fits, if one does
	Reason  errs.Text
}

// ref points from a compiled pattern to its rule.
type ref struct {
	rule    int32
	pattern int32
}

// matcher holds compiled rules, the strongest first. It is never changed; any number of goroutines may use it.
type matcher struct {
	rules    []Rule
	exact    map[string][]ref
	words    *automaton.Automaton
	wordRefs []ref
	sounds   *automaton.Automaton
	soundRef []ref
	regex    []*regexp.Regexp
	regexRef []ref
}

// newMatcher compiles rules. A rule that cannot be compiled any more is left out: saving refuses it, so there is none.
func newMatcher(rules []Rule) *matcher {
	m := &matcher{rules: slices.Clone(rules), exact: map[string][]ref{}}
	slices.SortStableFunc(m.rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	var words, sounds []string
	for i, r := range m.rules {
		for j, p := range r.Patterns {
			at := ref{int32(i), int32(j)}
			switch p.Kind {
			case Exact:
				key := bare(Fold(p.Value))
				m.exact[key] = append(m.exact[key], at)
			case Contains:
				words, m.wordRefs = append(words, Fold(p.Value)), append(m.wordRefs, at)
			case Pinyin:
				sounds, m.soundRef = append(sounds, string(spell(Fold(p.Value)).text)), append(m.soundRef, at)
			case Regex:
				if re, err := compile("", p.Value); err == nil {
					m.regex, m.regexRef = append(m.regex, re), append(m.regexRef, at)
				}
			}
		}
	}
	m.words, m.sounds = automaton.New(words), automaton.New(sounds)
	return m
}

// hits calls f for each pattern that fits text, in no order, until f answers false.
func (m *matcher) hits(text string, f func(ref) bool) {
	folded := limit(Fold(text), maxText)
	if folded == "" {
		return
	}
	for _, at := range m.exact[bare(folded)] {
		if !f(at) {
			return
		}
	}
	if len(m.wordRefs) > 0 {
		for _, h := range m.words.Find([]rune(folded), nil) {
			if !f(m.wordRefs[h.Pattern]) {
				return
			}
		}
	}
	if len(m.soundRef) > 0 {
		said := spell(folded)
		for _, h := range m.sounds.Find(said.text, nil) {
			if said.whole(h) && !f(m.soundRef[h.Pattern]) {
				return
			}
		}
	}
	for i, re := range m.regex {
		if re.MatchString(folded) && !f(m.regexRef[i]) {
			return
		}
	}
}

// match finds the strongest rule that fits text in an account at t (in the corp's zone).
func (m *matcher) match(text, account string, t time.Time) (Match, bool) {
	best := ref{rule: int32(len(m.rules))}
	m.hits(text, func(at ref) bool {
		if at.rule < best.rule {
			if r := &m.rules[at.rule]; r.Enabled && r.serves(account) && r.open(t) {
				best = at
			}
		}
		return best.rule != 0 // nothing is stronger than the first rule
	})
	if int(best.rule) == len(m.rules) {
		return Match{}, false
	}
	r := &m.rules[best.rule]
	return Match{Rule: r, Pattern: r.Patterns[best.pattern]}, true
}

// explain tells about every rule whether it fits and why not, strongest first.
func (m *matcher) explain(text, account string, t time.Time) []Why {
	fits := map[int32]int32{}
	m.hits(text, func(at ref) bool {
		if p, ok := fits[at.rule]; !ok || at.pattern < p {
			fits[at.rule] = at.pattern
		}
		return true
	})
	out := make([]Why, len(m.rules))
	taken := false
	for i := range m.rules {
		r := &m.rules[i]
		w := Why{Rule: r}
		p, ok := fits[int32(i)]
		if ok {
			w.Pattern = r.Patterns[p]
		}
		switch {
		case !ok:
			w.Reason = errs.T("关键词都没有出现。", "None of its keywords occurs.")
		case !r.Enabled:
			w.Reason = errs.T("关键词符合，但规则没有启用。", "A keyword fits, but the rule is switched off.")
		case !r.serves(account):
			w.Reason = errs.T("关键词符合，但规则不用于这个客服账号。", "A keyword fits, but the rule is not for this kf account.")
		case !r.open(t):
			w.Reason = errs.T("关键词符合，但现在不在生效时段。", "A keyword fits, but the rule does not work at this hour.")
		case taken:
			w.Matched = true
			w.Reason = errs.T("关键词符合，但前面的规则优先。", "A keyword fits, but a rule above it goes first.")
		default:
			w.Matched, taken = true, true
			w.Reason = errs.Tf("命中“%s”。", "Matches %q.", w.Pattern.Value)
		}
		out[i] = w
	}
	return out
}
