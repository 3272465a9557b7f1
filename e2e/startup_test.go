package e2e

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
)

// begin runs `zhiyin serve` with env alone; it answers what it wrote to stderr and its exit code.
func begin(t *testing.T, env []string, args ...string) (stderr string, code int) {
	t.Helper()
	var said lockedBuffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(binDir, "zhiyin"), append([]string{"serve"}, args...)...)
	cmd.Env, cmd.Stderr = env, &said
	timer := time.AfterFunc(readyWithin, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return said.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return said.String(), 0
}

// terminate is SIGTERM; it answers the exit code.
func (s *served) terminate() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(stopWithin):
		s.t.Fatalf("serve did not stop within %s\n%s", stopWithin, s.log)
	}
	code := s.cmd.ProcessState.ExitCode()
	s.cmd = nil
	return code
}

func with(env []string, more ...string) []string {
	return append(append([]string(nil), env...), more...)
}

// What keeps serve from starting is told on stderr in plain words, all at once, with the way out; the code is 1.
func TestWhatKeepsServeFromStartingIsTold(t *testing.T) {
	t.Parallel()
	box := startBox(t, sandbox.Options{Staff: 3, Customers: 5, Start: morning})
	s := serve(t, box)
	s.start()
	if status, answer, err := send(http.MethodGet, s.url+"/readyz", nil, ""); err != nil || status != http.StatusOK || !strings.Contains(string(answer), `"database":"ok"`) {
		t.Fatalf("readyz: %d %s %v", status, answer, err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	another := with(s.env, "ZHIYIN_DATA="+t.TempDir(), "ZHIYIN_LISTEN="+freeAddr(t))
	const secret = "much-too-secret"
	for _, tt := range []struct {
		name string
		env  []string
		says []string
	}{
		{
			"missing settings",
			[]string{"ZHIYIN_DATA=" + t.TempDir(), "ZHIYIN_LISTEN=" + freeAddr(t)},
			[]string{"4 settings", "ZHIYIN_WECOM_CORP_ID", "ZHIYIN_WECOM_APP_SECRET", "ZHIYIN_WECOM_CALLBACK_TOKEN", "ZHIYIN_WECOM_CALLBACK_AES_KEY"},
		},
		{"a key that is too short", with(another, "ZHIYIN_WECOM_CALLBACK_AES_KEY="+secret), []string{"ZHIYIN_WECOM_CALLBACK_AES_KEY", "43"}},
		{
			"several wrong settings",
			with(another, "ZHIYIN_WECOM_CALLBACK_AES_KEY="+secret, "ZHIYIN_ZONE=Mars/Base"),
			[]string{"2 settings", "ZHIYIN_WECOM_CALLBACK_AES_KEY", "ZHIYIN_ZONE"},
		},
		{"a port in use", with(another, "ZHIYIN_LISTEN="+busy.Addr().String()), []string{busy.Addr().String(), "ZHIYIN_LISTEN", "another program"}},
		{"a data directory that cannot be made", with(another, "ZHIYIN_DATA="+filepath.Join(file, "data")), []string{"ZHIYIN_DATA", "choose"}},
		{"a data directory that is a file", with(another, "ZHIYIN_DATA="+file), []string{"ZHIYIN_DATA", "choose"}},
		{"a data directory of another serve", with(another, "ZHIYIN_DATA="+s.data), []string{"ZHIYIN_DATA", s.data, "in use", "stop that one"}},
		{"a database that is none", with(another, "ZHIYIN_DATABASE_URL=mysql://u:"+secret+"@h/d"), []string{"ZHIYIN_DATABASE_URL", "postgres://"}},
		{"a clock that does not answer", with(another, "ZHIYIN_CLOCK_URL=http://127.0.0.1:1"), []string{"ZHIYIN_CLOCK_URL"}},
	} {
		said, code := begin(t, tt.env)
		if code != 1 {
			t.Errorf("%s: exit code %d\n%s", tt.name, code, said)
		}
		for _, words := range tt.says {
			if !strings.Contains(said, words) {
				t.Errorf("%s: %q is not said in\n%s", tt.name, words, said)
			}
		}
		if strings.Contains(said, secret) || strings.Contains(said, "goroutine ") {
			t.Errorf("%s: it says too much:\n%s", tt.name, said)
		}
	}
	if said, code := begin(t, another, "--no-such-flag"); code != 2 || !strings.Contains(said, "no-such-flag") {
		t.Errorf("a wrong flag: exit code %d\n%s", code, said)
	}
	if out, err := s.run("token", "create", "beside"); err != nil { // what works beside a running platform is not refused
		t.Errorf("a token beside it: %v\n%s", err, out)
	}
	if !answersOK(s.url + "/readyz") {
		t.Error("the running one is not ready any more")
	}
	if code := s.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, s.log)
	}
	s.start() // its directory is free again
}

// A PostgreSQL that is away is waited for and said to be; being told to stop meanwhile is no failure.
func TestServeSaysThatItWaitsForPostgres(t *testing.T) {
	t.Parallel()
	box := startBox(t, sandbox.Options{Staff: 3, Customers: 5, Start: morning})
	s := serve(t, box, "ZHIYIN_DATABASE_URL=postgres://zhiyin:much-too-secret@127.0.0.1:1/zhiyin?sslmode=disable")
	s.launch()
	within(t, readyWithin, "serve to say that it waits", func() bool { return strings.Contains(s.log.String(), "PostgreSQL does not answer") })
	if code := s.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, s.log)
	}
	if strings.Contains(s.log.String(), "much-too-secret") {
		t.Error("the password shows")
	}
}
