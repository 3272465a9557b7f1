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

// planned is a mass message of its own for the hours from 11 to 21 of a day.
func planned(key string, days int) Request {
	r := marketing(key, "a")
	r.NotBefore = clock.At(tuesday.Truncate(24 * time.Hour).Add(3*time.Hour + time.Duration(days)*24*time.Hour)) // 11:00 in the corp's zone
	r.Expires = r.NotBefore.Add(10 * time.Hour)
	return r
}

func TestWhatIsPlannedForOtherDaysLeavesRoom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		for i, c := range []struct {
			day  int
			want State
			why  string
		}{
			{10, Reserved, "the first"},
			{10, Held, "the same day"},
			{11, Held, "less than a day after what may come at 21:00"},
			{9, Held, "less than a day before"},
			{12, Reserved, "two days later"},
			{8, Reserved, "two days before"},
			{6, Held, "a fourth within seven days"},
			{14, Held, "a fourth within seven days"},
			{1, Reserved, "a week before"},
			{19, Reserved, "a week after"},
		} {
			out := reserve(t, g, planned(fmt.Sprint("c", i), c.day))[0]
			if out.State != c.want || c.want == Held && out.RuleID != ruleCap {
				t.Errorf("day %d, %s: %s by %s, want %s", c.day, c.why, out.State, out.RuleID, c.want)
			}
		}
		var ids []int64
		if err := d.Read().NewRaw("SELECT id FROM touch").Scan(t.Context(), &ids); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids { // what was counted then can be counted again
			if r, err := g.Recompute(t.Context(), "c", id); err != nil || !r.Same {
				t.Errorf("touch %d decided again: %+v, %v", id, r, err)
			}
		}
	})
}

// What was planned gives way at its call to what nobody could foresee.
func TestACallFindsNoRoomThatIsTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(t *testing.T, g *Governor, first int64)
		passes  bool
	}{
		"the first arrived on its day": {func(t *testing.T, g *Governor, first int64) { deliver(t, g, first, clock.At(tuesday.Add(4*time.Hour))) }, true},
		"the first was not sent": {func(t *testing.T, g *Governor, first int64) {
			inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.Release(ctx, tx, first, "x", reasonHalt) })
		}, true},
		"the first is still with its member": {func(*testing.T, *Governor, int64) {}, false},
		"the first arrived late": {func(t *testing.T, g *Governor, first int64) {
			deliver(t, g, first, clock.At(tuesday.Add(40*time.Hour)))
		}, false},
		"a member wrote to many by themselves": {func(t *testing.T, g *Governor, first int64) {
			deliver(t, g, first, clock.At(tuesday.Add(4*time.Hour)))
			r := marketing("own", "a")
			r.CampaignID = ""
			inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
				return g.Observe(ctx, tx, r, clock.At(tuesday.Add(40*time.Hour)))
			})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				world := clock.NewManual(tuesday)
				g := newGovernor(t, d, world)
				out := reserve(t, g, planned("first", 0))
				later := reserve(t, g, planned("second", 2))
				if !out[0].OK() || !later[0].OK() {
					t.Fatalf("%+v %+v", out, later)
				}
				world.Advance(2 * time.Hour)
				if permits, refused := permit(t, g, out[0].TouchID); len(permits) != 1 {
					t.Fatalf("%+v", refused)
				}
				world.Advance(47 * time.Hour)
				c.between(t, g, out[0].TouchID)
				permits, refused := permit(t, g, later[0].TouchID)
				if c.passes && len(permits) != 1 || !c.passes && (len(refused) != 1 || refused[0].RuleID != ruleCap || touch(t, g, later[0].TouchID).State != Released) {
					t.Errorf("the call: permits %+v, refused %+v", permits, refused)
				}
			})
		})
	}
}

// The same for a group.
func TestACallToAGroupFindsNoRoomThatIsTaken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		toChat := func(key string, days int) Request {
			r := planned(key, days)
			r.CustomerID, r.ChatID, r.Channel = "", "room", MassGroup
			return r
		}
		first, second, same := reserve(t, g, toChat("first", 0))[0], reserve(t, g, toChat("second", 2))[0], reserve(t, g, toChat("third", 2))[0]
		if !first.OK() || !second.OK() || same.OK() || same.RuleID != ruleRoom {
			t.Fatalf("%+v %+v %+v", first, second, same)
		}
		world.Advance(2 * time.Hour)
		if permits, refused := permit(t, g, first.TouchID); len(permits) != 1 {
			t.Fatalf("%+v", refused)
		}
		world.Advance(47 * time.Hour)
		if _, refused := permit(t, g, second.TouchID); len(refused) != 1 || refused[0].RuleID != ruleRoom {
			t.Errorf("with the first still open: %+v", refused)
		}
	})
}
