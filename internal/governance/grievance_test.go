package governance

import (
	"context"
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func grieve(t testing.TB, g *Governor, customer string, kind GrievanceKind) *Grievance {
	t.Helper()
	var v *Grievance
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) (err error) {
		v, err = g.OpenGrievance(ctx, tx, Grievance{CorpID: "c", CustomerID: customer, Kind: kind, Note: "面霜过敏，要求退货", ByWhom: "S01"})
		return err
	})
	return v
}

func settle(t testing.TB, g *Governor, id int64) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		_, err := g.EndGrievance(ctx, tx, "c", id, "S02", "已退款并致歉")
		return err
	})
}

func TestNothingIsSoldDuringAComplaint(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		before := reserve(t, g, marketing("b0", who))[0]
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.Release(ctx, tx, before.TouchID, "WC-02", reasonLease)
		})
		complaint := grieve(t, g, who, Complaint)
		if again := grieve(t, g, who, Complaint); again.ID != complaint.ID {
			t.Fatalf("noted twice: %d and %d", complaint.ID, again.ID)
		}
		held := reserve(t, g, marketing("b1", who))[0]
		if held.State != Held || held.RuleID != ruleGrievance || held.Next != 0 {
			t.Fatalf("during the complaint: %+v", held)
		}
		care := marketing("care", who)
		care.Class = Lifecycle
		if got := reserve(t, g, care)[0]; got.RuleID != ruleGrievance {
			t.Fatalf("lifecycle during the complaint: %+v", got)
		}
		answer := marketing("answer", who)
		answer.Class, answer.Channel = Service, KF
		if got := reserve(t, g, answer)[0]; got.State != Reserved {
			t.Fatalf("an answer during the complaint: %+v", got)
		}
		world.Advance(26 * time.Hour) // the marketing of before the complaint is out of the day
		b, err := g.Budget(t.Context(), "c", who)
		if err != nil || !b[who].Full || b[who].Grievance != Complaint || b[who].Next != 0 {
			t.Fatalf("budget %+v %v", b[who], err)
		}
		settle(t, g, complaint.ID)
		rest := reserve(t, g, marketing("b2", who))[0]
		if want := clock.At(tuesday.Add((26 + 48) * time.Hour)); rest.RuleID != ruleGrievance || rest.Next != want {
			t.Fatalf("just after its end: %+v, want %v", rest, want.In(shanghai))
		}
		// What is wanted for later is judged for then.
		later := marketing("b3", who)
		later.NotBefore = world.Now().Add(49 * time.Hour)
		if got := reserve(t, g, later)[0]; got.State != Reserved {
			t.Fatalf("two days after its end: %+v", got)
		}
		world.Advance(49 * time.Hour)
		for _, id := range []int64{before.TouchID, held.TouchID, rest.TouchID} {
			same(t, g, id)
		}
	})
}

func TestAGrievanceTakesBackWhatIsOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var told []string
		g.OnPreference = append(g.OnPreference, func(_ context.Context, _ *db.Tx, e PreferenceChanged) error {
			told = append(told, e.CustomerID)
			return nil
		})
		reserved, tasked := reserve(t, g, marketing("b1/a", "a"))[0], reserve(t, g, marketing("b1/b", "b"))[0]
		permit(t, g, tasked.TouchID)
		world.Advance(time.Minute)
		grieve(t, g, "a", Refund)
		bad := grieve(t, g, "b", Upset)
		if got := touch(t, g, reserved.TouchID); got.State != Released || got.RuleID != ruleGrievance {
			t.Fatalf("the reservation: %s %s", got.State, got.RuleID)
		}
		if len(told) != 2 || told[1] != "b" {
			t.Fatalf("told of %v", told)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			out, err := g.Unwanted(ctx, tx, "c", tasked.TouchID)
			if out[tasked.TouchID].RuleID != ruleGrievance {
				t.Errorf("the open task: %+v", out)
			}
			return err
		})
		deliver(t, g, tasked.TouchID, world.Now()) // the member's confirmation was faster
		if got := touch(t, g, tasked.TouchID); !got.Late {
			t.Fatalf("it is not booked as late: %+v", got)
		}
		settle(t, g, bad.ID)
		// One that ended leaves another one open.
		first, second := grieve(t, g, "c", Complaint), grieve(t, g, "c", Refund)
		settle(t, g, first.ID)
		if got := reserve(t, g, marketing("b2/c", "c"))[0]; got.RuleID != ruleGrievance || got.Next != 0 {
			t.Fatalf("the refund is open: %+v", got)
		}
		settle(t, g, second.ID)
		list, err := g.Grievances(t.Context(), "c", "c")
		if err != nil || len(list) != 2 || list[0].ID != second.ID || list[0].EndedBy != "S02" || list[0].Outcome == "" {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestAGrievanceSaysWhatItIsAbout(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := newGovernor(t, d, clock.NewManual(tuesday))
	for name, v := range map[string]Grievance{
		"kind": {Kind: "mood", Note: "不高兴"}, "note": {Kind: Refund, Note: " "},
		"ref": {Kind: Refund, Note: "退货", Ref: string(make([]rune, maxRef+1))},
	} {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := g.OpenGrievance(ctx, tx, v)
			return err
		})
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Field != name {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
}
