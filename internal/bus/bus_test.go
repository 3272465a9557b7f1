package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
)

func start(t *testing.T, d *db.DB, world clock.World, node string, register func(*bus.Bus)) *bus.Bus {
	t.Helper()
	nc, stop, err := bus.Connect("", t.TempDir(), node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: node})
	if err != nil {
		t.Fatal(err)
	}
	register(b)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	return b
}

// seen collects what was done, and lets a test wait for it without sleeping.
type seen struct {
	mu   sync.Mutex
	keys []string
	more chan struct{}
}

func newSeen() *seen { return &seen{more: make(chan struct{}, 10000)} }

func (s *seen) add(k string) {
	s.mu.Lock()
	s.keys = append(s.keys, k)
	s.mu.Unlock()
	s.more <- struct{}{}
}

func (s *seen) wait(t *testing.T, n int) []string {
	t.Helper()
	limit := time.After(clocktest.Patience)
	for range n {
		select {
		case <-s.more:
		case <-limit:
			t.Fatalf("saw %d of %d", len(s.keys), n)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.keys...)
}

func put(t *testing.T, d *db.DB, b *bus.Bus, items ...bus.Item) int {
	t.Helper()
	var n int
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = b.Put(ctx, tx, items...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWorkOfOneOrderKeyIsDoneInOrderAndOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen()
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Handle("tick", func(ctx context.Context, tx *db.Tx, w bus.Work) error {
				tx.OnCommit(func() { done.add(w.Key) })
				return nil
			})
		})
		var items []bus.Item
		for i := range 300 {
			items = append(items, bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: fmt.Sprintf("k%03d", i), OrderKey: "one"})
		}
		if n := put(t, d, b, items...); n != 300 {
			t.Fatalf("put %d, want 300", n)
		}
		if n := put(t, d, b, items...); n != 0 {
			t.Fatalf("the same work again counted %d, want 0", n)
		}
		for i, k := range done.wait(t, 300) {
			if want := fmt.Sprintf("k%03d", i); k != want {
				t.Fatalf("position %d is %s, want %s", i, k, want)
			}
		}
	})
}

func TestFailedWorkHoldsBackOnlyItsOwnOrderKeyAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done, failed := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen(), newSeen()
		tries := 0
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Handle("tick", func(ctx context.Context, tx *db.Tx, w bus.Work) error {
				if w.Key == "a1" {
					if tries++; tries <= 2 { // once in the batch, once alone
						if tries == 2 {
							failed.add(w.Key)
						}
						return errors.New("no luck")
					}
				}
				tx.OnCommit(func() { done.add(w.Key) })
				return nil
			})
		})
		put(t, d, b,
			bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: "a1", OrderKey: "a"},
			bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: "a2", OrderKey: "a"},
			bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: "b1", OrderKey: "b"})
		failed.wait(t, 1)
		if got := done.wait(t, 1); got[0] != "b1" {
			t.Fatalf("done first: %v, want b1 alone", got)
		}
		// The failure is written after the handler returned. From then on nothing is due: what waits for a1 does not hold the world.
		for busy := true; busy; {
			if t.Context().Err() != nil {
				t.Fatal("a2, which waits for a1, counts as due")
			}
			busy, _ = b.Load(t.Context(), world.Now())
		}
		world.Advance(2 * time.Second)
		if got := done.wait(t, 2); fmt.Sprint(got) != "[b1 a1 a2]" {
			t.Fatalf("done %v, want b1 a1 a2", got)
		}
	})
}

func TestIntentThatCannotSucceedBecomesADeadLetterAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done, tried := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen(), newSeen()
		mended := false
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Perform("call", func(_ context.Context, w bus.Work) (bus.Settle, error) {
				if !mended {
					tried.add(w.Key)
					return nil, bus.Permanent(errors.New("refused"))
				}
				return func(_ context.Context, tx *db.Tx) error {
					tx.OnCommit(func() { done.add(w.Key) })
					return nil
				}, nil
			})
		})
		put(t, d, b, bus.Item{CorpID: "c", Lane: bus.Intent, Kind: "call", Key: "x", OrderKey: "x"})
		tried.wait(t, 1)
		var dead []bus.Work
		for len(dead) == 0 {
			var err error
			if dead, _, err = b.DeadLetters(t.Context(), "c", 0, 10); err != nil {
				t.Fatal(err)
			}
		}
		if dead[0].Error == "" || dead[0].Attempts != 1 {
			t.Fatalf("dead letter %+v: want its error and 1 attempt", dead[0])
		}
		mended = true
		if n, err := b.TryAgain(t.Context(), "c", dead[0].ID); err != nil || n != 1 {
			t.Fatalf("try again: %d, %v", n, err)
		}
		done.wait(t, 1)
	})
}

func TestTimerWaitsForTheWorld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen()
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Handle("ring", func(_ context.Context, tx *db.Tx, w bus.Work) error {
				tx.OnCommit(func() { done.add(w.Key) })
				return nil
			})
		})
		due := world.Now().Add(time.Hour)
		put(t, d, b, bus.Item{CorpID: "c", Lane: bus.Timer, Kind: "ring", Key: "r", OrderKey: "r", DueAt: due})
		if busy, next := b.Load(t.Context(), world.Now()); busy || next != due {
			t.Fatalf("load is busy=%v next=%d, want idle until %d", busy, next, due)
		}
		world.Advance(time.Hour)
		done.wait(t, 1)
	})
}

// The wake-ups of another node get lost: here they go to a server of its own, and it owns no partition.
func TestWorkThatNoWakeUpToldOfIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen()
		start(t, d, world, "n1", func(b *bus.Bus) {
			b.Handle("told", func(_ context.Context, tx *db.Tx, w bus.Work) error {
				tx.OnCommit(func() { done.add(w.Key) })
				return nil
			})
			b.Perform("asked", func(context.Context, bus.Work) (bus.Settle, error) {
				done.add("intent")
				return nil, nil
			})
		})
		nc, stop, err := bus.Connect("", t.TempDir(), "n2")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		deaf, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n2"})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range []bus.Item{
			{CorpID: "c", Lane: bus.Inbox, Kind: "told", Key: "inbox", OrderKey: "a"},
			{CorpID: "c", Lane: bus.Timer, Kind: "told", Key: "timer", OrderKey: "b", DueAt: world.Now()},
			{CorpID: "c", Lane: bus.Intent, Kind: "asked", Key: "intent", OrderKey: "c"},
		} {
			put(t, d, deaf, item)
			if got := done.wait(t, 1); got[len(got)-1] != item.Key {
				t.Fatalf("after %s was put, %v were done", item.Key, got)
			}
		}
	})
}

func TestTwoNodesShareThePartitionsAndDoAllWorkOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	world, done := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen()
	register := func(b *bus.Bus) {
		b.Handle("tick", func(_ context.Context, tx *db.Tx, w bus.Work) error {
			tx.OnCommit(func() { done.add(w.Key) })
			return nil
		})
	}
	b1 := start(t, d, world, "n1", register)
	start(t, d, world, "n2", register)
	var items []bus.Item
	for i := range 400 {
		items = append(items, bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: fmt.Sprint(i), OrderKey: fmt.Sprint(i % 40)})
	}
	put(t, d, b1, items[:200]...)
	if err := b1.Stop(t.Context()); err != nil { // one node leaves: the other takes over
		t.Fatal(err)
	}
	put(t, d, b1, items[200:]...)
	got := map[string]bool{}
	for _, k := range done.wait(t, 400) {
		if got[k] {
			t.Fatalf("%s was done twice", k)
		}
		got[k] = true
	}
}

func TestSlowIntentsHoldUpNeitherHandlersNorUrgentIntents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, done, urgent := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen(), newSeen()
		stuck, begun := make(chan struct{}), newSeen()
		t.Cleanup(func() { close(stuck) })
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Perform("slow", func(ctx context.Context, w bus.Work) (bus.Settle, error) {
				begun.add(w.Key)
				select {
				case <-stuck:
				case <-ctx.Done():
				}
				return nil, nil
			})
			b.Perform("fast", func(_ context.Context, w bus.Work) (bus.Settle, error) {
				urgent.add(w.Key)
				return nil, nil
			})
			b.Handle("told", func(_ context.Context, tx *db.Tx, w bus.Work) error {
				tx.OnCommit(func() { done.add(w.Key) })
				return nil
			})
		})
		var slow, rest []bus.Item
		for i := range 300 { // far more than there are slots, over all partitions
			slow = append(slow, bus.Item{CorpID: "c", Lane: bus.Intent, Kind: "slow", Key: fmt.Sprint("s", i), OrderKey: fmt.Sprint("s", i)})
		}
		for i := range 40 {
			rest = append(rest,
				bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "told", Key: fmt.Sprint("t", i), OrderKey: fmt.Sprint("t", i)},
				bus.Item{CorpID: "c", Lane: bus.Intent, Kind: "fast", Key: fmt.Sprint("f", i), OrderKey: fmt.Sprint("f", i), Urgent: true})
		}
		put(t, d, b, slow...)
		begun.wait(t, 24) // every common slot is taken
		put(t, d, b, rest...)
		done.wait(t, 40)
		urgent.wait(t, 40)
	})
}

// Two nodes never have quite the same time. What one has put a moment ago in our future still goes before what came later, and at once.
func TestOrderHoldsWhenTheClocksOfNodesDiffer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began := time.Unix(1_800_000_000, 0)
		ours, ahead, done := clock.NewManual(began), clock.NewManual(began.Add(time.Second)), newSeen()
		handle := func(_ context.Context, tx *db.Tx, w bus.Work) error {
			tx.OnCommit(func() { done.add(w.Key) })
			return nil
		}
		b := start(t, d, ours, "n1", func(b *bus.Bus) { b.Handle("tick", handle) })
		nc, stop, err := bus.Connect("", t.TempDir(), "n2")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		other, err := bus.New(bus.Config{DB: d, World: ahead, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n2"})
		if err != nil {
			t.Fatal(err)
		}
		put(t, d, other, bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: "a1", OrderKey: "a"})
		put(t, d, b, bus.Item{CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: "a2", OrderKey: "a"})
		if got := done.wait(t, 2); got[0] != "a1" || got[1] != "a2" { // though our clock has not reached the moment of a1
			t.Fatalf("done: %v, want a1 before a2", got)
		}
	})
}

func TestWorkThatReadsAnewIsPutOnceWhileItWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, begun, done := clock.NewManual(time.Unix(1_800_000_000, 0)), newSeen(), newSeen()
		goOn := make(chan struct{})
		b := start(t, d, world, "n1", func(b *bus.Bus) {
			b.Perform("read", func(_ context.Context, w bus.Work) (bus.Settle, error) {
				begun.add(w.Key)
				<-goOn
				done.add(w.Key)
				return nil, nil
			})
		})
		ask := func(keys ...string) { // the first letter is the order key
			t.Helper()
			var items []bus.Item
			for _, key := range keys {
				items = append(items, bus.Item{CorpID: "c", Lane: bus.Intent, Kind: "read", Key: key, OrderKey: key[:1]})
			}
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return b.PutMerged(ctx, tx, items...) })
			if err != nil {
				t.Fatal(err)
			}
		}
		ask("a1")
		begun.wait(t, 1)
		ask("a2")             // the first has begun and may have read too early
		ask("a3", "b1", "b2") // the second will read later than this
		close(goOn)
		got := done.wait(t, 3)
		slices.Sort(got)
		if fmt.Sprint(got) != "[a1 a2 b1]" {
			t.Fatalf("read for %v, want a1 a2 b1", got)
		}
		ask("a4")
		done.wait(t, 1)
	})
}
