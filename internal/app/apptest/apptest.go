// Package apptest runs a whole platform beside a sandbox inside one test, for the rooms whose behaviour shows only when
// WeCom answers. It is for tests only.
package apptest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"strconv"
	gosync "sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
)

// Morning is the first instant of the tests' worlds: a Tuesday at 10:00 in China.
var Morning = time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)

// Small is a world that is read in a moment.
func Small() sandbox.Options {
	return sandbox.Options{Staff: 6, Customers: 40, Groups: 2, Start: Morning, Patience: clocktest.Patience}
}

// Platform is a platform that follows its own sandbox.
type Platform struct {
	*app.App
	Box *sandbox.Server
	URL string
	t   *testing.T
}

// EachEngine runs f on SQLite and, when a server was named, on PostgreSQL. databaseURL is for Start.
func EachEngine(t *testing.T, f func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, dbtest.PostgresURL(t))
	})
}

// Start starts a sandbox and a platform that has read all of it. before, when not nil, is called between the two.
func Start(t *testing.T, opts sandbox.Options, databaseURL string, before func(box *sandbox.Server)) *Platform {
	t.Helper()
	box, err := sandbox.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	if before != nil {
		before(box)
	}
	dir := dbtest.SQLiteDir(t)
	world, err := clock.Follow(t.Context(), box.URL, dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Env: []string{
		"ZHIYIN_DATA=" + dir, "ZHIYIN_DATABASE_URL=" + databaseURL, "ZHIYIN_ADMIN_PASSWORD=correct horse",
		"ZHIYIN_WECOM_BASE_URL=" + box.URL, "ZHIYIN_WECOM_OPEN_URL=" + box.URL, "ZHIYIN_WECOM_LOGIN_URL=" + box.URL,
		"ZHIYIN_WECOM_CORP_ID=" + box.Ready.CorpID, "ZHIYIN_WECOM_AGENT_ID=" + strconv.Itoa(box.Ready.AgentID),
		"ZHIYIN_WECOM_APP_SECRET=" + box.Ready.Secrets.App, "ZHIYIN_WECOM_CONTACT_SECRET=" + box.Ready.Secrets.Contact,
		"ZHIYIN_WECOM_CALLBACK_TOKEN=" + box.Ready.Callback.Token, "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + box.Ready.Callback.AESKey,
		"ZHIYIN_CLOCK_URL=" + box.URL,
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{Config: cfg, World: world, Log: log.Discard(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	followed, unfollow := context.WithCancel(t.Context())
	following := gosync.WaitGroup{}
	following.Go(func() { world.Run(followed, a.Bus.Load, a.Bus.News()) })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		unfollow()
		following.Wait()
		a.Live.Close()
		web.Close()
		_ = a.Stop(context.WithoutCancel(t.Context()))
	})
	if err := box.SetCallback("", web.URL+"/callback/wecom", box.Ready.Callback.Token, box.Ready.Callback.AESKey); err != nil {
		t.Fatal(err)
	}
	everybody(t, a)
	p := &Platform{App: a, Box: box, URL: web.URL, t: t}
	p.Synced()
	return p
}

// everybody takes nobody into the holdout, so that a story can tell whom its messages reach, and answers the admission.
func everybody(t *testing.T, a *app.App) {
	t.Helper()
	corp := a.Config.Config.CorpID
	caps, _, err := a.Governor.Caps(t.Context(), corp)
	if err != nil {
		t.Fatal(err)
	}
	caps.Holdout = 0
	if _, err := a.Governor.Answer(t.Context(), corp, "admin", governance.NoneOfIt(), nil, true); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Governor.SetCaps(t.Context(), corp, "admin", caps); err != nil {
		t.Fatal(err)
	}
}

// Eventually waits, bounded, until ok answers true.
func Eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	clocktest.Eventually(t, what, ok, nil)
}

// Synced waits for the end of the newest sync and answers it.
func (p *Platform) Synced() sync.Run {
	p.t.Helper()
	var run sync.Run
	Eventually(p.t, "the sync to end", func() bool {
		var err error
		if run, err = p.Sync.Last(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		return run.State == sync.Done || run.State == sync.Failed
	})
	return run
}

// Act makes something happen in the sandbox and answers what came of it.
func (p *Platform) Act(act string, fields map[string]any) map[string]any {
	p.t.Helper()
	body := map[string]any{"act": act}
	maps.Copy(body, fields)
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	ans, err := p.Box.Act(raw)
	if err != nil {
		p.t.Fatalf("act %s: %v", raw, err)
	}
	if raw, err = json.Marshal(ans); err != nil {
		p.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// Token makes an API token of the platform.
func (p *Platform) Token(n auth.NewToken) string {
	p.t.Helper()
	n.Name, n.By = string(n.Role), "test"
	_, text, err := p.Auth.CreateToken(p.t.Context(), n)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}
