package governance

import (
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestASiteOnRecordIsTheCorpsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g, ctx := newGovernor(t, d, world), t.Context()
		asked := func(s string) bool {
			t.Helper()
			c, err := g.CheckFor(ctx, "c", Marketing, MassCustomer, Field{Name: "text", Text: s + "，退订点这里"})
			if err != nil {
				t.Fatal(err)
			}
			_, doubtful := c.Doubtful()
			return doubtful
		}
		const link = "秋季上新 https://www.Shop.example.com/autumn"
		if !asked(link) {
			t.Fatal("nothing is on record, and nobody is asked")
		}
		s, err := g.AddSite(ctx, Site{CorpID: "c", Host: "https://WWW.shop.example.com:443/", Kind: OwnSite, MadeBy: "S01"})
		if err != nil || s.Host != "shop.example.com" {
			t.Fatalf("%+v %v", s, err)
		}
		if asked(link) || asked("看 https://m.shop.example.com/a") || !asked("看 https://example.com/a") {
			t.Fatal("what lies below the site is meant, and nothing else")
		}
		for _, x := range []struct {
			host string
			kind SiteKind
			code string
		}{
			{"shop.example.com", OwnSite, "site.known"},
			{"com.cn", OwnSite, "site.shared"},
			{"github.io", OwnSite, "site.shared"},
			{"t.cn", OwnSite, "site.short"},
			{"198.51.100.7", OwnSite, "site.host"},
			{"localhost", OwnSite, "site.host"},
			{"", OwnSite, "site.host"},
			{"a.example.com", "x", "site.kind"},
			{"partner.example.com", TrustedSite, "site.contract"},
		} {
			_, err := g.AddSite(ctx, Site{CorpID: "c", Host: x.host, Kind: x.kind, MadeBy: "S01"})
			refusedAs(t, err, x.code)
		}
		// An alarm with a link to it goes out, and what was decided by the record is decided the same again.
		r := marketing("k", "wma")
		r.Texts = []string{"您的积分即将过期，请点击 https://shop.example.com 兑换，退订点这里"}
		let := reserve(t, g, r)[0]
		if let.State != Reserved {
			t.Fatalf("%+v", let)
		}
		if err := g.EndSite(ctx, "c", s.ID, "S01"); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, g.EndSite(ctx, "c", s.ID, "S01"), "not_found")
		refusedAs(t, g.EndSite(ctx, "other", s.ID, "S01"), "not_found")
		if permits, refused := permit(t, g, let.TouchID); len(permits) != 0 || len(refused) != 1 || refused[0].RuleID != "LNK-10" {
			t.Fatalf("at its call: %v %+v", permits, refused)
		}
		if again, err := g.Recompute(ctx, "c", let.TouchID); err != nil || !again.Same {
			t.Fatalf("decided again: %+v %v", again, err)
		}
	})
}

func TestAPenaltyOfASiteFollowsTheLadder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g, ctx := newGovernor(t, d, world), t.Context()
		n := 0
		var last Decision
		rests := func() string {
			t.Helper()
			n++
			r := marketing("k"+string(rune('a'+n)), "wm"+string(rune('a'+n)))
			r.Texts = []string{"详情 https://m.shop.example.com/a，退订点这里"}
			if last = reserve(t, g, r)[0]; last.State == Reserved {
				return ""
			}
			if last.RuleID != "LNK-25" {
				t.Fatalf("%+v", last)
			}
			return last.Reason.ZH
		}
		note := func(evasion bool) *SitePenalty {
			t.Helper()
			p, err := g.NotePenalty(ctx, SitePenalty{CorpID: "c", Host: "www.shop.example.com", At: world.Now(), Evasion: evasion, Evidence: "微信安全中心的通知", MadeBy: "S01"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if rests() != "" {
			t.Fatal("nothing was noted")
		}
		first := note(false)
		held := rests()
		if !strings.Contains(held, "整改") {
			t.Fatalf("the first: %q", held)
		}
		was := last
		world.Set(world.Now().Add(30 * 24 * time.Hour))
		if rests() == "" {
			t.Fatal("time alone ended the first one")
		}
		if err := g.RepairSite(ctx, "c", first.ID, "S01", "下架了诱导页面，微信已恢复"); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, g.RepairSite(ctx, "c", first.ID, "S01", "再来一次"), "not_found")
		if why := rests(); why != "" {
			t.Fatalf("it was repaired: %q", why)
		}
		for _, long := range []time.Duration{12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 7 * 24 * time.Hour} {
			p := note(false)
			if p.Until != p.At.Add(long) || !strings.Contains(rests(), p.Until.In(shanghai).Format("2006-01-02 15:04")) {
				t.Fatalf("rung %d: %+v", p.Rung, p)
			}
			world.Set(p.Until.Add(-time.Minute))
			if rests() == "" {
				t.Fatalf("rung %d ended early", p.Rung)
			}
			world.Set(p.Until)
			if why := rests(); why != "" || p.State(world.Now()) != PenaltyOver {
				t.Fatalf("rung %d goes on: %q", p.Rung, why)
			}
		}
		p := note(true)
		world.Set(world.Now().Add(365 * 24 * time.Hour))
		if !strings.Contains(rests(), "永久") {
			t.Fatal("evasion is for good")
		}
		if err := g.EndPenalty(ctx, "c", p.ID, "S01"); err != nil {
			t.Fatal(err)
		}
		if why := rests(); why != "" {
			t.Fatalf("it was noted by mistake: %q", why)
		}
		if again, err := g.Recompute(ctx, "c", was.TouchID); err != nil || !again.Same || again.Rule != "LNK-25" {
			t.Fatalf("decided again: %+v %v", again, err)
		}
		_, err := g.NotePenalty(ctx, SitePenalty{CorpID: "c", Host: "a.example.com", At: world.Now().Add(time.Hour), Evidence: "通知", MadeBy: "S01"})
		refusedAs(t, err, "site.penalty_at")
		_, err = g.NotePenalty(ctx, SitePenalty{CorpID: "c", Host: "a.example.com", At: world.Now(), MadeBy: "S01"})
		refusedAs(t, err, "governance.ladder_words")
	})
}

// Every room reads its texts by the same rules: what is on record, and the platform's own pages, are nobody's doubt.
func TestLinksHomePassInEveryChannel(t *testing.T) {
	t.Parallel()
	g, ctx := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday)), t.Context()
	g.host = "crm.example.com"
	if _, err := g.AddSite(ctx, Site{CorpID: "c", Host: "shop.example.com", Kind: OwnSite, MadeBy: "S01"}); err != nil {
		t.Fatal(err)
	}
	for channel, class := range map[Channel]Class{
		Welcome: Service, KF: Service, GroupWelcome: Service, Moment: Marketing, MassCustomer: Marketing, MassGroup: Marketing,
	} {
		for text, doubted := range map[string]bool{
			"护理知识见 https://shop.example.com/care": false, "朋友圈历史 https://crm.example.com/p/moments/abc": false, "护理知识见 https://other.example.com/care": class == Marketing,
		} {
			c, err := g.CheckFor(ctx, "c", class, channel, Field{Name: "text", Text: "青禾护肤顾问。" + text + "。不想再收，退订点这里"})
			if err != nil {
				t.Fatal(err)
			}
			f, ok := c.Doubtful()
			if ok != doubted || ok && f.RuleID != "LNK-22" || c.Verdict.Refuses() {
				t.Errorf("%s: %q: %+v", channel, text, c.Findings)
			}
		}
	}
}
