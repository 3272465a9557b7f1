package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/doctor"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/callback"
)

const goodKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPA"

var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// fakeWeCom answers what a case wants.
type fakeWeCom struct {
	check, agent, follow error
	closed               bool
	staff                []wecom.StaffID
}

func (f fakeWeCom) Check(context.Context, wecom.Area) error { return f.check }
func (f fakeWeCom) Agent(context.Context) (wecom.Agent, error) {
	return wecom.Agent{Name: "知音", Closed: wecom.Flag(f.closed)}, f.agent
}

func (f fakeWeCom) FollowUsers(context.Context) ([]wecom.StaffID, error) { return f.staff, f.follow }

var goodEnv = []string{
	"ZHIYIN_WECOM_CORP_ID=ww1", "ZHIYIN_WECOM_AGENT_ID=7", "ZHIYIN_WECOM_APP_SECRET=canary-app", "ZHIYIN_WECOM_CALLBACK_TOKEN=canarytoken",
	"ZHIYIN_WECOM_CALLBACK_AES_KEY=" + goodKey,
}

func settings(t *testing.T, env []string) func() *config.Config {
	t.Helper()
	c, err := config.Load(config.Sources{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return func() *config.Config { return c }
}

// newDoctor has our own callback handler with the given keys.
func newDoctor(t *testing.T, d *db.DB, env []string, w doctor.WeCom, handlerToken string) *doctor.Doctor {
	t.Helper()
	world := clock.NewManual(now)
	in := inbound.New(inbound.Config{DB: d, World: world, Log: slog.New(slog.DiscardHandler), CorpID: "ww1", Crypto: func(string) (*callback.Crypto, error) {
		return callback.New(handlerToken, goodKey, "ww1")
	}})
	mux := http.NewServeMux()
	in.Register(mux)
	return doctor.New(doctor.Config{
		DB: d, World: world, Wall: clock.SystemWall(), CorpID: "ww1", DataDir: t.TempDir(), Settings: settings(t, env), WeCom: w, Callbacks: mux,
		Bus:         func(context.Context) error { return nil },
		Welcomes:    func(context.Context) (doctor.Welcomes, error) { return doctor.Welcomes{Sent: 9, Used: 1}, nil },
		DeadLetters: func(context.Context) (int, error) { return 0, nil },
	})
}

func find(t *testing.T, r doctor.Report, id string) doctor.Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no check %s", id)
	return doctor.Finding{}
}

// put stores an event that WeCom says is of the time t.
func put(t *testing.T, d *db.DB, id int, created, at time.Time) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO work (id, corp_id, lane, kind, key, part, order_key, payload, created_at, due_at, state) VALUES (?, 'ww1', 'inbox', 'x', ?, 0, 'o', ?, ?, 0, 'done')",
			id, fmt.Sprint("k", id), fmt.Sprintf(`{"CreateTime":"%d"}`, at.Unix()), created.UnixMilli()).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAHealthyPlatform(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 5 {
			put(t, d, i+1, now, now.Add(-time.Second))
		}
		put(t, d, 9, now, now.Add(-time.Hour)) // one that was repeated for an hour does not count
		doc := newDoctor(t, d, goodEnv, fakeWeCom{staff: []wecom.StaffID{"S01"}}, "canarytoken")
		r := doc.Examine(t.Context())
		var out bytes.Buffer
		if err := doctor.Print(&out, r, "en"); err != nil {
			t.Fatal(err)
		}
		if r.Worst() == doctor.Bad || strings.Contains(out.String(), "canary") || strings.Contains(out.String(), "!") {
			t.Error(out.String())
		}
		for id, want := range map[string]string{
			"token_app": "got an access token", "token_kf": "uses the app's", "token_archive": "is not set", "trusted_ip": "may call", "contact": "1 member with",
			"callback": "passed its own test", "callbacks_seen": "the last one at 11-24 18:00:00", "clock": "-1s", "welcome": "9 sent", "database": "writable",
		} {
			if f := find(t, r, id); !strings.Contains(f.Detail.EN, want) {
				t.Errorf("%s: %s", id, f.Detail.EN)
			}
		}
	})
}

func TestWhatIsWrongIsNamedWithTheWayOut(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for _, c := range []struct {
		name  string
		env   []string
		wecom fakeWeCom
		id    string
		state doctor.State
		has   string
	}{
		{"a refused secret", goodEnv, fakeWeCom{check: &wecom.SecretError{Area: "app", Code: 40001}}, "token_app", doctor.Bad, "ZHIYIN_WECOM_APP_SECRET (40001)"},
		{"no secret at all", nil, fakeWeCom{}, "token_app", doctor.Bad, "ZHIYIN_WECOM_APP_SECRET is not set"},
		{"an address that is not trusted", goodEnv, fakeWeCom{agent: &wecom.Error{Op: "agent/get", Code: 60020, Msg: "not allow to access from your ip, from ip: 203.0.113.7"}}, "trusted_ip", doctor.Bad, "203.0.113.7"},
		{"a closed app", goodEnv, fakeWeCom{closed: true}, "trusted_ip", doctor.Bad, "switched off"},
		{"an app that is not listed", goodEnv, fakeWeCom{follow: wecom.ErrForbidden}, "contact", doctor.Bad, "48002"},
		{"nobody with customer contact", goodEnv, fakeWeCom{}, "contact", doctor.Warn, "no member"},
		{"WeCom away", goodEnv, fakeWeCom{check: errors.New("no answer")}, "token_app", doctor.Bad, "did not answer"},
		{"a missing callback key", goodEnv[:4], fakeWeCom{}, "callback", doctor.Bad, "ZHIYIN_WECOM_CALLBACK_AES_KEY is not set"},
		{"another token in the running handler", append([]string{"ZHIYIN_WECOM_KF_CALLBACK_TOKEN=other"}, goodEnv...), fakeWeCom{}, "callback_kf", doctor.Bad, "signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := find(t, newDoctor(t, d, c.env, c.wecom, "canarytoken").Examine(t.Context()), c.id)
			if f.State != c.state || !strings.Contains(f.Detail.EN, c.has) || f.WayOut.EN == "" || f.WayOut.ZH == "" || f.Detail.ZH == "" {
				t.Errorf("%s: %s / %s → %s", f.State, f.Detail.EN, f.Detail.ZH, f.WayOut.EN)
			}
		})
	}
}

func TestRefusedCallbacksNameTheStep(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	doc := newDoctor(t, d, goodEnv, fakeWeCom{}, "canarytoken")
	if f := find(t, doc.Examine(t.Context()), "callbacks_seen"); f.State != doctor.Warn {
		t.Errorf("no callback yet: %s %s", f.State, f.Detail.EN)
	}
	doc.Saw(doctor.Seen{Err: fmt.Errorf("open: %w", callback.ErrPadding)})
	if f := find(t, doc.Examine(t.Context()), "callbacks_seen"); f.State != doctor.Bad || !strings.Contains(f.Detail.EN, "EncodingAESKeys differ") {
		t.Errorf("a wrong key: %s %s", f.State, f.Detail.EN)
	}
	put(t, d, 1, now.Add(time.Second), now)
	if f := find(t, doc.Examine(t.Context()), "callbacks_seen"); f.State != doctor.OK {
		t.Errorf("a good one afterwards: %s %s", f.State, f.Detail.EN)
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	for want, off := range map[doctor.State]time.Duration{doctor.OK: 2 * time.Second, doctor.Warn: 2 * time.Minute, doctor.Bad: -7 * time.Minute} {
		d := dbtest.SQLite(t)
		put(t, d, 1, now, now.Add(off))
		if f := find(t, newDoctor(t, d, goodEnv, fakeWeCom{}, "canarytoken").Examine(t.Context()), "clock"); f.State != want {
			t.Errorf("%s: %s, want %s", off, f.State, want)
		}
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	doc := newDoctor(t, d, goodEnv, fakeWeCom{check: &wecom.SecretError{Area: "app", Code: 40001}}, "canarytoken")
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S02", "*")})
	doc.RegisterAPI(api)
	webtest.Run(t, api,
		webtest.Scenario{Name: "the last examination, in Chinese", As: "admin", Path: "/doctor", Status: 200, Has: []string{`"id":"token_app"`, `"state":"error"`, "企业微信拒绝了", `"as_of":"2026-11-24T18:00:00+08:00"`}, Not: []string{"canary", goodKey}},
		webtest.Scenario{Name: "a new one, in English", As: "admin", Method: "POST", Path: "/doctor", Header: map[string]string{"Accept-Language": "en"}, Status: 200, Has: []string{"WeCom refused ZHIYIN_WECOM_APP_SECRET"}},
		webtest.Scenario{Name: "a narrow scope", As: "own", Path: "/doctor", Status: 403},
	)
}

func TestAReadOnlyDatabaseIsFound(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	d, err := db.Open(t.Context(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	doc := newDoctor(t, d, goodEnv, fakeWeCom{}, "canarytoken") // never migrated: nothing can be written
	if f := find(t, doc.Examine(t.Context()), "database"); f.State != doctor.Bad || f.WayOut.ZH == "" {
		t.Errorf("%s %s", f.State, f.Detail.EN)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if r := doc.Examine(t.Context()); r.Worst() != doctor.Bad {
		t.Error("a closed database is not found")
	}
}

func TestWhatTheGroundAndOthersTakeIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*doctor.Doctor)
		id     string
		state  doctor.State
		has    string
	}{
		{"a welcome of the admin console goes first", func(d *doctor.Doctor) {
			d.Welcomes = func(context.Context) (doctor.Welcomes, error) {
				return doctor.Welcomes{Sent: 1, Used: 2, NoCode: 3}, nil
			}
		}, "welcome", doctor.Warn, "in a week 1 sent, 3 without a welcome code, 2 with the code used up (41051)"},
		{"the bus is away", func(d *doctor.Doctor) { d.Bus = func(context.Context) error { return errors.New("gone") } }, "bus", doctor.Bad, "does not answer"},
		{"work was given up", func(d *doctor.Doctor) { d.DeadLetters = func(context.Context) (int, error) { return 1, nil } }, "dead_letters", doctor.Warn, "1 piece of work given up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := newDoctor(t, dbtest.SQLite(t), goodEnv, fakeWeCom{}, "canarytoken")
			c.change(doc)
			f := find(t, doc.Examine(t.Context()), c.id)
			if f.State != c.state || !strings.Contains(f.Detail.EN, c.has) || f.WayOut.EN == "" || f.WayOut.ZH == "" || f.Detail.ZH == "" {
				t.Errorf("%s: %s / %s → %s", f.State, f.Detail.EN, f.Detail.ZH, f.WayOut.EN)
			}
		})
	}
}
