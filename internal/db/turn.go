package db

import (
	"context"
	"sync"
)

// turns decides who writes next on SQLite, where one transaction writes at a time. The pool of database/sql would pick a
// waiter at random: with dozens of them a callback might wait for seconds, and a lease lapse. Here waiters go in order,
// and those that WeCom waits for go first; but not more than a few of them in a row, so that the work they bring is done.
type turns struct {
	mu      sync.Mutex
	busy    bool
	row     int // urgent turns in a row
	waiting [2][]chan struct{}
}

const (
	urgentTurns = 0
	otherTurns  = 1
	mostUrgent  = 8
)

type urgentKey struct{}

// Urgent marks transactions under ctx as waited for by WeCom: they go before others.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// take waits for the turn. Whoever got it gives it back.
func (t *turns) take(ctx context.Context) error {
	queue := otherTurns
	if ctx.Value(urgentKey{}) != nil {
		queue = urgentTurns
	}
	t.mu.Lock()
	if !t.busy {
		t.busy = true
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	t.waiting[queue] = append(t.waiting[queue], mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	for i, c := range t.waiting[queue] {
		if c == mine {
			t.waiting[queue] = append(t.waiting[queue][:i], t.waiting[queue][i+1:]...)
			t.mu.Unlock()
			return ctx.Err()
		}
	}
	t.mu.Unlock()
	t.give() // it came at the same moment
	return ctx.Err()
}

// give lets the next one write.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := urgentTurns
	if len(t.waiting[urgentTurns]) == 0 || (t.row >= mostUrgent && len(t.waiting[otherTurns]) > 0) {
		queue = otherTurns
	}
	if queue == urgentTurns {
		t.row++
	} else {
		t.row = 0
	}
	if len(t.waiting[queue]) == 0 {
		t.busy = false
		return
	}
	next := t.waiting[queue][0]
	t.waiting[queue] = t.waiting[queue][1:]
	close(next)
}
