package deptest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// file is one Go file of the tree, by its path from the root.
type file struct {
	path    string
	test    bool
	imports []string
}

// under tells whether the file lies in dir, or in one of the named folders of it.
func (f file) under(dir string, names ...string) bool {
	if len(names) == 0 {
		return strings.HasPrefix(f.path, dir+"/")
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(f.path, path.Join(dir, n)+"/") })
}

// room is the folder directly under internal that holds the file, or "".
func (f file) room() string {
	rest, ok := strings.CutPrefix(f.path, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// testHelper tells whether the file belongs to a package that only tests import, such as internal/db/dbtest.
func (f file) testHelper() bool {
	return strings.HasSuffix(path.Base(path.Dir(f.path)), "test") || f.under("e2e") || f.under("scripts")
}

func load(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return fmt.Errorf("parse imports of %s: %w", p, err)
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(rel), test: strings.HasSuffix(name, "_test.go")}
		for _, i := range parsed.Imports {
			imp, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return fmt.Errorf("read import %s of %s: %w", i.Path.Value, p, err)
			}
			f.imports = append(f.imports, imp)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func violations(r rule, files []file) []string {
	var found []string
	for _, f := range files {
		if !r.applies(f) {
			continue
		}
		for _, imp := range f.imports {
			if r.forbids(f, imp) {
				found = append(found, fmt.Sprintf("%s imports %s", f.path, strings.TrimPrefix(imp, module+"/")))
			}
		}
	}
	return found
}

func TestLayerRules(t *testing.T) {
	t.Parallel()
	files := load(t)
	for _, r := range ours.rules() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range violations(r, files) {
				t.Errorf("%s\n\trule: %s\n\twhy:  %s", v, r.name, r.reason)
			}
		})
	}
}

// Messages of the app are counted where they are sent (WC-18).
func TestOneSenderOfAppMessages(t *testing.T) {
	t.Parallel()
	var found []string
	for _, f := range load(t) {
		if f.test || !f.under("internal") && !f.under("cmd") {
			continue
		}
		text, err := os.ReadFile(path.Join(root, f.path))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), ".SendAppMessage(") {
			found = append(found, f.path)
		}
	}
	if want := []string{"internal/notice/notice.go"}; !slices.Equal(found, want) {
		t.Errorf("members are told by %v, want %v: what another package sends is counted by nobody", found, want)
	}
}

// A rule about a package that was renamed guards nothing, and a room in no list is guarded by nothing.
func TestEveryRoomStandsInOneList(t *testing.T) {
	t.Parallel()
	listed := map[string]int{}
	for _, list := range [][]string{ours.ground, ours.spine, ours.nouns, ours.top, ours.apart} {
		for _, name := range list {
			listed[name]++
		}
	}
	for name, n := range listed {
		if n > 1 {
			t.Errorf("internal/%s stands in %d lists of rules_test.go", name, n)
		}
		if !holdsGo(t, filepath.Join(root, "internal", name)) {
			t.Errorf("rules_test.go names internal/%s, which holds no Go file: rename it there or take it out", name)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "internal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && listed[e.Name()] == 0 && holdsGo(t, filepath.Join(root, "internal", e.Name())) {
			t.Errorf("internal/%s stands in no list of rules_test.go: say there what it is", e.Name())
		}
	}
}

func TestNounPairsNameNounsAndGoOneWay(t *testing.T) {
	t.Parallel()
	for from, tos := range ours.pairs {
		for _, to := range tos {
			if !slices.Contains(ours.nouns, from) || !slices.Contains(ours.nouns, to) {
				t.Errorf("the pair %s -> %s names something that is no noun", from, to)
			}
			if slices.Contains(ours.pairs[to], from) {
				t.Errorf("%s and %s use each other: turn one direction into a domain event", from, to)
			}
		}
	}
	// A pair that no import uses any more is a door left open.
	files := load(t)
	for from, tos := range ours.pairs {
		for _, to := range tos {
			used := slices.ContainsFunc(files, func(f file) bool {
				return !f.test && f.room() == from && slices.ContainsFunc(f.imports, func(i string) bool { return within(i, "internal/"+to) })
			})
			if !used {
				t.Errorf("the pair %s -> %s is allowed but not used: take it out", from, to)
			}
		}
	}
}

// The rules are tried on files that break them: a rule that never fails proves nothing.
func TestEachRuleBites(t *testing.T) {
	t.Parallel()
	m := func(p string) string { return module + "/" + p }
	bad := map[string]file{
		"the platform does not know the sandbox":               {path: "internal/x/y.go", imports: []string{m("sandbox")}},
		"one gate to people":                                   {path: "cmd/zhiyin/main.go", imports: []string{m("wecom/outreach")}},
		"wecom and sandbox stand alone":                        {path: "wecom/client_test.go", test: true, imports: []string{m("sandbox")}},
		"nobody but commands and tests imports app":            {path: "internal/x/y.go", imports: []string{m("internal/app")}},
		"what reads texts reaches nothing outside":             {path: "internal/governance/guard/x.go", imports: []string{"net/http"}},
		"nothing imports a command":                            {path: "internal/x/y.go", imports: []string{m("cmd/zhiyin")}},
		"the ground knows no noun":                             {path: "internal/db/x.go", imports: []string{m("internal/customer")}},
		"the spine knows no noun":                              {path: "internal/governance/x.go", imports: []string{m("internal/tag")}},
		"a noun's pure file stays pure":                        {path: "internal/customer/customer.go", imports: []string{"net/http"}},
		"a noun uses another noun one way, and only as listed": {path: "internal/tag/tag.go", imports: []string{m("internal/broadcast")}},
	}
	sample := house{
		ground: []string{"db", "errs"}, spine: []string{"governance"}, nouns: []string{"broadcast", "customer", "tag"}, top: []string{"app"},
		pairs: map[string][]string{"broadcast": {"tag"}},
	}
	for _, r := range sample.rules() {
		f, ok := bad[r.name]
		if !ok {
			t.Errorf("no bad example for the rule %q", r.name)
			continue
		}
		if len(violations(r, []file{f})) == 0 {
			t.Errorf("the rule %q lets %s import %s", r.name, f.path, f.imports)
		}
	}
}

func holdsGo(t *testing.T, dir string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		found = found || strings.HasSuffix(p, ".go")
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}
