package kf

import (
	"context"
	"fmt"
	"strconv"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// words is something to say in a conversation.
type words struct {
	text  string
	wayID int64 // set: the picture of this group code instead of text
	from  Origin
	agent string // who writes, when it is a person
	rule  int64
	name  string // of the rule, for the ledger
	why   string // for the ledger
	code  string // set: as the one message an event allows
	until clock.Time
	msgid string // set: an id of the caller's, so that a repeat is the same message
}

// say stores a message of ours and sends it on its way: touch, intent and message commit together. Outside of the window
// an automatic message is stored as held, with the reason; nothing is sent.
func (s *Service) say(ctx context.Context, tx *db.Tx, v *Session, w words) (Message, error) {
	now := s.World.Now()
	w, marked, err := s.label(ctx, tx, v, w)
	if err != nil {
		return Message{}, err
	}
	m := Message{
		ID: tx.NewID(), SessionID: v.ID, AccountID: v.AccountID, CustomerID: v.CustomerID, MsgID: w.msgid, At: now, Origin: w.from,
		AgentID: w.agent, Type: "text", Text: w.text, RuleID: w.rule, State: Sending,
	}
	if w.wayID != 0 {
		m.Type = "image"
	}
	if m.MsgID == "" {
		m.MsgID = "z" + strconv.FormatInt(m.ID, 36)
	}
	window := v.Window(now)
	if w.code == "" {
		w.until = window.ClosesAt
		if !window.Open {
			m.State, m.ReasonCode, m.Reason = Held, "WC-06", v.why(now)
		}
	}
	if !marked {
		m.State, m.ReasonCode, m.Reason = Held, ruleLabel, reasonLabel
	}
	fresh, err := s.putMessage(ctx, tx, &m)
	if err != nil || !fresh {
		return m, err
	}
	s.announce(tx, v.ID)
	if m.State == Held {
		return m, nil
	}
	if w.code == "" {
		v.Sent++
	}
	s.seen(v, m)
	if w.wayID != 0 {
		return m, s.askPicture(ctx, tx, m, w)
	}
	return m, s.send(ctx, tx, v, &m, s.outgoing(m, w))
}

func (s *Service) outgoing(m Message, w words) outreach.Kf {
	k := outreach.Kf{
		MsgID: m.MsgID, AccountID: m.AccountID, CustomerID: m.CustomerID, StaffID: w.agent, Code: w.code, Text: w.text, Until: w.until,
		Urgent: true, By: w.agent, Reason: w.why, Name: w.name,
	}
	if k.By == "" {
		k.By = governance.ByAutoreply
	}
	if w.rule != 0 {
		k.Campaign = fmt.Sprint("autoreply/", w.rule)
	}
	return k
}

// send passes a message to outreach and notes when governance holds it back.
func (s *Service) send(ctx context.Context, tx *db.Tx, v *Session, m *Message, k outreach.Kf) error {
	d, err := s.Out.Kf(ctx, tx, k)
	if err != nil {
		return err
	}
	m.TouchID = d.TouchID
	if err := s.setTouch(ctx, tx, m.ID, d.TouchID); err != nil {
		return err
	}
	if d.OK() {
		return nil
	}
	if k.Code == "" && v != nil {
		v.Sent--
	}
	m.State, m.ReasonCode, m.Reason = Held, d.RuleID, d.Reason
	return s.settleMessage(ctx, tx, m.ID, Held, d.RuleID, d.Reason)
}

// picturePayload carries a message whose picture has to be uploaded first.
type picturePayload struct {
	MessageID int64
	WayID     int64
	Out       outreach.Kf
}

func (s *Service) askPicture(ctx context.Context, tx *db.Tx, m Message, w words) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: pictureKind, Key: "kf.picture/" + m.MsgID, OrderKey: "kf.picture/" + m.AccountID + "/" + m.CustomerID,
		Urgent: true, Payload: picturePayload{MessageID: m.ID, WayID: w.wayID, Out: s.outgoing(m, w)},
	})
	return err
}

// uploadPicture gives WeCom the picture of a group code and then sends the message with it.
func (s *Service) uploadPicture(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p picturePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	body, _, err := s.Ways.Picture(ctx, p.WayID)
	if err != nil {
		return nil, err
	}
	up, err := s.WeCom.UploadMedia(ctx, wecom.MediaImage, "group.png", body)
	if err != nil {
		return nil, calls.Failed(err, "upload the picture of a group code")
	}
	return func(ctx context.Context, tx *db.Tx) error {
		m, ok, err := s.findMessage(ctx, tx, "id = ?", p.MessageID)
		if err != nil || !ok || m.State != Sending {
			return err
		}
		p.Out.MediaID, p.Out.Text = up.MediaID, ""
		return s.send(ctx, tx, nil, &m, p.Out)
	}, nil
}

// Settled writes what became of a message. It is a subscriber of outreach's OnSettled.
func (s *Service) Settled(ctx context.Context, tx *db.Tx, r outreach.Result) error {
	if r.Channel != governance.KF {
		return nil
	}
	m, ok, err := s.findMessage(ctx, tx, "touch_id = ?", r.TouchID)
	if err != nil || !ok {
		return err
	}
	s.announce(tx, m.SessionID)
	if r.Delivered {
		if err := s.settleMessage(ctx, tx, m.ID, Sent, "", errs.Text{}); err != nil {
			return err
		}
		return s.nowByAPI(ctx, tx, m)
	}
	if err := s.settleMessage(ctx, tx, m.ID, Failed, r.Code, r.Reason); err != nil {
		return err
	}
	return s.refused(ctx, tx, m, r.Code)
}

// nowByAPI notes that our message assigned the conversation to the API at WeCom (0 -> 1).
func (s *Service) nowByAPI(ctx context.Context, tx *db.Tx, m Message) error {
	_, err := tx.NewUpdate().Model((*sessionRow)(nil)).Set("wecom_state = ?", weComAPI).
		Where("corp_id = ? AND id = ? AND wecom_state = ?", s.CorpID, m.SessionID, weComNew).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note the state of conversation %d: %w", m.SessionID, err)
	}
	return nil
}

// refused learns from WeCom's refusal what we did not know: that all 5 are used, or that the conversation is elsewhere.
func (s *Service) refused(ctx context.Context, tx *db.Tx, m Message, code string) error {
	q := tx.NewUpdate().Model((*sessionRow)(nil)).Where("corp_id = ? AND id = ?", s.CorpID, m.SessionID)
	switch code {
	case "wecom.95001":
		q.Set("sent = ?", windowMost)
	case "wecom.95013", "wecom.95018":
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Intent, Kind: stateKind, Key: "kf.state/" + m.MsgID, OrderKey: "kf.state/" + m.AccountID + "/" + m.CustomerID,
			Payload: statePayload{AccountID: m.AccountID, CustomerID: m.CustomerID},
		})
		return err
	default: // it was never accepted and does not count
		q.Set("sent = CASE WHEN sent > 0 THEN sent - 1 ELSE 0 END")
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("note the window of conversation %d: %w", m.SessionID, err)
	}
	return nil
}
