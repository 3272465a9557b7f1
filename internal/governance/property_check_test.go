package governance

import (
	"context"
	"slices"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Check is run after every step.
func (m *machine) Check(t *rapid.T) {
	rows := m.rows()
	byID := make(map[int64]Touch, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	// L1, against the world's own record: at every delivery, the deliveries within each window up to it.
	for _, c := range m.customers {
		var at []clock.Time
		for id, when := range m.got {
			if byID[id].CustomerID == c && m.class[id].Limited() {
				at = append(at, when)
			}
		}
		for _, w := range m.g.book.caps.Per {
			for _, end := range at {
				n := 0
				for _, x := range at {
					if x <= end && x > end.Add(-w.length()) {
						n++
					}
				}
				if n > w.Cap {
					t.Fatalf("L1: %s got %d within %d days", c, n, w.Days)
				}
			}
		}
	}
	m.checkPace(t, byID)
	m.checkTopics(t, byID)
	for _, r := range rows {
		// L3: what was booked once is not booked again.
		if r.State == Committed {
			if first, was := m.booked[r.ID]; was && first != r.CommittedAt {
				t.Fatalf("L3: touch %d was booked at %v and again at %v", r.ID, first.In(shanghai), r.CommittedAt.In(shanghai))
			}
			m.booked[r.ID] = r.CommittedAt
		}
		// L8: only what was not tasked gives way, and only to a higher class.
		if by, gave := byID[r.DisplacedBy]; gave && (r.State != Released || r.TaskedAt != 0 || by.Class.rank() >= r.Class.rank()) {
			t.Fatalf("L8: %s touch %d, %s, gave way to %d, %s", r.Class, r.ID, r.State, by.ID, by.Class)
		}
		// L2, L3: what the world and the ledger agreed on stays, booked at its own time.
		if m.told[r.ID] && (r.State != Committed || r.DeliveredAt != m.got[r.ID]) {
			t.Fatalf("L2: touch %d was delivered and is %s", r.ID, r.State)
		}
		// L6: what reached a customer counts, told or not.
		if _, got := m.got[r.ID]; got && (r.State == Released || r.State == Held) {
			t.Fatalf("L6: touch %d reached its customer and is %s", r.ID, r.State)
		}
		// L4: booked late when it came after the stop.
		if since, was := m.stopped[r.CustomerID]; was && m.told[r.ID] && r.Class.Limited() && m.got[r.ID] > since && !r.Late {
			t.Fatalf("L4: touch %d came after the opt-out and is not late", r.ID)
		}
		// LAW-08: what reached a minor after the mark, and is forbidden, is booked as late.
		if young := m.minors[r.CustomerID]; young.age != "" && m.told[r.ID] && r.Class.Limited() && r.CommittedAt >= young.since && m.got[r.ID] > young.since && !young.grant(r.Class, r.Traits).ok && !r.Late {
			t.Fatalf("LAW-08: touch %d reached %s, who is %s, and is not late", r.ID, r.CustomerID, young.age)
		}
		// L7: a reservation that is past its end is gone after the timer ran.
		if r.State == Reserved && r.ExpiresAt == 0 {
			t.Fatalf("L7: touch %d is reserved for ever", r.ID)
		}
	}
}

// checkPace: of what was handed out after a customer chose a pace, no window holds more than one.
func (m *machine) checkPace(t *rapid.T, byID map[int64]Touch) {
	for c, p := range m.chosen {
		days := map[Pace]int{Weekly: 7, Monthly: 30}[p.Pace]
		if days == 0 {
			continue
		}
		var at []clock.Time
		for id, when := range m.tasked {
			if m.class[id].Limited() && when > p.SetAt && m.got[id] != 0 && byID[id].CustomerID == c {
				at = append(at, m.got[id])
			}
		}
		slices.Sort(at)
		for i := 1; i < len(at); i++ {
			if at[i] < at[i-1].Add(time.Duration(days)*24*time.Hour) {
				t.Fatalf("FTG-07: %s chose %s and got two at %v and %v", c, p.Pace, at[i-1].In(shanghai), at[i].In(shanghai))
			}
		}
	}
}

// checkTopics: nobody gets more about one topic within 7 days than FTG-02 allows, by the world's own record.
func (m *machine) checkTopics(t *rapid.T, byID map[int64]Touch) {
	type about struct{ customer, topic string }
	at := map[about][]clock.Time{}
	for id, when := range m.got {
		if r := byID[id]; r.Class.Limited() && r.Topic != "" {
			k := about{r.CustomerID, r.Topic}
			at[k] = append(at[k], when)
		}
	}
	for k, all := range at {
		for _, end := range all {
			n := 0
			for _, x := range all {
				if x <= end && x > end.Add(-7*24*time.Hour) {
					n++
				}
			}
			if n > m.g.book.caps.TopicWeek {
				t.Fatalf("FTG-02: %s got %d about %s within 7 days", k.customer, n, k.topic)
			}
		}
	}
}

// checkGivenBack: right after a choice, no reservation is left that it forbids.
func (m *machine) checkGivenBack(t *rapid.T, p Preference) {
	rows := slices.DeleteFunc(m.rows(), func(r Touch) bool { return r.CustomerID != p.CustomerID || !r.Class.Limited() })
	days := map[Pace]int{Weekly: 7, Monthly: 30}[p.Pace]
	for _, r := range rows {
		if r.State != Reserved {
			continue
		}
		if p.PausedUntil > p.SetAt || r.Topic != "" && slices.Contains(p.TopicsOff, r.Topic) {
			t.Fatalf("FTG-07: touch %d is still reserved, and %s paused until %v and wants nothing about %v", r.ID, p.CustomerID, p.PausedUntil.In(shanghai), p.TopicsOff)
		}
		if p.NoTraits && r.Traits {
			t.Fatalf("LAW-12: touch %d is still reserved, chosen by traits, and %s refused that", r.ID, p.CustomerID)
		}
		for _, o := range rows {
			first := o.ID < r.ID && (o.State == Reserved || o.State == Tasked)
			had := o.State == Committed && o.DeliveredAt > p.SetAt.Add(-time.Duration(days)*24*time.Hour)
			if days > 0 && (first || had) {
				t.Fatalf("FTG-07: touch %d is still reserved beside %d, and %s chose %s", r.ID, o.ID, p.CustomerID, p.Pace)
			}
		}
	}
}

func (m *machine) row(id int64) *Touch {
	found, err := m.g.touchesByID(context.Background(), m.d.Read(), m.corp, []int64{id})
	if err != nil || found[id] == nil {
		m.t.Fatalf("touch %d: %v", id, err)
	}
	return found[id]
}

// settle is L7 at quiescence: everything open gets its answer, time passes, the timer runs.
func (m *machine) settle(rt *rapid.T) {
	tx := func(f func(ctx context.Context, tx *db.Tx) error) {
		if err := m.d.Tx(context.Background(), f); err != nil {
			rt.Fatalf("%v", err)
		}
	}
	for id := range m.open {
		tx(func(ctx context.Context, tx *db.Tx) error {
			if at, delivered := m.got[id]; delivered {
				return m.g.Delivered(ctx, tx, id, at)
			}
			return m.g.Release(ctx, tx, id, "WC-02", errs.Text{})
		})
	}
	m.world.Advance(200 * time.Hour) // beyond the end of whatever was planned
	tx(func(ctx context.Context, tx *db.Tx) error { return m.g.expire(ctx, tx, bus.Work{CorpID: m.corp}) })
	for _, r := range m.rows() {
		if r.State == Reserved || r.State == Tasked {
			rt.Fatalf("L7: touch %d is still %s at rest", r.ID, r.State)
		}
	}
}
