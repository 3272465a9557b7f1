package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// What a mass message to very many is held to.
const (
	boundPreview  = 2 * time.Second
	boundReserve  = 60 * time.Second
	boundCallback = 50 * time.Millisecond
	scaleStaff    = 2_000
)

// crowd is a corp with very many customers, and what plans and reserves for them.
type crowd struct {
	d         *db.DB
	bus       *bus.Bus
	customers *customer.Service
	sends     *broadcast.Service
	url       string // where callbacks go
	n         int
}

// scale measures a mass message to every customer of a large corp: the preview, then the reservation while callbacks come.
func (c *benchCmd) scale(ctx context.Context) error {
	return c.onEngines(ctx, c.scaleOn)
}

// onEngines measures on SQLite, and on PostgreSQL when it is given, each time with an empty directory.
func (c *benchCmd) onEngines(ctx context.Context, measure func(ctx context.Context, url, dir string) error) error {
	engines := []string{""}
	if c.Postgres != "" {
		engines = append(engines, c.Postgres)
	}
	for _, url := range engines {
		dir, err := os.MkdirTemp("", "zhiyin-bench-")
		if err != nil {
			return err
		}
		err = measure(ctx, url, dir)
		_ = os.RemoveAll(dir)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *benchCmd) scaleOn(ctx context.Context, url, dir string) error {
	n := c.Crowd
	w, stop, err := newCrowd(ctx, url, dir, n)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("a mass message to %d customers of %d members, %s; load average %s\n", n, scaleStaff, w.d.Engine, load())
	began := time.Now()
	if err := w.fill(ctx); err != nil {
		return err
	}
	fmt.Printf("%-52s %10.1f s\n", "  (customers, tags, touches and opt-outs written)", time.Since(began).Seconds())
	began = time.Now()
	if err := w.sends.Warm(ctx); err != nil {
		return err
	}
	fmt.Printf("%-52s %10.1f s\n", "warm-up, once after each start", time.Since(began).Seconds())
	plan, err := w.preview(ctx)
	if err != nil {
		return err
	}
	return c.reserve(ctx, w, plan)
}

func newCrowd(ctx context.Context, url, dir string, n int) (w *crowd, stop func(), err error) {
	w = &crowd{n: n}
	var ends []func()
	stop = func() {
		for _, f := range slices.Backward(ends) {
			f()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	if w.d, err = db.Open(ctx, url, dir); err != nil {
		return nil, nil, err
	}
	ends = append(ends, func() { _ = w.d.Close() })
	if err := w.d.Migrate(ctx); err != nil {
		return nil, nil, err
	}
	nc, stopNATS, err := bus.Connect("", filepath.Join(dir, "nats"), "bench")
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, stopNATS)
	world := clock.System{}
	if w.bus, err = bus.New(bus.Config{DB: w.d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "bench"}); err != nil {
		return nil, nil, err
	}
	w.customers = customer.New(customer.Config{DB: w.d, Bus: w.bus, World: world, Zone: shanghai(), CorpID: benchCorp})
	gov, err := governance.New(governance.Config{
		DB: w.d, Bus: w.bus, World: world, Zone: shanghai(), Key: []byte("0123456789abcdef"),
		Identities: func(ctx context.Context, q bun.IDB, _ string, ids []string) (map[string][]string, error) {
			return w.customers.UnionIDs(ctx, q, ids)
		},
		Began: func(ctx context.Context, q bun.IDB, _ string, staffIDs []string, after clock.Time) (map[string]clock.Time, error) {
			return w.customers.Began(ctx, q, staffIDs, after)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	out := outreach.New(outreach.Config{DB: w.d, Bus: w.bus, World: world, Zone: shanghai(), Governor: gov, CorpID: benchCorp})
	w.sends = broadcast.New(broadcast.Config{
		DB: w.d, Bus: w.bus, World: world, Zone: shanghai(), Outreach: out, Governor: gov, CorpID: benchCorp,
		Audience: w.customers.Audience, Muster: w.customers.Muster,
	})
	gov.Register(w.bus)
	out.Register(w.bus)
	w.sends.Register(w.bus)
	w.customers.Register(w.bus)
	w.bus.Perform("customer.refresh", func(ctx context.Context, _ bus.Work) (bus.Settle, error) {
		<-ctx.Done() // reading details from WeCom is not measured here
		return nil, ctx.Err()
	})
	crypto, err := callback.New(benchToken, benchKey, benchCorp)
	if err != nil {
		return nil, nil, err
	}
	in := inbound.New(inbound.Config{
		DB: w.d, Bus: w.bus, World: world, Log: log.Discard(), CorpID: benchCorp,
		Crypto: func(string) (*callback.Crypto, error) { return crypto, nil },
	})
	in.Start(ctx)
	ends = append(ends, in.Stop)
	mux := http.NewServeMux()
	in.Register(mux)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	ends = append(ends, func() { _ = server.Close() })
	w.url = "http://" + l.Addr().String() + "/callback/wecom"
	return w, stop, nil
}

func shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*3600) }

// fill writes the corp in a few statements: every customer has a relation and two tags, one in three got a mass message
// within a month and one in ten of these two, one in fifty said stop, one in a hundred wants less.
func (w *crowd) fill(ctx context.Context) error {
	now := int64(clock.System{}.Now())
	day := int64(24 * time.Hour / time.Millisecond)
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", w.n)
	id := "'wmScale0' || CAST(10000000 + i AS TEXT)"
	for _, q := range []string{
		fmt.Sprintf("INSERT INTO customer (corp_id, id, name, live, added_at) %s SELECT '%s', %s, '客户' || CAST(i AS TEXT), TRUE, %d FROM n", numbers, benchCorp, id, now-90*day),
		fmt.Sprintf("INSERT INTO relation (corp_id, customer_id, staff_id, live, added_at) %s SELECT '%s', %s, 'S' || CAST(1000 + i %% %d AS TEXT), TRUE, %d FROM n", numbers, benchCorp, id, scaleStaff, now-90*day),
		fmt.Sprintf("INSERT INTO relation_tag (corp_id, customer_id, staff_id, tag_id) %s SELECT '%s', %s, 'S' || CAST(1000 + i %% %d AS TEXT), 'member' FROM n", numbers, benchCorp, id, scaleStaff),
		fmt.Sprintf("INSERT INTO relation_tag (corp_id, customer_id, staff_id, tag_id) %s SELECT '%s', %s, 'S' || CAST(1000 + i %% %d AS TEXT), 'tag' || CAST(i %% 100 AS TEXT) FROM n", numbers, benchCorp, id, scaleStaff),
		w.touches(numbers, id, "a", 3, now-2*day),
		w.touches(numbers, id, "b", 30, now-20*day),
		fmt.Sprintf("INSERT INTO optout (corp_id, id, customer_id, since, via, by_whom) %s SELECT '%s', i, %s, %d, 'page', 'customer' FROM n WHERE i %% 50 = 7", numbers, benchCorp, id, now-40*day),
		fmt.Sprintf("INSERT INTO preference (corp_id, id, customer_id, pace, set_at, via, by_whom) %s SELECT '%s', i, %s, 'monthly', %d, 'page', 'customer' FROM n WHERE i %% 100 = 3", numbers, benchCorp, id, now-40*day),
	} {
		if err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.ExecContext(ctx, q); return err }); err != nil {
			return fmt.Errorf("%s...: %w", q[:40], err)
		}
	}
	if w.d.Engine == db.Postgres { // autovacuum would
		return w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.ExecContext(ctx, "ANALYZE"); return err })
	}
	return nil
}

// touches writes a delivered mass message to one in `every` customers.
func (w *crowd) touches(numbers, id, campaign string, every int, at int64) string {
	first := map[string]int64{"a": 1, "b": 2}[campaign] * 100_000_000
	return fmt.Sprintf(`INSERT INTO touch (corp_id, id, key, customer_id, staff_id, channel, class, campaign_id, campaign_name, texts, requested_by,
		request_reason, state, why, rule_version, task_id, reserved_at, earliest_at, delivered_at, committed_at) %s
		SELECT '%s', %d + i, '%s/' || CAST(i AS TEXT), %s, 'S' || CAST(1000 + i %% %d AS TEXT), 'mass_customer', 'marketing', '%s', '会员日', '["周末护理课开放预约"]',
		'S01', '会员日通知', 'committed', '[]', 'bench/0', 'msg', %d, %d, %d, %d FROM n WHERE i %% %d = 0`,
		numbers, benchCorp, first, campaign, id, scaleStaff, campaign, at, at, at, at, every)
}

func (w *crowd) words() broadcast.Words {
	at := time.Now().In(shanghai()).AddDate(0, 0, 1)
	return broadcast.Words{
		Name: "会员日", Text: "【花间】周末护理课开放预约，到店出示会员码。", Benefit: "可以预约护理课",
		Audience: broadcast.Audience{Tags: []string{"member"}, ExcludeTags: []string{"nobody"}},
		SendAt:   clock.At(time.Date(at.Year(), at.Month(), at.Day(), 11, 0, 0, 0, shanghai())),
	}
}

// preview plans five times and tells the median.
func (w *crowd) preview(ctx context.Context) (*broadcast.Plan, error) {
	var took []time.Duration
	var plan *broadcast.Plan
	for range 5 {
		began := time.Now()
		p, err := w.sends.Plan(ctx, 0, "S1000", w.words(), nil)
		if err != nil {
			return nil, err
		}
		took, plan = append(took, time.Since(began)), p
	}
	slices.Sort(took)
	fmt.Printf("%-52s %10.2f s median, %.2f s worst     bound: %.0f s\n", fmt.Sprintf("preview for %d customers", plan.Matched), took[2].Seconds(), took[4].Seconds(), boundPreview.Seconds())
	fmt.Printf("%-52s %10d, held %d by %d reasons\n", "  reachable", plan.Reachable, plan.Held, len(plan.Reasons))
	if plan.Matched != w.n {
		return nil, fmt.Errorf("%d of %d customers matched", plan.Matched, w.n)
	}
	return plan, nil
}

// reserve submits and measures until everybody is decided, while callbacks come.
func (c *benchCmd) reserve(ctx context.Context, w *crowd, plan *broadcast.Plan) error {
	words := w.words()
	b, err := w.sends.Create(ctx, "S1000", words)
	if err != nil {
		return err
	}
	if err := w.bus.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = w.bus.Stop(context.WithoutCancel(ctx)) }()
	meanwhile, done := context.WithCancel(ctx)
	defer done()
	heard := make(chan answered, 1)
	go func() { heard <- c.listen(meanwhile, w.url, max(c.Meanwhile, 1)) }()

	began, used := time.Now(), costNow()
	if _, err := w.sends.Submit(ctx, b.ID, "S1000", nil, plan.Reachable); err != nil {
		return err
	}
	frozen, freezing := time.Since(began), used.since()
	began = time.Now()
	if _, err := w.sends.Approve(ctx, b.ID, "S1001", plan.Reachable); err != nil {
		return err
	}
	approved := time.Since(began)
	began, used = time.Now(), costNow()
	for left := true; left; {
		var some []int
		err := w.d.Read().NewRaw("SELECT 1 FROM broadcast_receiver WHERE corp_id = ? AND broadcast_id = ? AND state = 'matched' LIMIT 1", benchCorp, b.ID).Scan(ctx, &some)
		if err != nil {
			return err
		}
		left = len(some) > 0
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	took, reserving := time.Since(began), used.since()
	done()
	a := <-heard
	fmt.Printf("%-52s %10.1f s\n", "submit: audience frozen", frozen.Seconds())
	freezing.each(w.n)
	fmt.Printf("%-52s %10.1f s\n", "approve: counted again", approved.Seconds())
	fmt.Printf("%-52s %10.1f s, %.0f a second     bound: %.0f s\n", fmt.Sprintf("reserve %d customers in the ledger", w.n), took.Seconds(),
		float64(w.n)/took.Seconds(), boundReserve.Seconds())
	reserving.each(w.n)
	fmt.Printf("%-52s %10s\n", "  load average at its end", load())
	fmt.Printf("%-52s %10.1f ms p50, %.1f ms p99, %.1f ms worst of %d     bound: p99 %d ms\n", fmt.Sprintf("  callbacks meanwhile, %d a second", max(c.Meanwhile, 1)),
		a.P50, a.P99, a.Worst, a.OK, boundCallback.Milliseconds())
	counts, err := w.sends.Counts(ctx, b.ID, nil)
	if err != nil {
		return err
	}
	if counts.Reachable != plan.Reachable || counts.Held != plan.Held {
		return fmt.Errorf("previewed %d reachable and %d held, reserved %d and %d", plan.Reachable, plan.Held, counts.Reachable, counts.Held)
	}
	began = time.Now()
	p, err := w.sends.Plan(ctx, 0, "S1000", words, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%-52s %10.2f s, %d reachable\n", "preview of another one straight afterwards", time.Since(began).Seconds(), p.Reachable)
	return a.err
}
