package governance

import (
	"context"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/web"
)

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// TouchOut is a touch as lists show it.
type TouchOut struct {
	ID       web.ID     `json:"id"`
	At       time.Time  `json:"at"`
	Customer *named     `json:"customer,omitempty"`
	ChatID   string     `json:"chat_id,omitempty"`
	Staff    *named     `json:"staff,omitempty"`
	Channel  Channel    `json:"channel" enum:"welcome,kf,mass_customer,mass_group,moment,group_welcome"`
	Kind     string     `json:"kind" doc:"what it belongs to: broadcast, welcome, kf, ..."`
	Class    Class      `json:"class" enum:"emergency,transactional,service,lifecycle,marketing"`
	State    State      `json:"state" enum:"held,reserved,tasked,delivered,committed,released"`
	Late     bool       `json:"late"`
	SeenOnly bool       `json:"seen_only,omitempty" doc:"made by a member outside of us and booked when seen"`
	RuleID   string     `json:"rule_id,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	NextAt   *time.Time `json:"next_at,omitempty"`
	Campaign *named     `json:"campaign,omitempty"`
	Text     string     `json:"text"`
}

type stageOut struct {
	State   State     `json:"state"`
	At      time.Time `json:"at"`
	TouchID web.ID    `json:"touch_id"`
}

type ruleOut struct {
	RuleID  string      `json:"rule_id"`
	Title   string      `json:"title" doc:"what the rule looks at, whatever it said"`
	Reason  string      `json:"reason,omitempty" doc:"of the rule that held it back or makes it wait: why, in a sentence"`
	Verdict StepVerdict `json:"verdict" enum:"pass,held,waits,not_read"`
	Value   string      `json:"value,omitempty" doc:"the words a content rule found, the topic a cap is about, the mark of age, the purpose that the notice does not name or its version, or the customer's own zone, by which sending hours were read"`
	Channel Channel     `json:"channel,omitempty" doc:"that a cap is about"`
	Days    int         `json:"days,omitempty"`
	Before  int         `json:"before"`
	After   int         `json:"after"`
	Cap     int         `json:"cap,omitempty"`
	Since   *time.Time  `json:"since,omitempty"`
	NextAt  *time.Time  `json:"next_at,omitempty"`
	TooLate *time.Time  `json:"too_late,omitempty" doc:"of sending hours that do not meet the sender's: from then on it would be too late"`
}

type windowOut struct {
	Days   int        `json:"days"`
	Cap    int        `json:"cap"`
	Used   int        `json:"used"`
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	NextAt *time.Time `json:"next_at,omitempty"`
}

type whoOut struct {
	RequestedBy named  `json:"requested_by"`
	Reason      string `json:"reason"`
	Sender      *named `json:"sender,omitempty"`
}

type afterOut struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

type optionOut struct {
	Text string `json:"text"`
}

type evidenceOut struct {
	Entry  web.ID     `json:"entry" doc:"the ledger row"`
	Key    string     `json:"key" doc:"campaign, step and customer: the same key is the same touch"`
	Permit *time.Time `json:"permit,omitempty" doc:"when the permit was given"`
	TaskID string     `json:"task_id,omitempty" doc:"WeCom's id"`
	Audit  web.ID     `json:"audit,omitempty" doc:"the entry of the audit log that tells of the decision; absent: older than the log"`
}

type explainOut struct {
	TouchOut
	Sentence    string      `json:"sentence"`
	Steps       []stageOut  `json:"steps"`
	Rules       []ruleOut   `json:"rules"`
	RuleVersion string      `json:"rule_version"`
	Timeline    []stageOut  `json:"timeline"`
	Window      *windowOut  `json:"window,omitempty"`
	Who         whoOut      `json:"who"`
	After       []afterOut  `json:"after"`
	Options     []optionOut `json:"options"`
	Evidence    evidenceOut `json:"evidence"`
	DisplacedBy web.ID      `json:"displaced_by,omitempty" doc:"the touch of a higher class that took its place"`
	Twin        web.ID      `json:"twin,omitempty" doc:"of one held back for likeness: the touch that says nearly the same"`
	Basis       basisOut    `json:"basis"`
}

// basisOut is what was asked, and the limits it was asked under: with the rules and their counters it is all that is needed to
// decide again by hand.
type basisOut struct {
	DecidedAt time.Time `json:"decided_at"`
	On        time.Time `json:"on" doc:"the earliest delivery, for which was counted"`
	Topic     string    `json:"topic,omitempty"`
	Cost      int       `json:"cost" doc:"what it takes of each window"`
	Traits    bool      `json:"traits,omitempty" doc:"its audience was chosen by what is known of persons: by tags, by leaving out tags, or by silence"`
	Texts     []string  `json:"texts" doc:"every string that the content rules read"`
	Quiet     quietIO   `json:"quiet"`
	Holdout   int       `json:"holdout" doc:"percent; the draw is a keyed hash, which the answer cannot show"`
	Policy    string    `json:"policy" doc:"that decided"`
	PolicyNow string    `json:"policy_now" doc:"of this program: another one may read words differently"`
	// Record is what the content rules knew of the corp itself.
	Record      guard.Record `json:"record" doc:"what the corp had on record: papers in force"`
	CapsVersion int          `json:"caps_version" doc:"of the corp's own limits; 0 = the policy's"`
}

func (h *API) basis(ctx context.Context, t *Touch) (basisOut, error) {
	version := capsVersionOf(t.RuleVersion)
	caps, err := h.capsVersion(ctx, h.db.Read(), t.CorpID, version)
	if err != nil {
		return basisOut{}, err
	}
	record, err := h.ownThen(ctx, t)
	return basisOut{
		Record:    record,
		DecidedAt: t.ReservedAt.In(h.zone), On: t.EarliestAt.In(h.zone), Topic: t.Topic, Cost: t.Cost, Traits: t.Traits, Texts: append([]string{}, t.texts()...),
		Quiet:   quietIO{From: formatClock(caps.Quiet.From), To: formatClock(caps.Quiet.To), SundayFrom: formatClock(caps.Quiet.SundayFrom), Zone: h.zone.String()},
		Holdout: caps.Holdout, Policy: policyOf(t.RuleVersion), PolicyNow: h.book.Version, CapsVersion: version,
	}, err
}

// show turns rows into what the API answers, with names read in two calls.
func (h *API) show(ctx context.Context, rows []*Touch) ([]TouchOut, error) {
	var customers, staff []string
	for _, t := range rows {
		if t.CustomerID != "" {
			customers = append(customers, t.CustomerID)
		}
		if t.StaffID != "" {
			staff = append(staff, t.StaffID)
		}
	}
	customerNames, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	staffNames, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	out := make([]TouchOut, len(rows))
	for i, t := range rows {
		kind, id, _ := strings.Cut(t.CampaignID, "/")
		o := TouchOut{
			ID: web.IDOf(t.ID), At: t.ReservedAt.In(h.zone), ChatID: t.ChatID, Channel: t.Channel, Kind: kind, Class: t.Class, State: t.State,
			Late: t.Late, SeenOnly: t.SeenOnly, RuleID: t.RuleID, Reason: t.Reason().In(lang), NextAt: h.when(t.NextAt),
			Text: t.FirstText(),
		}
		if t.CustomerID != "" {
			o.Customer = &named{t.CustomerID, customerNames[t.CustomerID]}
		}
		if t.StaffID != "" {
			o.Staff = &named{t.StaffID, staffNames[t.StaffID]}
		}
		if t.CampaignID != "" {
			o.Campaign = &named{id, t.CampaignName}
		}
		out[i] = o
	}
	return out, nil
}

func (h *API) when(t clock.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(h.zone)
	return &at
}

func (h *API) rules(lang string, steps []Step) []ruleOut {
	out := make([]ruleOut, len(steps))
	for i, s := range steps {
		out[i] = ruleOut{
			RuleID: s.RuleID, Title: h.Title(s.RuleID).In(lang), Verdict: s.Verdict, Value: s.value().In(lang), Channel: s.Channel, Days: s.Days, Before: s.Before, After: s.After,
			Cap: s.Cap, Since: h.when(s.Since), NextAt: h.when(s.Next),
		}
		if s.RuleID == ruleQuiet {
			out[i].TooLate = h.when(s.To)
		}
		if s.Verdict == Refused || s.Verdict == Waits {
			out[i].Reason = h.refusal(s).In(lang)
		}
	}
	return out
}

// value is what a step is about, in words.
func (s Step) value() errs.Text {
	switch s.RuleID {
	case ruleMinor:
		age, _ := strings.CutSuffix(s.Text, byTraits)
		if Age(age) == Under14 {
			return errs.T("未满 14 岁", "under 14")
		}
		return errs.T("未满 18 岁", "under 18")
	case ruleNotice:
		if p := purposeInfo(Purpose(s.Text)); p != nil {
			return p.Title
		}
		return errs.Tf("告知第 %d 版", "version %d of the notice", s.After)
	}
	return errs.T(s.Text, s.Text)
}

func (h *API) stages(stages []Stage) []stageOut {
	out := make([]stageOut, len(stages))
	for i, s := range stages {
		out[i] = stageOut{s.State, s.At.In(h.zone), web.IDOf(s.TouchID)}
	}
	return out
}

func (h *API) explain(ctx context.Context, e *Explanation) (*explainOut, error) {
	shown, err := h.show(ctx, []*Touch{&e.Touch})
	if err != nil {
		return nil, err
	}
	t, lang := e.Touch, web.Lang(ctx)
	asked, err := h.near.Staff(ctx, []string{t.RequestedBy})
	if err != nil {
		return nil, err
	}
	out := &explainOut{
		TouchOut: shown[0], Sentence: e.Sentence.In(lang), Steps: h.stages(e.Course), Rules: h.rules(lang, e.Rules),
		RuleVersion: t.RuleVersion, Timeline: h.stages(e.Timeline), After: []afterOut{}, Options: []optionOut{},
		Who:      whoOut{RequestedBy: named{t.RequestedBy, asked[t.RequestedBy]}, Reason: t.RequestReason, Sender: shown[0].Staff},
		Evidence: evidenceOut{Entry: web.IDOf(t.ID), Key: t.Key, Permit: h.when(t.TaskedAt), TaskID: t.TaskID},
	}
	if t.EntryID != 0 {
		out.Evidence.Audit = web.IDOf(t.EntryID)
	}
	if out.Basis, err = h.basis(ctx, &t); err != nil {
		return nil, err
	}
	if out.Who.RequestedBy.Name == "" {
		out.Who.RequestedBy.Name = t.RequestedBy
	}
	for _, s := range e.Rules {
		if s.RuleID == ruleQuiet && s.Text != "" {
			out.Basis.Quiet.Zone = s.Text
		}
	}
	if e.Twin != 0 {
		out.Twin = web.IDOf(e.Twin)
	}
	if t.DisplacedBy != 0 {
		out.DisplacedBy = web.IDOf(t.DisplacedBy)
	}
	if w := e.Window; w != nil {
		out.Window = &windowOut{Days: w.Days, Cap: w.Cap, Used: w.Before, From: w.From.In(h.zone), To: w.To.In(h.zone), NextAt: h.when(w.Next)}
	}
	for _, a := range e.After {
		out.After = append(out.After, afterOut{a.At.In(h.zone), a.Text.In(lang)})
	}
	for _, o := range e.Options {
		out.Options = append(out.Options, optionOut{o.In(lang)})
	}
	return out, nil
}
