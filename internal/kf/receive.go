package kf

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// arrival is how a page is dealt with.
type arrival struct {
	late  time.Duration // messages older than this are not answered by rules
	first bool          // of the account: late messages are only stored
}

// receive stores a page and does what follows from it, message by message in WeCom's order, each once.
func (s *Service) receive(ctx context.Context, tx *db.Tx, accountID string, page []said, how arrival) error {
	if len(page) == 0 {
		return nil
	}
	acc, err := s.account(ctx, tx, accountID)
	if err != nil {
		return err
	}
	msgids := make([]string, len(page))
	var pairs [][2]string
	for i, m := range page {
		msgids[i] = m.MsgID
		pairs = append(pairs, [2]string{accountID, m.CustomerID})
	}
	if err := s.lock(ctx, tx, pairs...); err != nil {
		return err
	}
	known, err := s.known(ctx, tx, accountID, msgids)
	if err != nil {
		return err
	}
	for _, m := range page {
		if known[m.MsgID] || m.MsgID == "" {
			continue
		}
		known[m.MsgID] = true
		if err := s.one(ctx, tx, acc, m, how); err != nil {
			return fmt.Errorf("receive kf message %s: %w", m.MsgID, err)
		}
	}
	return nil
}

// account answers the account, and makes a row for one that we were not told of yet.
func (s *Service) account(ctx context.Context, tx *db.Tx, id string) (Account, error) {
	row, ok, err := getAccount(ctx, tx, s.CorpID, id)
	if err != nil || ok {
		return row.account(), err
	}
	row = newAccount(s.CorpID, id)
	if err := putAccount(ctx, tx, row); err != nil {
		return Account{}, err
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: accountsKind, Key: "kf.accounts/new/" + id, OrderKey: "kf.accounts",
	})
	return row.account(), err
}

func (s *Service) one(ctx context.Context, tx *db.Tx, acc Account, m said, how arrival) error {
	switch m.Origin {
	case FromCustomer:
		return s.customerSaid(ctx, tx, acc, m, how)
	case FromWeCom:
		return s.staffSaid(ctx, tx, acc, m)
	default:
		return s.happened(ctx, tx, acc, m)
	}
}

// current answers the conversation that is open, or opens one.
func (s *Service) current(ctx context.Context, tx *db.Tx, acc Account, customerID string, at clock.Time, why Reason) (Session, error) {
	v, ok, err := s.openSession(ctx, tx, acc.ID, customerID)
	if err != nil || ok && at < v.idleAt() {
		return v, err
	}
	if ok { // its timer has not rung yet, or time was made up for
		reason := ReasonWindow
		if v.State == Bot {
			reason = ReasonIdle
		}
		if err := s.move(ctx, tx, &v, Ended, reason, ""); err != nil {
			return v, err
		}
	}
	v = Session{
		ID: tx.NewID(), AccountID: acc.ID, CustomerID: customerID, State: Bot, OpenedAt: at, LastAt: at, Reason: why,
	}
	if err := s.save(ctx, tx, &v); err != nil {
		return v, err
	}
	if err := s.step(ctx, tx, &v, ""); err != nil {
		return v, err
	}
	if err := s.watch(ctx, tx, v.ID, v.idleAt()); err != nil {
		return v, err
	}
	key := fmt.Sprintf("kf.name/%s/%d", customerID, v.ID)
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: nameKind, Key: key, OrderKey: "kf.name/" + customerID, Payload: namePayload{customerID},
	})
	if err != nil {
		return v, err
	}
	e := Opened{CorpID: s.CorpID, SessionID: v.ID, AccountID: acc.ID, CustomerID: customerID, At: at}
	for _, tell := range s.OnOpened {
		if err := tell(ctx, tx, e); err != nil {
			return v, err
		}
	}
	return v, nil
}

// customerSaid stores a customer's message, opens the window anew, and lets the rules answer while no person has taken over.
func (s *Service) customerSaid(ctx context.Context, tx *db.Tx, acc Account, m said, how arrival) error {
	v, err := s.current(ctx, tx, acc, m.CustomerID, m.At, ReasonOpened)
	if err != nil {
		return err
	}
	if err := s.keep(ctx, tx, &v, m, Received); err != nil {
		return err
	}
	v.LastCustomerAt = max(v.LastCustomerAt, m.At)
	if v.Sent, err = s.onTheWay(ctx, tx, v.ID); err != nil { // what is still on its way goes out after these words
		return err
	}
	v.Unread++
	if v.WeComState == weComEnded { // the customer's words opened it again
		v.WeComState = weComNew
	}
	late := s.World.Now() > m.At.Add(how.late)
	switch {
	case m.Words && asksToStop(autoreply.Bare(m.Text)): // old words count as much as new ones; only new ones are answered
		if err := s.stop(ctx, tx, &v, m, late); err != nil {
			return err
		}
	case m.Words && asksToComplain(autoreply.Bare(m.Text)) && !(late && how.first): // of before us it is settled, or was said again
		if err := s.complain(ctx, tx, acc, &v, m, late); err != nil {
			return err
		}
	case v.State != Bot, late && how.first:
	case late:
		if err := s.move(ctx, tx, &v, Waiting, ReasonLate, ""); err != nil {
			return err
		}
	default:
		if err := s.answer(ctx, tx, acc, &v, m); err != nil {
			return err
		}
	}
	for _, tell := range s.OnWrote {
		if err := tell(ctx, tx, Wrote{CorpID: s.CorpID, CustomerID: m.CustomerID, At: m.At}); err != nil {
			return err
		}
	}
	return s.done(ctx, tx, &v)
}

// staffSaid stores what a person wrote in the WeCom client. Who writes there serves the conversation.
func (s *Service) staffSaid(ctx context.Context, tx *db.Tx, acc Account, m said) error {
	v, err := s.current(ctx, tx, acc, m.CustomerID, m.At, ReasonWeCom)
	if err != nil {
		return err
	}
	if err := s.keep(ctx, tx, &v, m, Sent); err != nil {
		return err
	}
	v.Unread, v.WeComState = 0, weComStaff
	if v.State != Human || v.AgentID != m.StaffID {
		v.AgentID = m.StaffID
		if err := s.move(ctx, tx, &v, Human, ReasonWeCom, m.StaffID); err != nil {
			return err
		}
	}
	return s.done(ctx, tx, &v)
}

// keep stores an item of a page as a message of the conversation.
func (s *Service) keep(ctx context.Context, tx *db.Tx, v *Session, m said, state MessageState) error {
	msg := Message{
		SessionID: v.ID, AccountID: v.AccountID, CustomerID: v.CustomerID, MsgID: m.MsgID, At: m.At, Origin: m.Origin, AgentID: m.StaffID,
		Type: m.Type, Text: m.Text, MediaID: m.MediaID, State: state,
	}
	if _, err := s.putMessage(ctx, tx, &msg); err != nil {
		return err
	}
	if m.Origin != FromEvent {
		s.seen(v, msg)
	}
	return nil
}

// seen makes a message the conversation's last one.
func (s *Service) seen(v *Session, m Message) {
	text := m.Text
	if text == "" {
		text = kindText(m.Type).ZH
	}
	v.LastAt, v.LastFrom, v.LastText = max(v.LastAt, m.At), m.Origin, firstLine(text)
}

func (s *Service) done(ctx context.Context, tx *db.Tx, v *Session) error {
	s.announce(tx, v.ID)
	return s.save(ctx, tx, v)
}

// move changes a conversation's state, notes the step and saves. A move that is not legal is an error of the program.
func (s *Service) move(ctx context.Context, tx *db.Tx, v *Session, to State, why Reason, actor string) error {
	if !v.may(to) {
		return fmt.Errorf("conversation %d cannot go from %s to %s", v.ID, v.State, to)
	}
	now := s.World.Now()
	v.State, v.Reason = to, why
	switch to {
	case Waiting:
		v.WaitingSince, v.AgentID = now, ""
	case Human:
		v.WaitingSince, v.EndedAt = 0, 0
	case Ended:
		v.EndedAt, v.WaitingSince, v.Unread = now, 0, 0
	case Bot:
	}
	if err := s.step(ctx, tx, v, actor); err != nil {
		return err
	}
	return s.done(ctx, tx, v)
}

// happened does what follows from an event.
func (s *Service) happened(ctx context.Context, tx *db.Tx, acc Account, m said) error {
	e := m.Event
	switch e.Type {
	case wecom.KfEnterSession:
		return s.entered(ctx, tx, acc, m)
	case wecom.KfSendFail:
		return s.sendFailed(ctx, tx, m)
	case wecom.KfSessionStatus:
		return s.servedAtWeCom(ctx, tx, acc, m)
	case wecom.KfServicerStatus:
		_, err := tx.NewUpdate().Model((*servicerRow)(nil)).Set("receiving = ?", e.Status == 1).
			Where("corp_id = ? AND account_id = ? AND staff_id = ?", s.CorpID, acc.ID, string(e.Servicer)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note that a servicer changed: %w", err)
		}
		return nil
	case wecom.KfCustomerRecall, wecom.KfStaffRecall:
		return s.recalled(ctx, tx, m)
	default: // an event of a kind we do nothing about
		return nil
	}
}

// recalled marks a message as taken back; its words are erased with it.
func (s *Service) recalled(ctx context.Context, tx *db.Tx, m said) error {
	_, err := tx.NewUpdate().Model((*messageRow)(nil)).Set("state = ?", Recalled).Set("text = ''").Set("media_id = ''").
		Where("corp_id = ? AND account_id = ? AND msgid = ?", s.CorpID, m.Event.Kf, m.Event.RecallMsgID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mark a kf message recalled: %w", err)
	}
	if v, ok, err := s.openSession(ctx, tx, m.Event.Kf, m.CustomerID); err == nil && ok {
		s.announce(tx, v.ID)
	}
	return nil
}

// sendFailed marks one of our messages that WeCom accepted and did not deliver.
func (s *Service) sendFailed(ctx context.Context, tx *db.Tx, m said) error {
	msg, ok, err := s.findMessage(ctx, tx, "account_id = ? AND msgid = ?", m.Event.Kf, m.Event.FailMsgID)
	if err != nil || !ok {
		return err
	}
	code, why := fmt.Sprintf("wecom.fail.%d", m.Event.FailType), failText(m.Event.FailType)
	if err := s.settleMessage(ctx, tx, msg.ID, Failed, code, why); err != nil {
		return err
	}
	if msg.TouchID != 0 {
		if err := s.Out.NotArrived(ctx, tx, msg.TouchID, code, why); err != nil {
			return err
		}
	}
	s.announce(tx, msg.SessionID)
	return nil
}
