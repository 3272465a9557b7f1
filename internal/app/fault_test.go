package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	syncing "zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
)

// road stands between sandbox and platform and notes what each delivery came to.
type road struct {
	mu         sync.Mutex
	acked      int
	unanswered int
	refused    []int // statuses that are no success
	bodies     []delivery
	took       []time.Duration // of those that were acknowledged
}

type delivery struct{ path, body string }

func newRoad(t *testing.T, box *sandbox.Server, a *node) *road {
	t.Helper()
	r := &road{}
	client := &http.Client{Timeout: clocktest.Patience}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		d := delivery{req.URL.RequestURI(), string(body)}
		r.mu.Lock()
		r.bodies = append(r.bodies, d)
		r.mu.Unlock()
		began := time.Now()
		resp, err := client.Post(a.url+d.path, "text/xml", bytes.NewReader(body))
		took := time.Since(began)
		if err == nil {
			defer func() { _ = resp.Body.Close() }()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case err != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
			r.unanswered++
			panic(http.ErrAbortHandler) // WeCom sees it as it was
		case err != nil:
			t.Errorf("a delivery was not even closed: %v", err)
			panic(http.ErrAbortHandler)
		case resp.StatusCode != http.StatusOK:
			r.refused = append(r.refused, resp.StatusCode)
			w.WriteHeader(resp.StatusCode)
		default:
			r.acked++
			r.took = append(r.took, took)
			_, _ = io.Copy(w, resp.Body)
		}
	}))
	t.Cleanup(srv.Close)
	if err := box.SetCallback("", srv.URL+"/callback/wecom", "", ""); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *road) counts() (acked, unanswered int, refused []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acked, r.unanswered, r.refused
}

// outside is a second connection to the database of a platform.
func outside(t *testing.T, a *node, databaseURL string) *sql.Conn {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if a.DB.Engine == db.SQLite {
		driver, dsn = "sqlite", "file:"+filepath.Join(a.Data, "zhiyin.db")+"?_pragma=busy_timeout(5000)"
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func must(t *testing.T, c *sql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func quiet(t *testing.T, box *sandbox.Server) {
	t.Helper()
	eventually(t, "the callbacks to be answered or given up", func() bool { return box.State().CallbacksPending == 0 })
}

func (n *node) rows(t *testing.T, query string, args ...any) (count int) {
	t.Helper()
	if err := n.DB.Read().NewRaw(query, args...).Scan(t.Context(), &count); err != nil {
		t.Fatal(err)
	}
	return count
}

// known says whether the platform has the relation of a scan, told of once.
func (n *node) known(t *testing.T, scan map[string]any) bool {
	t.Helper()
	live := n.rows(t, "SELECT COUNT(*) FROM relation WHERE customer_id = ? AND staff_id = ? AND live", scan["customer"], scan["staff"])
	noted := n.rows(t, "SELECT COUNT(*) FROM timeline WHERE customer_id = ? AND kind = 'added'", scan["customer"])
	return live == 1 && noted == 1
}

// eachRepeat runs f on both engines and with both readings of when WeCom repeats a callback.
func eachRepeat(t *testing.T, f func(t *testing.T, databaseURL, repeat string)) {
	for _, repeat := range []string{"any", "no_answer"} {
		t.Run(repeat, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, databaseURL string) { f(t, databaseURL, repeat) })
		})
	}
}

func TestWhatALockedDatabaseCouldNotStoreComesWithTheNextTry(t *testing.T) {
	t.Parallel()
	eachRepeat(t, func(t *testing.T, databaseURL, repeat string) {
		opts := small()
		opts.Switches = map[string]string{"callback.repeat": repeat}
		box, a := platform(t, opts, databaseURL)
		synced(t, a)
		r, other := newRoad(t, box, a), outside(t, a, databaseURL)
		if a.DB.Engine == db.SQLite {
			must(t, other, "BEGIN EXCLUSIVE")
		} else {
			must(t, other, "BEGIN", "LOCK TABLE work IN ACCESS EXCLUSIVE MODE")
		}
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		eventually(t, "the first try to be closed", func() bool { _, unanswered, _ := r.counts(); return unanswered >= 1 })
		if acked, _, refused := r.counts(); acked > 0 || len(refused) > 0 {
			t.Fatalf("while the database was locked %d deliveries were acknowledged and %v answered", acked, refused)
		}
		must(t, other, "COMMIT")
		quiet(t, box)
		if acked, _, refused := r.counts(); acked != 1 || len(refused) > 0 {
			t.Fatalf("afterwards %d deliveries were acknowledged and %v answered, want one and none", acked, refused)
		}
		eventually(t, "the new customer", func() bool { return a.known(t, scan) })
	})
}

func TestWhatALongOutageLostIsFoundByTheCatchUp(t *testing.T) {
	t.Parallel()
	eachRepeat(t, func(t *testing.T, databaseURL, repeat string) {
		opts := small()
		opts.Switches = map[string]string{"callback.repeat": repeat}
		box, a := platform(t, opts, databaseURL)
		synced(t, a)
		r, other := newRoad(t, box, a), outside(t, a, databaseURL)
		must(t, other, "ALTER TABLE work RENAME TO work_away")
		var scans []map[string]any
		for range 5 { // in the same second, all of them
			scans = append(scans, act(t, box, map[string]any{"act": "scan_contact_way"}))
		}
		quiet(t, box)
		if acked, unanswered, refused := r.counts(); acked > 0 || unanswered != 3*len(scans) || len(refused) > 0 {
			t.Fatalf("without a database %d deliveries were acknowledged, %d closed, %v answered", acked, unanswered, refused)
		}
		must(t, other, "ALTER TABLE work_away RENAME TO work")
		// No further callback comes that could tell the platform that storing works again.
		for _, scan := range scans {
			eventually(t, "a customer that no callback told of", func() bool { return a.known(t, scan) })
		}
		if run := synced(t, a); run.Reason != syncing.Gap || run.Report.Drift.Added != len(scans) {
			t.Fatalf("the catch-up was %s and found %+v", run.Reason, run.Report.Drift)
		}
		for _, d := range box.Deliveries(0) {
			if d.Kind == "welcome" {
				t.Fatalf("a late welcome went out: %+v", d)
			}
		}
	})
}

func TestOneDeliveryCountsOnceAndThreeCountOnce(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		welcoming(t, a)
		r := newRoad(t, box, a)
		var scans []map[string]any
		for range 2 {
			scans = append(scans, act(t, box, map[string]any{"act": "scan_contact_way"}))
		}
		quiet(t, box)
		r.mu.Lock()
		again := r.bodies[0]
		r.mu.Unlock()
		for range 2 {
			resp, err := http.Post(a.url+again.path, "text/xml", bytes.NewReader([]byte(again.body)))
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("a repeated delivery was answered with %d", resp.StatusCode)
			}
		}
		idle(t, a)
		for _, scan := range scans {
			welcomes := 0
			for _, d := range box.Deliveries(0) {
				if d.Kind == "welcome" && d.Customer == scan["customer"] {
					welcomes++
				}
			}
			traces := a.rows(t, "SELECT COUNT(*) FROM welcome_trace WHERE customer_id = ?", scan["customer"])
			if !a.known(t, scan) || traces != 1 || welcomes > 1 {
				t.Errorf("%s: known once: %v, %d traces, %d welcomes", scan["customer"], a.known(t, scan), traces, welcomes)
			}
		}
	})
}

func TestCallbacksAreAnsweredWhileWeComIsSlow(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		welcoming(t, a)
		idle(t, a)
		r := newRoad(t, box, a)
		box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/*", LatencyMS: 3_600_000}}})
		const n = 60
		for range n {
			act(t, box, map[string]any{"act": "scan_contact_way"})
		}
		eventually(t, "all callbacks to be answered", func() bool { acked, _, _ := r.counts(); return acked == n })
		// Each of them caused a call, and WeCom has answered none of these: no callback waited for a call.
		eventually(t, "all events to be handled", func() bool {
			return a.rows(t, "SELECT COUNT(*) FROM work WHERE lane = 'inbox' AND state = 'done'") == n
		})
		if known := a.rows(t, "SELECT COUNT(*) FROM relation WHERE add_way = -1"); known != n {
			t.Fatalf("%d of %d relations wait for their details: WeCom answered while callbacks came in", known, n)
		}
	})
}

// Rounds at both latencies take turns, so that what else the machine does meets both alike.
func TestCallbacksAreAnsweredAsFastWhenWeComTakesHalfASecond(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		welcoming(t, a)
		idle(t, a)
		r := newRoad(t, box, a)
		const rounds, each = 6, 10
		took := map[int][]time.Duration{}
		for i := range 2 * rounds {
			latency := i % 2 * 500
			box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/*", LatencyMS: latency}}})
			for range each {
				act(t, box, map[string]any{"act": "scan_contact_way"})
				quiet(t, box)
			}
			r.mu.Lock()
			took[latency], r.took = append(took[latency], r.took...), nil
			r.mu.Unlock()
		}
		median := func(latency int) time.Duration {
			all := took[latency]
			if len(all) != rounds*each {
				t.Fatalf("%d of %d callbacks were acknowledged at %d ms", len(all), rounds*each, latency)
			}
			slices.Sort(all)
			return all[len(all)/2]
		}
		fast, slow := median(0), median(500)
		t.Logf("the middle answer took %s at 0 ms and %s at 500 ms", fast, slow)
		if slow > 3*fast+10*time.Millisecond {
			t.Errorf("callbacks are answered after %s when WeCom takes 500 ms, after %s when it takes none", slow, fast)
		}
	})
}

func TestManyEventsOfOnePersonShareAReading(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		quiet(t, box)
		idle(t, a)
		refreshes := "SELECT COUNT(*) FROM work WHERE kind = 'customer.refresh'"
		before := a.rows(t, refreshes)
		box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/get", LatencyMS: 3000}}})
		const n = 30
		for i := range n {
			emit(t, box, "add_external_contact", map[string]string{"ExternalUserID": scan["customer"].(string), "UserID": fmt.Sprint("T", i), "WelcomeCode": ""})
		}
		act(t, box, map[string]any{"act": "staff_edits_customer", "staff": scan["staff"], "customer": scan["customer"], "remark": "老客户"})
		quiet(t, box)
		box.SetFaults(sandbox.Faults{})
		idle(t, a)
		if told := a.rows(t, "SELECT COUNT(*) FROM work WHERE lane = 'inbox' AND order_key = ?", "customer/"+scan["customer"].(string)); told != n+2 {
			t.Fatalf("%d of %d events were told", told, n+2)
		}
		// While one reading is under way one more waits: a slow machine may see a few come and go.
		if read := a.rows(t, refreshes) - before; read < 1 || read > n/4 {
			t.Errorf("%d events caused %d readings", n+1, read)
		}
		if a.rows(t, "SELECT COUNT(*) FROM relation WHERE customer_id = ? AND remark = '老客户'", scan["customer"]) != 1 {
			t.Error("the last edit was not read")
		}
	})
}

// The events of two edits within one second are the same to the letter.
func TestTheSecondEditWithinASecondIsReadToo(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		quiet(t, box)
		idle(t, a)
		if err := box.SetSpeed(0.001); err != nil { // what follows is one second
			t.Fatal(err)
		}
		for _, remark := range []string{"甲", "乙"} {
			act(t, box, map[string]any{"act": "staff_edits_customer", "staff": scan["staff"], "customer": scan["customer"], "remark": remark})
			quiet(t, box)
			eventually(t, "the event to be handled, and what it made due at once", func() bool {
				told := a.rows(t, "SELECT COUNT(*) FROM work WHERE kind = 'change_external_contact.edit_external_contact' AND state = 'done'")
				busy, _ := a.Bus.Load(t.Context(), a.World.Now())
				return told == 1 && !busy
			})
		}
		if err := box.SetSpeed(60); err != nil {
			t.Fatal(err)
		}
		idle(t, a)
		if a.rows(t, "SELECT COUNT(*) FROM relation WHERE customer_id = ? AND remark = '乙'", scan["customer"]) != 1 {
			t.Error("the second edit was not read")
		}
	})
}

// emit has the sandbox send one callback that no act of its own causes.
func emit(t *testing.T, box *sandbox.Server, kind string, fields map[string]string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"kind": kind, "fields": fields})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(box.URL+"/_sandbox/emit", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var ans struct{ OK bool }
	if err := json.NewDecoder(resp.Body).Decode(&ans); err != nil || !ans.OK {
		t.Fatalf("emit %s: %+v, %v", kind, ans, err)
	}
}

// idle waits until nothing is left to do that is due within minutes: failures are tried again by then, plans are not due.
func idle(t *testing.T, a *node) {
	t.Helper()
	eventually(t, "all work to be done", func() bool {
		soon := a.World.Now().Add(10 * time.Minute)
		return a.rows(t, "SELECT COUNT(*) FROM work WHERE lane <> 'timer' AND due_at < ? AND state IN ('pending', 'running')", soon) == 0
	})
}
