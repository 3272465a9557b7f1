package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// Paths are all paths that the sandbox serves in WeCom's place, old names of
// calls and pages for browsers included, sorted. docs/sandbox-endpoints.md is
// made from them.
func Paths() []string {
	all := map[string]bool{}
	for _, f := range families() {
		for _, r := range f.routes {
			all[r.path] = true
			for _, old := range r.aliases {
				all[old] = true
			}
		}
		for pattern := range f.pages {
			_, path, _ := strings.Cut(pattern, " ")
			all[path] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
