package governance

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

// asksConsent lets the corp send marketing only to who consented, or to everybody again.
func asksConsent(t testing.TB, g *Governor, on bool) {
	t.Helper()
	c, _, err := g.Caps(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	c.OnlyConsented = on
	if _, err := g.SetCaps(t.Context(), "c", "S01", c); err != nil {
		t.Fatal(err)
	}
}

// says lets a customer say yes on their page.
func says(t testing.TB, g *Governor, customer string) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.agree(ctx, tx, "c", customer, 1, "zh") })
}

func TestACorpThatAsksForConsentSendsMarketingOnlyToWhoGaveIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const yes, silent = "青柠 07", "青柠 08"
		says(t, g, yes)
		before := reserve(t, g, marketing("b0", silent))[0]
		if before.State != Reserved {
			t.Fatalf("a corp that does not ask: %+v", before)
		}
		asksConsent(t, g, true)
		if _, refused := permit(t, g, before.TouchID); len(refused) != 1 || refused[0].RuleID != ruleConsent {
			t.Fatalf("what was reserved before, when its task is made: %+v", refused)
		}
		same(t, g, before.TouchID) // by the limits of then
		for _, batch := range [][]Request{{marketing("b1/1", yes), marketing("b1/2", silent)}} {
			p, err := g.Preview(t.Context(), batch[0], []Recipient{{CustomerID: yes}, {CustomerID: silent}})
			if err != nil || p.Reachable != 1 || len(p.Reasons) != 1 || p.Reasons[0].RuleID != ruleConsent {
				t.Fatalf("the preview: %+v %v", p, err)
			}
			got := reserve(t, g, batch...)
			if got[0].State != Reserved || got[1].State != Held || got[1].RuleID != ruleConsent || got[1].Reason != reasonConsent {
				t.Fatalf("%+v", got)
			}
			same(t, g, got[0].TouchID)
			same(t, g, got[1].TouchID)

			// A stop takes the consent back; the answer of then stays what it was.
			world.Advance(time.Minute)
			optOut(t, g, yes)
			same(t, g, got[0].TouchID)
		}
		care, answer := lifecycle("care", silent), marketing("answer", silent)
		answer.Class, answer.Channel = Service, KF
		for _, got := range reserve(t, g, care, answer) {
			if got.State != Reserved {
				t.Fatalf("what is no marketing: %+v", got)
			}
		}
		b, err := g.Budget(t.Context(), "c", yes, silent)
		if err != nil || b[yes].ConsentedAt != 0 || b[yes].OptOut == 0 || !b[silent].NoConsent || !b[silent].Full {
			t.Fatalf("%+v %v", b, err)
		}

		says(t, g, yes) // their own new consent lifts the stop, too
		if got := reserve(t, g, marketing("b2", yes))[0]; got.State != Reserved {
			t.Fatalf("after a new consent: %+v", got)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.OptIn(ctx, tx, "c", silent, "11-24 客服会话里说可以再发", "S01")
		})
		asksConsent(t, g, false)
		if got := reserve(t, g, marketing("b3", "青柠 09"))[0]; got.State != Reserved {
			t.Fatalf("when the corp does not ask any more: %+v", got)
		}

		// The evidence stays, with the sentence that they saw.
		days := struct {
			Days int `json:"evidence_days"`
		}{}
		if err := g.book.Params(ruleConsent, &days); err != nil || days.Days < 1095 {
			t.Fatalf("%+v %v", days, err)
		}
		world.Advance(time.Duration(days.Days) * 24 * time.Hour)
		all, err := g.Consents(t.Context(), "c", yes)
		_, sentence := wording()
		if err != nil || len(all) != 2 || all[0].EndedID != 0 || all[1].EndedAt == 0 || all[1].Words != sentence.ZH || all[1].Wording != 1 || all[1].Via != "page" {
			t.Fatalf("%+v %v", all, err)
		}
		if noted, err := g.Consents(t.Context(), "c", silent); err != nil || len(noted) != 1 || noted[0].Via != "staff" || noted[0].ByWhom != "S01" || noted[0].Wording != 0 {
			t.Fatalf("%+v %v", noted, err)
		}
	})
}

// A consent that ends takes what is open with it, whatever ended it.
func TestAnOpenTaskNeedsTheConsentToo(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	asksConsent(t, g, true)
	const who = "青柠 07"
	says(t, g, who)
	open := reserve(t, g, marketing("b1", who))[0]
	permit(t, g, open.TouchID)
	unwanted := func() map[int64]Objection {
		t.Helper()
		var out map[int64]Objection
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) (err error) {
			out, err = g.Unwanted(ctx, tx, "c", open.TouchID)
			return err
		})
		return out
	}
	if out := unwanted(); len(out) != 0 {
		t.Fatalf("%+v", out)
	}
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.withdrawConsent(ctx, tx, "c", who, "customer") })
	if out := unwanted(); out[open.TouchID] != (Objection{ruleConsent, reasonConsent}) {
		t.Fatalf("%+v", out)
	}
}

func TestAYesIsSaidOnThePage(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	asksConsent(t, g, true)
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	const who = "青柠 07"
	ask := func(method string, form url.Values, lang string) string {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, g.PreferencePath("c", who), strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept-Language", lang)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w.Body.String()
	}
	version, sentence := wording()
	yes := url.Values{"act": {"consent"}, "wording": {strconv.Itoa(version)}}
	first := ask("GET", nil, "zh")
	if !strings.Contains(first, sentence.ZH) || !strings.Contains(first, "您没有同意过，所以不会收到推广消息") || strings.Contains(first, "<script") {
		t.Fatalf("before: %s", first)
	}
	if page := ask("POST", url.Values{"act": {"consent"}, "wording": {"99"}}, "zh"); !strings.Contains(page, "页面旧了") {
		t.Fatalf("a sentence that is none: %s", page)
	}
	if got := reserve(t, g, marketing("b1", who))[0]; got.RuleID != ruleConsent {
		t.Fatalf("a GET, or a wrong press: %+v", got)
	}
	if page := ask("POST", yes, "zh"); !strings.Contains(page, "已记下您的同意") || !strings.Contains(page, "✓ 您同意了接收推广消息") || strings.Contains(page, "我同意<") {
		t.Fatalf("after: %s", page)
	}
	if page := ask("POST", url.Values{"act": {"stop"}}, "zh"); !strings.Contains(page, sentence.ZH) || !strings.Contains(page, "恢复接收") {
		t.Fatalf("after the stop: %s", page)
	}
	yes.Set("act", "resume")
	ask("POST", yes, "zh")
	all, err := g.Consents(t.Context(), "c", who)
	if err != nil || len(all) != 2 || all[1].EndedBy != ByCustomer || all[0].Wording != version || all[0].ByWhom != ByCustomer {
		t.Fatalf("%+v %v", all, err)
	}
	err = g.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.agree(ctx, tx, "c", who, 0, "zh") })
	if errs.KindOf(err) != errs.Invalid {
		t.Fatalf("no sentence: %v", err)
	}
}
