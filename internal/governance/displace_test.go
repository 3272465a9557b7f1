package governance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func lifecycle(key, customer string) Request {
	r := marketing(key, customer)
	r.Class, r.CampaignID, r.CampaignName = Lifecycle, "journey/1", "术后关怀"
	return r
}

func same(t *testing.T, g *Governor, id int64) {
	t.Helper()
	got, err := g.Recompute(t.Context(), "c", id)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Same {
		t.Fatalf("decided again, touch %d differs: %+v, was %s", id, got.Rules, touch(t, g, id).Why)
	}
}

func TestTheHigherClassTakesTheLastPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		var told []Displaced
		g.OnDisplaced = append(g.OnDisplaced, func(_ context.Context, _ *db.Tx, e Displaced) error {
			told = append(told, e)
			return nil
		})
		low := reserve(t, g, marketing("b1/a", "a"))[0]
		if got := reserve(t, g, marketing("b2/a", "a"))[0]; got.State != Held || got.RuleID != ruleCap {
			t.Fatalf("between equals the first reserved wins, got %+v", got)
		}
		high := reserve(t, g, lifecycle("j1/a", "a"))[0]
		if high.State != Reserved {
			t.Fatalf("lifecycle before marketing: %+v", high)
		}
		row := touch(t, g, low.TouchID)
		if row.State != Released || row.RuleID != ruleRank || row.DisplacedBy != high.TouchID || !strings.Contains(row.ReasonZh, "术后关怀") {
			t.Fatalf("the one that gave way is %s by %s for %d: %s", row.State, row.RuleID, row.DisplacedBy, row.ReasonZh)
		}
		if len(told) != 1 || told[0].CustomerID != "a" || told[0].By != high.TouchID {
			t.Fatalf("told %+v", told)
		}
		same(t, g, high.TouchID)
		same(t, g, low.TouchID)
		if got := reserve(t, g, lifecycle("j2/a", "a"))[0]; got.State != Held || got.RuleID != ruleCap {
			t.Fatalf("a class never displaces its own: %+v", got)
		}
	})
}

func TestWhatAMemberHoldsIsNeverDisplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		low := reserve(t, g, marketing("b1/a", "a"))[0].TouchID
		permit(t, g, low)
		if got := reserve(t, g, lifecycle("j1/a", "a"))[0]; got.State != Held || got.RuleID != ruleCap {
			t.Fatalf("tasked marketing stays: %+v", got)
		}
		if row := touch(t, g, low); row.State != Tasked {
			t.Fatalf("the task's touch is %s", row.State)
		}
		// What displacing cannot help is not displaced.
		other := reserve(t, g, marketing("b1/b", "b"))[0].TouchID
		optOut(t, g, "b")
		if row := touch(t, g, other); row.RuleID != ruleOptOut {
			t.Fatalf("released by %s", row.RuleID)
		}
	})
}

func TestOnlyAsManyGiveWayAsAreNeeded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		g.book.caps.Per[0].Cap = 3 // a wider day than the policy's, so that three wait at once
		topics := []string{"会员日", "护肤", "护肤"}
		var ids []int64
		for i, topic := range topics {
			r := marketing(fmt.Sprintf("b%d/a", i), "a")
			r.Topic = topic
			ids = append(ids, reserve(t, g, r)[0].TouchID)
		}
		high := lifecycle("j1/a", "a")
		high.Topic = "会员日"
		if got := reserve(t, g, high)[0]; got.State != Reserved {
			t.Fatalf("%+v", got)
		}
		var states []State
		for _, id := range ids {
			states = append(states, touch(t, g, id).State)
		}
		if want := []State{Reserved, Reserved, Released}; !slices.Equal(states, want) {
			t.Fatalf("got %v, want %v: the last reserved goes first, and alone", states, want)
		}
	})
}

// L10: the accepted set of a batch does not depend on the order of arrival.
func TestABatchIsDecidedAlikeInAnyOrder(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := newGovernor(t, d, clock.NewManual(tuesday))
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		corp := fmt.Sprintf("round%d", round)
		var reqs []Request
		for i := range 12 {
			r := marketing(fmt.Sprintf("k%02d", i), []string{"a", "b"}[rng.IntN(2)])
			r.CorpID, r.Class = corp, []Class{Marketing, Lifecycle, Service}[rng.IntN(3)]
			r.NotBefore = clock.At(tuesday).Add(time.Duration(rng.IntN(3)) * 24 * time.Hour)
			r.Expires = r.NotBefore.Add(time.Duration(30+rng.IntN(3)) * time.Hour)
			r.Cost, r.Topic = 1+rng.IntN(2), []string{"", "护肤"}[rng.IntN(2)]
			reqs = append(reqs, r)
		}
		var first map[string]State
		for range 4 {
			rng.Shuffle(len(reqs), func(i, j int) { reqs[i], reqs[j] = reqs[j], reqs[i] })
			out, err := g.Plan(t.Context(), reqs...)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]State{}
			for i, d := range out {
				if d.CustomerID != reqs[i].CustomerID {
					t.Fatal("answers are not in the caller's order")
				}
				got[reqs[i].Key] = d.State
			}
			if first == nil {
				first = got
				continue
			}
			for k, s := range got {
				if first[k] != s {
					t.Fatalf("round %d: %s is %s in one order and %s in another", round, k, first[k], s)
				}
			}
		}
		// Reserving decides as planning did.
		for i, d := range reserve(t, g, reqs...) {
			if d.State != first[reqs[i].Key] {
				t.Fatalf("round %d: %s was planned as %s and is %s", round, reqs[i].Key, first[reqs[i].Key], d.State)
			}
		}
	}
}
