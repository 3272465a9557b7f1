package governance

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

// marks says that a customer is a minor.
func marks(t testing.TB, g *Governor, customer string, age Age) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		_, err := g.MarkAge(ctx, tx, AgeMark{CorpID: "c", CustomerID: customer, Age: age, Reason: "店里登记生日时本人说的", SetBy: "S03"})
		return err
	})
}

// agrees records what a guardian consents to.
func agrees(t testing.TB, g *Governor, customer string, purposes ...Purpose) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.GuardianAgrees(ctx, tx, Guardian{CorpID: "c", CustomerID: customer, Who: "李岚，母亲", Words: "11-24 到店当面签字", Purposes: purposes, By: "S03"})
	})
}

// givesBack makes room for what is asked next.
func givesBack(t testing.TB, g *Governor, decisions ...Decision) {
	t.Helper()
	for _, x := range decisions {
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
			return g.Release(ctx, tx, x.TouchID, "WC-02", errs.T("成员没有确认。", "The member did not confirm."))
		})
	}
}

// foretold is how many a preview leaves out, by rule.
func foretold(t testing.TB, g *Governor, r Request, customers ...string) map[string]int {
	t.Helper()
	to := make([]Recipient, len(customers))
	for i, id := range customers {
		to[i] = Recipient{CustomerID: id, StaffID: "S03"}
	}
	p, err := g.Preview(t.Context(), r, to)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{"": p.Reachable}
	for _, r := range p.Reasons {
		out[r.RuleID] += r.Count
	}
	return out
}

func TestAMinorGetsOnlyWhatTheGuardianConsentsTo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, from := range []int{censusFrom, 1} { // from tables, and from memory
			world := clock.NewManual(tuesday)
			g := newGovernor(t, d, world)
			g.censusFrom = from
			n := 0
			key := func() string { n++; return "b" + strconv.Itoa(from) + "-" + strconv.Itoa(n) }
			child, teen, adult := "小满"+strconv.Itoa(from), "阿树"+strconv.Itoa(from), "青柠"+strconv.Itoa(from)
			all := []string{child, teen, adult}
			service := func(who string) Request {
				r := marketing(key(), who)
				r.Class, r.Channel = Service, KF
				return r
			}
			want := func(r Request, rule string) Decision {
				t.Helper()
				got := reserve(t, g, r)[0]
				if (got.State == Held) != (rule != "") || got.RuleID != rule {
					t.Fatalf("%s %s (traits %v): %+v, want %q", r.Class, r.CustomerID, r.Traits, got, rule)
				}
				same(t, g, got.TouchID)
				if got.State == Reserved {
					givesBack(t, g, got)
				}
				world.Advance(time.Minute)
				return got
			}
			if got := foretold(t, g, chosenBy(key(), ""), all...); got[""] != 3 {
				t.Fatalf("before: %v", got)
			}
			marks(t, g, child, Under14)
			marks(t, g, teen, Under18)
			if got := foretold(t, g, marketing(key(), ""), all...); got[""] != 2 || got[ruleMinor] != 1 {
				t.Fatalf("to everybody: %v", got)
			}
			if got := foretold(t, g, chosenBy(key(), ""), all...); got[""] != 1 || got[ruleMinor] != 2 {
				t.Fatalf("chosen by tags: %v", got)
			}
			held := want(marketing(key(), child), ruleMinor)
			if touch(t, g, held.TouchID).ReasonZh == "" || len(g.options(touch(t, g, held.TouchID))) == 0 {
				t.Fatal("a refusal says why, and what can be done")
			}
			want(lifecycle(key(), child), ruleMinor)
			want(service(child), "")
			want(marketing(key(), teen), "")
			want(chosenBy(key(), teen), ruleMinor)
			if b, err := g.Budget(t.Context(), "c", child, teen); err != nil || !b[child].Full || !b[child].Guarded || b[teen].Guarded || b[teen].Age != Under18 {
				t.Fatalf("%+v %v", b, err)
			}

			agrees(t, g, child, ForLifecycle)
			want(marketing(key(), child), ruleMinor)
			want(lifecycle(key(), child), "")
			agrees(t, g, child, ForMarketing)
			want(lifecycle(key(), child), ruleMinor) // only to that, and nothing of before
			want(marketing(key(), child), "")
			want(chosenBy(key(), child), ruleMinor)
			agrees(t, g, child, ForMarketing, ForTraits)
			want(chosenBy(key(), child), "")
			if got := foretold(t, g, chosenBy(key(), ""), all...); got[""] != 2 || got[ruleMinor] != 1 {
				t.Fatalf("with the guardian: %v", got)
			}

			// Who says stop says it to all of it; a child's own yes is not enough.
			optOut(t, g, child)
			says(t, g, child)
			want(marketing(key(), child), ruleMinor)
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				return g.EndAge(ctx, tx, "c", child, "S03", "弄错了，是另一位客户")
			})
			want(marketing(key(), child), "")
			same(t, g, held.TouchID) // by what was known then
			rows, err := g.AgeMarks(t.Context(), "c", child)
			if err != nil || len(rows) != 1 || rows[0].EndedBy != "S03" || rows[0].EndReason == "" || rows[0].Reason == "" {
				t.Fatalf("the mark stays as history: %+v %v", rows, err)
			}
		}
	})
}

// What is reserved is given back, what a member holds is asked again and booked as late.
func TestAMarkOfAgeReachesOpenTasks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		open := reserve(t, g, marketing("b1", "小满"), marketing("b2", "阿树"), chosenBy("b3", "青柠"))
		permit(t, g, open[0].TouchID, open[1].TouchID, open[2].TouchID)
		kept := reserve(t, g, marketing("b4/1", "栗子"))[0]
		var told []string
		g.OnPreference = append(g.OnPreference, func(_ context.Context, _ *db.Tx, e PreferenceChanged) error {
			told = append(told, e.CustomerID)
			return nil
		})
		world.Advance(time.Minute)
		marks(t, g, "小满", Under14)
		marks(t, g, "阿树", Under18)
		marks(t, g, "青柠", Under18)
		marks(t, g, "栗子", Under14)
		if got := touch(t, g, kept.TouchID); got.State != Released || got.RuleID != ruleMinor {
			t.Fatalf("the reservation: %s %s", got.State, got.RuleID)
		}
		if !slices.Equal(told, []string{"小满", "阿树", "青柠", "栗子"}) {
			t.Fatalf("told of %v", told)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			out, err := g.Unwanted(ctx, tx, "c", open[0].TouchID, open[1].TouchID, open[2].TouchID)
			if err != nil || len(out) != 2 || out[open[0].TouchID].RuleID != ruleMinor || out[open[2].TouchID].RuleID != ruleMinor {
				t.Errorf("unwanted: %+v %v", out, err)
			}
			return nil
		})
		if permits, refused := permit(t, g, open[0].TouchID, open[1].TouchID); len(permits) != 1 || len(refused) != 1 || refused[0].RuleID != ruleMinor {
			t.Fatalf("permits %+v, refused %+v", permits, refused)
		}
		for _, o := range open {
			deliver(t, g, o.TouchID, world.Now().Add(time.Second))
		}
		if !touch(t, g, open[0].TouchID).Late || touch(t, g, open[1].TouchID).Late || !touch(t, g, open[2].TouchID).Late {
			t.Error("late is what the mark forbids, and nothing else")
		}
	})
}

func TestAGuardianIsNamedAndAMarkHasAReason(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	refused := func(code string, f func(ctx context.Context, tx *db.Tx) error) {
		t.Helper()
		err := g.db.Tx(t.Context(), f)
		if e, ok := err.(*errs.Error); !ok || e.Code != code { //nolint:errorlint // as the room answers it
			t.Fatalf("%v, want %s", err, code)
		}
	}
	refused("governance.ladder_words", func(ctx context.Context, tx *db.Tx) error {
		_, err := g.MarkAge(ctx, tx, AgeMark{CorpID: "c", CustomerID: "小满", Age: Under14, SetBy: "S03"})
		return err
	})
	refused("invalid", func(ctx context.Context, tx *db.Tx) error {
		_, err := g.MarkAge(ctx, tx, AgeMark{CorpID: "c", CustomerID: "小满", Age: "old", Reason: "不知道", SetBy: "S03"})
		return err
	})
	agree := func(who string, purposes ...Purpose) func(ctx context.Context, tx *db.Tx) error {
		return func(ctx context.Context, tx *db.Tx) error {
			return g.GuardianAgrees(ctx, tx, Guardian{CorpID: "c", CustomerID: "小满", Who: who, Words: "到店签字", Purposes: purposes, By: "S03"})
		}
	}
	refused("minor.unmarked", agree("李岚，母亲", ForMarketing))
	marks(t, g, "小满", Under14)
	refused("minor.guardian", agree(" ", ForMarketing))
	refused("minor.purposes", agree("李岚，母亲"))
	refused("invalid", agree("李岚，母亲", ForSensitive))
}

// Who came by a code for service only gets no marketing until they say yes themselves; service and care go on.
func TestWhoCameForServiceOnlyGetsNoMarketing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, from := range []int{censusFrom, 1} {
			world := clock.NewManual(tuesday)
			g := newGovernor(t, d, world)
			g.censusFrom = from
			tag := strconv.Itoa(from)
			asker, buyer := "问客"+tag, "买家"+tag
			g.narrow = func(_ context.Context, _ bun.IDB, _ string, ids []string, _ clock.Time) (map[string]bool, error) {
				return map[string]bool{asker: slices.Contains(ids, asker)}, nil
			}
			if got := foretold(t, g, marketing("p"+tag, ""), asker, buyer); got[""] != 1 || got[rulePurpose] != 1 {
				t.Fatalf("preview: %v", got)
			}
			got := reserve(t, g, marketing("b1/"+tag, asker), marketing("b1/x"+tag, buyer))
			if got[0].State != Held || got[0].RuleID != rulePurpose || got[0].Reason != reasonPurpose || got[1].State != Reserved {
				t.Fatalf("%+v", got)
			}
			same(t, g, got[0].TouchID)
			same(t, g, got[1].TouchID)
			care := reserve(t, g, lifecycle("care"+tag, asker))[0]
			if care.State != Reserved {
				t.Fatalf("care: %+v", care)
			}
			givesBack(t, g, care, got[1])
			world.Advance(time.Hour)
			says(t, g, asker)
			if got := foretold(t, g, marketing("q"+tag, ""), asker, buyer); got[""] != 2 {
				t.Fatalf("after their yes: %v", got)
			}
			yes := reserve(t, g, marketing("b2/"+tag, asker))[0]
			if yes.State != Reserved {
				t.Fatalf("after their yes: %+v", yes)
			}
			same(t, g, yes.TouchID)
			same(t, g, got[0].TouchID)
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.withdrawConsent(ctx, tx, "c", asker, ByCustomer) })
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				if out, err := g.Unwanted(ctx, tx, "c", yes.TouchID); err != nil || out[yes.TouchID].RuleID != rulePurpose {
					t.Errorf("what is open when they take it back: %+v %v", out, err)
				}
				return nil
			})
		}
	})
}
