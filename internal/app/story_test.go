package app_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
	syncing "zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/welcome"
	"zhiyin.dev/zhiyin/sandbox"
)

// morning is the first instant of the tests' worlds: a Tuesday at 10:00 in China.
var morning = time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)

func small() sandbox.Options {
	return sandbox.Options{Staff: 6, Customers: 60, Groups: 3, Start: morning, Patience: clocktest.Patience}
}

// platform starts a sandbox and a platform that is connected to it.
func platform(t *testing.T, opts sandbox.Options, databaseURL string) (*sandbox.Server, *node) {
	t.Helper()
	box, err := sandbox.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box, join(t, box, databaseURL, dbtest.SQLiteDir(t))
}

// node is a running platform.
type node struct {
	*app.App
	url   string
	leave func() // stops it, and its following of the sandbox's clock
}

// join starts one more platform (or the same one again) for a sandbox; env adds settings.
func join(t *testing.T, box *sandbox.Server, databaseURL, dir string, env ...string) *node {
	t.Helper()
	world, err := clock.Follow(t.Context(), box.URL, dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Env: append([]string{
		"ZHIYIN_DATA=" + dir, "ZHIYIN_DATABASE_URL=" + databaseURL, "ZHIYIN_ADMIN_PASSWORD=correct horse",
		"ZHIYIN_WECOM_BASE_URL=" + box.URL, "ZHIYIN_WECOM_OPEN_URL=" + box.URL, "ZHIYIN_WECOM_LOGIN_URL=" + box.URL,
		"ZHIYIN_WECOM_CORP_ID=" + box.Ready.CorpID, "ZHIYIN_WECOM_AGENT_ID=" + strconv.Itoa(box.Ready.AgentID),
		"ZHIYIN_WECOM_APP_SECRET=" + box.Ready.Secrets.App, "ZHIYIN_WECOM_CONTACT_SECRET=" + box.Ready.Secrets.Contact,
		"ZHIYIN_WECOM_CALLBACK_TOKEN=" + box.Ready.Callback.Token, "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + box.Ready.Callback.AESKey,
		"ZHIYIN_CLOCK_URL=" + box.URL,
	}, env...)})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{Config: cfg, World: world, Log: log.Discard(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	followed, unfollow := context.WithCancel(t.Context())
	following := sync.WaitGroup{}
	following.Go(func() { world.Run(followed, a.Bus.Load, a.Bus.News()) })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(a.Handler())
	n := &node{App: a, url: web.URL, leave: sync.OnceFunc(func() {
		unfollow()
		following.Wait()
		a.Live.Close()
		web.Close()
		_ = a.Stop(context.WithoutCancel(t.Context()))
	})}
	t.Cleanup(n.leave)
	if err := box.SetCallback("", web.URL+"/callback/wecom", box.Ready.Callback.Token, box.Ready.Callback.AESKey); err != nil {
		t.Fatal(err)
	}
	return n
}

// welcoming gives a platform its default welcome.
func welcoming(t *testing.T, a *node) {
	t.Helper()
	if _, err := a.Welcomes.Save(t.Context(), welcome.Welcome{Name: "默认", Text: "你好，护肤问题随时问我。", Enabled: true}); err != nil {
		t.Fatal(err)
	}
}

// eventually waits, bounded, until ok answers true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	clocktest.Eventually(t, what, ok, nil)
}

func synced(t *testing.T, a *node) syncing.Run {
	t.Helper()
	var run syncing.Run
	eventually(t, "the sync to end", func() bool {
		var err error
		if run, err = a.Sync.Last(t.Context()); err != nil {
			t.Fatal(err)
		}
		return run.State == syncing.Done || run.State == syncing.Failed
	})
	return run
}

func act(t *testing.T, box *sandbox.Server, body map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ans, err := box.Act(raw)
	if err != nil {
		t.Fatalf("act %s: %v", raw, err)
	}
	raw, err = json.Marshal(ans)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func eachEngine(t *testing.T, f func(t *testing.T, databaseURL string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, dbtest.PostgresURL(t))
	})
}

func TestScanOfAChannelCodeIsWelcomedAndExplained(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		run := synced(t, a)
		if c := run.Report.Parts["customers"]; run.State != syncing.Done || c.Expected != 60 || c.Stored != 60 || c.Failed != 0 {
			t.Fatalf("first sync: %+v", run)
		}
		staff := act(t, box, map[string]any{"act": "scan_contact_way"})["staff"].(string)
		way, err := a.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{staff}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Welcomes.Save(t.Context(), welcome.Welcome{Name: "默认", Text: "{客户}你好，护肤问题随时问我。", Enabled: true}); err != nil {
			t.Fatal(err)
		}
		scan := act(t, box, map[string]any{"act": "scan_contact_way", "config_id": way.ConfigID})
		if scan["state"] != way.State {
			t.Fatalf("the scan came with state %v, want %s", scan["state"], way.State)
		}
		var welcomed *sandbox.Delivery
		eventually(t, "the welcome", func() bool {
			for _, d := range box.Deliveries(0) {
				if d.Kind == "welcome" && d.Customer == scan["customer"] {
					welcomed = &d
				}
			}
			return welcomed != nil
		})
		if welcomed.Staff != scan["staff"] || welcomed.Text == "" {
			t.Fatalf("welcome %+v after scan %v", welcomed, scan)
		}
	})
}
