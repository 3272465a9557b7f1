package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/spec"
)

// Whatever is sent to a path of WeCom's, the answer is JSON with an errcode, in
// time and without a panic. One target for each chapter of good calls, which
// are the seeds; the input says which endpoint, and its query and body.

func FuzzContact(f *testing.F)  { fuzzCalls(f, contactCalls()) }
func FuzzApp(f *testing.F)      { fuzzCalls(f, appCalls()) }
func FuzzCustomer(f *testing.F) { fuzzCalls(f, customerCalls()) }
func FuzzKf(f *testing.F)       { fuzzCalls(f, kfCalls()) }
func FuzzArchive(f *testing.F)  { fuzzCalls(f, archiveCalls()) }
func FuzzPay(f *testing.F)      { fuzzCalls(f, payCalls()) }

// answerLimit is how long any call may take, on a machine that does much else.
const answerLimit = 20 * time.Second

// fuzzed is one endpoint in the world in which its good call succeeds.
type fuzzed struct {
	*examiner
	token string
}

func fuzzCalls(f *testing.F, calls map[string]func(r *rig) goodCall) {
	f.Helper()
	facts, err := spec.Load()
	if err != nil {
		f.Fatal(err)
	}
	ids := slices.Sorted(maps.Keys(calls))
	ready := make([]*fuzzed, len(ids))
	for n, id := range ids {
		r := newRig(f, func(o *Options) { o.Corp, o.Customers, o.Groups = "old", 60, 3 })
		x := &examiner{rig: r, facts: facts, e: facts.Endpoint(id)}
		x.rt, x.good = r.routes[x.e.Path], calls[id](r)
		ready[n] = &fuzzed{x, x.own()}
		query, body := ready[n].seed()
		f.Add(uint8(n), query, body)
	}
	f.Fuzz(func(t *testing.T, n uint8, query string, body []byte) {
		ready[int(n)%len(ready)].answers(t, query, body)
	})
}

// seed is the good call as the input that makes it.
func (x *fuzzed) seed() (query string, body []byte) {
	q := url.Values{}
	for name, v := range x.good.query {
		q.Set(name, fmt.Sprint(v))
	}
	switch {
	case x.good.name != "":
		body = []byte(x.good.file)
	case x.good.xml != nil:
		body = []byte(x.good.xml(x.good.body))
	case x.good.body != nil:
		body, _ = json.Marshal(x.good.body) // of texts and numbers
	}
	return q.Encode(), body
}

// answers makes the call and looks at what comes.
func (x *fuzzed) answers(t *testing.T, query string, body []byte) {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Skip()
	}
	if x.rt.who != 0 {
		q.Set("access_token", x.token)
	}
	var in io.Reader = bytes.NewReader(body)
	kind := "application/json"
	if x.good.name != "" {
		in, kind = formOf(goodCall{name: x.good.name, file: string(body)})
	}
	req := httptest.NewRequestWithContext(t.Context(), x.e.Method, x.e.Path+"?"+q.Encode(), in)
	req.Header.Set("Content-Type", kind)
	answer := serveInTime(t, x.Handler(), req)
	switch raw := bytes.TrimSpace(answer.Body.Bytes()); {
	case x.good.text || x.good.binary && answer.Code == http.StatusOK && !bytes.HasPrefix(raw, []byte("{")):
		if answer.Code >= http.StatusInternalServerError {
			t.Errorf("HTTP %d", answer.Code)
		}
	case answer.Code != http.StatusOK:
		t.Errorf("HTTP %d %s", answer.Code, raw)
	case x.good.xml != nil:
		if !bytes.HasPrefix(raw, []byte("<xml>")) {
			t.Errorf("no XML: %s", raw)
		}
	default:
		var out struct {
			Code *int `json:"errcode"`
		}
		if err := json.Unmarshal(raw, &out); err != nil || out.Code == nil {
			t.Errorf("no JSON with an errcode: %s", raw)
		}
	}
}

// serveInTime answers what the handler did, and fails when it panics or hangs.
func serveInTime(t *testing.T, h http.Handler, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	done := make(chan string, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			}
			close(done)
		}()
		h.ServeHTTP(w, req)
	}()
	limit, cancel := context.WithTimeout(t.Context(), answerLimit)
	defer cancel()
	select {
	case panicked := <-done:
		if panicked != "" {
			t.Fatal(panicked)
		}
	case <-limit.Done():
		t.Fatalf("%s does not answer", req.URL.Path)
	}
	return w
}

// FuzzAct sends anything to the acts: a person can be misled, but never breaks
// the world. The answer is JSON, a refusal says why.
func FuzzAct(f *testing.F) {
	r := newRig(f, func(o *Options) { o.Customers, o.Groups = 60, 3 })
	names := Acts()
	for n := range names {
		f.Add(uint8(n), []byte(`{}`))
	}
	f.Add(uint8(0), []byte(`{"staff":"S01","customer":"","chat":"","text":"你好","amount":1}`))
	f.Fuzz(func(t *testing.T, n uint8, fields []byte) {
		body := object{}
		if json.Unmarshal(fields, &body) != nil {
			t.Skip()
		}
		body["act"] = names[int(n)%len(names)].Name
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/_sandbox/act", bytes.NewReader(raw))
		req.RemoteAddr = "127.0.0.1:1"
		answer := serveInTime(t, r.Handler(), req)
		out := object{}
		if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil || answer.Code != http.StatusOK && (answer.Code != http.StatusBadRequest || out["error"] == nil) {
			t.Errorf("%s: HTTP %d %s", raw, answer.Code, answer.Body)
		}
	})
}

// hostile are values that no field expects.
func hostile() []any {
	deep := any("x")
	for range 500 {
		deep = []any{deep}
	}
	return []any{
		nil, "", " ", "\x00", "\u202e|,;'\"<>&%s%n", strings.Repeat("长", 5_000), 0, -1, 1.5, 1e300, math.MaxInt64, math.MinInt64, json.Number("1e999"),
		true, false,
		[]any{},
		[]any{nil},
		[]any{""},
		[]any{-1},
		[]any{object{}},
		slices.Repeat([]any{"S01"}, 2_000),
		object{},
		object{"": nil},
		deep,
	}
}

// TestHostileValues puts every such value into every field of every call, one
// at a time.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	facts, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, call := range goodCalls() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.Corp, o.Customers, o.Groups = "old", 60, 3 })
			x := &examiner{rig: r, facts: facts, e: facts.Endpoint(id)}
			x.rt, x.good = r.routes[x.e.Path], call(r)
			f := &fuzzed{x, x.own()}
			query, _ := f.seed()
			for _, field := range x.e.Request {
				for _, v := range hostile() {
					body := clone(x.good.body)
					if _, ok := at(body, field.Name); ok {
						put(body, field.Name, v)
						if v == nil {
							body[field.Name] = nil
						}
						raw, err := json.Marshal(body)
						if err != nil {
							t.Fatal(err)
						}
						if x.good.xml != nil {
							raw = []byte(x.good.xml(body))
						}
						f.answers(t, query, raw)
					}
					if _, ok := x.good.query[field.Name]; ok {
						q, err := url.ParseQuery(query)
						if err != nil {
							t.Fatal(err)
						}
						q.Set(field.Name, fmt.Sprintf("%.3000v", v))
						_, whole := f.seed()
						f.answers(t, q.Encode(), whole)
					}
				}
			}
		})
	}
}
