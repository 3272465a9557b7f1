package governance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// past is what the ledger holds of one customer and what they said, whatever the instant it is asked for. Reservations
// read it from the database; previews of many keep it in memory. Both count it by the same rules.
type past struct {
	optedOut   clock.Time
	suppressed clock.Time
	pref       *Preference
	sorrow     sorrow
	minor      minor
	touches    []counted
}

// counted is a touch that fills windows.
type counted struct {
	id int64
	slot
	cost     int
	reserved bool // no task has it yet
	limited  bool // marketing or lifecycle
	mass     bool // a mass message
	open     bool // a Moment for everybody
	winback  bool // the last question to somebody silent
	print    likeness.Print
	topic    string
	channel  Channel
}

// slot is when a touch reached its customer, or may.
type slot struct {
	at          clock.Time // delivery; 0 = still open
	from, until clock.Time // of an open one: its sender means to deliver it then; until 0 = at any time
}

// slotOf is the slot of a touch that was delivered at `at`; 0 = it is open.
func slotOf(t *Touch, at clock.Time) slot {
	if at != 0 {
		return slot{at: at}
	}
	return slot{from: t.EarliestAt, until: t.ExpiresAt}
}

// frame is what the windows of an earliest delivery cover.
type frame struct {
	now   clock.Time // of the decision
	on    clock.Time
	last  clock.Time // until when its sender means to deliver it; 0 = at any time
	zone  *time.Location
	print likeness.Print // of what is asked for; 0 = likeness does not matter
	start clock.Time     // of the longest sliding window: later ones count
	from  clock.Time     // of the calendar period of WC-01
	day   clock.Time     // of the day of WC-08
	caps  Caps

	shares bool // some request is under a cap of its topic or channel: the week is needed
}

// covers says whether a window of that length can hold both what is asked for and a touch of the slot. Who is open counts at the worst
// instant between its ends; what should have ended and did not, as a task that a member may still confirm, at any.
func (f frame) covers(s slot, length time.Duration) bool {
	switch {
	case s.at != 0:
		return s.at > f.on.Add(-length)
	case s.until == 0 || s.until <= f.now || f.last == 0:
		return true
	}
	return s.until > f.on.Add(-length) && s.from < f.last.Add(length)
}

// frameOf is the frame of something that is delivered between on and last, as it is decided now.
func (g *Governor) frameOf(now, on, last clock.Time, caps Caps) frame {
	f := frame{now: now, on: on, last: last, zone: g.zone, day: on.Day(g.zone), caps: caps}
	f.from, _, _ = caps.MassMode.Period(on, g.zone)
	f.start = on.Add(-caps.Per[len(caps.Per)-1].length())
	return f
}

// floor is what no window of the frame reaches down to.
func (f frame) floor() clock.Time { return min(f.start, f.from-1) }

// standing counts the past within a frame; u is what they did not react to.
func (p *past) standing(f frame, u unanswered) standing {
	if p == nil {
		return standing{hush: u.on(f.on, f.caps.Sunset, f.zone)}
	}
	s := standing{hush: u.on(f.on, f.caps.Sunset, f.zone), optedOut: p.optedOut, suppressed: p.suppressed, pref: p.pref, sorrow: p.sorrow, minor: p.minor}
	for _, t := range p.touches {
		if t.limited {
			s.twin = s.twin.closer(f.print, t.print, t.at, f.on, f.caps.Alike, f.zone)
			for i, w := range f.caps.Per {
				if f.covers(t.slot, w.length()) {
					s.used[i] += t.cost
				}
			}
			if f.shares && f.covers(t.slot, shareLength) {
				s.week = append(s.week, spent{slot: t.slot, cost: t.cost, topic: t.topic, channel: t.channel, id: t.id})
			}
		}
		if t.winback && t.at == 0 {
			s.hush.asked++
		}
		if t.mass && (t.at == 0 || t.at >= f.from) {
			s.mass++
		}
		if t.open && (t.at == 0 || t.at >= f.day) {
			s.open++
		}
	}
	own, _ := s.limits(f.caps, Marketing)
	for i, w := range own.Per {
		if s.used[i] == 0 || w.fits(s.used[i], maxCost) {
			continue
		}
		for _, t := range p.touches { // over a cap: when it ends has to be told
			if t.limited && f.covers(t.slot, f.caps.Per[len(f.caps.Per)-1].length()) {
				s.at = append(s.at, spent{slot: t.slot, cost: t.cost})
			}
		}
		break
	}
	return s
}

// pastOf reads the past of customers, with the touches that are open or were delivered after floor, in a handful of
// queries however many they are. Those of whom nothing is known are left out.
func (g *Governor) pastOf(ctx context.Context, q bun.IDB, corpID string, customers []string, floor clock.Time) (map[string]*past, error) {
	said, err := g.stopped(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*past, len(said))
	for id, s := range said {
		out[id] = &past{optedOut: s.optedOut, suppressed: s.suppressed, pref: s.pref, sorrow: s.sorrow, minor: s.minor}
	}
	var rows []touched
	err = g.along(ctx, "customer_id", customers, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw(`SELECT customer_id, id, delivered_at, earliest_at, expires_at, state, cost, class, channel, topic, winback, print FROM touch WHERE corp_id = ?
			AND state IN ('reserved','tasked','delivered','committed') AND (delivered_at = 0 OR delivered_at > ?) AND `+where,
			append([]any{corpID, floor}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read the touches of %d customers: %w", len(customers), err)
	}
	wanted := setOf(customers)
	for _, r := range rows {
		if !wanted[r.CustomerID] {
			continue
		}
		p := out[r.CustomerID]
		if p == nil {
			p = new(past)
			out[r.CustomerID] = p
		}
		t := countedOf(&Touch{ID: r.ID, DeliveredAt: r.DeliveredAt, EarliestAt: r.EarliestAt, ExpiresAt: r.ExpiresAt, State: r.State, Cost: r.Cost, Class: r.Class, Channel: r.Channel, Topic: r.Topic, Winback: r.Winback, Print: r.Print})
		if t.limited || t.mass || t.open {
			p.touches = append(p.touches, t)
		}
	}
	return out, nil
}

// touched is what is read of a touch to count it.
type touched struct {
	CustomerID  string
	ID          int64
	DeliveredAt clock.Time
	EarliestAt  clock.Time
	ExpiresAt   clock.Time
	State       State
	Cost        int
	Class       Class
	Channel     Channel
	Topic       string
	Winback     bool
	Print       int64
}

// along reads rows by the names in a column. A batch mostly comes in their order, so that they are neighbours in the index:
// then all between the first and the last are read in one go, unless they are far more. read answers how many it got; some
// of them may be of others. PostgreSQL may order text otherwise than we do: there each is looked for.
func (g *Governor) along(ctx context.Context, column string, ids []string, read func(ctx context.Context, where string, args ...any) (int, error)) error {
	const few, waste = 50, 4
	if g.db.Engine == db.SQLite && len(ids) > few {
		most := waste * len(ids)
		n, err := read(ctx, column+" BETWEEN ? AND ? LIMIT ?", slices.Min(ids), slices.Max(ids), most)
		if err != nil || n < most {
			return err
		}
	}
	_, err := read(ctx, column+" IN ?", g.db.OneOf(ids))
	return err
}

func setOf(ids []string) map[string]bool {
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

func countedOf(t *Touch) counted {
	return counted{id: t.ID, slot: slotOf(t, t.DeliveredAt), cost: t.Cost, reserved: t.State == Reserved, limited: t.Class.Limited(), mass: t.Channel == MassCustomer, open: t.open(), winback: t.Winback, print: likeness.Print(t.Print), topic: t.Topic, channel: t.Channel}
}

// longestWindow is more than any window of FTG-01 or period of WC-01 covers.
const longestWindow = 33 * 24 * time.Hour
