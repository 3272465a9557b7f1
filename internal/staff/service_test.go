package staff_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// newService has departments 1 > (2 > 4, 3) and S01 in 2, S02 in 4, S03 in 3, S04 in none.
func newService(t *testing.T, d *db.DB) *staff.Service {
	t.Helper()
	s := staff.New(staff.Config{
		DB: d, World: clock.NewManual(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)), CorpID: webtest.CorpID,
		Customers: func(context.Context, []string) (map[string]int, error) { return map[string]int{"S01": 12}, nil },
	})
	err := s.SetDepartments(t.Context(), staff.Department{ID: 1, Name: "总部"}, staff.Department{ID: 2, Name: "东区", ParentID: 1, Rank: 9},
		staff.Department{ID: 3, Name: "西区", ParentID: 1}, staff.Department{ID: 4, Name: "东区一店", ParentID: 2})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Upsert(t.Context(),
		staff.Member{ID: "S01", Name: "店长 01", Departments: []int64{2}, Active: true, Contact: true},
		staff.Member{ID: "S02", Name: "顾问 02", Departments: []int64{4}, Active: true, Contact: true},
		staff.Member{ID: "S03", Name: "顾问_03", Departments: []int64{3}, Active: true},
		staff.Member{ID: "S04", Name: "顾问 04", Active: false})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMembersSurviveSyncsWithRoleAndScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		var ended, gone []string
		s.OnAccess = append(s.OnAccess, func(_ context.Context, _ *db.Tx, e staff.AccessChanged) error {
			ended = append(ended, e.StaffID)
			return nil
		})
		s.OnGone = append(s.OnGone, func(_ context.Context, _ *db.Tx, e staff.Gone) error {
			gone = append(gone, e.StaffID)
			return nil
		})
		owner := web.WithCaller(t.Context(), web.Who{Role: "owner", Scope: web.All})
		if _, err := s.SetAccess(owner, "S01", auth.Manager, web.Department); err != nil {
			t.Fatal(err)
		}
		again := staff.Member{ID: "S01", Name: "店长 01 新名", Departments: []int64{2}, Active: true, Contact: true}
		if err := s.Upsert(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"S01"}, ended); diff != "" {
			t.Errorf("access changes, a mere rename is none: %s", diff)
		}
		got, err := s.Get(t.Context(), "S01")
		if err != nil {
			t.Fatal(err)
		}
		again.Role, again.Scope = "manager", "department"
		if diff := cmp.Diff(again, got); diff != "" {
			t.Error(diff)
		}
		again.Departments = []int64{3}
		if err := s.Upsert(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if err := s.MarkGone(t.Context(), "S01", "S01", "nobody"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"S01", "S01", "S01"}, ended); diff != "" {
			t.Errorf("access changes after a move and a leave: %s", diff)
		}
		if diff := cmp.Diff([]string{"S01"}, gone); diff != "" {
			t.Error(diff)
		}
		m, err := s.Member(t.Context(), "S01")
		if err != nil || m.Active {
			t.Errorf("a member who left: %+v, %v", m, err)
		}
		if _, err := s.Member(t.Context(), "nobody"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestReachIsTheDepartmentAndAllBelow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for id, want := range map[string][]string{"S01": {"S01", "S02"}, "S02": {"S02"}, "S04": {"S04"}} {
			_, colleagues, err := s.Reach(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(colleagues)
			if diff := cmp.Diff(want, colleagues); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
	})
}

func TestAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		head := webtest.Who(web.Department, "S01", "staff.read")
		var err error
		var colleagues []string
		if head.Departments, colleagues, err = s.Reach(t.Context(), "S01"); err != nil {
			t.Fatal(err)
		}
		head.Colleagues = func(context.Context) ([]string, error) { return colleagues, nil }
		owner := webtest.Admin()
		owner.Role = "owner"
		api := webtest.New(t, map[string]web.Who{
			"admin": owner, "manager": webtest.Who(web.All, "S09", "staff.*"), "head": head, "own": webtest.Who(web.Own, "S02", "staff.read"), "other": webtest.Who(web.All, "S05", "customer.read"),
		})
		s.RegisterAPI(api)
		webtest.Run(t, api,
			webtest.Scenario{Name: "all members with customers and role", As: "admin", Path: "/staff", Status: 200, Has: []string{`"S01"`, `"customers":12`, `"role":"staff"`, `"total":4`, `"departments":["2"]`}},
			webtest.Scenario{Name: "a department head sees those below", As: "head", Path: "/staff", Status: 200, Has: []string{"S01", "S02", `"total":2`}, Not: []string{"S03", `"role"`}},
			webtest.Scenario{Name: "own sees oneself, in counts too", As: "own", Path: "/staff", Status: 200, Has: []string{"S02", `"total":1`}, Not: []string{"S01", "S03"}},
			webtest.Scenario{Name: "own sees nobody by a filter either", As: "own", Path: "/staff?department=3", Status: 200, Has: []string{`"items":[]`, `"total":0`}},
			webtest.Scenario{Name: "no permission", As: "other", Path: "/staff", Status: 403},
			webtest.Scenario{Name: "by department and below", As: "admin", Path: "/staff?department=2", Status: 200, Has: []string{"S01", "S02"}, Not: []string{"S03"}},
			webtest.Scenario{Name: "a search sign is a letter", As: "admin", Path: "/staff?q=_", Status: 200, Has: []string{"S03", `"total":1`}},
			webtest.Scenario{Name: "who cannot use WeCom", As: "admin", Path: "/staff?active=false", Status: 200, Has: []string{"S04", `"total":1`}},
			webtest.Scenario{Name: "the first page", As: "admin", Path: "/staff?limit=3", Status: 200, Has: []string{`"next":"S03"`}, Not: []string{"S04"}},
			webtest.Scenario{Name: "the second page", As: "admin", Path: "/staff?limit=3&after=S03", Status: 200, Has: []string{"S04", `"next":""`}},
			webtest.Scenario{Name: "departments with heads counted", As: "admin", Path: "/departments", Status: 200, Has: []string{`{"id":"4","name":"东区一店","parent_id":"2","staff":1}`}},
			webtest.Scenario{Name: "departments of a head", As: "head", Path: "/departments", Status: 200, Has: []string{"东区一店"}, Not: []string{"总部", "西区"}},
			webtest.Scenario{Name: "a role is given", As: "admin", Method: "PATCH", Path: "/staff/S02", Body: `{"role":"operator","scope":"all"}`, Status: 200, Has: []string{`"role":"operator","scope":"all"`}},
			webtest.Scenario{Name: "a role that is none", As: "admin", Method: "PATCH", Path: "/staff/S02", Body: `{"role":"king","scope":"all"}`, Status: 422, Has: []string{"body.role"}},
			webtest.Scenario{Name: "an owner is made by owners only", As: "manager", Method: "PATCH", Path: "/staff/S02", Body: `{"role":"owner","scope":"all"}`, Status: 403, Has: []string{"staff.owner"}},
			webtest.Scenario{Name: "nobody changes oneself", As: "manager", Method: "PATCH", Path: "/staff/S09", Body: `{"role":"operator","scope":"all"}`, Status: 409, Has: []string{"staff.self"}},
			webtest.Scenario{Name: "an unknown member", As: "admin", Method: "PATCH", Path: "/staff/S77", Body: `{"role":"staff","scope":"own"}`, Status: 404},
			webtest.Scenario{Name: "a reader changes nothing", As: "head", Method: "PATCH", Path: "/staff/S02", Body: `{"role":"staff","scope":"own"}`, Status: 403, Has: []string{"staff.write"}},
		)
		if p := strings.Join(api.Permissions(), " "); p != "staff.read staff.write" {
			t.Errorf("permissions %q", p)
		}
	})
}
