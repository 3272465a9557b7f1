package wecom_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

// The canaries must appear in no error and no log line.
const (
	canarySecret = "CANARY-SECRET-0123456789"
	canaryToken  = "CANARY-TOKEN-9876543210"
)

// server answers gettoken by itself and everything else by a function that
// sees how often its path was called before.
type server struct {
	url    string
	tokens atomic.Int32 // calls of gettoken
	calls  atomic.Int32 // all other calls
	secret atomic.Value // the right one
	mu     sync.Mutex
	byPath map[string]int
}

func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) *server {
	t.Helper()
	s := &server{byPath: map[string]int{}}
	s.secret.Store(canarySecret)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/cgi-bin/")
		if path == "gettoken" {
			n := s.tokens.Add(1)
			if r.URL.Query().Get("corpsecret") != s.secret.Load().(string) {
				fmt.Fprintf(w, `{"errcode":40001,"errmsg":"invalid credential, hint: [1700000000_abc], secret %s"}`, r.URL.Query().Get("corpsecret"))
				return
			}
			fmt.Fprintf(w, `{"errcode":0,"errmsg":"ok","access_token":"%s-%d","expires_in":7200}`, canaryToken, n)
			return
		}
		s.calls.Add(1)
		s.mu.Lock()
		n := s.byPath[path]
		s.byPath[path]++
		s.mu.Unlock()
		answer(w, r, n)
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// always answers every call with the same JSON.
func always(body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, body) }
}

func newClient(t *testing.T, s *server, change func(*wecom.Config)) *wecom.Client {
	t.Helper()
	cfg := wecom.Config{BaseURL: s.url, CorpID: "ww0123456789abcdef", AgentID: 1000002, Secrets: wecom.Secrets{App: canarySecret}}
	if change != nil {
		change(&cfg)
	}
	c, err := wecom.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRefusalsAreTyped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply string
		class wecom.Class
		is    error
	}{
		"system busy":       {`{"errcode":-1,"errmsg":"system error"}`, wecom.ClassRetryable, nil},
		"not in the list":   {`{"errcode":48002,"errmsg":"api forbidden"}`, wecom.ClassPermission, wecom.ErrForbidden},
		"out of range":      {`{"errcode":60011,"errmsg":"x"}`, wecom.ClassPermission, wecom.ErrOutOfRange},
		"no such member":    {`{"errcode":60111,"errmsg":"x"}`, wecom.ClassGone, wecom.ErrNoSuchStaff},
		"customer is gone":  {`{"errcode":84061,"errmsg":"x"}`, wecom.ClassGone, wecom.ErrNotCustomer},
		"parameter":         {`{"errcode":40058,"errmsg":"x"}`, wecom.ClassBadRequest, nil},
		"frequency":         {`{"errcode":45009,"errmsg":"x"}`, wecom.ClassRateLimit, wecom.ErrRateLimit},
		"abnormal traffic":  {`{"errcode":45036,"errmsg":"x"}`, wecom.ClassRateLimit, wecom.ErrRateLimit},
		"secret reset":      {`{"errcode":40001,"errmsg":"x"}`, wecom.ClassAuth, wecom.ErrInvalidSecret},
		"unknown code":      {`{"errcode":999999,"errmsg":"x"}`, wecom.ClassOther, nil},
		"code as a string":  {`{"errcode":"60111","errmsg":"x"}`, wecom.ClassGone, wecom.ErrNoSuchStaff},
		"not JSON":          {`<html>`, wecom.ClassRetryable, nil},
		"empty":             {``, wecom.ClassRetryable, nil},
		"payload beside it": {`{"userid":"","errcode":42001,"errmsg":"x"}`, wecom.ClassAuth, wecom.ErrTokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, serve(t, always(tc.reply)), nil)
			_, err := c.Staff(t.Context(), "S03")
			if err == nil {
				t.Fatal("no error")
			}
			if got := wecom.ClassOf(err); got != tc.class {
				t.Errorf("%v: class %q, want %q", err, got, tc.class)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v is not %v", err, tc.is)
			}
		})
	}
}

func TestErrorTakesErrmsgApart(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, always(`{"errcode":60020,"errmsg":"not allow to access from your ip, hint: [1790806079345572489457392], from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com/devtool/query?e=60020"}`)), nil)
	_, err := c.Departments(t.Context())
	var e *wecom.Error
	if !errors.As(err, &e) || !errors.Is(err, wecom.ErrUntrustedIP) {
		t.Fatal(err)
	}
	want := wecom.Error{Op: "department/list", Code: 60020, Msg: "not allow to access from your ip, from ip: 203.0.113.9", Hint: "1790806079345572489457392"}
	if diff := cmp.Diff(want, *e); diff != "" {
		t.Error(diff)
	}
	if e.IP() != "203.0.113.9" {
		t.Errorf("IP %q", e.IP())
	}
}

func TestSuccessWithoutErrcode(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, always(`{"follow_user":["S01","S02"]}`)), nil)
	got, err := c.FollowUsers(t.Context())
	if diff := cmp.Diff([]wecom.StaffID{"S01", "S02"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestToleratesNullAndMissingAndOddTypes(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, always(`{"errcode":"0","errmsg":null,"external_contact":{"external_userid":"wm1","name":12,"type":"1","gender":null},
		"follow_user":[null,{"userid":"S01","createtime":"1700000000","tags":null,"add_way":1.0,"remark_mobiles":[13800000000],"wechat_channels":""},"odd"],"next_cursor":null}`)), nil)
	got, err := c.Customer(t.Context(), "wm1", "")
	if err != nil {
		t.Fatal(err)
	}
	want := wecom.CustomerDetail{
		Customer:  wecom.Customer{ID: "wm1", Name: "12", Type: 1},
		Relations: []wecom.Relation{{Staff: "S01", CreateTime: 1700000000, AddWay: 1, RemarkMobiles: []string{"13800000000"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	s := serve(t, always(`{"errcode":0}`))
	c := newClient(t, s, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.Departments(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := c.CustomerIDs(t.Context(), "S01"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.tokens.Load(); n != 1 {
		t.Errorf("%d calls of gettoken for one secret, want 1", n)
	}
}

func TestTokenIsRenewedEarly(t *testing.T) {
	t.Parallel()
	s := serve(t, always(`{"errcode":0}`))
	now := time.Unix(1700000000, 0)
	c := newClient(t, s, func(cfg *wecom.Config) { cfg.Clock = func() time.Time { return now } })
	for _, step := range []struct {
		after time.Duration
		want  int32
	}{{0, 1}, {6899 * time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 2}} {
		now = now.Add(step.after)
		if _, err := c.Departments(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.tokens.Load(); n != step.want {
			t.Errorf("after %v: %d tokens, want %d", step.after, n, step.want)
		}
	}
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40014, 42001} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
			if r.URL.Query().Get("access_token") == canaryToken+"-1" {
				fmt.Fprintf(w, `{"errcode":%d,"errmsg":"expired"}`, code)
				return
			}
			_, _ = io.WriteString(w, `{"errcode":0}`)
		})
		c := newClient(t, s, nil)
		if _, err := c.Departments(t.Context()); err != nil {
			t.Errorf("%d: %v", code, err)
		}
		if s.tokens.Load() != 2 || s.calls.Load() != 2 {
			t.Errorf("%d: %d tokens, %d calls, want 2 and 2", code, s.tokens.Load(), s.calls.Load())
		}

		s = serve(t, always(fmt.Sprintf(`{"errcode":%d,"errmsg":"expired"}`, code)))
		c = newClient(t, s, nil)
		if _, err := c.Departments(t.Context()); wecom.ClassOf(err) != wecom.ClassAuth {
			t.Errorf("%d: %v", code, err)
		}
		if s.tokens.Load() != 2 || s.calls.Load() != 2 {
			t.Errorf("%d always: %d tokens, %d calls, want 2 and 2", code, s.tokens.Load(), s.calls.Load())
		}
	}
}

func TestWrongSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, always(`{"errcode":0}`))
	s.secret.Store("the right one")
	c := newClient(t, s, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := c.Departments(t.Context())
			var bad *wecom.SecretError
			if !errors.Is(err, wecom.ErrBadSecret) || !errors.As(err, &bad) || bad.Code != 40001 {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	c.SetSecret(wecom.AreaApp, canarySecret) // the same again
	if err := c.Check(t.Context(), wecom.AreaApp); !errors.Is(err, wecom.ErrBadSecret) {
		t.Error(err)
	}
	if n := s.tokens.Load(); n != 1 {
		t.Errorf("a wrong secret was sent %d times", n)
	}
	c.SetSecret(wecom.AreaApp, "the right one")
	if _, err := c.Departments(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAreasAndTheirSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t, always(`{"errcode":0}`))
	c := newClient(t, s, func(cfg *wecom.Config) { cfg.Secrets = wecom.Secrets{Contact: canarySecret} })
	if err := c.Check(t.Context(), wecom.AreaExternal); !errors.Is(err, wecom.ErrNoSecret) {
		t.Errorf("external without any: %v", err)
	}
	if _, err := c.Departments(t.Context()); err != nil {
		t.Errorf("staff with the contacts secret: %v", err)
	}
	c.SetSecret(wecom.AreaApp, canarySecret)
	for _, a := range []wecom.Area{wecom.AreaExternal, wecom.AreaKf, wecom.AreaContact, wecom.AreaApp} {
		if err := c.Check(t.Context(), a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	if err := c.Check(t.Context(), wecom.AreaArchive); !errors.Is(err, wecom.ErrNoSecret) {
		t.Errorf("archive: %v", err)
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	busyTwice := func(code int) func(http.ResponseWriter, *http.Request, int) {
		return func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < 2 {
				fmt.Fprintf(w, `{"errcode":%d,"errmsg":"x"}`, code)
				return
			}
			_, _ = io.WriteString(w, `{"errcode":0}`)
		}
	}
	for name, tc := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request, int)
		send   bool // a call that must not be made twice
		ok     bool
		calls  int32
	}{
		"busy, reading":       {busyTwice(-1), false, true, 3},
		"busy, sending":       {busyTwice(-1), true, false, 1},
		"crowded, reading":    {busyTwice(45033), false, true, 3},
		"crowded, sending":    {busyTwice(45033), true, true, 3},
		"always busy":         {always(`{"errcode":-1}`), false, false, 4},
		"refused":             {always(`{"errcode":40058}`), false, false, 1},
		"no answer, reading":  {func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }, false, false, 0}, // net/http repeats a GET by itself
		"no answer, sending":  {func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }, true, false, 1},
		"bad gateway":         {func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(502) }, false, false, 3},
		"redirect":            {func(w http.ResponseWriter, r *http.Request, _ int) { http.Redirect(w, r, "/elsewhere", 302) }, false, false, 1},
		"welcome is too late": {always(`{"errcode":41050}`), true, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tc.answer)
			c := newClient(t, s, nil)
			var err error
			if tc.send {
				err = outreach.New(c).SendWelcome(t.Context(), outreach.WelcomeRequest{Code: "c", Text: "hi"})
			} else {
				_, err = c.Departments(t.Context())
			}
			if (err == nil) != tc.ok || tc.calls != 0 && s.calls.Load() != tc.calls {
				t.Errorf("%v after %d calls, want ok %v after %d", err, s.calls.Load(), tc.ok, tc.calls)
			}
		})
	}
}

func TestFrequencyLimitIsRemembered(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(1700000000)
	limited := true
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if limited && strings.HasSuffix(r.URL.Path, "department/list") {
			_, _ = io.WriteString(w, `{"errcode":45009,"errmsg":"api freq out of limit"}`)
			return
		}
		_, _ = io.WriteString(w, `{"errcode":0}`)
	})
	c := newClient(t, s, func(cfg *wecom.Config) { cfg.Clock = func() time.Time { return time.Unix(now.Load(), 0) } })
	until := func(want time.Duration) {
		t.Helper()
		_, err := c.Departments(t.Context())
		var limit *wecom.LimitError
		if !errors.As(err, &limit) || !errors.Is(err, wecom.ErrRateLimit) || limit.Until.Sub(time.Unix(now.Load(), 0)) != want {
			t.Fatalf("%v, want a limit for %v", err, want)
		}
	}
	until(time.Minute)
	before := s.calls.Load()
	now.Add(20)
	until(40 * time.Second)
	if s.calls.Load() != before {
		t.Error("WeCom was asked although the limit is known")
	}
	if _, err := c.FollowUsers(t.Context()); err != nil {
		t.Errorf("another endpoint is held too: %v", err)
	}
	now.Add(40)
	until(2 * time.Minute) // refused again: a longer window
	now.Add(120)
	limited = false
	if _, err := c.Departments(t.Context()); err != nil {
		t.Fatal(err)
	}
	limited = true
	until(time.Minute) // success forgets
}

func TestContextEndsWaiting(t *testing.T) {
	t.Parallel()
	blocked, begun := make(chan struct{}), make(chan struct{}, 8)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		begun <- struct{}{}
		select {
		case <-blocked:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(blocked) })
	c := newClient(t, s, func(cfg *wecom.Config) { cfg.InFlight = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, _ = c.Departments(ctx) }()
	<-begun
	short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if _, err := c.Departments(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a slot: %v", err)
	}
	cancel()
	if _, err := c.Departments(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	var mu sync.Mutex
	var said []string
	note := func(err error) {
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
			for e := err; e != nil; e = errors.Unwrap(e) {
				said = append(said, fmt.Sprintf("%+v %#v", e, e))
			}
		}
	}
	echo := func(w http.ResponseWriter, r *http.Request, _ int) {
		fmt.Fprintf(w, `{"errcode":40058,"errmsg":"bad request %s %s"}`, r.URL.Query().Get("access_token"), canarySecret)
	}
	abort := func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }
	bounce := func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, "http://127.0.0.1:1/?"+r.URL.RawQuery, http.StatusFound)
	}
	logger := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, answer := range []func(http.ResponseWriter, *http.Request, int){echo, abort, bounce, always(`{"errcode":42001}`), always("junk " + canaryToken)} {
		c := newClient(t, serve(t, answer), func(cfg *wecom.Config) { cfg.Logger = logger })
		_, err := c.Departments(t.Context())
		note(err)
	}
	gone := newClient(t, &server{url: "http://127.0.0.1:1"}, func(cfg *wecom.Config) { cfg.Logger = logger })
	_, err := gone.Departments(t.Context())
	note(err)
	wrong := serve(t, always(`{}`))
	wrong.secret.Store("another")
	c := newClient(t, wrong, func(cfg *wecom.Config) { cfg.Logger = logger })
	note(c.Check(t.Context(), wecom.AreaApp))
	if len(said) < 12 || logs.Len() == 0 {
		t.Fatalf("only %d texts and %d bytes of log to look at", len(said), logs.Len())
	}
	for _, s := range append(said, logs.String()) {
		if strings.Contains(s, "CANARY") {
			t.Errorf("a secret or token shows: %s", s)
		}
	}
}

func TestObserverSeesEveryAnswer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	s := serve(t, always(`{"errcode":60111,"errmsg":"x"}`))
	c := newClient(t, s, func(cfg *wecom.Config) {
		cfg.Observer = func(op string, code int, took time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprint(op, " ", code, " ", took > 0))
		}
	})
	_, _ = c.Staff(t.Context(), "S99")
	if diff := cmp.Diff([]string{"gettoken 0 true", "user/get 60111 true"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]wecom.Config{
		"no corp":      {},
		"no host":      {CorpID: "ww1", BaseURL: "qyapi.weixin.qq.com"},
		"other scheme": {CorpID: "ww1", BaseURL: "ftp://x"},
	} {
		if _, err := wecom.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
