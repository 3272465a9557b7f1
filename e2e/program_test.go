package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Bounds in wall time, for hangs only: two loaded cores under the race detector stay far below them.
const (
	forHangs    = 5 * time.Minute
	readyWithin = forHangs
	stopWithin  = time.Minute
)

// program is one running `zhiyin` of a script.
type program struct {
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{} // closed when it ended
	err  error         // how, once it has ended
}

// programs are kept by the script's name and theirs; scripts run side by side.
var programs sync.Map

// freePort sets each named variable to a port of 127.0.0.1 that was free a moment ago: free-port PORT...
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: free-port VARIABLE...")
	}
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
		ts.Check(l.Close())
	}
}

// start runs the binary in the background: start [-ready URL] NAME COMMAND ARGS...
//
// Without -ready it waits for the ready line and puts what it says into variables: {"base":"x","secrets":{"app":"y"}} of
// NAME sandbox becomes SANDBOX_BASE and SANDBOX_SECRETS_APP. With -ready it waits until URL answers 200.
func start(ts *testscript.TestScript, neg bool, args []string) {
	readyURL := ""
	if len(args) > 1 && args[0] == "-ready" {
		readyURL, args = args[1], args[2:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start [-ready URL] NAME COMMAND ARGS...")
	}
	name := args[0]
	bin, err := exec.LookPath(binDir + "/zhiyin")
	ts.Check(err)
	p := &program{cmd: exec.Command(bin, args[1:]...), log: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = scriptEnv(ts)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(p.cmd.Start())
	line := make(chan map[string]any, 1)
	go func() {
		readLines(out, p.log, line)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	programs.Store(ts.Name()+"/"+name, p)
	ts.Defer(func() {
		if _, running := programs.LoadAndDelete(ts.Name() + "/" + name); running {
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	})

	deadline := time.NewTimer(readyWithin)
	defer deadline.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case ready := <-line:
			if readyURL == "" {
				setAll(ts, strings.ToUpper(name), ready)
				return
			}
		case <-p.done:
			ts.Fatalf("%s ended before it was ready: %v\n%s", name, p.err, p.log)
		case <-deadline.C:
			ts.Fatalf("%s was not ready within %s\n%s", name, readyWithin, p.log)
		case <-poll.C:
			if readyURL != "" && answersOK(readyURL) {
				return
			}
		}
	}
}

// stop ends a program: stop NAME sends SIGTERM and wants exit code 0; stop -kill NAME is kill -9.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	kill := len(args) == 2 && args[0] == "-kill"
	if kill {
		args = args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop [-kill] NAME")
	}
	v, ok := programs.LoadAndDelete(ts.Name() + "/" + args[0])
	if !ok {
		ts.Fatalf("%s is not running", args[0])
	}
	p := v.(*program)
	if kill {
		ts.Check(p.cmd.Process.Kill())
		<-p.done
		return
	}
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.done:
		if p.err != nil {
			ts.Fatalf("%s ended with %v\n%s", args[0], p.err, p.log)
		}
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		ts.Fatalf("%s did not stop within %s\n%s", args[0], stopWithin, p.log)
	}
}

// readLines passes the first ready line on and keeps every line for the failure message.
func readLines(r io.Reader, log io.Writer, ready chan<- map[string]any) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		fmt.Fprintln(log, sc.Text())
		var v map[string]any
		if json.Unmarshal(sc.Bytes(), &v) == nil && v["ready"] == true {
			select {
			case ready <- v:
			default:
			}
		}
	}
}

func setAll(ts *testscript.TestScript, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			setAll(ts, prefix+"_"+strings.ToUpper(k), inner)
		}
	case float64:
		ts.Setenv(prefix, fmt.Sprintf("%.0f", v))
	default:
		ts.Setenv(prefix, fmt.Sprint(v))
	}
}

// scriptEnv passes the machine's environment less our own variables, then those the script has set with env.
func scriptEnv(ts *testscript.TestScript) []string {
	vars := []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.MkAbs("."), "TMPDIR=" + ts.Getenv("TMPDIR"), "NO_PROXY=*", endOnRace}
	for line := range strings.SplitSeq(ts.Getenv("PROGRAM_ENV"), " ") {
		if line != "" {
			vars = append(vars, line)
		}
	}
	return vars
}

func answersOK(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// lockedBuffer is written by the program's two outputs and read by a failing script.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	const last = 8 << 10
	s := b.buf.String()
	return s[max(0, len(s)-last):]
}
