package governance

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestALicenceCountsWhileItIsInForce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g, ctx := newGovernor(t, d, world), t.Context()
		n := 0
		ask := func() Decision {
			t.Helper()
			n++
			r := marketing("k"+string(rune('a'+n)), "wm"+string(rune('a'+n)))
			r.Texts = []string{"凭身份证申请，无抵押贷款以合同为准，退订点这里"}
			return reserve(t, g, r)[0]
		}
		held := ask()
		if held.State != Held || held.RuleID != "LNK-30" {
			t.Fatalf("without a licence: %+v", held)
		}
		paper := Licence{CorpID: "c", Kind: "lending", Holder: "青禾小额贷款有限公司", Number: "粤金贷（2026）7号", Issuer: "广东省地方金融管理局", MadeBy: "S01"}
		l, err := g.AddLicence(ctx, paper, "2026-11-26")
		if err != nil || l.State(world.Now()) != LicenceExpiring {
			t.Fatalf("%+v %v", l, err)
		}
		let := ask()
		if let.State != Reserved {
			t.Fatalf("with it: %+v", let)
		}
		// The day after its last one, nothing goes out by it; what was reserved before is refused at its call.
		world.Set(clock.At(time.Date(2026, 11, 27, 10, 0, 0, 0, shanghai)))
		if got := ask(); got.State != Held || got.RuleID != "LNK-30" {
			t.Fatalf("after it ended: %+v", got)
		}
		if permits, refused := permit(t, g, let.TouchID); len(permits) != 0 || len(refused) != 1 || refused[0].RuleID != "LNK-30" {
			t.Fatalf("at its call: %v %+v", permits, refused)
		}
		if rows, err := g.LicencesToRenew(ctx, "c"); err != nil || len(rows) != 1 || rows[0].State(world.Now()) != LicenceExpired {
			t.Fatalf("to renew: %+v %v", rows, err)
		}
		paper.Number = "粤金贷（2027）1号"
		next, err := g.AddLicence(ctx, paper, "")
		if err != nil || ask().State != Reserved {
			t.Fatal(err)
		}
		if rows, err := g.LicencesToRenew(ctx, "c"); err != nil || len(rows) != 0 {
			t.Fatalf("it was renewed: %+v %v", rows, err)
		}
		if err := g.EndLicence(ctx, "c", next.ID, "S01"); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got.State != Held {
			t.Fatalf("withdrawn: %+v", got)
		}
		refusedAs(t, g.EndLicence(ctx, "c", next.ID, "S01"), "not_found")
		refusedAs(t, g.EndLicence(ctx, "other", l.ID, "S01"), "not_found")
		// Whatever is on record now, what was decided is decided the same again.
		for _, id := range []int64{held.TouchID, let.TouchID} {
			if again, err := g.Recompute(ctx, "c", id); err != nil || !again.Same {
				t.Fatalf("decided again: %+v %v", again, err)
			}
		}
	})
}

func TestALicenceSaysWhatItIs(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	good := Licence{CorpID: "c", Kind: "identity", Holder: "青禾银行股份有限公司", Number: "91440000000000000X", Issuer: "市场监督管理局", MadeBy: "S01"}
	with := func(f func(*Licence)) Licence { l := good; f(&l); return l }
	for name, x := range map[string]struct {
		l       Licence
		lastDay string
		code    string
	}{
		"no such kind":      {with(func(l *Licence) { l.Kind = "wisdom" }), "", "licence.kind"},
		"no holder":         {with(func(l *Licence) { l.Holder = " " }), "", "licence.words"},
		"no number":         {with(func(l *Licence) { l.Number = "" }), "", "licence.words"},
		"no issuer":         {with(func(l *Licence) { l.Issuer = "" }), "", "licence.words"},
		"over already":      {good, "2026-11-23", "licence.expired"},
		"no date":           {good, "明年", "licence.date"},
		"names of one rune": {with(func(l *Licence) { l.Names = []string{"青"} }), "", "licence.names"},
	} {
		_, err := g.AddLicence(t.Context(), x.l, x.lastDay)
		if got := codeOf(err); got != x.code {
			t.Errorf("%s: %q (%v), want %q", name, got, err, x.code)
		}
	}
	if _, err := g.AddLicence(t.Context(), good, "2026-11-24"); err != nil {
		t.Fatalf("its last day is today: %v", err)
	}
	_, err := g.AddLicence(t.Context(), good, "")
	refusedAs(t, err, "licence.known")
	c, err := g.CheckFor(t.Context(), "c", Service, KF, Field{Name: "text", Text: "您好，这里是青禾银行客服"})
	if err != nil || c.Verdict != Allow {
		t.Errorf("a bank that says that it is one: %+v %v", c, err)
	}
	c, err = g.CheckFor(t.Context(), "another", Service, KF, Field{Name: "text", Text: "您好，这里是青禾银行客服"})
	if err != nil || c.Verdict != Block {
		t.Errorf("somebody else says it: %+v %v", c, err)
	}
}
