package bus

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
)

// held makes a bus whose loops do not run: a test takes its steps one by one.
func held(t *testing.T, d *db.DB) *Bus {
	t.Helper()
	nc, stop, err := Connect("", t.TempDir(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := New(Config{DB: d, World: clock.NewManual(time.Unix(1_800_000_000, 0)), Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loseAndRegain lets another node own all partitions for a moment, as when this one was too slow to renew its leases.
func loseAndRegain(t *testing.T, b *Bus) {
	t.Helper()
	for _, step := range []string{
		"UPDATE lease SET owner = 'n2', fence = fence + 1",
		"UPDATE lease SET owner = '', until = 0",
	} {
		err := b.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw(step).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// An attempt that began before the partition was lost may not settle after it came back: its intent was given back
// meanwhile, as one whose call may have gone out, and its next attempt asks the outside first.
func TestAnAttemptOfBeforeTheLossDoesNotSettleAfterTheReturn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := held(t, d)
		began, goOn := make(chan int, 2), make(chan struct{})
		settled := make(chan int, 2)
		b.Perform("call", func(_ context.Context, w Work) (Settle, error) {
			began <- w.Attempts
			<-goOn
			return func(_ context.Context, tx *db.Tx) error {
				tx.OnCommit(func() { settled <- w.Attempts })
				return nil
			}, nil
		})
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		item := Item{CorpID: "c", Lane: Intent, Kind: "call", Key: "x", OrderKey: "x"}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Put(ctx, tx, item)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p := b.parts[part("c", "x")]
		if n, err := p.perform(t.Context(), p.owned()); err != nil || n != 1 {
			t.Fatalf("began %d intents, %v", n, err)
		}
		<-began
		loseAndRegain(t, b)
		goOn <- struct{}{} // the answer of the first attempt comes only now
		b.wg.Wait()
		select {
		case <-settled:
			t.Fatal("the attempt of before the loss settled the intent that was given back")
		default:
		}
		if n, err := p.perform(t.Context(), p.owned()); err != nil || n != 1 {
			t.Fatalf("began %d intents after the return, %v", n, err)
		}
		if attempts := <-began; attempts != 1 {
			t.Fatalf("the second attempt sees %d earlier ones, want 1: the call may have gone out", attempts)
		}
		goOn <- struct{}{}
		b.wg.Wait()
		if attempts := <-settled; attempts != 1 {
			t.Fatalf("the attempt after %d others settled, want the second", attempts)
		}
	})
}

// The same for handlers: rows that were read before the loss may have been done by the other node.
func TestRowsReadBeforeTheLossAreNotHandledAfterTheReturn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := held(t, d)
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := b.parts[3]
		fence := p.owned()
		loseAndRegain(t, b)
		for _, c := range []struct {
			name  string
			fence int64
			want  error
		}{{"of before", fence, errNotOwner}, {"of now", p.owned(), nil}, {"none", 0, errNotOwner}} {
			if err := p.commit(t.Context(), c.fence, nil); err != c.want { //nolint:errorlint // the sentinel itself
				t.Errorf("a batch with the fence %s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

// The database goes away while a call is made, so its end cannot be written: it is tried again once the database is back,
// as one whose call may have gone out, and nothing of its order key goes before it.
func TestAnIntentWhoseEndCouldNotBeWrittenIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := held(t, d)
		write := func(f func(ctx context.Context, tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		rename := func(from, to string) {
			write(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("ALTER TABLE " + from + " RENAME TO " + to).Exec(ctx)
				return err
			})
		}
		var calls []string
		b.Perform("call", func(_ context.Context, w Work) (Settle, error) {
			calls = append(calls, fmt.Sprint(w.Key, w.Attempts))
			if len(calls) == 1 {
				rename("work", "work_away")
			}
			return nil, nil
		})
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Put(ctx, tx, Item{CorpID: "c", Lane: Intent, Kind: "call", Key: "x", OrderKey: "x"}, Item{CorpID: "c", Lane: Intent, Kind: "call", Key: "y", OrderKey: "x"})
			return err
		})
		p := b.parts[part("c", "x")]
		if n, err := p.perform(t.Context(), p.owned()); err != nil || n != 1 {
			t.Fatalf("began %d intents, %v", n, err)
		}
		b.wg.Wait()
		if _, err := p.perform(t.Context(), p.owned()); err == nil {
			t.Fatal("without its table the bus found no fault")
		}
		rename("work_away", "work")
		for range 2 {
			if n, err := p.perform(t.Context(), p.owned()); err != nil || n != 1 {
				t.Fatalf("after the return it began %d intents, %v", n, err)
			}
			b.wg.Wait()
		}
		if want := []string{"x0", "x1", "y0"}; !slices.Equal(calls, want) {
			t.Errorf("called %v, want %v", calls, want)
		}
		var open int
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE state <> 'done'").Scan(t.Context(), &open); err != nil || open != 0 {
			t.Errorf("%d intents are left, %v", open, err)
		}
	})
}

// A node that can read but not write is not ready: it would accept what it cannot keep.
func TestABusThatCannotWriteItsLeasesIsNotReady(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, now := held(t, d), time.Now()
		b.wall = clock.FakeWall(func() time.Time { return now })
		if _, err := b.openStream(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.Ready(t.Context()) == nil {
			t.Fatal("it is ready before it has a lease")
		}
		if err := b.shareOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Ready(t.Context()); err != nil {
			t.Fatalf("with its leases it is not ready: %v", err)
		}
		away := func(from, to string) {
			t.Helper()
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("ALTER TABLE " + from + " RENAME TO " + to).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		away("lease", "lease_away")
		now = now.Add(leaseFor + time.Second)
		if b.shareOut(t.Context()) == nil || b.Ready(t.Context()) == nil {
			t.Fatal("without its leases it is ready")
		}
		away("lease_away", "lease")
		if err := b.shareOut(t.Context()); err != nil || b.Ready(t.Context()) != nil {
			t.Fatalf("after the return it is not ready: %v, %v", err, b.Ready(t.Context()))
		}
	})
}
