package staff_test

import (
	"slices"
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// A department means its members and those of all below it; one that there is not is named.
func TestTheMembersOfDepartments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for _, c := range []struct {
			ask, unknown []int64
			want         []string
		}{
			{[]int64{1}, nil, []string{"S01", "S02", "S03"}},
			{[]int64{2}, nil, []string{"S01", "S02"}},
			{[]int64{4, 3}, nil, []string{"S02", "S03"}},
			{[]int64{4, 9}, []int64{9}, []string{"S02"}},
		} {
			got, unknown, err := s.In(t.Context(), c.ask...)
			if err != nil || !slices.Equal(got, c.want) || !slices.Equal(unknown, c.unknown) {
				t.Errorf("%v: %v, unknown %v, %v", c.ask, got, unknown, err)
			}
		}
	})
}
