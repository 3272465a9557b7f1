package governance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

var errCrash = errors.New("crash")

// machine drives the real ledger on a real database, as campaigns, members, customers and crashes would, and keeps its own
// record of what happened in the world: that record, not the ledger, is what the invariants are checked against.
type machine struct {
	t     *rapid.T
	g     *Governor
	d     *db.DB
	world *clock.Manual
	corp  string // each run has its own

	next      int
	open      map[int64]string     // handed to WeCom and unanswered: touch -> customer
	reserved  map[int64]string     // reserved as far as the campaigns know
	got       map[int64]clock.Time // what reached a customer, by touch
	told      map[int64]bool       // of those, what the ledger was told
	stopped   map[string]clock.Time
	chosen    map[string]Preference // what a customer chose last
	tasked    map[int64]clock.Time  // when the permit was given
	class     map[int64]Class
	customers []string
}

// do runs f in a transaction that is torn down at its end now and then, as a crash between two storage writes would.
func (m *machine) do(f func(ctx context.Context, tx *db.Tx) error) bool {
	crash := rapid.IntRange(0, 5).Draw(m.t, "crash") == 0
	err := m.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := f(ctx, tx); err != nil {
			return err
		}
		if crash {
			return errCrash
		}
		return nil
	})
	if err != nil && !errors.Is(err, errCrash) {
		m.t.Fatalf("%v", err)
	}
	return err == nil
}

func (m *machine) Reserve(t *rapid.T) {
	var reqs []Request
	for range rapid.IntRange(1, 4).Draw(t, "requests") {
		m.next++
		r := marketing(fmt.Sprintf("k%d", m.next), rapid.SampledFrom(m.customers).Draw(t, "customer"))
		r.CorpID = m.corp
		r.Class = rapid.SampledFrom([]Class{Marketing, Marketing, Lifecycle, Service}).Draw(t, "class")
		r.Cost = rapid.IntRange(1, maxCost).Draw(t, "cost")
		r.NotBefore = m.world.Now().Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours ahead")) * time.Hour)
		reqs = append(reqs, r)
	}
	if again := rapid.Bool().Draw(t, "ask twice"); again {
		reqs = append(reqs, reqs[0])
	}
	var out []Decision
	ok := m.do(func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = m.g.Reserve(ctx, tx, reqs...)
		return err
	})
	if !ok {
		return
	}
	for i, d := range out {
		if d.State == Reserved {
			if _, was := m.stopped[reqs[i].CustomerID]; was && reqs[i].Class.Limited() {
				t.Fatalf("L4: %s is reserved after the opt-out of %s", reqs[i].Key, reqs[i].CustomerID)
			}
			if p := m.chosen[reqs[i].CustomerID]; p.PausedUntil > max(m.world.Now(), reqs[i].NotBefore) && reqs[i].Class.Limited() && !d.Existing {
				if at := m.row(d.TouchID).EarliestAt; at < p.PausedUntil {
					t.Fatalf("FTG-07: %s is reserved for %v, within the pause of %s", reqs[i].Key, at.In(shanghai), reqs[i].CustomerID)
				}
			}
			m.reserved[d.TouchID], m.class[d.TouchID] = reqs[i].CustomerID, reqs[i].Class
		}
	}
}

func (m *machine) pick(t *rapid.T, from map[int64]string) int64 {
	if len(from) == 0 {
		t.Skip("nothing there")
	}
	ids := make([]int64, 0, len(from))
	for id := range from {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(t, "touch")
}

func (m *machine) Permit(t *rapid.T) {
	id := m.pick(t, m.reserved)
	var permits []Permit
	ok := m.do(func(ctx context.Context, tx *db.Tx) (err error) {
		permits, _, err = m.g.Permit(ctx, tx, id)
		return err
	})
	if !ok || len(permits) == 0 {
		return
	}
	c := permits[0].CustomerID()
	if _, was := m.stopped[c]; was && m.class[id].Limited() {
		t.Fatalf("L4: touch %d is tasked after the opt-out of %s", id, c)
	}
	if m.class[id].Limited() && !m.g.book.caps.Quiet.Open(m.world.Now(), shanghai) {
		t.Fatalf("FTG-05: touch %d is tasked at %v", id, m.world.Now().In(shanghai))
	}
	if m.class[id].Limited() && m.chosen[c].PausedUntil > m.world.Now() {
		t.Fatalf("FTG-07: touch %d is tasked within the pause of %s", id, c)
	}
	delete(m.reserved, id)
	m.open[id], m.tasked[id] = c, m.world.Now()
}

// Confirm is the member's act: the customer has it, and the ledger does not know yet.
func (m *machine) Confirm(t *rapid.T) {
	id := m.pick(t, m.open)
	if _, done := m.got[id]; !done {
		m.got[id] = m.world.Now()
	}
}

// Poll tells the ledger what WeCom says, once or twice.
func (m *machine) Poll(t *rapid.T) {
	id := m.pick(t, m.open)
	at, delivered := m.got[id]
	for range rapid.IntRange(1, 2).Draw(t, "times told") {
		ok := m.do(func(ctx context.Context, tx *db.Tx) error {
			if delivered {
				return m.g.Delivered(ctx, tx, id, at)
			}
			return m.g.Release(ctx, tx, id, "WC-02", errs.T("成员没有确认。", "The member did not confirm."))
		})
		if ok {
			delete(m.open, id)
			m.told[id] = delivered
		}
	}
}

func (m *machine) OptOut(t *rapid.T) {
	c := rapid.SampledFrom(m.customers).Draw(t, "customer")
	var told []OptedOut
	m.g.OnOptOut = []func(context.Context, *db.Tx, OptedOut) error{func(_ context.Context, _ *db.Tx, e OptedOut) error {
		told = append(told, e)
		return nil
	}}
	ok := m.do(func(ctx context.Context, tx *db.Tx) error { return m.g.OptOut(ctx, tx, m.corp, c, "page", "customer") })
	if !ok {
		return
	}
	if _, was := m.stopped[c]; was {
		return
	}
	m.stopped[c] = m.world.Now()
	if len(told) != 1 {
		t.Fatalf("told of the opt-out %d times", len(told))
	}
	want := 0
	for id, of := range m.open {
		if of == c && m.class[id].Limited() {
			want++
		}
	}
	if len(told[0].Open) < want {
		t.Fatalf("L4: %d open tasks of %s, told of %d", want, c, len(told[0].Open))
	}
}

// Choose is a customer who wants less. What members hold already is taken back by the campaigns, which are not part of this
// machine: here only what was not handed out yet has to obey.
func (m *machine) Choose(t *rapid.T) {
	p := Preference{
		CorpID: m.corp, CustomerID: rapid.SampledFrom(m.customers).Draw(t, "customer"), Via: "page", ByWhom: "customer",
		Pace: rapid.SampledFrom([]Pace{Usual, Weekly, Monthly}).Draw(t, "pace"),
	}
	if rapid.Bool().Draw(t, "pause") {
		p.PausedUntil = m.world.Now().Add(time.Duration(rapid.IntRange(1, 72).Draw(t, "hours")) * time.Hour)
	}
	if m.do(func(ctx context.Context, tx *db.Tx) error { return m.g.SetPreference(ctx, tx, p) }) {
		p.SetAt = m.world.Now()
		m.chosen[p.CustomerID] = p
	}
}

func (m *machine) Expire(*rapid.T) {
	m.do(func(ctx context.Context, tx *db.Tx) error { return m.g.expire(ctx, tx, bus.Work{CorpID: m.corp}) })
}

func (m *machine) Wait(t *rapid.T) {
	m.world.Advance(time.Duration(rapid.IntRange(1, 26*60).Draw(t, "minutes")) * time.Minute)
}

func (m *machine) rows() []Touch {
	var rows []Touch
	if err := m.d.Read().NewSelect().Model(&rows).Where("corp_id = ?", m.corp).OrderExpr("id").Scan(context.Background()); err != nil {
		m.t.Fatalf("%v", err)
	}
	return rows
}

// Check is run after every step.
func (m *machine) Check(t *rapid.T) {
	// L1, against the world's own record: at every delivery, the deliveries within each window up to it.
	for _, c := range m.customers {
		var at []clock.Time
		for id, when := range m.got {
			if m.customerOf(id) == c && m.class[id].Limited() {
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
	m.checkPace(t)
	for _, r := range m.rows() {
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
		// L7: a reservation that is past its end is gone after the timer ran.
		if r.State == Reserved && r.ExpiresAt == 0 {
			t.Fatalf("L7: touch %d is reserved for ever", r.ID)
		}
	}
}

// checkPace: of what was handed out after a customer chose a pace, no window holds more than one.
func (m *machine) checkPace(t *rapid.T) {
	for c, p := range m.chosen {
		days := map[Pace]int{Weekly: 7, Monthly: 30}[p.Pace]
		if days == 0 {
			continue
		}
		var at []clock.Time
		for id, when := range m.tasked {
			if m.class[id].Limited() && when > p.SetAt && m.got[id] != 0 && m.customerOf(id) == c {
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

func (m *machine) row(id int64) *Touch {
	found, err := touchesByID(context.Background(), m.d.Read(), m.corp, []int64{id})
	if err != nil || found[id] == nil {
		m.t.Fatalf("touch %d: %v", id, err)
	}
	return found[id]
}

func (m *machine) customerOf(id int64) string { return m.row(id).CustomerID }

func TestLedgerKeepsItsInvariantsUnderAnyOrderAndCrash(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	world := clock.NewManual(tuesday)
	g := newGovernor(t, d, world)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		world.Set(clock.At(tuesday))
		m := &machine{
			t: rt, g: g, d: d, world: world, corp: fmt.Sprintf("run%d", run), open: map[int64]string{}, reserved: map[int64]string{},
			got: map[int64]clock.Time{}, told: map[int64]bool{}, stopped: map[string]clock.Time{}, tasked: map[int64]clock.Time{},
			class: map[int64]Class{}, chosen: map[string]Preference{}, customers: []string{"a", "b"},
		}
		rt.Repeat(rapid.StateMachineActions(m))
		// L7 at quiescence: everything open gets its answer, time passes, the timer runs.
		for id := range m.open {
			at, delivered := m.got[id]
			if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				if delivered {
					return g.Delivered(ctx, tx, id, at)
				}
				return g.Release(ctx, tx, id, "WC-02", errs.Text{})
			}); err != nil {
				rt.Fatalf("%v", err)
			}
		}
		world.Advance(72 * time.Hour)
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return g.expire(ctx, tx, bus.Work{CorpID: m.corp}) }); err != nil {
			rt.Fatalf("%v", err)
		}
		for _, r := range m.rows() {
			if r.State == Reserved || r.State == Tasked {
				rt.Fatalf("L7: touch %d is still %s at rest", r.ID, r.State)
			}
		}
		if r := verified(t, auditOf(t, g, m.corp)); !r.OK() { // whatever happened, the audit log knows of it
			rt.Fatalf("A1: %+v", r.Problems)
		}
	})
}

func TestConcurrentCampaignsCannotOverspend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		nodes := []*Governor{newGovernor(t, d, world), newGovernor(t, d, world)} // as two nodes on one database
		const campaigns, customers = 8, 300
		var wg sync.WaitGroup
		errc := make(chan error, campaigns)
		for c := range campaigns {
			wg.Go(func() {
				var reqs []Request
				for i := range customers {
					reqs = append(reqs, marketing(fmt.Sprintf("b%d/%d", c, i), fmt.Sprintf("customer %03d", i)))
				}
				errc <- d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					_, err := nodes[c%2].Reserve(ctx, tx, reqs...)
					return err
				})
			})
		}
		wg.Wait()
		for range campaigns {
			if err := <-errc; err != nil {
				t.Fatal(err)
			}
		}
		var over, all int
		err := d.Read().NewRaw("SELECT COUNT(*) FROM (SELECT customer_id FROM touch WHERE state = 'reserved' GROUP BY customer_id HAVING COUNT(*) > 1) AS o").Scan(t.Context(), &over)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE state = 'reserved'").Scan(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		if over != 0 || all != customers {
			t.Fatalf("%d customers over their cap, %d reservations, want 0 and %d", over, all, customers)
		}
	})
}
