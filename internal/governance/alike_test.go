package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestTheSameReachesACustomerOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		key := 0
		say := func(text string, change func(r *Request)) Decision {
			key++
			r := marketing(fmt.Sprint("b", key), who)
			r.StaffID, r.Texts = fmt.Sprint("S0", key%5), []string{text}
			if change != nil {
				change(&r)
			}
			return reserve(t, g, r)[0]
		}
		const text = "周末到店试用新的面霜，前30位送小样，不想再收到请回复退订"
		first := say(text, nil)
		permit(t, g, first.TouchID)
		deliver(t, g, first.TouchID, world.Now())
		world.Advance(26 * time.Hour)
		for _, other := range []string{text, "周末到店试用新的面霜！前 30 位送小样～不想再收到，请回复退订", "我是小李，" + text} {
			got := say(other, nil)
			if want := clock.At(time.Date(2026, 12, 25, 9, 0, 0, 0, shanghai)); got.State != Held || got.RuleID != ruleAlike || got.Next != want {
				t.Fatalf("%q: %+v, want %v", other, got, want.In(shanghai))
			}
			same(t, g, got.TouchID)
			e, err := g.Explain(t.Context(), "c", got.TouchID)
			if err != nil || e.Twin != first.TouchID || e.Window != nil && e.Window.RuleID == ruleAlike {
				t.Fatalf("%+v %v", e, err)
			}
		}
		care := say(text, func(r *Request) { r.Class = Lifecycle })
		moment := say(text, func(r *Request) { r.Channel = Moment })
		if care.RuleID != ruleAlike || moment.RuleID != ruleAlike {
			t.Fatalf("by another class or channel: %+v %+v", care, moment)
		}
		answer := say(text, func(r *Request) { r.Class, r.Channel = Service, KF })
		if answer.State != Reserved {
			t.Fatalf("an answer may say it again: %+v", answer)
		}
		news := say("春天的茶会开始报名，带一位朋友来听古琴", nil)
		if news.State != Reserved {
			t.Fatalf("something new: %+v", news)
		}
		g.book.caps.Per[0].Cap = 3 // what is open does not fill the day
		waiting := say("春天的茶会开始报名，带一位朋友来听古琴。", func(r *Request) { r.NotBefore = world.Now().Add(60 * time.Hour) })
		if waiting.RuleID != ruleAlike || waiting.Next != 0 {
			t.Fatalf("what is still open: %+v", waiting)
		}
		g.book.caps.Per[0].Cap = 1
		giveBack := func(id int64) {
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.Release(ctx, tx, id, "WC-02", reasonLease) })
		}
		giveBack(news.TouchID)
		anew := say("春天的茶会开始报名，带一位朋友来听古琴", nil)
		if anew.State != Reserved {
			t.Fatalf("what reached nobody: %+v", anew)
		}
		giveBack(anew.TouchID)
		world.Advance(31 * 24 * time.Hour)
		if got := say(text, nil); got.State != Reserved {
			t.Fatalf("a month later: %+v", got)
		}
		for _, id := range []int64{first.TouchID, care.TouchID, moment.TouchID, news.TouchID} {
			same(t, g, id)
		}
	})
}

func TestTwoMembersInOneBatchSayItOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		caps, _, err := g.Caps(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		a, b := marketing("a", "x"), marketing("b", "x")
		b.Texts = []string{a.Texts[0] + "🎉"}
		g.book.caps.Per[0].Cap = 3 // two a day would be allowed
		got := reserve(t, g, b, a)
		if got[1].State != Reserved || got[0].RuleID != ruleAlike {
			t.Fatalf("%+v, caps %+v", got, caps.Per)
		}
		// What a member sent alone counts.
		own := marketing("own", "y")
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.Observe(ctx, tx, own, world.Now()) })
		again := marketing("again", "y")
		again.Texts = own.Texts
		if got := reserve(t, g, again)[0]; got.RuleID != ruleAlike {
			t.Fatalf("after a member's own: %+v", got)
		}
		agree(t, g, again, []string{"x", "y", "z"})
	})
}
