package groupchat

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// event is the part of change_external_chat.* that this room reads.
// Official page: https://developer.work.weixin.qq.com/document/path/92130
type event struct {
	ChatID       string `json:"ChatId"`
	UpdateDetail string // add_member, del_member, change_owner, change_name, change_notice
	LastMemVer   string
	CurMemVer    string
	CreateTime   string
}

func (e event) at() clock.Time {
	sec, _ := strconv.ParseInt(e.CreateTime, 10, 64) // absent or odd: never, replaced by the caller
	return clock.Unix(sec)
}

const readKind = "groupchat.read"

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	const prefix = "change_external_chat."
	b.Handle(prefix+"create", s.changed)
	b.Handle(prefix+"update", s.changed)
	b.Handle(prefix+"dismiss", s.dismissed)
	b.Perform(readKind, s.read)
}

type readPayload struct {
	ChatID string
	Before string     // member version before the change, when the event told it
	Since  clock.Time // a minute before the event: what joined an unknown group since then is news
	Until  clock.Time // when to stop waiting for WeCom to show the change
}

// changed asks for the group to be read once WeCom's side has settled. Several events within one second share a reading.
func (s *Service) changed(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var e event
	if err := w.Decode(&e); err != nil {
		return err
	}
	if e.ChatID == "" {
		return bus.Permanent(errors.New("the event names no group"))
	}
	if e.CurMemVer != "" && (e.UpdateDetail == "add_member" || e.UpdateDetail == "del_member") {
		row, known, err := getChat(ctx, tx, w.CorpID, e.ChatID)
		if err != nil {
			return err
		}
		if known && row.Version == e.CurMemVer {
			return nil // a sync or a later reading has seen it already
		}
	}
	now := s.World.Now()
	slot := now.Unix() + 1 // the reading covers every event before this second
	due := clock.Unix(slot).Add(settle)
	at := e.at()
	if at == 0 {
		at = now
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: w.CorpID, Lane: bus.Intent, Kind: readKind, Key: fmt.Sprintf("groupchat.read/%s/%d", e.ChatID, slot),
		OrderKey: "groupchat.read/" + e.ChatID, DueAt: due,
		Payload: readPayload{ChatID: e.ChatID, Before: e.LastMemVer, Since: at.Add(-time.Minute), Until: due.Add(10 * time.Second)},
	})
	return err
}

func (s *Service) dismissed(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var e event
	if err := w.Decode(&e); err != nil {
		return err
	}
	at := e.at()
	if at == 0 {
		at = s.World.Now()
	}
	return s.dismiss(ctx, tx, e.ChatID, at)
}

// read reads a group and stores what changed. When WeCom still shows the members from before the event, it asks again.
func (s *Service) read(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p readPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	g, err := s.WeCom.GroupChat(ctx, wecom.ChatID(p.ChatID), true)
	if gone(err) {
		return func(ctx context.Context, tx *db.Tx) error { return s.dismiss(ctx, tx, p.ChatID, s.World.Now()) }, nil
	}
	if err != nil {
		return nil, calls.Failed(err, "read group "+p.ChatID)
	}
	if now := s.World.Now(); p.Before != "" && g.MemberVersion == p.Before && now < p.Until {
		return nil, bus.Later(now.Add(settle), errors.New("WeCom does not show the change yet"))
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.Upsert(ctx, tx, FromWeCom(g), p.Since) }, nil
}

// gone says whether an error means that the group does not exist (any more) as a customer group.
func gone(err error) bool {
	return errors.Is(err, wecom.ErrChatDismissed) || errors.Is(err, errNoChat) || errors.Is(err, errNotCustomerChat)
}

// WeCom's codes for a group that is not there, besides ErrChatDismissed.
var (
	errNoChat          = &wecom.Error{Code: 40050}
	errNotCustomerChat = &wecom.Error{Code: 90501}
)
