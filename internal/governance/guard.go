package governance

import (
	_ "embed" // the policy's data
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"zhiyin.dev/zhiyin/internal/errs"
)

//go:embed policy.json
var policyFile []byte

// Severity of a content rule, mildest first.
type Severity string

// The severities. Block keeps a text from being saved as ready and from being sent; Review keeps it from being sent to many;
// Warn is advice.
const (
	Allow  Severity = "allow"
	Warn   Severity = "warn"
	Review Severity = "review"
	Block  Severity = "block"
)

func (s Severity) rank() int { return slices.Index([]Severity{Allow, Warn, Review, Block}, s) }

// Field is one named string of a message, for example {"text", "..."} or {"attachments/0/title", "..."}.
type Field struct{ Name, Text string }

// Finding is one place that a content rule objects to.
type Finding struct {
	RuleID   string
	Severity Severity
	Field    string
	Start    int    // in the original text of the field, UTF-16 units as a browser counts; Start = End = 0: the whole message
	End      int    // exclusive
	Text     string // the words of the original
	Reason   errs.Text
	WayOut   errs.Text
}

// Check is what the content rules say about a message.
type Check struct {
	Verdict  Severity
	Findings []Finding // in order of field and place
}

// Doubtful is the first finding that asks for another look, if there is one.
func (c Check) Doubtful() (Finding, bool) {
	if i := slices.IndexFunc(c.Findings, func(f Finding) bool { return f.Severity == Review }); i >= 0 {
		return c.Findings[i], true
	}
	return Finding{}, false
}

// blocking is the first finding that forbids the message.
func (c Check) blocking() *Finding {
	for i := range c.Findings {
		if c.Findings[i].Severity == Block {
			return &c.Findings[i]
		}
	}
	return nil
}

type words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

func (w words) text() errs.Text { return errs.T(w.ZH, w.EN) }

// contentRule is one row of policy.json. Its patterns are matched against the normal form, clause by clause, or against the
// whole message with scope "message".
type contentRule struct {
	ID          string    `json:"id"`
	Title       words     `json:"title"`
	Reason      words     `json:"reason"`
	WayOut      words     `json:"way_out"`
	Severity    Severity  `json:"severity"`
	Scope       string    `json:"scope"`
	Classes     []Class   `json:"classes"`      // empty = all
	ChannelsNot []Channel `json:"channels_not"` // where it does not apply
	AnyOf       []string  `json:"any_of"`
	AllOf       []string  `json:"all_of"`
	NoneOf      []string  `json:"none_of"`
	Examples    struct {
		Refused []string `json:"refused"`
		Allowed []string `json:"allowed"`
	} `json:"examples"`

	anyOf, allOf, noneOf []*regexp.Regexp
}

// guard is the policy as loaded.
type guard struct {
	version string
	caps    Caps
	titles  map[string]words
	rules   []contentRule
}

func newGuard() (*guard, error) {
	var p struct {
		Version string    `json:"version"`
		Per     [3]Window `json:"per"`
		Quiet   struct {
			From       string `json:"from"`
			To         string `json:"to"`
			SundayFrom string `json:"sunday_from"`
		} `json:"quiet"`
		MassMode MassMode         `json:"mass_mode"`
		Titles   map[string]words `json:"titles"`
		Content  []contentRule    `json:"content"`
	}
	if err := json.Unmarshal(policyFile, &p); err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	g := &guard{version: p.Version, titles: p.Titles, rules: p.Content, caps: Caps{Per: p.Per, MassMode: p.MassMode}}
	for _, f := range []struct {
		s string
		v *int
	}{{p.Quiet.From, &g.caps.Quiet.From}, {p.Quiet.To, &g.caps.Quiet.To}, {p.Quiet.SundayFrom, &g.caps.Quiet.SundayFrom}} {
		min, err := parseClock(f.s)
		if err != nil {
			return nil, fmt.Errorf("read the policy's quiet hours: %w", err)
		}
		*f.v = min
	}
	for i := range g.rules {
		r := &g.rules[i]
		if r.Severity.rank() < 1 {
			return nil, fmt.Errorf("read policy rule %s: unknown severity %q", r.ID, r.Severity)
		}
		g.titles[r.ID] = r.Title
		for _, p := range []struct {
			src []string
			dst *[]*regexp.Regexp
		}{{r.AnyOf, &r.anyOf}, {r.AllOf, &r.allOf}, {r.NoneOf, &r.noneOf}} {
			for _, s := range p.src {
				re, err := regexp.Compile(s)
				if err != nil {
					return nil, fmt.Errorf("read policy rule %s: %w", r.ID, err)
				}
				*p.dst = append(*p.dst, re)
			}
		}
	}
	return g, nil
}

// Check reads the content rules over a message that is not tied to a class yet. It says the same at save and at send.
func (g *Governor) Check(fields ...Field) Check { return g.guard.check("", "", fields) }

// CheckFor reads the content rules as they hold for one class and channel: marketing has to say how to stop it, service
// may carry no promotion.
func (g *Governor) CheckFor(class Class, channel Channel, fields ...Field) Check {
	return g.guard.check(class, channel, fields)
}

func fieldsOf(texts []string) []Field {
	out := make([]Field, len(texts))
	for i, t := range texts {
		out[i] = Field{Name: "text", Text: t}
	}
	return out
}

func (g *guard) check(class Class, channel Channel, fields []Field) Check {
	c := Check{Verdict: Allow}
	whole := make([]string, len(fields))
	for i, f := range fields {
		n := normalize(f.Text)
		whole[i] = n.text
		for _, cl := range clauses(n.text) {
			for j := range g.rules {
				r := &g.rules[j]
				if r.Scope == "message" || !r.applies(class, channel) {
					continue
				}
				if from, to, ok := r.find(n.text[cl.from:cl.to]); ok {
					a, b := n.span(cl.from+from, cl.from+to)
					c.add(r, f, a, b)
				}
			}
		}
	}
	message := strings.Join(whole, "\n")
	for j := range g.rules {
		r := &g.rules[j]
		if r.Scope == "message" && r.applies(class, channel) {
			if _, _, ok := r.find(message); ok {
				c.add(r, Field{}, 0, 0)
			}
		}
	}
	return c
}

func (c *Check) add(r *contentRule, f Field, from, to int) {
	if r.Severity.rank() > c.Verdict.rank() {
		c.Verdict = r.Severity
	}
	c.Findings = append(c.Findings, Finding{
		RuleID: r.ID, Severity: r.Severity, Field: f.Name, Start: utf16Len(f.Text[:from]), End: utf16Len(f.Text[:to]),
		Text: f.Text[from:to], Reason: r.Reason.text(), WayOut: r.WayOut.text(),
	})
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

func (r *contentRule) applies(class Class, channel Channel) bool {
	if len(r.Classes) > 0 && !slices.Contains(r.Classes, class) {
		return false
	}
	return !slices.Contains(r.ChannelsNot, channel)
}

// find answers the first place in s that the rule objects to. An exemption counts where it overlaps the place; with
// all_of it counts anywhere.
func (r *contentRule) find(s string) (from, to int, ok bool) {
	if len(r.allOf) > 0 {
		for _, re := range r.allOf {
			m := re.FindStringIndex(s)
			if m == nil {
				return 0, 0, false
			}
			from, to = m[0], m[1]
		}
		for _, re := range r.noneOf {
			if re.MatchString(s) {
				return 0, 0, false
			}
		}
		return from, to, true
	}
	for _, re := range r.anyOf {
		for _, m := range re.FindAllStringIndex(s, -1) {
			if m[0] < m[1] && !r.exempt(s, m[0], m[1]) {
				return m[0], m[1], true
			}
		}
	}
	return 0, 0, false
}

func (r *contentRule) exempt(s string, from, to int) bool {
	for _, re := range r.noneOf {
		for _, m := range re.FindAllStringIndex(s, -1) {
			if m[0] < to && from < m[1] {
				return true
			}
		}
	}
	return false
}

type clause struct{ from, to int }

// clauses cuts a text at the ends of sentences and lines.
func clauses(s string) []clause {
	var out []clause
	from := 0
	for i, r := range s {
		switch r {
		case '。', '!', '?', ';', '\n':
			out = append(out, clause{from, i})
			from = i + len(string(r))
		}
	}
	return append(out, clause{from, len(s)})
}

// Blocking is the first finding that forbids the message, if there is one.
func (c Check) Blocking() (Finding, bool) {
	if f := c.blocking(); f != nil {
		return *f, true
	}
	return Finding{}, false
}
