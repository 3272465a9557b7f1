package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/spec"
	"zhiyin.dev/zhiyin/wecom"
)

// vector is one exchange with WeCom as it must look on the wire.
type vector struct {
	Name    string          `json:"name"`
	Call    string          `json:"call"` // method of the client
	Args    json.RawMessage `json:"args"`
	Request struct {
		Method string            `json:"method"`
		Path   string            `json:"path"`
		Query  map[string]string `json:"query"` // without access_token
		Body   json.RawMessage   `json:"body"`
	} `json:"request"`
	Reply  json.RawMessage `json:"reply"`
	Unread []string        `json:"unread"` // values of the reply that the client leaves out
	Want   json.RawMessage `json:"want"`   // what the method returns, where the values alone do not tell
	Code   int             `json:"code"`   // errcode the method must return
	Source string          `json:"source"`
	// Confidence: confirmed (official page and another source), single.
	Confidence string `json:"confidence"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("wire/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var all []vector
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		var list []vector
		if err := d.Decode(&list); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for i := range list {
			list[i].Name = strings.TrimSuffix(filepath.Base(f), ".json") + "/" + list[i].Name
		}
		all = append(all, list...)
	}
	return all
}

// TestClientOnTheWire holds what the client sends, and what it makes of the
// answers, to vectors that neither it nor the sandbox produced.
func TestClientOnTheWire(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, v := range vectors(t) {
		used[v.Call] = true
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Source == "" || (v.Confidence != "confirmed" && v.Confidence != "single") {
				t.Error("a vector names its source and confidence")
			}
			exchange(t, v)
		})
	}
	for name := range calls {
		if !used[name] {
			t.Errorf("no vector for %s", name)
		}
	}
}

func exchange(t *testing.T, v vector) {
	t.Helper()
	call := calls[v.Call]
	if call == nil {
		t.Fatalf("no call %q", v.Call)
	}
	var mu sync.Mutex
	var sent []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cgi-bin/gettoken" {
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok","access_token":"TOKEN","expires_in":7200}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		sent = append(sent, describe(r, body))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		_, _ = w.Write(v.Reply)
	}))
	defer srv.Close()
	c, err := wecom.New(wecom.Config{
		BaseURL: srv.URL, CorpID: "ww0123456789abcdef", AgentID: 1000002,
		Secrets: wecom.Secrets{Contact: "c", External: "e", App: "a", Kf: "k"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := call(t.Context(), c, v.Args)
	if code := codeOf(err); code != v.Code || err != nil && code == 0 {
		t.Fatalf("got %v, want errcode %d", err, v.Code)
	}
	if diff := cmp.Diff([]string{expected(t, v)}, sent); diff != "" {
		t.Errorf("request: %s", diff)
	}
	if v.Code == 0 {
		decoded(t, v, got)
	}
}

// describe writes a request the way expected does.
func describe(r *http.Request, body []byte) string {
	q := r.URL.Query()
	token := q.Get("access_token")
	q.Del("access_token")
	text := canonical(body)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		file, head, err := r.FormFile("media")
		if err != nil {
			return err.Error()
		}
		content, _ := io.ReadAll(file)
		text = canonical(fmt.Appendf(nil, `{"filename":%q,"content":%q}`, head.Filename, content))
	}
	return fmt.Sprintf("%s %s %s token=%s\n%s", r.Method, r.URL.Path, q.Encode(), token, text)
}

func expected(t *testing.T, v vector) string {
	t.Helper()
	q := url.Values{}
	for k, x := range v.Request.Query {
		q.Set(k, x)
	}
	return fmt.Sprintf("%s %s %s token=TOKEN\n%s", v.Request.Method, v.Request.Path, q.Encode(), canonical(v.Request.Body))
}

func canonical(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return string(b)
	}
	out, _ := json.MarshalIndent(x, "", " ")
	return string(out)
}

// decoded checks that no value of the answer was lost on its way to the caller.
func decoded(t *testing.T, v vector, got any) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if v.Want != nil {
		if diff := cmp.Diff(canonical(v.Want), canonical(b)); diff != "" {
			t.Errorf("result: %s", diff)
		}
		return
	}
	have := leaves(t, b)
	for value, n := range leaves(t, v.Reply) {
		if have[value] < n && !slices.Contains(v.Unread, value) {
			t.Errorf("%q of the answer is lost", value)
		}
	}
}

// leaves counts the scalars in JSON that say something.
func leaves(t *testing.T, b []byte) map[string]int {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	var walk func(any)
	walk = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			for k, y := range x {
				if k != "errcode" && k != "errmsg" {
					walk(y)
				}
			}
		case []any:
			for _, y := range x {
				walk(y)
			}
		case nil:
		default:
			if s := fmt.Sprint(x); s != "" && s != "0" && s != "false" {
				found[s]++
			}
		}
	}
	walk(x)
	return found
}

// TestVectorsAgreeWithTheFacts: each vector asks a known endpoint, with fields
// the facts name and all that they require.
func TestVectorsAgreeWithTheFacts(t *testing.T) {
	t.Parallel()
	s, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors(t) {
		i := slices.IndexFunc(s.Endpoints, func(e spec.Endpoint) bool {
			return e.Path == v.Request.Path && e.Method == v.Request.Method
		})
		if i < 0 {
			t.Errorf("%s: %s %s is no endpoint", v.Name, v.Request.Method, v.Request.Path)
			continue
		}
		known, required := map[string]bool{}, []string{}
		for _, f := range s.Endpoints[i].Request {
			top, _, deeper := strings.Cut(strings.ReplaceAll(f.Name, "[]", ""), ".")
			known[top] = true
			if f.Required == "yes" && !deeper && f.In != "header" && f.Name != "access_token" && f.Name != "media" {
				required = append(required, top)
			}
		}
		given := map[string]bool{}
		for k := range v.Request.Query {
			given[k] = true
		}
		var body map[string]any
		if v.Request.Body != nil && v.Call != "UploadMedia" && v.Call != "UploadAttachment" {
			if err := json.Unmarshal(v.Request.Body, &body); err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
		}
		for k := range body {
			given[k] = true
		}
		for k := range given {
			if !known[k] {
				t.Errorf("%s: %s is no parameter of %s", v.Name, k, v.Request.Path)
			}
		}
		for _, k := range required {
			if !given[k] && !either[k] {
				t.Errorf("%s: %s is required by %s", v.Name, k, v.Request.Path)
			}
		}
	}
}

// either holds fields that the facts call required although another one may
// stand in their place.
var either = map[string]bool{
	"user": true, "party": true, "conclusions": true, "text": true, "attachments": true, "sender": true,
	"add_tag": true, "remove_tag": true, "group_id": true, "group_name": true, "tag_id": true,
}
