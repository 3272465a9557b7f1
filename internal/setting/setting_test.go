package setting_test

import (
	"path/filepath"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/seal"
	"zhiyin.dev/zhiyin/internal/setting"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

const goodKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPA"

func open(t *testing.T, d *db.DB, key string, env ...string) *setting.Service {
	t.Helper()
	sealer, err := seal.Open(t.Context(), d, key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := setting.Open(t.Context(), setting.Config{DB: d, Sealer: sealer, Read: func() (*config.Config, error) {
		return config.Load(config.Sources{Env: env})
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsAreSealedAndTheEnvironmentWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := filepath.Join(t.TempDir(), "master.key")
		s := open(t, d, key)
		var told []string
		s.OnChange = append(s.OnChange, func(c *config.Config) { told = append(told, c.Secrets["app"].Reveal()) })
		err := s.Set(t.Context(), map[string]string{"ZHIYIN_WECOM_APP_SECRET": "canary-1", "ZHIYIN_WECOM_CORP_ID": "ww1", "ZHIYIN_WECOM_CALLBACK_AES_KEY": goodKey})
		if err != nil {
			t.Fatal(err)
		}
		var stored []string
		if err := d.Read().NewRaw("SELECT value FROM setting").Scan(t.Context(), &stored); err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(stored, " "); strings.Contains(all, "canary") || strings.Contains(all, goodKey) || !strings.Contains(all, "ww1") {
			t.Errorf("the table holds %s", all)
		}
		again := open(t, d, key)
		if c := again.Current(); c.CorpID != "ww1" || c.Secrets["app"].Reveal() != "canary-1" || c.Source("ZHIYIN_WECOM_CORP_ID") != config.Console {
			t.Errorf("after a restart: %+v", c)
		}
		set := open(t, d, key, "ZHIYIN_WECOM_APP_SECRET=from-env")
		if c := set.Current(); c.Secrets["app"].Reveal() != "from-env" || c.CorpID != "ww1" {
			t.Errorf("with environment: %+v", c)
		}
		err = s.Set(t.Context(), map[string]string{"ZHIYIN_WECOM_APP_SECRET": "canary-2", "ZHIYIN_WECOM_CALLBACK_AES_KEY": "short-canary"})
		if err == nil || !strings.Contains(err.Error(), "ZHIYIN_WECOM_CALLBACK_AES_KEY has 12 characters") || strings.Contains(err.Error(), "canary") {
			t.Errorf("a wrong key: %v", err)
		}
		if got := s.Current().Secrets["app"].Reveal(); got != "canary-1" {
			t.Errorf("half a change: %q", got)
		}
		if err := s.Set(t.Context(), map[string]string{"ZHIYIN_WECOM_APP_SECRET": ""}); err != nil || s.Current().Secrets["app"] != "" {
			t.Errorf("a removed secret is still there, %v", err)
		}
		if len(told) != 2 || told[0] != "canary-1" || told[1] != "" {
			t.Errorf("told %q", told)
		}
	})
}

func TestWhatReadAnswersIsNeverWrittenTo(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	sealer, err := seal.Open(t.Context(), d, filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	given, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := setting.Open(t.Context(), setting.Config{DB: d, Sealer: sealer, Read: func() (*config.Config, error) { return given, nil }})
	if err != nil {
		t.Fatal(err)
	}
	first := s.Current()
	if err := s.Set(t.Context(), map[string]string{"ZHIYIN_WECOM_APP_SECRET": "x", "ZHIYIN_WECOM_CORP_ID": "ww1"}); err != nil {
		t.Fatal(err)
	}
	if given.Secrets["app"] != "" || first.Secrets["app"] != "" || first.CorpID != "" || given.Source("ZHIYIN_WECOM_CORP_ID") != config.Default {
		t.Error("a change reached a configuration that was handed out before")
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := open(t, d, filepath.Join(t.TempDir(), "master.key"), "ZHIYIN_WECOM_KF_SECRET=canary-kf", "ZHIYIN_WECOM_BASE_URL=http://127.0.0.1:1")
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "reader": webtest.Who(web.All, "S01", "settings.read"), "own": webtest.Who(web.Own, "S02", "*")})
	s.RegisterAPI(api)
	patch := func(name, body string, status int, has ...string) webtest.Scenario {
		return webtest.Scenario{Name: name, As: "admin", Method: "PATCH", Path: "/settings", Body: body, Status: status, Has: has, Not: []string{"canary"}}
	}
	webtest.Run(t, api,
		webtest.Scenario{Name: "at first", As: "reader", Path: "/settings", Status: 200, Has: []string{`"app":{"set":false}`, `"kf":{"set":true,"source":"env"}`, `"fixed":["ZHIYIN_WECOM_KF_SECRET"]`, `"unofficial":true`, `"zone":"Asia/Shanghai"`, "/callback/wecom"}, Not: []string{"canary"}},
		patch("secrets are taken and not repeated", `{"corp_id":"ww1","agent_id":7,"secrets":{"app":"canary-app"},"callback":{"token":"canarytoken","aes_key":"`+goodKey+`"}}`, 200, `"app":{"set":true,"source":"console"}`, `"token_set":true,"aes_set":true`, `"corp_id":"ww1"`, `"restart":true`),
		patch("what the environment set stays", `{"secrets":{"kf":"canary-2"}}`, 409, "ZHIYIN_WECOM_KF_SECRET"),
		patch("a key of the wrong length is named", `{"callback":{"aes_key":"canary"}}`, 422, "ZHIYIN_WECOM_CALLBACK_AES_KEY"),
		patch("an unknown area is named", `{"secrets":{"pay":"canary"}}`, 422, "ZHIYIN_WECOM_PAY_SECRET"),
		patch("a wrong type does not echo the body", `{"secrets":"canary-secret-canary"}`, 422, "body.secrets"),
		patch("a removed secret", `{"secrets":{"app":""}}`, 200, `"app":{"set":false}`),
		webtest.Scenario{Name: "a reader changes nothing", As: "reader", Method: "PATCH", Path: "/settings", Body: `{}`, Status: 403},
		webtest.Scenario{Name: "a narrow scope sees nothing", As: "own", Path: "/settings", Status: 403},
	)
}

func TestSandboxMark(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if marked, err := setting.OfSandbox(t.Context(), d); err != nil || marked {
			t.Fatal(marked, err)
		}
		for range 2 {
			if err := setting.MarkSandbox(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if marked, err := setting.OfSandbox(t.Context(), d); err != nil || !marked {
			t.Fatal(marked, err)
		}
	})
}
