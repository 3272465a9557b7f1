package guard

import (
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/governance/policy"
)

func TestASiteIsReadAsABrowserReadsIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"shop.example.com":                        "shop.example.com",
		"https://WWW.Shop.Example.com:8443/a?b#c": "shop.example.com",
		"shop.example.com.":                       "shop.example.com",
		"https://ｓｈｏｐ.example.com":                "shop.example.com",
		"https://例子.example/路":                    "xn--fsqu00a.example",
		"XN--FSQU00A.example":                     "xn--fsqu00a.example",
		"https://shop.example.com。evil.example":   "shop.example.com.evil.example",
		"https://shop.example.com@evil.example":   "evil.example",
		`https://shop.example.com\@evil.example`:  "shop.example.com",
		"BÜCHER.example":                          "xn--bcher-kva.example",
		"https://sho\u200bp.example.com":          "shop.example.com",
		"ドメイン名例.example":                          "xn--eckwd4c7cu47r2wf.example",
		"a..example":                              "",
		"-a.example":                              "",
		"www.com":                                 "www.com",
		"http://127.0.0.1:8420/p/x":               "127.0.0.1",
		"http://[::1]:80/":                        "::1",
		"":                                        "",
		"https://":                                "",
		"https://a b.example":                     "",
		"https://under_score.example":             "",
	} {
		if got, err := SiteOf(in); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
}

func TestMarketingLinksLeadToSitesOnRecord(t *testing.T) {
	t.Parallel()
	g := load(t)
	own := g.Own(Record{Sites: []string{"shop.example.com", "xn--fsqu00a.example", "127.0.0.1", "aaa.example"}})
	foreign := func(class, s string) *Finding {
		return found(g.CheckFor(About{Class: class, Own: own}, text(s)), "LNK-22")
	}
	for _, s := range []string{
		"详情 https://shop.example.com/autumn，退订回T", "详情 https://m.shop.example.com", "https://www.SHOP.example.com:8443/a", "shop.example.com/a 见",
		"看 https://例子.example/路 吧", "看 http://xn--fsqu00a.example/", "http://127.0.0.1:8420/p/x", "看 https://aaa.example/",
		"https://shop.example.com。谢谢您", "写信到 help@other.example.com", "Dr.Jart 面膜，1.5kg 装，v2.0 版", "电话 tel://10086", "https://shop.example.com.",
	} {
		if f := foreign("marketing", s); f != nil {
			t.Errorf("%q: %+v", s, f)
		}
	}
	for s, host := range map[string]string{
		"详情 https://other.example.com/a": "other.example.com", "看 other-shop.com": "other-shop.com", "看 https://shop.example.com.evil.example/": "shop.example.com.evil.example",
		"https://shop.example.com@evil.example/": "evil.example", "https://notshop.example.com": "notshop.example.com",
		"看 https://例外.example/路 吧": "xn--", "https://shop.example.com。evil.example/a": "evil.example", "看 https://a.example": "a.example",
	} {
		f := foreign("marketing", s)
		if f == nil || f.Severity != policy.Review || !strings.Contains(f.Reason.ZH, host) || !strings.Contains(f.Reason.EN, host) || f.Text == "" || !strings.Contains(s, f.Text) {
			t.Errorf("%q: %+v", s, f)
		}
		if f := foreign("service", s); f != nil && !strings.Contains(s, "xn--") {
			t.Errorf("in service, %q: %+v", s, f)
		}
	}
	if f := found(g.Check("marketing", "", text("详情 https://shop.example.com")), "LNK-22"); f == nil {
		t.Error("with nothing on record, nothing is looked at")
	}
}

func TestAnAlarmMayLeadToASiteOnRecordOnly(t *testing.T) {
	t.Parallel()
	g := load(t)
	own := g.Own(Record{Sites: []string{"qinghe.example"}})
	for s, refused := range map[string]bool{
		"您的积分即将过期，请点击 https://m.qinghe.example/points 兑换":                             false,
		"您的积分即将过期，请点击 https://qinghe.example.evil.example/points 兑换":                  true,
		"您的积分即将过期，请点击 https://qinghe.example/points 或 https://evil.example/points 兑换": true,
		"您的积分即将过期，请点击链接兑换":                                                            true,
	} {
		f := found(g.CheckFor(About{Class: "service", Own: own}, text(s)), "LNK-10")
		if (f != nil && f.Severity == policy.Block) != refused {
			t.Errorf("%q: %+v", s, f)
		}
	}
	split := g.CheckFor(About{Class: "service", Own: own}, text("您的积分即将过期，点击查看"), Field{"attachments/0", "https://evil.example/points"})
	if f := found(split, "LNK-10"); f == nil || f.Severity != policy.Block {
		t.Errorf("the link may stand in the card: %+v", split)
	}
}

func TestLinksToAPenalisedSiteRest(t *testing.T) {
	t.Parallel()
	g := load(t)
	until := time.Date(2026, 12, 1, 10, 30, 0, 0, time.UTC)
	own := g.Own(Record{Sites: []string{"shop.example.com"}, Penalties: []Penalty{
		{Host: "shop.example.com", Until: until}, {Host: "first.example.com", Repair: true}, {Host: "gone.example.com"},
	}})
	for s, says := range map[string]string{
		"https://www.shop.example.com/a": "2026-12-01 10:30", "https://first.example.com/": "整改", "https://m.gone.example.com": "永久", "https://fine.example.com": "",
	} {
		for _, class := range []string{"", "service", "marketing"} {
			f := found(g.CheckFor(About{Class: class, Own: own}, text(s)), "LNK-25")
			if says == "" && f != nil || says != "" && (f == nil || f.Severity != policy.Block || !strings.Contains(f.Reason.ZH, says)) {
				t.Errorf("%q in %q: %+v", s, class, f)
			}
		}
	}
}
