package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// code is the sandbox's source, as far as it tells what a function can lead to:
// which functions each one names, and the constants written in it.
type code struct {
	calls map[string][]string // function -> functions of the package it names
	texts map[string][]string // function -> constant texts
	codes map[string][]int    // function -> error codes
}

// readCode reads the package in dir. Numbers in a place for error codes count
// as such, others when known says so.
func readCode(dir string, known func(int) bool) (*code, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		// What the population does later is its own, not the call's.
		if strings.HasSuffix(name, "_test.go") || strings.Contains(filepath.Base(name), "life") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("read the sandbox's source: %w", err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no source in %s: %w", dir, fs.ErrNotExist)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	// Other packages stay empty: what of them is unknown does not matter here.
	conf := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := conf.Check("sandbox", fset, files, info)
	c := &code{calls: map[string][]string{}, texts: map[string][]string{}, codes: map[string][]int{}}
	r := reader{code: c, info: info, pkg: pkg, known: known, tags: tagCodes(files)}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				r.function(d)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR { // a table holds texts and functions too
						r.inside(v.Names[0].Name, v)
					}
				}
			}
		}
	}
	return c, nil
}

// nothing imports every package as an empty one.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

type reader struct {
	*code
	info  *types.Info
	pkg   *types.Package
	known func(int) bool
	tags  map[string][]int // type -> codes in tags of its fields
}

// tagCodes are the codes in tags like `bad:"41037"`, by type.
func tagCodes(files []*ast.File) map[string][]int {
	out := map[string][]int{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			t, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			ast.Inspect(t.Type, func(n ast.Node) bool {
				if field, ok := n.(*ast.Field); ok && field.Tag != nil {
					if _, rest, ok := strings.Cut(field.Tag.Value, `bad:"`); ok {
						digits, _, _ := strings.Cut(rest, `"`)
						if code, err := strconv.Atoi(digits); err == nil {
							out[t.Name.Name] = append(out[t.Name.Name], code)
						}
					}
				}
				return true
			})
			return true
		})
	}
	return out
}

func (r *reader) function(fn *ast.FuncDecl) {
	name := fn.Name.Name
	if fn.Recv != nil {
		name = receiver(fn.Recv.List[0].Type) + "." + name
	}
	r.inside(name, fn)
}

// inside notes what stands in a function or a table.
func (r *reader) inside(name string, where ast.Node) {
	ast.Inspect(where, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			r.use(name, r.info.Uses[n])
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "refuse" || id.Name == "payFail" || id.Name == "payBad") {
				r.code.add(name, r.info.Types[n.Args[0]].Value, func(int) bool { return true })
			}
		}
		if e, ok := n.(ast.Expr); ok {
			v := r.info.Types[e].Value
			if v != nil && v.Kind() == constant.String {
				r.texts[name] = append(r.texts[name], constant.StringVal(v))
			}
			if _, literal := e.(*ast.BasicLit); literal {
				r.code.add(name, v, r.known)
			}
		}
		return true
	})
}

// use notes that a function names another, or a type whose tags hold codes.
func (r *reader) use(name string, o types.Object) {
	if o == nil || o.Pkg() != r.pkg {
		return
	}
	switch o := o.(type) {
	case *types.TypeName:
		r.codes[name] = append(r.codes[name], r.tags[o.Name()]...)
	case *types.Var:
		if o.Parent() == r.pkg.Scope() {
			r.calls[name] = append(r.calls[name], o.Name())
		}
	case *types.Func:
		other := o.Name()
		if recv := o.Signature().Recv(); recv != nil {
			t := recv.Type()
			if p, ok := t.(*types.Pointer); ok {
				t = p.Elem()
			}
			if n, ok := t.(*types.Named); ok {
				other = n.Obj().Name() + "." + other
			}
		}
		r.calls[name] = append(r.calls[name], other)
	}
}

func (c *code) add(name string, v constant.Value, known func(int) bool) {
	if v == nil || v.Kind() != constant.Int {
		return
	}
	if n, ok := constant.Int64Val(v); ok && known(int(n)) {
		c.codes[name] = append(c.codes[name], int(n))
	}
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// leads is what a function can lead to.
type leads struct {
	codes []int
	texts map[string]bool
}

// from follows a handler, as the sandbox names it.
func (c *code) from(handler string) leads {
	name, _, _ := strings.Cut(strings.TrimSuffix(handler, "-fm"), ".func")
	name = strings.NewReplacer("(*", "", ")", "", "[...]", "").Replace(name)
	out := leads{texts: map[string]bool{}}
	seen := map[string]bool{}
	todo := []string{name}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		out.codes = append(out.codes, c.codes[name]...)
		for _, t := range c.texts[name] {
			out.texts[t] = true
		}
		todo = append(todo, c.calls[name]...)
	}
	slices.Sort(out.codes)
	out.codes = slices.Compact(out.codes)
	return out
}
