package kf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// How long the codes live that a move or an event gives. Official page: https://developer.work.weixin.qq.com/document/path/95122
const (
	queueCodeLife = 48 * time.Hour
	endCodeLife   = 20 * time.Second
)

type movePayload struct {
	SessionID int64
	State     int
	StaffID   string // for state 3
	Text      string // goes out with the code that the move gives
	Rule      int64
	Name      string
	Why       string
}

// askMove puts the intent to move a conversation at WeCom.
func (s *Service) askMove(ctx context.Context, tx *db.Tx, v *Session, state int, staffID string, w words) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: moveKind, Key: fmt.Sprintf("kf.move/%d/%d", v.ID, tx.NewID()),
		OrderKey: "kfsend/" + v.AccountID + "/" + v.CustomerID, Urgent: true,
		Payload: movePayload{SessionID: v.ID, State: state, StaffID: staffID, Text: w.text, Rule: w.rule, Name: w.name, Why: w.why},
	})
	return err
}

// moveAtWeCom moves a conversation to the pool (2), to a member (3) or to its end (4). A move that was made before a
// crash is not made again. When WeCom refuses, the conversation waits in the console's queue: nobody is lost.
func (s *Service) moveAtWeCom(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p movePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	v, err := s.getSession(ctx, s.DB.Read(), p.SessionID)
	if err != nil {
		return nil, err
	}
	to := wecom.KfTransfer{
		Kf: v.AccountID, Customer: wecom.ExternalUserID(v.CustomerID), State: wecom.KfState(p.State), Servicer: wecom.StaffID(p.StaffID),
	}
	made := false
	if w.Attempts > 0 {
		state, staff, err := s.WeCom.KfServiceState(ctx, v.AccountID, to.Customer)
		if err != nil {
			return nil, calls.Failed(err, "read the state of a kf conversation")
		}
		made = state == to.State && (p.StaffID == "" || string(staff) == p.StaffID)
	}
	code := ""
	if !made {
		code, err = s.WeCom.TransferKfService(ctx, to)
	}
	switch class := wecom.ClassOf(err); {
	case err == nil:
		return func(ctx context.Context, tx *db.Tx) error { return s.moved(ctx, tx, p, code) }, nil
	case class == wecom.ClassRetryable, class == wecom.ClassRateLimit, class == wecom.ClassAuth:
		return nil, calls.Failed(err, "move a kf conversation")
	default:
		reason := err.Error()
		if refused, ok := errors.AsType[*wecom.Error](err); ok {
			reason = fmt.Sprintf("%d %s", refused.Code, refused.Msg)
		}
		return func(ctx context.Context, tx *db.Tx) error { return s.notMoved(ctx, tx, p, reason) }, nil
	}
}

// moved notes a move that we made: WeCom raises no event for it.
func (s *Service) moved(ctx context.Context, tx *db.Tx, p movePayload, code string) error {
	v, err := s.locked(ctx, tx, p.SessionID)
	if err != nil {
		return err
	}
	v.WeComState = p.State
	switch {
	case p.State == weComStaff:
		v.AgentID = p.StaffID
		if err := s.move(ctx, tx, &v, Human, ReasonTransferred, p.StaffID); err != nil {
			return err
		}
	case p.State == weComEnded && v.State != Ended:
		if err := s.move(ctx, tx, &v, Ended, ReasonEnded, ""); err != nil {
			return err
		}
	}
	if code != "" && p.Text != "" {
		life := queueCodeLife
		if p.State == weComEnded {
			life = endCodeLife
		}
		_, err := s.say(ctx, tx, &v, words{
			text: p.Text, from: FromBot, rule: p.Rule, name: p.Name, why: p.Why, code: code, until: s.World.Now().Add(life),
		})
		if err != nil {
			return err
		}
	}
	return s.done(ctx, tx, &v)
}

// notMoved keeps a conversation that WeCom would not move in the console's queue.
func (s *Service) notMoved(ctx context.Context, tx *db.Tx, p movePayload, reason string) error {
	v, err := s.locked(ctx, tx, p.SessionID)
	if err != nil || v.State == Ended {
		return err
	}
	if err := s.note(ctx, tx, &v, "", "企业微信没有接受转接 / WeCom did not accept the move: "+reason); err != nil {
		return err
	}
	if p.State == weComPool && v.State != Waiting {
		return s.move(ctx, tx, &v, Waiting, ReasonNobody, "")
	}
	if v.State != Waiting {
		return s.done(ctx, tx, &v) // it stays with whom it is
	}
	v.Reason = ReasonNobody
	if err := s.step(ctx, tx, &v, ""); err != nil {
		return err
	}
	return s.done(ctx, tx, &v)
}

// locked reads a conversation under its lock.
func (s *Service) locked(ctx context.Context, tx *db.Tx, id int64) (Session, error) {
	v, err := s.getSession(ctx, tx, id)
	if err != nil {
		return v, err
	}
	if err := s.lock(ctx, tx, [2]string{v.AccountID, v.CustomerID}); err != nil {
		return v, err
	}
	return s.getSession(ctx, tx, id)
}

// Values of KfEvent.Change.
const (
	changeTaken    = 1 // from the pool
	changeHanded   = 2 // to another member
	changeEnded    = 3
	changeReopened = 4
)

// servedAtWeCom follows what a member did with the conversation in the WeCom client.
func (s *Service) servedAtWeCom(ctx context.Context, tx *db.Tx, acc Account, m said) error {
	e := m.Event
	v, ok, err := s.openSession(ctx, tx, acc.ID, m.CustomerID)
	if err == nil && !ok && e.Change == changeReopened {
		v, ok, err = s.lastSession(ctx, tx, acc.ID, m.CustomerID)
	}
	if err == nil && !ok && e.Change != changeEnded { // it began before we looked
		v, err = s.current(ctx, tx, acc, m.CustomerID, m.At, ReasonWeCom)
		ok = err == nil
	}
	if err != nil || !ok {
		return err
	}
	if err := s.keep(ctx, tx, &v, m, Received); err != nil {
		return err
	}
	switch e.Change {
	case changeTaken, changeHanded:
		v.WeComState, v.AgentID = weComStaff, string(e.NewServicer)
		return s.move(ctx, tx, &v, Human, ReasonWeCom, string(e.NewServicer))
	case changeReopened:
		v.WeComState, v.AgentID = weComStaff, string(e.NewServicer)
		return s.move(ctx, tx, &v, Human, ReasonReopened, string(e.NewServicer))
	case changeEnded:
		v.WeComState = weComEnded
		if err := s.move(ctx, tx, &v, Ended, ReasonWeCom, string(e.OldServicer)); err != nil {
			return err
		}
		until := m.At.Add(endCodeLife)
		if e.MsgCode == "" || acc.Parting == "" || s.World.Now() >= until {
			return nil
		}
		_, err := s.say(ctx, tx, &v, words{text: acc.Parting, from: FromBot, why: "parting", name: "parting", code: e.MsgCode, until: until})
		if err != nil {
			return err
		}
		return s.done(ctx, tx, &v)
	default:
		return nil
	}
}

type statePayload struct{ AccountID, CustomerID string }

// readState asks WeCom where a conversation is, after it refused one of our messages.
func (s *Service) readState(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p statePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	state, staff, err := s.WeCom.KfServiceState(ctx, p.AccountID, wecom.ExternalUserID(p.CustomerID))
	if err != nil {
		return nil, calls.Failed(err, "read the state of a kf conversation")
	}
	return func(ctx context.Context, tx *db.Tx) error {
		if err := s.lock(ctx, tx, [2]string{p.AccountID, p.CustomerID}); err != nil {
			return err
		}
		v, ok, err := s.openSession(ctx, tx, p.AccountID, p.CustomerID)
		if err != nil || !ok {
			return err
		}
		v.WeComState = int(state)
		switch {
		case state == wecom.KfByStaff && v.State != Human:
			v.AgentID = string(staff)
			return s.move(ctx, tx, &v, Human, ReasonWeCom, string(staff))
		case state == wecom.KfPool && v.State == Bot:
			return s.move(ctx, tx, &v, Waiting, ReasonWeCom, "")
		case state == wecom.KfEnded:
			return s.move(ctx, tx, &v, Ended, ReasonWeCom, "")
		}
		return s.done(ctx, tx, &v)
	}, nil
}
