package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/wecom"
)

// password is also the canary: it must show up in no log and no answer.
const password = "canary-open-sesame"

// corp is a corp with members, and a wall clock that moves when told.
type corp struct {
	mu      sync.Mutex
	now     time.Time
	members map[string]auth.Member
	log     bytes.Buffer
}

func (c *corp) Member(_ context.Context, id string) (auth.Member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.members[id]
	if !ok {
		return m, errs.Missing("成员", "member")
	}
	return m, nil
}

func (c *corp) Reach(context.Context, string) ([]int64, []string, error) {
	return []int64{2, 4}, []string{"S01", "S02"}, nil
}

func (c *corp) set(id string, m auth.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members[id] = m
}

func (c *corp) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *corp) wall() clock.Wall {
	return clock.FakeWall(func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.now
	})
}

func setUp(t *testing.T, d *db.DB, set string) (*corp, *auth.Service, *web.API) {
	t.Helper()
	c := &corp{now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), members: map[string]auth.Member{
		"S01": {ID: "S01", Name: "店长 01", Active: true, Role: auth.Operator, Scope: web.Department},
	}}
	log := slog.New(slog.NewJSONHandler(&c.log, nil))
	s := auth.New(auth.Config{
		DB: d, Wall: c.wall(), Log: log, CorpID: webtest.CorpID, Members: c, AdminPassword: set, Version: "test",
		Login: func() auth.Login {
			return auth.Login{
				AgentID: 1000002, OpenURL: "https://open.weixin.qq.com", LoginURL: "https://login.work.weixin.qq.com",
				Code: func(_ context.Context, code string) (wecom.Visitor, error) {
					switch code {
					case "member":
						return wecom.Visitor{Staff: "S01"}, nil
					case "stranger":
						return wecom.Visitor{OpenID: "o1"}, nil
					case "gone":
						return wecom.Visitor{Staff: "S99"}, nil
					}
					return wecom.Visitor{}, wecom.ErrLoginCode
				},
			}
		},
		Corp: func(context.Context) auth.Corp {
			return auth.Corp{ID: webtest.CorpID, Name: "示例", Zone: "Asia/Shanghai"}
		},
	})
	api := web.New(web.Config{Log: log, Wall: c.wall(), Version: "test", PublicURL: "https://zhiyin.example/base", Identify: s.Identify})
	s.RegisterAPI(api)
	for _, p := range []string{"customer.read", "customer.write", "settings.write"} {
		web.Get(api, "/"+p, web.Op{ID: p, Permission: p, Scope: web.Shared, Summary: p}, func(ctx context.Context, _ *web.None) (*map[string]any, error) {
			ids, all, err := web.Caller(ctx).StaffIDs(ctx)
			return &map[string]any{"ids": ids, "all": all}, err
		})
	}
	return c, s, api
}

var addr = netip.MustParseAddr("192.0.2.1")

func login(t *testing.T, api *web.API, pass string) (status int, token, answer string) {
	t.Helper()
	status, answer = webtest.Do(t, api.Handler(), webtest.Scenario{Method: "POST", Path: "/session", Body: `{"user":"admin","password":"` + pass + `"}`})
	var out struct {
		Token string `json:"token"`
	}
	_, body, _ := strings.Cut(answer, "\n{")
	_ = json.Unmarshal([]byte("{"+body), &out)
	return status, out.Token, answer
}

func TestFirstUserLogsInAndOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s, api := setUp(t, d, "")
		made, err := s.EnsureAdmin(t.Context())
		if err != nil || len(made) != 20 {
			t.Fatalf("first start: password %d characters, %v", len(made), err)
		}
		if again, err := s.EnsureAdmin(t.Context()); err != nil || again != "" {
			t.Fatalf("second start: %d characters, %v", len(again), err)
		}
		status, token, answer := login(t, api, made)
		if status != 200 || token == "" {
			t.Fatalf("login: %d %s", status, answer)
		}
		for _, want := range []string{"zhiyin_session=" + token, "HttpOnly", "SameSite=Lax", "Path=/base/", `"role":"owner"`, `"permissions":["account.read","account.write","customer.read","customer.write","settings.write","token.read","token.write"]`} {
			if !strings.Contains(answer, want) {
				t.Errorf("the answer lacks %q:\n%s", want, answer)
			}
		}
		if strings.Contains(answer, "Secure") {
			t.Error("a cookie for plain http is marked Secure: no browser would send it back")
		}
		cookie := map[string]string{"Cookie": "zhiyin_session=" + token}
		webtest.Run(t, api,
			webtest.Scenario{Name: "the token works as bearer", As: token, Path: "/session", Status: 200, Has: []string{`"user":"admin"`}},
			webtest.Scenario{Name: "and as cookie", Header: cookie, Path: "/session", Status: 200, Has: []string{`"name":"示例"`}},
			webtest.Scenario{Name: "logging out clears the cookie", Header: cookie, Method: "DELETE", Path: "/session", Status: 204, Has: []string{"Max-Age=0"}},
			webtest.Scenario{Name: "and ends the session", Header: cookie, Path: "/session", Status: 401},
		)
		_, token, _ = login(t, api, made)
		c.advance(25 * time.Hour)
		webtest.Run(t, api, webtest.Scenario{Name: "an idle day ends it too", As: token, Path: "/session", Status: 401})
		var stored string
		if err := d.Read().NewRaw("SELECT MIN(password) FROM account").Scan(t.Context(), &stored); err != nil || !strings.HasPrefix(stored, "$argon2id$") {
			t.Errorf("stored %q, %v", stored, err)
		}
		if strings.Contains(c.log.String(), made) || strings.Contains(c.log.String(), token) {
			t.Error("a secret is in the log")
		}
	})
}

func TestTheCookieIsSecureBehindTLS(t *testing.T) {
	t.Parallel()
	_, s, direct := setUp(t, dbtest.SQLite(t), password)
	if _, err := s.EnsureAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
	behind := web.New(web.Config{
		Log: slog.New(slog.DiscardHandler), Wall: clock.SystemWall(), Version: "test", Identify: s.Identify,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, // where httptest's requests come from
	})
	s.RegisterAPI(behind)
	for _, c := range []struct {
		name   string
		api    *web.API
		proto  string
		secure bool
	}{
		{"a trusted proxy that speaks TLS", behind, "https", true},
		{"a trusted proxy that does not", behind, "http", false},
		{"somebody who only says so", direct, "https", false},
	} {
		status, answer := webtest.Do(t, c.api.Handler(), webtest.Scenario{
			Method: "POST", Path: "/session", Body: `{"user":"admin","password":"` + password + `"}`, Header: map[string]string{"X-Forwarded-Proto": c.proto},
		})
		if status != 200 || strings.Contains(answer, "; Secure") != c.secure {
			t.Errorf("%s: %d, want Secure %v\n%s", c.name, status, c.secure, answer)
		}
	}
}

func TestFiveFailuresAMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s, api := setUp(t, d, password)
		if made, err := s.EnsureAdmin(t.Context()); err != nil || made != "" {
			t.Fatalf("made %q, %v", made, err)
		}
		for range 5 {
			if status, _, answer := login(t, api, "wrong-canary"); status != 401 || strings.Contains(answer, "canary") {
				t.Fatalf("%d %s", status, answer)
			}
		}
		if status, _, answer := login(t, api, password); status != 429 || !strings.Contains(answer, "too_many_logins") {
			t.Fatalf("the sixth try, although right: %d %s", status, answer)
		}
		if _, err := s.Password(t.Context(), "admin", password, netip.MustParseAddr("192.0.2.2")); err != nil {
			t.Errorf("from another address: %v", err)
		}
		c.advance(time.Minute)
		if status, _, _ := login(t, api, password); status != 200 {
			t.Errorf("after a minute: %d", status)
		}
		if strings.Contains(c.log.String(), "canary") {
			t.Errorf("a password is in the log: %s", c.log.String())
		}
	})
}

func TestManyTriesAtOnceGainNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, s, _ := setUp(t, d, password)
		if _, err := s.EnsureAdmin(t.Context()); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		kinds := map[errs.Kind]int{}
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := s.Password(t.Context(), "nobody", "guess-guess", addr)
				mu.Lock()
				defer mu.Unlock()
				kinds[errs.KindOf(err)]++
			})
		}
		wg.Wait()
		if kinds[errs.Unauthed] != 5 || kinds[errs.Limited] != 7 {
			t.Errorf("%v, want 5 refused and 7 limited", kinds)
		}
	})
}

func TestPasswordChange(t *testing.T) {
	t.Parallel()
	_, s, api := setUp(t, dbtest.SQLite(t), "")
	made, err := s.EnsureAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, mine, _ := login(t, api, made)
	_, other, _ := login(t, api, made)
	change := func(from, to string) string { return `{"old":"` + from + `","new":"` + to + `"}` }
	webtest.Run(t, api,
		webtest.Scenario{Name: "the old one must be right", As: mine, Method: "POST", Path: "/me/password", Body: change("x", "long enough 1"), Status: 422, Has: []string{"password.wrong"}, Not: []string{"long enough 1"}},
		webtest.Scenario{Name: "the new one long enough", As: mine, Method: "POST", Path: "/me/password", Body: change(made, "short"), Status: 422, Has: []string{"password.short"}},
		webtest.Scenario{Name: "and not everybody's", As: mine, Method: "POST", Path: "/me/password", Body: change(made, "12345678"), Status: 422, Has: []string{"password.weak"}},
		webtest.Scenario{Name: "then it is changed", As: mine, Method: "POST", Path: "/me/password", Body: change(made, "long enough 1"), Status: 200, Has: []string{"zhiyin_session=zys_"}},
		webtest.Scenario{Name: "which ends other sessions", As: other, Path: "/session", Status: 401},
	)
	if status, _, _ := login(t, api, made); status != 401 {
		t.Errorf("the old password still works: %d", status)
	}
	if status, _, _ := login(t, api, "long enough 1"); status != 200 {
		t.Errorf("the new password: %d", status)
	}
}

func TestEnvironmentSetsThePassword(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	_, s, api := setUp(t, d, "")
	made, err := s.EnsureAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, before, _ := login(t, api, made)
	_, s, api = setUp(t, d, password)
	if _, err := s.EnsureAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, token, _ := login(t, api, password)
	if status != 200 {
		t.Fatalf("login with the environment's password: %d", status)
	}
	webtest.Run(t, api,
		webtest.Scenario{Name: "older sessions are over", As: before, Path: "/session", Status: 401},
		webtest.Scenario{Name: "the console cannot change it", As: token, Method: "POST", Path: "/me/password", Body: `{"old":"` + password + `","new":"another one"}`, Status: 409, Has: []string{"ZHIYIN_ADMIN_PASSWORD"}, Not: []string{"canary"}},
	)
}

// begin asks for the addresses and answers the state and its cookie.
func begin(t *testing.T, h http.Handler) (state string, cookie *http.Cookie) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/base/api/v1/session/wecom", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var out auth.Addresses
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if !strings.HasPrefix(out.OAuthURL, "https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1&redirect_uri=https%3A%2F%2Fzhiyin.example%2Fbase%2Flogin%2Fwecom&response_type=code&scope=snsapi_base&state=") ||
		!strings.HasSuffix(out.OAuthURL, "&agentid=1000002#wechat_redirect") {
		t.Errorf("OAuth address %s", out.OAuthURL)
	}
	u, err := url.Parse(out.QRURL)
	if err != nil || u.Host != "login.work.weixin.qq.com" || u.Query().Get("login_type") != "CorpApp" {
		t.Errorf("QR address %s", out.QRURL)
	}
	return u.Query().Get("state"), w.Result().Cookies()[0]
}

func TestMemberLogsInByWeCom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s, api := setUp(t, d, password)
		h := api.Handler()
		back := func(query string, cookie *http.Cookie) (location string, session string) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/base/login/wecom?"+query, nil)
			if cookie != nil {
				r.AddCookie(cookie)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			for _, c := range w.Result().Cookies() {
				if c.Name == web.SessionCookie {
					session = c.Value
				}
			}
			return w.Header().Get("Location"), session
		}
		state, cookie := begin(t, h)
		for name, q := range map[string]struct {
			query  string
			cookie *http.Cookie
			want   string
		}{
			"without the cookie of the browser that began": {"code=member&state=" + state, nil, "login.state"},
			"with another state":                           {"code=member&state=x", cookie, "login.state"},
			"with an old code":                             {"code=old&state=" + state, cookie, "login.code"},
			"somebody who is no member":                    {"code=stranger&state=" + state, cookie, "login.not_member"},
			"a member we do not know":                      {"code=gone&state=" + state, cookie, "login.not_member"},
		} {
			if location, session := back(q.query, q.cookie); location != "/base/login?error="+q.want || session != "" {
				t.Errorf("%s: sent to %s, session %q", name, location, session)
			}
		}
		location, token := back("code=member&state="+state, cookie)
		if location != "/base/" || token == "" {
			t.Fatalf("a member: sent to %s, session %q", location, token)
		}
		webtest.Run(t, api,
			webtest.Scenario{Name: "with role and scope of the member", As: token, Path: "/session", Status: 200, Has: []string{`"user":"S01"`, `"role":"operator"`, `"scope":"department"`}},
			webtest.Scenario{Name: "sees the department", As: token, Path: "/customer.read", Status: 200, Has: []string{`["S01","S02"]`}},
			webtest.Scenario{Name: "may not do what the role may not", As: token, Path: "/settings.write", Status: 403},
			webtest.Scenario{Name: "has no password to change", As: token, Method: "POST", Path: "/me/password", Body: `{"old":"a","new":"b"}`, Status: 409},
		)
		c.set("S01", auth.Member{ID: "S01", Active: true, Role: auth.Auditor, Scope: web.Own})
		webtest.Run(t, api, webtest.Scenario{Name: "a changed role counts at once", As: token, Path: "/customer.write", Status: 403})
		c.set("S01", auth.Member{ID: "S01", Active: false, Role: auth.Operator, Scope: web.All})
		webtest.Run(t, api, webtest.Scenario{Name: "who left is out", As: token, Path: "/session", Status: 401})
		c.set("S01", auth.Member{ID: "S01", Active: true, Role: auth.Operator, Scope: web.All})
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return s.EndSessions(ctx, tx, "S01") }); err != nil {
			t.Fatal(err)
		}
		webtest.Run(t, api, webtest.Scenario{Name: "ended sessions are over", As: token, Path: "/session", Status: 401})
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s, api := setUp(t, d, password)
		if _, err := s.EnsureAdmin(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, admin, _ := login(t, api, password)
		expires := c.now.Add(time.Hour)
		made, text, err := s.CreateToken(t.Context(), auth.NewToken{Name: "报表", Role: auth.Auditor, Scope: web.Own, StaffID: "S01", ExpiresAt: expires, By: "cli"})
		if err != nil {
			t.Fatal(err)
		}
		id := string(web.IDOf(made.ID))
		webtest.Run(t, api,
			webtest.Scenario{Name: "works with its role and scope", As: text, Path: "/customer.read", Status: 200, Has: []string{`"all":false`, `["S01"]`}},
			webtest.Scenario{Name: "and no further", As: text, Path: "/customer.write", Status: 403},
			webtest.Scenario{Name: "is no cookie", Header: map[string]string{"Cookie": "zhiyin_session=" + text}, Path: "/session", Status: 401},
			webtest.Scenario{Name: "is listed without its text", As: admin, Path: "/tokens", Status: 200, Has: []string{`"name":"报表"`, `"used_at"`}, Not: []string{text}},
			webtest.Scenario{Name: "and nowhere in the database", As: admin, Path: "/tokens", Status: 200, After: func(t *testing.T) {
				var hash string
				err := d.Read().NewRaw("SELECT hash FROM token WHERE id = ?", made.ID).Scan(t.Context(), &hash)
				if err != nil || hash == "" || strings.Contains(hash, text) || strings.Contains(text, hash) {
					t.Errorf("stored %q, %v", hash, err)
				}
			}},
			webtest.Scenario{Name: "cannot make tokens itself", As: text, Method: "POST", Path: "/tokens", Body: `{"name":"x","role":"owner"}`, Status: 403},
			webtest.Scenario{Name: "one is made in the console", As: admin, Method: "POST", Path: "/tokens", Body: `{"name":"x","role":"staff"}`, Status: 201, Has: []string{`"token":"zyt_`, `"scope":"all"`}},
			webtest.Scenario{Name: "a narrow one needs a member", As: admin, Method: "POST", Path: "/tokens", Body: `{"name":"x","role":"staff","scope":"own"}`, Status: 422, Has: []string{"body.staff_id"}},
			webtest.Scenario{Name: "one that is over before it begins", As: admin, Method: "POST", Path: "/tokens", Body: `{"name":"x","role":"staff","expires_at":"2020-01-01T00:00:00Z"}`, Status: 422, Has: []string{"token.expired"}},
			webtest.Scenario{Name: "deleted", As: admin, Method: "DELETE", Path: "/tokens/" + id, Status: 204},
			webtest.Scenario{Name: "deleted once", As: admin, Method: "DELETE", Path: "/tokens/" + id, Status: 404},
			webtest.Scenario{Name: "works no more", As: text, Path: "/session", Status: 401, Has: []string{"bad_token"}},
		)
		_, text, err = s.CreateToken(t.Context(), auth.NewToken{Name: "kurz", Role: auth.Auditor, ExpiresAt: expires})
		if err != nil {
			t.Fatal(err)
		}
		c.advance(2 * time.Hour)
		webtest.Run(t, api, webtest.Scenario{Name: "expires", As: text, Path: "/session", Status: 401})
	})
}
