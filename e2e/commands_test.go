package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// client never follows a redirect, so that scripts see what the server said, and never uses a proxy.
var client = &http.Client{
	Transport:     &http.Transport{Proxy: nil},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// longest bounds every wait of a script, in wall time.
const longest = forHangs

// login opens a session and keeps its token in TOKEN for later calls: login URL USER PASSWORD
func login(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: login URL USER PASSWORD")
	}
	body, err := json.Marshal(map[string]string{"user": args[1], "password": args[2]})
	ts.Check(err)
	status, answer, err := send(http.MethodPost, args[0]+"/api/v1/session", body, "")
	ts.Check(err)
	if neg {
		if status < 400 {
			ts.Fatalf("login was let in with %d", status)
		}
		return
	}
	var v struct{ Token string }
	if status >= 300 || json.Unmarshal(answer, &v) != nil || v.Token == "" {
		ts.Fatalf("login answers %d: %s", status, answer)
	}
	ts.Setenv("TOKEN", v.Token)
}

// call makes a request and leaves the body as standard output: http [-status N] [-anonymous] METHOD URL [BODY|@FILE]
//
// Any 2xx is wanted unless -status names another; `! http` wants 400 or more. A TOKEN is sent as Bearer.
func call(ts *testscript.TestScript, neg bool, args []string) {
	want, token := 0, ts.Getenv("TOKEN")
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch {
		case args[0] == "-status" && len(args) > 1:
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			want, args = n, args[2:]
		case args[0] == "-anonymous":
			token, args = "", args[1:]
		default:
			ts.Fatalf("http: unknown flag %s", args[0])
		}
	}
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: http [-status N] [-anonymous] METHOD URL [BODY|@FILE]")
	}
	var body []byte
	if len(args) == 3 {
		body = []byte(args[2])
		if file, ok := strings.CutPrefix(args[2], "@"); ok {
			body = []byte(os.Expand(ts.ReadFile(file), ts.Getenv))
		}
	}
	status, answer, err := send(args[0], args[1], body, token)
	ts.Check(err)
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
	switch {
	case want != 0 && status != want:
		ts.Fatalf("%s %s answers %d, not %d: %s", args[0], args[1], status, want, answer)
	case want == 0 && neg && status < 400:
		ts.Fatalf("%s %s answers %d, but should be refused: %s", args[0], args[1], status, answer)
	case want == 0 && !neg && (status < 200 || status > 299):
		ts.Fatalf("%s %s answers %d: %s", args[0], args[1], status, answer)
	}
}

// queryJSON looks into the last standard output: json PATH OP VALUE, or json -set VARIABLE PATH
//
// PATH is keys and indexes joined by dots, length counts: items.0.id, items.length. OP is ==, !=, <, <=, >, >=, has (text in
// text, or an item of a list).
func queryJSON(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		ts.Fatalf("json: the last output is no JSON: %v", err)
	}
	if len(args) == 3 && args[0] == "-set" {
		got, err := lookUp(v, args[2])
		ts.Check(err)
		ts.Setenv(args[1], text(got))
		return
	}
	if len(args) != 3 {
		ts.Fatalf("usage: json PATH OP VALUE | json -set VARIABLE PATH")
	}
	ok, got, err := holds(v, args[0], args[1], args[2])
	ts.Check(err)
	if ok == neg {
		ts.Fatalf("json: %s is %s; wanted %s%s %s", args[0], text(got), map[bool]string{true: "not "}[neg], args[1], args[2])
	}
}

// waitUntil asks again until an answer holds: wait-until SECONDS URL PATH OP VALUE. The last answer is standard output.
func waitUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: wait-until DURATION URL PATH OP VALUE")
	}
	within, err := time.ParseDuration(args[0])
	ts.Check(err)
	if within > longest {
		ts.Fatalf("wait-until: at most %s", longest)
	}
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	var last string
	for {
		status, answer, err := send(http.MethodGet, args[1], nil, ts.Getenv("TOKEN"))
		if err != nil {
			last = err.Error()
		} else {
			last = fmt.Sprintf("%d %s", status, answer)
			var v any
			dec := json.NewDecoder(bytes.NewReader(answer))
			dec.UseNumber()
			if dec.Decode(&v) == nil {
				if ok, _, err := holds(v, args[2], args[3], args[4]); err == nil && ok {
					_, err := ts.Stdout().Write(answer)
					ts.Check(err)
					return
				}
			}
		}
		select {
		case <-deadline.C:
			ts.Fatalf("wait-until: %s %s %s did not hold within %s; last: %s", args[2], args[3], args[4], within, last)
		case <-again.C:
		}
	}
}

func send(method, url string, body []byte, token string) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	return resp.StatusCode, answer, err
}

// length as the last element of a path counts what is there.
const length = "length"

func lookUp(v any, path string) (any, error) {
	for key := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			inner, ok := in[key]
			if !ok && key != length {
				return nil, fmt.Errorf("json: no %q in %s", key, path)
			}
			v = inner
			if key == length {
				v = json.Number(strconv.Itoa(len(in)))
			}
		case []any:
			if key == length {
				v = json.Number(strconv.Itoa(len(in)))
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return nil, fmt.Errorf("json: no item %q in the list of %d in %s", key, len(in), path)
			}
			v = in[i]
		default:
			return nil, fmt.Errorf("json: nothing below %q in %s", key, path)
		}
	}
	return v, nil
}

func holds(v any, path, op, want string) (ok bool, got any, err error) {
	got, err = lookUp(v, path)
	if err != nil {
		return false, nil, err
	}
	if op == "has" {
		if list, isList := got.([]any); isList {
			for _, item := range list {
				if text(item) == want {
					return true, got, nil
				}
			}
			return false, got, nil
		}
		return strings.Contains(text(got), want), got, nil
	}
	order := strings.Compare(text(got), want)
	if a, errA := strconv.ParseFloat(text(got), 64); errA == nil {
		if b, errB := strconv.ParseFloat(want, 64); errB == nil {
			order = 0
			if a < b {
				order = -1
			} else if a > b {
				order = 1
			}
		}
	}
	switch op {
	case "==":
		return order == 0, got, nil
	case "!=":
		return order != 0, got, nil
	case "<":
		return order < 0, got, nil
	case "<=":
		return order <= 0, got, nil
	case ">":
		return order > 0, got, nil
	case ">=":
		return order >= 0, got, nil
	}
	return false, got, fmt.Errorf("json: unknown comparison %q", op)
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "null"
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
