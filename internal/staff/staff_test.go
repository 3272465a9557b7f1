package staff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBelowWalksTheTreeOnce(t *testing.T) {
	t.Parallel()
	tree := []Department{{ID: 1}, {ID: 2, ParentID: 1}, {ID: 3, ParentID: 1}, {ID: 4, ParentID: 2}, {ID: 5, ParentID: 4}, {ID: 8, ParentID: 9}, {ID: 9, ParentID: 8}}
	for name, c := range map[string]struct{ roots, want []int64 }{
		"a leaf is itself":               {[]int64{5}, []int64{5}},
		"a branch with all below":        {[]int64{2}, []int64{2, 4, 5}},
		"two roots, one inside of other": {[]int64{2, 4}, []int64{2, 4, 5}},
		"a loop ends":                    {[]int64{8}, []int64{8, 9}},
		"no department is nothing":       {nil, nil},
	} {
		if diff := cmp.Diff(c.want, below(tree, c.roots)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTopsAreWhatWeMaySeeWithoutItsParent(t *testing.T) {
	t.Parallel()
	got := tops([]Department{{ID: 4, ParentID: 2}, {ID: 5, ParentID: 4}, {ID: 7, ParentID: 1}})
	if diff := cmp.Diff([]int64{4, 7}, got); diff != "" {
		t.Error(diff)
	}
}
