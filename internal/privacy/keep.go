package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

const (
	keepKind = "privacy.keep"
	keepHour = 3 // of the corp's day: when data whose time is over goes
	// keepGrace is how long after the first start nothing ends: owners see the periods and may set others.
	keepGrace = 7 * 24 * time.Hour
	keepMost  = 50 // persons, or rows, of one table that one step takes: others write meanwhile
)

type retentionRow struct {
	bun.BaseModel `bun:"table:retention"`

	CorpID  string `bun:",pk"`
	Version int    `bun:",pk"`
	Value   string
	SetAt   clock.Time
	SetBy   string
}

// Periods answers how long data is kept, with the version; 0 = nobody has set it.
func (s *Service) Periods(ctx context.Context) (Periods, int, error) {
	return s.periodsIn(ctx, s.DB.Read())
}

func (s *Service) periodsIn(ctx context.Context, q bun.IDB) (Periods, int, error) {
	p := DefaultPeriods()
	var row retentionRow
	err := q.NewSelect().Model(&row).Where("corp_id = ?", s.CorpID).OrderExpr("version DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return p, 0, nil
	}
	if err != nil {
		return p, 0, fmt.Errorf("read how long data is kept: %w", err)
	}
	if err := json.Unmarshal([]byte(row.Value), &p); err != nil {
		return p, 0, fmt.Errorf("read how long data is kept: %w", err)
	}
	return p, row.Version, nil
}

// SetPeriods says how long data is kept from now on. version is the one the caller changes: somebody else's change is not overwritten.
func (s *Service) SetPeriods(ctx context.Context, p Periods, version int, by string) error {
	if err := p.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write how long data is kept: %w", err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "retention/"+s.CorpID); err != nil {
			return err
		}
		_, now, err := s.periodsIn(ctx, tx)
		if err != nil {
			return err
		}
		if now != version {
			return errs.New(errs.Conflict, "privacy.changed", errs.T("期限刚被别人改过，请刷新后再改。", "Somebody else has just changed the periods. Load them again."))
		}
		at := s.World.Now()
		row := &retentionRow{CorpID: s.CorpID, Version: now + 1, Value: string(raw), SetAt: at, SetBy: by}
		if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
			return fmt.Errorf("set how long data is kept: %w", err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "retention.set", Subject: audit.Of("retention", fmt.Sprint(row.Version)), Who: by, At: at,
			Detail: audit.Detail{"contact": p.Contact, "words": p.Words, "record": p.Record, "evidence": p.Evidence},
		})
	})
}

// words says how long a class is kept.
func (p Periods) words(k Keep) errs.Text {
	switch k {
	case Contact:
		return errs.Tf("是客户期间，以及之后的 %d 天", "while they are a customer, and %d days after", p.Contact)
	case Words:
		return errs.Tf("内容 %d 天，之后只留次数；%d 天后不再指向任何人", "the words %d days, then only that there were some; after %d days without the person", p.Words, p.Record)
	case Record:
		return errs.Tf("%d 天，之后只留次数", "%d days, then only the count", p.Record)
	case Evidence:
		return errs.Tf("失效后 %d 天", "%d days after it ended", p.Evidence)
	case Always:
		return errs.T("一直：它保护客户，里面只有带密钥的哈希", "always: it protects the person and holds only keyed hashes")
	case Run:
		return errs.T("几小时到三天，自动清除", "hours to three days; it goes by itself")
	case Log:
		return errs.T("审计记录不删除，里面没有姓名和内容", "the audit log is not deleted; it holds no names and no words")
	case Own:
		return errs.T("企业自己保管，直到删除", "the corp's own, until it removes it")
	}
	return errs.Text{}
}

// keepStep is how far a night has come. What one part ends is nothing that an earlier one looks for.
type keepStep struct {
	Day  clock.Time
	Part int
}

// Start begins to end the time of data, each night. It goes on by itself; starting twice is starting once. The first time it puts the
// periods that hold by themselves on record: nothing ends before owners have had keepGrace to look at them.
func (s *Service) Start(ctx context.Context) error {
	raw, err := json.Marshal(DefaultPeriods())
	if err != nil {
		return fmt.Errorf("write how long data is kept: %w", err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		row := &retentionRow{CorpID: s.CorpID, Version: 1, Value: string(raw), SetAt: max(s.World.Now(), 1), SetBy: "system"}
		if _, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, version) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("put how long data is kept on record: %w", err)
		}
		return s.putKeep(ctx, tx, s.World.Now().Day(s.Zone))
	})
}

// EndsFrom answers from when on data ends by age; 0 = it has not been on record yet.
func (s *Service) EndsFrom(ctx context.Context) (clock.Time, error) {
	var at clock.Time
	err := s.DB.Read().NewRaw("SELECT COALESCE(MIN(set_at), 0) FROM retention WHERE corp_id = ?", s.CorpID).Scan(ctx, &at)
	if err != nil || at == 0 {
		return 0, wrap(err, "read from when on data ends")
	}
	return at.Add(keepGrace), nil
}

// putKeep has the night after a day looked after.
func (s *Service) putKeep(ctx context.Context, tx *db.Tx, day clock.Time) error {
	next := clock.At(day.In(s.Zone).AddDate(0, 0, 1))
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: keepKind, Key: fmt.Sprint(keepKind, "/", int64(next)), OrderKey: keepKind,
		Payload: keepStep{Day: next}, DueAt: next.Add(keepHour * time.Hour),
	})
	return err
}

// performKeep ends the time of some data, and goes on at once while there is more.
func (s *Service) performKeep(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p keepStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	periods, _, err := s.Periods(ctx)
	if err != nil {
		return nil, err
	}
	from, err := s.EndsFrom(ctx)
	if err != nil {
		return nil, err
	}
	var parts []part
	if now := s.World.Now(); from != 0 && now >= from {
		parts = s.parts(periods, now)
	}
	for ; p.Part < len(parts); p.Part++ {
		part := parts[p.Part]
		found, err := part.find(ctx)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			continue
		}
		return func(ctx context.Context, tx *db.Tx) error {
			if err := tx.Overwrite(ctx); err != nil {
				return err
			}
			n, err := part.end(ctx, tx, found)
			if err != nil {
				return err
			}
			if part.log != "" {
				err := audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "retention.end", Subject: audit.Of("retention", part.log), Who: "system", At: s.World.Now(), Detail: audit.Detail{"rows": n}})
				if err != nil {
					return err
				}
			}
			_, err = s.Bus.Put(ctx, tx, bus.Item{
				CorpID: s.CorpID, Lane: bus.Intent, Kind: keepKind, Key: fmt.Sprint(keepKind, "/", int64(p.Day), "/", tx.NewID()), OrderKey: keepKind,
				Payload: p, DueAt: s.World.Now(),
			})
			return err
		}, nil
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.putKeep(ctx, tx, s.World.Now().Day(s.Zone)) }, nil
}

// part is one thing that has to be looked after at night: find answers up to keepMost persons or rows whose time is over, and end ends
// it; what it ended is found no more.
type part struct {
	log  string // table
	what string // of it: words, rows, persons
	find func(ctx context.Context) ([]string, error)
	end  func(ctx context.Context, tx *db.Tx, found []string) (int, error)
}

func (s *Service) parts(p Periods, now clock.Time) []part {
	ago := func(days int) clock.Time { return now.Add(-time.Duration(days) * 24 * time.Hour) }
	out := []part{{
		what: "persons",
		find: func(ctx context.Context) ([]string, error) { return s.formerCustomers(ctx, ago(p.Contact)) },
		end: func(ctx context.Context, tx *db.Tx, found []string) (int, error) {
			for _, id := range found {
				if err := s.ask(ctx, tx, id, Expired, "", "system"); err != nil {
					return 0, err
				}
			}
			return len(found), nil
		},
	}}
	for _, t := range s.Data.Tables {
		if t.Old == "" {
			continue
		}
		switch t.Keep {
		case Words:
			out = append(out, s.wordsPart(t, ago(p.Words)), s.personPart(t, ago(p.Record)))
		case Record:
			out = append(out, s.personPart(t, ago(p.Record)))
		case Evidence:
			out = append(out, s.personPart(t, ago(p.Evidence)))
		case Contact, Always, Own, Run, Log: // with the person, or never by age
		}
	}
	return out
}

// formerCustomers are persons who have not been customers since an instant, talk to nobody and are in no group.
func (s *Service) formerCustomers(ctx context.Context, before clock.Time) ([]string, error) {
	var ids []string
	err := s.DB.Read().NewRaw(`SELECT p.id FROM (
			SELECT c.id, c.lost_at AS last FROM customer AS c WHERE c.corp_id = ?0 AND NOT c.live
			UNION ALL
			SELECT k.id, 0 AS last FROM kf_customer AS k WHERE k.corp_id = ?0 AND NOT EXISTS (SELECT 1 FROM customer AS c WHERE c.corp_id = k.corp_id AND c.id = k.id)
		) AS p
		WHERE p.last < ?1
			AND NOT EXISTS (SELECT 1 FROM kf_session AS v WHERE v.corp_id = ?0 AND v.customer_id = p.id AND v.last_at >= ?1)
			AND NOT EXISTS (SELECT 1 FROM groupchat_member AS m WHERE m.corp_id = ?0 AND m.id = p.id AND m.kind = 'customer')
			AND NOT EXISTS (SELECT 1 FROM erasure AS e WHERE e.corp_id = ?0 AND e.customer_id = p.id AND e.state = 'waiting')
		LIMIT ?2`, s.CorpID, before, keepMost).Scan(ctx, &ids)
	return ids, wrap(err, "look for persons who are customers no more")
}

// wordsPart empties what was said long ago.
func (s *Service) wordsPart(t Table, before clock.Time) part {
	some := strings.Join(t.Words, " <> '' OR ") + " <> ''"
	return part{
		log: t.Table, what: "words",
		find: func(ctx context.Context) ([]string, error) {
			var ids []string
			err := s.DB.Read().NewSelect().TableExpr(t.Table).ColumnExpr("CAST(id AS TEXT) AS id").Where("corp_id = ?", s.CorpID).Where(t.Old, s.CorpID, before).Where("("+some+")").Limit(keepMost).Scan(ctx, &ids)
			return ids, wrap(err, "look for old words in "+t.Table)
		},
		end: func(ctx context.Context, tx *db.Tx, found []string) (int, error) {
			q := tx.NewUpdate().TableExpr(t.Table)
			for _, c := range t.Words {
				q.Set("? = ''", bun.Ident(c))
			}
			res, err := q.Where("corp_id = ? AND id IN ("+strings.Join(found, ",")+")", s.CorpID).Exec(ctx)
			return count(res, err, "empty old words in "+t.Table)
		},
	}
}

// personPart removes old rows, or the person from them.
func (s *Service) personPart(t Table, before clock.Time) part {
	column := t.Column
	if column == "" { // found by their own ids
		return part{
			log: t.Table, what: "rows",
			find: func(ctx context.Context) ([]string, error) {
				var ids []string
				err := s.DB.Read().NewSelect().TableExpr(t.Table).ColumnExpr("CAST(id AS TEXT) AS id").Where("corp_id = ?", s.CorpID).Where(t.Old, s.CorpID, before).Limit(keepMost).Scan(ctx, &ids)
				return ids, wrap(err, "look for old rows of "+t.Table)
			},
			end: func(ctx context.Context, tx *db.Tx, found []string) (int, error) {
				res, err := tx.NewDelete().TableExpr(t.Table).Where("corp_id = ? AND id IN ("+strings.Join(found, ",")+")", s.CorpID).Exec(ctx)
				return count(res, err, "remove old rows of "+t.Table)
			},
		}
	}
	only := "TRUE"
	if t.Only != "" {
		only = t.Only
	}
	return part{
		log: t.Table, what: "persons",
		find: func(ctx context.Context) ([]string, error) {
			var ids []string
			err := s.DB.Read().NewSelect().TableExpr(t.Table).ColumnExpr("DISTINCT ?", bun.Ident(column)).Where("corp_id = ?", s.CorpID).Where(t.Old, s.CorpID, before).Where(only).
				Where("? <> ''", bun.Ident(column)).Where("? NOT LIKE ?", bun.Ident(column), stubMark+"%").Limit(keepMost).Scan(ctx, &ids)
			return ids, wrap(err, "look for old rows of "+t.Table)
		},
		end: func(ctx context.Context, tx *db.Tx, found []string) (int, error) {
			total := 0
			for _, id := range found {
				n, err := s.endIn(ctx, tx, t, id, before)
				if err != nil {
					return 0, err
				}
				total += n
			}
			return total, nil
		},
	}
}

func (s *Service) endIn(ctx context.Context, tx *db.Tx, t Table, customerID string, before clock.Time) (int, error) {
	if t.Erase == Ledger {
		return s.Ledger(ctx, tx, customerID, newStub(), before)
	}
	where, args := t.rows(s.CorpID, customerID)
	if t.Erase == Remove {
		res, err := tx.NewDelete().TableExpr(t.Table).Where(where, args...).Where(t.Old, s.CorpID, before).Exec(ctx)
		return count(res, err, "remove old rows of "+t.Table)
	}
	q := tx.NewUpdate().TableExpr(t.Table).Set("? = ?", bun.Ident(t.Column), newStub())
	for c, value := range t.Blank {
		q.Set("? = "+value, bun.Ident(c))
	}
	res, err := q.Where(where, args...).Where(t.Old, s.CorpID, before).Exec(ctx)
	return count(res, err, "put a stub in old rows of "+t.Table)
}
