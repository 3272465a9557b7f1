package db_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

type setting struct {
	bun.BaseModel `bun:"table:setting"`

	CorpID string `bun:",pk"`
	Name   string `bun:",pk"`
	Value  string
	Sealed bool
}

func TestRowsThatAgreeInMostColumnsAreAllWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(rows []*setting, conflict string) (n int64) {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = db.InsertAlike(ctx, tx, rows, conflict)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		var want []setting
		for round := range 3 { // the second time the statement is prepared
			rows := make([]*setting, 230) // some bound, the rest as text
			for i := range rows {
				rows[i] = &setting{CorpID: "c", Name: fmt.Sprintf("%d/%03d", round, i), Value: `a "?" or '$1'` + "\n会员", Sealed: true}
				if round == 1 {
					rows[i].Value, rows[i].Sealed = fmt.Sprint("'?", i), i%2 == 0
				}
				want = append(want, *rows[i])
			}
			if n := write(rows, ""); n != 230 {
				t.Fatalf("%d of 230 written", n)
			}
			again := append(rows[:7:7], &setting{CorpID: "c", Name: fmt.Sprintf("%d/new", round)})
			want = append(want, *again[7])
			if n := write(again, "ON CONFLICT (corp_id, name) DO NOTHING"); n != 1 {
				t.Fatalf("%d written beside those that were there", n)
			}
		}
		one := &setting{CorpID: "c", Name: "0/000", Value: "changed"}
		want[0].Value = "changed"
		write([]*setting{one}, "ON CONFLICT (corp_id, name) DO UPDATE SET value = EXCLUDED.value")
		if n := write(nil, ""); n != 0 {
			t.Fatal("rows out of nothing")
		}
		var got []setting
		if err := d.Read().NewSelect().Model(&got).Where("name IN ?", d.OneOf(names(want))).OrderExpr("name").Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func names(rows []setting) (out []string) {
	for _, r := range rows {
		out = append(out, r.Name)
	}
	return out
}

func sorted(rows []setting) map[string]setting {
	out := map[string]setting{}
	for _, r := range rows {
		out[r.Name] = r
	}
	return out
}

func TestAFollowerReadsEachChangeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		note := func(area string, names ...string) {
			t.Helper()
			err := d.Tx(t.Context(), func(_ context.Context, tx *db.Tx) error { tx.Changed("c", area, names...); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		f := d.Follow("c", "touch", "tag")
		next := func() (out [][]string) {
			t.Helper()
			changes, lost, err := f.Next(t.Context())
			if err != nil || lost {
				t.Fatal(lost, err)
			}
			for _, c := range changes {
				out = append(out, append([]string{c.Area}, c.Names...))
			}
			return out
		}
		next() // what was noted within the minute before
		note("touch", "a", "b")
		note("other", "x")
		note("tag")
		if diff := cmp.Diff([][]string{{"touch", "a", "b"}, {"tag"}}, next()); diff != "" {
			t.Fatal(diff)
		}
		if got := next(); got != nil {
			t.Fatalf("read twice: %v", got)
		}
		_ = d.Tx(t.Context(), func(_ context.Context, tx *db.Tx) error {
			tx.Changed("c", "touch", "never")
			return context.Canceled
		})
		note("touch", "c")
		if diff := cmp.Diff([][]string{{"touch", "c"}}, next()); diff != "" {
			t.Fatal(diff)
		}
		if err := d.ForgetChanges(t.Context()); err != nil { // nothing is that old
			t.Fatal(err)
		}
	})
}
