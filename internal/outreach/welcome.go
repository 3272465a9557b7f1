package outreach

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

const (
	welcomeKind = "outreach.welcome"
	// welcomeLife is how long a welcome code lives. Official page: document/path/92137.
	welcomeLife = 20 * time.Second
)

// Welcome is the message to a customer who has just added a member.
type Welcome struct {
	CustomerID  string
	StaffID     string
	Code        string     // WeCom's welcome code: one use, 20 seconds
	At          clock.Time // when WeCom issued it
	RuleID      int64      // the welcome that was chosen
	RuleName    string
	Text        string
	Attachments []Attachment
}

type welcomePayload struct {
	TouchID int64
	Welcome
}

// Welcome reserves and stores the welcome in the transaction of the new relation. The answer says whether governance
// holds it back; otherwise the intent is on its way with the transaction.
func (s *Service) Welcome(ctx context.Context, tx *db.Tx, m Welcome) (governance.Decision, error) {
	key := "welcome/" + m.Code
	texts := []string{m.Text}
	for _, a := range m.Attachments {
		texts = append(texts, a.Texts()...)
	}
	decisions, err := s.Governor.Reserve(ctx, tx, governance.Request{
		CorpID: s.CorpID, Key: key, CustomerID: m.CustomerID, StaffID: m.StaffID, Channel: governance.Welcome,
		Class: governance.Service, CampaignID: fmt.Sprint("welcome/", m.RuleID), CampaignName: m.RuleName, Texts: texts,
		By: "welcome", Reason: "added",
	})
	if err != nil {
		return governance.Decision{}, err
	}
	d := decisions[0]
	if d.State != governance.Reserved || d.Existing {
		return d, nil
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: welcomeKind, Key: key, OrderKey: key, Urgent: true,
		Payload: welcomePayload{TouchID: d.TouchID, Welcome: m},
	})
	return d, err
}

// sendWelcome performs the intent. A repeat after a crash is safe: the code works once, and the second call says so.
func (s *Service) sendWelcome(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p welcomePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	r := Result{CorpID: s.CorpID, TouchID: p.TouchID, Channel: governance.Welcome, CustomerID: p.CustomerID, StaffID: p.StaffID}
	if s.World.Now() > p.At.Add(welcomeLife) && w.Attempts == 0 {
		return s.settle(r.not(CodeWelcomeExpired, errs.T("欢迎码只有 20 秒有效，轮到它时已经过期。",
			"A welcome code lives 20 seconds; it had expired when its turn came."))), nil
	}
	attachments, err := s.wired(ctx, p.Attachments)
	if err != nil {
		return nil, err
	}
	permit, held, err := s.permit(ctx, p.TouchID)
	if err != nil {
		return nil, err
	}
	if held != nil {
		r = r.not(held.RuleID, held.Reason)
		return func(ctx context.Context, tx *db.Tx) error { return s.tell(ctx, tx, r) }, nil
	}
	text, err := s.fill(ctx, p.Text, p.CustomerID, p.StaffID)
	if err != nil {
		return nil, calls.Failed(err, "fill in what is "+p.CustomerID+"'s own")
	}
	err = s.with(permit).SendWelcome(ctx, wire.WelcomeRequest{Code: p.Code, Text: text, Attachments: attachments})
	r.At = s.World.Now()
	stop, failed := s.Limited(ctx, p.StaffID, err)
	if failed != nil {
		return nil, failed
	}
	switch {
	case stop != nil:
		return both(s.settle(r.not(CodeLimited, ReasonLimited)), stop), nil
	case err == nil, errors.Is(err, wecom.ErrWelcomeUsed) && w.Attempts > 0: // our own earlier call was the one that used it
		r.Delivered = true
		return s.settle(r), nil
	case errors.Is(err, wecom.ErrWelcomeUsed):
		return s.settle(r.not(CodeWelcomeUsed, errs.T("别的应用已经发过欢迎语，或者聊天已经开始。",
			"Another app had sent a welcome, or the chat had begun."))), nil
	case errors.Is(err, wecom.ErrWelcomeCode):
		return s.settle(r.not(CodeWelcomeExpired, errs.T("企业微信说欢迎码已过期或无效（41050）。",
			"WeCom says that the welcome code has expired or is invalid (41050)."))), nil
	case s.World.Now().Add(time.Second) > p.At.Add(welcomeLife):
		return s.settle(r.not(CodeWelcomeExpired, errs.Tf("20 秒内没能发出：%v", "It could not be sent within 20 seconds: %v", err))), nil
	case errors.Is(err, wecom.ErrWelcomeBusy): // another app is sending: nothing was sent by us
		return nil, bus.Later(s.World.Now().Add(time.Second), err)
	case wecom.ClassOf(err) == wecom.ClassRetryable, wecom.ClassOf(err) == wecom.ClassRateLimit:
		return nil, calls.Failed(err, "send a welcome") // counted as an attempt when the answer was lost
	default:
		return s.settle(r.not(CodeRefused, errs.Tf("企业微信拒绝了：%v", "WeCom refused: %v", err))), nil
	}
}

// not makes r the result of a message that was not delivered.
func (r Result) not(code string, reason errs.Text) Result {
	r.Delivered, r.Code, r.Reason = false, code, reason
	return r
}
