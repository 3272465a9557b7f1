package privacy

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// RequestKind is what a customer wants about their own data.
type RequestKind string

// The kinds.
const (
	WantCopy    RequestKind = "copy"
	WantCorrect RequestKind = "correct"
	WantErase   RequestKind = "erase"
)

// requestDue is within what time the corp aims to answer; the law says "in time".
const requestDue = 15 * 24 * time.Hour

// ByCustomer is who asked when the customer did so on their own page.
const ByCustomer = "customer"

// Request is what a customer wants about their own data.
type Request struct {
	bun.BaseModel `bun:"table:data_request"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Kind       RequestKind
	Words      string // what is to be corrected
	Via        string // page, staff
	ByWhom     string
	AskedAt    clock.Time
	DueAt      clock.Time
	State      string // open, done, refused
	DoneAt     clock.Time
	DoneBy     string
	Note       string
}

// AskFor records what a customer wants. Asked for twice, the first one counts.
func (s *Service) AskFor(ctx context.Context, r Request) (*Request, error) {
	r.Words = strings.TrimSpace(r.Words)
	switch n := utf8.RuneCountInString(r.Words); {
	case r.Kind != WantCopy && r.Kind != WantCorrect && r.Kind != WantErase:
		return nil, errs.Bad("kind", "privacy.request_kind", errs.T("只能是 copy（拿副本）、correct（更正）或 erase（删除）。", "One of copy, correct or erase."))
	case r.Kind == WantCorrect && n < 2:
		return nil, errs.Bad("words", "privacy.request_words", errs.T("写明哪里不对、应该是什么。", "Say what is wrong and what it should be."))
	case n > 500:
		return nil, errs.Bad("words", "privacy.request_words", errs.T("最多 500 个字。", "500 characters at most."))
	}
	known, err := s.known(ctx, r.CustomerID)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errNobody()
	}
	now := s.World.Now()
	r.CorpID, r.AskedAt, r.DueAt, r.State = s.CorpID, now, now.Add(requestDue), "open"
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r.ID = tx.NewID()
		res, err := tx.NewInsert().Model(&r).On("CONFLICT (corp_id, customer_id, kind) WHERE state = 'open' DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("record what a customer wants: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = tx.NewSelect().Model(&r).Where("corp_id = ? AND customer_id = ? AND kind = ? AND state = 'open'", s.CorpID, r.CustomerID, r.Kind).Scan(ctx)
			}
			return wrap(err, "record what a customer wants")
		}
		s.told(tx)
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "request.open", Subject: audit.Of("customers", r.CustomerID), Who: r.ByWhom, At: now, Detail: audit.Detail{"kind": string(r.Kind), "via": r.Via},
		})
	})
	return &r, err
}

// EndRequest says what became of a request. One for erasing that is granted erases.
func (s *Service) EndRequest(ctx context.Context, id int64, granted bool, note, by string) error {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 500 {
		return errs.Bad("note", "privacy.request_note", errs.T("写明做了什么，或者为什么不做，2 到 500 个字。", "Say what was done, or why not, in 2 to 500 characters."))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var r Request
		err := tx.NewSelect().Model(&r).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
		if db.IsNoRows(err) {
			return errs.Missing("要求", "request")
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		if r.State != "open" {
			return errs.New(errs.Conflict, "privacy.request_ended", errs.T("这个要求已经处理过了。", "This request has been answered already."))
		}
		now := s.World.Now()
		r.State, r.DoneAt, r.DoneBy, r.Note = "refused", max(now, 1), by, note
		if granted {
			r.State = "done"
		}
		if _, err := tx.NewUpdate().Model(&r).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("answer a request: %w", err)
		}
		s.told(tx)
		err = audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "request." + r.State, Subject: audit.Of("customers", r.CustomerID), Who: by, At: now, Detail: audit.Detail{"kind": string(r.Kind)},
		})
		if err != nil || !granted || r.Kind != WantErase {
			return err
		}
		return s.ask(ctx, tx, r.CustomerID, Asked, note, by)
	})
}

// Copied notes that somebody took a copy of a person's data outside of the API, which notes it by itself.
func (s *Service) Copied(ctx context.Context, customerID, by string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "person.copy", Subject: audit.Of("customers", customerID), Who: by, At: s.World.Now()})
	})
}

// handedOut notes that a customer took a copy of their data by themselves; an open request for one is answered by it.
func (s *Service) handedOut(ctx context.Context, customerID string) error {
	now := s.World.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*Request)(nil)).Set("state = 'done'").Set("done_at = ?", max(now, 1)).Set("done_by = ?", ByCustomer).Set("note = ?", "downloaded").
			Where("corp_id = ? AND customer_id = ? AND kind = ? AND state = 'open'", s.CorpID, customerID, WantCopy).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note that a customer took a copy: %w", err)
		}
		s.told(tx)
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "person.copy", Subject: audit.Of("customers", customerID), Who: ByCustomer, At: now})
	})
}

func (s *Service) told(tx *db.Tx) {
	if s.Live != nil {
		tx.OnCommit(func() { s.Live("data-request", "") })
	}
}

// Underway is an erasure that is not done yet.
type Underway struct {
	AskedAt  clock.Time
	WaitsFor string
}

// Pending answers what a person wants and nobody has answered yet, and the erasure of them that is not done; nil = there is none.
func (s *Service) Pending(ctx context.Context, customerID string) ([]Request, *Underway, error) {
	var open []Request
	err := s.DB.Read().NewSelect().Model(&open).Where("corp_id = ? AND customer_id = ? AND state = 'open'", s.CorpID, customerID).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read what a customer wants: %w", err)
	}
	var row erasureRow
	err = s.DB.Read().NewSelect().Model(&row).Where("corp_id = ? AND customer_id = ? AND state = ?", s.CorpID, customerID, Waiting).Scan(ctx)
	if db.IsNoRows(err) {
		return open, nil, nil
	}
	return open, &Underway{row.AskedAt, row.WaitsFor}, wrap(err, "read the erasure of a person")
}

// OpenRequests counts what waits for an answer, and what waits too long.
func (s *Service) OpenRequests(ctx context.Context) (open, late int, oldest clock.Time, err error) {
	var row struct {
		Open, Late int
		Oldest     clock.Time
	}
	err = s.DB.Read().NewRaw("SELECT COUNT(*) AS open, COALESCE(SUM(CASE WHEN due_at < ? THEN 1 ELSE 0 END), 0) AS late, COALESCE(MIN(due_at), 0) AS oldest FROM data_request WHERE corp_id = ? AND state = 'open'",
		s.World.Now(), s.CorpID).Scan(ctx, &row)
	return row.Open, row.Late, row.Oldest, wrap(err, "count what customers want about their data")
}
