package outreach

import (
	"context"
	"errors"
	"strconv"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

const kfKind = "outreach.kf"

// CodeKfExpired says that a kf message's time was over when its turn came: 48 hours after the customer's last words, or
// the life of the code it was to go out with.
const CodeKfExpired = "kf_expired"

// Kf is one message in WeChat customer service.
type Kf struct {
	MsgID      string // ours, unique in the account: WeCom refuses it a second time, so a repeat reaches nobody twice
	AccountID  string // open_kfid
	CustomerID string
	StaffID    string // the person who wrote it; empty for automatic ones
	Code       string // set: the one message that an event allows (welcome_code, msg_code)
	Text       string
	MediaID    string     // set instead of Text: a picture
	Until      clock.Time // not sent after this
	Urgent     bool       // goes before bulk work: somebody waits
	By         string     // who asked for it: a rule, a member
	Reason     string     // why
	Campaign   string     // the rule's id, for the ledger; may be empty
	Name       string     // the rule's name
}

type kfPayload struct {
	TouchID int64
	Kf
}

// Kf reserves and stores a message in the transaction of what caused it. The answer says whether governance holds it
// back; otherwise the intent is on its way with the transaction. Messages to one customer in one account go out in order.
func (s *Service) Kf(ctx context.Context, tx *db.Tx, m Kf) (governance.Decision, error) {
	key := "kf/" + m.AccountID + "/" + m.MsgID
	r := governance.Request{
		CorpID: s.CorpID, Key: key, CustomerID: m.CustomerID, StaffID: m.StaffID, Channel: governance.KF, Class: governance.Service,
		CampaignID: m.Campaign, CampaignName: m.Name, By: m.By, Reason: m.Reason,
	}
	if m.Text != "" {
		r.Texts = []string{m.Text}
	}
	decisions, err := s.Governor.Reserve(ctx, tx, r)
	if err != nil {
		return governance.Decision{}, err
	}
	d := decisions[0]
	if d.State != governance.Reserved || d.Existing {
		return d, nil
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: kfKind, Key: key, OrderKey: "kfsend/" + m.AccountID + "/" + m.CustomerID,
		Urgent: m.Urgent, Payload: kfPayload{TouchID: d.TouchID, Kf: m},
	})
	return d, err
}

// registerKf registers the intents of conversations.
func (s *Service) registerKf(b *bus.Bus) { b.Perform(kfKind, s.sendKf) }

// sendKf performs the intent. A repeat after a crash is safe: WeCom knows the message's id and says so.
func (s *Service) sendKf(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p kfPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	r := Result{CorpID: s.CorpID, TouchID: p.TouchID, Channel: governance.KF, CustomerID: p.CustomerID, StaffID: p.StaffID}
	expired := r.not(CodeKfExpired, errs.T("轮到它时已经过了可以发送的时间。", "The time in which it could be sent was over when its turn came."))
	if s.World.Now() > p.Until && w.Attempts == 0 {
		return s.settle(expired), nil
	}
	permit, held, err := s.permit(ctx, p.TouchID)
	if err != nil {
		return nil, err
	}
	if held != nil {
		r = r.not(held.RuleID, held.Reason)
		return func(ctx context.Context, tx *db.Tx) error { return s.tell(ctx, tx, r) }, nil
	}
	text, err := s.fillPage(ctx, p.Text, p.CustomerID, p.StaffID)
	if err != nil {
		return nil, calls.Failed(err, "fill in what is "+p.CustomerID+"'s own")
	}
	var content wire.KfContent = wire.KfText{Content: text}
	if p.MediaID != "" {
		content = wire.KfImage{MediaID: p.MediaID}
	}
	if p.Code != "" {
		_, err = s.with(permit).SendKfOnEvent(ctx, wire.KfEventMessage{Code: p.Code, MsgID: p.MsgID, Content: content})
	} else {
		_, err = s.with(permit).SendKf(ctx, wire.KfMessage{
			To: wecom.ExternalUserID(p.CustomerID), Kf: p.AccountID, MsgID: p.MsgID, Content: content,
		})
	}
	r.At = s.World.Now()
	var refused *wecom.Error
	switch {
	case err == nil, errors.Is(err, wecom.ErrKfRepeated): // the id is ours alone: an earlier call of ours was accepted
		r.Delivered = true
		return s.settle(r), nil
	case w.Attempts > 0 && (errors.Is(err, wecom.ErrKfMessageLimit) || p.Code != "" && wecom.ClassOf(err) == wecom.ClassBadRequest):
		// The earlier call used the last of the five, or the code: these are looked at before the id. Counting one too many
		// is the safe side.
		r.Delivered = true
		return s.settle(r), nil
	case wecom.ClassOf(err) == wecom.ClassRetryable, wecom.ClassOf(err) == wecom.ClassRateLimit, wecom.ClassOf(err) == wecom.ClassAuth:
		if r.At > p.Until {
			return s.settle(expired), nil
		}
		return nil, calls.Failed(err, "send a kf message")
	case errors.As(err, &refused):
		return s.settle(r.not("wecom."+strconv.Itoa(refused.Code), errs.Tf("企业微信拒绝了：%d %s", "WeCom refused: %d %s", refused.Code, refused.Msg))), nil
	default:
		return s.settle(r.not(CodeRefused, errs.Tf("没能发出：%v", "It could not be sent: %v", err))), nil
	}
}
