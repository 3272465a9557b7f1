package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// greeter is a ledger that sees what S03 sends on their own.
type greeter struct {
	t     *testing.T
	g     *Governor
	d     *db.DB
	world *clock.Manual
	met   map[string]clock.Time
	told  []Greeted
}

func newGreeter(t *testing.T, d *db.DB) *greeter {
	t.Helper()
	x := &greeter{t: t, d: d, world: clock.NewManual(tuesday), met: map[string]clock.Time{}}
	x.g = newGovernor(t, d, x.world)
	x.g.met = func(_ context.Context, _ bun.IDB, _, staffID string, ids []string) (map[string]clock.Time, error) {
		out := map[string]clock.Time{}
		for _, id := range ids {
			if at := x.met[staffID+id]; at != 0 {
				out[id] = at
			}
		}
		return out, nil
	}
	x.g.OnGreeted = append(x.g.OnGreeted, func(_ context.Context, _ *db.Tx, e Greeted) error {
		x.told = append(x.told, e)
		return nil
	})
	return x
}

// sends has a member greet customers from-to, one every `every`, who added them a day before.
func (x *greeter) sends(staff, task string, from, to int, every time.Duration) {
	x.t.Helper()
	for i := from; i < to; i++ {
		id := fmt.Sprint("n", i)
		if x.met[staff+id] == 0 {
			x.met[staff+id] = x.world.Now().Add(-24 * time.Hour)
		}
		r := Request{
			CorpID: "c", Key: fmt.Sprint("member/", task, "/", id), CustomerID: id, StaffID: staff, Channel: MassCustomer, Class: Marketing, CampaignID: "member/" + task,
			Texts: []string{"您好，了解一下我们的新品？"}, By: staff, Reason: "a member's own mass message",
		}
		inTx(x.t, x.d, func(ctx context.Context, tx *db.Tx) error { return x.g.Observe(ctx, tx, r, x.world.Now()) })
		x.world.Advance(every)
	}
}

func (x *greeter) acts(act Act, ids ...int) {
	x.t.Helper()
	at := map[string]clock.Time{}
	for _, i := range ids {
		at[fmt.Sprint("n", i)] = x.world.Now()
	}
	inTx(x.t, x.d, func(ctx context.Context, tx *db.Tx) error { return x.g.Acted(ctx, tx, "c", act, at) })
}

// looked moves on until windows are over and does what is due.
func (x *greeter) looked() int {
	x.t.Helper()
	x.world.Advance(2 * time.Hour)
	var due []bus.Work
	if err := x.d.Read().NewSelect().Model(&due).Where("kind = ? AND due_at <= ?", kindGreeting, x.world.Now()).OrderExpr("due_at, id").Scan(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	for _, w := range due { // also those that were looked at: a repeat changes nothing
		inTx(x.t, x.d, func(ctx context.Context, tx *db.Tx) error { return x.g.greeted(ctx, tx, w) })
	}
	return len(x.told)
}

func TestManyUnansweredGreetingsAreLookedAt(t *testing.T) {
	t.Parallel()
	each := func(name string, want int, story func(x *greeter)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				x := newGreeter(t, d)
				story(x)
				if got := x.looked(); got != want {
					t.Fatalf("%d windows, want %d: %+v", got, want, x.told)
				}
				x.looked()
				if len(x.told) != want {
					t.Fatalf("looked at again: %+v", x.told)
				}
				s, err := lastStep(t.Context(), d.Read(), "c", OnStaff, "S03")
				if err != nil || (s != nil) != (want > 0) {
					t.Fatalf("the ladder: %+v %v", s, err)
				}
			})
		})
	}
	each("twenty-one in an hour", 1, func(x *greeter) { x.sends("S03", "m1", 0, 21, 2*time.Minute) })
	each("all in one message", 1, func(x *greeter) { x.sends("S03", "m1", 0, 80, 0) })
	each("twenty", 0, func(x *greeter) { x.sends("S03", "m1", 0, 20, 2*time.Minute) })
	each("twenty-one in more than an hour", 0, func(x *greeter) { x.sends("S03", "m1", 0, 21, 181*time.Second) })
	each("of two members", 0, func(x *greeter) {
		x.sends("S03", "m1", 0, 20, 0)
		x.sends("S04", "m2", 20, 40, 0)
	})
	each("one answered", 0, func(x *greeter) {
		x.sends("S03", "m1", 0, 21, time.Minute)
		x.acts(Wrote, 7)
	})
	each("who asked first", 0, func(x *greeter) {
		for i := range 21 {
			x.met[fmt.Sprint("S03n", i)] = x.world.Now().Add(-24 * time.Hour)
		}
		x.acts(Replied, 1, 2, 3)
		x.world.Advance(time.Minute)
		x.sends("S03", "m1", 0, 21, 0)
	})
	each("being added is no question", 1, func(x *greeter) {
		x.acts(Added, 1, 2, 3)
		x.met["S03n1"], x.met["S03n2"], x.met["S03n3"] = x.world.Now(), x.world.Now(), x.world.Now()
		x.world.Advance(time.Minute)
		x.sends("S03", "m1", 0, 21, 0)
	})
	each("had one before", 0, func(x *greeter) {
		x.sends("S03", "m0", 0, 5, 0)
		x.world.Advance(3 * time.Hour)
		x.sends("S03", "m1", 0, 21, 0)
	})
	each("known for long", 0, func(x *greeter) {
		x.met["S03n4"] = x.world.Now().Add(-8 * 24 * time.Hour)
		x.sends("S03", "m1", 0, 21, 0)
	})
	each("not theirs any more", 0, func(x *greeter) {
		x.met["S03n4"] = -1 // never within the days that count
		x.sends("S03", "m1", 0, 21, 0)
	})
	each("two windows", 2, func(x *greeter) {
		x.sends("S03", "m1", 0, 21, 0)
		x.world.Advance(3 * time.Hour)
		x.sends("S03", "m2", 30, 51, 0)
	})
}

// What is found says how many, when and with which message, and the member may appeal; the next window counts anew.
func TestALookAtGreetingsCanBeAppealed(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	x := newGreeter(t, d)
	x.sends("S03", "m1", 0, 21, time.Minute)
	x.looked()
	e := x.told[0]
	if e.StaffID != "S03" || e.Count != 21 || e.To != e.From.Add(20*time.Minute) || len(e.Texts) != 1 || e.Rule.Severity != Review || e.Rule.Reason.ZH == "" {
		t.Fatalf("%+v", e)
	}
	s := last(t, x.g, OnStaff, "S03")
	hits, err := x.g.HitsOfStep(t.Context(), "c", s)
	if err != nil || s.Rung != Noticed || len(hits[s.ID]) != 1 || hits[s.ID][0].CampaignID != "member/m1" || hits[s.ID][0].RuleID != ruleGreeting {
		t.Fatalf("%+v %+v %v", s, hits, err)
	}
	if _, err := x.g.AppealStep(t.Context(), "c", s.ID, "S03", concerns, "都是展会上约好的"); err != nil {
		t.Fatal(err)
	}
	if s, err = x.g.DecideAppeal(t.Context(), "c", s.ID, "S01", false, true, "确实约好了"); err != nil || s.Decision != Upheld {
		t.Fatalf("%+v %v", s, err)
	}
	x.looked()
	if len(x.told) != 1 {
		t.Fatalf("an upheld appeal brings it up again: %+v", x.told)
	}
}
