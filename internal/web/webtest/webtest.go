// Package webtest runs scenarios against the routes of a noun: a request, and what its answer must and must not hold.
// It is for tests only.
package webtest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// CorpID of every caller that Who makes.
const CorpID = "ww1"

// Who makes a caller with the permissions that match one of patterns: "customer.read", "customer.*" or "*".
func Who(scope web.Scope, staffID string, patterns ...string) web.Who {
	user := staffID
	if user == "" {
		user = "admin"
	}
	return web.Who{
		CorpID: CorpID, User: user, Name: user, StaffID: staffID, Role: "test", Scope: scope, Lang: "zh",
		May: func(permission string) bool {
			for _, p := range patterns {
				if ok, err := path.Match(p, permission); ok && err == nil {
					return true
				}
			}
			return false
		},
	}
}

// Admin may do everything and sees everything.
func Admin() web.Who { return Who(web.All, "", "*") }

// New makes an API whose callers are named by bearer token: callers["admin"] calls with "Authorization: Bearer admin".
func New(t testing.TB, callers map[string]web.Who) *web.API {
	t.Helper()
	return web.New(web.Config{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Wall: clock.SystemWall(), Version: "test",
		Identify: func(_ context.Context, c web.Credentials) (web.Who, error) {
			if who, ok := callers[c.Token]; ok {
				return who, nil
			}
			return web.Who{}, errs.New(errs.Unauthed, "login_required", errs.T("请先登录。", "Please log in first."))
		},
	})
}

// Scenario is one request and what its answer must be. Paths are below /api/v1 unless they start with "//".
type Scenario struct {
	Name   string // a sentence
	As     string // bearer token; empty = nobody
	Method string // default GET
	Path   string
	Body   string
	Header map[string]string
	Status int
	Has    []string // texts the answer (headers included) must hold
	Not    []string // texts it must not hold
	After  func(t *testing.T)
}

// Run plays scenarios one after the other.
func Run(t *testing.T, api *web.API, scenarios ...Scenario) {
	t.Helper()
	h := api.Handler()
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			status, answer := Do(t, h, s)
			if status != s.Status {
				t.Errorf("status %d, want %d\n%s", status, s.Status, answer)
			}
			for _, want := range s.Has {
				if !strings.Contains(answer, want) {
					t.Errorf("the answer does not hold %q\n%s", want, answer)
				}
			}
			for _, bad := range s.Not {
				if strings.Contains(answer, bad) {
					t.Errorf("the answer holds %q\n%s", bad, answer)
				}
			}
			if s.After != nil {
				s.After(t)
			}
		})
	}
}

// Do plays one request and answers status, and headers with body as text.
func Do(t testing.TB, h http.Handler, s Scenario) (int, string) {
	t.Helper()
	method := s.Method
	if method == "" {
		method = http.MethodGet
	}
	target := "/api/v1" + s.Path
	if strings.HasPrefix(s.Path, "//") {
		target = s.Path[1:]
	}
	var body io.Reader
	if s.Body != "" {
		body = strings.NewReader(s.Body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, body)
	if s.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.As != "" {
		r.Header.Set("Authorization", "Bearer "+s.As)
	}
	for k, v := range s.Header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var head strings.Builder
	if err := w.Result().Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	return w.Code, head.String() + "\n" + w.Body.String()
}
