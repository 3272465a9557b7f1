// Command gotest runs `go test -json` and prints what a person needs: every failure whole, every skip with its reason,
// the slowest packages, and one closing line with the counts. It fails when nothing ran, which plain go test does not.
//
//	go run ./scripts/gotest [-race] [-want NAME] [-total FILE] -- ./...
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// uninstrumented are left out of race tests: SQLite is C turned into Go, and the hash of passwords is arithmetic over 19 MiB.
// No line of them is ours, and checking each of their memory accesses made most of the time of a run and of a build. What our
// code shares with them is still checked on our side.
var uninstrumented = []string{"-gcflags=modernc.org/...=-race=false", "-gcflags=golang.org/x/crypto/...=-race=false"}

func main() {
	want := flag.String("want", "", "fail unless a test with this path element passed, such as postgres")
	race := flag.Bool("race", false, "with the race detector, which needs cgo: turns it on whatever CGO_ENABLED says")
	total := flag.String("total", "", "append the counts to this file: `passed failed skipped`")
	flag.Parse()

	args := []string{"test", "-json"}
	env := os.Environ()
	if *race {
		args, env = append(append(args, "-race"), uninstrumented...), append(env, "CGO_ENABLED=1")
	}
	cmd := exec.Command("go", append(args, flag.Args()...)...)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout)
	readErr := r.read(out)
	exit := cmd.Wait()

	passed, failed, skipped := r.close()
	if *total != "" {
		if err := appendLine(*total, fmt.Sprintf("%d %d %d", passed, failed, skipped)); err != nil {
			fmt.Fprintln(os.Stderr, "gotest:", err)
			os.Exit(1)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	switch {
	case readErr != nil:
		fmt.Fprintln(os.Stderr, "gotest: read the test stream:", readErr)
	case exit != nil || failed > 0:
	case passed == 0:
		fmt.Fprintln(os.Stderr, "gotest: no test ran")
	case *want != "" && !r.passedElement(*want):
		fmt.Fprintf(os.Stderr, "gotest: no test named %s passed; is its server there?\n", *want)
	default:
		return
	}
	os.Exit(1)
}

// event is one line of `go test -json`; the names are those of cmd/test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // build output carries this instead of Package
	Test       string
	Output     string
	Elapsed    float64
}

// report collects the stream. A test with subtests is not counted itself: its leaves are.
type report struct {
	w       io.Writer
	output  map[string][]string // package, or package and test -> lines so far
	result  map[string]string   // package and test -> pass, fail, skip
	parent  map[string]bool     // tests that have subtests
	broken  int                 // packages that failed without a failing test: build errors, panics, TestMain
	failing map[string]bool     // packages with a failing test
	took    map[string]float64  // package -> seconds
}

func newReport(w io.Writer) *report {
	return &report{
		w: w, output: map[string][]string{}, result: map[string]string{}, parent: map[string]bool{},
		failing: map[string]bool{}, took: map[string]float64{},
	}
}

func key(pkg, test string) string { return pkg + "\x00" + test }

func (r *report) read(in io.Reader) error {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 1<<20), 64<<20)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			fmt.Fprintln(r.w, sc.Text()) // not an event: go's own words
			continue
		}
		r.add(e)
	}
	return sc.Err()
}

func (r *report) add(e event) {
	k := key(e.Package, e.Test)
	switch e.Action {
	case "run":
		if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
			r.parent[key(e.Package, e.Test[:i])] = true
		}
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "output":
		r.output[k] = append(r.output[k], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		r.result[k] = e.Action
		r.endTest(e, r.output[k])
		delete(r.output, k)
	}
}

func (r *report) endTest(e event, lines []string) {
	switch e.Action {
	case "fail":
		r.failing[e.Package] = true
		fmt.Fprintf(r.w, "FAIL %s %s (%.1fs)\n", e.Package, e.Test, e.Elapsed)
		for _, l := range lines {
			if !strings.HasPrefix(l, "=== ") {
				fmt.Fprint(r.w, "    ", l)
			}
		}
	case "skip":
		reason := ""
		for _, l := range lines {
			if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "=== ") && !strings.HasPrefix(l, "--- ") {
				reason = l
			}
		}
		fmt.Fprintf(r.w, "skip %s %s: %s\n", e.Package, e.Test, reason)
	}
}

func (r *report) endPackage(e event) {
	r.took[e.Package] = e.Elapsed
	if e.Action == "fail" && !r.failing[e.Package] {
		r.broken++
		fmt.Fprintf(r.w, "FAIL %s\n", e.Package)
		for k, lines := range r.output {
			if strings.HasPrefix(k, e.Package+"\x00") {
				fmt.Fprint(r.w, strings.Join(lines, ""))
			}
		}
	}
}

// close prints the slowest packages and returns the counts.
func (r *report) close() (passed, failed, skipped int) {
	for k, res := range r.result {
		if r.parent[k] && res != "fail" {
			continue
		}
		switch res {
		case "pass":
			passed++
		case "skip":
			skipped++
		case "fail":
			if !r.parent[k] {
				failed++
			}
		}
	}
	failed += r.broken
	if failed == 0 && len(r.failing) > 0 {
		failed = len(r.failing) // a parent failed although each of its subtests passed
	}
	type pkg struct {
		name string
		took float64
	}
	var slow []pkg
	for name, took := range r.took {
		if took >= 5 {
			slow = append(slow, pkg{name, took})
		}
	}
	slices.SortFunc(slow, func(a, b pkg) int { return cmp.Compare(b.took, a.took) })
	for _, p := range slow[:min(len(slow), 8)] {
		fmt.Fprintf(r.w, "%6.1fs %s\n", p.took, p.name)
	}
	return passed, failed, skipped
}

// passedElement tells whether a passed test has name as one element of its path.
func (r *report) passedElement(name string) bool {
	for k, res := range r.result {
		_, test, _ := strings.Cut(k, "\x00")
		if res == "pass" && slices.Contains(strings.Split(test, "/"), name) {
			return true
		}
	}
	return false
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
