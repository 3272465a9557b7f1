// Package notice tells members something by a message of the app, for all rooms: previews, reminders, tasks. It never reaches a
// customer; what does goes through internal/outreach.
//
// Callers: broadcast, moment, and internal/app for what the spine tells.
package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

// Notice is one message to some members.
type Notice struct {
	Key   string // of a stored one: the same key is told once
	Staff []string
	Text  string // at most 2048 bytes; longer ones are cut
}

// Config of a Service.
type Config struct {
	DB      *db.DB
	Bus     *bus.Bus
	World   clock.World
	Zone    *time.Location
	WeCom   *wecom.Client
	CorpID  string
	Quota   Quota
	Members func(ctx context.Context) (int, error) // of the corp: accounts that are known
}

// Service tells members.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

const (
	tellKind = "notice.tell"
	maxText  = 2048 // bytes of text.content, https://developer.work.weixin.qq.com/document/path/90236
)

// Register says which work this room does.
func (s *Service) Register(b *bus.Bus) { b.Perform(tellKind, s.tell) }

// Put stores a notice in the transaction of what it tells of; it goes out with the transaction.
func (s *Service) Put(ctx context.Context, tx *db.Tx, n Notice) error { return s.put(ctx, tx, n, 0) }

func (s *Service) put(ctx context.Context, tx *db.Tx, n Notice, due clock.Time) error {
	if len(n.Staff) == 0 {
		return nil
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: tellKind, Key: "notice/" + n.Key, OrderKey: "notice/" + slices.Min(n.Staff), Payload: n, DueAt: due,
	})
	return err
}

func (s *Service) tell(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var n Notice
	if err := w.Decode(&n); err != nil {
		return nil, err
	}
	return s.Tell(ctx, n)
}

// Tell does a piece of work that tells members. Whom a limit does not let have it now gets it when there is room.
func (s *Service) Tell(ctx context.Context, n Notice) (bus.Settle, error) {
	now, wait, err := s.take(ctx, n.Staff, 1, false)
	if err != nil {
		return nil, err
	}
	if len(now) == 0 && wait != nil {
		return nil, bus.Later(wait.until, fmt.Errorf("tell members: at most %d messages of the app within %s", wait.most, wait.long))
	}
	if _, err := s.send(ctx, now, n.Text); err != nil {
		return nil, calls.Failed(err, "tell members")
	}
	if wait == nil {
		return nil, nil
	}
	rest := slices.DeleteFunc(slices.Clone(n.Staff), func(id string) bool { return slices.Contains(now, id) })
	return func(ctx context.Context, tx *db.Tx) error {
		return s.put(ctx, tx, Notice{Key: fmt.Sprint(n.Key, "/", len(rest)), Staff: rest, Text: n.Text}, wait.until)
	}, nil
}

// Send tells members at once, for a person who waits for it: all texts to everybody, or nothing when a limit stands against it. It
// answers whom WeCom does not know or does not let the app tell.
func (s *Service) Send(ctx context.Context, staff []string, texts ...string) (unknown []string, err error) {
	_, wait, err := s.take(ctx, staff, len(texts), true)
	if err != nil {
		return nil, err
	}
	if wait != nil {
		return nil, errs.New(errs.Limited, "notice.limit", wait.text(s.Zone, s.World.Now()))
	}
	for _, text := range texts {
		sent, err := s.send(ctx, staff, text)
		if err != nil {
			return nil, calls.Refused(err, "tell members")
		}
		if len(sent.InvalidStaff) == 0 {
			continue
		}
		for _, id := range sent.InvalidStaff {
			unknown = append(unknown, string(id))
		}
		return unknown, nil
	}
	return nil, nil
}

func (s *Service) send(ctx context.Context, staff []string, text string) (wecom.AppSent, error) {
	to := make([]wecom.StaffID, len(staff))
	for i, id := range staff {
		to[i] = wecom.StaffID(id)
	}
	return s.WeCom.SendAppMessage(ctx, wecom.AppMessage{Staff: to, Text: &wecom.AppText{Content: cut(text)}})
}

// cut shortens a text to what WeCom takes, between characters.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := 0
	for i := range text {
		if i > maxText-len("…") {
			break
		}
		end = i
	}
	return text[:end] + "…"
}
