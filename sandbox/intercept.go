package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// interceptRule is a rule about sensitive words (敏感词): a member in its range
// who writes one is warned, or stopped as well.
type interceptRule struct {
	id        string
	name      string
	created   int64
	words     []string
	semantics []int // 1 phone number, 2 e-mail, 3 red packet
	kind      int   // 1 warn and stop, 2 warn
	users     []string
	parties   []int
	by        caller
	deleted   bool
}

// interceptRules keeps deleted rules, which are told from unknown ones.
type interceptRules struct {
	list  []*interceptRule
	index map[string]*interceptRule
	live  int
}

const (
	interceptRulesLimit = 100
	interceptName       = 20 // characters
	interceptWords      = 300
	interceptWord       = 32     // characters
	interceptNodes      = 1000   // a call, of each kind
	interceptUsers      = 10_000 // a rule
)

func interceptFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/add_intercept_rule", byExternal, interceptAdd),
		get("/cgi-bin/externalcontact/get_intercept_rule_list", byExternal, interceptList),
		post("/cgi-bin/externalcontact/get_intercept_rule", byExternal, interceptGet),
		post("/cgi-bin/externalcontact/update_intercept_rule", byExternal, interceptUpdate),
		post("/cgi-bin/externalcontact/del_intercept_rule", byExternal, interceptDelete),
	}}
}

type interceptAddQuery struct {
	Name      string     `json:"rule_name"`
	Words     []string   `json:"word_list"`
	Semantics []int      `json:"semantics_list"`
	Type      int        `json:"intercept_type"`
	Range     *linkRange `json:"applicable_range"`
}

type ruleReply struct {
	reply
	RuleID string `json:"rule_id"`
}

func interceptAdd(c *call, q *interceptAddQuery) (any, error) {
	rules := &c.w.intercepts
	switch {
	case q.Range == nil || len(q.Range.Users)+len(q.Range.Parties) == 0:
		return nil, refuse(40058, "applicable_range is empty")
	case len(q.Words) == 0:
		return nil, refuse(40058, "word_list is empty")
	case rules.live >= interceptRulesLimit:
		return nil, refuse(41069, "a corp has at most %d rules", interceptRulesLimit)
	}
	r := &interceptRule{
		name: q.Name, words: slices.Clone(q.Words), semantics: slices.Clone(q.Semantics), kind: q.Type,
		created: c.now.Unix(), by: c.caller,
	}
	if err := c.checkRuleRange(q.Range); err != nil {
		return nil, err
	}
	r.addRange(q.Range)
	if err := c.checkRule(r, nil); err != nil {
		return nil, err
	}
	rules.list = append(rules.list, r)
	r.id = letters(24, c.w.seed, uint64(len(rules.list)), hashString("intercept rule"))
	rules.index[r.id] = r
	rules.live++
	return ruleReply{reply: done(), RuleID: r.id}, nil
}

// checkRule refuses a rule that cannot be; old is what it shall replace.
func (c *call) checkRule(r, old *interceptRule) error {
	if n := utf8.RuneCountInString(r.name); n == 0 || n > interceptName {
		return refuse(40058, "rule_name has %d characters: must be between 1 and %d", n, interceptName)
	}
	if slices.ContainsFunc(c.w.intercepts.list, func(o *interceptRule) bool { return o != old && !o.deleted && o.name == r.name }) {
		return refuse(41077, "there is a rule %q already", r.name)
	}
	if len(r.words) > interceptWords {
		return refuse(41068, "word_list holds %d words, at most %d are allowed", len(r.words), interceptWords)
	}
	for _, w := range r.words {
		if n := utf8.RuneCountInString(w); n == 0 || n > interceptWord {
			return refuse(41083, "word %q has %d characters: must be between 1 and %d", w, n, interceptWord)
		}
	}
	for _, s := range r.semantics {
		if s < 1 || s > 3 {
			return refuse(41084, "semantics_list holds %d: must be between 1 and 3", s)
		}
	}
	if r.kind != 1 && r.kind != 2 {
		return refuse(40058, "intercept_type %d: must be 1 or 2", r.kind)
	}
	if len(r.users) > interceptUsers {
		return refuse(41076, "the rule would apply to %d members, at most %d are allowed: use departments", len(r.users), interceptUsers)
	}
	if len(r.users)+len(r.parties) == 0 {
		return refuse(40058, "the rule would apply to nobody")
	}
	return nil
}

func (c *call) checkRuleRange(g *linkRange) error {
	if g == nil {
		return nil
	}
	if len(g.Users) > interceptNodes || len(g.Parties) > interceptNodes {
		return refuse(41076, "the range holds %d members and %d departments, at most %d of each are allowed", len(g.Users), len(g.Parties), interceptNodes)
	}
	_, err := c.linkPeople(g)
	return err
}

func (r *interceptRule) addRange(g *linkRange) {
	if g == nil {
		return
	}
	for _, id := range g.Users {
		if !slices.Contains(r.users, id) {
			r.users = append(r.users, id)
		}
	}
	for _, p := range g.Parties {
		if !slices.Contains(r.parties, p) {
			r.parties = append(r.parties, p)
		}
	}
}

// ruleParam finds a rule; to change it, the app must have made it.
func (c *call) ruleParam(id string, change bool) (*interceptRule, error) {
	r := c.w.intercepts.index[id]
	switch {
	case r == nil || (change && r.by != c.caller):
		return nil, refuse(41070, "no rule %q, or not one of this app", id)
	case r.deleted:
		return nil, refuse(41071, "rule %q was deleted", id)
	}
	return r, nil
}

type ruleRow struct {
	RuleID     string `json:"rule_id"`
	Name       string `json:"rule_name"`
	CreateTime int64  `json:"create_time"`
}

type ruleListReply struct {
	reply
	List []ruleRow `json:"rule_list"`
}

func interceptList(c *call, _ *none) (any, error) {
	out := ruleListReply{reply: done(), List: []ruleRow{}}
	for _, r := range c.w.intercepts.list {
		if !r.deleted {
			out.List = append(out.List, ruleRow{RuleID: r.id, Name: r.name, CreateTime: r.created})
		}
	}
	return out, nil
}

type ruleIDQuery struct {
	RuleID string `json:"rule_id"`
}

type extraRule struct {
	Semantics []int `json:"semantics_list"`
}

type ruleView struct {
	ruleRow
	Words     []string  `json:"word_list"`
	Semantics []int     `json:"semantics_list"` // the page has it here, its table in extra_rule
	Extra     extraRule `json:"extra_rule"`
	Type      int       `json:"intercept_type"`
	Range     linkRange `json:"applicable_range"`
}

type ruleGetReply struct {
	reply
	Rule ruleView `json:"rule"`
}

func interceptGet(c *call, q *ruleIDQuery) (any, error) {
	r, err := c.ruleParam(q.RuleID, false)
	if err != nil {
		return nil, err
	}
	semantics := copied(r.semantics)
	return ruleGetReply{reply: done(), Rule: ruleView{
		ruleRow: ruleRow{RuleID: r.id, Name: r.name, CreateTime: r.created}, Words: slices.Clone(r.words),
		Semantics: semantics, Extra: extraRule{semantics}, Type: r.kind,
		Range: linkRange{Users: copied(r.users), Parties: copied(r.parties)},
	}}, nil
}

type interceptUpdateQuery struct {
	RuleID string     `json:"rule_id"`
	Name   string     `json:"rule_name"`
	Words  []string   `json:"word_list"`
	Extra  *extraRule `json:"extra_rule"`
	Type   int        `json:"intercept_type"`
	Add    *linkRange `json:"add_applicable_range"`
	Remove *linkRange `json:"remove_applicable_range"`
}

func interceptUpdate(c *call, q *interceptUpdateQuery) (any, error) {
	r, err := c.ruleParam(q.RuleID, true)
	if err != nil {
		return nil, err
	}
	for _, g := range []*linkRange{q.Add, q.Remove} {
		if err := c.checkRuleRange(g); err != nil {
			return nil, err
		}
	}
	next := *r
	next.users, next.parties = slices.Clone(r.users), slices.Clone(r.parties)
	if q.Name != "" {
		next.name = q.Name
	}
	if len(q.Words) > 0 {
		next.words = slices.Clone(q.Words)
	}
	if q.Extra != nil {
		next.semantics = slices.Clone(q.Extra.Semantics)
	}
	if q.Type != 0 {
		next.kind = q.Type
	}
	if g := q.Remove; g != nil {
		next.users = slices.DeleteFunc(next.users, func(id string) bool { return slices.Contains(g.Users, id) })
		next.parties = slices.DeleteFunc(next.parties, func(p int) bool { return slices.Contains(g.Parties, p) })
	}
	next.addRange(q.Add)
	if err := c.checkRule(&next, r); err != nil {
		return nil, err
	}
	*r = next
	return nil, nil
}

func interceptDelete(c *call, q *ruleIDQuery) (any, error) {
	r, err := c.ruleParam(q.RuleID, true)
	if err != nil {
		return nil, err
	}
	r.deleted = true
	c.w.intercepts.live--
	return nil, nil
}

var (
	phoneNumber = regexp.MustCompile(`(^|\D)1[3-9]\d{9}($|\D)`)
	mailAddress = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)
)

// meets reports whether a text falls under the rule.
func (r *interceptRule) meets(text string) bool {
	if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(text, w) }) {
		return true
	}
	return slices.ContainsFunc(r.semantics, func(s int) bool {
		switch s {
		case 1:
			return phoneNumber.MatchString(text)
		case 2:
			return mailAddress.MatchString(text)
		}
		return strings.HasPrefix(text, "[红包]")
	})
}

// intercepted is the rule that stops what a member writes; nil lets it pass. A
// warning is written down.
func (s *Sandbox) intercepted(staff int32, text string) *interceptRule {
	m := &s.world.staff[staff]
	for _, r := range s.world.intercepts.list {
		if r.deleted || !(slices.Contains(r.users, m.id) || s.world.inParties(m.department, r.parties)) || !r.meets(text) {
			continue
		}
		if r.kind == 1 {
			s.journal(entry{Kind: "message_intercepted", Staff: m.id, ID: r.id, Detail: text})
			return r
		}
		s.journal(entry{Kind: "message_warned", Staff: m.id, ID: r.id, Detail: text})
	}
	return nil
}

// inParties reports whether a department is one of the list, or below one.
func (w *world) inParties(department int, parties []int) bool {
	nodes := make([]rangeNode, 0, len(parties))
	for _, p := range parties {
		nodes = append(nodes, rangeNode{Type: 2, PartyID: p})
	}
	return w.within(department, nodes)
}
