package moment_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/moment"
	"zhiyin.dev/zhiyin/internal/review"
)

// Words in doubt wait in the queue; whoever looks there decides, and the Moment and the queue never differ.
func TestAMomentInDoubtWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, url string) {
		p, ctx := start(t, url, nil), t.Context()
		w := words("夸")
		w.Text = "【花间】全国第一的护理课，周末开放预约。"
		m := publish(t, p, w)
		if m.State != moment.Review || m.Approval != governance.ByWords || m.Reach == 0 {
			t.Fatalf("%+v", m)
		}
		item := func() *review.Item {
			t.Helper()
			rows, err := p.Reviews.Queue(ctx, review.Filter{}, 0, 10)
			if err != nil || len(rows) != 1 || rows[0].Ref != fmt.Sprint(m.ID) || !rows[0].Held || rows[0].Audience != m.Reach {
				t.Fatalf("%+v %v", rows, err)
			}
			return rows[0]
		}
		var e *errs.Error
		if _, err := p.Moments.Approve(ctx, m.ID, "S01", 1000); !errors.As(err, &e) || e.Code != "moment.own_approval" {
			t.Fatalf("its author: %v", err)
		}
		if _, err := p.Reviews.Pass(ctx, item().ID, "S02", "", 0); !errors.As(err, &e) || e.Code != "moment.reach_changed" {
			t.Fatalf("more than was seen: %v", err)
		}
		if _, err := p.Reviews.Return(ctx, item().ID, "S02", "不要夸大", "claim", false); err != nil {
			t.Fatal(err)
		}
		m, err := p.Moments.Get(ctx, m.ID)
		if err != nil || m.State != moment.Draft || m.ReviewNote != "不要夸大" || m.ReviewedBy != "S02" {
			t.Fatalf("given back: %+v %v", m, err)
		}
		if m, err = p.Moments.Submit(ctx, m.ID, "S01", nil, 1000); err != nil || m.State != moment.Review {
			t.Fatalf("%+v %v", m, err)
		}
		item()
		if m, err = p.Moments.Cancel(ctx, m.ID); err != nil || m.State != moment.Cancelled { // its author takes it back
			t.Fatalf("%+v %v", m, err)
		}
		if rows, err := p.Reviews.Queue(ctx, review.Filter{}, 0, 10); err != nil || len(rows) != 0 {
			t.Fatalf("%+v %v", rows, err)
		}

		m = publish(t, p, w)
		if _, err := p.Reviews.Pass(ctx, item().ID, "S02", "exempt", 1000); err != nil {
			t.Fatal(err)
		}
		until(t, p, m.ID, moment.Open, time.Minute)
		rows, err := p.Reviews.Queue(ctx, review.Filter{Decided: true}, 0, 10)
		if err != nil || len(rows) != 3 || rows[0].State != review.Passed || rows[0].Label != "exempt" || rows[1].State != review.Returned || rows[1].Label != "claim" {
			t.Fatalf("%+v %v", rows, err)
		}
	})
}

// A member who publishes forty Moments on a day comes to rest within that day: no marketing goes through them.
func TestFortyMomentsADayCoolDown(t *testing.T) {
	t.Parallel()
	p := start(t, "", map[string]string{"moment.cap": "off"})
	for n := range 40 {
		p.Act("publish_moment", map[string]any{"staff": "S03", "text": fmt.Sprint("第 ", n, " 条")})
	}
	p.Act("publish_moment", map[string]any{"staff": "S02"})
	began := p.World.Now()
	apptest.Eventually(t, "the member to be cooled down", func() bool {
		advance(t, p, 10*time.Minute)
		rung, err := p.Governor.Standing(t.Context(), p.CorpID, governance.OnStaff, "S03", p.World.Now())
		if err != nil {
			t.Fatal(err)
		}
		return rung == governance.Cooled
	})
	if took := p.World.Now().Sub(began); took > time.Hour {
		t.Errorf("it took %v", took)
	}
	if rung, err := p.Governor.Standing(t.Context(), p.CorpID, governance.OnStaff, "S02", p.World.Now()); err != nil || rung != governance.Clean {
		t.Errorf("another member: %d %v", rung, err)
	}
	if d, err := p.Governor.Plan(t.Context(), governance.Request{
		CorpID: p.CorpID, Key: "k", CustomerID: "wm-nobody", StaffID: "S03", Channel: governance.MassCustomer, Class: governance.Marketing, Texts: []string{"周末护理课"}, By: "S01", Reason: "x",
	}); err != nil || d[0].RuleID != "ACC-13" {
		t.Errorf("%+v %v", d, err)
	}
}

// A rule that the corp makes after a Moment was submitted and before its hour holds for it.
func TestANewRuleOfTheCorpHoldsForAScheduledMoment(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, url string) {
		p, ctx := start(t, url, nil), t.Context()
		w := words("护理课")
		w.PublishAt = p.World.Now().Add(24 * time.Hour)
		m := publish(t, p, w)
		_, err := p.Governor.SaveHouse(ctx, governance.HouseRule{
			CorpID: p.CorpID, Name: "护理课停办", Expression: `channel == "moment" and text contains "护理课"`, Action: governance.Block, Reason: "课程停办，先问店长", Enabled: true, MadeBy: "S02",
		})
		if err != nil {
			t.Fatal(err)
		}
		advance(t, p, 24*time.Hour)
		until(t, p, m.ID, moment.Done, time.Minute)
		c, err := p.Moments.Counts(ctx, m.ID, nil)
		if err != nil || c.Matched == 0 || c.Held != c.Matched || len(seenBy(p, m.PostID)) != 0 {
			t.Fatalf("%+v %v", c, err)
		}
		var rules []string
		if err := p.DB.Read().NewRaw("SELECT DISTINCT rule_id FROM moment_receiver WHERE moment_id = ?", m.ID).Scan(ctx, &rules); err != nil || len(rules) != 1 || rules[0] != "HR-1" {
			t.Fatalf("%v %v", rules, err)
		}
	})
}
