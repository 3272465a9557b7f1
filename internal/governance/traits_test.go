package governance

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// chosenBy is marketing whose receivers were chosen by their tags.
func chosenBy(key, customer string) Request {
	r := marketing(key, customer)
	r.Traits = true
	return r
}

func TestWhoRefusesToBeChosenByTraitsGetsOnlyWhatLooksAtNone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		before := reserve(t, g, chosenBy("b1", who))[0]
		if before.State != Reserved {
			t.Fatalf("before they said anything: %+v", before)
		}
		choose(t, g, Preference{CustomerID: who, NoTraits: true})
		if got := touch(t, g, before.TouchID); got.State != Released || got.RuleID != ruleTraits {
			t.Fatalf("the reservation: %s %s", got.State, got.RuleID)
		}
		care := chosenBy("b3", who)
		care.Class = Lifecycle
		answer := chosenBy("b4", who)
		answer.Class, answer.Channel = Service, KF
		held, lifecycle := reserve(t, g, chosenBy("b2", who))[0], reserve(t, g, care)[0]
		for _, got := range []Decision{held, lifecycle} {
			if got.State != Held || got.RuleID != ruleTraits || got.Reason != reasonTraits || got.Next != 0 {
				t.Fatalf("chosen by traits: %+v", got)
			}
			same(t, g, got.TouchID)
		}
		if got := reserve(t, g, answer)[0]; got.State != Reserved {
			t.Fatalf("an answer: %+v", got)
		}
		b, err := g.Budget(t.Context(), "c", who)
		if err != nil || !b[who].NoTraits || b[who].Full {
			t.Fatalf("budget %+v %v", b[who], err)
		}
		general := reserve(t, g, marketing("b5", who))[0]
		if general.State != Reserved {
			t.Fatalf("what goes to everybody: %+v", general)
		}
		permit(t, g, general.TouchID)
		deliver(t, g, general.TouchID, world.Now())
		if other := reserve(t, g, chosenBy("b6", "青柠 08"))[0]; other.State != Reserved {
			t.Fatalf("somebody else: %+v", other)
		} else {
			same(t, g, other.TouchID)
		}

		world.Advance(time.Minute)
		choose(t, g, Preference{CustomerID: who})
		same(t, g, held.TouchID) // by what they had chosen then
		world.Advance(26 * time.Hour)
		if got := reserve(t, g, chosenBy("b7", who))[0]; got.State != Reserved {
			t.Fatalf("after they allowed it again: %+v", got)
		}
	})
}

// What a member holds already, or is about to be given, stops at once; what the member confirmed before is booked as late.
func TestARefusalOfTraitsReachesOpenTasks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		open := reserve(t, g, chosenBy("b1", "青柠 07"), marketing("b2", "青柠 08"))
		permit(t, g, open[0].TouchID, open[1].TouchID)
		world.Advance(time.Minute)
		for _, who := range []string{"青柠 07", "青柠 08"} {
			choose(t, g, Preference{CustomerID: who, NoTraits: true})
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			out, err := g.Unwanted(ctx, tx, "c", open[0].TouchID, open[1].TouchID)
			if err != nil || len(out) != 1 || out[open[0].TouchID] != (Objection{ruleTraits, reasonTraits}) {
				t.Errorf("unwanted: %+v %v", out, err)
			}
			return nil
		})
		permits, refused := permit(t, g, open[0].TouchID, open[1].TouchID) // asked again after a crash
		if len(permits) != 1 || len(refused) != 1 || refused[0].RuleID != ruleTraits {
			t.Fatalf("permits %+v, refused %+v", permits, refused)
		}
		for _, o := range open {
			deliver(t, g, o.TouchID, world.Now().Add(time.Second))
		}
		if !touch(t, g, open[0].TouchID).Late || touch(t, g, open[1].TouchID).Late {
			t.Error("late is what was chosen by traits, and nothing else")
		}
	})
}
