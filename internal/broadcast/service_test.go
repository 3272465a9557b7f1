package broadcast_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/material"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// tuesday is the first instant of the tests' worlds.
var tuesday = time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)

// wecomBox is a sandbox behind a door that can lose answers.
type wecomBox struct {
	*sandbox.Sandbox
	url string

	public string // address under which customers reach the platform

	mu    sync.Mutex
	lose  func(path string) bool // the call is done and its answer never comes
	calls map[string]int

	change func(r *http.Request) // set before the first call
}

func newBox(t *testing.T, start time.Time) *wecomBox {
	t.Helper()
	return newBoxOf(t, start, 60)
}

func newBoxOf(t *testing.T, start time.Time, customers int) *wecomBox {
	t.Helper()
	return newBoxWith(t, start, customers, 2)
}

func newBoxWith(t *testing.T, start time.Time, customers, groups int) *wecomBox {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Staff: 4, Customers: customers, Groups: groups, Start: start, Speed: 60, Patience: clocktest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	b := &wecomBox{Sandbox: box, calls: map[string]int{}}
	inner := box.Handler()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.calls[r.URL.Path]++
		lose := b.lose != nil && b.lose(r.URL.Path)
		b.mu.Unlock()
		if b.change != nil {
			b.change(r)
		}
		if lose {
			inner.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { srv.Close(); _ = box.Close() })
	b.url = srv.URL
	return b
}

// node is one process of the platform, as far as mass messages go.
type node struct {
	t         *testing.T
	box       *wecomBox
	d         *db.DB
	world     clock.World
	bus       *bus.Bus
	wecom     *wecom.Client
	gov       *governance.Governor
	materials *material.Service
	sends     *broadcast.Service
	stop      func()
	all       int // customers of the corp; the box holds part of them
}

const testCorp = "ww1"

func newNode(t *testing.T, box *wecomBox, d *db.DB, name string) *node {
	t.Helper()
	ready := box.Ready(box.url)
	ctx, cancel := context.WithCancel(context.Background())
	world, err := clock.Follow(ctx, box.url, t.Name()+name)
	if err != nil {
		t.Fatal(err)
	}
	nc, stopNATS, err := bus.Connect("", t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: name})
	if err != nil {
		t.Fatal(err)
	}
	s := ready.Secrets
	client, err := wecom.New(wecom.Config{
		BaseURL: box.url, CorpID: ready.CorpID, AgentID: ready.AgentID, Logger: log.Discard(),
		Secrets: wecom.Secrets{Contact: s.Contact, External: s.External, App: s.App, Kf: s.KF},
		Clock:   func() time.Time { return world.Now().In(time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, Key: []byte("0123456789abcdef"), PublicURL: box.public})
	if err != nil {
		t.Fatal(err)
	}
	caps := governance.DefaultCaps()
	caps.Holdout = 0 // the stories tell whom their messages reach
	if _, err := gov.SetCaps(t.Context(), testCorp, "S01", caps); err != nil {
		t.Fatal(err)
	}
	library := material.New(material.Config{DB: d, World: world, Zone: sandbox.Zone, WeCom: client, Blobs: blob.New(d, t.TempDir(), world), CorpID: testCorp})
	out := outreach.New(outreach.Config{
		DB: d, Bus: b, World: world, Zone: sandbox.Zone, Governor: gov, WeCom: client, CorpID: testCorp, Media: library.MediaID,
	})
	n := &node{t: t, box: box, d: d, world: world, bus: b, wecom: client, gov: gov, materials: library, all: 10_000}
	n.sends = broadcast.New(broadcast.Config{
		DB: d, Bus: b, World: world, Zone: sandbox.Zone, WeCom: client, Outreach: out, Governor: gov, CorpID: testCorp, Audience: n.audience,
		Muster: func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, int, error) {
			members, err := n.audience(ctx, q)
			return members, n.all, err
		},
		InDepartments: func(_ context.Context, ids ...int64) (members []string, unknown []int64, err error) {
			if ids[0] == 2 {
				return []string{"S02"}, nil, nil
			}
			return nil, ids, nil
		},
		Step: few(d), Groups: n.rooms, People: func(_ context.Context, ids []string) (int, error) { return 10 * len(ids), nil }, Materials: library.Fill,
	})
	out.OnMass = append(out.OnMass, n.sends.Massed)
	gov.OnOptOut = append(gov.OnOptOut, n.sends.OptedOut)
	gov.OnPreference = append(gov.OnPreference, n.sends.Chose)
	gov.OnHalt = append(gov.OnHalt, n.sends.Halted)
	gov.OnComplaint = append(gov.OnComplaint, n.sends.Complained)
	gov.OnDisplaced = append(gov.OnDisplaced, n.sends.Displaced)
	gov.Register(b)
	out.Register(b)
	n.sends.Register(b)
	following := sync.WaitGroup{}
	following.Go(func() { world.Run(ctx, b.Load, b.News()) })
	if err := b.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.stop = sync.OnceFunc(func() {
		if err := b.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		cancel()
		following.Wait()
		stopNATS()
	})
	t.Cleanup(n.stop)
	return n
}

// few makes the stories run through many steps on one engine, and through one on the other.
func few(d *db.DB) int {
	if d.Engine == db.SQLite {
		return 0
	}
	return 3
}

// audience is every customer of the sandbox once, with the member who comes first: of all members, or of those that are asked for.
func (n *node) audience(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, error) {
	staff, err := n.wecom.FollowUsers(ctx)
	if err != nil {
		return nil, err
	}
	var out []customer.Member
	seen := map[string]bool{}
	for _, s := range staff {
		if q.StaffIDs != nil && !slices.Contains(q.StaffIDs, string(s)) {
			continue
		}
		ids, err := n.wecom.CustomerIDs(ctx, s)
		if errors.Is(err, wecom.ErrNotCustomer) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !seen[string(id)] {
				seen[string(id)] = true
				out = append(out, customer.Member{CustomerID: string(id), StaffID: string(s)})
			}
		}
	}
	slices.SortFunc(out, func(a, b customer.Member) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	return out, nil
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// submit drafts and submits a mass message to everybody.
func (n *node) submit(name string) *broadcast.Broadcast {
	n.t.Helper()
	w := broadcast.Words{Name: name, Text: "【花间】" + name + "：周末护理课开放预约。", Benefit: "可以预约护理课"}
	b, err := n.sends.Create(n.t.Context(), "S01", w)
	n.must(err)
	p, err := n.sends.Plan(n.t.Context(), b.ID, "S01", w, nil)
	n.must(err)
	b, err = n.sends.Submit(n.t.Context(), b.ID, "S01", nil, p.Reachable)
	n.must(err)
	return b
}

func (n *node) eventually(what string, ok func() bool) {
	n.t.Helper()
	clocktest.Eventually(n.t, what, ok, func() string {
		dead, _, err := n.bus.DeadLetters(n.t.Context(), testCorp, 0, 5)
		return fmt.Sprintf("dead letters %+v, %v", dead, err)
	})
}

// quiet waits until nothing is under way: before the world is moved, for the sandbox may not know yet what a test began.
func (n *node) quiet() {
	n.t.Helper()
	clocktest.Quiet(n.t, n.box.Sandbox, n.world, n.bus.Load)
}

// until moves the world to t, unless it is there already.
func (n *node) until(t time.Time) {
	n.t.Helper()
	n.quiet()
	if d := t.Sub(n.box.Now()); d > 0 {
		n.must(n.box.Advance(n.t.Context(), d))
	}
}

func (n *node) counts(id int64) broadcast.Counts {
	n.t.Helper()
	c, err := n.sends.Counts(n.t.Context(), id, nil)
	n.must(err)
	return c
}

func (n *node) state(id int64) broadcast.State {
	n.t.Helper()
	b, err := n.sends.Get(n.t.Context(), id)
	n.must(err)
	return b.State
}

// allOpen waits until every member has the task.
func (n *node) allOpen(id int64) {
	n.t.Helper()
	n.eventually("the tasks to be open", func() bool {
		tasks, err := n.sends.Tasks(n.t.Context(), id)
		n.must(err)
		for _, t := range tasks {
			if t.State != broadcast.TaskOpen && t.State != broadcast.TaskCancelled {
				return false
			}
		}
		return len(tasks) > 0
	})
}

// confirmAll has every member confirm whatever is open, and answers how many did.
func (n *node) confirmAll() int {
	n.t.Helper()
	n.quiet()
	n.must(n.box.Advance(n.t.Context(), 3*time.Second)) // WeCom deals the tasks out
	confirmed := 0
	for {
		if _, err := n.box.Act([]byte(`{"act":"staff_confirms"}`)); err != nil {
			return confirmed
		}
		confirmed++
	}
}

// massDeliveries are the mass messages each customer got.
func (n *node) massDeliveries() map[string]int {
	got := map[string]int{}
	for _, d := range n.box.Deliveries(0) {
		if d.Kind == "mass_customer" {
			got[d.Customer]++
		}
	}
	return got
}

// agrees compares ledger and world: nobody got more than the ledger says, nothing is open.
func (n *node) agrees() {
	n.t.Helper()
	var arrivals []governance.Arrival
	for _, d := range n.box.Deliveries(0) {
		at, err := time.Parse(time.RFC3339, d.Time)
		n.must(err)
		arrivals = append(arrivals, governance.Arrival{Channel: governance.Channel(d.Kind), CustomerID: d.Customer, ChatID: d.Chat, StaffID: d.Staff, At: clock.At(at)})
	}
	unbooked, unsent, err := n.gov.Orphans(n.t.Context(), testCorp, arrivals)
	if err != nil || len(unbooked) != 0 || len(unsent) != 0 {
		n.t.Fatalf("reached without an entry %v, entries without a delivery %v, %v", unbooked, unsent, err)
	}
	var open int
	n.must(n.d.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE state IN ('reserved','tasked')").Scan(n.t.Context(), &open))
	if open != 0 {
		n.t.Fatalf("%d touches are still open", open)
	}
}

func TestAMassMessageReachesEverybodyOnceAndTheNextIsHeldBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		b := n.submit("会员日")
		n.allOpen(b.ID)
		if confirmed := n.confirmAll(); confirmed == 0 {
			t.Fatal("no member had a task")
		}
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		c, got := n.counts(b.ID), n.massDeliveries()
		if c.Matched != 60 || c.Sent+c.NotFriend+c.OverLimit != 60 || c.Sent != len(got) || c.Late != 0 {
			t.Fatalf("counts %+v, %d customers got it", c, len(got))
		}
		for id, times := range got {
			if times != 1 {
				t.Errorf("%s got it %d times", id, times)
			}
		}
		n.agrees()
		w := broadcast.Words{Name: "再来一次", Text: "明天也有课，欢迎预约。"}
		p, err := n.sends.Plan(t.Context(), 0, "S01", w, nil)
		n.must(err)
		if p.Held != c.Sent || len(p.Reasons) == 0 || p.Reasons[0].RuleID != "FTG-01" || p.Reasons[0].Next == 0 {
			t.Fatalf("the next one: reachable %d, held %d, %+v", p.Reachable, p.Held, p.Reasons)
		}
	})
}

func TestALostAnswerAndARestartNeverDoubleAReceiver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := newBox(t, tuesday)
		lost := 0
		box.lose = func(path string) bool { // every second answer, three times
			if path != "/cgi-bin/externalcontact/add_msg_template" || lost >= 3 {
				return false
			}
			lost++
			return true
		}
		n := newNode(t, box, d, "n1")
		b := n.submit("会员日")
		n.eventually("a task to be wanted", func() bool { box.mu.Lock(); defer box.mu.Unlock(); return lost > 0 })
		n.stop() // as if the process had ended in the middle
		n = newNode(t, box, d, "n2")
		n.allOpen(b.ID)
		made, _, err := n.wecom.GroupMsgs(t.Context(), wecom.GroupMsgFilter{
			Kind: wecom.MassCustomers, By: wecom.MassByCorp, Start: tuesday.Unix(), End: tuesday.Add(24 * time.Hour).Unix(), Limit: 100,
		})
		n.must(err)
		tasks, err := n.sends.Tasks(t.Context(), b.ID)
		n.must(err)
		if len(made) != len(tasks) {
			t.Fatalf("%d mass messages at WeCom for %d members", len(made), len(tasks))
		}
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		for id, times := range n.massDeliveries() {
			if times != 1 {
				t.Errorf("%s got it %d times", id, times)
			}
		}
		n.agrees()
	})
}

func TestWhoWantsNoMoreIsTakenOutOfAnOpenTask(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]func(n *node, ctx context.Context, tx *db.Tx, who string) error{
		"stop": func(n *node, ctx context.Context, tx *db.Tx, who string) error {
			return n.gov.OptOut(ctx, tx, testCorp, who, "page", "customer")
		},
		"pause": func(n *node, ctx context.Context, tx *db.Tx, who string) error {
			return n.gov.SetPreference(ctx, tx, governance.Preference{
				CorpID: testCorp, CustomerID: who, PausedUntil: n.world.Now().Add(30 * 24 * time.Hour), Via: "page", ByWhom: "customer",
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n := newNode(t, newBox(t, tuesday), d, "n1")
				b := n.submit("会员日")
				n.allOpen(b.ID)
				members, err := n.audience(t.Context(), customer.AudienceQuery{})
				n.must(err)
				gone := members[0]
				n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return says(n, ctx, tx, gone.CustomerID) }))
				n.eventually("the task to be made again", func() bool {
					tasks, err := n.sends.Tasks(t.Context(), b.ID)
					n.must(err)
					return slices.ContainsFunc(tasks, func(t broadcast.Task) bool { return t.Round == 2 && t.State == broadcast.TaskOpen })
				})
				n.confirmAll()
				n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
				got := n.massDeliveries()
				if got[gone.CustomerID] != 0 {
					t.Fatal("the customer got it all the same")
				}
				if c := n.counts(b.ID); c.Held != 1 || c.Sent != len(got) || c.Sent+c.NotFriend != 59 {
					t.Fatalf("counts %+v, %d got it", c, len(got))
				}
				n.agrees()
			})
		})
	}
}

func TestANightsMessageWaitsForTheMorningAndEndsInTheEvening(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday.Add(12*time.Hour)), dbtest.SQLite(t), "n1") // 22:00
	b := n.submit("会员日")
	n.eventually("the receivers to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
	if got := b.OpensAt.In(sandbox.Zone).Format("2 15:04"); got != "25 09:00" {
		t.Fatalf("opens %s", got)
	}
	n.until(time.Date(2026, 11, 25, 8, 30, 0, 0, sandbox.Zone))
	if tasks, err := n.sends.Tasks(t.Context(), b.ID); err != nil || len(tasks) != 0 {
		t.Fatalf("tasks at night: %v %v", tasks, err)
	}
	n.until(time.Date(2026, 11, 25, 9, 0, 5, 0, sandbox.Zone))
	n.allOpen(b.ID)
	n.until(time.Date(2026, 11, 25, 21, 1, 0, 0, sandbox.Zone))
	n.eventually("the evening to end it", func() bool { return n.state(b.ID) == broadcast.Done })
	if c := n.counts(b.ID); c.Unconfirmed != 60 || c.Sent != 0 {
		t.Fatalf("counts %+v", c)
	}
	if n.confirmAll() != 0 {
		t.Fatal("a member could confirm at night")
	}
	n.agrees()
}

func TestCancellingCountsWhatWasConfirmedAndReleasesTheRest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		b := n.submit("会员日")
		n.allOpen(b.ID)
		n.must(n.box.Advance(t.Context(), 3*time.Second))
		if _, err := n.box.Act([]byte(`{"act":"staff_confirms"}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := n.sends.Remind(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := n.sends.Cancel(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		n.eventually("the rest to be settled", func() bool { return n.counts(b.ID).Waiting == 0 })
		c, got := n.counts(b.ID), n.massDeliveries()
		if c.Sent != len(got) || c.Sent == 0 || c.Cancelled == 0 || n.state(b.ID) != broadcast.Cancelled {
			t.Fatalf("counts %+v, %d got it, state %s", c, len(got), n.state(b.ID))
		}
		n.agrees()
	})
}

// A cancellation that WeCom refuses for good takes nothing back: the task is shown open with the reason, and what members
// still confirm is booked.
func TestATaskThatWeComDoesNotTakeBackStaysOpenAndCounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		b := n.submit("会员日")
		n.allOpen(b.ID)
		n.box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/cancel_groupmsg_send", ErrCode: 40058}}})
		if _, err := n.sends.Cancel(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		n.eventually("every task to say why it stays", func() bool {
			tasks, err := n.sends.Tasks(t.Context(), b.ID)
			n.must(err)
			for _, task := range tasks {
				if task.MsgID != "" && (task.State != broadcast.TaskOpen || !strings.Contains(task.Error, "40058")) {
					return false
				}
			}
			return true
		})
		if dead, _, err := n.bus.DeadLetters(t.Context(), testCorp, 0, 5); err != nil || len(dead) != 0 {
			t.Fatalf("dead letters %+v, %v", dead, err)
		}
		if c := n.counts(b.ID); c.Waiting == 0 || c.Cancelled != 0 {
			t.Fatalf("%+v: they can still get it", c)
		}
		if n.confirmAll() == 0 {
			t.Fatal("nobody could confirm")
		}
		n.eventually("what was confirmed to be booked", func() bool { return n.counts(b.ID).Waiting == 0 })
		if c, got := n.counts(b.ID), n.massDeliveries(); c.Sent != len(got) || c.Sent == 0 || n.state(b.ID) != broadcast.Cancelled {
			t.Fatalf("counts %+v, %d got it, state %s", c, len(got), n.state(b.ID))
		}
		n.agrees()
	})
}

func TestSubmittingAsksAgainWhenTheReachGrew(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	b, err := n.sends.Create(t.Context(), "S01", broadcast.Words{Name: "会员日", Text: "周末护理课开放预约。", Benefit: "可以预约护理课"})
	n.must(err)
	_, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 59)
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != "broadcast.reach_changed" || !strings.Contains(e.Text.EN, "60") {
		t.Fatalf("got %v", err)
	}
	if n.state(b.ID) != broadcast.Draft {
		t.Fatal("it was submitted all the same")
	}
}

func TestAMessageThatReachesNobodyIsBookedWithItsReasons(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	members, err := n.audience(t.Context(), customer.AudienceQuery{})
	n.must(err)
	n.must(n.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, m := range members {
			if err := n.gov.OptOut(ctx, tx, testCorp, m.CustomerID, "page", "customer"); err != nil {
				return err
			}
		}
		return nil
	}))
	b := n.submit("会员日")
	n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
	if c := n.counts(b.ID); c.Held != 60 || c.Matched != 60 {
		t.Fatalf("counts %+v", c)
	}
	var held int
	n.must(n.d.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE state = 'held' AND rule_id = 'LAW-24' AND reason_zh <> '' AND campaign_id = ?",
		fmt.Sprint("broadcast/", b.ID)).Scan(t.Context(), &held))
	if held != 60 {
		t.Fatalf("%d of 60 stand in the ledger", held)
	}
	if tasks, err := n.sends.Tasks(t.Context(), b.ID); err != nil || len(tasks) != 0 || len(n.massDeliveries()) != 0 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
}

func TestWordsThatCannotBeSentAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	for code, w := range map[string]broadcast.Words{
		"broadcast.name":        {Text: "你好"},
		"broadcast.empty":       {Name: "空"},
		"broadcast.too_long":    {Name: "长", Text: strings.Repeat("好", 1334)},
		"broadcast.placeholder": {Name: "名", Text: "{客户}你好"},
	} {
		_, err := n.sends.Create(t.Context(), "S01", w)
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	b, err := n.sends.Create(t.Context(), "S01", broadcast.Words{Name: "转", Text: "转发到朋友圈领红包", Benefit: "领红包"})
	n.must(err)
	if _, err := n.sends.Submit(t.Context(), b.ID, "S01", nil, 60); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("induced sharing: %v", err)
	}
	if n.state(b.ID) != broadcast.Draft {
		t.Fatal("it was submitted all the same")
	}
	n.box.mu.Lock()
	raw, err := json.Marshal(n.box.calls)
	n.box.mu.Unlock()
	n.must(err)
	if strings.Contains(string(raw), "add_msg_template") {
		t.Fatal("WeCom was called")
	}
}
