package disclosure

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Receiver is who gets personal data.
type Receiver struct {
	bun.BaseModel `bun:"table:receiver,alias:r"`

	CorpID        string `bun:",pk"`
	ID            int64  `bun:",pk"`
	Name          string
	Kind          Kind
	Contract      string
	ContractUntil clock.Time
	DataKinds     string
	Purpose       string
	Contact       string
	Consent       string
	Abroad        bool
	Assessments   string
	MadeBy        string
	MadeAt        clock.Time
	EndedBy       string
	EndedAt       clock.Time
	EndedWhy      string
}

// State at an instant.
func (r *Receiver) State(now clock.Time) ReceiverState {
	switch {
	case r.EndedAt != 0:
		return Ended
	case r.ContractUntil <= now:
		return Past
	case r.ContractUntil <= now.Add(endingBefore):
		return Ending
	}
	return Live
}

// Consent is a customer's separate consent that a handler gets their data.
type Consent struct {
	bun.BaseModel `bun:"table:receiver_consent,alias:c"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	ReceiverID int64
	CustomerID string
	Evidence   string
	MadeBy     string
	MadeAt     clock.Time
	EndedBy    string
	EndedAt    clock.Time
}

// Export is a file of customers that somebody takes out.
type Export struct {
	bun.BaseModel `bun:"table:export,alias:e"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	ReceiverID int64
	Purpose    string
	Query      string
	State      State
	Size       int
	LeftOut    int
	MadeBy     string
	MadeAt     clock.Time
	DecidedBy  string
	DecidedAt  clock.Time
	Note       string
	Until      clock.Time
	Fetches    int
	FetchedAt  clock.Time
}

// StateAt is its state at an instant: what was ready is over some days later.
func (e *Export) StateAt(now clock.Time) State {
	if e.State == Ready && e.Until <= now {
		return Over
	}
	return e.State
}

type exportedRow struct {
	bun.BaseModel `bun:"table:export_customer,alias:x"`

	CorpID     string `bun:",pk"`
	ExportID   int64  `bun:",pk"`
	N          int    `bun:",pk"`
	CustomerID string
	SentAt     clock.Time
}

type limitRow struct {
	bun.BaseModel `bun:"table:export_limit,alias:l"`

	CorpID string `bun:",pk"`
	ID     int64  `bun:",pk"`
	Size   int
	MadeBy string
	MadeAt clock.Time
}

// Receivers lists all, those that stand first, then the newest.
func (s *Service) Receivers(ctx context.Context) ([]*Receiver, error) {
	var rows []*Receiver
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("ended_at = 0 DESC, id DESC").Limit(500).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list receivers: %w", err)
	}
	return rows, nil
}

func (s *Service) receiver(ctx context.Context, q bun.IDB, id int64) (*Receiver, error) {
	var r Receiver
	err := q.NewSelect().Model(&r).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("接收方", "receiver")
	}
	if err != nil {
		return nil, fmt.Errorf("read receiver %d: %w", id, err)
	}
	return &r, nil
}

func (s *Service) receiverNames(ctx context.Context, ids []int64) (map[int64]*Receiver, error) {
	out := map[int64]*Receiver{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []*Receiver
	if err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the names of receivers: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, nil
}

func (s *Service) export(ctx context.Context, q bun.IDB, id int64) (*Export, error) {
	var e Export
	err := q.NewSelect().Model(&e).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("导出", "export")
	}
	if err != nil {
		return nil, fmt.Errorf("read export %d: %w", id, err)
	}
	return &e, nil
}

// locked reads an export that nobody else changes before the transaction ends.
func (s *Service) locked(ctx context.Context, tx *db.Tx, id int64) (*Export, error) {
	if err := tx.Lock(ctx, fmt.Sprint("export/", s.CorpID, "/", id)); err != nil {
		return nil, err
	}
	return s.export(ctx, tx, id)
}

func saveExport(ctx context.Context, tx *db.Tx, e *Export, columns ...string) error {
	if _, err := tx.NewUpdate().Model(e).Column(columns...).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("change export %d: %w", e.ID, err)
	}
	return nil
}

// taken is how many customers somebody's exports of the last 24 hours hold, but for one: refused ones took nothing.
func (s *Service) taken(ctx context.Context, q bun.IDB, by string, but int64, now clock.Time) (n int, err error) {
	err = q.NewSelect().Model((*Export)(nil)).ColumnExpr("COALESCE(SUM(size), 0)").
		Where("corp_id = ? AND made_by = ? AND made_at > ? AND state <> ? AND id <> ?", s.CorpID, by, now.Add(-countBack), Refused, but).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count what %s took out: %w", by, err)
	}
	return n, nil
}

// consenting are those of ids whose consent to a handler holds.
func (s *Service) consenting(ctx context.Context, q bun.IDB, receiverID int64, ids []string) (map[string]bool, error) {
	var found []string
	err := q.NewSelect().Model((*Consent)(nil)).Column("customer_id").
		Where("corp_id = ? AND receiver_id = ? AND ended_at = 0 AND customer_id IN (?)", s.CorpID, receiverID, bun.List(ids)).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("read who consented to receiver %d: %w", receiverID, err)
	}
	out := make(map[string]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}

// WaitingFor counts the exports that wait for a second person who is not their maker.
func (s *Service) WaitingFor(ctx context.Context, who string) (int, error) {
	n, err := s.DB.Read().NewSelect().Model((*Export)(nil)).Where("corp_id = ? AND state = ? AND made_by <> ?", s.CorpID, Waiting, who).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the exports that wait: %w", err)
	}
	return int(n), nil
}

// ExportOf reads the id of an export out of itself, or out of the mark of a line of its file.
func (s *Service) ExportOf(text string) (int64, bool) {
	if id, ok := markOf(s.Key, text); ok {
		return id, true
	}
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return id, err == nil && id > 0
}

// rows reads the next customers of an export.
func (s *Service) rows(ctx context.Context, id int64, after, limit int) (out []exportedRow, err error) {
	err = s.DB.Read().NewSelect().Model(&out).Where("corp_id = ? AND export_id = ? AND n > ?", s.CorpID, id, after).OrderExpr("n").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the customers of export %d: %w", id, err)
	}
	return out, nil
}

// Sent answers the customers who were in a file of an export that was fetched, with the first time.
func (s *Service) Sent(ctx context.Context, id int64) (map[string]clock.Time, error) {
	if _, err := s.export(ctx, s.DB.Read(), id); err != nil {
		return nil, err
	}
	var rows []exportedRow
	err := s.DB.Read().NewSelect().Model(&rows).Column("customer_id", "sent_at").Where("corp_id = ? AND export_id = ? AND sent_at > 0", s.CorpID, id).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who was in export %d: %w", id, err)
	}
	return sentOf(rows), nil
}

// SentBy answers the customers in exports that an account made and that were fetched from an instant on and before another.
func (s *Service) SentBy(ctx context.Context, account string, from, to clock.Time) (map[string]clock.Time, error) {
	var rows []exportedRow
	err := s.DB.Read().NewSelect().Model(&rows).Column("x.customer_id", "x.sent_at").Join("JOIN export AS e ON e.corp_id = x.corp_id AND e.id = x.export_id").
		Where("x.corp_id = ? AND x.sent_at > 0 AND e.made_by = ? AND e.fetched_at >= ? AND x.sent_at < ?", s.CorpID, account, from, to).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read whom %s took out: %w", account, err)
	}
	return sentOf(rows), nil
}

func sentOf(rows []exportedRow) map[string]clock.Time {
	out := make(map[string]clock.Time, len(rows))
	for _, r := range rows {
		if at, ok := out[r.CustomerID]; !ok || r.SentAt < at {
			out[r.CustomerID] = r.SentAt
		}
	}
	return out
}
