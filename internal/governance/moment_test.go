package governance

import (
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func moment(key, customer string, open bool) Request {
	r := marketing(key, customer)
	r.Channel, r.Open = Moment, open
	return r
}

func TestAMomentForEverybodyIsOncePerDayAndTakesNoBudget(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		first := reserve(t, g, moment("m/1", "青柠 07", true), moment("m/2", "青柠 07", true))
		if !first[0].OK() || first[1].State != Held || first[1].RuleID != ruleOpenMoment {
			t.Fatalf("two on one day: %+v", first)
		}
		tomorrow := clock.At(tuesday.Add(23 * time.Hour)) // 9:00
		if first[1].Next != tomorrow {
			t.Errorf("the second may come at %v, want %v", first[1].Next.In(shanghai), tomorrow.In(shanghai))
		}
		deliver(t, g, first[0].TouchID, world.Now())
		if got := reserve(t, g, moment("m/3", "青柠 07", true))[0]; got.RuleID != ruleOpenMoment {
			t.Errorf("after delivery: %+v", got)
		}
		if got := reserve(t, g, marketing("b/1", "青柠 07"))[0]; !got.OK() {
			t.Errorf("the Moment took the budget: %+v", got)
		}
		for i := range 10 { // a budget that is used up does not hold it
			world.Set(tomorrow.Add(time.Duration(i) * 24 * time.Hour))
			got := reserve(t, g, moment(fmt.Sprint("m day ", i), "青柠 07", true))[0]
			if !got.OK() {
				t.Fatalf("day %d: %+v", i, got)
			}
			deliver(t, g, got.TouchID, world.Now())
		}
		for _, d := range first {
			if again, err := g.Recompute(t.Context(), "c", d.TouchID); err != nil || !again.Same {
				t.Errorf("recompute: %+v, %v", again, err)
			}
		}
	})
}

func TestAMomentForSomeIsPaidFromTheBudget(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := newGovernor(t, d, clock.NewManual(tuesday))
	if got := reserve(t, g, moment("m/1", "青柠 07", false))[0]; !got.OK() {
		t.Fatalf("the first: %+v", got)
	}
	for i, r := range []Request{marketing("b/1", "青柠 07"), moment("m/2", "青柠 07", false)} {
		if got := reserve(t, g, r)[0]; got.RuleID != ruleCap {
			t.Errorf("%d, on the same day: %+v", i, got)
		}
	}
	optOut(t, g, "山竹 08")
	for _, open := range []bool{true, false} {
		if got := reserve(t, g, moment(fmt.Sprint("m/stop/", open), "山竹 08", open))[0]; got.RuleID != ruleOptOut {
			t.Errorf("after an opt-out: %+v", got)
		}
	}
	if err := moment("m/9", "青柠 07", true).validate(); err != nil {
		t.Error(err)
	}
	odd := marketing("b/9", "青柠 07")
	odd.Open = true
	if odd.validate() == nil {
		t.Error("a mass message for everybody without cost was taken")
	}
}
