package governance

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestThePrivacyPageIsWhatWasPublished(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	g.RegisterNotice(mux, "c")
	get := func(path string, want int) string {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		if w.Code != want {
			t.Fatalf("%s answers %d: %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	has := func(page string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("%q is missing: %s", w, page)
			}
		}
	}
	prefs := g.PreferencePath("c", "甲")
	has(get(PrivacyPath, 404), "还没有发布")
	if strings.Contains(get(prefs, 200), PrivacyPath) {
		t.Error("a link to nothing")
	}
	first := saidOf(ForMarketing)
	first.Who.EN = ""
	one := publishes(t, g, first, false)
	two := publishes(t, g, saidOf(ForMarketing, ForTraits), false)
	page := get(PrivacyPath, 200)
	has(page, "花间花艺", "用来服务您：traits", "按标签和行为挑选", "经您同意", two.SHA256, "2026-11-24", `href="/p/privacy/1"`)
	if strings.Contains(page, "<script") || strings.Contains(page, "从前的一版") {
		t.Errorf("%s", page)
	}
	has(get(PrivacyPath+"/1", 200), "用来服务您：marketing", "从前的一版", one.SHA256)
	if body, err := two.Reads(); err != nil || body.Who.In("en") != "In English." || first.Who.In("en") != first.Who.ZH {
		t.Errorf("what has no English is read in Chinese: %+v %v", body, err)
	}
	get(PrivacyPath+"/3", 404)
	has(get(prefs, 200), `href="/p/privacy"`)

	// A child reads why, and cannot say yes in the place of a guardian.
	marks(t, g, "甲", Under14)
	if page := get(prefs, 200); !strings.Contains(page, "未满 14 岁") || strings.Contains(page, "我同意<") {
		t.Errorf("a child's page: %s", page)
	}
}
