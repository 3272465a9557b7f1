package governance

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// Channel is the way a touch takes to a customer.
type Channel string

// The channels.
const (
	Welcome      Channel = "welcome"
	KF           Channel = "kf"
	MassCustomer Channel = "mass_customer"
	MassGroup    Channel = "mass_group"
	Moment       Channel = "moment"
	GroupWelcome Channel = "group_welcome"
)

// Class says what a touch is for. It comes before every other rule: what answers the customer's own act is Service.
type Class string

// The classes, highest first.
const (
	Emergency     Class = "emergency"
	Transactional Class = "transactional"
	Service       Class = "service"
	Lifecycle     Class = "lifecycle"
	Marketing     Class = "marketing"
)

// Limited says whether caps, quiet hours and opt-out apply to the class.
func (c Class) Limited() bool { return c == Marketing || c == Lifecycle }

func (c Class) known() bool {
	switch c {
	case Emergency, Transactional, Service, Lifecycle, Marketing:
		return true
	}
	return false
}

// State of a touch.
type State string

// The states; the picture in the package documentation shows the ways between them.
const (
	Held      State = "held"      // a rule refused it; final
	Reserved  State = "reserved"  // counts against the caps, nothing was sent
	Tasked    State = "tasked"    // handed to WeCom or about to be: only WeCom's answer ends it
	Delivered State = "delivered" // WeCom says the customer got it
	Committed State = "committed" // and it is booked; final
	Released  State = "released"  // it will not reach the customer any more
)

// Request asks whether a customer may be reached, and why somebody wants to.
type Request struct {
	CorpID       string
	Key          string // identity within the corp: (campaign, step, customer). Asked again, the answer is the first one
	CustomerID   string // empty for mass_group and group_welcome
	ChatID       string
	StaffID      string // who sends
	Channel      Channel
	Class        Class
	Topic        string
	CampaignID   string
	CampaignName string
	Texts        []string // every string of the message: text, titles, descriptions, links
	By           string   // staff id of who asked for it, or the name of the rule that did
	Reason       string   // why, as the why page shows it
	Cost         int      // 0 = 1; a send to all customers costs 2
	// Open is a Moment for everybody who wants marketing: WC-08 counts it by the day, and it costs nothing of the budget of
	// FTG-01, for nobody is called: who looks, sees it.
	Open bool
	// Winback is the one last question to somebody who has been silent: whether they still want messages (FTG-13).
	Winback bool
	// Traits says that whom it reaches was chosen by what is known of persons: tags they have or have not, their silence. Whose
	// customer somebody is says nothing of them, nor does a choice of everybody (LAW-12).
	Traits    bool
	NotBefore clock.Time // the sender will not create it earlier; 0 = now
	// Opens and Closes are the sender's own hours. Where a customer's zone is known, theirs need not be the same: a touch that
	// would begin at Closes or later is of no use, and held back. AtOnce says that it goes to everybody at the same instant, so
	// nobody can wait for their hours. 0 = the sender has no hours.
	Opens   clock.Time
	Closes  clock.Time
	AtOnce  bool
	print   likeness.Print
	Expires clock.Time // when the reservation ends by itself; 0 = a day (an hour for service) after the earliest delivery
}

// maxCost is the most a touch can cost: a send to all customers counts double (OWN-12).
const maxCost = 2

// Decision is the answer to a Request.
type Decision struct {
	TouchID  int64
	State    State     // Reserved or Held for a new touch; whatever it is by now for one that Existing
	RuleID   string    // the rule that held it, or that makes it wait (State Reserved, RuleID FTG-05)
	Reason   errs.Text // empty when nothing stands against it
	Next     clock.Time
	Existing bool // the same Key was asked before
	// CustomerID and ChatID repeat the request's, so that a caller of thousands can sort the answers.
	CustomerID string
	ChatID     string
}

// Receiver is whom the touch is for: the customer, or the group.
func (d Decision) Receiver() string { return cmp.Or(d.CustomerID, d.ChatID) }

// OK says whether the touch is reserved or further.
func (d Decision) OK() bool { return d.State != Held && d.State != Released }

// Permit allows one call for one touch. Only Governor.Permit makes it: its fields are not exported, and the zero
// Permit is not Valid.
type Permit struct {
	touchID    int64
	corpID     string
	customerID string
	chatID     string
	staffID    string
	channel    Channel
}

// Valid says whether the permit was made by the governor.
func (p Permit) Valid() bool { return p.touchID != 0 }

// TouchID is the ledger entry the call carries.
func (p Permit) TouchID() int64 { return p.touchID }

// CorpID is the corp that may call.
func (p Permit) CorpID() string { return p.corpID }

// CustomerID is whom the call may reach; empty for a group.
func (p Permit) CustomerID() string { return p.customerID }

// ChatID is the group the call may reach; empty for a person.
func (p Permit) ChatID() string { return p.chatID }

// StaffID is who sends.
func (p Permit) StaffID() string { return p.staffID }

// Channel is the way it may take.
func (p Permit) Channel() Channel { return p.channel }

// OptedOut is told inside the transaction in which a customer says stop.
type OptedOut struct {
	CorpID     string
	CustomerID string
	At         clock.Time
	Via        string
	By         string
	Open       []Touch // tasked touches of this customer that WeCom still holds: their tasks have to be cancelled
}

// Touch is one row of the ledger.
type Touch struct {
	bun.BaseModel `bun:"table:touch"`

	CorpID        string `bun:",pk"`
	ID            int64  `bun:",pk"`
	Key           string
	CustomerID    string
	ChatID        string
	StaffID       string
	Channel       Channel
	Class         Class
	Topic         string
	CampaignID    string
	CampaignName  string
	Texts         string // JSON, or as stored the name of words that many rows share
	RequestedBy   string
	RequestReason string
	State         State
	Late          bool
	SeenOnly      bool
	Cost          int
	RuleID        string
	ReasonZh      string
	ReasonEn      string
	NextAt        clock.Time
	Why           string // JSON of []Step; as Texts
	RuleVersion   string
	TaskID        string
	ReservedAt    clock.Time
	EarliestAt    clock.Time
	ExpiresAt     clock.Time
	TaskedAt      clock.Time
	DeliveredAt   clock.Time
	CommittedAt   clock.Time
	ReleasedAt    clock.Time
	DisplacedBy   int64 // the touch of a higher class that took its place; 0 = none did
	Rev           int   // how many times the row was changed: the audit log names it with each digest
	EntryID       int64 // of the audit log, that tells of the decision; 0 = older than the log
	Print         int64 // what it says, as bits that differ little where texts do (FTG-14); 0 = nothing to compare
	Winback       bool  // the one last question to somebody who has been silent (FTG-13)
	Traits        bool  // its customer was chosen by what is known of them (LAW-12)
	Unbound       bool  // its sender had no limit of a day: nobody counts it by the day
}

// Reason is the sentence of the rule that held, deferred or released the touch.
func (t *Touch) Reason() errs.Text { return errs.T(t.ReasonZh, t.ReasonEn) }

func (t *Touch) setReason(rule string, r errs.Text) {
	t.RuleID, t.ReasonZh, t.ReasonEn = rule, r.ZH, r.EN
}

func (t *Touch) texts() []string {
	var out []string
	_ = json.Unmarshal([]byte(t.Texts), &out) // written by us
	return out
}

func (t *Touch) decision(existing bool) Decision {
	return Decision{
		TouchID: t.ID, State: t.State, RuleID: t.RuleID, Reason: t.Reason(), Next: t.NextAt, Existing: existing, CustomerID: t.CustomerID,
		ChatID: t.ChatID,
	}
}

func (r Request) validate() error {
	switch {
	case r.CorpID == "" || r.Key == "":
		return fmt.Errorf("touch request of %s: corp and key are needed", r.Channel)
	case r.CustomerID == "" && r.ChatID == "":
		return fmt.Errorf("touch request %s: names neither customer nor group", r.Key)
	case !r.Class.known():
		return fmt.Errorf("touch request %s: unknown class %q", r.Key, r.Class)
	case r.Class == Emergency:
		return fmt.Errorf("touch request %s: nobody goes beyond caps and hours by an order (FTG-19)", r.Key)
	case r.Channel == "":
		return fmt.Errorf("touch request %s: no channel", r.Key)
	case r.Open && r.Channel != Moment:
		return fmt.Errorf("touch request %s: only a Moment can be for everybody", r.Key)
	case r.By == "" || r.Reason == "":
		return fmt.Errorf("touch request %s: who asks and why are needed, the why page shows them", r.Key)
	}
	return nil
}
