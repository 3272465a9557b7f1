package governance

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// readers knows who reads by a header.
type readers struct{}

func (readers) Reading(r *http.Request) string { return r.Header.Get("Reader") }
func (readers) MayAsk(r *http.Request) bool    { return r.Header.Get("In-Wechat") != "" }
func (readers) AskPath(_ context.Context, path string) string {
	return "/p/who?to=" + url.QueryEscape(path)
}

// One address for everybody shows whoever opens it their own choices, and a stranger nobody's.
func TestThePageForEverybodyIsEachOnesOwn(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	g.RegisterReaders(mux, "c", readers{})
	ask := func(method string, head map[string]string, form url.Values) *httptest.ResponseRecorder {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, PreferencesPath, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for k, v := range head {
			req.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w
	}
	const one, other = "青柠 07", "青柠 08"
	page := ask("GET", map[string]string{"Reader": one}, nil)
	if body := page.Body.String(); !strings.Contains(body, "全部停止") || strings.Contains(body, "/p/preferences/") || !strings.Contains(body, "谁打开就显示谁的选择") || !strings.Contains(body, `href="data/`) {
		t.Fatalf("the reader's page: %s", body)
	}
	if body := ask("POST", map[string]string{"Reader": one}, url.Values{"act": {"stop"}}).Body.String(); !strings.Contains(body, "已停止") {
		t.Errorf("after a stop: %s", body)
	}
	for who, stopped := range map[string]bool{one: true, other: false} {
		b, err := g.Budget(t.Context(), "c", who)
		if err != nil || (b[who].OptOut != 0) != stopped {
			t.Errorf("%s stopped: %+v, %v", who, b[who], err)
		}
	}
	if w := ask("GET", map[string]string{"In-Wechat": "1"}, nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/p/who?to=%2Fp%2Fpreferences" {
		t.Errorf("inside WeChat: %d %q", w.Code, w.Header().Get("Location"))
	}
	for _, method := range []string{"GET", "POST"} {
		if w := ask(method, nil, url.Values{"act": {"stop"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "请在微信里打开") {
			t.Errorf("%s of a stranger: %d %s", method, w.Code, w.Body)
		}
	}
}

// What every message ends with makes none like another, and satisfies what the law asks for (LAW-23).
func TestTheLastLineOfAMessage(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	if g.Closing() != "" {
		t.Fatalf("no address is known, and messages end with %q", g.Closing())
	}
	g.publicURL = "https://crm.example.com"
	say := func(texts ...string) Request { return Request{Class: Marketing, Channel: MassCustomer, Texts: texts} }
	if a, b := g.printOf(prints{}, say("秋款到店")), g.printOf(prints{}, say("秋款到店", g.Closing())); a == 0 || a != b {
		t.Errorf("the line changes the print: %x, %x", a, b)
	}
	const text = "【知音门店】秋款到店，立减 50 元"
	for _, c := range []struct {
		fields []Field
		found  bool
	}{{[]Field{{Name: "text", Text: text}}, true}, {[]Field{{Name: "text", Text: text}, {Name: "closing", Text: g.Closing()}}, false}} {
		check, err := g.CheckFor(t.Context(), "c", Marketing, MassCustomer, c.fields...)
		if err != nil {
			t.Fatal(err)
		}
		_, blocked := check.Blocking()
		if blocked != c.found {
			t.Errorf("%v: blocked %t, findings %+v", c.fields, blocked, check.Findings)
		}
	}
}
