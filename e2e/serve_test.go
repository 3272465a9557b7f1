package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

const password = "correct horse"

// morning is the first instant of the tests' worlds: a Tuesday at 10:00 in China.
var morning = time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)

// served is a `zhiyin serve` that can be killed and started again in the same place.
type served struct {
	t     *testing.T
	box   *sandbox.Server
	url   string
	data  string
	env   []string
	token string
	cmd   *exec.Cmd
	log   *lockedBuffer
	done  chan struct{}

	tables *sql.DB // see count
}

// serve prepares a platform for box; start runs it.
func serve(t *testing.T, box *sandbox.Server, more ...string) *served {
	t.Helper()
	r, dir, addr := box.Ready, t.TempDir(), freeAddr(t)
	s := &served{t: t, box: box, url: "http://" + addr, data: dir, log: &lockedBuffer{}}
	s.env = append([]string{
		"HOME=" + dir, "PATH=" + binDir, "NO_PROXY=*", endOnRace, "ZHIYIN_LISTEN=" + addr, "ZHIYIN_DATA=" + dir, "ZHIYIN_ADMIN_PASSWORD=" + password,
		"ZHIYIN_WECOM_BASE_URL=" + box.URL, "ZHIYIN_WECOM_OPEN_URL=" + box.URL, "ZHIYIN_WECOM_LOGIN_URL=" + box.URL,
		"ZHIYIN_WECOM_CORP_ID=" + r.CorpID, "ZHIYIN_WECOM_AGENT_ID=" + strconv.Itoa(r.AgentID),
		"ZHIYIN_WECOM_APP_SECRET=" + r.Secrets.App, "ZHIYIN_WECOM_CONTACT_SECRET=" + r.Secrets.Contact,
		"ZHIYIN_WECOM_CALLBACK_TOKEN=" + r.Callback.Token, "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + r.Callback.AESKey,
		"ZHIYIN_CLOCK_URL=" + box.URL,
	}, more...)
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
	})
	return s
}

// launch runs the binary.
func (s *served) launch() {
	s.t.Helper()
	s.cmd = exec.Command(filepath.Join(binDir, "zhiyin"), "serve")
	s.cmd.Env, s.cmd.Stderr, s.cmd.Stdout = s.env, s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, done := s.cmd, make(chan struct{})
	s.done = done
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
}

// start runs the binary and waits until it is ready and somebody is logged in.
func (s *served) start() {
	s.t.Helper()
	s.launch()
	done := s.done
	within(s.t, readyWithin, "serve to be ready", func() bool {
		select {
		case <-done:
			s.t.Fatalf("serve ended before it was ready\n%s", s.log)
		default:
		}
		return answersOK(s.url + "/readyz")
	})
	var ans struct{ Token string }
	s.api(http.MethodPost, "/session", map[string]string{"user": "admin", "password": password}, &ans)
	s.token = ans.Token
}

// kill is kill -9. The sandbox, patient as it is, is told that nobody follows its clock any more.
func (s *served) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
	s.cmd = nil
	if s.t.Context().Err() != nil { // the test is over, and the sandbox with it
		return
	}
	for _, f := range s.box.State().Followers {
		status, answer, err := send(http.MethodPost, s.box.URL+"/_sandbox/clock/follow", fmt.Appendf(nil, `{"id":%q,"leave":true}`, f.ID), "")
		if err != nil || status != http.StatusOK {
			s.t.Errorf("take leave of the clock: %d %s %v", status, answer, err)
		}
	}
}

// api asks the platform; what is not a success fails the test.
func (s *served) api(method, path string, in, out any) {
	s.t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			s.t.Fatal(err)
		}
	}
	status, answer, err := send(method, s.url+"/api/v1"+path, body, s.token)
	if err != nil || status >= http.StatusBadRequest {
		s.t.Fatalf("%s %s: %d %s %v\n%s", method, path, status, answer, err, s.log)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

type syncRun struct {
	State, Reason string
	Parts         map[string]struct{ Expected, Read, Stored, Failed int }
}

// synced waits until no sync runs.
func (s *served) synced() (run syncRun) {
	s.t.Helper()
	within(s.t, forHangs, "the sync to end", func() bool {
		s.api(http.MethodGet, "/sync", nil, &run)
		return run.State == "done" || run.State == "failed"
	})
	return run
}

// within waits, bounded, until ok answers true.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	end, tick := time.After(limit), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func startBox(t *testing.T, o sandbox.Options) *sandbox.Server {
	t.Helper()
	o.Patience = forHangs
	box, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
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
	if raw, err = json.Marshal(ans); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// recorded is a callback as WeCom sent it: sealed, signed, and good for being sent as it is.
type recorded struct{ path, query, body string }

// recorder takes callbacks of box in the platform's place and keeps them.
func recorder(t *testing.T, box *sandbox.Server) (all func() []recorded) {
	t.Helper()
	var mu sync.Mutex
	var kept []recorded
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		kept = append(kept, recorded{r.URL.Path, r.URL.RawQuery, string(body)})
		mu.Unlock()
		_, _ = w.Write([]byte("success"))
	}))
	t.Cleanup(srv.Close)
	if err := box.SetCallback("", srv.URL+"/callback/wecom", "", ""); err != nil {
		t.Fatal(err)
	}
	return func() []recorded {
		within(t, forHangs, "the sandbox to send its callbacks", func() bool { return box.State().CallbacksPending == 0 })
		mu.Lock()
		defer mu.Unlock()
		return kept
	}
}

// pair is a relation as the world holds it.
type pair struct{ customer, staff, remark string }

// worldRelations reads all relations from the sandbox, as a platform would.
func worldRelations(t *testing.T, box *sandbox.Server) (out []pair) {
	t.Helper()
	c, err := wecom.New(wecom.Config{BaseURL: box.URL, CorpID: box.Ready.CorpID, AgentID: box.Ready.AgentID, Secrets: wecom.Secrets{App: box.Ready.Secrets.App}})
	if err != nil {
		t.Fatal(err)
	}
	staff, err := c.FollowUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for cursor := ""; ; {
		page, next, err := c.CustomersByStaff(t.Context(), staff, cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			out = append(out, pair{string(r.Customer.ID), string(r.Relation.Staff), r.Relation.Remark})
		}
		if cursor = next; cursor == "" {
			return out
		}
	}
}
