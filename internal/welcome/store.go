package welcome

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/outreach"
)

type row struct {
	bun.BaseModel `bun:"table:welcome,alias:w"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	Name        string
	Channels    string
	Text        string
	Attachments string
	Hours       string
	Enabled     bool
	Priority    int
	UpdatedAt   clock.Time
}

// Trace is what became of the welcome of one new relation.
type Trace struct {
	bun.BaseModel `bun:"table:welcome_trace,alias:t"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	At         clock.Time
	CustomerID string
	StaffID    string
	State      string
	WelcomeID  int64
	Outcome    Outcome
	Code       string
	TouchID    int64
	DoneAt     clock.Time
}

func (r row) welcome() (Welcome, error) {
	w := Welcome{ID: r.ID, Name: r.Name, Text: r.Text, Enabled: r.Enabled, Priority: r.Priority, UpdatedAt: r.UpdatedAt}
	for _, f := range []struct {
		raw  string
		into any
	}{{r.Channels, &w.Channels}, {r.Attachments, &w.Attachments}, {r.Hours, &w.Hours}} {
		if err := json.Unmarshal([]byte(f.raw), f.into); err != nil {
			return w, fmt.Errorf("read welcome %d: %w", r.ID, err)
		}
	}
	return w, nil
}

func rowOf(corpID string, w Welcome) (row, error) {
	r := row{CorpID: corpID, ID: w.ID, Name: w.Name, Text: w.Text, Enabled: w.Enabled, Priority: w.Priority, UpdatedAt: w.UpdatedAt}
	for _, f := range []struct {
		from any
		into *string
	}{{w.Channels, &r.Channels}, {w.Attachments, &r.Attachments}, {w.Hours, &r.Hours}} {
		raw, err := json.Marshal(f.from)
		if err != nil {
			return r, fmt.Errorf("write welcome %q: %w", w.Name, err)
		}
		*f.into = string(raw)
	}
	return r, nil
}

// list reads the welcomes, best first for people: default ones last.
func list(ctx context.Context, q bun.IDB, corpID string) ([]Welcome, error) {
	var rows []row
	if err := q.NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("priority DESC, id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list welcomes: %w", err)
	}
	out := make([]Welcome, 0, len(rows))
	for _, r := range rows {
		w, err := r.welcome()
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// lastOf reads the newest traces of one member, newest first.
func lastOf(ctx context.Context, tx *db.Tx, corpID, staffID string, n int64) ([]Trace, error) {
	var rows []Trace
	err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND staff_id = ?", corpID, staffID).OrderExpr("at DESC, id DESC").Limit(n).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the last welcomes of %s: %w", staffID, err)
	}
	return rows, nil
}

// sentTo says whether a welcome went (or is going) out for this relation since t.
func sentTo(ctx context.Context, tx *db.Tx, corpID, customerID, staffID string, since clock.Time) (bool, error) {
	n, err := tx.NewSelect().Model((*Trace)(nil)).Where("corp_id = ? AND customer_id = ? AND staff_id = ?", corpID, customerID, staffID).
		Where("outcome IN (?, ?) AND at >= ?", Waiting, Sent, since).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for a welcome to %s: %w", customerID, err)
	}
	return n > 0, nil
}

// traceQuery chooses traces; scope is the caller's staff ids, nil = all.
func (s *Service) traceQuery(scope []string, customerID, outcome string) *bun.SelectQuery {
	q := s.DB.Read().NewSelect().Model((*Trace)(nil)).Where("t.corp_id = ?", s.CorpID)
	if scope != nil {
		q.Where("t.staff_id IN (?)", bun.List(append([]string{""}, scope...)))
	}
	if customerID != "" {
		q.Where("t.customer_id = ?", customerID)
	}
	if outcome != "" {
		q.Where("t.outcome = ?", outcome)
	}
	return q
}

// Tally counts what became of welcomes.
type Tally struct {
	Sent   int
	NoCode int // WeCom gave no welcome code
	Used   int // the code was used before, or the chat had begun
}

// Since counts the welcomes of relations that began after t.
func (s *Service) Since(ctx context.Context, t clock.Time) (Tally, error) {
	var n Tally
	var rows []struct {
		Outcome Outcome
		Code    string
		N       int
	}
	err := s.DB.Read().NewSelect().Model((*Trace)(nil)).Column("outcome", "code").ColumnExpr("COUNT(*) AS n").
		Where("t.corp_id = ? AND t.at > ?", s.CorpID, t).GroupExpr("outcome, code").Scan(ctx, &rows)
	if err != nil {
		return n, fmt.Errorf("count welcomes: %w", err)
	}
	for _, r := range rows {
		switch {
		case r.Outcome == Sent:
			n.Sent += r.N
		case r.Code == WhyConsoleWelcome || r.Code == WhyChatBegun:
			n.NoCode += r.N
		case r.Code == outreach.CodeWelcomeUsed:
			n.Used += r.N
		}
	}
	return n, nil
}
