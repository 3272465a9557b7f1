package governance

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestARuleOfTheHouseOnlyMakesStricter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g, ctx := newGovernor(t, d, world), t.Context()
		rule := HouseRule{CorpID: "c", Name: "晚上不打扰", Expression: `audience > 100 and hour >= 20`, Action: Review, Reason: "晚上只发给少数人", Enabled: true, MadeBy: "S01"}
		for change, code := range map[string]HouseRule{
			"governance.house_name":       {CorpID: "c", Expression: "true", Action: Warn, Reason: "因为"},
			"governance.house_reason":     {CorpID: "c", Name: "x", Expression: "true", Action: Warn},
			"governance.house_action":     {CorpID: "c", Name: "x", Expression: "true", Action: Suspend, Reason: "因为"},
			"governance.house_expression": {CorpID: "c", Name: "x", Expression: "hour >", Action: Warn, Reason: "因为"},
		} {
			_, err := g.SaveHouse(ctx, code)
			refusedAs(t, err, change)
		}
		r, err := g.SaveHouse(ctx, rule)
		if err != nil || r.RuleID() != "HR-1" || r.Version != 1 {
			t.Fatalf("%+v %v", r, err)
		}
		fields := []Field{{Name: "text", Text: "你好，这是全国第一的护理课。"}}
		of := func(hour, audience int) Check {
			t.Helper()
			about := About{Class: Marketing, Channel: MassCustomer, At: clock.At(time.Date(2026, 11, 24, hour, 0, 0, 0, shanghai)), Audience: audience, Staff: "S01"}
			was, err := g.CheckFor(ctx, "c", Marketing, MassCustomer, fields...)
			if err != nil {
				t.Fatal(err)
			}
			c, err := g.WithHouse(ctx, "c", was, about, fields)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Findings) < len(was.Findings) {
				t.Fatalf("it took findings away: %+v", c)
			}
			return c
		}
		last := func(c Check) string { return c.Findings[len(c.Findings)-1].RuleID }
		if last(of(20, 101)) != "HR-1" || last(of(19, 101)) == "HR-1" || last(of(20, 100)) == "HR-1" {
			t.Fatal("it holds where it says")
		}

		// The next version blocks answers too; what was refused can be decided again after it changed.
		rule.ID, rule.Expression, rule.Action = r.ID, `class == "service" and text contains "赔"`, Block
		if r, err = g.SaveHouse(ctx, rule); err != nil || r.Version != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		answer := marketing("a1", "wm1")
		answer.Class, answer.Channel, answer.Texts = Service, KF, []string{"我们赔你"}
		refused := reserve(t, g, answer)[0]
		if refused.State != Held || refused.RuleID != "HR-1" || refused.Reason.ZH == "" {
			t.Fatalf("%+v", refused)
		}
		world.Advance(time.Minute)
		if err := g.DeleteHouse(ctx, "c", r.ID, "S02"); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, g.DeleteHouse(ctx, "c", r.ID, "S02"), "not_found")
		if again, err := g.Recompute(ctx, "c", refused.TouchID); err != nil || !again.Same || again.Rule != "HR-1" {
			t.Fatalf("%+v %v", again, err)
		}
		answer.Key = "a2"
		if got := reserve(t, g, answer)[0]; got.State != Reserved {
			t.Fatalf("after it was deleted: %+v", got)
		}
		versions, err := g.HouseVersions(ctx, "c", r.ID)
		if err != nil || len(versions) != 3 || !versions[0].Deleted || versions[2].Expression != `audience > 100 and hour >= 20` {
			t.Fatalf("%+v %v", versions, err)
		}
	})
}
