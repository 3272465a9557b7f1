package kf_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// plainSeal marks what was sealed, so that a test sees words that were not.
type plainSeal struct{}

func (plainSeal) Seal(plain, place string) (string, error) { return place + "|" + plain, nil }

func (plainSeal) Open(sealed, place string) (string, error) {
	plain, ok := strings.CutPrefix(sealed, place+"|")
	if !ok {
		return "", fmt.Errorf("%q was not sealed for %s", sealed, place)
	}
	return plain, nil
}

// node is one platform with the rooms that a conversation passes, connected to a sandbox.
type node struct {
	t     *testing.T
	box   *sandbox.Server
	db    *db.DB
	world *clock.Follower
	bus   *bus.Bus
	gov   *governance.Governor
	chats *groupchat.Service
	ways  *joinway.Service
	rules *autoreply.Service
	kf    *kf.Service
	mux   *http.ServeMux
	stop  func()
}

var morning = time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)

func startBox(t *testing.T) *sandbox.Server {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Staff: 6, Customers: 40, Groups: 4, Start: morning, Patience: clocktest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// startNode puts the rooms together and runs them until stop or the test's end.
func startNode(t *testing.T, box *sandbox.Server, d *db.DB) *node {
	t.Helper()
	id := fmt.Sprint("node-", d.NewID())
	world, err := clock.Follow(t.Context(), box.URL, id)
	if err != nil {
		t.Fatal(err)
	}
	nc, stopNATS, err := bus.Connect("", t.TempDir(), id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: id})
	if err != nil {
		t.Fatal(err)
	}
	s := box.Ready.Secrets
	client, err := wecom.New(wecom.Config{
		BaseURL: box.URL, CorpID: box.Ready.CorpID, AgentID: box.Ready.AgentID,
		Secrets: wecom.Secrets{Contact: s.Contact, External: s.External, App: s.App, Kf: s.KF},
		Clock:   func() time.Time { return world.Now().In(time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, Key: []byte("0123456789abcdef"), Log: log.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	corp := box.Ready.CorpID
	n := &node{t: t, box: box, db: d, world: world, bus: b, gov: gov, mux: http.NewServeMux()}
	out := outreach.New(outreach.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, Governor: gov, WeCom: client, CorpID: corp})
	n.chats = groupchat.New(groupchat.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, WeCom: client, CorpID: corp})
	n.ways = joinway.New(joinway.Config{
		DB: d, Bus: b, World: world, WeCom: client, CorpID: corp, URL: func(p string) string { return "https://crm.example.com" + p },
	})
	n.rules = autoreply.New(autoreply.Config{DB: d, World: world, Zone: sandbox.Zone, CorpID: corp, HasJoinway: n.ways.Exists})
	n.kf = kf.New(kf.Config{
		DB: d, Bus: b, World: world, Zone: sandbox.Zone, WeCom: client, CorpID: corp, Seal: plainSeal{}, Out: out, Rules: n.rules, Ways: n.ways,
	})
	n.chats.OnJoined = append(n.chats.OnJoined, n.ways.Joined)
	out.OnSettled = append(out.OnSettled, n.kf.Settled)
	gov.Register(b)
	out.Register(b)
	n.chats.Register(b)
	n.ways.Register(b)
	n.kf.Register(b)
	n.ways.RegisterPages(n.mux)
	crypto, err := callback.New(box.Ready.Callback.Token, box.Ready.Callback.AESKey, corp)
	if err != nil {
		t.Fatal(err)
	}
	in := inbound.New(inbound.Config{
		DB: d, Bus: b, World: world, Log: log.Discard(), CorpID: corp, Crypto: func(string) (*callback.Crypto, error) { return crypto, nil },
	})
	in.Register(n.mux)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.Start(t.Context())
	followed, unfollow := context.WithCancel(t.Context())
	following := sync.WaitGroup{}
	following.Go(func() { world.Run(followed, b.Load, b.News()) })
	web := httptest.NewServer(n.mux)
	if err := box.SetCallback("", web.URL+"/callback/wecom", box.Ready.Callback.Token, box.Ready.Callback.AESKey); err != nil {
		t.Fatal(err)
	}
	n.stop = sync.OnceFunc(func() {
		web.Close()
		in.Stop()
		_ = b.Stop(context.Background())
		unfollow()
		following.Wait()
		stopNATS()
	})
	t.Cleanup(n.stop)
	return n
}

// each runs f on every engine, with a sandbox of its own and the kf accounts and groups read.
func each(t *testing.T, f func(t *testing.T, n *node)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := startNode(t, startBox(t), d)
		n.learn()
		f(t, n)
	})
}

func (n *node) learn() {
	n.t.Helper()
	if err := n.kf.SyncAccounts(n.t.Context()); err != nil {
		n.t.Fatal(err)
	}
	nobody := func(context.Context) ([]string, error) { return nil, nil }
	if _, err := n.chats.Sync(n.t.Context(), n.world.Now(), nobody, func(groupchat.Progress) {}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) act(body map[string]any) map[string]any {
	n.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		n.t.Fatal(err)
	}
	ans, err := n.box.Act(raw)
	if err != nil {
		n.t.Fatalf("act %s: %v", raw, err)
	}
	raw, err = json.Marshal(ans)
	if err != nil {
		n.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		n.t.Fatal(err)
	}
	return out
}

// says lets a customer write and answers who it was; customer and account may be empty for anybody's.
func (n *node) says(account, customer, text string) (kfID, customerID string) {
	n.t.Helper()
	q := map[string]any{"act": "customer_says", "text": text, "kf": account}
	if customer != "" {
		q["customer"] = customer
	}
	a := n.act(q)
	return a["kf"].(string), a["customer"].(string)
}

// quiet waits until nothing is under way.
func (n *node) quiet() {
	n.t.Helper()
	clocktest.Quiet(n.t, n.box.Sandbox, n.world, n.bus.Load)
}

// pass lets time go by in the world. What the test began itself is done before: the sandbox may not know of it yet.
func (n *node) pass(d time.Duration) {
	n.t.Helper()
	n.quiet()
	if err := n.box.Advance(n.t.Context(), d); err != nil {
		n.t.Fatal(err)
	}
	n.quiet()
}

// delivered answers what reached a customer by kf, in order, without the mark of automatic words.
func (n *node) delivered(customer string) []string {
	out := n.received(customer)
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], autoreply.Label)
	}
	return out
}

// received answers the words as they arrived.
func (n *node) received(customer string) []string {
	var out []string
	for _, d := range n.box.Deliveries(0) {
		if d.Customer == customer && d.Channel == "kf" && d.Origin == "api" {
			out = append(out, d.Text)
		}
	}
	return out
}

// session answers the newest conversation of a customer.
func (n *node) session(customer string) kf.Row {
	n.t.Helper()
	for _, view := range []kf.View{kf.ViewAll, kf.ViewEnded} {
		rows, _, err := n.kf.List(n.t.Context(), kf.Query{View: view, Limit: 200, Reach: kf.Reach{All: true}})
		if err != nil {
			n.t.Fatal(err)
		}
		for _, r := range rows {
			if r.CustomerID == customer {
				return r
			}
		}
	}
	return kf.Row{}
}

func (n *node) rule(r autoreply.Rule) autoreply.Rule {
	n.t.Helper()
	r.Enabled = true
	r, err := n.rules.Create(n.t.Context(), r)
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

func text(s string) autoreply.Answer { return autoreply.Answer{Kind: autoreply.Text, Text: s} }

func contains(words ...string) []autoreply.Pattern {
	var out []autoreply.Pattern
	for _, w := range words {
		out = append(out, autoreply.Pattern{Kind: autoreply.Contains, Value: w})
	}
	return out
}
