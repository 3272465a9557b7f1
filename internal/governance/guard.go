package governance

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// What rooms need of the guard, under the names of this package.
type (
	// Severity is what a rule does about what it finds.
	Severity = policy.Action
	// Field is one named string of a message.
	Field = guard.Field
	// Finding is one place that a content rule objects to.
	Finding = guard.Finding
	// Check is what the content rules say about a message.
	Check = guard.Check
	// CheckOut is a Check as the API answers it.
	CheckOut = guard.CheckOut
	// FindingOut is a Finding as the API answers it.
	FindingOut = guard.FindingOut
)

// ByCode is the layer of findings that code made.
const ByCode = guard.ByCode

// The severities, mildest first.
const (
	Allow   = policy.Allow
	Warn    = policy.Warn
	Review  = policy.Review
	Block   = policy.Block
	Suspend = policy.Suspend
)

// rulebook is the policy as loaded, with what its parameters say about frequency.
type rulebook struct {
	*policy.Policy
	guard *guard.Guard
	caps  Caps
	plans Plans
	fraud []string // rules whose refusal is a sign of fraud (LAW-35)

	penalties []time.Duration // of the nth penalty of a site (LNK-25)

	complaintWithin time.Duration // within which a complaint has to end (LAW-34)
	grievanceRest   time.Duration // how long after its end a grievance still keeps marketing away (FTG-15)

	greetings  greetings     // of one member (ACC-12)
	askLimited time.Duration // after which it is asked again whether a member is still limited (WC-13)
}

// Plans are the policy's numbers for what is planned for many.
type Plans struct {
	ReviewAbove int     // reachable customers above which a second person approves (OWN-07)
	DoubleShare float64 // share of all customers above which a send counts double (OWN-12)
	MomentsADay int     // of one member (OWN-05)
	Brake       Brake   // of a campaign and of a member (FTG-12)
	Adding      Adding  // of a member (WC-09)
	Room        Room    // for customers (WC-10)
	Messages    Messages
}

// Messages is how many messages of apps members may get (WC-18): any one of them, and all together.
type Messages struct {
	MemberMin  int `json:"member_min"`
	MemberHour int `json:"member_hour"`
	MemberDay  int `json:"member_day"`
	CorpMin    int `json:"person_min"`
	CorpHour   int `json:"person_hour"`
	AccountDay int `json:"account_day"`
}

// Room is how many customers a corp, an unverified one and a member begin with, and the most that any member is granted.
type Room struct {
	Corp       int `json:"corp"`
	Unverified int `json:"unverified"`
	Member     int `json:"member"`
	MemberMax  int `json:"member_max"`
}

// Adding says how many requests to become contacts a member may send on a day, and which share of at least MinSample has to be accepted.
type Adding struct {
	PerDay    int     `json:"per_day"`
	MinAccept float64 `json:"min_accept_rate"`
	MinSample int     `json:"min_sample"`
}

// Brake says which share of receivers lost, of at least MinSample, warns or stops a campaign.
type Brake struct {
	Warn      float64 `json:"warn"`
	Pause     float64 `json:"pause"`
	MinSample int     `json:"min_sample"`
}

// Plans answers the policy's numbers for what is planned for many.
func (g *Governor) Plans() Plans { return g.book.plans }

func newRulebook() (*rulebook, error) {
	p, err := policy.Load()
	if err != nil {
		return nil, err
	}
	g, err := guard.Builtin()
	if err != nil {
		return nil, err
	}
	p.Version += "+" + g.Version() // a decision names the rules and the model
	r := &rulebook{Policy: p, guard: g}
	if err := r.readPlans(); err != nil {
		return nil, err
	}
	var rest struct {
		Hours int `json:"rest_hours"`
	}
	if err := r.Params(ruleGrievance, &rest); err != nil {
		return nil, err
	}
	r.grievanceRest = time.Duration(rest.Hours) * time.Hour
	if err := r.readPenalties(); err != nil {
		return nil, err
	}
	if err := r.readComplaint(); err != nil {
		return nil, err
	}
	if err := r.readAccounts(); err != nil {
		return nil, err
	}
	return r, r.readCaps()
}

// readAccounts reads the numbers of ACC-12 and WC-13.
func (r *rulebook) readAccounts() error {
	var limited struct {
		Ask int `json:"ask_hours"`
	}
	if err := r.Params(ruleLimited, &limited); err != nil {
		return err
	}
	r.askLimited = time.Duration(limited.Ask) * time.Hour
	var greet struct {
		N      int    `json:"n"`
		Window string `json:"window"`
		Fresh  int    `json:"new_days"`
	}
	if err := r.Params(ruleGreeting, &greet); err != nil {
		return err
	}
	window, err := time.ParseDuration(greet.Window)
	if err != nil {
		return fmt.Errorf("read the window of %s: %w", ruleGreeting, err)
	}
	r.greetings = greetings{most: greet.N, window: window, fresh: time.Duration(greet.Fresh) * 24 * time.Hour}
	return nil
}

// readPlans reads the numbers of OWN-05, OWN-07, OWN-12, WC-09, WC-10, WC-18, LAW-35 and FTG-12.
func (r *rulebook) readPlans() error {
	var size struct {
		Size int `json:"size"`
	}
	var double struct {
		Share float64 `json:"share"`
	}
	if err := r.Params(ruleApproval, &size); err != nil {
		return err
	}
	if err := r.Params(ruleDouble, &double); err != nil {
		return err
	}
	r.plans = Plans{ReviewAbove: size.Size, DoubleShare: double.Share}
	var active struct {
		Most int `json:"max_moments_per_day"`
	}
	if err := r.Params(ruleStaffDay, &active); err != nil {
		return err
	}
	r.plans.MomentsADay = active.Most
	if err := r.Params(ruleAdding, &r.plans.Adding); err != nil {
		return err
	}
	if err := r.Params(ruleCapacity, &r.plans.Room); err != nil {
		return err
	}
	if err := r.Params(ruleMessages, &r.plans.Messages); err != nil {
		return err
	}
	var signs struct {
		Rules []string `json:"rules"`
	}
	if err := r.Params(ruleFraud, &signs); err != nil {
		return err
	}
	r.fraud = signs.Rules
	return r.Params(ruleHarm, &r.plans.Brake)
}

// readCaps reads the numbers of FTG-01, FTG-02, FTG-05, FTG-11, FTG-16, FTG-20 and WC-01.
func (r *rulebook) readCaps() error {
	var windows struct {
		Per [3]Window `json:"per"`
	}
	var quiet struct {
		From       string `json:"from"`
		To         string `json:"to"`
		SundayFrom string `json:"sunday_from"`
	}
	var mass struct {
		Mode MassMode `json:"mode"`
	}
	var holdout struct {
		Share float64 `json:"share"`
	}
	var topics struct {
		Week int `json:"topic_per_7d"`
	}
	var ramp struct {
		Ramp [rampDays]int `json:"ramp"`
	}
	var sunset struct {
		Cooling int `json:"cooling_days"`
		Dormant int `json:"dormant_days"`
		Week    int `json:"cooling_per_7d"`
		Least   int `json:"least_touches"`
	}
	var alike struct {
		Days int `json:"days"`
		Most int `json:"hamming"`
	}
	var even struct {
		StaffHour int `json:"staff_hour"`
	}
	var room struct {
		PerDay  int `json:"per_day"`
		PerWeek int `json:"per_week"`
	}
	for rule, into := range map[string]any{
		ruleCap: &windows, ruleQuiet: &quiet, rulePlatform: &mass, ruleHoldout: &holdout, ruleShare: &topics, ruleRamp: &ramp, ruleRoom: &room, ruleSunset: &sunset, ruleAlike: &alike, ruleEven: &even,
	} {
		if err := r.Params(rule, into); err != nil {
			return err
		}
	}
	r.caps = Caps{Per: windows.Per, MassMode: mass.Mode, Holdout: int(math.Round(100 * holdout.Share)), TopicWeek: topics.Week, Ramp: ramp.Ramp}
	r.caps.Sunset, r.caps.Alike, r.caps.StaffHour = Sunset(sunset), Alike(alike), even.StaffHour
	r.caps.Chat = [2]Window{{1, room.PerDay}, {7, room.PerWeek}}
	for _, f := range []struct {
		s string
		v *int
	}{{quiet.From, &r.caps.Quiet.From}, {quiet.To, &r.caps.Quiet.To}, {quiet.SundayFrom, &r.caps.Quiet.SundayFrom}} {
		min, err := parseClock(f.s)
		if err != nil {
			return fmt.Errorf("read the policy's quiet hours: %w", err)
		}
		*f.v = min
	}
	return nil
}

// CheckFor reads the content rules over a message of a corp, as they hold for one class and channel: marketing has to say how to
// stop it, service may carry no promotion, and what needs a licence needs one on record. It says the same at save and at send.
func (g *Governor) CheckFor(ctx context.Context, corpID string, class Class, channel Channel, fields ...Field) (Check, error) {
	return g.CheckIn(ctx, g.db.Read(), corpID, class, channel, fields...)
}

// CheckIn is CheckFor as a transaction sees what is on record.
func (g *Governor) CheckIn(ctx context.Context, q bun.IDB, corpID string, class Class, channel Channel, fields ...Field) (Check, error) {
	own, err := g.ownNow(ctx, q, corpID)
	if err != nil {
		return Check{}, err
	}
	return g.read(own, class, channel, fields...), nil
}

// CheckAutomatic is CheckFor for words that answer customers automatically: they may not pass for a person's.
func (g *Governor) CheckAutomatic(ctx context.Context, corpID string, fields ...Field) (Check, error) {
	own, err := g.ownNow(ctx, g.db.Read(), corpID)
	if err != nil {
		return Check{}, err
	}
	return g.book.guard.CheckFor(guard.About{Class: string(Service), Channel: string(KF), Own: own, Automatic: true}, fields...), nil
}

func (g *Governor) read(own *guard.Own, class Class, channel Channel, fields ...Field) Check {
	return g.book.guard.CheckFor(guard.About{Class: string(class), Channel: string(channel), Own: own}, fields...)
}

// ByAutoreply asks for what is said automatically in customer service.
const ByAutoreply = "autoreply"

// about is what the content rules see of a request beside its words.
func (r Request) about(own *guard.Own) guard.About {
	return guard.About{Class: string(r.Class), Channel: string(r.Channel), Own: own, Automatic: r.Channel == KF && r.By == ByAutoreply}
}

func fieldsOf(texts []string) []Field {
	out := make([]Field, len(texts))
	for i, t := range texts {
		out[i] = Field{Name: "text", Text: t}
	}
	return out
}
