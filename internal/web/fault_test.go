package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// Every message that stands in huma's source is said in both languages: a new version that says something new fails here.
func TestEveryMessageOfTheKitIsTranslated(t *testing.T) {
	t.Parallel()
	file, _ := runtime.FuncForPC(reflect.ValueOf(huma.NewPathBuffer).Pointer()).FileLine(0)
	dir := filepath.Dir(file)
	messages := append(literals(t, filepath.Join(dir, "validation"), inVars), literals(t, dir, inErrors)...)
	if len(messages) < 60 {
		t.Fatalf("found only %d messages in %s: this test looks at the wrong place\n%q", len(messages), dir, messages)
	}
	for _, m := range messages {
		sample := verb.ReplaceAllString(m, "7")
		if strings.HasSuffix(m, ": ") || strings.HasSuffix(m, " ") {
			sample += "x" // something is added to it
		}
		text, ok := inWords(sample)
		if !ok {
			t.Errorf("%q is not translated", m)
		}
		for _, s := range []string{text.ZH, text.EN} {
			if s == "" || strings.ContainsAny(s, "{}") || strings.Contains(s, "%!") {
				t.Errorf("%q is said as %q", m, s)
			}
		}
		if !regexp.MustCompile(`\p{Han}`).MatchString(text.ZH) {
			t.Errorf("%q is not said in Chinese: %q", m, text.ZH)
		}
	}
}

// elsewhere are errors of huma's that are no message of a field: what is wrong there is the program, or the media type, or it
// is part of a longer message (the UUIDs), or of forms with files, which this API does not take.
var elsewhere = regexp.MustCompile(`(?i)^(unparsable value|unknown (accept )?content type|invalid (bracketed )?uuid format|file |at least one file|failed to |multiple files|unsupported type|schema is invalid)`)

func literals(t *testing.T, dir string, find func(ast.Node) []ast.Expr) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range find(n) {
				if s := text(e); s != "" && !elsewhere.MatchString(s) {
					out = append(out, s)
				}
			}
			return true
		})
	}
	return out
}

// inVars finds the values of variables.
func inVars(n ast.Node) []ast.Expr {
	if v, ok := n.(*ast.ValueSpec); ok {
		return v.Values
	}
	return nil
}

// inErrors finds what is said in Add(path, value, "..."), errors.New("...") and Message: "...".
func inErrors(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if (sel.Sel.Name == "Add" || sel.Sel.Name == "Addf") && len(n.Args) >= 3 {
			return n.Args[2:3]
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "errors" && sel.Sel.Name == "New" {
			return n.Args
		}
	case *ast.KeyValueExpr:
		if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Message" {
			return []ast.Expr{n.Value}
		}
	}
	return nil
}

// text reads a literal, or a sum that holds one; a place where parameters are told apart stands as "query".
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		a, b := text(e.X), text(e.Y)
		if strings.HasPrefix(b, " ") && a == "required " {
			return a + "query" + b
		}
		return a + b
	case *ast.SelectorExpr:
		if e.Sel.Name == "Loc" {
			return "query"
		}
	}
	return ""
}

func TestAFaultNamesItsField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		location, message, at, zh, en string
	}{
		{"body", "expected required property name to be present", "body.name", "name：必须填写。", "name: is required."},
		{"body.rules[1].cap", "expected number >= 0", "body.rules[1].cap", "rules[1].cap：不能小于 0。", "rules[1].cap: must be 0 or more."},
		{"query.limit", "expected number <= 200", "query.limit", "limit：不能大于 200。", "limit: must be 200 or less."},
		{"body.mode", `expected value to be one of "any, all"`, "body.mode", "mode：只能是其中之一：any, all。", "mode: must be one of: any, all."},
		{"body", "expected object", "body", "请求内容：必须是对象。", "The body: must be an object."},
		{"body", "json: cannot unmarshal number 1e99 into Go struct field .count of type int", "body", "请求内容：值的类型不对，或数字太大。", "The body: has a value of the wrong type, or a number too large."},
		{"body.to", "expected string to be a time of day like 09:00", "body.to", "to：时间要写成 09:00 这样。", "to: must be a time of day like 09:00."},
		{"body.x", "something the kit never said", "body.x", "x：填写的值不正确。", "x: has a value that is not valid."},
	} {
		d := &huma.ErrorDetail{Location: c.location, Message: c.message}
		if f := fault("zh", d); f.Message != c.zh || f.Location != c.at {
			t.Errorf("%q: %+v", c.message, f)
		}
		if f := fault("en", d); f.Message != c.en || f.Location != c.at {
			t.Errorf("%q: %+v", c.message, f)
		}
	}
}
