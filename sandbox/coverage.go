package sandbox

import (
	"cmp"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// Part is something the sandbox can do, and the function that does it.
// docs/sandbox-endpoints.md is made from the parts: from the function on, its
// source tells which error codes, events and switches belong to it.
type Part struct {
	Name    string // path of a call or a page, name of an act
	Old     []string
	Handler string // of this package, like wayAdd or strategyFamily.func1
}

// Calls are all paths that the sandbox serves in WeCom's place, pages for
// browsers included, sorted.
func Calls() []Part {
	var all []Part
	for _, f := range families() {
		for _, r := range f.routes {
			does := r.handler
			if does == nil {
				does = r.raw
			}
			all = append(all, Part{r.path, r.aliases, handlerName(does)})
		}
		for pattern, page := range f.pages {
			_, path, _ := strings.Cut(pattern, " ")
			all = append(all, Part{path, nil, handlerName(page)})
		}
	}
	return sorted(all)
}

// Acts are all acts of the control plane, sorted.
func Acts() []Part {
	var all []Part
	for _, f := range families() {
		for _, a := range f.acts {
			all = append(all, Part{a.name, nil, handlerName(a.handler)})
		}
	}
	return sorted(all)
}

// Switches are the names of all switches, sorted.
func Switches() []string { return slices.Sorted(maps.Keys(switchValues)) }

func sorted(all []Part) []Part {
	slices.SortFunc(all, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func handlerName(fn any) string {
	name := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	_, name, _ = strings.Cut(name[strings.LastIndex(name, "/")+1:], ".")
	return name
}
