package staff_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/staff"
)

func TestCapacityIsWhatWasGranted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		s.Bounds = staff.Bounds{Corp: 50000, Unverified: 200, Member: 5000, MemberMax: 20000}
		have := map[string]int{"S01": 4500, "S02": 4499, "S03": 5000, "S04": 7}
		s.Customers = func(_ context.Context, ids []string) (map[string]int, error) {
			out := map[string]int{}
			for _, id := range ids {
				out[id] = have[id]
			}
			return out, nil
		}
		told := 0
		s.OnCapacity = append(s.OnCapacity, func(context.Context, *db.Tx) error { told++; return nil })
		if err := s.MarkGone(t.Context(), "S04"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			corp, member int
			field        string
		}{{0, 5000, "corp"}, {50000, 0, "member"}, {50000, 20001, "member"}} {
			err := s.SetCapacity(t.Context(), staff.Capacity{Corp: c.corp, Member: c.member})
			if e, ok := err.(*errs.Error); !ok || e.Field != c.field { //nolint:errorlint // it wraps nothing
				t.Errorf("%d and %d: %v, want a word about %s", c.corp, c.member, err, c.field)
			}
		}
		c, err := s.Capacity(t.Context(), d.Read())
		if err != nil || c.Corp != 50000 || c.Member != 5000 || told != 0 {
			t.Fatalf("before anybody set it: %+v, %v, told %d times", c, err, told)
		}
		loads, total, err := s.Loads(t.Context(), nil)
		if err != nil || total != 4500+4499+5000+7 {
			t.Fatalf("in all %d, %v", total, err)
		}
		if diff := cmp.Diff([]staff.Load{{StaffID: "S03", Customers: 5000}, {StaffID: "S01", Customers: 4500}, {StaffID: "S02", Customers: 4499}}, loads); diff != "" {
			t.Fatal(diff)
		}
		if !staff.Tight(4500, 5000) || staff.Tight(4499, 5000) {
			t.Error("nine tenths begin at the wrong number")
		}
		for range 2 {
			if err := s.SetCapacity(t.Context(), staff.Capacity{Corp: 100000, Member: 20000}); err != nil {
				t.Fatal(err)
			}
		}
		c, err = s.Capacity(t.Context(), d.Read())
		if err != nil || c.Corp != 100000 || c.Member != 20000 || told != 2 {
			t.Fatalf("afterwards: %+v, %v, told %d times", c, err, told)
		}
	})
}
