package governance

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func TestALimitedMemberIsStoppedAndAskedAfterEachDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var asked []int
		g.OnLimited = append(g.OnLimited, func(_ context.Context, _ *db.Tx, e LimitTold) error {
			if e.StaffID != "S03" || e.Code != 99001 {
				t.Errorf("told of %+v", e.Halt)
			}
			asked = append(asked, e.Asked)
			return nil
		})
		before := reserve(t, g, marketing("before", "a"))[0]
		for range 2 { // answered twice, it is one stop
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				return g.LimitMember(ctx, tx, Limit{CorpID: "c", StaffID: "S03", Code: 99001, Op: "externalcontact/send_welcome_msg"})
			})
		}
		if got := touch(t, g, before.TouchID); got.State != Released || got.RuleID != ruleLimited {
			t.Fatalf("what was reserved: %s %s", got.State, got.RuleID)
		}
		held := reserve(t, g, marketing("after", "b"))[0]
		if held.State != Held || held.RuleID != ruleLimited || held.Reason != reasonLimited {
			t.Fatalf("the limited member: %+v", held)
		}
		if again, err := g.Recompute(t.Context(), "c", held.TouchID); err != nil || !again.Same {
			t.Fatalf("decided again: %+v %v", again, err)
		}
		other := marketing("other", "c")
		other.StaffID = "S04"
		if got := reserve(t, g, other)[0]; got.State != Reserved {
			t.Fatalf("another member: %+v", got)
		}
		stops, err := g.LimitedMembers(t.Context(), d.Read(), "c")
		if err != nil || len(stops) != 1 || stops[0].ByWhom != byWeCom || stops[0].Reason != "externalcontact/send_welcome_msg → 99001" {
			t.Fatalf("%+v %v", stops, err)
		}
		if left, err := g.leftBy(t.Context(), "c", stops); err != nil || left[stops[0].ID] != 2 {
			t.Fatalf("left for colleagues: %v %v", left, err)
		}
		ask := func() (due []bus.Work) {
			t.Helper()
			if err := d.Read().NewSelect().Model(&due).Where("kind = ? AND due_at > ?", kindLimited, world.Now()).Scan(t.Context()); err != nil || len(due) != 1 {
				t.Fatalf("%+v %v", due, err)
			}
			world.Advance(due[0].DueAt.Sub(world.Now()))
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.stillLimited(ctx, tx, due[0]) })
			return due
		}
		ask()
		if got := world.Now().Sub(stops[0].Since); got != 24*time.Hour {
			t.Fatalf("asked after %v", got)
		}
		due := ask()
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.LiftHalt(ctx, tx, "c", stops[0].ID, "S01") })
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.stillLimited(ctx, tx, due[0]) })
		if diff := cmp.Diff([]int{0, 1, 2}, asked); diff != "" {
			t.Fatal(diff)
		}
		if got := reserve(t, g, marketing("lifted", "d"))[0]; got.State != Reserved {
			t.Fatalf("after a person's word: %+v", got)
		}
		if again, err := g.Recompute(t.Context(), "c", held.TouchID); err != nil || !again.Same {
			t.Fatalf("decided again after the end: %+v %v", again, err)
		}
	})
}

func TestAPersonSaysThatAMemberIsLimited(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	g := newGovernor(t, d, clock.NewManual(tuesday))
	limit := func(l Limit) error {
		return d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.LimitMember(ctx, tx, l) })
	}
	refusedAs(t, limit(Limit{CorpID: "c", By: "S01", Reason: "微信被限制"}), "governance.limited_staff")
	refusedAs(t, limit(Limit{CorpID: "c", StaffID: "S03", By: "S01"}), "governance.halt_reason")
	if err := limit(Limit{CorpID: "c", StaffID: "S03", By: "S01", Reason: "微信被限制"}); err != nil {
		t.Fatal(err)
	}
	if h, err := g.LimitedMembers(t.Context(), d.Read(), "c"); err != nil || len(h) != 1 || h[0].ByWhom != "S01" || h[0].Code != 0 {
		t.Fatalf("%+v %v", h, err)
	}
}

// No code means a limited member until an owner says so; what the platform knows to mean something else never does.
func TestCodesThatMeanALimitedMemberAreNoted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		g.documented = func(code int) bool { return code == 45009 }
		add := func(code int, note string) (*LimitedCode, error) {
			return g.AddLimitedCode(t.Context(), LimitedCode{CorpID: "c", Code: code, Note: note, MadeBy: "S01"})
		}
		says := func(code int) bool {
			t.Helper()
			yes, err := g.SaysLimited(t.Context(), d.Read(), "c", code)
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		if says(99001) || says(0) {
			t.Fatal("nothing is noted")
		}
		for _, c := range []struct {
			code int
			note string
			want string
		}{
			{0, "欢迎语", "governance.limited_code"},
			{45009, "频率", "governance.limited_documented"},
			{99001, " ", "governance.limited_note"},
		} {
			_, err := add(c.code, c.note)
			refusedAs(t, err, c.want)
		}
		c, err := add(99001, "11 月 24 日给 S03 发欢迎语时返回，他的微信当天被限制")
		if err != nil || !says(99001) || says(99002) {
			t.Fatal(err)
		}
		_, err = add(99001, "又一次")
		refusedAs(t, err, "governance.limited_known")
		if err := g.EndLimitedCode(t.Context(), "c", c.ID, "S01"); err != nil || says(99001) {
			t.Fatal("ended, it means nothing", err)
		}
		if err := g.EndLimitedCode(t.Context(), "c", c.ID, "S01"); errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		if _, err := add(99001, "再次确认"); err != nil {
			t.Fatal(err)
		}
		rows, err := g.LimitedCodes(t.Context(), "c")
		if err != nil || len(rows) != 2 || rows[0].EndedID != 0 || rows[1].EndedBy != "S01" {
			t.Fatalf("%+v %v", rows, err)
		}
	})
}
