package governance

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func TestOneSwitchStopsEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var told []Halted
		g.OnHalt = append(g.OnHalt, func(_ context.Context, _ *db.Tx, e Halted) error {
			told = append(told, e)
			return nil
		})
		halt := func(staff, reason string) error {
			return d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.HaltSending(ctx, tx, "c", staff, "S01", reason) })
		}
		by := func(key, customer, staff string, class Class) Request {
			r := marketing(key, customer)
			r.StaffID, r.Class = staff, class
			if class == Service {
				r.Channel = KF
			}
			return r
		}
		reserved := reserve(t, g, by("b1", "a", "S03", Marketing))[0]
		if err := halt("", " "); errs.KindOf(err) != errs.Invalid {
			t.Fatalf("without a reason: %v", err)
		}
		for range 2 { // pressed twice, it is one stop
			if err := halt("", "内容出错"); err != nil {
				t.Fatal(err)
			}
		}
		if len(told) != 1 {
			t.Fatalf("told %d times", len(told))
		}
		if got := touch(t, g, reserved.TouchID); got.State != Released || got.RuleID != ruleHalt {
			t.Fatalf("what was reserved: %s %s", got.State, got.RuleID)
		}
		for _, class := range []Class{Marketing, Lifecycle, Service, Transactional, Emergency} {
			got := reserve(t, g, by("halted/"+string(class), "b", "S03", class))[0]
			if got.State != Held || got.RuleID != ruleHalt {
				t.Fatalf("%s: %+v", class, got)
			}
			if again, err := g.Recompute(t.Context(), "c", got.TouchID); err != nil || !again.Same {
				t.Fatalf("%s decided again: %+v %v", class, again, err)
			}
		}
		list, err := g.Halts(t.Context(), "c", 10)
		if err != nil || len(list) != 1 || list[0].Reason != "内容出错" {
			t.Fatalf("%+v %v", list, err)
		}
		lift := func() error {
			return d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.LiftHalt(ctx, tx, "c", list[0].ID, "S02") })
		}
		if err := lift(); err != nil {
			t.Fatal(err)
		}
		if err := lift(); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("lifted twice: %v", err)
		}
		world.Advance(time.Minute)

		// One member: the others go on. What is stopped between reservation and call gets no permit.
		before := reserve(t, g, by("before", "c", "S04", Service))[0]
		if err := halt("S03", "账号异常"); err != nil {
			t.Fatal(err)
		}
		if got := reserve(t, g, by("S03", "d", "S03", Marketing))[0]; got.State != Held || got.RuleID != ruleHalt {
			t.Fatalf("the stopped member: %+v", got)
		}
		if got := reserve(t, g, by("S04", "e", "S04", Marketing))[0]; got.State != Reserved {
			t.Fatalf("another member: %+v", got)
		}
		if permits, refused := permit(t, g, before.TouchID); len(permits) != 1 {
			t.Fatalf("another member's answer: %+v", refused)
		}
	})
}

// A stop that comes between a reservation and its call, and does not see the reservation, still keeps it from going out.
func TestAStopIsReadAgainAtTheCall(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := newGovernor(t, d, clock.NewManual(tuesday))
	one := reserve(t, g, marketing("b1", "a"))[0]
	inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&Halt{CorpID: "c", ID: tx.NewID(), Since: 1, ByWhom: "S01", Reason: "x"}).Exec(ctx)
		return err
	})
	permits, refused := permit(t, g, one.TouchID)
	if len(permits) != 0 || len(refused) != 1 || refused[0].RuleID != ruleHalt || refused[0].State != Released {
		t.Fatalf("%v %+v", permits, refused)
	}
}
