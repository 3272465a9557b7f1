package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// shownAgain is how long showing one customer to one account is one entry: pages that are kept up to date ask for their lists again.
const shownAgain = time.Hour

// mostShown bounds what is remembered of it.
const mostShown = 200_000

// shown remembers whom an account was shown lately.
type shown struct {
	mu   sync.Mutex
	last map[string]clock.Time // by account and customer
}

// fresh keeps the customers whose showing to the account is not on record yet.
func (s *shown) fresh(account string, ids []string, now clock.Time) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if at, ok := s.last[account+"\x00"+id]; !ok || now.Sub(at) >= shownAgain || now < at {
			out = append(out, id)
		}
	}
	return out
}

func (s *shown) remember(account string, ids []string, now clock.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || len(s.last)+len(ids) > mostShown {
		s.last = make(map[string]clock.Time, len(ids)) // forgetting only logs once more
	}
	for _, id := range ids {
		s.last[account+"\x00"+id] = now
	}
}

// Shown logs which customers the answer to this request names, before it leaves: so that after a leak it can be told whom an account
// looked at. Many at once share one transaction.
func (s *Service) Shown(ctx context.Context) error {
	ask, ok := web.Asked(ctx)
	if !ok || ask.Who.User == "" {
		return nil
	}
	ids := ask.Shown()
	if kind, id := subjectOf(ask.Path); ask.Op.Personal && kind == "customers" && len(ids) == 1 && ids[0] == id {
		return nil // the entry of the reading itself names them
	}
	now := s.World.Now()
	if ids = s.shown.fresh(ask.Who.User, ids, now); len(ids) == 0 {
		return nil
	}
	e := s.entry(ask)
	e.At, e.Detail = now, Detail{"read": true, "customers": ids}
	r, err := newRow(ctx, s.DB, e)
	if err != nil {
		return err
	}
	if err := s.reads.do(ctx, r); err != nil {
		return err
	}
	s.shown.remember(ask.Who.User, ids, now)
	return nil
}

// beginsAct is the entry since which the log names whom lists showed.
const beginsAct = "audit.names_shown"

// BeginShown notes once since when the log names whom lists showed.
func (s *Service) BeginShown(ctx context.Context) error {
	since, err := s.ShownSince(ctx)
	if err != nil || since != 0 {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return Log(ctx, tx, Entry{CorpID: s.CorpID, Act: beginsAct, Who: System, At: max(s.World.Now(), 1)})
	})
}

// ShownSince is since when the log names whom lists showed; 0 = it never began.
func (s *Service) ShownSince(ctx context.Context) (clock.Time, error) {
	var at clock.Time
	err := s.DB.Read().NewSelect().Model((*row)(nil)).ColumnExpr("COALESCE(MIN(at), 0)").Where("corp_id = ? AND act = ?", s.CorpID, beginsAct).Scan(ctx, &at)
	if err != nil {
		return 0, fmt.Errorf("read since when the log names who was shown: %w", err)
	}
	return at, nil
}

// Look is that an account saw or handled a customer.
type Look struct {
	First, Last clock.Time
	Act         string // the first
	Times       int    // entries, not glances: see shownAgain
}

// Looked answers which customers an account saw or handled from an instant on and before another, by customer. What it saw within the
// hour before counts too when it was in a list: a list that is asked again within an hour is not logged again. Talks that were read
// before the log named their customers make unsure true.
func (s *Service) Looked(ctx context.Context, account string, from, to clock.Time) (looks map[string]Look, unsure bool, err error) {
	looks = map[string]Look{}
	const step = 2000
	for after := int64(0); ; {
		var rows []row
		err := s.DB.Read().NewSelect().Model(&rows).Column("id", "at", "act", "subject_kind", "subject_id", "detail").
			Where("corp_id = ? AND who = ? AND at >= ? AND at < ? AND id > ?", s.CorpID, account, from.Add(-shownAgain), to, after).OrderExpr("id").Limit(step).Scan(ctx)
		if err != nil {
			return nil, false, fmt.Errorf("read what %s looked at: %w", account, err)
		}
		for _, r := range rows {
			ids := r.customers()
			if len(ids) == 0 && r.SubjectKind == "kf" && r.At >= from {
				unsure = true
			}
			if len(ids) == 1 && ids[0] == r.SubjectID && r.At < from.Add(-again) {
				continue // one person's page is logged again after a few minutes
			}
			for _, id := range ids {
				l, ok := looks[id]
				if !ok {
					l = Look{First: r.At, Act: r.Act}
				}
				l.First, l.Last, l.Times = min(l.First, r.At), max(l.Last, r.At), l.Times+1
				looks[id] = l
			}
		}
		if len(rows) < step {
			return looks, unsure, nil
		}
		after = rows[len(rows)-1].ID
	}
}

// customers are those whom an entry names.
func (r *row) customers() []string {
	if (r.SubjectKind == "customers" || r.SubjectKind == "customer") && r.SubjectID != "" && r.SubjectID != "tags" && r.SubjectID != "export.csv" {
		return []string{r.SubjectID}
	}
	var d struct {
		Customers []string `json:"customers"`
	}
	if r.Detail == "" || json.Unmarshal([]byte(r.Detail), &d) != nil {
		return nil // another act may use the word for a number
	}
	return d.Customers
}
