package webtest

import (
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/web"
)

// Guards asks every route of an API for the guards it promised. publics are the routes nobody has to log in for, written
// "GET /path"; weak is the bearer token of a caller with scope own, and may says what that caller's role may.
func Guards(t *testing.T, api *web.API, publics []string, weak string, may func(permission string) bool) {
	t.Helper()
	h := api.Handler()
	open := map[string]bool{}
	for _, p := range publics {
		open[p] = true
	}
	for _, r := range api.Routes() {
		name := r.Method + " " + r.Path
		public := r.Permission == web.Public
		if public != open[name] {
			t.Errorf("%s: public %v, but listed as public %v", name, public, open[name])
		}
		delete(open, name)
		if public || r.Path == "/live" { // the stream has no end to wait for; it is tested by itself
			continue
		}
		path := strings.NewReplacer("{id}", "7", "{key}", "7").Replace(r.Path)
		if status, _ := Do(t, h, Scenario{Method: r.Method, Path: path}); status != http.StatusUnauthorized {
			t.Errorf("%s answers %d to nobody", name, status)
		}
		if status, _ := Do(t, h, Scenario{Method: r.Method, Path: path, As: "made-up"}); status != http.StatusUnauthorized {
			t.Errorf("%s answers %d to a made-up token", name, status)
		}
		status, answer := Do(t, h, Scenario{Method: r.Method, Path: path, As: weak})
		allowed := r.Permission == web.SignedIn || may(r.Permission) && r.Scope != web.WholeCorp
		switch {
		case !allowed && status != http.StatusForbidden:
			t.Errorf("%s (%s, %s) answers %d to a caller who may not", name, r.Permission, r.Scope, status)
		case allowed && (status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusInternalServerError):
			t.Errorf("%s (%s, %s) answers %d to a caller who may\n%s", name, r.Permission, r.Scope, status, answer)
		}
	}
	for name := range open {
		t.Errorf("%s is listed as public and does not exist", name)
	}
}
