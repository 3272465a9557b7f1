package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// What was decided ahead is written as it was while nothing changed that it depends on, and else decided again.
func TestWhatWasDecidedAheadIsDecidedAgainWhenAnythingChanged(t *testing.T) {
	t.Parallel()
	const mine, other = "wm 03", "wm 90"
	in := func(f func(ctx context.Context, tx *db.Tx, g *Governor) error) func(t *testing.T, g *Governor) {
		return func(t *testing.T, g *Governor) {
			inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return f(ctx, tx, g) })
		}
	}
	said := func(customer string) func(t *testing.T, g *Governor) {
		return func(t *testing.T, g *Governor) { optOut(t, g, customer) }
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, tt := range map[string]struct {
			between func(t *testing.T, g *Governor)
			rule    string // that holds `mine` back; "" = nothing does
			stands  bool
		}{
			"nothing":                        {func(*testing.T, *Governor) {}, "", true},
			"somebody else said stop":        {said(other), "", true},
			"they said stop":                 {said(mine), ruleOptOut, false},
			"another message took the place": {func(t *testing.T, g *Governor) { reserve(t, g, marketing("first", mine)) }, ruleCap, false},
			"a member sent them something": {in(func(ctx context.Context, tx *db.Tx, g *Governor) error {
				return g.Observe(ctx, tx, marketing("seen", mine), g.world.Now())
			}), ruleCap, false},
			"they chose a pause": {in(func(ctx context.Context, tx *db.Tx, g *Governor) error {
				return g.SetPreference(ctx, tx, Preference{CorpID: "c", CustomerID: mine, PausedUntil: g.world.Now().Add(time.Hour), Via: "page", ByWhom: "customer"})
			}), rulePreference, false},
			"sending was stopped": {in(func(ctx context.Context, tx *db.Tx, g *Governor) error {
				return g.HaltSending(ctx, tx, "c", "S03", "S01", "查一查")
			}), ruleHalt, false},
			"the limits were changed": {func(t *testing.T, g *Governor) {
				caps, _, err := g.Caps(t.Context(), "c")
				if err != nil {
					t.Fatal(err)
				}
				caps.Holdout = 5
				if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
					t.Fatal(err)
				}
			}, "", false},
			"where they live became known": {in(func(ctx context.Context, tx *db.Tx, g *Governor) error {
				_, err := g.SetZones(ctx, tx, "c", "staff", "S01", map[string]string{mine: "America/New_York"})
				return err
			}), ruleQuiet, false},
			"where somebody else lives became known": {in(func(ctx context.Context, tx *db.Tx, g *Governor) error {
				_, err := g.SetZones(ctx, tx, "c", "staff", "S01", map[string]string{other: "America/New_York"})
				return err
			}), "", true},
			"who somebody is changed": {in(func(_ context.Context, tx *db.Tx, _ *Governor) error {
				tx.Changed("c", areaCustomer, mine)
				return nil
			}), "", false},
			"time passed": {func(_ *testing.T, g *Governor) { g.world.(*clock.Manual).Advance(mostAhead + time.Second) }, "", false},
		} {
			t.Run(name, func(t *testing.T) {
				g := newGovernor(t, d, clock.NewManual(tuesday))
				g.key = []byte(name + "                ") // another draw of the holdout
				clean(t, d)
				reqs := make([]Request, 8)
				for i := range reqs {
					reqs[i] = marketing(fmt.Sprint("b/", i), fmt.Sprintf("wm %02d", i))
				}
				f, err := g.Foresee(t.Context(), reqs)
				if err != nil || f == nil {
					t.Fatalf("%v, %v", f, err)
				}
				tt.between(t, g)
				var stands bool
				var got []Decision
				inTx(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
					if stands, err = g.holds(ctx, tx, f); err == nil {
						got, err = g.ReserveForeseen(ctx, tx, f)
					}
					return err
				})
				if stands != tt.stands {
					t.Errorf("it stands: %v, want %v", stands, tt.stands)
				}
				if rule := got[3].RuleID; rule != tt.rule && tt.rule != "" || tt.rule == "" && rule != "" && rule != ruleHoldout {
					t.Errorf("%s is held back by %q, want %q", mine, rule, tt.rule)
				}
				for _, x := range got {
					same(t, g, x.TouchID)
				}
				again := reserve(t, g, reqs...) // the same answers, and nothing is written twice
				for i := range again {
					again[i].Existing = false
				}
				if diff := cmp.Diff(got, again); diff != "" {
					t.Errorf("asked again (-first +again):\n%s", diff)
				}
			})
		}
	})
}

// clean empties the ledger of a database that several cases share.
func clean(t *testing.T, d *db.DB) {
	t.Helper()
	inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{"touch", "touch_words", "optout", "suppression", "preference", "customer_zone", "halt", "caps", "change", "audit_entry"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOnlyWhatDependsOnItsCustomerAloneIsDecidedAhead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		care, room := marketing("a", "wm 01"), marketing("b", "")
		care.Class, room.ChatID, room.Channel = Lifecycle, "wr 01", MassGroup
		for name, r := range map[string]Request{"care": care, "a group": room} {
			if f, err := g.Foresee(t.Context(), []Request{r}); err != nil || f != nil {
				t.Errorf("%s: %v, %v", name, f, err)
			}
		}
		newMember(g, clock.At(tuesday))
		if f, err := g.Foresee(t.Context(), many("c", 2)); err != nil || f != nil {
			t.Errorf("a member with a limit of the day: %v, %v", f, err)
		}
	})
}
