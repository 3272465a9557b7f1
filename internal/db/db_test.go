package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestTransactions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put := func(ctx context.Context, tx *db.Tx, id string) error {
			_, err := tx.NewRaw("INSERT INTO customer (corp_id, id, live, added_at) VALUES ('ww1', ?, TRUE, 1)", id).Exec(ctx)
			return err
		}
		var told []string
		no := errors.New("no")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.OnCommit(func() { told = append(told, "rolled back") })
			return errors.Join(put(ctx, tx, "wm1"), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				tx.OnCommit(func() { told = append(told, "panicked") })
				_ = put(ctx, tx, "wm2")
				panic("a mistake")
			})
		}()
		err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.OnCommit(func() {
				var n int
				if err := d.Read().NewRaw("SELECT COUNT(*) FROM customer").Scan(t.Context(), &n); err != nil || n != 1 {
					t.Errorf("told before the commit: %d rows, %v", n, err)
				}
				told = append(told, "committed")
			})
			if err := d.Tx(ctx, func(context.Context, *db.Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), "inside a transaction") {
				t.Errorf("a transaction inside a transaction: %v", err)
			}
			return put(ctx, tx, "wm3")
		})
		if err != nil || !slices.Equal(told, []string{"committed"}) {
			t.Fatalf("told %v, %v", told, err)
		}
	})
}

// Two transactions that read, decide and write under one key do so one after the other, in whatever order they name keys.
func TestLockSerialises(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO customer (corp_id, id, live, added_at) VALUES ('ww1', 'wm1', TRUE, 0)").Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		const n = 40
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				keys := []string{"a", "b", "it's"}
				if i%2 == 0 {
					slices.Reverse(keys)
				}
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					if err := tx.Lock(ctx, keys...); err != nil {
						return err
					}
					var at int64
					if err := tx.NewRaw("SELECT added_at FROM customer WHERE id = 'wm1'").Scan(ctx, &at); err != nil {
						return err
					}
					_, err := tx.NewRaw("UPDATE customer SET added_at = ? WHERE id = 'wm1'", at+1).Exec(ctx)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var at int64
		if err := d.Read().NewRaw("SELECT added_at FROM customer WHERE id = 'wm1'").Scan(t.Context(), &at); err != nil || at != n {
			t.Fatalf("%d of %d updates count, %v", at, n, err)
		}
	})
}

func TestIDsAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	const workers, each = 8, 5000
	all := make([][]int64, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				all[w] = append(all[w], d.NewID())
			}
		})
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, ids := range all {
		if !slices.IsSorted(ids) || ids[0] <= 0 {
			t.Fatal("ids are not sorted by when they were made")
		}
		for _, id := range ids {
			seen[id] = true
		}
	}
	if len(seen) != workers*each {
		t.Fatalf("%d of %d ids are different", len(seen), workers*each)
	}
}

func TestReadersCannotWriteOnSQLite(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	if _, err := d.Read().NewRaw("DELETE FROM customer").Exec(t.Context()); err == nil {
		t.Fatal("the pool for reading writes")
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAWrongURLDoesNotShowThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mysql://root:canary@localhost/x", "postgres://root:canary@[::1/x", "postgres://root:canary@127.0.0.1:1/x?connect_timeout=1"} {
		d, err := db.Open(t.Context(), url, t.TempDir())
		if err == nil {
			_ = d.Close()
		}
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("open: %v", err)
		}
	}
}
