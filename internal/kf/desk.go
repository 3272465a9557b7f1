package kf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// These are the acts of people at the console desk. actor is their staff id, or the name of an account without one.

var errEnded = errs.New(errs.Conflict, "kf.ended", errs.T("会话已经结束。", "The conversation has ended."))

// act runs one act on a conversation under its lock and answers how it stands afterwards.
func (s *Service) act(ctx context.Context, id int64, f func(ctx context.Context, tx *db.Tx, v *Session) error) (Session, error) {
	var v Session
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if v, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		return f(ctx, tx, &v)
	})
	return v, err
}

// Take gives a conversation to the actor. One in WeCom's pool is moved to the actor there, which takes a moment.
func (s *Service) Take(ctx context.Context, id int64, actor string) (Session, error) {
	return s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		return s.give(ctx, tx, v, actor, actor, ReasonTaken)
	})
}

// Transfer gives a conversation to a colleague.
func (s *Service) Transfer(ctx context.Context, id int64, staffID, actor string) (Session, error) {
	return s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		return s.give(ctx, tx, v, staffID, actor, ReasonTransferred)
	})
}

func (s *Service) give(ctx context.Context, tx *db.Tx, v *Session, to, actor string, why Reason) error {
	if v.State == Ended {
		return errEnded
	}
	if v.WeComState > weComAPI {
		return s.askMove(ctx, tx, v, weComStaff, to, words{why: string(why)})
	}
	if v.State == Human && v.AgentID == to {
		return nil
	}
	v.AgentID = to
	return s.move(ctx, tx, v, Human, why, actor)
}

// Release puts a conversation back into the queue.
func (s *Service) Release(ctx context.Context, id int64, actor string) (Session, error) {
	return s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		switch {
		case v.WeComState > weComAPI:
			return errs.New(errs.Conflict, "kf.at_wecom", v.why(s.World.Now()))
		case v.State != Human:
			return errs.New(errs.Conflict, "kf.not_taken", errs.T("这个会话现在没有人接待。", "Nobody serves this conversation now."))
		}
		return s.move(ctx, tx, v, Waiting, ReasonReleased, actor)
	})
}

// End ends a conversation. One that is served in WeCom is ended there, and here when WeCom has done it.
func (s *Service) End(ctx context.Context, id int64, actor string) (Session, error) {
	return s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		if v.State == Ended {
			return nil
		}
		if v.WeComState > weComAPI {
			acc, err := s.account(ctx, tx, v.AccountID)
			if err != nil {
				return err
			}
			return s.askMove(ctx, tx, v, weComEnded, "", words{text: acc.Parting, why: "parting", name: "parting"})
		}
		return s.move(ctx, tx, v, Ended, ReasonEnded, actor)
	})
}

// Note writes a line for colleagues into a conversation. Customers never see it.
func (s *Service) Note(ctx context.Context, id int64, text, actor string) (Session, error) {
	if strings.TrimSpace(text) == "" {
		return Session{}, errs.Bad("text", "kf.empty", errs.T("请写点什么。", "Write something."))
	}
	return s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		s.announce(tx, v.ID)
		return s.note(ctx, tx, v, actor, text)
	})
}

// Write sends a person's words. key is the caller's: the same key again is the same message. Who writes takes the
// conversation, unless a colleague has it.
func (s *Service) Write(ctx context.Context, id int64, text, key, actor string) (Message, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Message{}, errs.Bad("text", "kf.empty", errs.T("请写点什么。", "Write something."))
	case len(text) > maxText:
		return Message{}, errs.Bad("text", "kf.text_long", errs.Tf("最多 %d 字节，现在 %d 字节。", "At most %d bytes, this has %d.", maxText, len(text)))
	case key == "":
		return Message{}, errs.Bad("key", "kf.key", errs.T("缺少幂等键。", "The idempotency key is missing."))
	}
	if s.Check != nil {
		if err := s.Check(ctx, text); err != nil {
			return Message{}, err
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", id, actor, key))
	msgid := "k" + hex.EncodeToString(sum[:12]) // within WeCom's 32 of 0-9a-zA-Z_-
	var m Message
	_, err := s.act(ctx, id, func(ctx context.Context, tx *db.Tx, v *Session) error {
		former, ok, err := s.findMessage(ctx, tx, "account_id = ? AND msgid = ?", v.AccountID, msgid)
		if err != nil || ok {
			m = former
			return err
		}
		now := s.World.Now()
		switch {
		case !v.Window(now).Open:
			return errs.New(errs.Conflict, "kf.window", v.why(now))
		case v.State == Human && v.AgentID != actor:
			return errs.New(errs.Conflict, "kf.taken", errs.T("这个会话由同事接待，先接起再回复。", "A colleague serves this conversation. Take it before you answer."))
		case v.State != Human:
			if err := s.give(ctx, tx, v, actor, actor, ReasonTaken); err != nil {
				return err
			}
		}
		if m, err = s.say(ctx, tx, v, words{text: text, from: FromAgent, agent: actor, why: "answer", msgid: msgid}); err != nil {
			return err
		}
		if s.Saw != nil {
			if err := s.Saw(ctx, tx, msgid, text, actor); err != nil {
				return err
			}
		}
		v.Unread = 0
		return s.done(ctx, tx, v)
	})
	return m, err
}
