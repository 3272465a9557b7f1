package experiment

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/config"
)

// gate is the code that a touch passes on its way out.
var gate = []string{"internal/governance", "internal/outreach", "wecom/outreach", "internal/app/experiment", "internal/app/boxed"} //nolint:gochecknoglobals // a constant list

// Whoever wants to compare with and without the governor is tempted to put in something that turns it off. There is
// nothing that a build could choose, and nothing that a test or a program could set.
func TestNothingTurnsTheGateOff(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, dir := range gate {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			return checkGateFile(t, path)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 20 {
		t.Errorf("only %d files were looked at: has the gate moved?", files)
	}
}

func checkGateFile(t *testing.T, path string) error {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, raw, parser.ParseComments)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	if strings.HasSuffix(name, "_norace.go") || strings.HasSuffix(name, "_race.go") {
		t.Errorf("%s: its name chooses a build", path)
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) || strings.HasPrefix(c.Text, "//go:linkname") {
				t.Errorf("%s: %s: a build could leave it out or reach around it", path, c.Text)
			}
		}
	}
	for _, decl := range file.Decls {
		vars, ok := decl.(*ast.GenDecl)
		if !ok || vars.Tok != token.VAR {
			continue
		}
		for _, spec := range vars.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, id := range v.Names {
				if settable(v, i) {
					t.Errorf("%s: %s can be set from outside a call: a hook", path, id.Name)
				}
			}
		}
	}
	return nil
}

// settable is true for a package's variable that holds a function or a flag.
func settable(v *ast.ValueSpec, i int) bool {
	switch kind := v.Type.(type) {
	case *ast.FuncType:
		return true
	case *ast.Ident:
		return kind.Name == "bool"
	}
	if i >= len(v.Values) {
		return false
	}
	switch value := v.Values[i].(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		return value.Name == "true" || value.Name == "false"
	}
	return false
}

// No setting of the platform and no option of the experiment speaks of the gate.
func TestNoSettingSpeaksOfTheGate(t *testing.T) {
	t.Parallel()
	words := []string{"govern", "gate", "permit", "cap", "quiet", "bypass", "unsafe", "disable", "skip", "force"}
	for _, of := range []reflect.Type{reflect.TypeFor[Options](), reflect.TypeFor[config.Config]()} {
		for f := range of.Fields() {
			for _, w := range words {
				if strings.Contains(strings.ToLower(f.Name), w) {
					t.Errorf("%s.%s: what is it for?", of, f.Name)
				}
			}
		}
	}
}

// The blind sender is a stranger to the platform, and the other has only its public API: neither holds a client that
// could send, nor the governor.
func TestTheSendersReachNoFurtherThanAnybody(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") { // sends nothing
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range file.Imports {
			for _, no := range []string{"internal/governance", "internal/outreach", "internal/broadcast", "zhiyin/wecom"} {
				if strings.Contains(imp.Path.Value, no) {
					t.Errorf("%s imports %s", path, imp.Path.Value)
				}
			}
			if path == "blind.go" && strings.Contains(imp.Path.Value, "zhiyin.dev/") {
				t.Errorf("the blind sender imports %s", imp.Path.Value)
			}
		}
	}
}
