// Package notice tells members something by a message of the app, for all rooms: previews, reminders, tasks. It never reaches a
// customer; what does goes through internal/outreach.
//
// Callers: broadcast, moment, and internal/app for what the spine tells.
package notice

import (
	"context"
	"slices"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/db"
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
	Bus    *bus.Bus
	WeCom  *wecom.Client
	CorpID string
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
func (s *Service) Put(ctx context.Context, tx *db.Tx, n Notice) error {
	if len(n.Staff) == 0 {
		return nil
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: tellKind, Key: "notice/" + n.Key, OrderKey: "notice/" + slices.Min(n.Staff), Payload: n,
	})
	return err
}

func (s *Service) tell(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var n Notice
	if err := w.Decode(&n); err != nil {
		return nil, err
	}
	if _, err := s.send(ctx, n); err != nil {
		return nil, calls.Failed(err, "tell members")
	}
	return nil, nil
}

// Send tells members at once, for a person who waits for it. It answers whom WeCom does not know or does not let the app tell.
func (s *Service) Send(ctx context.Context, n Notice) (unknown []string, err error) {
	sent, err := s.send(ctx, n)
	if err != nil {
		return nil, calls.Refused(err, "tell members")
	}
	for _, id := range sent.InvalidStaff {
		unknown = append(unknown, string(id))
	}
	return unknown, nil
}

func (s *Service) send(ctx context.Context, n Notice) (wecom.AppSent, error) {
	to := make([]wecom.StaffID, len(n.Staff))
	for i, id := range n.Staff {
		to[i] = wecom.StaffID(id)
	}
	return s.WeCom.SendAppMessage(ctx, wecom.AppMessage{Staff: to, Text: &wecom.AppText{Content: cut(n.Text)}})
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
