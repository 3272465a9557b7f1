package governance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

var errCrash = errors.New("crash")

// crash ends a transaction at its nth write, as a power cut between two writes would: by a panic that nothing of the ledger
// catches.
type crash struct{ left int }

type crashKey struct{}

// powerCut is the hook that counts the writes of those transactions that are to end so.
type powerCut struct{}

func (powerCut) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	c, ok := ctx.Value(crashKey{}).(*crash)
	if !ok {
		return ctx
	}
	switch e.Operation() {
	case "INSERT", "UPDATE", "DELETE":
		if c.left--; c.left < 0 {
			panic(errCrash)
		}
	}
	return ctx
}

func (powerCut) AfterQuery(context.Context, *bun.QueryEvent) {}

// machine drives the real ledger on a real database, as campaigns, members, customers and crashes would, and keeps its own
// record of what happened in the world: that record, not the ledger, is what the invariants are checked against.
type machine struct {
	t     *rapid.T
	nodes [2]*Governor // two processes on one database
	g     *Governor    // the one whose turn it is
	d     *db.DB
	world *clock.Manual
	corp  string // each run has its own

	next      int
	open      map[int64]string     // handed to WeCom and unanswered: touch -> customer
	reserved  map[int64]string     // reserved as far as the campaigns know
	got       map[int64]clock.Time // what reached a customer, by touch
	told      map[int64]bool       // of those, what the ledger was told
	stopped   map[string]clock.Time
	chosen    map[string]Preference     // what a customer chose last
	minors    map[string]minor          // who is marked as a minor
	lives     map[string]*time.Location // where a customer is known to live
	tasked    map[int64]clock.Time      // when the permit was given
	booked    map[int64]clock.Time      // when the ledger booked a delivery first
	class     map[int64]Class
	customers []string
	ahead     []*Foresight // decided, and not written yet
}

// do runs f in a transaction of one of the nodes. Now and then it is torn down before one of its writes, or just before it
// would have been committed: then the ledger has to be as it was.
func (m *machine) do(f func(ctx context.Context, tx *db.Tx) error) bool {
	m.g = m.nodes[rapid.IntRange(0, 1).Draw(m.t, "node")]
	if rapid.IntRange(0, 5).Draw(m.t, "crash") != 0 {
		if err := m.d.Tx(context.Background(), f); err != nil {
			m.t.Fatalf("%v", err)
		}
		return true
	}
	before := m.rows()
	err := m.cut(rapid.IntRange(0, 6).Draw(m.t, "writes before the crash"), f)
	if !errors.Is(err, errCrash) {
		m.t.Fatalf("%v", err)
	}
	if !reflect.DeepEqual(before, m.rows()) {
		m.t.Fatalf("a transaction that never ended left something behind")
	}
	return false
}

func (m *machine) cut(writes int, f func(ctx context.Context, tx *db.Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != any(errCrash) {
				panic(r)
			}
			err = errCrash
		}
	}()
	ctx := context.WithValue(context.Background(), crashKey{}, &crash{writes})
	return m.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := f(ctx, tx); err != nil {
			return err
		}
		return errCrash
	})
}

func (m *machine) Reserve(t *rapid.T) {
	var reqs []Request
	for range rapid.IntRange(1, 4).Draw(t, "requests") {
		m.next++
		r := marketing(fmt.Sprintf("k%d", m.next), rapid.SampledFrom(m.customers).Draw(t, "customer"))
		r.CorpID = m.corp
		r.Class = rapid.SampledFrom([]Class{Marketing, Marketing, Lifecycle, Service}).Draw(t, "class")
		r.Cost = rapid.IntRange(1, maxCost).Draw(t, "cost")
		r.Topic = rapid.SampledFrom([]string{"", "护肤", "护肤", "会员日"}).Draw(t, "topic")
		r.Traits = rapid.Bool().Draw(t, "traits")
		r.NotBefore = m.world.Now().Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 5, 26, 30, 60}).Draw(t, "hours ahead")) * time.Hour)
		r.Expires = r.NotBefore.Add(time.Duration(rapid.IntRange(1, 24).Draw(t, "hours open")) * time.Hour)
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
	m.answered(t, reqs, out)
}

// Foresee decides about a message ahead of the transaction that writes it.
func (m *machine) Foresee(t *rapid.T) {
	var reqs []Request
	for range rapid.IntRange(1, 3).Draw(t, "requests") {
		m.next++
		r := marketing(fmt.Sprintf("k%d", m.next), rapid.SampledFrom(m.customers).Draw(t, "customer"))
		r.CorpID, r.Topic = m.corp, rapid.SampledFrom([]string{"", "护肤"}).Draw(t, "topic")
		r.Traits = rapid.Bool().Draw(t, "traits")
		reqs = append(reqs, r)
	}
	f, err := m.nodes[rapid.IntRange(0, 1).Draw(t, "node")].Foresee(context.Background(), reqs)
	if err != nil || f == nil {
		t.Fatalf("%v, %v", f, err)
	}
	m.ahead = append(m.ahead, f)
}

// WriteForeseen writes what was decided ahead, whatever came between.
func (m *machine) WriteForeseen(t *rapid.T) {
	if len(m.ahead) == 0 {
		t.Skip("nothing there")
	}
	f := m.ahead[0]
	m.ahead = m.ahead[1:]
	var out []Decision
	ok := m.do(func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = m.g.ReserveForeseen(ctx, tx, f)
		return err
	})
	if ok {
		m.answered(t, f.reqs, out)
	}
}

// answered notes what a campaign was told.
func (m *machine) answered(t *rapid.T, reqs []Request, out []Decision) {
	for i, d := range out {
		if d.State == Reserved {
			if _, was := m.stopped[reqs[i].CustomerID]; was && reqs[i].Class.Limited() {
				t.Fatalf("L4: %s is reserved after the opt-out of %s", reqs[i].Key, reqs[i].CustomerID)
			}
			if young := m.minors[reqs[i].CustomerID]; young.age != "" && reqs[i].Class.Limited() && !d.Existing && !young.grant(reqs[i].Class, reqs[i].Traits).ok {
				t.Fatalf("LAW-08: %s is reserved, and %s is %s", reqs[i].Key, reqs[i].CustomerID, young.age)
			}
			if p := m.chosen[reqs[i].CustomerID]; p.NoTraits && reqs[i].Traits && reqs[i].Class.Limited() && !d.Existing {
				t.Fatalf("LAW-12: %s is reserved, chosen by traits, and %s refused that", reqs[i].Key, reqs[i].CustomerID)
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
	ids := []int64{m.pick(t, m.reserved)}
	if rapid.Bool().Draw(t, "all") {
		ids = slices.Sorted(maps.Keys(m.reserved))
	}
	var permits []Permit
	ok := m.do(func(ctx context.Context, tx *db.Tx) (err error) {
		permits, _, err = m.g.Permit(ctx, tx, ids...)
		return err
	})
	if !ok {
		return
	}
	for _, p := range permits {
		m.handedOut(t, p.TouchID(), p.CustomerID())
	}
}

// handedOut notes that a member has a touch now.
func (m *machine) handedOut(t *rapid.T, id int64, c string) {
	if _, was := m.stopped[c]; was && m.class[id].Limited() {
		t.Fatalf("L4: touch %d is tasked after the opt-out of %s", id, c)
	}
	if m.class[id].Limited() && !m.g.book.caps.Quiet.Open(m.world.Now(), m.zone(c)) {
		t.Fatalf("FTG-05: touch %d is tasked at %v", id, m.world.Now().In(shanghai))
	}
	if young := m.minors[c]; young.age != "" && m.class[id].Limited() && !young.grant(m.class[id], m.row(id).Traits).ok {
		t.Fatalf("LAW-08: touch %d is tasked, and %s is %s", id, c, young.age)
	}
	if m.class[id].Limited() && m.chosen[c].PausedUntil > m.world.Now() {
		t.Fatalf("FTG-07: touch %d is tasked within the pause of %s", id, c)
	}
	delete(m.reserved, id)
	m.open[id], m.tasked[id] = c, m.world.Now()
}

// zone is by whose hours a customer may be reached.
func (m *machine) zone(customer string) *time.Location {
	if l := m.lives[customer]; l != nil {
		return l
	}
	return shanghai
}

// Move is a customer whose zone becomes known, or is not known any more.
func (m *machine) Move(t *rapid.T) {
	c := rapid.SampledFrom(m.customers).Draw(t, "customer")
	name := rapid.SampledFrom([]string{"", "America/New_York", "Asia/Urumqi"}).Draw(t, "zone")
	ok := m.do(func(ctx context.Context, tx *db.Tx) error {
		_, err := m.g.SetZones(ctx, tx, m.corp, "staff", "S01", map[string]string{c: name})
		return err
	})
	if !ok {
		return
	}
	delete(m.lives, c)
	if name != "" {
		m.lives[c], _ = time.LoadLocation(name)
	}
}

// Mark is a customer who turns out to be a minor, or not to be one.
func (m *machine) Mark(t *rapid.T) {
	c := rapid.SampledFrom(m.customers).Draw(t, "customer")
	age := rapid.SampledFrom([]Age{"", Under14, Under18}).Draw(t, "age")
	if age == "" && m.minors[c].age == "" {
		t.Skip("nothing to end")
	}
	agreed := rapid.SampledFrom([][]Purpose{nil, {ForMarketing}, {ForMarketing, ForTraits}}).Draw(t, "the guardian agrees to")
	ok := m.do(func(ctx context.Context, tx *db.Tx) error {
		if age == "" {
			return m.g.EndAge(ctx, tx, m.corp, c, "S01", "弄错了人")
		}
		if _, err := m.g.MarkAge(ctx, tx, AgeMark{CorpID: m.corp, CustomerID: c, Age: age, Reason: "本人说的", SetBy: "S01"}); err != nil {
			return err
		}
		if err := m.g.GuardianEnds(ctx, tx, m.corp, c, "S01"); err != nil || agreed == nil {
			return err
		}
		return m.g.GuardianAgrees(ctx, tx, Guardian{CorpID: m.corp, CustomerID: c, Who: "母亲", Words: "到店签字", Purposes: agreed, By: "S01"})
	})
	if !ok {
		return
	}
	delete(m.minors, c)
	if age == "" {
		return
	}
	young := minor{age: age, since: m.world.Now()}
	for _, p := range agreed {
		young = young.with(p)
	}
	m.minors[c] = young
	for _, r := range m.rows() { // nothing is left reserved that the mark forbids
		if r.CustomerID == c && r.State == Reserved && r.Class.Limited() && !young.grant(r.Class, r.Traits).ok {
			t.Fatalf("LAW-08: touch %d is still reserved, and %s is %s", r.ID, c, age)
		}
	}
}

// Confirm is the member's act: the customer has it, and the ledger does not know yet.
func (m *machine) Confirm(t *rapid.T) {
	ids := []int64{m.pick(t, m.open)}
	if rapid.Bool().Draw(t, "all") {
		ids = slices.Sorted(maps.Keys(m.open))
	}
	for _, id := range ids {
		if _, done := m.got[id]; !done {
			m.got[id] = m.world.Now()
		}
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
	hear := []func(context.Context, *db.Tx, OptedOut) error{func(_ context.Context, _ *db.Tx, e OptedOut) error {
		told = append(told, e)
		return nil
	}}
	m.nodes[0].OnOptOut, m.nodes[1].OnOptOut = hear, hear
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
	if rapid.Bool().Draw(t, "a topic less") {
		p.TopicsOff = topics{"护肤"}
	}
	p.NoTraits = rapid.Bool().Draw(t, "no traits")
	if m.do(func(ctx context.Context, tx *db.Tx) error { return m.g.SetPreference(ctx, tx, p) }) {
		p.SetAt = m.world.Now()
		m.chosen[p.CustomerID] = p
		m.checkGivenBack(t, p)
	}
}

// TellAgain is a callback that comes once more, later.
func (m *machine) TellAgain(t *rapid.T) {
	known := map[int64]string{}
	for id, delivered := range m.told {
		if delivered {
			known[id] = ""
		}
	}
	id := m.pick(t, known)
	m.do(func(ctx context.Context, tx *db.Tx) error { return m.g.Delivered(ctx, tx, id, m.world.Now()) })
}

// Race lets two campaigns on two nodes ask for the same customer at the same instant.
func (m *machine) Race(t *rapid.T) {
	c := rapid.SampledFrom(m.customers).Draw(t, "customer")
	var reqs [2]Request
	var out [2][]Decision
	var errs [2]error
	for i := range reqs {
		m.next++
		reqs[i] = marketing(fmt.Sprintf("k%d", m.next), c)
		reqs[i].CorpID, reqs[i].Class = m.corp, rapid.SampledFrom([]Class{Marketing, Lifecycle}).Draw(t, "class")
	}
	var ahead [2]*Foresight // where it is marketing, a node may have decided before the other began
	for i := range reqs {
		if rapid.Bool().Draw(t, "decided ahead") {
			if ahead[i], errs[i] = m.nodes[i].Foresee(context.Background(), reqs[i:i+1]); errs[i] != nil {
				t.Fatalf("%v", errs[i])
			}
		}
	}
	var wg sync.WaitGroup
	for i := range reqs {
		wg.Go(func() {
			errs[i] = m.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
				if ahead[i] != nil {
					out[i], err = m.nodes[i].ReserveForeseen(ctx, tx, ahead[i])
				} else {
					out[i], err = m.nodes[i].Reserve(ctx, tx, reqs[i])
				}
				return err
			})
		})
	}
	wg.Wait()
	for i := range reqs {
		if errs[i] != nil {
			t.Fatalf("%v", errs[i])
		}
		m.answered(t, reqs[i:i+1], out[i])
	}
}

// RaceOptOut lets a customer say stop on one node while the other gives a permit: either the task is known to the stop, or there
// is no permit.
func (m *machine) RaceOptOut(t *rapid.T) {
	id := m.pick(t, m.reserved)
	c := m.row(id).CustomerID
	if _, was := m.stopped[c]; was {
		t.Skip("stopped before")
	}
	var told []OptedOut
	m.nodes[1].OnOptOut = []func(context.Context, *db.Tx, OptedOut) error{func(_ context.Context, _ *db.Tx, e OptedOut) error {
		told = append(told, e)
		return nil
	}}
	var permits []Permit
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() {
		errs[0] = m.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
			permits, _, err = m.nodes[0].Permit(ctx, tx, id)
			return err
		})
	})
	wg.Go(func() {
		errs[1] = m.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return m.nodes[1].OptOut(ctx, tx, m.corp, c, "page", "customer")
		})
	})
	wg.Wait()
	if errs[0] != nil && !strings.Contains(errs[0].Error(), errChanged.Error()) || errs[1] != nil {
		t.Fatalf("%v %v", errs[0], errs[1])
	}
	m.stopped[c] = m.world.Now()
	if errs[0] != nil || len(permits) == 0 {
		return
	}
	if m.class[id].Limited() && !slices.ContainsFunc(told[0].Open, func(x Touch) bool { return x.ID == id }) {
		t.Fatalf("L4: touch %d got its permit and the stop of %s does not know it", id, c)
	}
	delete(m.reserved, id)
	m.open[id], m.tasked[id] = c, m.world.Now()
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

func TestLedgerKeepsItsInvariantsUnderAnyOrderAndCrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		nodes := [2]*Governor{newGovernor(t, d, world), newGovernor(t, d, world)}
		inTx(t, d, func(_ context.Context, tx *db.Tx) error {
			tx.NewUpdate().DB().AddQueryHook(powerCut{}) //nolint:staticcheck // the newer way makes another connection pool's twin
			return nil
		})
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			if run++; run > 20 && d.Engine != db.SQLite {
				return // a server's round trips are slower, and the rules the same
			}
			world.Set(clock.At(tuesday))
			m := &machine{
				t: rt, nodes: nodes, g: nodes[0], d: d, world: world, corp: fmt.Sprintf("run%d", run), open: map[int64]string{}, reserved: map[int64]string{},
				got: map[int64]clock.Time{}, told: map[int64]bool{}, stopped: map[string]clock.Time{}, tasked: map[int64]clock.Time{},
				booked: map[int64]clock.Time{}, class: map[int64]Class{}, chosen: map[string]Preference{}, lives: map[string]*time.Location{}, minors: map[string]minor{}, customers: []string{"a", "b"},
			}
			rt.Repeat(rapid.StateMachineActions(m))
			m.settle(rt)
			if r := verified(t, auditOf(t, nodes[0], m.corp)); !r.OK() { // whatever happened, the audit log knows of it
				rt.Fatalf("A1: %+v", r.Problems)
			}
		})
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
