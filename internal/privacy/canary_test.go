package privacy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/seal"
)

const (
	corp   = "ww1"
	person = "wmVOGEL0000000001"
	other  = "wmSOMEBODYELSE000"
)

var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// newService makes the room beside a real ledger and real sealing; what it calls at WeCom is not there.
func newService(t *testing.T, d *db.DB, world *clock.Manual, sealer *seal.Sealer) *Service {
	t.Helper()
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: world, Zone: start.Location(), Key: []byte("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		DB: d, Bus: b, World: world, Zone: start.Location(), CorpID: corp, Key: []byte("0123456789abcdef0123456789abcdef"), Seal: sealer,
		Stop: func(ctx context.Context, tx *db.Tx, id, by string) error {
			return gov.OptOut(ctx, tx, corp, id, "erasure", by)
		},
		Untag: func(context.Context, string, string, []string) (bus.Settle, error) {
			return func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("DELETE FROM relation_tag WHERE customer_id = ?", person).Exec(ctx)
				return err
			}, nil
		},
		Ledger: func(ctx context.Context, tx *db.Tx, id, stub string, before clock.Time) (int, error) {
			return gov.Forget(ctx, tx, corp, id, stub, before)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// column is one column of the database as its engine tells it.
type column struct {
	Table, Name, Type string
}

func columnsOf(t *testing.T, d *db.DB) map[string][]column {
	t.Helper()
	query := `SELECT m.name AS "table", p.name, p.type FROM sqlite_master AS m, pragma_table_info(m.name) AS p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid`
	if d.Engine == db.Postgres {
		query = `SELECT table_name AS "table", column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`
	}
	var rows []column
	if err := d.Read().NewRaw(query).Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	out := map[string][]column{}
	for _, c := range rows {
		out[c.Table] = append(out[c.Table], c)
	}
	return out
}

// Every column of the database stands in the register, and nothing else does (LAW-05): who adds a table says what it is for, how long it
// is kept and what erasing a person does with it.
func TestTheRegisterNamesEveryColumn(t *testing.T) {
	t.Parallel()
	r, err := LoadRegister()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		there := columnsOf(t, d)
		for _, table := range r.Tables {
			named := table.columns()
			for _, c := range there[table.Table] {
				if !slices.Contains(named, c.Name) {
					t.Errorf("%s.%s is not in the register", table.Table, c.Name)
				}
			}
			for _, name := range named {
				if !slices.ContainsFunc(there[table.Table], func(c column) bool { return c.Name == name }) {
					t.Errorf("the register names %s.%s, which is not there", table.Table, name)
				}
			}
			delete(there, table.Table)
		}
		for table := range there {
			t.Errorf("table %s is not in the register", table)
		}
	})
}

// particulars are values without which a row would not be the person's, or would be under way.
var particulars = map[string]map[string]any{
	"groupchat_member": {"kind": "customer"}, "groupchat_move": {"kind": "customer"}, "moment_echo": {"by_staff": false}, "audit_entry": {"subject_kind": "customers", "detail": "{}"},
	"review": {"noun": "kf", "ref": "KANARIE-msg"}, "kf_message": {"msgid": "KANARIE-msg"}, "kf_session": {"state": "ended"},
	"touch": {"state": "committed", "texts": `["KANARIE touch texts"]`, "why": "[]"}, "work": {"state": "done"},
	"broadcast_receiver": {"broadcast_id": 5}, "moment_receiver": {"moment_id": 5}, "moment_aim": {"post_id": "KANARIE-post"},
}

// plant writes a row about somebody into every table that can hold one, with a canary in every text that tells something of them.
func plant(t *testing.T, d *db.DB, s *Service, who, canary string, at clock.Time) {
	t.Helper()
	there := columnsOf(t, d)
	for _, table := range s.Data.Tables {
		if !table.names() || table.Table == "erasure" || table.Erase == Wait {
			continue
		}
		names, marks, values := []string{}, []string{}, []any{}
		for _, c := range there[table.Table] {
			var v any
			special, ok := particulars[table.Table][c.Name]
			text, isText := special.(string)
			switch {
			case ok && isText:
				v = strings.ReplaceAll(text, "KANARIE", canary)
			case ok:
				v = special
			case c.Name == "corp_id":
				v = corp
			case c.Name == table.Column || table.Table == "audit_entry" && c.Name == "subject_id":
				v = who
			case c.Name == table.Holds:
				v = fmt.Sprintf(`{"x":%q,"words":%q}`, who, canary)
			case strings.EqualFold(c.Type, "TEXT"):
				v = ""
				if slices.Contains(table.Personal, c.Name) {
					v = canary + " " + table.Table + " " + c.Name
				}
			case strings.EqualFold(c.Type, "BOOLEAN"):
				v = false
			case isTime(c.Name):
				v = at
			default:
				v = len(canary)
			}
			if column, sealed := table.Sealed[c.Name]; sealed {
				row := map[string]any{"corp_id": corp, "id": len(canary), "account_id": ""}
				maps.Copy(row, particulars[table.Table])
				if m, ok := row["msgid"].(string); ok {
					row["msgid"] = strings.ReplaceAll(m, "KANARIE", canary)
				}
				var err error
				if v, err = s.Seal.(*seal.Sealer).Seal(canary+" sealed", place(column, row)); err != nil {
					t.Fatal(err)
				}
			}
			names, marks, values = append(names, c.Name), append(marks, "?"), append(values, v)
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO "+table.Table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatalf("plant a canary in %s: %v", table.Table, err)
		}
	}
}

// run does what is due, as the bus would, until nothing is.
func run(t *testing.T, s *Service) {
	t.Helper()
	performers := map[string]bus.Performer{eraseKind: s.performErase, keepKind: s.performKeep, scrubKind: s.performScrub}
	for range 500 {
		var w bus.Work
		err := s.DB.Read().NewSelect().Model(&w).Where("state = ? AND kind LIKE 'privacy.%' AND due_at <= ?", bus.Pending, s.World.Now()).OrderExpr("due_at, id").Limit(1).Scan(t.Context())
		if db.IsNoRows(err) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		settle, err := performers[w.Kind](t.Context(), w)
		if err != nil {
			t.Fatalf("%s: %v", w.Kind, err)
		}
		err = s.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if settle != nil {
				if err := settle(ctx, tx); err != nil {
					return err
				}
			}
			_, err := tx.NewUpdate().Model(&w).Set("state = ?", bus.Done).WherePK().Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", w.Kind, err)
		}
	}
	t.Fatal("it does not end")
}

// dump is everything the database holds, by table and column.
func dump(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for table, columns := range columnsOf(t, d) {
		for _, c := range columns {
			var values []string
			if err := d.Read().NewRaw("SELECT CAST("+c.Name+" AS TEXT) FROM "+table).Scan(t.Context(), &values); err != nil {
				t.Fatalf("dump %s.%s: %v", table, c.Name, err)
			}
			out[table+"."+c.Name] = strings.Join(values, "\n")
		}
	}
	return out
}

func openSealer(t *testing.T, d *db.DB) *seal.Sealer {
	t.Helper()
	s, err := seal.Open(t.Context(), d, filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is stored of a person comes back whole (P5): a canary in every table that can name one.
func TestACopyHoldsEveryTable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d, clock.NewManual(start), openSealer(t, d))
		plant(t, d, s, person, "KANARIE", clock.At(start))
		plant(t, d, s, other, "NACHBAR9", clock.At(start))
		exec(t, d, "INSERT INTO audit_entry (corp_id, id, at, wall_at, who, act, detail) VALUES (?, 77, 1, 1, 'S01', 'list-customers', ?)",
			corp, fmt.Sprintf(`{"read":true,"customers":[%q,%q]}`, other, person))
		c, err := s.CopyOf(t.Context(), person, "en")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("NACHBAR9")) || bytes.Contains(raw, []byte(other)) {
			t.Error("the copy holds somebody else's data")
		}
		for _, table := range s.Data.Tables {
			if !table.names() || table.Table == "erasure" || table.Erase == Wait {
				continue
			}
			i := slices.IndexFunc(c.Tables, func(o CopyTable) bool { return o.Table == table.Table })
			want := 1
			if table.Table == "audit_entry" {
				want = 2 // and the list that showed them beside somebody else
				slices.SortFunc(c.Tables[i].Rows, func(a, b map[string]any) int {
					return strings.Compare(fmt.Sprint(b["subject_id"]), fmt.Sprint(a["subject_id"]))
				})
			}
			if i < 0 || len(c.Tables[i].Rows) != want {
				t.Errorf("%s is missing in the copy", table.Table)
				continue
			}
			row, _ := json.Marshal(c.Tables[i].Rows[0])
			for column := range table.Sealed {
				if c.Tables[i].Rows[0][column] != "KANARIE sealed" {
					t.Errorf("%s.%s is not opened: %v", table.Table, column, c.Tables[i].Rows[0][column])
				}
			}
			for _, column := range columnsOf(t, d)[table.Table] {
				if _, flag := c.Tables[i].Rows[0][column.Name].(bool); strings.EqualFold(column.Type, "BOOLEAN") && !flag {
					t.Errorf("%s.%s is neither true nor false in the copy", table.Table, column.Name)
				}
			}
			for _, column := range table.Personal {
				if v, ok := c.Tables[i].Rows[0][column]; !ok {
					t.Errorf("%s.%s is missing in the copy", table.Table, column)
				} else if text, ok := v.(string); ok && text == "" {
					t.Errorf("%s.%s is empty in the copy: %s", table.Table, column, row)
				}
			}
		}
	})
}

// After an erasure no canary is anywhere (P2): not in a table, not in an index, not in a file; only the log knows that the person's id
// was looked at, and of the person only a keyed hash stays.
func TestNothingStaysOfWhoWasErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(start)
		s := newService(t, d, world, openSealer(t, d))
		plant(t, d, s, person, "KANARIE", clock.At(start))
		plant(t, d, s, other, "NACHBAR9", clock.At(start))
		if err := s.Erase(t.Context(), person, "asked for it by letter of 1 September", "admin"); err != nil {
			t.Fatal(err)
		}
		run(t, s)
		for where, values := range dump(t, d) {
			if strings.Contains(values, "KANARIE") {
				t.Errorf("%s still holds the canary: %.200s", where, values)
			}
			if strings.Contains(values, person) && where != "audit_entry.subject_id" && where != "change.names" { // the latter: what is in memory, for an hour
				t.Errorf("%s still holds the id: %.200s", where, values)
			}
		}
		if n := rowsWith(t, d, "touch", "customer_id = ?", other); n != 1 {
			t.Errorf("the other person has %d touches, want 1", n)
		}
		if _, err := s.CopyOf(t.Context(), other, "zh"); err != nil {
			t.Errorf("the other person's copy: %v", err)
		}
		gone, err := s.Gone(t.Context(), d.Read(), person, other)
		if err != nil || !gone[person] || gone[other] {
			t.Errorf("gone: %v, %v", gone, err)
		}
		// A backup of before brings them back; the list that was kept beside it finds them.
		hashes, err := s.ErasedHashes(t.Context())
		if err != nil || len(hashes) != 1 {
			t.Fatalf("hashes: %v, %v", hashes, err)
		}
		exec(t, d, "DELETE FROM erasure")
		exec(t, d, "INSERT INTO customer (corp_id, id, name, live, added_at) VALUES (?, ?, 'KANARIE again', TRUE, 1)", corp, person)
		if n, err := s.EraseAgain(t.Context(), hashes, "command line"); err != nil || n != 1 {
			t.Errorf("erased again: %d, %v", n, err)
		}
		run(t, s)
		if n := rowsWith(t, d, "customer", "id = ?", person); n != 0 {
			t.Error("whom a backup brought back is still there")
		}
		if _, err := s.EraseAgain(t.Context(), []string{"no hash"}, "command line"); err == nil {
			t.Error("a line that is no hash was taken")
		}
		if n := rowsWith(t, d, "touch", "customer_id LIKE ?", stubMark+"%"); n != 1 {
			t.Errorf("%d stubs in the ledger, want 1", n)
		}
	})
}

// A file of SQLite keeps what was deleted until its page is written again; ours does not.
func TestNoFileHoldsWhoWasErased(t *testing.T) {
	t.Parallel()
	dir := dbtest.SQLiteDir(t)
	d, err := db.Open(t.Context(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	s := newService(t, d, clock.NewManual(start), openSealer(t, d))
	plant(t, d, s, person, "KANARIE", clock.At(start))
	exec(t, d, `INSERT INTO timeline (corp_id, id, customer_id, at, kind, detail)
		WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT ?, i, ?, i, 'added', 'KANARIE in a page that is freed whole' FROM n`, corp, person)
	if !fileHolds(t, dir, "KANARIE") {
		t.Fatal("the canary was never in a file: the test shows nothing")
	}
	if err := s.Erase(t.Context(), person, "asked for it by letter", "admin"); err != nil {
		t.Fatal(err)
	}
	run(t, s)
	if fileHolds(t, dir, "KANARIE") {
		t.Error("a file still holds the canary")
	}
}

func fileHolds(t *testing.T, dir, words string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if at := bytes.Index(b, []byte(words)); at >= 0 {
			t.Logf("%s, byte %d of %d", filepath.Base(p), at, len(b))
			found = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rowsWith(t *testing.T, d *db.DB, table, where string, args ...any) int {
	t.Helper()
	n, err := d.Read().NewSelect().TableExpr(table).Where(where, args...).Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// Nothing is older than its class allows (P4): what ends is gone from tables and files, what only counts stays without the person.
func TestNothingIsKeptBeyondItsTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(start)
		s := newService(t, d, world, openSealer(t, d))
		old := clock.At(start.AddDate(-4, 0, 0))
		plant(t, d, s, person, "KANARIE", old)
		exec(t, d, "UPDATE customer SET live = FALSE, lost_at = ?", clock.At(start.AddDate(0, 0, -300))) // a customer until lately: their record is old, they are not
		exec(t, d, "INSERT INTO broadcast (corp_id, id, name, text, audience, state, created_by, created_at, updated_at, ended_at) VALUES (?, 5, '', '', '{}', 'done', '', 0, 0, ?)", corp, old)
		exec(t, d, "INSERT INTO moment (corp_id, id, name, text, audience, state, created_by, created_at, updated_at, ended_at) VALUES (?, 5, '', '', '{}', 'done', '', 0, 0, ?)", corp, old)
		exec(t, d, "INSERT INTO moment_post (corp_id, id, made_at, open, known_at) VALUES (?, 'KANARIE-post', ?, FALSE, 0)", corp, old)
		exec(t, d, "INSERT INTO export (corp_id, id, receiver_id, purpose, query, state, made_by, made_at) VALUES (?, 7, 0, '', '', 'ready', '', ?)", corp, old)
		night := func() {
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			world.Advance(24 * time.Hour)
			run(t, s)
		}
		night()
		if n := rowsWith(t, d, "touch", "customer_id = ?", person); n != 1 {
			t.Error("something ended before the owners had a week to look at the periods")
		}
		world.Advance(keepGrace)
		night()
		if n := rowsWith(t, d, "customer", "id = ?", person); n != 1 {
			t.Error("a person whose time is not over was erased")
		}
		for _, table := range s.Data.Tables {
			if table.Old == "" {
				continue
			}
			for _, words := range table.Words {
				if n := rowsWith(t, d, table.Table, words+" <> ''"); n != 0 {
					t.Errorf("%s.%s still holds words", table.Table, words)
				}
			}
			if column := table.Column; column != "" {
				if n := rowsWith(t, d, table.Table, column+" = ?", person); n != 0 {
					t.Errorf("%s still names the person", table.Table)
				}
				if n := rowsWith(t, d, table.Table, column+" LIKE ?", stubMark+"%"); (n == 1) != (table.Erase == Stub || table.Erase == Ledger) {
					t.Errorf("%s holds %d stubs", table.Table, n)
				}
			} else if n := rowsWith(t, d, table.Table, "corp_id = ?", corp); n != 0 {
				t.Errorf("%s still has the row", table.Table)
			}
		}
		world.Advance(100 * 24 * time.Hour) // and now it is more than a year since they were a customer
		exec(t, d, "DELETE FROM groupchat_member")
		exec(t, d, "DELETE FROM work WHERE state = 'done'") // as the bus does after three days, and the database after an hour
		exec(t, d, "DELETE FROM change")
		night()
		for where, values := range dump(t, d) {
			if strings.Contains(values, "KANARIE") && !strings.HasPrefix(where, "moment_post.") && where != "change.names" {
				t.Errorf("%s still holds the canary: %.200s", where, values)
			}
		}
		gone, err := s.Forgotten(t.Context(), d.Read(), person)
		if err != nil || len(gone) != 0 {
			t.Errorf("who was forgotten by age is kept away: %v, %v", gone, err)
		}
	})
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
