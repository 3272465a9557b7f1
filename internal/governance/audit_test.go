package governance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func auditOf(t testing.TB, g *Governor, corpID string) *audit.Service {
	t.Helper()
	s, err := audit.New(audit.Config{
		DB: g.db, World: g.world, Wall: clock.SystemWall(), Zone: shanghai, CorpID: corpID, Key: bytes.Repeat([]byte{7}, 32), Rows: g.AuditRows,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verified(t testing.TB, s *audit.Service) *audit.Report {
	t.Helper()
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Verify(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// livedIn is a ledger in which everything happened once that can happen to a touch.
func livedIn(t testing.TB, g *Governor, world *clock.Manual) {
	t.Helper()
	var reqs []Request
	for i := range 7 {
		reqs = append(reqs, marketing(fmt.Sprintf("k%d", i), fmt.Sprintf("青柠 %02d", i)))
	}
	bad := marketing("bad", "青柠 90")
	bad.Texts = []string{"注册就送38彩金，首存翻倍，六合彩特码内部资料"}
	got := reserve(t, g, append(reqs, bad)...)
	id := func(i int) int64 { return got[i].TouchID }
	permit(t, g, id(0), id(1), id(2), id(3))
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.Tasked(ctx, tx, "task 1", id(0), id(1), id(2), id(3))
	})
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.Recall(ctx, tx, id(3)) })
	deliver(t, g, id(0), world.Now())
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.NotArrived(ctx, tx, id(0), "WC-01", errs.T("没到", "not there"))
	})
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.Release(ctx, tx, id(1), "WC-01", errs.T("没到", "not there"))
	})
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.SetPreference(ctx, tx, Preference{CorpID: "c", CustomerID: "青柠 04", PausedUntil: world.Now().Add(time.Hour), Via: "page", ByWhom: "customer"})
	})
	permit(t, g, id(4))
	optOut(t, g, "青柠 05")
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		r := marketing("seen", "青柠 91")
		return g.Observe(ctx, tx, r, world.Now())
	})
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.HaltSending(ctx, tx, "c", "", "S01", "查一查") })
}

// What many rows say stands in another table; a word of it that is changed is found all the same.
func TestWordsThatRowsShareCannotBeChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		s := auditOf(t, g, "c")
		const text = "周末护理课开放预约。"
		reqs := many("b", 5)
		for i := range reqs {
			reqs[i].Texts = []string{text}
		}
		out := reserve(t, g, reqs...)
		var stored []string
		err := d.Read().NewRaw("SELECT DISTINCT texts FROM touch WHERE corp_id = 'c' UNION SELECT DISTINCT why FROM touch WHERE corp_id = 'c'").Scan(t.Context(), &stored)
		if err != nil || len(stored) != 2 || !strings.HasPrefix(stored[0], wordsMark) || !strings.HasPrefix(stored[1], wordsMark) {
			t.Fatalf("five rows that say the same hold %q, %v", stored, err)
		}
		e, err := g.Explain(t.Context(), "c", out[3].TouchID)
		if err != nil || len(e.Rules) == 0 || e.Touch.FirstText() != text {
			t.Fatalf("%+v, %v", e, err)
		}
		same(t, g, out[3].TouchID)
		if r := verified(t, s); !r.OK() || r.Touches != 5 {
			t.Fatalf("nobody changed anything: %+v", r)
		}
		for _, q := range []string{
			"UPDATE touch_words SET words = REPLACE(words, 'pass', 'held')", "UPDATE touch_words SET hash = 'x' || SUBSTR(hash, 2)", "DELETE FROM touch_words",
		} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.ExecContext(ctx, q); err != nil {
					return err
				}
				rows, err := g.AuditRows(ctx, tx, "c", 0, 100)
				if err != nil {
					return err
				}
				for _, r := range rows {
					if r.Digest != (audit.Digest{}) {
						t.Errorf("%s: the digest of touch %d is as it was", q, r.ID)
					}
				}
				return errCrash // it is undone
			})
			if !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
		}
	})
}

func TestWhateverIsChangedByOtherHandsIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		s := auditOf(t, g, "c")
		livedIn(t, g, world)
		if r := verified(t, s); !r.OK() || r.Leaves < 10 || r.Touches != 9 || r.Heads == 0 || r.Waiting != 0 {
			t.Fatalf("nobody changed anything: %+v", r)
		}
		for table, where := range map[string]string{
			"touch": "task_id = 'task 1'", "audit_entry": "leaf = 3", "audit_hash": "idx = 5", "audit_head": "size > 0",
		} {
			for _, column := range columnsOf(t, d, table) {
				if column == "hour" || column == "id" && table == "touch" {
					continue // when a head was signed stands in no head; a touch without its id is one that is gone
				}
				undo := twist(t, d, table, column, where)
				if r := verified(t, s); r.OK() {
					t.Errorf("%s.%s was changed, and nobody noticed", table, column)
				} else if table == "audit_entry" && column != "corp_id" && !strings.Contains(r.Problems[0].Text.EN, "eaf 3") {
					t.Errorf("audit_entry.%s: the leaf is not named: %+v", column, r.Problems)
				}
				undo()
			}
		}
		if r := verified(t, s); !r.OK() {
			t.Fatalf("everything is as it was: %+v", r)
		}
		for _, q := range []string{
			"DELETE FROM audit_entry WHERE leaf = 4", "DELETE FROM audit_hash WHERE idx = 3", "DELETE FROM audit_head WHERE size > 0", "DELETE FROM touch WHERE key = 'bad'",
			"INSERT INTO touch (corp_id, id, key, channel, class, state, rule_version, reserved_at, earliest_at) VALUES ('c', 9000000000000000000, 'forged', 'kf', 'service', 'held', '', 1, 1)",
			"DELETE FROM audit_entry WHERE leaf >= 8",
		} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.ExecContext(ctx, q); err != nil {
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if r := verified(t, s); r.OK() {
				t.Errorf("%s: nobody noticed", q)
			}
		}
	})
}

func columnsOf(t testing.TB, d *db.DB, table string) []string {
	t.Helper()
	rows, err := d.Read().QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil || rows.Err() != nil {
		t.Fatal(err)
	}
	return names
}

// twist changes one value a little, by other hands than ours, and answers how to undo it.
func twist(t testing.TB, d *db.DB, table, column, where string) (undo func()) {
	t.Helper()
	exec := func(q string, args ...any) {
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw(q, args...).Exec(ctx)
			return err
		})
	}
	var key, was any
	id := map[string]string{"touch": "id", "audit_entry": "id", "audit_hash": "idx", "audit_head": "hour"}[table]
	err := d.Read().QueryRowContext(t.Context(), fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s ORDER BY 1 LIMIT 1", id, column, table, where)).Scan(&key, &was)
	if err != nil {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	set := fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", table, column, id)
	switch v := was.(type) {
	case int64:
		if column == id {
			exec(set, v+1_000_000, key)
			return func() { exec(set, v, v+1_000_000) }
		}
		if column == "unbound" { // a boolean that is true: one more would be true as well
			exec(set, v == 0, key)
			break
		}
		if column == "leaf" {
			exec(set, v+1_000_000, key)
			break
		}
		exec(set, v+1, key)
	case bool:
		exec(set, !v, key)
	case string:
		changed := []byte(v + "x")
		if n := len(v) / 2; n > 0 && v[n] < 0x7f && v[n] >= ' ' {
			changed = []byte(v)
			changed[n] ^= 8
		}
		exec(set, string(changed), key)
	default:
		t.Fatalf("%s.%s is a %T", table, column, was)
	}
	return func() { exec(set, was, key) }
}

// A head that was kept elsewhere shows what the signature alone cannot: that history was rewritten with the key.
func TestAHeadKeptElsewhereShowsARewrittenHistory(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	s := auditOf(t, g, "c")
	reserve(t, g, marketing("k1", "青柠 01"))
	kept, _, err := s.SignedHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reserve(t, g, marketing("k2", "青柠 02"))
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Verify(t.Context(), kept); err != nil || !r.OK() {
		t.Fatalf("the log only grew: %+v %v", r, err)
	}
	for _, q := range []string{"DELETE FROM audit_head", "DELETE FROM audit_hash", "UPDATE audit_entry SET leaf = -1, who = 'S09'"} {
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, q)
			return err
		})
	}
	if r := verified(t, s); !r.OK() {
		t.Fatalf("the rewritten history stands by itself: %+v", r)
	}
	if r, err := s.Verify(t.Context(), kept); err != nil || r.OK() {
		t.Fatalf("history was rewritten: %+v %v", r, err)
	}
	if _, err := s.Verify(t.Context(), strings.Replace(kept, "\n", "x\n", 2)); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("a head that nobody signed: %v", err)
	}
}

// Every way to write the ledger has to go by book.go: what it does not tell the audit log looks forged.
func TestTheLedgerIsWrittenInOnePlace(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "book.go" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{"NewUpdate().Model((*Touch)", "NewUpdate().Model(t)", "NewDelete().Model((*Touch)", "NewInsert().Model(t)", "UPDATE touch", "DELETE FROM touch", "INSERT INTO touch"} {
			if strings.Contains(string(text), way) {
				t.Errorf("%s: %s: use insertTouches or changeTouches, which tell the audit log", name, way)
			}
		}
	}
}

// Two nodes write and seal at once; the log has one order, and none of its entries is lost.
func TestTwoNodesKeepOneLog(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	world := clock.NewManual(tuesday)
	const each = 40
	done := make(chan error, 4)
	var first *audit.Service
	for node := range 2 {
		d, err := db.Open(t.Context(), url, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		g := newGovernor(t, d, world)
		s := auditOf(t, g, "c")
		first = s
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			var err error
			for i := range each {
				if err == nil {
					err = d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
						_, err := g.Reserve(ctx, tx, marketing(fmt.Sprintf("k%d", i), "青柠 01"), marketing(fmt.Sprintf("n%d/%d", node, i), "青柠 02"))
						return err
					})
				}
			}
			done <- err
		}()
		go func() {
			for {
				if err := s.Seal(context.Background()); err != nil {
					done <- err
					return
				}
				select {
				case <-ended:
					done <- nil
					return
				default:
				}
			}
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	r := verified(t, first)
	if !r.OK() || r.Leaves < each || r.Touches != 3*each || r.Waiting != 0 {
		t.Fatalf("%+v", r)
	}
}
