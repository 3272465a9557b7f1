// Package outreach carries what customers will see: intents -> governance -> wecom/outreach -> results.
//
// It is the only importer of wecom/outreach. Every message begins as an entry of the touch ledger and an intent, written
// in the transaction of its cause, and is sent only with a Permit, which only governance mints. What became of it is
// written in the transaction that settles the intent, and told there to the noun that asked.
package outreach

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

// Config of a Service.
type Config struct {
	DB       *db.DB
	Bus      *bus.Bus
	World    clock.World
	Zone     *time.Location
	Governor *governance.Governor
	WeCom    *wecom.Client
	CorpID   string
	// Page answers the address of the history page that a customer of a member is shown as their own; "" when none is open. It may be nil.
	Page func(ctx context.Context, customerID, staffID string) (string, error)
	// StaffNames answers the names of members, for texts that say who sends them. It may be nil.
	StaffNames func(ctx context.Context, staffIDs []string) (map[string]string, error)
	// Media answers a media id of WeCom, live for long enough, for a file of the library.
	Media func(ctx context.Context, materialID string) (string, error)
}

// Service sends.
type Service struct {
	Config
	wire *wire.Client

	// OnSettled is told what became of every message, inside the transaction that settles it.
	OnSettled []func(ctx context.Context, tx *db.Tx, r Result) error
	// OnMass is told what happened to the tasks of mass messages, inside the transaction that settles the call.
	OnMass []func(ctx context.Context, tx *db.Tx, e MassEvent) error
	// Wanted says whether the task of a mass message may still be made, inside the transaction that permits its call. One that is not
	// wanted is not made and nobody is told: who stopped it asks with FindMass. Nil = all are.
	Wanted func(ctx context.Context, tx *db.Tx, taskID int64) (bool, error)
	// OnMoment is told what happened to Moments, inside the transaction that settles the call.
	OnMoment []func(ctx context.Context, tx *db.Tx, e MomentEvent) error
}

// Result is what became of one message to one person or chat.
type Result struct {
	CorpID     string
	TouchID    int64
	Channel    governance.Channel
	CustomerID string
	StaffID    string
	Delivered  bool
	At         clock.Time
	Code       string    // why not, when it was not delivered: a rule id or one of the Code constants
	Reason     errs.Text // the same in words
}

// Why a message was not delivered, apart from rules of governance.
const (
	CodeWelcomeExpired = "welcome_expired" // older than 20 s when it could be sent
	CodeWelcomeUsed    = "welcome_used"    // another app sent a welcome, or the chat had begun
	CodeRefused        = "refused"         // WeCom refused; the reason holds its code
)

// New makes the service.
func New(c Config) *Service { return &Service{Config: c, wire: wire.New(c.WeCom)} }

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	b.Perform(welcomeKind, s.sendWelcome)
	s.registerKf(b)
	s.registerBroadcast(b)
	s.registerMoment(b)
}

// with opens the wire for the holder of a permit. There is no other way to it: a call without a permit cannot be written.
func (s *Service) with(p governance.Permit) *wire.Client {
	if p.TouchID() == 0 {
		panic("outreach: a call to a customer without a permit") //nolint:forbidigo // a mistake in this package must not reach a person
	}
	return s.wire
}

// settle writes a result to the ledger and tells the noun that asked.
func (s *Service) settle(r Result) bus.Settle {
	return func(ctx context.Context, tx *db.Tx) error {
		var err error
		if r.Delivered {
			err = s.Governor.Delivered(ctx, tx, r.TouchID, r.At)
		} else {
			err = s.Governor.Release(ctx, tx, r.TouchID, r.Code, r.Reason)
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, r)
	}
}

// NotArrived notes in the ledger why something that WeCom had taken did not arrive after all.
func (s *Service) NotArrived(ctx context.Context, tx *db.Tx, touchID int64, code string, reason errs.Text) error {
	return s.Governor.NotArrived(ctx, tx, touchID, code, reason)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, r Result) error {
	for _, tell := range s.OnSettled {
		if err := tell(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

// permit asks governance again, right before the call. When it refuses, the entry is released by governance and held
// answers why; the caller settles with tell alone.
func (s *Service) permit(ctx context.Context, touchID int64) (p governance.Permit, held *governance.Decision, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		permits, refused, err := s.Governor.Permit(ctx, tx, touchID)
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			held = &refused[0]
			return nil
		}
		p = permits[0]
		return nil
	})
	return p, held, err
}
