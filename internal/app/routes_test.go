package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
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
	"zhiyin.dev/zhiyin/wecom"
)

// alone is a platform with all its routes that calls nobody and runs nothing, with two members of two departments.
func alone(t *testing.T) *app.App {
	t.Helper()
	return aloneWith(t, log.Discard())
}

func aloneWith(t *testing.T, logger *slog.Logger) *app.App {
	t.Helper()
	cfg, err := config.Load(config.Sources{Env: []string{
		"ZHIYIN_DATA=" + t.TempDir(), "ZHIYIN_WECOM_CORP_ID=ww1", "ZHIYIN_WECOM_AGENT_ID=1", "ZHIYIN_WECOM_APP_SECRET=canary-secret",
		"ZHIYIN_WECOM_BASE_URL=http://127.0.0.1:1", "ZHIYIN_WECOM_CALLBACK_TOKEN=canary-token", "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + strings.Repeat("A", 43),
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{Config: cfg, World: clock.NewManual(morning), Log: logger, Version: "test"})
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
	owners := map[string]bool{"settings.write": true, "staff.write": true, "token.read": true, "token.write": true, "admission.write": true, "licence.write": true, "site.write": true, "fraud.write": true, "account.write": true, "tag.consent": true, "retention.write": true, "export.limit": true}
	for _, p := range alone(t).API.Permissions() {
		if auth.Manager.May(p) == owners[p] {
			t.Errorf("%s: manager %v, kept for owners %v: is it spelt right, and in the table of roles?", p, auth.Manager.May(p), owners[p])
		}
		if noun, verb, _ := strings.Cut(p, "."); verb != "read" && auth.Auditor.May(p) {
			t.Errorf("an auditor may %s %s", verb, noun)
		}
	}
}

// foreign writes what belongs to S02, every text with the word canary, and one customer of S01.
func foreign(t *testing.T, a *app.App) {
	t.Helper()
	at := strconv.FormatInt(int64(clock.At(morning.Add(-time.Hour))), 10)
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			"customer (corp_id, id, name, kind, live, added_at) VALUES ('ww1', 'wm2', 'canary name', 'wechat', TRUE, @at), ('ww1', 'wm1', 'lime 01', 'wechat', TRUE, @at)",
			"relation (corp_id, customer_id, staff_id, live, remark, added_at) VALUES ('ww1', 'wm2', 'S02', TRUE, 'canary remark', @at), ('ww1', 'wm1', 'S01', TRUE, '', @at)",
			"groupchat (corp_id, id, name, owner_id, state, created_at, read_at) VALUES ('ww1', 'wr2', 'canary group', 'S02', 'live', @at, @at)",
			"groupchat (corp_id, id, name, owner_id, state, created_at, read_at) VALUES ('ww1', 'wr3', 'canary two', 'S02', 'live', @at, @at)",
			"groupchat_member (corp_id, chat_id, id, kind, name, joined_at) VALUES ('ww1', 'wr2', 'wm2', 'customer', 'canary', @at), ('ww1', 'wr3', 'wm2', 'customer', 'canary', @at)",
			"customer (corp_id, id, name, kind, live, added_at, lost_at) VALUES ('ww1', 'wm9', 'canary who left', 'wechat', FALSE, @at, @at)",
			"relation (corp_id, customer_id, staff_id, live, remark, added_at, lost_at, lost_by) VALUES ('ww1', 'wm9', 'S02', FALSE, '', @at, @at, 'customer')",
			"welcome_trace (corp_id, id, at, customer_id, staff_id, state, outcome, done_at) VALUES ('ww1', 7, @at, 'wm2', 'S02', '', 'sent', @at)",
			`touch (corp_id, id, key, customer_id, staff_id, channel, class, texts, state, rule_version, reserved_at, earliest_at)
			 VALUES ('ww1', 7, 'k7', 'wm2', 'S02', 'mass_customer', 'marketing', '["canary text"]', 'held', 'v1', @at, @at)`,
			`touch (corp_id, id, key, customer_id, staff_id, channel, class, texts, state, rule_version, campaign_id, reserved_at, earliest_at, delivered_at)
			 VALUES ('ww1', 8, 'k8', 'wm2', 'S02', 'mass_customer', 'marketing', '["canary text"]', 'committed', 'v1', 'broadcast/7', @at, @at, @at)`,
			"optout (corp_id, id, customer_id, since, via, by_whom) VALUES ('ww1', 7, 'wm2', @at, 'page', 'canary')",
			`broadcast (corp_id, id, name, text, audience, state, created_by, created_at, updated_at, submitted_at)
			 VALUES ('ww1', 7, 'canary broadcast', 'canary text', '{}', 'open', 'S02', @at, @at, @at)`,
			"broadcast_task (corp_id, id, broadcast_id, staff_id, state, customers, created_at, opened_at) VALUES ('ww1', 7, 7, 'S02', 'open', 1, @at, @at)",
			"broadcast_receiver (corp_id, broadcast_id, customer_id, staff_id, state, sent_at) VALUES ('ww1', 7, 'wm2', 'S02', 'delivered', @at)",
			`kf_session (corp_id, id, account_id, customer_id, state, wecom_state, agent_id, opened_at, last_at, waiting_since)
			 VALUES ('ww1', 7, 'wk1', 'wm2', 'human', 1, 'S02', @at, @at, 0), ('ww1', 8, 'wk1', 'wm3', 'waiting', 1, '', @at, @at, @at)`,
			`kf_message (corp_id, id, account_id, msgid, session_id, customer_id, at, origin, agent_id, type, state)
			 VALUES ('ww1', 7, 'wk1', 'canary', 7, 'wm2', @at, 'agent', 'S02', 'text', 'sent')`,
			"tag_group (corp_id, id, name) VALUES ('ww1', 'tg', 'skin')",
			"tag (corp_id, id, group_id, name) VALUES ('ww1', '7', 'tg', 'dry')",
			"relation_tag (corp_id, customer_id, staff_id, tag_id) VALUES ('ww1', 'wm2', 'S02', '7')",
			`contactway (corp_id, id, config_id, name, state, staff, departments, skip_verify, remark, qr_code, tags, enabled, created_at)
			 VALUES ('ww1', 7, 'c7', 'store', 'shop', '[]', '[]', FALSE, '', 'https://example.com/q', '[]', TRUE, @at)`,
			"work (id, corp_id, lane, kind, key, part, order_key, payload, created_at, due_at, state) VALUES (7, 'ww1', 'intent', 'canary', 'k', 0, 'o', '{}', @at, @at, 'dead')",
		} {
			if _, err := tx.NewRaw("INSERT INTO " + strings.ReplaceAll(q, "@at", at)).Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewRaw("UPDATE relation SET state = 'shop' WHERE staff_id = 'S02'").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Everything that belongs to S02 carries the word canary; somebody who sees only S01's never meets it, in no list, no
// detail and no count. Every reading route is walked, whatever it promised.
func TestEveryListObeysTheScope(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	all := token(t, a, auth.NewToken{Role: auth.Owner})
	own := token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Own, StaffID: "S01"})
	member := token(t, a, auth.NewToken{Role: auth.Staff, Scope: web.Own, StaffID: "S01"})
	department := token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Department, StaffID: "S01"})
	h := a.API.Handler()
	shown := map[string]bool{}
	for _, r := range a.API.Routes() {
		if r.Method != "GET" || r.Path == "/live" { // the stream has no end to wait for
			continue
		}
		for _, id := range []string{"wm2", "wr2", "7", "8"} {
			path := strings.ReplaceAll(r.Path, "{id}", id)
			if _, answer := webtest.Do(t, h, webtest.Scenario{As: all, Path: path}); strings.Contains(answer, "canary") {
				shown[r.Path] = true
			}
			for scope, who := range map[string]string{"own": own, "member": member, "department": department} {
				status, answer := webtest.Do(t, h, webtest.Scenario{As: who, Path: path})
				if strings.Contains(answer, "canary") || strings.Contains(answer, `"S02"`) || status == 200 && strings.Contains(answer, `"wm2"`) || status >= 500 {
					t.Errorf("%s to scope %s: %d\n%s", path, scope, status, answer)
				}
				if n, total, ok := counted(answer); ok && n != total {
					t.Errorf("%s to scope %s shows %d and counts %d", path, scope, n, total)
				}
			}
			if path == r.Path {
				break
			}
		}
	}
	for _, path := range []string{
		"/customers", "/customers/{id}", "/losses", "/groupchats", "/groupchats/several", "/groupchats/{id}", "/welcomes/traces", "/touches", "/touches/{id}",
		"/broadcasts", "/broadcasts/{id}", "/broadcasts/{id}/receivers", "/kf/sessions", "/kf/sessions/{id}", "/home", "/dead-letters", "/optouts",
	} {
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

// counted reads how many items a whole list shows and how many it says there are.
func counted(answer string) (items, total int, ok bool) {
	_, body, _ := strings.Cut(answer, "\n\n")
	var list struct {
		Items *[]json.RawMessage
		Next  string
		Total int
	}
	if json.Unmarshal([]byte(body), &list) != nil || list.Items == nil || list.Next != "" {
		return 0, 0, false
	}
	return len(*list.Items), list.Total, true
}

// The numbers of these pages are sums: whoever sees only S01's gets what they would be if S02 had nothing.
func TestEveryCountObeysTheScope(t *testing.T) {
	t.Parallel()
	a := alone(t)
	all := token(t, a, auth.NewToken{Role: auth.Owner})
	own := token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Own, StaffID: "S01"})
	h := a.API.Handler()
	read := func(as, path string) string {
		t.Helper()
		_, answer := webtest.Do(t, h, webtest.Scenario{As: as, Path: path})
		_, body, _ := strings.Cut(answer, "\n\n")
		return body
	}
	foreign(t, a)
	paths := []string{"/home", "/governance/held", "/tag-groups", "/tags/7/reach", "/contactways"}
	whole := map[string]string{}
	for _, p := range paths {
		whole[p] = read(all, p)
	}
	with := map[string]string{}
	for _, p := range paths {
		with[p] = read(own, p)
	}
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			"relation WHERE staff_id = 'S02'", "relation_tag", "touch", "optout", "broadcast", "broadcast_task", "broadcast_receiver", "kf_message",
			"kf_session", "customer WHERE id = 'wm2'",
		} {
			if _, err := tx.NewRaw("DELETE FROM " + q).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if without := read(own, p); without != with[p] {
			t.Errorf("%s counts what is not theirs\nwith    %s\nwithout %s", p, with[p], without)
		}
		if whole[p] == read(all, p) {
			t.Errorf("%s counts nothing of S02: this test proves nothing about it\n%s", p, whole[p])
		}
	}
}

// lines keeps what is logged.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// No answer, page, metric or line of the log holds a secret of the configuration, whoever asks for whatever, also wrongly.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	logged := &lines{}
	a := aloneWith(t, slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	owner := token(t, a, auth.NewToken{Role: auth.Owner})
	secrets := []string{"canary-secret", "canary-token", strings.Repeat("A", 43), owner, "canary-password"}
	h := a.API.Handler()
	ask := func(s webtest.Scenario) int {
		t.Helper()
		status, answer := webtest.Do(t, h, s)
		for _, secret := range secrets {
			if strings.Contains(answer, secret) {
				t.Errorf("%s %s shows a secret", s.Method, s.Path)
			}
		}
		return status
	}
	for _, r := range a.API.Routes() {
		if r.Path == "/live" || r.Path == "/me/password" || strings.HasPrefix(r.Path, "/tokens") && r.Method != "GET" { // a new token is shown once
			continue
		}
		path := strings.NewReplacer("{id}", "7", "{key}", "7").Replace(r.Path)
		body := ""
		if r.Method != "GET" {
			body = `{"user":"admin","password":"canary-password","value":"canary-password","extra":1}`
		}
		ask(webtest.Scenario{As: owner, Method: r.Method, Path: path, Body: body})
	}
	for _, path := range []string{
		"//healthz", "//readyz", "//nothing-here", "//api/openapi.json", "//p/groups/none", "//p/preferences/none", "//login/wecom?code=x&state=y",
		"//callback/wecom?msg_signature=x&timestamp=1&nonce=n&echostr=e", "//callback/wecom/kf?msg_signature=x&timestamp=1&nonce=n&echostr=e",
	} {
		ask(webtest.Scenario{Method: "GET", Path: path})
	}
	ask(webtest.Scenario{Method: "POST", Path: "//callback/wecom?msg_signature=x&timestamp=1&nonce=n", Body: "<xml><Encrypt>AAAA</Encrypt></xml>"})
	if status := ask(webtest.Scenario{As: owner, Method: "GET", Path: "//metrics"}); status != 200 {
		t.Errorf("/metrics answers %d: nothing was looked at", status)
	}
	if err := a.WeCom.Check(t.Context(), wecom.AreaApp); err == nil { // nothing listens there: the error is the one that gets logged
		t.Error("a token out of nowhere")
	} else if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error of a call shows a secret: %v", err)
	}
	text := logged.String()
	if !strings.Contains(text, "request") {
		t.Error("nothing was logged: this test proves nothing about the log")
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}

func TestHalfAnAddressOfACustomersPageIsNotTheConsole(t *testing.T) {
	t.Parallel()
	a := alone(t)
	for _, path := range []string{"/p/", "/p/preferences/", "/p/none"} {
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "没有这个页面") || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s answers %d: %.200s", path, w.Code, w.Body)
		}
	}
}
