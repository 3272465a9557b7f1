package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestARouteWithoutPermissionOrScopeDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, op := range map[string]web.Op{
		"no permission": {ID: "x", Summary: "x", Scope: web.Shared},
		"no scope":      {ID: "x", Summary: "x", Permission: "x.read"},
		"no id":         {Summary: "x", Permission: "x.read", Scope: web.Shared},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("it was registered")
				}
			}()
			web.Get(webtest.New(t, nil), "/x", op, func(context.Context, *web.None) (*web.None, error) { return nil, nil })
		})
	}
}

// serve plays one request against an API behind a proxy at 10.0.0.1.
func serve(t *testing.T, c web.Config, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Wall = clock.SystemWall()
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	api := web.New(c)
	web.Get(api, "/who", web.Op{ID: "who", Permission: web.Public, Scope: web.Shared, Summary: "x"}, func(ctx context.Context, _ *web.None) (*map[string]any, error) {
		return &map[string]any{"addr": web.Addr(ctx).String(), "secure": web.Secure(ctx), "url": api.URL(ctx, "/p/x")}, nil
	})
	w := httptest.NewRecorder()
	api.Handler().ServeHTTP(w, r)
	return w
}

func TestOnlyTrustedProxiesSayWhomTheySpeakFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		peer, forwarded, proto, want string
	}{
		"a proxy is believed":                   {"10.0.0.1:9", "203.0.113.7", "https", `"addr":"203.0.113.7","secure":true`},
		"as far as it can know":                 {"10.0.0.1:9", "1.2.3.4, 203.0.113.7, 10.0.0.2", "https", `"addr":"203.0.113.7","secure":true`},
		"a stranger is not":                     {"203.0.113.9:9", "127.0.0.1", "https", `"addr":"203.0.113.9","secure":false`},
		"nonsense ends the chain":               {"10.0.0.1:9", "1.2.3.4, unknown", "http", `"addr":"10.0.0.1","secure":false`},
		"a mapped address is the one it stands": {"[::ffff:10.0.0.1]:9", "203.0.113.7", "", `"addr":"203.0.113.7","secure":false`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/who", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		r.Header.Set("X-Forwarded-Proto", c.proto)
		if got := serve(t, web.Config{}, r).Body.String(); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	c := web.Config{PublicURL: "https://crm.example/zhiyin/"}
	for path, want := range map[string]int{"/zhiyin/api/v1/who": 200, "/api/v1/who": 200, "/zhiyin/healthz": 200, "/zhiyin": 308, "/zhiyinx/healthz": 404} {
		w := serve(t, c, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if want == 200 && strings.HasSuffix(path, "who") && !strings.Contains(w.Body.String(), `"url":"https://crm.example/zhiyin/p/x"`) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:8420/api/v1/who", nil)
	if w := serve(t, web.Config{}, r); !strings.Contains(w.Body.String(), `"url":"http://127.0.0.1:8420/p/x"`) {
		t.Errorf("without a public URL: %s", w.Body)
	}
	r = httptest.NewRequestWithContext(t.Context(), "POST", "/zhiyin/api/v1/who", nil)
	r.Header.Set("Origin", "https://crm.example")
	r.Host = "internal:8420"
	if w := serve(t, c, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("our own origin behind a proxy that changes the host: %d", w.Code)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	broken := errors.New("canary")
	c := web.Config{Ready: []web.Check{{Name: "database", Test: func(context.Context) error { return broken }}, {Name: "bus", Test: func(context.Context) error { return nil }}}}
	w := serve(t, c, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
	if body := w.Body.String(); w.Code != 503 || !strings.Contains(body, `"database":"failed"`) || !strings.Contains(body, `"bus":"ok"`) || strings.Contains(body, "canary") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMetricsAreForLoopbackAndTokens(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "zhiyin_up"}))
	c := web.Config{Metrics: reg, Identify: func(_ context.Context, c web.Credentials) (web.Who, error) {
		if c.Token == "scraper" {
			return webtest.Who(web.All, "", "metrics.read"), nil
		}
		return webtest.Who(web.All, "S01", "customer.read"), nil
	}}
	for name, v := range map[string]struct {
		peer, forwarded, token string
		want                   int
	}{
		"loopback":                       {"127.0.0.1:9", "", "", 200},
		"loopback by IPv6":               {"[::1]:9", "", "", 200},
		"an unlisted proxy on loopback":  {"127.0.0.1:9", "203.0.113.7", "", 401},
		"a stranger":                     {"203.0.113.7:9", "", "", 401},
		"a stranger with the permission": {"203.0.113.7:9", "", "scraper", 200},
		"a stranger with another":        {"203.0.113.7:9", "", "member", 403},
		"one who claims to be loopback":  {"203.0.113.7:9", "127.0.0.1", "", 401},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.RemoteAddr = v.peer
		if v.forwarded != "" {
			r.Header.Set("X-Forwarded-For", v.forwarded)
		}
		if v.token != "" {
			r.Header.Set("Authorization", "Bearer "+v.token)
		}
		if w := serve(t, c, r); w.Code != v.want || (w.Code == 200) != strings.Contains(w.Body.String(), "zhiyin_up") {
			t.Errorf("%s: %d, want %d", name, w.Code, v.want)
		}
	}
}

// Names of customers in paths and queries, bodies and secrets never reach the log.
func TestTheAccessLogHoldsNoContent(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	c := web.Config{Log: slog.New(slog.NewJSONHandler(&log, nil))}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/who?q=canary", nil)
	r.Header.Set("Authorization", "Bearer canary")
	r.Header.Set("Cookie", "zhiyin_session=canary")
	serve(t, c, r)
	serve(t, c, httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/customers/canary", nil))
	if s := log.String(); strings.Contains(s, "canary") || strings.Count(s, `"msg":"request"`) != 2 || !strings.Contains(s, `"pattern":"GET /api/v1/who"`) {
		t.Error(s)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	live, err := web.NewLive(nil, "ww1", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin()})
	live.Register(api)
	srv := httptest.NewServer(api.Handler())
	defer srv.Close()
	get := func(token string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v1/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	refused := get("nobody")
	_ = refused.Body.Close()
	if refused.StatusCode != 401 {
		t.Errorf("without login: %d", refused.StatusCode)
	}
	resp := get("admin")
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "retry: 3000" || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("first line %q", lines.Text())
	}
	for range 100 {
		live.Publish("counters", "")
	}
	live.Send(web.Event{Kind: "touch", ID: "7", State: "delivered"})
	var got []string
	for len(got) < 2 && lines.Scan() {
		if e, ok := strings.CutPrefix(lines.Text(), "data: "); ok && (len(got) == 0 || got[len(got)-1] != e) {
			got = append(got, e)
		}
	}
	want := []string{`{"kind":"counters"}`, `{"kind":"touch","id":"7","state":"delivered"}`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	live.Close()
	for lines.Scan() { // what was in flight, then the end
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the end: %v", err)
	}
	if after := get("admin"); after.StatusCode != 503 {
		t.Errorf("after the end: %d", after.StatusCode)
	} else {
		_ = after.Body.Close()
	}
}

func TestTheOutgoingClientStaysOutside(t *testing.T) {
	t.Parallel()
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) }))
	defer inside.Close()
	get := func(c *http.Client, url string) error {
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	guarded := web.NewClient(2 * time.Second)
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, url := range []string{
		inside.URL, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest", "http://100.64.0.1/", "http://0.0.0.0" + port, "http://[fd00::1]/",
	} {
		if err := get(guarded, url); !errors.Is(err, web.ErrPrivateAddress) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := get(web.NewClient(2*time.Second, netip.MustParsePrefix("127.0.0.0/8")), inside.URL); err != nil {
		t.Errorf("an allowed network: %v", err)
	}
	away := httptest.NewServer(http.RedirectHandler("http://10.0.0.1/", http.StatusFound))
	defer away.Close()
	if err := get(web.NewClient(2*time.Second, netip.MustParsePrefix("127.0.0.0/8")), away.URL); !errors.Is(err, web.ErrPrivateAddress) {
		t.Errorf("a redirect inside: %v", err)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	department := webtest.Who(web.Department, "S01")
	department.Departments = []int64{2}
	department.Colleagues = func(context.Context) ([]string, error) { return []string{"S01", "S02"}, nil }
	for name, c := range map[string]struct {
		who  web.Who
		ids  []string
		all  bool
		sees bool // S02
	}{
		"all":                     {webtest.Admin(), nil, true, true},
		"department":              {department, []string{"S01", "S02"}, false, true},
		"own":                     {webtest.Who(web.Own, "S01"), []string{"S01"}, false, false},
		"own of nobody":           {webtest.Who(web.Own, ""), []string{""}, false, false},
		"department of nobody":    {web.Who{Scope: web.Department}, []string{""}, false, false},
		"a scope that is unknown": {web.Who{}, []string{""}, false, false},
	} {
		ids, all, err := c.who.StaffIDs(t.Context())
		sees, _ := c.who.Sees(t.Context(), "S02")
		if err != nil || all != c.all || !slices.Equal(ids, c.ids) || sees != c.sees {
			t.Errorf("%s: %q %v %v %v", name, ids, all, sees, err)
		}
	}
	if who := web.Caller(t.Context()); who.SeesAll() || who.May != nil {
		t.Error("a context without a caller may do something")
	}
}
