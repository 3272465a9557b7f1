package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
)

func TestAPageLoadsNothingFromElsewhereAndEscapesWhatItShows(t *testing.T) {
	t.Parallel()
	page := Template("t", `{{define "main"}}<p>{{.Data}}</p>{{.T "中" "en"}}{{end}}{{define "foot"}}foot{{end}}`)
	w := httptest.NewRecorder()
	if err := Write(w, http.StatusOK, "en", page, Page{Title: `<script>"`, Data: `<img src=x>`}); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	for _, bad := range []string{"<script", "<img", "http://", "https://"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, "</p>en") {
		t.Errorf("not in English:\n%s", body)
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	// The hash covers exactly what stands between the style tags.
	_, rest, _ := strings.Cut(body, "<style>")
	css, _, _ := strings.Cut(rest, "</style>")
	if css != style {
		t.Error("the style was changed on its way into the page: its hash does not match")
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Notice(w, http.StatusNotFound, "", errs.T("找不到", "Not found"), errs.T("没有这个页面。", "There is no such page."))
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "没有这个页面。") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// Whatever a page is about, its foot says how to complain (LAW-34): to WeChat, which acts on it, and not to us alone.
func TestEveryPageSaysHowToComplain(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"zh-CN": "要投诉", "en": "To complain"} {
		w := httptest.NewRecorder()
		if err := Write(w, http.StatusOK, lang, notice, Page{Title: "t", Data: "d"}); err != nil || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %v, %s", lang, err, w.Body)
		}
	}
}
