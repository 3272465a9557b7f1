package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// alone is a platform with all its routes that calls nobody and runs nothing, with two members of two departments.
func alone(t *testing.T) *app.App {
	t.Helper()
	cfg, err := config.Load(config.Sources{Env: []string{
		"ZHIYIN_DATA=" + t.TempDir(), "ZHIYIN_WECOM_CORP_ID=ww1", "ZHIYIN_WECOM_AGENT_ID=1", "ZHIYIN_WECOM_APP_SECRET=canary-secret",
		"ZHIYIN_WECOM_BASE_URL=http://127.0.0.1:1", "ZHIYIN_WECOM_CALLBACK_TOKEN=canary-token", "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + strings.Repeat("A", 43),
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{Config: cfg, World: clock.NewManual(morning), Log: log.Discard(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	if err := a.Staff.SetDepartments(t.Context(), staff.Department{ID: 1, Name: "总部"}, staff.Department{ID: 2, Name: "一店", ParentID: 1}, staff.Department{ID: 3, Name: "二店", ParentID: 1}); err != nil {
		t.Fatal(err)
	}
	err = a.Staff.Upsert(t.Context(), staff.Member{ID: "S01", Name: "S01", Departments: []int64{2}, Active: true}, staff.Member{ID: "S02", Name: "S02", Departments: []int64{3}, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func token(t *testing.T, a *app.App, n auth.NewToken) string {
	t.Helper()
	n.Name, n.By = string(n.Role), "test"
	_, text, err := a.Auth.CreateToken(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var publicRoutes = []string{"POST /session", "GET /session/wecom"}

func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	a := alone(t)
	weak := token(t, a, auth.NewToken{Role: auth.Staff, Scope: web.Own, StaffID: "S01"})
	webtest.Guards(t, a.API, publicRoutes, weak, auth.Staff.May)
}

// Every permission that a route asks for belongs to somebody beside the owner, or is kept for owners on purpose.
func TestEveryPermissionIsKnown(t *testing.T) {
	t.Parallel()
	owners := map[string]bool{"settings.write": true, "staff.write": true, "token.read": true, "token.write": true}
	for _, p := range alone(t).API.Permissions() {
		if auth.Manager.May(p) == owners[p] {
			t.Errorf("%s: manager %v, kept for owners %v: is it spelt right, and in the table of roles?", p, auth.Manager.May(p), owners[p])
		}
		if noun, verb, _ := strings.Cut(p, "."); verb != "read" && auth.Auditor.May(p) {
			t.Errorf("an auditor may %s %s", verb, noun)
		}
	}
}

// Everything that belongs to S02 carries the word canary; somebody who sees only S01's never meets it, in no list, no
// detail and no count.
func TestEveryListObeysTheScope(t *testing.T) {
	t.Parallel()
	a := alone(t)
	at := clock.At(morning.Add(-time.Hour))
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			"INSERT INTO customer (corp_id, id, name, kind, live, added_at) VALUES ('ww1', 'wm2', 'canary name', 'wechat', TRUE, ?), ('ww1', 'wm1', 'lime 01', 'wechat', TRUE, ?)",
			"INSERT INTO relation (corp_id, customer_id, staff_id, live, remark, added_at) VALUES ('ww1', 'wm2', 'S02', TRUE, 'canary remark', ?), ('ww1', 'wm1', 'S01', TRUE, '', ?)",
			"INSERT INTO groupchat (corp_id, id, name, owner_id, state, created_at, read_at) VALUES ('ww1', 'wr2', 'canary group', 'S02', 'live', ?, ?)",
			"INSERT INTO welcome_trace (corp_id, id, at, customer_id, staff_id, state, outcome, done_at) VALUES ('ww1', 7, ?, 'wm2', 'S02', '', 'sent', ?)",
			`INSERT INTO touch (corp_id, id, key, customer_id, staff_id, channel, class, texts, state, rule_version, reserved_at, earliest_at)
			 VALUES ('ww1', 7, 'k', 'wm2', 'S02', 'mass_customer', 'marketing', '["canary text"]', 'held', 'v1', ?, ?)`,
		} {
			if _, err := tx.NewRaw(q, at, at).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := token(t, a, auth.NewToken{Role: auth.Owner})
	own := token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Own, StaffID: "S01"})
	department := token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Department, StaffID: "S01"})
	h := a.API.Handler()
	shown := map[string]bool{}
	for _, r := range a.API.Routes() {
		if r.Method != "GET" || r.Scope != web.Filtered {
			continue
		}
		for _, id := range []string{"wm2", "wr2", "7"} {
			path := strings.ReplaceAll(r.Path, "{id}", id)
			if _, answer := webtest.Do(t, h, webtest.Scenario{As: all, Path: path}); strings.Contains(answer, "canary") {
				shown[r.Path] = true
			}
			for scope, who := range map[string]string{"own": own, "department": department} {
				status, answer := webtest.Do(t, h, webtest.Scenario{As: who, Path: path})
				if strings.Contains(answer, "canary") || strings.Contains(answer, `"S02"`) || status >= 500 {
					t.Errorf("%s to scope %s: %d\n%s", path, scope, status, answer)
				}
			}
			if path == r.Path {
				break
			}
		}
	}
	for _, path := range []string{"/customers", "/customers/{id}", "/customers/export.csv", "/groupchats", "/groupchats/{id}", "/welcomes/traces", "/touches", "/touches/{id}"} {
		if !shown[path] {
			t.Errorf("%s shows the canary to nobody: this test proves nothing about it", path)
		}
	}
	for _, path := range []string{"/customers", "/staff"} {
		if _, answer := webtest.Do(t, h, webtest.Scenario{As: own, Path: path}); !strings.Contains(answer, `"total":1,`) {
			t.Errorf("%s counts what it does not show: %s", path, answer)
		}
	}
}

// No answer holds a secret of the configuration, whatever is asked by whoever may ask.
func TestNoRouteShowsASecret(t *testing.T) {
	t.Parallel()
	a := alone(t)
	owner := token(t, a, auth.NewToken{Role: auth.Owner})
	h := a.API.Handler()
	for _, r := range a.API.Routes() {
		if r.Method != "GET" || r.Path == "/live" {
			continue
		}
		_, answer := webtest.Do(t, h, webtest.Scenario{As: owner, Path: strings.ReplaceAll(r.Path, "{id}", "7")})
		for _, secret := range []string{"canary-secret", "canary-token", strings.Repeat("A", 43), owner} {
			if strings.Contains(answer, secret) {
				t.Errorf("GET %s shows a secret", r.Path)
			}
		}
	}
}
