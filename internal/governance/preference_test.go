package governance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func choose(t testing.TB, g *Governor, p Preference) {
	t.Helper()
	p.CorpID, p.Via, p.ByWhom = "c", "page", "customer"
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.SetPreference(ctx, tx, p) })
}

func TestACustomerWhoWantsLessGetsLess(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		first := reserve(t, g, marketing("b1", who))[0]
		permit(t, g, first.TouchID)
		deliver(t, g, first.TouchID, world.Now())
		world.Advance(8 * 24 * time.Hour)

		choose(t, g, Preference{CustomerID: who, Pace: Monthly})
		held := reserve(t, g, marketing("b2", who))[0]
		if held.State != Held || held.RuleID != rulePreference || held.Next != clock.At(tuesday.AddDate(0, 0, 30)) {
			t.Fatalf("the second within 30 days: %+v, next %v", held, held.Next.In(shanghai))
		}
		if again, err := g.Recompute(t.Context(), "c", held.TouchID); err != nil || !again.Same {
			t.Fatalf("decided again: %+v %v", again, err)
		}
		b, err := g.Budget(t.Context(), "c", who)
		if err != nil || b[who].Pace != Monthly || !b[who].Full || b[who].Windows[2].Cap != 1 || b[who].Windows[2].RuleID != rulePreference {
			t.Fatalf("budget %+v %v", b[who], err)
		}

		choose(t, g, Preference{CustomerID: who, Pace: Weekly})
		ok := reserve(t, g, marketing("b3", who))[0]
		if ok.State != Reserved {
			t.Fatalf("weekly, after eight days: %+v", ok)
		}
		// What was decided under the former choice is explained by it.
		if again, err := g.Recompute(t.Context(), "c", held.TouchID); err != nil || !again.Same {
			t.Fatalf("decided again after the change: %+v %v", again, err)
		}
		choose(t, g, Preference{CustomerID: who, Pace: Monthly}) // the reservation is more than that
		if got := touch(t, g, ok.TouchID); got.State != Released || got.RuleID != rulePreference {
			t.Fatalf("the reservation: %s %s", got.State, got.RuleID)
		}
		service := marketing("answer", who)
		service.Class, service.Channel = Service, KF
		if got := reserve(t, g, service)[0]; got.State != Reserved || got.RuleID != "" {
			t.Fatalf("an answer: %+v", got)
		}
	})
}

func TestAPauseHoldsUntilItsEndAndReachesOpenTasks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		tasked := reserve(t, g, marketing("b1", who))[0]
		permit(t, g, tasked.TouchID)
		var told []PreferenceChanged
		g.OnPreference = append(g.OnPreference, func(_ context.Context, _ *db.Tx, e PreferenceChanged) error {
			told = append(told, e)
			return nil
		})
		world.Advance(time.Minute)
		choose(t, g, Preference{CustomerID: who, PausedUntil: world.Now().Add(pauseFor)})
		if len(told) != 1 || told[0].CustomerID != who {
			t.Fatalf("told %+v", told)
		}
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
			out, err := g.Unwanted(ctx, tx, "c", tasked.TouchID)
			if err != nil || out[tasked.TouchID].RuleID != rulePreference {
				t.Errorf("unwanted: %+v %v", out, err)
			}
			return nil
		})
		deliver(t, g, tasked.TouchID, world.Now().Add(time.Second)) // the member was faster than the cancellation
		if !touch(t, g, tasked.TouchID).Late {
			t.Error("what arrived within the pause is not booked as late")
		}
		world.Advance(5 * 24 * time.Hour)
		held := reserve(t, g, marketing("b2", who))[0]
		if held.State != Held || held.RuleID != rulePreference || held.Next < clock.At(tuesday.Add(pauseFor)) {
			t.Fatalf("within the pause: %+v", held)
		}
		world.Advance(26 * 24 * time.Hour)
		if got := reserve(t, g, marketing("b3", who))[0]; got.State != Reserved {
			t.Fatalf("after the pause: %+v", got)
		}
	})
}

func TestATopicSwitchedOffIsNotSent(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	const who = "青柠 07"
	about := func(key, topic string) Request {
		r := marketing(key, who)
		r.Topic = topic
		return r
	}
	choose(t, g, Preference{CustomerID: who, TopicsOff: []string{"直播"}})
	if got := reserve(t, g, about("b1", "直播"))[0]; got.State != Held || got.RuleID != rulePreference || !strings.Contains(got.Reason.ZH, "直播") {
		t.Fatalf("%+v", got)
	}
	if got := reserve(t, g, about("b2", "护肤课"))[0]; got.State != Reserved {
		t.Fatalf("%+v", got)
	}
	topics, err := g.TopicsOf(t.Context(), "c", who)
	if err != nil || strings.Join(topics, " ") != "护肤课 直播" {
		t.Fatalf("%v %v", topics, err)
	}
}

func TestTheHoldoutGetsNoMarketingAndEverythingElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		g.book.caps.Holdout = DefaultCaps().Holdout
		const customers = 2000
		var reqs []Request
		for i := range customers {
			reqs = append(reqs, marketing(fmt.Sprint("b1/", i), fmt.Sprint("customer ", i)))
		}
		held := map[string]int64{}
		for _, dec := range reserve(t, g, reqs...) {
			if dec.State == Held {
				if dec.RuleID != ruleHoldout {
					t.Fatalf("%+v", dec)
				}
				held[dec.CustomerID] = dec.TouchID
			}
		}
		if n := len(held); n < customers*4/100 || n > customers*6/100 {
			t.Fatalf("%d of %d are held out, want about 5 %%", n, customers)
		}
		for who, id := range held {
			if again, err := g.Recompute(t.Context(), "c", id); err != nil || !again.Same {
				t.Fatalf("decided again: %+v %v", again, err)
			}
			lifecycle := marketing("birthday/"+who, who)
			lifecycle.Class = Lifecycle
			if got := reserve(t, g, lifecycle)[0]; got.State != Reserved {
				t.Fatalf("lifecycle to the holdout: %+v", got)
			}
			c := DefaultCaps()
			c.Holdout = 20
			if _, err := g.SetCaps(t.Context(), "c", "S01", c); err != nil { // a larger share holds out everybody the smaller did
				t.Fatal(err)
			}
			if got := reserve(t, g, marketing("b2/"+who, who))[0]; got.RuleID != ruleHoldout {
				t.Fatalf("with a larger share: %+v", got)
			}
			break
		}
	})
}

func TestASendToAllCountsDouble(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	for i, want := range []State{Reserved, Held} { // 2 of 3 within the week, then a second one has no room
		r := marketing(fmt.Sprint("b", i), "青柠 07")
		r.Cost = maxCost
		got := reserve(t, g, r)[0]
		if got.State != want {
			t.Fatalf("send %d to all: %+v", i, got)
		}
		if want == Held {
			if at := got.Next; at != clock.At(tuesday.AddDate(0, 0, 7)) {
				t.Fatalf("next %v", at.In(shanghai))
			}
			break
		}
		permit(t, g, got.TouchID)
		deliver(t, g, got.TouchID, world.Now())
		world.Advance(26 * time.Hour)
	}
	if got := reserve(t, g, marketing("single", "青柠 07"))[0]; got.State != Reserved {
		t.Fatalf("a single one still has room: %+v", got)
	}
}

func TestPreferencesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	for name, p := range map[string]Preference{
		"a pace nobody offers": {Pace: "hourly"},
		"a pause without end":  {PausedUntil: world.Now().Add(400 * 24 * time.Hour)},
		"too many topics":      {TopicsOff: strings.Split(strings.Repeat("x ", 60), " ")},
	} {
		p.CorpID, p.CustomerID = "c", "青柠 07"
		err := g.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.SetPreference(ctx, tx, p) })
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThePreferencePageActsByPostOnly(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	const who = "青柠 07"
	r := marketing("b1", who)
	r.Topic = "直播"
	reserve(t, g, r)
	path := g.PreferencePath("c", who)
	ask := func(method, path string, form url.Values) string {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w.Body.String()
	}
	if page := ask("GET", path+"?act=stop", nil); !strings.Contains(page, "全部停止") || !strings.Contains(page, "最多每周一次") || !strings.Contains(page, "直播") {
		t.Fatalf("the page: %s", page)
	}
	for _, c := range []struct {
		form url.Values
		says string
		want func(Preference) bool
	}{
		{url.Values{"act": {"weekly"}}, "频率已改", func(p Preference) bool { return p.Pace == Weekly }},
		{url.Values{"act": {"pause"}}, "已暂停", func(p Preference) bool { return p.Pace == Weekly && p.PausedUntil == world.Now().Add(pauseFor) }},
		{url.Values{"act": {"unpause"}}, "已结束暂停", func(p Preference) bool { return p.PausedUntil == 0 }},
		{url.Values{"act": {"topics"}, "all": {"直播"}}, "主题已改", func(p Preference) bool { return len(p.TopicsOff) == 1 }},
		{url.Values{"act": {"topics"}, "all": {"直播"}, "topic": {"直播"}}, "主题已改", func(p Preference) bool { return len(p.TopicsOff) == 0 }},
		{url.Values{"act": {"no_traits"}}, "按标签或行为挑选的推广不再发给您", func(p Preference) bool { return p.NoTraits && p.Pace == Weekly }},
		{url.Values{"act": {"usual"}}, "✓ 不按我的标签和行为挑选", func(p Preference) bool { return p.NoTraits && p.Pace == Usual }},
		{url.Values{"act": {"traits"}}, "不要按我的标签和行为挑选内容", func(p Preference) bool { return !p.NoTraits }},
	} {
		page := ask("POST", path, c.form)
		p, err := g.PreferenceOf(t.Context(), "c", who)
		if err != nil || !c.want(p) || !strings.Contains(page, c.says) {
			t.Fatalf("%v: %+v %v %s", c.form, p, err, page)
		}
	}
	if page := ask("POST", path, url.Values{"act": {"eat"}}); !strings.Contains(page, "请按页面上的按钮") {
		t.Fatalf("an unknown act: %s", page)
	}
}
