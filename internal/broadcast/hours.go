package broadcast

import (
	"cmp"
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Customers whose zone is known are reached by their own hours (FTG-05). A task is one member's, and WeCom takes it back only as a
// whole: so those whose hours begin or end otherwise than the message's have tasks of their own, made when their hours begin
// and taken back when they end.

const shutKind = "broadcast.shut" // the hours of some tasks end before those of the message

const ruleHours = "FTG-05"

// lot is what the receivers of one task have in common.
type lot struct {
	staffID string
	closes  clock.Time // 0 = with the message
}

// divided is what can be done with reserved receivers now.
type divided struct {
	due    []*Receiver                      // in their order
	closes map[string]clock.Time            // of those among them whose own hours end before the message's
	next   clock.Time                       // when the next of the others may be reached; 0 = there is none
	never  map[governance.Hours][]*Receiver // their hours and those of the message do not meet any more
}

// soonest is the earlier of two instants; 0 = there is none.
func soonest(a, b clock.Time) clock.Time {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// divide sorts receivers by when they may be reached, by the zones that are known now.
func (s *Service) divide(ctx context.Context, tx *db.Tx, b *Broadcast, rows []*Receiver) (divided, error) {
	now := max(s.World.Now(), b.OpensAt)
	d := divided{closes: map[string]clock.Time{}, never: map[governance.Hours][]*Receiver{}}
	own := map[string]governance.Hours{}
	if b.Kind == ToCustomers {
		ids := make([]string, len(rows))
		for i, r := range rows {
			ids[i] = r.CustomerID
		}
		var err error
		if own, err = s.Governor.HoursWithin(ctx, tx, s.CorpID, ids, now, b.ClosesAt); err != nil {
			return d, err
		}
	}
	for _, r := range rows {
		h, ok := own[r.CustomerID]
		if !ok {
			h = governance.Hours{Opens: now, Closes: b.ClosesAt}
		}
		opens := h.Opens
		if r.RuleID == ruleHours { // what was reserved for later counted up to then
			opens = max(opens, r.NextAt)
		}
		switch {
		case opens >= h.Closes && ok:
			d.never[h] = append(d.never[h], r)
		case opens > now && ok:
			d.next = soonest(d.next, opens)
		default:
			if h.Closes < b.ClosesAt {
				d.closes[r.CustomerID] = h.Closes
			}
			d.due = append(d.due, r)
		}
	}
	return d, nil
}

// holdBack gives back what was reserved for customers whose hours do not meet those of the message any more.
func (s *Service) holdBack(ctx context.Context, tx *db.Tx, b *Broadcast, d divided) error {
	for h, rows := range d.never {
		o := outcome{state: Held, rule: ruleHours, reason: governance.ReasonHours(h.Zone), next: h.Opens}
		if err := s.giveBack(ctx, tx, b, rows, o); err != nil {
			return err
		}
	}
	return nil
}

type shutStep struct {
	ID int64
	At clock.Time
}

// shutAt takes back at an instant what members have not confirmed by then of the tasks that end with it.
func (s *Service) shutAt(ctx context.Context, tx *db.Tx, id int64, at clock.Time) error {
	return s.then(ctx, tx, shutKind, id, fmt.Sprint(shutKind, "/", id, "/", int64(at)), shutStep{id, at}, at)
}

// shut takes back the tasks whose customers' own hours are over.
func (s *Service) shut(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p shutStep
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil || !b.State.running() {
		return err
	}
	return s.takeBack(ctx, tx, b, taking{ID: b.ID, Why: closed, Run: w.Key, Until: p.At})
}

// ends is when a task of a mass message is taken back.
func (t *Task) ends(b *Broadcast) clock.Time { return cmp.Or(t.ClosesAt, b.ClosesAt) }
