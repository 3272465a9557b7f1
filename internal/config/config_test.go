package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/config"
)

const goodKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPA"

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Listen, c.Data, c.Zone.String(), c.BaseURL, c.OpenURL, c.LoginURL, c.Skew, c.Official(), c.Loopback(), c.Source("ZHIYIN_LISTEN")}
	want := []any{
		"127.0.0.1:8420", "./data", "Asia/Shanghai", "https://qyapi.weixin.qq.com", "https://open.weixin.qq.com", "https://login.work.weixin.qq.com",
		10 * time.Minute, true, true, config.Default,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsConsole(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "zhiyin.env")
	text := "# comment\nZHIYIN_LISTEN=file:1\nZHIYIN_ZONE=\"Asia/Tokyo\"\nexport ZHIYIN_DATA=/file\nZHIYIN_WECOM_AGENT_ID=7\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{
		Flags: map[string]string{"listen": "flag:1"},
		Env:   []string{"ZHIYIN_LISTEN=env:1", "ZHIYIN_ZONE=Europe/Paris", "ZHIYIN_CONFIG=" + file, "HOME=/x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	used, err := c.Lay(map[string]string{"ZHIYIN_WECOM_AGENT_ID": "8", "ZHIYIN_WECOM_CORP_ID": "ww1", "ZHIYIN_DATA": "/console"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Listen, c.Zone.String(), c.Data, c.AgentID, c.CorpID, c.Source("ZHIYIN_LISTEN"), c.Source("ZHIYIN_ZONE"), c.Source("ZHIYIN_DATA"), c.Source("ZHIYIN_WECOM_CORP_ID"), used}
	want := []any{"flag:1", "Europe/Paris", "/file", 7, "ww1", config.Flag, config.Env, config.File, config.Console, []string{"ZHIYIN_WECOM_CORP_ID"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsComeFromFilesToo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Env: []string{"ZHIYIN_WECOM_APP_SECRET_FILE=" + file}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Secrets["app"].Reveal(); got != "s3cret" {
		t.Errorf("secret %q", got)
	}
}

func TestEverythingWrongIsNamedAtOnceWithTheWayOut(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  []string
		want []string // "VARIABLE text"
	}{
		"a short key says which variable":         {[]string{"ZHIYIN_WECOM_CALLBACK_AES_KEY=" + goodKey[1:]}, []string{"ZHIYIN_WECOM_CALLBACK_AES_KEY has 42 characters"}},
		"an area's key too":                       {[]string{"ZHIYIN_WECOM_KF_CALLBACK_AES_KEY=x"}, []string{"ZHIYIN_WECOM_KF_CALLBACK_AES_KEY has 1 characters"}},
		"a key with odd letters":                  {[]string{"ZHIYIN_WECOM_CALLBACK_AES_KEY=" + goodKey[:42] + "!"}, []string{"ZHIYIN_WECOM_CALLBACK_AES_KEY has characters"}},
		"a pasted space":                          {[]string{"ZHIYIN_WECOM_APP_SECRET= s"}, []string{"ZHIYIN_WECOM_APP_SECRET has spaces"}},
		"a secret given twice":                    {[]string{"ZHIYIN_WECOM_APP_SECRET=a", "ZHIYIN_WECOM_APP_SECRET_FILE=/x"}, []string{"ZHIYIN_WECOM_APP_SECRET is set, and so is"}},
		"a secret's file that is not there":       {[]string{"ZHIYIN_WECOM_APP_SECRET_FILE=/nowhere/x"}, []string{"ZHIYIN_WECOM_APP_SECRET cannot be read"}},
		"a secret's file that is empty":           {[]string{"ZHIYIN_WECOM_APP_SECRET_FILE=" + empty}, []string{"ZHIYIN_WECOM_APP_SECRET cannot be read"}},
		"http to another machine":                 {[]string{"ZHIYIN_WECOM_BASE_URL=http://10.0.0.9:8421"}, []string{"ZHIYIN_WECOM_BASE_URL uses http to 10.0.0.9"}},
		"https to somebody else":                  {[]string{"ZHIYIN_WECOM_BASE_URL=https://wecom.example"}, []string{"ZHIYIN_WECOM_BASE_URL is wecom.example, which is not WeCom's"}},
		"http to somebody else even when allowed": {[]string{"ZHIYIN_WECOM_OPEN_URL=http://wecom.example", "ZHIYIN_WECOM_UNOFFICIAL=1"}, []string{"ZHIYIN_WECOM_OPEN_URL uses http"}},
		"http to WeCom":                           {[]string{"ZHIYIN_WECOM_BASE_URL=http://qyapi.weixin.qq.com"}, []string{"ZHIYIN_WECOM_BASE_URL uses http"}},
		"a sandbox's clock with the real WeCom":   {[]string{"ZHIYIN_CLOCK_URL=http://127.0.0.1:8421"}, []string{"ZHIYIN_CLOCK_URL follows a sandbox's clock"}},
		"a weak password that others can try":     {[]string{"ZHIYIN_ADMIN_PASSWORD=admin", "ZHIYIN_LISTEN=0.0.0.0:80"}, []string{"ZHIYIN_ADMIN_PASSWORD is too short"}},
		"half of TLS":                             {[]string{"ZHIYIN_TLS_CERT=/nowhere"}, []string{"ZHIYIN_TLS_KEY is missing", "ZHIYIN_TLS_CERT names a file"}},
		"many at once": {
			[]string{
				"ZHIYIN_LISTEN=nonsense", "ZHIYIN_ZONE=Mars", "ZHIYIN_TRUSTED_PROXIES=10.0.0.0/8,proxy", "ZHIYIN_WECOM_AGENT_ID=abc", "ZHIYIN_DATABASE_URL=mysql://x",
				"ZHIYIN_PUBLIC_URL=example.com", "ZHIYIN_CALLBACK_SKEW=soon", "ZHIYIN_WECOM_CORP_ID=my corp", "ZHIYIN_WECOM_UNOFFICIAL=maybe", "ZHIYIN_WECOM_PROXY=proxy:1",
			},
			[]string{
				"ZHIYIN_LISTEN is host:port", "ZHIYIN_ZONE is no time zone", `ZHIYIN_TRUSTED_PROXIES holds "proxy"`, "ZHIYIN_WECOM_AGENT_ID is a number", "ZHIYIN_DATABASE_URL is postgres",
				"ZHIYIN_PUBLIC_URL is a URL", "ZHIYIN_CALLBACK_SKEW is a duration", "ZHIYIN_WECOM_CORP_ID is letters", "ZHIYIN_WECOM_UNOFFICIAL is 1 or 0", "ZHIYIN_WECOM_PROXY is a URL",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Sources{Env: c.env})
			var bad *config.Error
			if !errors.As(err, &bad) {
				t.Fatalf("no complaint: %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), "\n  "+want) {
					t.Errorf("%q is not said:\n%v", want, err)
				}
			}
			if len(bad.Problems) != len(c.want) {
				t.Errorf("%d complaints, want %d:\n%v", len(bad.Problems), len(c.want), err)
			}
		})
	}
}

func TestGoodHosts(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{
		{"ZHIYIN_WECOM_BASE_URL=http://127.0.0.1:8421", "ZHIYIN_CLOCK_URL=http://127.0.0.1:8421"},
		{"ZHIYIN_WECOM_BASE_URL=http://[::1]:8421"},
		{"ZHIYIN_WECOM_BASE_URL=http://localhost:8421"},
		{"ZHIYIN_WECOM_BASE_URL=https://wecom.example", "ZHIYIN_WECOM_UNOFFICIAL=1"},
		{"ZHIYIN_ADMIN_PASSWORD=admin"},
	} {
		if _, err := config.Load(config.Sources{Env: env}); err != nil {
			t.Errorf("%v: %v", env, err)
		}
	}
}

func TestRequiredNamesAllThatIsMissing(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Required()
	for _, want := range []string{"4 settings", "ZHIYIN_WECOM_CORP_ID", "ZHIYIN_WECOM_APP_SECRET", "ZHIYIN_WECOM_CALLBACK_TOKEN", "ZHIYIN_WECOM_CALLBACK_AES_KEY"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	c, err = config.Load(config.Sources{Env: []string{
		"ZHIYIN_WECOM_CORP_ID=ww1", "ZHIYIN_WECOM_APP_SECRET=a", "ZHIYIN_WECOM_AGENT_ID=1", "ZHIYIN_WECOM_CALLBACK_TOKEN=t", "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + goodKey,
		"ZHIYIN_WECOM_KF_CALLBACK_TOKEN=kft",
	}})
	if err != nil || c.Required() != nil {
		t.Fatalf("%v, %v", err, c.Required())
	}
	kf, tokenVar, keyVar := c.CallbackPair("kf")
	if kf.Token.Reveal() != "kft" || tokenVar != "ZHIYIN_WECOM_KF_CALLBACK_TOKEN" || kf.AESKey.Reveal() != goodKey || keyVar != "ZHIYIN_WECOM_CALLBACK_AES_KEY" {
		t.Errorf("kf: %s %s", tokenVar, keyVar)
	}
}

// Every secret is a canary here: whatever way a Config or an error is printed, none shows.
func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	env := []string{}
	for _, v := range config.Variables() {
		if v.Secret {
			env = append(env, v.Name+"=canary value\n")
		}
	}
	c, err := config.Load(config.Sources{Env: env})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("the error: %v", err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", c.AdminPassword)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "secret", c.AdminPassword)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for how, s := range map[string]string{
		"%v": fmt.Sprintf("%v", *c), "%+v": fmt.Sprintf("%+v", *c), "%#v": fmt.Sprintf("%#v", *c), "%s": c.AdminPassword.String(),
		"slog": log.String(), "json": string(asJSON),
	} {
		if strings.Contains(s, "canary") {
			t.Errorf("%s shows a secret", how)
		}
	}
	if !strings.Contains(string(asJSON), `"AdminPassword":"***"`) {
		t.Error("a set secret does not show that it is set")
	}
}

func TestUnknownNamesAreWarnedOf(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Env: []string{"ZHIYIN_WECOM_CORPID=ww1", "ZHIYIN_LISTEN_FILE=x", "ZHIYIN_TEST_X=1", "ZHIYIN_MASTER_KEY_FILE=/x"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 2 || !strings.HasPrefix(c.Warnings[0], "ZHIYIN_LISTEN_FILE ") || !strings.HasPrefix(c.Warnings[1], "ZHIYIN_WECOM_CORPID ") {
		t.Errorf("%q", c.Warnings)
	}
}

func TestFlagsAreTheVariablesThatAreNoSecrets(t *testing.T) {
	t.Parallel()
	var cli struct{ config.Flags }
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, f := range parser.Model.Flags {
		if f.Name != "help" && f.Name != "config" {
			have = append(have, f.Name)
		}
	}
	for _, v := range config.Variables() {
		if !v.Secret {
			want = append(want, v.Flag())
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if _, err := parser.Parse([]string{"--listen", "127.0.0.1:0", "--zone=Europe/Paris"}); err != nil {
		t.Fatal(err)
	}
	src := cli.Sources(nil)
	if diff := cmp.Diff(map[string]string{"listen": "127.0.0.1:0", "zone": "Europe/Paris"}, src.Flags); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdownHasEveryVariable(t *testing.T) {
	t.Parallel()
	doc := config.Markdown()
	for _, v := range config.Variables() {
		if strings.Count(doc, "| `"+v.Name+"` |") != 1 || v.Meaning.ZH == "" || v.Meaning.EN == "" {
			t.Errorf("%s is not documented", v.Name)
		}
	}
}
