package governance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

var errRefused = errors.New("refused")

// offend notes n refused texts of different rules.
func offend(t *testing.T, g *Governor, by string, severity Severity, rules ...string) {
	t.Helper()
	for _, r := range rules {
		if err := g.Refuse(t.Context(), "c", by, "", Finding{RuleID: r, Severity: severity, Text: "词"}, errRefused); !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
	}
}

func last(t *testing.T, g *Governor, on Subject, id string) *LadderStep {
	t.Helper()
	s, err := lastStep(t.Context(), g.db.Read(), "c", on, id)
	if err != nil || s == nil {
		t.Fatalf("no step of %s %q: %v", on, id, err)
	}
	return s
}

func concerns(*LadderStep) bool { return true }

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("want %s, got %v", code, err)
	}
}

func TestRefusedTextsLeadUpTheLadder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var halted []Halted
		g.OnHalt = append(g.OnHalt, func(_ context.Context, _ *db.Tx, e Halted) error { halted = append(halted, e); return nil })
		of := func(key, staff, by string, class Class) Decision {
			r := marketing(key, key)
			r.StaffID, r.By, r.Class = staff, by, class
			if class == Service {
				r.Channel = KF
			}
			d := reserve(t, g, r)[0]
			if again, err := g.Recompute(t.Context(), "c", d.TouchID); err != nil || !again.Same {
				t.Fatalf("%s decided again: %+v %v", key, again, err)
			}
			return d
		}
		waiting := of("waiting", "S03", "S01", Marketing)

		offend(t, g, "S03", Block, "R1", "R1") // the same rule on the same day is one hit
		if s := last(t, g, OnStaff, "S03"); s.Rung != Noticed || of("noticed", "S03", "S01", Marketing).State != Reserved {
			t.Fatalf("after one: %+v", s)
		}
		offend(t, g, "S03", Block, "R2")
		if s := last(t, g, OnStaff, "S03"); s.Rung != Cooled || s.Until != s.Since.Add(12*time.Hour) || len(s.hits()) != 2 {
			t.Fatalf("after two: %+v", s)
		}
		got := of("cooled", "S03", "S01", Marketing)
		if got.State != Held || got.RuleID != ruleLadder || got.Reason == (errs.Text{}) || got.Next == 0 {
			t.Fatalf("marketing of who is cooled: %+v", got)
		}
		if of("author", "S04", "S03", Marketing).State != Held || of("answer", "S03", "S03", Service).State != Reserved || of("other", "S04", "S01", Marketing).State != Reserved {
			t.Fatal("what is submitted by them rests too; answers and other members go on")
		}
		if permits, refused := permit(t, g, waiting.TouchID); len(permits) != 0 || len(refused) != 1 || refused[0].RuleID != ruleLadder {
			t.Fatalf("reserved before, called after: %+v", refused)
		}
		world.Advance(23 * time.Hour)
		if of("rested", "S03", "S01", Marketing).State != Reserved {
			t.Fatal("its time is over")
		}

		offend(t, g, "S03", Suspend, "R3") // one that suspends counts twice
		s := last(t, g, OnStaff, "S03")
		if s.Rung != Suspended || len(halted) != 1 || halted[0].StaffID != "S03" {
			t.Fatalf("after four: %+v %+v", s, halted)
		}
		if of("suspended", "S03", "S01", Service).RuleID != ruleHalt || of("asked", "S04", "S03", Service).RuleID != ruleLadder {
			t.Fatal("nothing of a suspended member goes out")
		}
		if s := last(t, g, OnCorp, ""); s.Rung != Noticed || s.rules()[0] != ruleLadder {
			t.Fatalf("the corp's own ladder: %+v", s)
		}
		halts, err := g.Halts(t.Context(), "c", 5)
		if err != nil || len(halts) != 1 {
			t.Fatal(halts, err)
		}
		err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.LiftHalt(ctx, tx, "c", halts[0].ID, "S02") })
		refusedAs(t, err, "governance.ladder_halt")

		_, err = g.Resume(t.Context(), "c", s.ID, "S02", true)
		refusedAs(t, err, "governance.ladder_early")
		world.Advance(7 * 24 * time.Hour)
		if of("still", "S03", "S01", Service).State != Held {
			t.Fatal("a suspension ends with an owner's word, not by time alone")
		}
		_, err = g.Resume(t.Context(), "c", s.ID, "S02", false)
		refusedAs(t, err, "governance.ladder_owner")
		_, err = g.Resume(t.Context(), "c", s.ID, "S03", true)
		refusedAs(t, err, "governance.ladder_own")
		if _, err := g.Resume(t.Context(), "c", s.ID, "S02", true); err != nil {
			t.Fatal(err)
		}
		if of("again", "S03", "S01", Service).State != Reserved {
			t.Fatal("after the owner's word they go on")
		}
		if watched, err := g.Watched(t.Context(), "c", "S03"); err != nil || !watched {
			t.Fatal("their drafts go to a second person", err)
		}
		world.Advance(61 * 24 * time.Hour)
		if watched, err := g.Watched(t.Context(), "c", "S03"); err != nil || watched {
			t.Fatal("it fades by one in 30 days", err)
		}
	})
}

func TestAnAppealIsDecidedByAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		offend(t, g, "S03", Suspend, "R1", "R2")
		s := last(t, g, OnStaff, "S03")
		if s.Rung != Suspended {
			t.Fatalf("%+v", s)
		}
		ctx := t.Context()
		_, err := g.DecideAppeal(ctx, "c", s.ID, "S02", true, true, "没有申诉")
		refusedAs(t, err, "governance.ladder_no_appeal")
		_, err = g.AppealStep(ctx, "c", s.ID, "S04", func(*LadderStep) bool { return false }, "不是我")
		refusedAs(t, err, "governance.ladder_not_concerned")
		_, err = g.AppealStep(ctx, "c", s.ID, "S03", concerns, " ")
		refusedAs(t, err, "governance.ladder_words")
		if _, err = g.AppealStep(ctx, "c", s.ID, "S03", concerns, "这是课程名"); err != nil {
			t.Fatal(err)
		}
		_, err = g.AppealStep(ctx, "c", s.ID, "S03", concerns, "再说一次")
		refusedAs(t, err, "governance.ladder_appealed")
		_, err = g.DecideAppeal(ctx, "c", s.ID, "S03", true, true, "我同意自己")
		refusedAs(t, err, "governance.ladder_own")
		if s, err = g.DecideAppeal(ctx, "c", s.ID, "S02", false, true, "确实是课程名"); err != nil || s.Decision != Upheld || s.EndedAt == 0 {
			t.Fatalf("%+v %v", s, err)
		}
		r := marketing("after", "a")
		if got := reserve(t, g, r)[0]; got.State != Reserved {
			t.Fatalf("an upheld appeal takes the effects away: %+v", got)
		}
		offend(t, g, "S03", Block, "R9")
		if s := last(t, g, OnStaff, "S03"); s.Rung != Noticed {
			t.Fatalf("and the hits: %+v", s)
		}
		s = last(t, g, OnStaff, "S03")
		if _, err = g.AppealStep(ctx, "c", s.ID, "S03", concerns, "也不对"); err != nil {
			t.Fatal(err)
		}
		if s, err = g.DecideAppeal(ctx, "c", s.ID, "S02", false, false, "这个词不行"); err != nil || s.Decision != Denied || s.EndedAt != 0 {
			t.Fatalf("%+v %v", s, err)
		}
	})
}

func TestServiceEndsWithTwoPersonsAndStopsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		ctx, n := t.Context(), 0
		state := func() State {
			n++
			r := marketing(fmt.Sprint("k", n), fmt.Sprint("wm", n))
			r.Class, r.Channel = Service, KF
			return reserve(t, g, r)[0].State
		}
		_, err := g.Raise(ctx, "c", OnCorp, "x", Stopped, "S01", "线上博彩")
		refusedAs(t, err, "governance.ladder_subject")
		_, err = g.Raise(ctx, "c", OnCorp, "", 9, "S01", "线上博彩")
		refusedAs(t, err, "governance.ladder_rung")
		s, err := g.Raise(ctx, "c", OnCorp, "", Stopped, "S01", "线上博彩")
		if err != nil || s.State != StepProposed || state() != Held {
			t.Fatalf("one person stops it at once: %+v %v", s, err)
		}
		_, err = g.Second(ctx, "c", s.ID, "S01", true)
		refusedAs(t, err, "governance.ladder_own")
		if s, err = g.Second(ctx, "c", s.ID, "S02", false); err != nil || s.EndedWhy != endedRejected || state() != Reserved {
			t.Fatalf("the second person says no: %+v %v", s, err)
		}
		if s, err = g.Raise(ctx, "c", OnCorp, "", Stopped, "S01", "线上博彩"); err != nil {
			t.Fatal(err)
		}
		if s, err = g.Second(ctx, "c", s.ID, "S02", true); err != nil || s.State != StepInForce || s.ConfirmedBy != "S02" {
			t.Fatalf("%+v %v", s, err)
		}
		_, err = g.Raise(ctx, "c", OnCorp, "", Cooled, "S01", "再来一次")
		refusedAs(t, err, "governance.ladder_higher")
		if s, err = g.Resume(ctx, "c", s.ID, "S02", true); err != nil || s.EndedAt != 0 || state() != Held {
			t.Fatalf("one of two: %+v %v", s, err)
		}
		_, err = g.Resume(ctx, "c", s.ID, "S02", true)
		refusedAs(t, err, "governance.ladder_second")
		if s, err = g.Resume(ctx, "c", s.ID, "S05", true); err != nil || s.EndedAt == 0 || state() != Reserved {
			t.Fatalf("two of two: %+v %v", s, err)
		}
	})
}

func TestACampaignThatPeopleLeaveIsStopped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		var halted []Halted
		g.OnHalt = append(g.OnHalt, func(_ context.Context, _ *db.Tx, e Halted) error { halted = append(halted, e); return nil })
		harmed := func(sent, lost int) {
			t.Helper()
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				return g.Harmed(ctx, tx, "c", "b1", "会员日", "S01", sent, lost)
			})
		}
		harmed(199, 20) // too few to say anything
		harmed(2000, 1)
		if s, err := lastStep(t.Context(), d.Read(), "c", OnCampaign, "b1"); err != nil || s != nil {
			t.Fatalf("%+v %v", s, err)
		}
		harmed(2000, 2)
		if s := last(t, g, OnCampaign, "b1"); s.Rung != Cooled || s.Author != "S01" || len(halted) != 0 {
			t.Fatalf("one in a thousand: %+v", s)
		}
		if got := reserve(t, g, marketing("b1/x", "x"))[0]; got.State != Held || got.RuleID != ruleLadder {
			t.Fatalf("%+v", got)
		}
		harmed(2000, 6)
		harmed(2000, 7) // told twice, it is one step
		if s := last(t, g, OnCampaign, "b1"); s.Rung != Paused || len(halted) != 1 || halted[0].CampaignID != "b1" {
			t.Fatalf("three in a thousand: %+v %+v", s, halted)
		}
	})
}

func TestAMemberWhoseCustomersLeaveRests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		harmed := func(sent, lost int) {
			t.Helper()
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.MemberHarmed(ctx, tx, "c", "S07", sent, lost) })
		}
		harmed(199, 20) // too few to say anything
		harmed(2000, 1)
		if s, err := lastStep(t.Context(), d.Read(), "c", OnStaff, "S07"); err != nil || s != nil {
			t.Fatalf("%+v %v", s, err)
		}
		harmed(2000, 2)
		if s := last(t, g, OnStaff, "S07"); s.Rung != Cooled {
			t.Fatalf("one in a thousand: %+v", s)
		}
		r := marketing("b2/x", "x")
		r.StaffID = "S07"
		if got := reserve(t, g, r)[0]; got.State != Held || got.RuleID != ruleLadder {
			t.Fatalf("%+v", got)
		}
		harmed(2000, 6)
		first := last(t, g, OnStaff, "S07")
		world.Advance(26 * time.Hour) // still the same 30 days, and another of them leaves
		harmed(2000, 7)
		if s := last(t, g, OnStaff, "S07"); first.Rung != Paused || s.ID != first.ID {
			t.Fatalf("three in a thousand: %+v, then %+v", first, s)
		}
		for range 12 { // a year of it is a day's rest a month, not a suspension
			world.Advance(30 * 24 * time.Hour)
			harmed(2000, 7)
			s := last(t, g, OnStaff, "S07")
			if s.Rung != Paused || s.ID == first.ID {
				t.Fatalf("a month later: %+v", s)
			}
			first = s
		}
	})
}

func TestAMemberWhoAddsTooFastIsToldAndRestsWhenFewAccept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		adding := func(id string, requests, added int) Rung {
			t.Helper()
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				return g.Adding(ctx, tx, "c", id, g.world.Now().Day(g.zone), requests, added)
			})
			s, err := lastStep(t.Context(), d.Read(), "c", OnStaff, id)
			if err != nil {
				t.Fatal(err)
			}
			if s == nil {
				return Clean
			}
			return s.Rung
		}
		for _, c := range []struct {
			id              string
			requests, added int
			want            Rung
		}{
			{"few", 20, 15, Clean},
			{"few", 9, 0, Clean}, // too few to say anything
			{"many", 21, 15, Noticed},
			{"many", 40, 30, Noticed}, // on another day of the month
			{"many", 40, 11, Cooled},
			{"refused", 10, 2, Cooled},
		} {
			if got := adding(c.id, c.requests, c.added); got != c.want {
				t.Errorf("%s, %d of %d: %v, want %v", c.id, c.added, c.requests, got, c.want)
			}
		}
	})
}

func TestFarMoreThanTheOthersInADayIsCooledDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		counts map[string]int
		want   int
	}{
		"forty among ones":             {map[string]int{"a": 40, "b": 1, "c": 1, "d": 0}, 1},
		"three is allowed":             {map[string]int{"a": 3, "b": 0, "c": 0}, 0},
		"all publish much":             {map[string]int{"a": 6, "b": 5, "c": 7}, 0},
		"alone":                        {map[string]int{"a": 40}, 1},
		"two who do it hide no third":  {map[string]int{"a": 40, "b": 38, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1, "k": 1, "l": 1}, 2},
		"one more than the cap, alone": {map[string]int{"a": 4, "b": 0, "c": 1}, 1},
	} {
		if got := overactive(c.counts, 3); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	for range 2 {
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
			return g.Active(ctx, tx, "c", clock.At(tuesday).Day(shanghai), map[string]int{"S03": 40, "S04": 1, "S05": 1})
		})
	}
	if s := last(t, g, OnStaff, "S03"); s.Rung != Cooled || s.rules()[0] != ruleStaffDay {
		t.Fatalf("%+v", s)
	}
	if got := reserve(t, g, marketing("k", "a"))[0]; got.State != Held || got.RuleID != ruleLadder {
		t.Fatalf("%+v", got)
	}
}

// Whatever happens in whatever order: more hits never lower a place, the last rung is people's alone, and without hits
// everybody who is not suspended comes down.
func TestTheLadderIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weight, more := rapid.IntRange(0, 9).Draw(t, "weight"), rapid.IntRange(0, 3).Draw(t, "more")
		standing := Rung(rapid.IntRange(0, 4).Draw(t, "standing"))
		a, b := climb(weight, standing), climb(weight+more, standing)
		if b < a || a < standing || a > Suspended {
			t.Fatalf("%d %d", a, b)
		}
		s := &LadderStep{Rung: a, Since: 1, State: StepInForce}
		s.Until = s.Since.Add(a.lasts())
		days := rapid.IntRange(0, 200).Draw(t, "days")
		at := s.Since.Add(time.Duration(days) * 24 * time.Hour)
		later := at.Add(hitWindow)
		if s.standing(later) > s.standing(at) || a < Suspended && days >= 120 && s.standing(at) != Clean || a == Suspended && s.standing(at) != a {
			t.Fatalf("%d stands %d, then %d", a, s.standing(at), s.standing(later))
		}
	})
}
