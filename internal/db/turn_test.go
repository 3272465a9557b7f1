package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestTurnsGoInOrderUrgentFirstAndStarveNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn turns
		var got []string
		var wg sync.WaitGroup
		queue := func(ctx context.Context, name string) {
			wg.Go(func() {
				if err := turn.take(ctx); err != nil {
					t.Error(err)
					return
				}
				got = append(got, name) // the turn guards it
				turn.give()
			})
			synctest.Wait()
		}
		if err := turn.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		queue(t.Context(), "a")
		queue(t.Context(), "b")
		for i := range 10 {
			queue(Urgent(t.Context()), fmt.Sprint("u", i))
		}
		turn.give()
		wg.Wait()
		want := []string{"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "a", "u8", "u9", "b"}
		if !slices.Equal(got, want) {
			t.Fatalf("order %v, want %v", got, want)
		}
		if turn.busy {
			t.Fatal("nobody writes, but the turn was not given back")
		}
	})
}

func TestAWaiterThatGivesUpLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn turns
		if err := turn.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- turn.take(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		turn.give()
		if turn.busy {
			t.Fatal("the turn went to somebody who had left")
		}
	})
}
