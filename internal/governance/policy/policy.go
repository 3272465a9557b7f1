// Package policy holds the rules of the governor as data: what each says, where it comes from, what it does, and what
// makes it true. data/ has one file a chapter; policy.json says where rules come from and how to appeal.
//
// It judges nothing: content rules are evaluated by internal/governance/guard, rules about frequency by
// internal/governance itself, and others by the code or test that a rule names in enforced_by. A rule that nothing makes
// true yet says in missing what is not there. Callers: internal/governance, internal/governance/guard, scripts/gendocs.
package policy

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/errs"
)

//go:embed data/*.json
var data embed.FS

// Action is what a rule does about what it finds, mildest first.
type Action string

// The actions. Review keeps a text from being sent to many until a person has looked at it; Block refuses it; Suspend
// refuses it and speaks against the sender too.
const (
	Allow   Action = "allow"
	Warn    Action = "warn"
	Review  Action = "review"
	Block   Action = "block"
	Suspend Action = "suspend"
)

// Actions lists the actions, mildest first.
func Actions() []Action { return []Action{Allow, Warn, Review, Block, Suspend} }

func (a Action) rank() int { return slices.Index(Actions(), a) }

// Stricter answers the stricter of two actions.
func Stricter(a, b Action) Action {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// Milder answers the milder of two actions.
func Milder(a, b Action) Action {
	if b.rank() < a.rank() {
		return b
	}
	return a
}

// Refuses says whether nothing may be sent.
func (a Action) Refuses() bool { return a == Block || a == Suspend }

// Kind is what a rule is about.
type Kind string

// The kinds.
const (
	Content   Kind = "content"
	Frequency Kind = "frequency"
	Conduct   Kind = "conduct"
	Privacy   Kind = "privacy"
	Identity  Kind = "identity"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Content, Frequency, Conduct, Privacy, Identity} }

// Words are said in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Text is what people read.
func (w Words) Text() errs.Text { return errs.T(w.ZH, w.EN) }

// Rule is one row of the policy.
type Rule struct {
	ID        string          `json:"id"`
	Version   int             `json:"version"` // rises when the rule decides otherwise
	Kind      Kind            `json:"kind"`
	Action    Action          `json:"action"`
	Title     Words           `json:"title"` // what it looks at
	Reason    Words           `json:"reason"`
	WayOut    Words           `json:"way_out"`
	Sources   []string        `json:"sources"`
	AppliesTo string          `json:"applies_to"` // outbound, staff, system or tag
	Params    json.RawMessage `json:"params,omitempty"`
	Appeal    string          `json:"appeal"` // key of Policy.Appeals
	Check     *Check          `json:"check,omitempty"`
	// EnforcedBy names what makes the rule true besides Check: "file#name of a test, function or constant".
	EnforcedBy []string `json:"enforced_by,omitempty"`
	Missing    *Words   `json:"missing,omitempty"` // what is not there yet
	Examples   Examples `json:"examples,omitzero"` // of rules with a check; they are tests
}

// Check says how the guard finds what a content rule is about. Each part that is set can find it by itself.
type Check struct {
	Scope       string   `json:"scope,omitempty"`        // "" = clause by clause, "message" = all texts together
	Classes     []string `json:"classes,omitempty"`      // empty = all
	ChannelsNot []string `json:"channels_not,omitempty"` // where it does not apply
	Automatic   bool     `json:"automatic,omitempty"`    // only of words that are said automatically
	AnyOf       []string `json:"any_of,omitempty"`       // patterns over the normal form
	AllOf       []string `json:"all_of,omitempty"`
	NoneOf      []string `json:"none_of,omitempty"` // exemptions
	// Doubt are patterns after which a person looks, whatever the rule does: honest texts say such things too.
	Doubt   []string `json:"doubt,omitempty"`
	Lexicon string   `json:"lexicon,omitempty"` // class of words
	Links   []string `json:"links,omitempty"`   // classes of links
	// Sites is about where links lead.
	Sites []SiteCheck `json:"sites,omitempty"`
	// OwnLinks lets what the patterns find pass in a message that has links, when all lead to sites on record.
	OwnLinks bool   `json:"own_links,omitempty"`
	Model    string `json:"model,omitempty"` // class of the classifier
	Code     string `json:"code,omitempty"`  // a named check written in Go
	// Licensed is what only a corp with a licence may say.
	Licensed []Licensed `json:"licensed,omitempty"`
	// Action is milder than the rule's where the check sees only part of what the rule is about.
	Action Action `json:"action,omitempty"`
}

// Examples are texts that a rule finds and leaves.
type Examples struct {
	Refused []string `json:"refused,omitempty"`
	Allowed []string `json:"allowed,omitempty"`
	// Licensed are found too, but for who holds the paper.
	Licensed []LicensedExample `json:"licensed,omitempty"`
}

// Standing says how far a rule is made true.
type Standing string

// The standings.
const (
	Enforced Standing = "enforced"
	InPart   Standing = "in_part"
	NotYet   Standing = "not_yet"
)

// Standings lists them.
func Standings() []Standing { return []Standing{Enforced, InPart, NotYet} }

// Standing of a rule.
func (r *Rule) Standing() Standing {
	switch {
	case r.Check == nil && len(r.EnforcedBy) == 0:
		return NotYet
	case r.Missing != nil:
		return InPart
	}
	return Enforced
}

// Does is what the rule's check does about what it finds.
func (r *Rule) Does() Action {
	if r.Check != nil && r.Check.Action != "" {
		return r.Check.Action
	}
	return r.Action
}

// Source is where rules come from.
type Source struct {
	ID         string `json:"id"`
	Name       Words  `json:"name"`
	Provenance string `json:"provenance"` // S = found in public sources, S? = one weak hit, M = from memory
	Note       Words  `json:"note"`
}

// Policy is all of it.
type Policy struct {
	Version  string           `json:"version"`
	Titles   map[string]Words `json:"titles"` // of what decides beside the rules
	Appeals  map[string]Words `json:"appeals"`
	Licences []Licence        `json:"licences"` // kinds of papers that a corp can have on record
	Sources  []Source         `json:"sources"`
	Rules    []Rule           `json:"-"`

	Sensitive []Sensitive `json:"-"` // classes of data that need a consent of their own

	Refusals []Refusal `json:"-"` // functions that are not built, on purpose

	byID map[string]*Rule
}

// Load reads the policy.
func Load() (*Policy, error) {
	p := &Policy{byID: map[string]*Rule{}}
	if err := read("policy.json", p); err != nil {
		return nil, err
	}
	for _, chapter := range []string{"link", "account", "wecom", "law", "fatigue", "own"} {
		var rules []Rule
		if err := read(chapter+".json", &rules); err != nil {
			return nil, err
		}
		p.Rules = append(p.Rules, rules...)
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		if err := p.check(r); err != nil {
			return nil, fmt.Errorf("read policy rule %s: %w", r.ID, err)
		}
		p.byID[r.ID] = r
	}
	if err := p.readSensitive(); err != nil {
		return nil, err
	}
	return p, p.readRefusals()
}

func read(name string, into any) error {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read the policy's %s: %w", name, err)
	}
	return nil
}

func (p *Policy) check(r *Rule) error {
	switch {
	case r.ID == "" || p.byID[r.ID] != nil:
		return fmt.Errorf("the id is missing or taken")
	case r.Action.rank() < 0 || !slices.Contains(Kinds(), r.Kind):
		return fmt.Errorf("unknown action %q or kind %q", r.Action, r.Kind)
	case r.Check != nil && r.Check.Action != "" && r.Check.Action.rank() < 1:
		return fmt.Errorf("unknown action %q of the check", r.Check.Action)
	case p.Appeals[r.Appeal] == Words{}:
		return fmt.Errorf("unknown appeal %q", r.Appeal)
	case r.Standing() == NotYet && r.Missing == nil:
		return fmt.Errorf("nothing enforces it and missing does not say what is not there")
	}
	if err := p.checkLicensed(r); err != nil {
		return err
	}
	if err := checkSites(r); err != nil {
		return err
	}
	for _, s := range r.Sources {
		if !slices.ContainsFunc(p.Sources, func(x Source) bool { return x.ID == s }) {
			return fmt.Errorf("unknown source %q", s)
		}
	}
	return nil
}

// Rule answers a rule by its id, or nil.
func (p *Policy) Rule(id string) *Rule { return p.byID[id] }

// Title names a rule, or what decides beside the rules.
func (p *Policy) Title(id string) errs.Text {
	if r := p.byID[id]; r != nil {
		return r.Title.Text()
	}
	if t, ok := p.Titles[id]; ok {
		return t.Text()
	}
	return errs.T(id, id)
}

// Params reads the parameters of a rule.
func (p *Policy) Params(id string, into any) error {
	r := p.byID[id]
	if r == nil {
		return fmt.Errorf("read the parameters of %s: no such rule", id)
	}
	if err := json.Unmarshal(r.Params, into); err != nil {
		return fmt.Errorf("read the parameters of %s: %w", id, err)
	}
	return nil
}
