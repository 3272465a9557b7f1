package governance

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func TestATopicHasACapOfItsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		about := func(key, topic string) Decision {
			r := marketing(key, "a")
			r.Topic = topic
			return reserve(t, g, r)[0]
		}
		for i := range 2 {
			got := about(fmt.Sprintf("b%d/a", i), "护肤")
			permit(t, g, got.TouchID)
			deliver(t, g, got.TouchID, world.Now())
			world.Advance(25 * time.Hour)
		}
		got := about("b3/a", "护肤")
		if got.State != Held || got.RuleID != ruleShare {
			t.Fatalf("the third about one topic within 7 days: %+v", got)
		}
		if want := clock.At(tuesday).Add(7 * 24 * time.Hour); got.Next != want {
			t.Fatalf("next at %v, want %v", got.Next.In(shanghai), want.In(shanghai))
		}
		same(t, g, got.TouchID)
		other := about("b4/a", "会员日")
		if other.State != Reserved {
			t.Fatalf("another topic: %+v", other)
		}
		same(t, g, other.TouchID)
	})
}

func TestAChannelCanGetLessThanEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		caps, _, err := g.Caps(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		caps.ChannelWeek = map[Channel]int{Moment: 1}
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
			t.Fatal(err)
		}
		moment := func(key string) Decision {
			r := marketing(key, "a")
			r.Channel = Moment
			return reserve(t, g, r)[0]
		}
		first := moment("m1/a")
		permit(t, g, first.TouchID)
		deliver(t, g, first.TouchID, world.Now())
		world.Advance(25 * time.Hour)
		if got := moment("m2/a"); got.State != Held || got.RuleID != ruleShare {
			t.Fatalf("a second Moment within the week: %+v", got)
		}
		if got := reserve(t, g, marketing("b1/a", "a"))[0]; got.State != Reserved {
			t.Fatalf("a mass message is another channel: %+v", got)
		}
	})
}

func TestCapsOfSharesCanOnlyBeTightened(t *testing.T) {
	t.Parallel()
	policy := DefaultCaps()
	for field, loosen := range map[string]func(c *Caps){
		"topic_week":          func(c *Caps) { c.TopicWeek = 3 },
		"channel_week/moment": func(c *Caps) { c.ChannelWeek = map[Channel]int{Moment: 4} },
		"channel_week/kf":     func(c *Caps) { c.ChannelWeek = map[Channel]int{KF: 1} },
		"ramp/1":              func(c *Caps) { c.Ramp[1] = 101 },
		"staff_hour":          func(c *Caps) { c.StaffHour = 2001 },
		"staff_day":           func(c *Caps) { c.StaffDay = -1 },
	} {
		c := policy
		loosen(&c)
		err := c.tightens(policy)
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
