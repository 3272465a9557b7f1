package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// browser keeps cookies and follows no redirect.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// fetch asks and answers status, place to go on and body.
func fetch(t *testing.T, c *http.Client, method, address, body string) (status int, location, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(raw)
}

// A member logs in through WeCom's own pages as the sandbox plays them: the state belongs to one browser, a code works once.
func TestAMemberLogsInAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	box, a := platform(t, small(), "")
	synced(t, a)
	code := func() string {
		_, _, answer := fetch(t, http.DefaultClient, http.MethodPost, box.URL+"/_sandbox/oauth/code", `{}`)
		var out struct{ Code string }
		if err := json.Unmarshal([]byte(answer), &out); err != nil || out.Code == "" {
			t.Fatalf("no code: %s", answer)
		}
		return out.Code
	}
	begin := func(c *http.Client) string {
		_, _, answer := fetch(t, c, http.MethodGet, a.url+"/api/v1/session/wecom", "")
		var out map[string]string
		if err := json.Unmarshal([]byte(answer), &out); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		for _, address := range out { // the OAuth page and the QR page carry the same state
			if u, err := url.Parse(address); err == nil && u.Query().Get("state") != "" {
				return u.Query().Get("state")
			}
		}
		t.Fatalf("no address to log in: %s", answer)
		return ""
	}
	back := func(c *http.Client, code, state string) string {
		_, location, _ := fetch(t, c, http.MethodGet, a.url+"/login/wecom?code="+code+"&state="+state, "")
		return location
	}
	me, other := browser(t), browser(t)
	state := begin(me)
	begin(other)
	used := code()
	if at := back(other, used, state); !strings.HasSuffix(at, "/login?error=login.state") {
		t.Fatalf("another browser's state: sent to %s", at)
	}
	if at := back(me, used, state); at != "/" {
		t.Fatalf("a member: sent to %s", at)
	}
	status, _, answer := fetch(t, me, http.MethodGet, a.url+"/api/v1/session", "")
	if status != http.StatusOK || !strings.Contains(answer, `"role":"`) {
		t.Fatalf("the session: %d %s", status, answer)
	}
	if at := back(other, used, begin(other)); !strings.HasSuffix(at, "/login?error=login.code") {
		t.Fatalf("a code that was used: sent to %s", at)
	}
	if at := back(other, code(), begin(other)); at != "/" {
		t.Fatalf("a new code: sent to %s", at)
	}
}
