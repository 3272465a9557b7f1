package governance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
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
		for _, class := range []Class{Marketing, Lifecycle, Service, Transactional} {
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

// Many reservations are released in steps, while the stop is in force; the gate holds all of them back from the first instant.
func TestAStopReleasesManyInSteps(t *testing.T) {
	t.Parallel()
	for _, staff := range []string{"", "S04"} {
		t.Run("of "+staff, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				g := newGovernor(t, d, clock.NewManual(tuesday))
				g.step = 1
				var ids []int64
				for i := range 30 {
					r := marketing(fmt.Sprint("b1/", i), fmt.Sprint("c", i))
					if i%2 == 0 {
						r.StaffID = "S04"
					}
					ids = append(ids, reserve(t, g, r)[0].TouchID)
				}
				released := func() (n int) {
					for _, id := range ids {
						got := touch(t, g, id)
						if got.State == Released && got.RuleID == ruleHalt {
							n++
						}
						if got.StaffID == "S03" && staff != "" && got.State != Reserved {
							t.Fatalf("another member's: %s", got.State)
						}
					}
					return n
				}
				// more does the next step, after it was broken off once, and answers whether there was one.
				more := func() bool {
					w := new(bus.Work)
					err := d.Read().NewSelect().Model(w).Where("kind = ? AND state = 'pending'", kindHalt).Limit(1).Scan(t.Context())
					if db.IsNoRows(err) {
						return false
					}
					broken := errors.New("broken off")
					for _, end := range []error{broken, nil, nil} {
						err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
							if err := g.haltMore(ctx, tx, *w); err != nil {
								return err
							}
							_, err := tx.NewRaw("UPDATE work SET state = 'done' WHERE id = ?", w.ID).Exec(ctx)
							return errors.Join(err, end)
						})
						if !errors.Is(err, end) {
							t.Fatal(err)
						}
					}
					return true
				}
				halt := func() {
					inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
						return g.HaltSending(ctx, tx, "c", staff, "S01", "内容出错")
					})
				}
				halt()
				if n := released(); n == 0 || n > 1 {
					t.Fatalf("%d were released at once", n)
				}
				last := ids[28]
				if permits, refused := permit(t, g, last); len(permits) != 0 || refused[0].RuleID != ruleHalt {
					t.Fatalf("what waits for its step: %+v", refused)
				}
				for range 3 {
					if !more() {
						t.Fatal("there is no next step")
					}
				}
				list, err := g.Halts(t.Context(), "c", 1)
				if err != nil {
					t.Fatal(err)
				}
				inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.LiftHalt(ctx, tx, "c", list[0].ID, "S02") })
				n := released()
				for more() {
				}
				if released() != n || n >= 15 {
					t.Fatalf("%d were released after it was lifted, %d before", released(), n)
				}
				halt()
				for more() {
				}
				want := 30
				if staff != "" {
					want = 15
				}
				if n := released(); n != want {
					t.Fatalf("%d of %d are released", n, want)
				}
			})
		})
	}
}
