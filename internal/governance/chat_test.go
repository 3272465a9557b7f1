package governance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func toGroup(key, chat string) Request {
	r := marketing(key, "")
	r.Channel, r.ChatID = MassGroup, chat
	return r
}

func TestAGroupGetsOneADayAndThreeAWeek(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		first := reserve(t, g, toGroup("b1/wr1", "wr1"), toGroup("b2/wr1", "wr1"), toGroup("b2/wr2", "wr2"))
		if !first[0].OK() || first[1].State != Held || first[1].RuleID != ruleRoom || !first[2].OK() || first[0].Receiver() != "wr1" {
			t.Fatalf("two groups, two messages: %+v", first)
		}
		permits, refused := permit(t, g, first[0].TouchID)
		if len(permits) != 1 || len(refused) != 0 || permits[0].ChatID() != "wr1" || permits[0].CustomerID() != "" {
			t.Fatalf("permits %+v, refused %+v", permits, refused)
		}
		deliver(t, g, first[0].TouchID, world.Now())
		if limit, used, err := g.platformRooms(t.Context(), "c", []string{"wr1", "wr2", "wr3"}); err != nil || limit != 30 || used != 1 {
			t.Errorf("WeCom's quota: %d of %d, %v", used, limit, err)
		}
		for day := 1; day <= 2; day++ { // the second and the third
			world.Set(clock.At(tuesday.Add(time.Duration(day) * 24 * time.Hour)))
			got := reserve(t, g, toGroup(fmt.Sprint("day/", day), "wr1"))[0]
			if !got.OK() {
				t.Fatalf("day %d: %+v", day, got)
			}
			deliver(t, g, got.TouchID, world.Now())
		}
		world.Set(clock.At(tuesday.Add(3 * 24 * time.Hour)))
		fourth := reserve(t, g, toGroup("fourth", "wr1"))[0]
		if free := clock.At(tuesday.Add(7 * 24 * time.Hour)); fourth.RuleID != ruleRoom || fourth.Next != free {
			t.Fatalf("the fourth of a week: %+v, want it free at %v", fourth, free.In(shanghai))
		}
		for _, d := range append(first, fourth) { // L14: the ledger alone gives the same answer
			if again, err := g.Recompute(t.Context(), "c", d.TouchID); err != nil || !again.Same {
				t.Errorf("recompute: %+v, %v", again, err)
			}
		}
		e, err := g.Explain(t.Context(), "c", fourth.TouchID)
		if err != nil || e.Window == nil || e.Window.Days != 7 || e.Window.Before != 3 || len(e.Options) == 0 || len(e.Timeline) != 4 {
			t.Errorf("explained as %+v, %v", e, err)
		}
	})
}

func TestNobodysChoiceKeepsARoomSilentAndNightDoes(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday.Add(13 * time.Hour)) // 23:00
	g := newGovernor(t, dbtest.SQLite(t), world)
	optOut(t, g, "a")
	got := reserve(t, g, toGroup("b1/wr1", "wr1"))[0]
	if opens := clock.At(tuesday.Add(23 * time.Hour)); got.State != Reserved || got.RuleID != ruleQuiet || got.Next != opens {
		t.Fatalf("at night: %+v", got)
	}
	if permits, refused := permit(t, g, got.TouchID); len(permits) != 0 || len(refused) != 1 || refused[0].State != Reserved {
		t.Fatalf("a permit at night: %+v, %+v", permits, refused)
	}
	other := toGroup("b2/wr2", "wr2")
	other.Texts = []string{"@所有人 周末到店有新品试用"}
	if d := reserve(t, g, other)[0]; d.State != Held || d.RuleID != ruleRoom {
		t.Errorf("@all: %+v", d)
	}
	for rule, want := range map[MassMode]string{PerDay1: rulePlatform, PerMonthDays: ruleRoom} { // WeCom's quota is read first
		caps := DefaultCaps()
		caps.MassMode = rule
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
			t.Fatal(err)
		}
		if d := reserve(t, g, toGroup("again/"+string(rule), "wr1"))[0]; d.RuleID != want {
			t.Errorf("%s: %+v", rule, d)
		}
	}
	// What its owner sends on their own counts, even beyond the cap.
	seen := toGroup("member/m1/wr3", "wr3")
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.Observe(ctx, tx, seen, world.Now()) })
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.Observe(ctx, tx, seen, world.Now()) })
	if d := reserve(t, g, toGroup("b3/wr3", "wr3"))[0]; d.RuleID != ruleRoom {
		t.Errorf("after the owner's own: %+v", d)
	}
}

func TestNoOrderOfSendingBeatsAGroupsCaps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, dice := clock.NewManual(tuesday), rand.New(rand.NewPCG(7, 20))
		g := newGovernor(t, d, world)
		var got []clock.Time
		var open []int64
		for i := range 150 {
			world.Set(world.Now().Add(time.Duration(dice.IntN(14)) * time.Hour))
			switch dice.IntN(4) {
			case 0, 1:
				if d := reserve(t, g, toGroup(fmt.Sprint("b/", i), "wr1"))[0]; d.OK() {
					open = append(open, d.TouchID)
				}
			case 2:
				open = slices.DeleteFunc(open, func(id int64) bool { // at night they wait
					permits, _ := permit(t, g, id)
					if len(permits) == 1 {
						deliver(t, g, id, world.Now())
						got = append(got, world.Now())
					}
					return len(permits) == 1
				})
			default:
				inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.ReleaseAll(ctx, tx, open, ruleLease, reasonLease) })
				open = nil
			}
		}
		if len(got) < 5 {
			t.Fatalf("only %d were delivered: the test shows nothing", len(got))
		}
		for _, at := range got {
			day, week := 0, 0
			for _, other := range got {
				if other > at.Add(-24*time.Hour) && other <= at {
					day++
				}
				if other > at.Add(-7*24*time.Hour) && other <= at {
					week++
				}
			}
			if day > 1 || week > 3 {
				t.Fatalf("%d within a day and %d within a week up to %v", day, week, at.In(shanghai))
			}
		}
	})
}
