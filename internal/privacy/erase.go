package privacy

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	eraseKind  = "privacy.erase"
	scrubKind  = "privacy.scrub"
	eraseAgain = 10 * time.Minute // after which an erasure that waits looks again
	// How often, and after how much time of the machine, the files are tried before it is put off.
	scrubTries, scrubAgain = 50, 100 * time.Millisecond
	// stubMark begins the random name that stands in the place of a person of whom nothing else is left.
	stubMark = "gone:"
)

// Why a person is erased.
const (
	Asked   = "asked"   // the person, or the corp, wants it
	Expired = "expired" // the time for which their data is kept is over
)

type erasureRow struct {
	bun.BaseModel `bun:"table:erasure"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Hash       string
	State      ErasureState
	Why        string
	Reason     string
	AskedBy    string
	AskedAt    clock.Time
	WaitsFor   string
	DoneAt     clock.Time
	Removed    map[string]int
}

type eraseStep struct{ ErasureID int64 }

// Erase has a person erased: marketing stops at once, everything else goes as soon as nothing of theirs is under way. Asked for twice,
// the first time counts.
func (s *Service) Erase(ctx context.Context, customerID, reason, by string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 2 || n > 500 {
		return errs.Bad("reason", "privacy.reason", errs.T("写明为什么删除（谁在什么时候要求的），2 到 500 个字。", "Say why (who asked for it, and when) in 2 to 500 characters."))
	}
	known, err := s.known(ctx, customerID)
	if err != nil {
		return err
	}
	if !known {
		return errNobody()
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.ask(ctx, tx, customerID, Asked, reason, by) })
}

// known says whether anything but the log knows the person.
func (s *Service) known(ctx context.Context, customerID string) (bool, error) {
	for _, t := range s.Data.Tables {
		if !t.names() || t.Erase == StaysInLog || t.Erase == Nothing || t.Holds != "" {
			continue
		}
		where, args := t.rows(s.CorpID, customerID)
		if ok, err := s.DB.Read().NewSelect().TableExpr(t.Table).Where(where, args...).Exists(ctx); ok || err != nil {
			return ok, wrap(err, "look for a person in "+t.Table)
		}
	}
	return false, nil
}

func (s *Service) ask(ctx context.Context, tx *db.Tx, customerID, why, reason, by string) error {
	now := s.World.Now()
	row := &erasureRow{
		CorpID: s.CorpID, ID: tx.NewID(), CustomerID: customerID, Hash: s.hash(customerID), State: Waiting, Why: why, Reason: reason, AskedBy: by, AskedAt: now,
		Removed: map[string]int{},
	}
	res, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, customer_id) WHERE state = 'waiting' DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("ask for an erasure: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if why == Asked {
		if err := s.Stop(ctx, tx, customerID, by); err != nil {
			return err
		}
		err := audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "person.erase", Subject: audit.Of("customers", customerID), Who: by, At: now})
		if err != nil {
			return err
		}
	}
	s.tell(tx)
	return s.putErase(ctx, tx, row.ID, now)
}

func (s *Service) tell(tx *db.Tx) {
	if s.Live != nil {
		tx.OnCommit(func() { s.Live("erasure", "") })
	}
}

// putErase puts the next look at an erasure on the table. What it says names nobody.
func (s *Service) putErase(ctx context.Context, tx *db.Tx, id int64, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: eraseKind, Key: fmt.Sprint(eraseKind, "/", id, "/", tx.NewID()), OrderKey: fmt.Sprint("erasure/", id),
		Payload: eraseStep{id}, DueAt: at,
	})
	return err
}

// performErase does the next step of an erasure: takes the corp's tags off at WeCom, waits for what is under way, or erases.
func (s *Service) performErase(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p eraseStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	var row erasureRow
	err := s.DB.Read().NewSelect().Model(&row).Where("corp_id = ? AND id = ?", s.CorpID, p.ErasureID).Scan(ctx)
	if db.IsNoRows(err) || err == nil && row.State == Done {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read an erasure: %w", err)
	}
	if row.Why == Asked {
		if settle, more, err := s.untag(ctx, row); err != nil || more {
			return settle, err
		}
	}
	waits, err := s.underWay(ctx, row)
	if err != nil {
		return nil, err
	}
	if waits != "" {
		return func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewUpdate().Model(&row).Set("waits_for = ?", waits).WherePK().Where("state = ?", Waiting).Exec(ctx)
			if err != nil {
				return fmt.Errorf("note what an erasure waits for: %w", err)
			}
			s.tell(tx)
			return s.putErase(ctx, tx, row.ID, s.World.Now().Add(eraseAgain))
		}, nil
	}
	var held map[string][]int64
	if row.Why == Asked { // of one whose time is over nothing was heard for long: their work is gone, and looking for it costs more than all the rest
		if held, err = s.held(ctx, row.CustomerID); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.erase(ctx, tx, row, held) }, nil
}

// untag takes the corp's tags off the person at WeCom, one member's relation a step, while the relation is still known.
func (s *Service) untag(ctx context.Context, row erasureRow) (settle bus.Settle, more bool, err error) {
	var tags []struct{ StaffID, TagID string }
	err = s.DB.Read().NewRaw("SELECT rt.staff_id, rt.tag_id FROM relation_tag AS rt JOIN relation AS r ON r.corp_id = rt.corp_id AND r.customer_id = rt.customer_id AND r.staff_id = rt.staff_id "+
		"WHERE rt.corp_id = ? AND rt.customer_id = ? AND r.live ORDER BY rt.staff_id, rt.tag_id", s.CorpID, row.CustomerID).Scan(ctx, &tags)
	if err != nil {
		return nil, false, fmt.Errorf("read the tags of a person: %w", err)
	}
	if len(tags) == 0 {
		return nil, false, nil
	}
	staff, ids := tags[0].StaffID, []string{}
	for _, t := range tags {
		if t.StaffID == staff {
			ids = append(ids, t.TagID)
		}
	}
	mark, err := s.Untag(ctx, row.CustomerID, staff, ids)
	if c := wecom.ClassOf(err); c == wecom.ClassGone || c == wecom.ClassBadRequest { // the relation or the tag is not there any more: nothing is left to take off
		mark, err = func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("DELETE FROM relation_tag WHERE corp_id = ? AND customer_id = ? AND staff_id = ?", s.CorpID, row.CustomerID, staff).Exec(ctx)
			return wrap(err, "forget tags that WeCom does not know")
		}, nil
	}
	if err != nil {
		return nil, false, calls.Failed(err, "take the tags off a person")
	}
	return func(ctx context.Context, tx *db.Tx) error {
		if err := mark(ctx, tx); err != nil {
			return err
		}
		return s.putErase(ctx, tx, row.ID, s.World.Now())
	}, true, nil
}

// underWay says what of the person's is under way, as a code; "" = nothing.
func (s *Service) underWay(ctx context.Context, row erasureRow) (string, error) {
	customerID := row.CustomerID
	for _, c := range []struct{ code, table, where string }{
		{"touch", "touch", "customer_id = ? AND state IN ('reserved', 'tasked', 'delivered')"},
		{"conversation", "kf_session", "customer_id = ? AND state <> 'ended'"},
		{"sync", "sync_list", "REPLACE(customers, ?, '') <> customers"},
		{"work", "work", "state IN ('pending', 'running') AND REPLACE(payload || key || order_key, ?, '') <> payload || key || order_key"},
	} {
		if row.Why == Expired && (c.code == "sync" || c.code == "work") {
			continue
		}
		there, err := s.DB.Read().NewSelect().TableExpr(c.table).Where("corp_id = ?", s.CorpID).Where(c.where, customerID).Exists(ctx)
		if there || err != nil {
			return c.code, wrap(err, "look for what is under way in "+c.table)
		}
	}
	return "", nil
}

// held finds the rows of tables that name persons inside of texts: looking through them would keep writers waiting.
func (s *Service) held(ctx context.Context, customerID string) (map[string][]int64, error) {
	out := map[string][]int64{}
	for _, t := range s.Data.Tables {
		if t.Holds == "" || t.Erase != Remove {
			continue
		}
		where, args := t.rows(s.CorpID, customerID)
		var ids []int64
		if err := s.DB.Read().NewSelect().TableExpr(t.Table).Column("id").Where(where, args...).Scan(ctx, &ids); err != nil {
			return nil, fmt.Errorf("look for a person in %s: %w", t.Table, err)
		}
		out[t.Table] = ids
	}
	return out, nil
}

// erase removes the person from every table, as the register says.
func (s *Service) erase(ctx context.Context, tx *db.Tx, row erasureRow, held map[string][]int64) error {
	id := row.CustomerID
	if err := tx.Lock(ctx, "customer/"+s.CorpID+"/"+id); err != nil {
		return err
	}
	if err := tx.Overwrite(ctx); err != nil {
		return err
	}
	stub := newStub()
	for _, t := range s.Data.Tables {
		n, err := s.eraseIn(ctx, tx, t, id, stub, held[t.Table])
		if err != nil {
			return err
		}
		if n > 0 {
			row.Removed[t.Table] = n
		}
	}
	row.State, row.CustomerID, row.DoneAt, row.WaitsFor = Done, "", max(s.World.Now(), 1), ""
	row.Reason = "" // it may name the person; the log says who erased and when
	if row.Why == Expired {
		row.Hash = "" // they may come back: nothing keeps them away
	}
	if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("note an erasure: %w", err)
	}
	for _, f := range s.OnErased {
		f(tx, id)
	}
	if err := s.putScrub(ctx, tx, row.DoneAt); err != nil {
		return err
	}
	detail := audit.Detail{"why": row.Why}
	for table, n := range row.Removed {
		detail[table] = n
	}
	s.tell(tx)
	return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "person.erased", Subject: audit.Of("erasures", fmt.Sprint(row.ID)), Who: row.AskedBy, At: row.DoneAt, Detail: detail})
}

// putScrub has what was deleted overwritten in the files as well. One such work is enough, however many persons were erased.
func (s *Service) putScrub(ctx context.Context, tx *db.Tx, at clock.Time) error {
	return s.Bus.PutMerged(ctx, tx, bus.Item{CorpID: s.CorpID, Lane: bus.Intent, Kind: scrubKind, Key: fmt.Sprint(scrubKind, "/", tx.NewID()), OrderKey: scrubKind, Payload: struct{}{}, DueAt: at})
}

func (s *Service) performScrub(ctx context.Context, _ bus.Work) (bus.Settle, error) {
	tick := time.NewTicker(scrubAgain)
	defer tick.Stop()
	for range scrubTries { // a reader may be in the way for a moment
		clean, err := s.DB.Scrub(ctx)
		if err != nil || clean {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("overwrite what was deleted: %w", ctx.Err())
		}
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.putScrub(ctx, tx, s.World.Now().Add(time.Minute)) }, nil
}

func (s *Service) eraseIn(ctx context.Context, tx *db.Tx, t Table, customerID, stub string, held []int64) (int, error) {
	switch {
	case t.Holds != "" && t.Erase == Remove:
		if len(held) == 0 {
			return 0, nil
		}
		res, err := tx.NewDelete().TableExpr(t.Table).Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(held)).Exec(ctx)
		return count(res, err, "erase a person in "+t.Table)
	case t.Erase == Remove:
		where, args := t.rows(s.CorpID, customerID)
		res, err := tx.NewDelete().TableExpr(t.Table).Where(where, args...).Exec(ctx)
		return count(res, err, "erase a person in "+t.Table)
	case t.Erase == Stub:
		where, args := t.rows(s.CorpID, customerID)
		q := tx.NewUpdate().TableExpr(t.Table).Set("? = ?", bun.Ident(t.Column), stub)
		for column, value := range t.Blank {
			q.Set("? = "+value, bun.Ident(column))
		}
		res, err := q.Where(where, args...).Exec(ctx)
		return count(res, err, "put a stub in "+t.Table)
	case t.Erase == Ledger:
		return s.Ledger(ctx, tx, customerID, stub, 0)
	}
	return 0, nil
}

func count(res interface{ RowsAffected() (int64, error) }, err error, doing string) (int, error) {
	if err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	n, err := res.RowsAffected()
	return int(n), wrap(err, doing)
}

func newStub() string { return stubMark + strings.ToLower(rand.Text()[:16]) }
