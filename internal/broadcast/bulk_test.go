package broadcast_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/sandbox"
)

// planner is one process of the platform that plans and reserves; nothing of it comes to WeCom.
type planner struct {
	d     *db.DB
	bus   *bus.Bus
	sends *broadcast.Service
}

// crowd is an audience of many.
const crowd = 5_300

func newPlanner(t *testing.T, open func() *db.DB, world clock.World) *planner {
	t.Helper()
	d := open()
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, Key: []byte("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	out := outreach.New(outreach.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, Governor: gov, CorpID: testCorp})
	audience := func(context.Context, customer.AudienceQuery) ([]customer.Member, error) {
		members := make([]customer.Member, crowd)
		for i := range members {
			members[i] = customer.Member{CustomerID: fmt.Sprintf("wm%05d", i), StaffID: fmt.Sprintf("S%02d", i%9)}
		}
		return members, nil
	}
	s := broadcast.New(broadcast.Config{
		DB: d, Bus: b, World: world, Zone: sandbox.Zone, Outreach: out, Governor: gov, CorpID: testCorp, Audience: audience,
		Muster: func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, int, error) {
			members, err := audience(ctx, q)
			return members, 10 * crowd, err
		},
	})
	gov.Register(b)
	out.Register(b)
	s.Register(b)
	return &planner{d, b, s}
}

func TestABulkReservationGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := dbtest.SQLiteDir(t)
		crashes(t, func() (*db.DB, error) { return db.Open(context.Background(), "", dir) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := dbtest.PostgresURL(t)
		crashes(t, func() (*db.DB, error) { return db.Open(context.Background(), url, "") })
	})
}

// crashes submits to many and takes the database away from under each process after a while, until one comes to the end.
func crashes(t *testing.T, open func() (*db.DB, error)) {
	world := clock.NewManual(tuesday)
	opened := func() *db.DB {
		d, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := newPlanner(t, opened, world)
	w := broadcast.Words{Name: "会员日", Text: "周末护理课开放预约。", Benefit: "可以预约护理课", SendAt: clock.At(tuesday.Add(24 * time.Hour))}
	b, err := p.sends.Create(t.Context(), "S01", w)
	must(err)
	plan, err := p.sends.Plan(t.Context(), b.ID, "S01", w, nil)
	must(err)
	if plan.Matched != crowd || plan.Reachable+plan.Held != crowd || plan.Held == 0 {
		t.Fatalf("plan: %d matched, %d reachable, %d held", plan.Matched, plan.Reachable, plan.Held)
	}
	// Somebody who began to submit it and never came to the end left a part of another audience.
	must(p.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO broadcast_receiver (corp_id, broadcast_id, customer_id, staff_id, state) VALUES (?, ?, 'wmGone', 'S01', 'matched')",
			testCorp, b.ID).Exec(ctx)
		return err
	}))
	_, err = p.sends.Submit(t.Context(), b.ID, "S01", nil, plan.Reachable)
	must(err)
	_, err = p.sends.Approve(t.Context(), b.ID, "S02", plan.Reachable)
	must(err)

	decided := func(p *planner) (n int) {
		must(p.d.Read().NewRaw("SELECT COUNT(*) FROM broadcast_receiver WHERE state <> 'matched'").Scan(context.Background(), &n))
		return n
	}
	for _, until := range []int{400, 2_000} { // two processes die with work in their hands
		must(p.bus.Start(context.Background()))
		clocktest.Eventually(t, "a part to be reserved", func() bool { return decided(p) >= until }, func() string { return fmt.Sprint(decided(p)) })
		must(p.d.Close())
		stopping, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_ = p.bus.Stop(stopping) // it cannot give back anything
		cancel()
		p = newPlanner(t, opened, world)
		if n := decided(p); n < until || n == crowd {
			t.Fatalf("%d of %d were decided when it died", n, crowd)
		}
	}
	must(p.bus.Start(context.Background()))
	t.Cleanup(func() { _ = p.bus.Stop(context.Background()) })
	clocktest.Eventually(t, "the rest to be reserved", func() bool { return decided(p) == crowd }, func() string { return fmt.Sprint(decided(p)) })

	var rows []struct {
		RuleID string
		N      int
		Own    int
	}
	must(p.d.Read().NewRaw(`SELECT r.rule_id, COUNT(*) AS n, COUNT(DISTINCT t.id) AS own FROM broadcast_receiver AS r
		JOIN touch AS t ON t.id = r.touch_id AND t.customer_id = r.customer_id AND t.state = r.state GROUP BY r.rule_id ORDER BY n DESC`).Scan(t.Context(), &rows))
	got := map[string]int{}
	for _, r := range rows {
		if r.Own != r.N {
			t.Fatalf("%d receivers of %q share %d entries of the ledger", r.N, r.RuleID, r.Own)
		}
		got[r.RuleID] = r.N
	}
	want := map[string]int{"": plan.Reachable}
	for _, r := range plan.Reasons {
		want[r.RuleID] = r.Count
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("planned and reserved (-planned +reserved):\n%s", diff)
	}
	var touches int
	must(p.d.Read().NewRaw("SELECT COUNT(*) FROM touch").Scan(t.Context(), &touches))
	if touches != crowd {
		t.Fatalf("%d entries in the ledger for %d customers", touches, crowd)
	}
	after, err := p.sends.Plan(t.Context(), b.ID, "S01", w, nil) // another one finds the budget used
	must(err)
	if after.Reachable != 0 {
		t.Fatalf("%d are reachable once more", after.Reachable)
	}
}
