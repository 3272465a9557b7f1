package groupchat

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Zone   *time.Location // the corp's zone: days are cut by it
	WeCom  *wecom.Client
	CorpID string
	Live   func(kind, id string) // tells the consoles that are open; may be nil
	// Forgotten answers which persons were erased, with when: they are counted, and not stored unless they joined afterwards. May be nil.
	Forgotten func(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]clock.Time, error)
}

// Service is the use cases of customer groups.
type Service struct {
	Config

	// OnJoined and OnLeft are told inside the transaction; what they write commits with the change or not at all.
	OnJoined []func(ctx context.Context, tx *db.Tx, e Joined) error
	OnLeft   []func(ctx context.Context, tx *db.Tx, e Left) error
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

// Upsert stores a group as WeCom told it, and tells who joined and left since the last reading. The first reading of a
// group tells only the joins that came after knownSince (0 = none): they are news, the others were there before us.
func (s *Service) Upsert(ctx context.Context, tx *db.Tx, c Chat, knownSince clock.Time) error {
	if err := tx.Lock(ctx, "groupchat/"+s.CorpID+"/"+c.ID); err != nil {
		return err
	}
	former, known, err := getChat(ctx, tx, s.CorpID, c.ID)
	if err != nil {
		return err
	}
	now := s.World.Now()
	total, customers := len(c.Members), countCustomers(c.Members)
	if c.Members, err = s.remembered(ctx, tx, c.Members); err != nil {
		return err
	}
	first := !known || former.ReadAt == 0
	unchanged := !first && c.Version != "" && c.Version == former.Version
	var d change
	if !unchanged {
		stored, err := listMembers(ctx, tx, s.CorpID, c.ID)
		if err != nil {
			return err
		}
		d = diff(stored, c.Members)
		if first {
			d = change{joined: joinedSince(d.joined, knownSince)}
		}
		if err := putMembers(ctx, tx, s.CorpID, c, d.left); err != nil {
			return err
		}
	}
	row := chatRow{
		CorpID: s.CorpID, ID: c.ID, Name: c.Name, OwnerID: c.OwnerID, Notice: c.Notice, State: Live, Members: total,
		Customers: customers, Version: c.Version, CreatedAt: c.CreatedAt, ReadAt: now,
	}
	if err := putChat(ctx, tx, row); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, c, d, now); err != nil {
		return err
	}
	s.announce(tx, c.ID)
	return nil
}

func countCustomers(members []Member) (n int) {
	for _, m := range members {
		if m.Kind == Customer {
			n++
		}
	}
	return n
}

// remembered leaves out who was erased and has not joined since.
func (s *Service) remembered(ctx context.Context, tx *db.Tx, members []Member) ([]Member, error) {
	if s.Forgotten == nil {
		return members, nil
	}
	var ids []string
	for _, m := range members {
		if m.Kind == Customer {
			ids = append(ids, m.ID)
		}
	}
	forgotten, err := s.Forgotten(ctx, tx, ids...)
	if err != nil || len(forgotten) == 0 {
		return members, err
	}
	return slices.DeleteFunc(slices.Clone(members), func(m Member) bool { return m.JoinedAt <= forgotten[m.ID] }), nil
}

func joinedSince(members []Member, since clock.Time) []Member {
	var out []Member
	for _, m := range members {
		if since != 0 && m.JoinedAt >= since {
			out = append(out, m)
		}
	}
	return out
}

// tell records joins and leaves and tells the subscribers, each once.
func (s *Service) tell(ctx context.Context, tx *db.Tx, c Chat, d change, now clock.Time) error {
	for _, m := range d.left {
		fresh, err := putMove(ctx, tx, moveRow{CorpID: s.CorpID, ChatID: c.ID, MemberID: m.ID, Kind: m.Kind, What: "leave", At: now})
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		e := Left{CorpID: s.CorpID, ChatID: c.ID, ChatName: c.Name, MemberID: m.ID, Kind: m.Kind, At: now}
		for _, f := range s.OnLeft {
			if err := f(ctx, tx, e); err != nil {
				return err
			}
		}
	}
	for _, m := range d.joined {
		fresh, err := putMove(ctx, tx, moveRow{
			CorpID: s.CorpID, ChatID: c.ID, MemberID: m.ID, Kind: m.Kind, What: "join", At: m.JoinedAt, State: m.State,
		})
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		e := Joined{
			CorpID: s.CorpID, ChatID: c.ID, ChatName: c.Name, MemberID: m.ID, Kind: m.Kind, At: m.JoinedAt, JoinScene: m.JoinScene,
			InvitorID: m.InvitorID, State: m.State,
		}
		for _, f := range s.OnJoined {
			if err := f(ctx, tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// dismiss ends a group.
func (s *Service) dismiss(ctx context.Context, tx *db.Tx, chatID string, at clock.Time) error {
	if err := tx.Lock(ctx, "groupchat/"+s.CorpID+"/"+chatID); err != nil {
		return err
	}
	if _, err := markDismissed(ctx, tx, s.CorpID, []string{chatID}, at); err != nil {
		return err
	}
	s.announce(tx, chatID)
	return nil
}

func (s *Service) announce(tx *db.Tx, id string) {
	if s.Live != nil {
		tx.OnCommit(func() { s.Live("groupchat", id) })
	}
}
