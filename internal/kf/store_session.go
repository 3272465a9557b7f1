package kf

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:kf_session,alias:s"`

	CorpID         string `bun:",pk"`
	ID             int64  `bun:",pk"`
	AccountID      string
	CustomerID     string
	State          State
	WeComState     int `bun:"wecom_state"`
	AgentID        string
	OpenedAt       clock.Time
	EndedAt        clock.Time
	WaitingSince   clock.Time
	LastCustomerAt clock.Time
	Sent           int
	Misses         int
	Unread         int
	LastAt         clock.Time
	LastFrom       Origin
	LastText       string // sealed
	Reason         Reason

	CustomerName   string `bun:",scanonly"` // joined for lists
	CustomerAvatar string `bun:",scanonly"`
}

type messageRow struct {
	bun.BaseModel `bun:"table:kf_message,alias:m"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	AccountID  string
	MsgID      string `bun:"msgid"`
	SessionID  int64
	CustomerID string
	At         clock.Time
	Origin     Origin
	AgentID    string
	Type       string
	Text       string // sealed
	MediaID    string
	RuleID     int64
	TouchID    int64
	State      MessageState
	ReasonCode string
	ReasonZh   string
	ReasonEn   string
}

type stepRow struct {
	bun.BaseModel `bun:"table:kf_step"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	SessionID int64
	At        clock.Time
	State     State
	Reason    Reason
	Actor     string
}

// session opens the row's sealed text.
func (s *Service) session(r sessionRow) (Session, error) {
	text, err := s.unseal(r.LastText, s.sessionPlace(r.ID))
	return Session{
		ID: r.ID, AccountID: r.AccountID, CustomerID: r.CustomerID, State: r.State, WeComState: r.WeComState, AgentID: r.AgentID,
		OpenedAt: r.OpenedAt, EndedAt: r.EndedAt, WaitingSince: r.WaitingSince, LastCustomerAt: r.LastCustomerAt, Sent: r.Sent,
		Misses: r.Misses, Unread: r.Unread, LastAt: r.LastAt, LastFrom: r.LastFrom, LastText: text, Reason: r.Reason,
	}, err
}

func (s *Service) message(r messageRow) (Message, error) {
	text, err := s.unseal(r.Text, s.messagePlace(r.AccountID, r.MsgID))
	return Message{
		ID: r.ID, SessionID: r.SessionID, AccountID: r.AccountID, CustomerID: r.CustomerID, MsgID: r.MsgID, At: r.At, Origin: r.Origin,
		AgentID: r.AgentID, Type: r.Type, Text: text, MediaID: r.MediaID, RuleID: r.RuleID, TouchID: r.TouchID, State: r.State,
		ReasonCode: r.ReasonCode, Reason: errs.T(r.ReasonZh, r.ReasonEn),
	}, err
}

// Texts are sealed for their place: a conversation's last line, or one message. They open nowhere else.
func (s *Service) sessionPlace(id int64) string { return fmt.Sprintf("kf/%s/session/%d", s.CorpID, id) }

func (s *Service) messagePlace(accountID, msgid string) string {
	return "kf/" + s.CorpID + "/message/" + accountID + "/" + msgid
}

func (s *Service) seal(text, place string) (string, error) {
	if text == "" {
		return "", nil
	}
	return s.Seal.Seal(text, place)
}

func (s *Service) unseal(sealed, place string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	return s.Seal.Open(sealed, place)
}

// openSession finds the conversation of a customer in an account that has not ended.
func (s *Service) openSession(ctx context.Context, q bun.IDB, accountID, customerID string) (Session, bool, error) {
	var row sessionRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND account_id = ? AND customer_id = ? AND state <> ?", s.CorpID, accountID, customerID, Ended).Scan(ctx)
	if db.IsNoRows(err) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, fmt.Errorf("find a conversation in kf account %s: %w", accountID, err)
	}
	found, err := s.session(row)
	return found, true, err
}

// lastSession finds the newest conversation of a customer in an account, ended or not.
func (s *Service) lastSession(ctx context.Context, q bun.IDB, accountID, customerID string) (Session, bool, error) {
	var row sessionRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND account_id = ? AND customer_id = ?", s.CorpID, accountID, customerID).
		OrderExpr("id DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, fmt.Errorf("find the last conversation in kf account %s: %w", accountID, err)
	}
	found, err := s.session(row)
	return found, true, err
}

func (s *Service) getSession(ctx context.Context, q bun.IDB, id int64) (Session, error) {
	var row sessionRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return Session{}, errs.Missing("会话", "conversation")
	}
	if err != nil {
		return Session{}, fmt.Errorf("read conversation %d: %w", id, err)
	}
	return s.session(row)
}

// save writes a conversation as it stands now.
func (s *Service) save(ctx context.Context, tx *db.Tx, v *Session) error {
	text, err := s.seal(v.LastText, s.sessionPlace(v.ID))
	if err != nil {
		return err
	}
	row := sessionRow{
		CorpID: s.CorpID, ID: v.ID, AccountID: v.AccountID, CustomerID: v.CustomerID, State: v.State, WeComState: v.WeComState,
		AgentID: v.AgentID, OpenedAt: v.OpenedAt, EndedAt: v.EndedAt, WaitingSince: v.WaitingSince, LastCustomerAt: v.LastCustomerAt,
		Sent: v.Sent, Misses: v.Misses, Unread: v.Unread, LastAt: v.LastAt, LastFrom: v.LastFrom, LastText: text, Reason: v.Reason,
	}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("state = EXCLUDED.state").
		Set("wecom_state = EXCLUDED.wecom_state").Set("agent_id = EXCLUDED.agent_id").Set("ended_at = EXCLUDED.ended_at").
		Set("waiting_since = EXCLUDED.waiting_since").Set("last_customer_at = EXCLUDED.last_customer_at").Set("sent = EXCLUDED.sent").
		Set("misses = EXCLUDED.misses").Set("unread = EXCLUDED.unread").Set("last_at = EXCLUDED.last_at").
		Set("last_from = EXCLUDED.last_from").Set("last_text = EXCLUDED.last_text").Set("reason = EXCLUDED.reason").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store conversation %d: %w", v.ID, err)
	}
	return nil
}

// putMessage stores a message; fresh is false when one with its msgid is there already.
func (s *Service) putMessage(ctx context.Context, tx *db.Tx, m *Message) (fresh bool, err error) {
	text, err := s.seal(m.Text, s.messagePlace(m.AccountID, m.MsgID))
	if err != nil {
		return false, err
	}
	if m.ID == 0 {
		m.ID = tx.NewID()
	}
	row := messageRow{
		CorpID: s.CorpID, ID: m.ID, AccountID: m.AccountID, MsgID: m.MsgID, SessionID: m.SessionID, CustomerID: m.CustomerID, At: m.At,
		Origin: m.Origin, AgentID: m.AgentID, Type: m.Type, Text: text, MediaID: m.MediaID, RuleID: m.RuleID, TouchID: m.TouchID,
		State: m.State, ReasonCode: m.ReasonCode, ReasonZh: m.Reason.ZH, ReasonEn: m.Reason.EN,
	}
	res, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, account_id, msgid) DO NOTHING").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("store kf message %s: %w", m.MsgID, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// known answers which msgids of an account are stored already.
func (s *Service) known(ctx context.Context, q bun.IDB, accountID string, msgids []string) (map[string]bool, error) {
	out := map[string]bool{}
	for len(msgids) > 0 {
		n := min(len(msgids), 500)
		var have []string
		err := q.NewSelect().Model((*messageRow)(nil)).Column("msgid").
			Where("corp_id = ? AND account_id = ? AND msgid IN (?)", s.CorpID, accountID, bun.List(msgids[:n])).Scan(ctx, &have)
		if err != nil {
			return nil, fmt.Errorf("find kf messages that are stored: %w", err)
		}
		for _, id := range have {
			out[id] = true
		}
		msgids = msgids[n:]
	}
	return out, nil
}

func (s *Service) findMessage(ctx context.Context, q bun.IDB, where string, args ...any) (Message, bool, error) {
	var row messageRow
	err := q.NewSelect().Model(&row).Where("corp_id = ?", s.CorpID).Where(where, args...).Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("find a kf message: %w", err)
	}
	m, err := s.message(row)
	return m, true, err
}

// settleMessage writes what became of a message.
func (s *Service) settleMessage(ctx context.Context, tx *db.Tx, id int64, state MessageState, code string, reason errs.Text) error {
	_, err := tx.NewUpdate().Model((*messageRow)(nil)).Set("state = ?", state).Set("reason_code = ?", code).Set("reason_zh = ?", reason.ZH).
		Set("reason_en = ?", reason.EN).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write what became of kf message %d: %w", id, err)
	}
	return nil
}

func (s *Service) setTouch(ctx context.Context, tx *db.Tx, id, touchID int64) error {
	_, err := tx.NewUpdate().Model((*messageRow)(nil)).Set("touch_id = ?", touchID).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note the touch of kf message %d: %w", id, err)
	}
	return nil
}

// automaticSince counts automatic messages of a conversation since an instant.
func (s *Service) automaticSince(ctx context.Context, q bun.IDB, sessionID int64, since clock.Time) (int, error) {
	n, err := q.NewSelect().Model((*messageRow)(nil)).
		Where("corp_id = ? AND session_id = ? AND origin = ? AND at > ?", s.CorpID, sessionID, FromBot, since).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count automatic messages: %w", err)
	}
	return int(n), nil
}

// onTheWay counts our messages of a conversation that WeCom has not answered for yet.
func (s *Service) onTheWay(ctx context.Context, q bun.IDB, sessionID int64) (int, error) {
	n, err := q.NewSelect().Model((*messageRow)(nil)).Where("corp_id = ? AND session_id = ? AND state = ?", s.CorpID, sessionID, Sending).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count messages on their way: %w", err)
	}
	return int(n), nil
}

func (s *Service) step(ctx context.Context, tx *db.Tx, v *Session, actor string) error {
	row := stepRow{CorpID: s.CorpID, ID: tx.NewID(), SessionID: v.ID, At: s.World.Now(), State: v.State, Reason: v.Reason, Actor: actor}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("note a step of conversation %d: %w", v.ID, err)
	}
	return nil
}
