package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestRunsKeepOrderAndNameNoOrderKeyTwice(t *testing.T) {
	t.Parallel()
	for rows, want := range map[string]string{ // kind and order key of each row
		"":                     "",
		"x1":                   "x1",
		"x1 x2 x3":             "x1 x2 x3",
		"x1 x2 y3 y4 x5":       "x1 x2|y3 y4|x5",
		"x1 x2 x1 x3 x2 x1":    "x1 x2|x1 x3 x2|x1",
		"x1 y1 x1":             "x1|y1|x1",
		"x1 x1 x1":             "x1|x1|x1",
		"x1 x2 x3 x3 y3 y4 y3": "x1 x2 x3|x3|y3 y4|y3",
	} {
		var in []Work
		for w := range strings.FieldsSeq(rows) {
			in = append(in, Work{Kind: w[:1], OrderKey: w[1:]})
		}
		var out []string
		for _, run := range runs(in) {
			var words []string
			for _, w := range run {
				words = append(words, w.Kind+w.OrderKey)
			}
			out = append(out, strings.Join(words, " "))
		}
		if got := strings.Join(out, "|"); got != want {
			t.Errorf("runs of %q are %q, want %q", rows, got, want)
		}
	}
	if got := runs([]Work{{CorpID: "a", OrderKey: "1"}, {CorpID: "b", OrderKey: "2"}}); len(got) != 2 {
		t.Errorf("two corps share a run: %v", got)
	}
}

// One that fails spoils the batch, but not the others: each is then done alone, and once.
func TestWorkDoneTogetherIsDoneAloneAfterAFailure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := held(t, d)
		var calls, done []string
		b.HandleMany("many", func(_ context.Context, tx *db.Tx, ws []Work) error {
			var keys []string
			for _, w := range ws {
				keys = append(keys, w.Key)
				tx.OnCommit(func() { done = append(done, w.Key) })
			}
			calls = append(calls, strings.Join(keys, " "))
			if slices.Contains(keys, "k2") {
				return errors.New("no luck")
			}
			return nil
		})
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := b.parts[part("c", "o0")]
		var items []Item
		for i := 0; len(items) < 4; i++ { // four order keys of one partition
			if order := fmt.Sprint("o", i); part("c", order) == p.n {
				items = append(items, Item{CorpID: "c", Lane: Inbox, Kind: "many", Key: fmt.Sprint("k", len(items)), OrderKey: order})
			}
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Put(ctx, tx, items...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := p.handle(t.Context(), p.owned()); err != nil || n != 4 {
			t.Fatalf("handled %d, %v", n, err)
		}
		if want := []string{"k0 k1 k2 k3", "k0", "k1", "k2", "k3"}; !slices.Equal(calls, want) {
			t.Errorf("calls %q, want %q", calls, want)
		}
		if want := []string{"k0", "k1", "k3"}; !slices.Equal(done, want) {
			t.Errorf("done %q, want %q", done, want)
		}
		if rows, err := p.due(t.Context(), told, batch); err != nil || len(rows) != 0 {
			t.Errorf("%d rows are due though the one that failed waits, %v", len(rows), err)
		}
	})
}

// The world may move between the step that finds nothing and the look at what is next: what became due in between must be
// named, or it lies until the sweep.
func TestWhatBecomesDueWhileLookingIsNotForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := held(t, d)
		b.HandleMany("many", func(context.Context, *db.Tx, []Work) error { return nil })
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		world, ok := b.world.(*clock.Manual)
		if !ok {
			t.Fatal("the bus of this test has a clock that is moved by hand")
		}
		due := world.Now().Add(time.Second)
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Put(ctx, tx, Item{CorpID: "c", Lane: Timer, Kind: "many", Key: "k", OrderKey: "o", DueAt: due})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p := b.parts[part("c", "o")]
		next, err := p.drain(t.Context(), p.owned(), told, func(ctx context.Context, fence int64) (int, error) {
			n, err := p.handle(ctx, fence)
			world.Advance(2 * time.Second)
			return n, err
		})
		if err != nil || next != due {
			t.Errorf("next is due at %v, %v; want %v", next, err, due)
		}
	})
}

// The loops of 16 partitions and their sweep read the table all the time: whatever else lies in it, they must find their rows by index.
func TestDueWorkIsFoundByIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		explain := "EXPLAIN QUERY PLAN "
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if d.Engine == db.Postgres { // an empty table is read whole unless that is forbidden
				explain = "EXPLAIN "
				if _, err := tx.NewRaw("SET LOCAL enable_seqscan = off").Exec(ctx); err != nil {
					return err
				}
				if _, err := tx.NewRaw("SET LOCAL enable_bitmapscan = off").Exec(ctx); err != nil {
					return err
				}
			}
			for _, q := range []struct {
				query string
				args  []any
				want  []string
			}{
				{firstOf(Inbox, atOnce), []any{3, 1_800_000_000_000, 200}, []string{"work_open", "work_failed"}},
				{firstOf(Intent, atOnce), []any{3, 1_800_000_000_000, 200}, []string{"work_open", "work_failed"}},
				{firstOf(Timer, timed), []any{3, 1_800_000_000_000, 200}, []string{"work_failed"}}, // and work_open or work_next, as the engine likes
				{whoHasDue([]string{"(1)", "(2)"}), []any{1_800_000_000_000}, []string{"work_open"}},
				{waiting, []any{"c", bun.List([]string{"a", "b"}), "k"}, []string{"work_waiting"}},
			} {
				query := q.query
				rows, err := tx.QueryContext(ctx, explain+query, q.args...)
				if err != nil {
					return fmt.Errorf("%s: %w", query, err)
				}
				plan, err := text(rows)
				if err != nil {
					return err
				}
				for _, index := range q.want {
					if !strings.Contains(plan, index) {
						t.Errorf("%s does not use %s:\n%s", query, index, plan)
					}
				}
				if strings.Contains(plan, "SCAN work") || strings.Contains(plan, "Seq Scan") {
					t.Errorf("%s reads the whole table:\n%s", query, plan)
				}
				if strings.Contains(query, atOnce) && (strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort")) {
					t.Errorf("%s sorts what the index has in order:\n%s", query, plan)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// text is every column of every row, one row a line.
func text(rows *sql.Rows) (string, error) {
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return "", err
		}
		for _, c := range cells {
			_, _ = fmt.Fprint(&out, *c.(*any), " ")
		}
		out.WriteByte('\n')
	}
	return out.String(), rows.Err()
}
