package calls_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/wecom"
)

// hand is what a node holds, as the contract of wecom.Leaser counts it.
type hand struct {
	shares         *calls.Shares
	granted, inUse int
	until          time.Time
}

func (n *hand) ask(t *rapid.T, limit int) {
	granted, until, err := n.shares.Lease(context.Background(), wecom.LeaseInFlight, n.inUse, limit, limit)
	if err != nil {
		t.Fatal(err)
	}
	n.granted, n.until = granted, until
}

func TestNodesTogetherNeverHoldMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		const limit = 16
		now := time.Unix(1_800_000_000, 0)
		wall := clock.FakeWall(func() time.Time { return now })
		var nodes []*hand
		for i := range rapid.IntRange(2, 4).Draw(t, "nodes") {
			nodes = append(nodes, &hand{shares: &calls.Shares{DB: d, Wall: wall, CorpID: fmt.Sprint("ww", run), Node: fmt.Sprint("n", i)}})
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			n := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "node")]
			switch rapid.SampledFrom([]string{"ask", "begin", "end", "later"}).Draw(t, "step") {
			case "ask":
				n.ask(t, limit)
			case "begin":
				if now.Before(n.until) && n.inUse < n.granted {
					n.inUse = rapid.IntRange(n.inUse, n.granted).Draw(t, "busy")
				}
			case "end":
				n.inUse = rapid.IntRange(0, n.inUse).Draw(t, "busy")
			case "later":
				now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
				for _, n := range nodes { // a node with calls under way asks before its lease lapses
					if n.inUse > 0 && now.After(n.until.Add(-time.Second)) {
						was := now
						now = n.until.Add(-time.Second)
						n.ask(t, limit)
						now = was
					}
				}
			}
			sum := 0
			for _, n := range nodes {
				if now.Before(n.until) {
					sum += max(n.granted, n.inUse)
				}
			}
			if sum > limit {
				t.Fatalf("%d of %d units are held", sum, limit)
			}
		}
	})
}

func TestANodeThatDiedGivesItsPartBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_800_000_000, 0)
		wall := clock.FakeWall(func() time.Time { return now })
		node := func(name string) int {
			s := &calls.Shares{DB: d, Wall: wall, CorpID: "ww1", Node: name}
			n, _, err := s.Lease(t.Context(), wecom.LeaseRate, 0, 100, 100)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		var got []int
		got = append(got, node("a"), node("b"), node("a"), node("b")) // b waits until a comes down
		now = now.Add(10 * time.Second)                               // a is dead
		got = append(got, node("b"))
		if want := fmt.Sprint([]int{100, 0, 50, 50, 100}); fmt.Sprint(got) != want {
			t.Fatalf("granted %v, want %s", got, want)
		}
	})
}

// Two clients with one database call a WeCom that counts how many calls run at the same time.
func TestTwoClientsStayUnderTheLimitTogether(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	var running, most, total atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cgi-bin/gettoken" {
			_, _ = w.Write([]byte(`{"errcode":0,"access_token":"t","expires_in":7200}`))
			return
		}
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		total.Add(1)
		timer := time.NewTimer(5 * time.Millisecond) // a WeCom that takes its time
		defer timer.Stop()
		<-timer.C
		running.Add(-1)
		_, _ = w.Write([]byte(`{"errcode":0,"follow_user":["S01"]}`))
	}))
	t.Cleanup(srv.Close)
	const limit, each = 8, 400
	var wg sync.WaitGroup
	for i := range 2 {
		c, err := wecom.New(wecom.Config{
			BaseURL: srv.URL, CorpID: "ww1", AgentID: 1, Secrets: wecom.Secrets{App: "s"}, InFlight: limit,
			Leaser: &calls.Shares{DB: d, Wall: clock.SystemWall(), CorpID: "ww1", Node: fmt.Sprint("n", i)},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range limit { // each client alone would fill the limit
			wg.Go(func() {
				for range each / limit {
					if _, err := c.FollowUsers(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	if most.Load() > limit || total.Load() != 2*each {
		t.Fatalf("%d calls, at most %d at the same time; want %d and %d", total.Load(), most.Load(), 2*each, limit)
	}
}
