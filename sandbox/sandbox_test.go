package sandbox

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// testStart is the first instant of test worlds: a Tuesday, 10:00.
var testStart = time.Date(2026, 3, 10, 10, 0, 0, 0, Zone)

// rig is a sandbox that listens, and the ways a stranger talks to it.
type rig struct {
	*Server
	t     testing.TB
	token string
}

// newRig starts a sandbox with a clock that moves only when advanced.
func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	opts := Options{Seed: 7, Start: testStart, Paused: true, Customers: 200, Staff: 10, Groups: 5}
	for _, c := range change {
		c(&opts)
	}
	srv, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	r := &rig{Server: srv, t: t}
	r.token = r.tokenOf(srv.Ready.Secrets.External)
	return r
}

type object map[string]any

func (r *rig) do(method, target string, body any) (int, object) {
	r.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			r.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	status, _, raw := r.raw(method, r.URL+target, in)
	out := object{}
	if err := json.Unmarshal(raw, &out); err != nil {
		r.t.Fatalf("%s %s: answer %q is not JSON: %v", method, target, raw, err)
	}
	return status, out
}

// raw makes one request to a whole address and answers what came.
func (r *rig) raw(method, address string, in io.Reader) (int, http.Header, []byte) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, address, in)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

func (r *rig) tokenOf(secret string) string {
	r.t.Helper()
	_, out := r.do("GET", "/cgi-bin/gettoken?corpid="+r.Ready.CorpID+"&corpsecret="+secret, nil)
	token, _ := out["access_token"].(string)
	if token == "" {
		r.t.Fatalf("gettoken: %v", out)
	}
	return token
}

// call posts a body, or gets with a query when body is url.Values.
func (r *rig) call(path string, body any) object {
	r.t.Helper()
	if q, ok := body.(url.Values); ok {
		q.Set("access_token", r.token)
		_, out := r.do("GET", "/cgi-bin/"+path+"?"+q.Encode(), nil)
		return out
	}
	_, out := r.do("POST", "/cgi-bin/"+path+"?access_token="+r.token, body)
	return out
}

// good calls and demands errcode 0.
func (r *rig) good(path string, body any) object {
	r.t.Helper()
	out := r.call(path, body)
	if out["errcode"] != 0.0 {
		r.t.Fatalf("%s %v: %v", path, body, out)
	}
	return out
}

// refused calls and demands a code.
func (r *rig) refused(code int, path string, body any) {
	r.t.Helper()
	if out := r.call(path, body); out["errcode"] != float64(code) {
		r.t.Errorf("%s %v: got %v, want errcode %d", path, body, out, code)
	}
}

// control posts to the control plane and demands success.
func (r *rig) control(path string, body any) object {
	r.t.Helper()
	status, out := r.do("POST", "/_sandbox/"+path, body)
	if status != http.StatusOK {
		r.t.Fatalf("%s %v: status %d %v", path, body, status, out)
	}
	return out
}

func (r *rig) act(name string, fields object) object {
	r.t.Helper()
	if fields == nil {
		fields = object{}
	}
	fields["act"] = name
	return r.control("act", fields)
}

func (r *rig) advance(d time.Duration) {
	r.t.Helper()
	if err := r.Advance(r.t.Context(), d); err != nil {
		r.t.Fatal(err)
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func ids(v any, field string) []string {
	var out []string
	for _, item := range list(v) {
		m, _ := item.(map[string]any)
		out = append(out, fmt.Sprint(m[field]))
	}
	return out
}

func TestAStrangerFindsTheWholeWorldThroughListCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	departments := r.good("department/list", url.Values{})
	if got := len(list(departments["department"])); got != 7 {
		t.Errorf("departments: got %d, want root and 6 stores", got)
	}
	follow := list(r.good("externalcontact/get_follow_user_list", url.Values{})["follow_user"])
	if len(follow) != 10 {
		t.Fatalf("members with customer contact: got %d, want 10", len(follow))
	}
	people := map[string]bool{}
	for _, u := range follow {
		got := r.good("externalcontact/list", url.Values{"userid": {fmt.Sprint(u)}})
		for _, id := range list(got["external_userid"]) {
			people[fmt.Sprint(id)] = true
		}
	}
	if len(people) != 200 {
		t.Errorf("distinct customers: got %d, want 200", len(people))
	}
	rows, cursor := 0, ""
	for {
		got := r.good("externalcontact/batch/get_by_user", object{"userid_list": follow, "cursor": cursor, "limit": 100})
		rows += len(list(got["external_contact_list"]))
		if cursor = fmt.Sprint(got["next_cursor"]); cursor == "" {
			break
		}
	}
	if want := r.State().Counts["relations"]; rows != want {
		t.Errorf("rows of batch/get_by_user: got %d, want %d relations", rows, want)
	}
	chats := r.good("externalcontact/groupchat/list", object{"limit": 100, "owner_filter": nil})
	if got := len(list(chats["group_chat_list"])); got != 5 {
		t.Errorf("groups: got %d, want 5", got)
	}
}

// TestMain fails when sandboxes leave goroutines behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	fuzzing := flag.Lookup("test.fuzz").Value.String() != "" // which has goroutines of its own
	if n := runtime.NumGoroutine(); code == 0 && n > before && !fuzzing {
		buf := make([]byte, 1<<16)
		fmt.Fprintf(os.Stderr, "%d goroutines left, %d at start\n%s\n", n, before, buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}
