package governance

import (
	"cmp"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// Step is one rule that was read for a decision, with its counters.
type Step struct {
	RuleID  string      `json:"rule_id"`
	Verdict StepVerdict `json:"verdict"`
	Days    int         `json:"days,omitempty"`   // length of the window, for FTG-01
	Before  int         `json:"before,omitempty"` // counted before this touch
	After   int         `json:"after,omitempty"`  // with it
	Cap     int         `json:"cap,omitempty"`
	From    clock.Time  `json:"from,omitempty"` // what the counters cover
	To      clock.Time  `json:"to,omitempty"`
	Since   clock.Time  `json:"since,omitempty"`   // of an opt-out
	Next    clock.Time  `json:"next,omitempty"`    // when this rule would allow it
	Text    string      `json:"text,omitempty"`    // the words a content rule found, or the topic that a cap is about
	Facts   string      `json:"facts,omitempty"`   // JSON: what a rule of the corp's own saw beside the words
	Channel Channel     `json:"channel,omitempty"` // that a cap is about
	Room    bool        `json:"room,omitempty"`    // counted for a group, not for a person
}

// StepVerdict is what a rule said.
type StepVerdict string

// The verdicts of a rule.
const (
	Pass    StepVerdict = "pass"
	Refused StepVerdict = "held"
	Waits   StepVerdict = "waits" // allowed, but not yet
	NotRead StepVerdict = "not_read"
)

// standing is what the ledger knows of one customer, or group, at the earliest possible delivery.
type standing struct {
	optedOut   clock.Time  // since when; 0 = not
	suppressed clock.Time  // since when, under any identity
	used       [3]int      // open touches and those delivered within each window of FTG-01 (of a group: of FTG-20)
	mass       int         // mass messages of the calendar period of WC-01
	open       int         // Moments for everybody of the calendar day (WC-08)
	at         []spent     // what makes up used, only loaded for those over a cap
	halted     stop        // of the sender's sending
	house      *Finding    // what a rule of the corp's own forbids
	ladder     *LadderStep // what keeps this touch back; nil = nothing
	pref       *Preference // what they chose for themselves; nil = nothing
	sorrow     sorrow      // what is wrong between them and the corp
	hush       hush        // how long they have not reacted
	twin       twin        // a message like this one that they have, or may still get
	consented  bool        // their consent to marketing is on record; read only where the corp asks for it, or of who is narrow
	narrow     bool        // they were told of service only, or of a notice that asks again since (LAW-04)
	minor      minor       // what is known of their age (LAW-08)
	heldOut    bool        // no marketing, to measure what marketing is worth
	week       []spent     // what counts against topics and channels (FTG-02), only loaded when some have a cap
	load       load        // what the sender has to do on that day (FTG-16, OWN-05)
	displaced  int         // reserved touches of lower classes that give way to this one (FTG-03)
	home       *home       // the customer's own zone; nil = the corp's
}

// spent is one counted touch.
type spent struct {
	slot
	cost int
	// Only in a week:
	topic   string
	channel Channel
	id      int64
}

// verdict is what all rules together say.
type verdict struct {
	held   bool
	rule   string // the rule that held it, or makes it wait
	reason errs.Text
	next   clock.Time
	steps  []Step
}

// judge reads the rules in order, up to the first that refuses; on is the earliest possible delivery, and waits says
// whether quiet hours made it later than the sender wanted; from r.Closes on it is too late for who lives by a zone of their
// own. It is pure: the same request, standing, caps and
// content findings always give the same verdict, which is how a decision can be recomputed later.
func judge(r Request, on clock.Time, waits bool, s standing, c Caps, content *Finding, zone *time.Location) verdict {
	var v verdict
	hours := s.home.or(zone) // by which this customer is reached
	refuse := func(st Step, reason errs.Text) {
		st.Verdict = Refused
		v.steps = append(v.steps, st)
		v.held, v.rule, v.reason, v.next = true, st.RuleID, reason, st.Next
	}
	read := func(f func()) {
		if !v.held {
			f()
		}
	}
	if s.halted != (stop{}) { // before everything, for every class; a step only where it refuses
		why := s.halted.why()
		refuse(Step{RuleID: why.RuleID, Since: s.halted.since}, why.Reason)
	}
	if !v.held && s.ladder != nil {
		st := s.ladder.step()
		refuse(st, st.reason())
	}
	if content == nil {
		content = s.house
	}
	contentStep := Step{RuleID: ruleContent, Verdict: Pass}
	if v.held {
		contentStep.Verdict = NotRead
		v.steps = append(v.steps, contentStep)
	} else if content != nil {
		st := Step{RuleID: content.RuleID, Text: content.Text}
		if content.Layer == guard.ByHouse {
			st.Facts = content.Matched
		}
		refuse(st, content.Reason)
	} else {
		v.steps = append(v.steps, contentStep)
	}
	if !r.Class.Limited() { // counted, never held by caps, hours or an opt-out from marketing
		read(func() { v.steps = append(v.steps, Step{RuleID: ruleService, Verdict: Pass}) })
		return v
	}
	granted := func() {
		for _, gr := range c.grants(r.Class, r.Traits, !r.toRoom(), s) {
			read(func() {
				if !gr.ok {
					refuse(gr.step, gr.step.reason())
					return
				}
				gr.step.Verdict = Pass
				v.steps = append(v.steps, gr.step)
			})
		}
	}
	if r.toRoom() {
		granted()
		return judgeRoom(v, on, waits, s, c, zone)
	}
	pass := func(st Step) { st.Verdict = Pass; v.steps = append(v.steps, st) }
	cost := r.cost()

	read(func() {
		st := Step{RuleID: ruleOptOut, Since: s.optedOut}
		if s.optedOut != 0 {
			refuse(st, st.reason())
			return
		}
		pass(st)
	})
	read(func() {
		st := Step{RuleID: ruleSuppressed, Since: s.suppressed}
		if s.suppressed != 0 {
			refuse(st, st.reason())
			return
		}
		pass(st)
	})
	granted()
	if !s.sorrow.over(on) { // a step only where it refuses
		read(func() {
			st := s.sorrow.step()
			if st.Next != 0 {
				st.Next = c.Quiet.Next(st.Next, hours)
			}
			refuse(st, st.reason())
		})
	}
	if r.Traits {
		read(func() {
			st := s.pref.traits()
			if st.Since != 0 {
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	if s.pref != nil {
		read(func() {
			if st, reason := s.pref.refuses(r.Topic, on); st.RuleID != "" {
				if st.Next != 0 {
					st.Next = c.Quiet.Next(st.Next, hours)
				}
				refuse(st, reason)
				return
			}
			pass(Step{RuleID: rulePreference, Since: s.pref.SetAt})
		})
	}
	if r.Class == Marketing {
		read(func() {
			if s.heldOut {
				refuse(Step{RuleID: ruleHoldout}, reasonHoldout)
				return
			}
			pass(Step{RuleID: ruleHoldout})
		})
		for _, st := range s.hush.steps(r, on, c) {
			read(func() {
				if st.After > st.Cap {
					refuse(st, st.reason())
					return
				}
				pass(st)
			})
		}
	}
	if r.Channel == MassCustomer {
		read(func() {
			from, to, limit := c.MassMode.Period(on, zone)
			st := Step{RuleID: rulePlatform, Before: s.mass, After: s.mass + 1, Cap: limit, From: from, To: to}
			if st.After > limit {
				st.Next = c.Quiet.Next(to, hours)
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	if r.Open {
		read(func() {
			day := on.Day(zone)
			st := Step{RuleID: ruleOpenMoment, Before: s.open, After: s.open + 1, Cap: openMomentsADay, From: day, To: day.Add(24 * time.Hour)}
			if st.After > st.Cap {
				st.Next = c.Quiet.Next(st.To, hours)
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	for _, sh := range c.shares(r) {
		read(func() {
			st := sh.step(s.week, cost, on)
			if st.After > st.Cap {
				if st.Next != 0 {
					st.Next = c.Quiet.Next(st.Next, hours)
				}
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	own, rule := s.limits(c, r.Class)
	// What is for everybody is outside of the corp's caps, and within those that the customer chose.
	counts := func(i int) bool { return !r.Open || rule[i] == rulePreference }
	for i, w := range own.Per {
		if !counts(i) {
			continue
		}
		read(func() {
			st := s.windowStep(i, w, rule[i], cost, on)
			if st.After > w.Cap {
				st.Next = own.room(s.at, cost, on, hours)
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	if s.twin.print != 0 { // a step only where it refuses
		read(func() {
			st := s.twin.step(c.Alike, zone)
			if st.Next != 0 {
				st.Next = c.Quiet.Next(st.Next, hours)
			}
			refuse(st, st.reason())
		})
	}
	if s.home != nil && r.Closes != 0 && on >= r.Closes { // before its sender's day is looked at: it is of another one
		read(func() {
			st := Step{RuleID: ruleQuiet, Text: s.home.name, To: r.Closes, Next: on}
			refuse(st, st.reason())
		})
	}
	for _, st := range c.memberSteps(r, s.load, on, zone) {
		read(func() {
			if st.After > st.Cap {
				st.Next = c.Quiet.Next(st.To, hours)
				refuse(st, st.reason())
				return
			}
			pass(st)
		})
	}
	if v.held {
		for i, w := range own.Per {
			if counts(i) && !hasStep(v.steps, rule[i], w.Days) {
				v.steps = append(v.steps, Step{RuleID: rule[i], Since: s.since(rule[i]), Days: w.Days, Cap: w.Cap, Verdict: NotRead})
			}
		}
		if v.rule != ruleQuiet {
			v.steps = append(v.steps, Step{RuleID: ruleQuiet, Text: s.home.zone(), Verdict: NotRead})
		}
		return v
	}
	if s.displaced > 0 {
		pass(Step{RuleID: ruleRank, Before: s.displaced})
	}
	if waits {
		st := Step{RuleID: ruleQuiet, Text: s.home.zone(), Verdict: Waits, Next: on}
		v.rule, v.reason, v.next = ruleQuiet, st.reason(), on
		v.steps = append(v.steps, st)
		return v
	}
	pass(Step{RuleID: ruleQuiet, Text: s.home.zone()})
	return v
}

// windowStep counts a touch of that cost into the window i, which rule limits.
func (s standing) windowStep(i int, w Window, rule string, cost int, on clock.Time) Step {
	return Step{
		RuleID: rule, Since: s.since(rule), Days: w.Days, Before: s.used[i], After: s.used[i] + w.charge(cost), Cap: w.Cap,
		From: on.Add(-w.length()), To: on,
	}
}

// since is when the silence began that a rule is about; 0 = it is about none.
func (s standing) since(rule string) clock.Time {
	if rule == ruleSunset {
		return s.hush.since
	}
	return 0
}

// capRuleOf names the rule of a window: the customer's own choice where it is what limits.
func capRuleOf(own, corp Caps, i int) string {
	if own.Per[i].Cap < corp.Per[i].Cap {
		return rulePreference
	}
	return ruleCap
}

func hasStep(steps []Step, rule string, days int) bool {
	for _, s := range steps {
		if s.RuleID == rule && s.Days == days {
			return true
		}
	}
	return false
}

// room is the earliest instant at which every window of FTG-01 has room for cost more, if each open touch were delivered
// at the end of its time, or at the instant on when that is over, and nothing else is reserved meanwhile. Never when a cap is zero.
func (c Caps) room(at []spent, cost int, on clock.Time, zone *time.Location) clock.Time {
	var next clock.Time
	for _, w := range c.Per {
		if w.Cap < 1 {
			return 0
		}
		next = max(next, w.room(at, cost, on))
	}
	return c.Quiet.Next(next, zone)
}

func (w Window) room(at []spent, cost int, on clock.Time) clock.Time {
	used := 0
	ends := make([]spent, 0, len(at)) // when each touch leaves the window
	for _, s := range at {
		d := s.at
		if d == 0 {
			d = max(on, s.until)
		}
		if end := d.Add(w.length()); end > on {
			ends = append(ends, spent{slot: slot{at: end}, cost: s.cost})
			used += s.cost
		}
	}
	slices.SortFunc(ends, func(a, b spent) int { return cmp.Compare(a.at, b.at) })
	next := on
	for _, e := range ends {
		if w.fits(used, cost) {
			break
		}
		next = e.at
		used -= e.cost
	}
	return next
}
