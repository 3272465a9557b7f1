// Package guard reads texts by the content rules of internal/governance/policy: the same code when a text is saved, when it
// is sent and in the console's try-out. It is deterministic, reaches nothing outside, and keeps nothing.
//
// # Layers
//
// Each field of a message is brought into normal form (internal/governance/normal) and cut into clauses. One automaton
// finds the words of the lexicon and the triggers of the patterns in one pass; a second one finds words by their sound.
// A pattern runs only over clauses that hold all of its triggers: texts without which it cannot match. Links are read for
// their host and scheme, and the classifier (internal/governance/classify) says what the whole resembles. What a layer finds is traced back to the original, and the strictest action wins.
//
// # Properties, tested
//
//   - N3: what is shown lies in the original. N4: hiding words never makes a decision milder.
//   - N5: nothing is found across the end of a sentence, a line or a field.
//   - N6: one more rule never makes a decision milder. N7: the same text and version give the same answer.
//
// Caller: internal/governance, which gives its aliases to the rooms.
package guard

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"unicode/utf16"

	"zhiyin.dev/zhiyin/internal/automaton"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Field is one named string of a message, for example {"text", "..."} or {"attachments/0/title", "..."}.
type Field struct{ Name, Text string }

// Layer is what found something.
type Layer string

// The layers.
const (
	ByPattern Layer = "pattern"
	ByWord    Layer = "lexicon"
	BySound   Layer = "sound"
	ByLink    Layer = "link"
	ByCode    Layer = "code"
	ByModel   Layer = "classifier"
	ByHouse   Layer = "house" // a rule of the corp's own
)

// Finding is one place that a content rule objects to.
type Finding struct {
	RuleID   string
	Severity policy.Action
	Field    string
	Start    int    // in the original text of the field, UTF-16 units as a browser counts; Start = End = 0: the whole message
	End      int    // exclusive
	Text     string // the words of the original
	Reason   errs.Text
	WayOut   errs.Text
	Layer    Layer
	Matched  string          // the words in normal form
	Grams    []classify.Gram // of the classifier: what spoke for it most
}

// Check is what the content rules say about a message.
type Check struct {
	Verdict  policy.Action
	Findings []Finding // in order of field and place
}

// With adds findings of the room that the message is of.
func (c Check) With(more ...Finding) Check {
	c.Findings = slices.Clone(c.Findings)
	for _, f := range more {
		c.Findings = append(c.Findings, f)
		c.Verdict = policy.Stricter(c.Verdict, f.Severity)
	}
	return c
}

// Doubtful is the first finding that asks for another look, if there is one.
func (c Check) Doubtful() (Finding, bool) {
	return c.first(func(f Finding) bool { return f.Severity == policy.Review })
}

// Blocking is the first finding that forbids the message, if there is one.
func (c Check) Blocking() (Finding, bool) {
	return c.first(func(f Finding) bool { return f.Severity.Refuses() })
}

func (c Check) first(is func(Finding) bool) (Finding, bool) {
	if i := slices.IndexFunc(c.Findings, is); i >= 0 {
		return c.Findings[i], true
	}
	return Finding{}, false
}

// Guard is the policy's content rules, compiled. It is never changed after it was made; any number of goroutines may
// use it.
type Guard struct {
	form  *normal.Former
	rules []rule

	words  *automaton.Automaton // lexicon and triggers
	refs   [][]ref              // of each word
	needs  triggers
	sounds *automaton.Automaton
	heard  []ref
	links  *linkReader
	model  *classify.Model

	sensitive []sensitive
}

// rule is one content rule, compiled.
type rule struct {
	*policy.Rule
	check         *policy.Check
	anyOf, allOf  []pattern
	noneOf        []pattern
	untriggered   bool // a pattern of it has no trigger: it runs over every clause
	terms, sounds []term
}

// ref says what a word of the automaton is: one of a rule's lexicon, or (term < 0) what one of its patterns needs.
type ref struct {
	rule, term, branch int32
	step               uint8 // which of the branch's needs
	whole              bool  // of a rule that reads all texts together
}

// builtin is made of what lies in the program: it is the same in the whole process, and takes a tenth of a second to make.
var builtin = sync.OnceValues(func() (*Guard, error) {
	p, err := policy.Load()
	if err != nil {
		return nil, err
	}
	return New(p)
})

// Builtin is the guard of the built-in policy.
func Builtin() (*Guard, error) { return builtin() }

// New compiles the content rules of a policy with the built-in lexicon and more.
func New(p *policy.Policy, more ...Entry) (*Guard, error) {
	lexicon, err := loadLexicon()
	if err != nil {
		return nil, err
	}
	form := normal.New()
	g, err := compile(form, p, append(lexicon, more...))
	if err != nil {
		return nil, err
	}
	if g.model, err = classify.Builtin(form); err != nil {
		return nil, err
	}
	return g, nil
}

func compile(form *normal.Former, p *policy.Policy, lexicon []Entry) (*Guard, error) {
	links, err := newLinkReader()
	if err != nil {
		return nil, fmt.Errorf("read the classes of hosts: %w", err)
	}
	g := &Guard{form: form, links: links}
	if g.sensitive, err = newSensitive(p); err != nil {
		return nil, err
	}
	for i := range p.Rules {
		if c := p.Rules[i].Check; c != nil {
			r := rule{Rule: &p.Rules[i], check: c}
			if err := r.compile(g.form, lexicon); err != nil {
				return nil, fmt.Errorf("read policy rule %s: %w", r.ID, err)
			}
			g.rules = append(g.rules, r)
		}
	}
	for _, e := range lexicon {
		if !slices.ContainsFunc(g.rules, func(r rule) bool { return r.check.Lexicon == e.Class }) {
			return nil, fmt.Errorf("read the lexicon: no rule reads class %q", e.Class)
		}
	}
	g.index()
	return g, nil
}

// index builds the automata.
func (g *Guard) index() {
	var words, sounds []string
	at := map[string]int{}
	put := func(w string, r ref) {
		i, ok := at[w]
		if !ok {
			i = len(words)
			at[w], words, g.refs = i, append(words, w), append(g.refs, nil)
		}
		g.refs[i] = append(g.refs[i], r)
	}
	for i := range g.rules {
		r := &g.rules[i]
		for _, list := range [][]pattern{r.anyOf, r.allOf, r.noneOf} {
			for k := range list {
				g.needs.add(&list[k], func(text string, branch int32, step uint8) {
					put(text, ref{int32(i), -1, branch, step, r.check.Scope == "message"})
				})
			}
		}
		for j, t := range r.terms {
			for _, form := range t.forms() {
				put(form, ref{rule: int32(i), term: int32(j)})
			}
		}
		for j, t := range r.sounds {
			sounds, g.heard = append(sounds, t.sound), append(g.heard, ref{rule: int32(i), term: int32(j)})
		}
	}
	for _, refs := range g.refs {
		slices.SortStableFunc(refs, func(a, b ref) int { return cmp.Compare(b.step, a.step) })
	}
	g.words, g.sounds = automaton.New(words), automaton.New(sounds)
}

// Check reads the rules over the fields of a message, of a corp of which nothing is on record, as they hold for a class and a
// channel.
func (g *Guard) Check(class, channel string, fields ...Field) Check {
	return g.CheckFor(About{Class: class, Channel: channel}, fields...)
}

// CheckFor reads the rules over the fields of a message.
func (g *Guard) CheckFor(about About, fields ...Field) Check {
	all := make([]scanned, len(fields))
	for i, f := range fields {
		all[i] = g.scan(f)
	}
	m := &reading{About: about, message: messageOf(all), Check: Check{Verdict: policy.Allow}, held: make([]uint8, len(g.needs.full))}
	m.home = m.leadsHome(all)
	for _, s := range all {
		g.field(m, s)
	}
	g.whole(m)
	slices.SortStableFunc(m.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order(fields, a), order(fields, b)), cmp.Compare(a.Start, b.Start))
	})
	return m.Check
}

// order is the place of a finding's field; what is about the whole message comes last.
func order(fields []Field, f Finding) int {
	if f.End == 0 {
		return len(fields)
	}
	return slices.IndexFunc(fields, func(x Field) bool { return x.Name == f.Field })
}

// scanned is a field with everything that one pass over it found.
type scanned struct {
	Field
	text    normal.Text
	clauses []clause
	hits    []automaton.Hit
	links   []link
	said    normal.Sounds
}

func (g *Guard) scan(f Field) scanned {
	t := g.form.Of(f.Text)
	return scanned{Field: f, text: t, clauses: clauses(t.Runes), hits: g.words.Find(t.Runes, nil), links: g.links.links(t, f.Text), said: g.form.Sounds(t)}
}

// field reads the rules that look at one clause at a time.
func (g *Guard) field(m *reading, s scanned) {
	in, whole := g.newClauseTriggers(), triggered{&g.needs, m.held}
	at := 0
	for _, h := range s.hits {
		for ; int(h.End) > s.clauses[at].to; at++ {
			g.clause(m, s, s.clauses[at], in)
		}
		for _, ref := range g.refs[h.Pattern] {
			if ref.term < 0 {
				if ref.whole {
					whole.meet(ref)
				} else {
					in.meet(ref)
				}
				continue
			}
			cl, r := s.clauses[at], &g.rules[ref.rule]
			if t := r.terms[ref.term]; int(h.Start) >= cl.from && r.applies(m.About) && t.holds(s.text, cl) {
				m.word(r, s, t, int(h.Start), int(h.End), ByWord)
			}
		}
	}
	for ; at < len(s.clauses); at++ {
		g.clause(m, s, s.clauses[at], in)
	}
	g.listen(m, s)
	for i := range g.rules {
		r := &g.rules[i]
		if !r.applies(m.About) {
			continue
		}
		for _, l := range s.links {
			if slices.ContainsFunc(l.classes, func(x string) bool {
				return slices.Contains(r.check.Links, x) && (x != linkOdd || !m.Own.answersFor(l))
			}) {
				m.add(r, s, l.from, l.to, ByLink)
			}
			m.sites(r, s, l)
		}
		if r.check.Code == codeNumbers {
			for _, p := range numbersOf(s.text) {
				m.add(r, s, p.from, p.to, ByCode)
			}
		}
	}
	g.resembles(m, s)
}

// clause reads the patterns over a clause in which this is met, and forgets that.
func (g *Guard) clause(m *reading, s scanned, cl clause, in *clauseTriggers) {
	for i := range g.rules {
		r := &g.rules[i]
		if r.check.Scope == "message" || !in.due[i] && !r.untriggered || !r.applies(m.About) || r.check.OwnLinks && m.home {
			continue
		}
		if x, ok := r.find(s.text, cl, m, in.triggered); ok {
			m.spot(r, s, x)
		}
	}
	in.forget()
}

// resembles asks the classifier. It is never as strict as the rule unless its figures let it be.
func (g *Guard) resembles(m *reading, s scanned) {
	if g.model == nil {
		return
	}
	said := g.model.ReadHeard(s.text, s.said)
	for _, j := range said.Judge() {
		if j.Action == policy.Allow {
			continue
		}
		for i := range g.rules {
			r := &g.rules[i]
			if r.check.Model != j.Class || !r.applies(m.About) {
				continue
			}
			from, to := said.Span(j, j.Band.Review)
			does := policy.Milder(r.Does(), j.Action)
			if r.check.OwnLinks && m.home { // what it only resembles, a person looks at
				does = policy.Milder(does, policy.Review)
			}
			m.note(r, s, from, to, Finding{Severity: does, Layer: ByModel, Grams: said.Top(j, mostGrams)})
		}
	}
}

// mostGrams are shown of what spoke for a class.
const mostGrams = 10

// Form answers the normal form in which the rules read texts.
func (g *Guard) Form() *normal.Former { return g.form }

// Version names the model: with the policy's version it says by what a text was decided.
func (g *Guard) Version() string { return g.model.Version() }

// listen finds words by their sound.
func (g *Guard) listen(m *reading, s scanned) {
	if len(g.heard) == 0 {
		return
	}
	said := s.said
	at := 0
	for _, h := range g.sounds.Find(said.IDs, nil) {
		from, to := said.At[h.Start], said.End[h.End-1]
		for to > s.clauses[at].to {
			at++
		}
		ref := g.heard[h.Pattern]
		r := &g.rules[ref.rule]
		if t := r.sounds[ref.term]; from >= s.clauses[at].from && r.applies(m.About) && t.holds(s.text, s.clauses[at]) {
			m.word(r, s, t, from, to, BySound)
		}
	}
}

// whole reads the rules that look at all texts together.
func (g *Guard) whole(m *reading) {
	in := triggered{&g.needs, m.held}
	for i := range g.rules {
		r := &g.rules[i]
		if r.check.Scope == "message" && r.applies(m.About) && r.in(m.message, in) {
			m.add(r, scanned{}, 0, 0, ByPattern)
		}
	}
}

// add notes what a rule found in the runes [from, to). One rule objects to one place once, as strictly as any layer does.
func (c *Check) add(r *rule, s scanned, from, to int, by Layer) {
	c.note(r, s, from, to, Finding{Severity: r.Does(), Layer: by})
}

// word notes a word that was found.
func (c *Check) word(r *rule, s scanned, t term, from, to int, by Layer) {
	f := Finding{Severity: r.Does(), Layer: by}
	if t.doubt {
		f.Severity = policy.Milder(f.Severity, policy.Review)
	}
	c.note(r, s, from, to, f)
}

// spot notes what the patterns of a rule found.
func (c *Check) spot(r *rule, s scanned, x spot) {
	switch {
	case x.doubt:
		c.note(r, s, x.from, x.to, Finding{Severity: policy.Milder(r.Does(), policy.Review), Layer: ByPattern})
		return
	case x.wanting == nil:
		c.add(r, s, x.from, x.to, ByPattern)
		return
	}
	c.note(r, s, x.from, x.to, Finding{
		Severity: policy.Milder(r.Does(), policy.Review), Layer: ByPattern, Reason: x.wanting.Reason.Text(), WayOut: x.wanting.WayOut.Text(),
	})
}

func (c *Check) note(r *rule, s scanned, from, to int, f Finding) {
	a, b := s.text.Original(from, to)
	f.RuleID, f.Field, f.Start, f.End, f.Text = r.ID, s.Name, utf16Len(s.Text[:a]), utf16Len(s.Text[:b]), s.Text[a:b]
	if f.Reason == (errs.Text{}) {
		f.Reason, f.WayOut = r.Reason.Text(), r.WayOut.Text()
	}
	if to > from {
		f.Matched = string(s.text.Runes[from:to])
	}
	c.Verdict = policy.Stricter(c.Verdict, f.Severity)
	if i := slices.IndexFunc(c.Findings, func(x Finding) bool {
		return x.RuleID == f.RuleID && x.Field == f.Field && x.Start < max(f.End, f.Start+1) && f.Start < max(x.End, x.Start+1)
	}); i < 0 {
		c.Findings = append(c.Findings, f)
	} else if policy.Milder(c.Findings[i].Severity, f.Severity) != f.Severity {
		c.Findings[i] = f
	}
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

func (r *rule) applies(m About) bool {
	if r.check.Automatic && !m.Automatic {
		return false
	}
	if len(r.check.Classes) > 0 && !slices.Contains(r.check.Classes, m.Class) {
		return false
	}
	return !slices.Contains(r.check.ChannelsNot, m.Channel)
}

// clause is a run of runes without the end of a sentence or line in it.
type clause struct{ from, to int }

// clauses cuts a text at the ends of sentences and lines.
func clauses(s []rune) []clause {
	var out []clause
	from := 0
	for i, r := range s {
		switch r {
		case '。', '!', '?', ';', '\n':
			out = append(out, clause{from, i})
			from = i + 1
		}
	}
	return append(out, clause{from, len(s)})
}
