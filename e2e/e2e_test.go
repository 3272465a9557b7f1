package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// endOnRace ends a program in which the race detector finds something, so that its script fails.
const endOnRace = "GORACE=halt_on_error=1"

// binDir holds the one binary that all scripts run.
var binDir string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "zhiyin-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	args, cgo := []string{"build", "-o", filepath.Join(dir, "zhiyin")}, "CGO_ENABLED=0"
	if underRace { // the stories are told to a binary that watches itself; the flags are those of scripts/gotest
		args, cgo = append(args, "-race", "-gcflags=modernc.org/...=-race=false"), "CGO_ENABLED=1"
	}
	build := exec.Command("go", append(args, "-ldflags", "-s -w", "../cmd/zhiyin")...)
	build.Env = append(os.Environ(), cgo)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: build the binary: %v\n%s", err, out)
		return 1
	}
	binDir = dir
	return m.Run()
}

func TestStories(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 ".",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", binDir+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("NO_PROXY", "*") // loopback only: a proxy of the machine is none of the scripts' business
			env.Setenv("ROOT", filepath.Dir(env.WorkDir))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"free-port":  freePort,
			"start":      start,
			"stop":       stop,
			"login":      login,
			"http":       call,
			"json":       queryJSON,
			"wait-until": waitUntil,
		},
	})
}
