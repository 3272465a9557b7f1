package contactway_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// story is a platform with one code of two members.
type story struct {
	*apptest.Platform
	t   *testing.T
	way contactway.Contactway
}

// answering are the members whom WeCom's code leads to.
func (s *story) answering() []string {
	s.t.Helper()
	way, err := s.WeCom.ContactWay(s.t.Context(), s.way.ConfigID)
	if err != nil {
		s.t.Fatal(err)
	}
	var ids []string
	for _, id := range way.Staff {
		ids = append(ids, string(id))
	}
	return slices.Sorted(slices.Values(ids))
}

func (s *story) becomes(what string, want ...string) {
	s.t.Helper()
	apptest.Eventually(s.t, what, func() bool {
		stored, err := s.Contactway.Get(s.t.Context(), s.way.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		return slices.Equal(s.answering(), want) && len(stored.StaffIDs)-len(stored.Passed) == len(want)
	})
}

func (s *story) customers(id string) int {
	s.t.Helper()
	n, err := s.Customers.CountByStaff(s.t.Context(), []string{id})
	if err != nil {
		s.t.Fatal(err)
	}
	return n[id]
}

// allow says how many customers a member may have.
func (s *story) allow(n int) {
	s.t.Helper()
	if err := s.Staff.SetCapacity(s.t.Context(), staff.Capacity{Corp: 50, Member: n}); err != nil {
		s.t.Fatal(err)
	}
}

func TestACodePassesOverWhoIsFullAndTakesThemBack(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		s := &story{Platform: apptest.Start(t, apptest.Small(), databaseURL, nil), t: t}
		first, second := "S01", "S02"
		if s.customers(first) < s.customers(second) {
			first, second = second, first
		}
		n := s.customers(first)
		if n == s.customers(second) {
			t.Fatalf("both have %d customers: the world is of no use here", n)
		}
		var err error
		if s.way, err = s.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S01", "S02"}}); err != nil {
			t.Fatal(err)
		}
		s.becomes("a code with room", "S01", "S02")

		s.allow(n + 1)
		scan := s.Act("scan_contact_way", map[string]any{"config_id": s.way.ConfigID})
		for scan["staff"] != first { // WeCom chooses; the other one's customer goes again
			s.Act("customer_deletes_staff", map[string]any{"customer": scan["customer"], "staff": scan["staff"]})
			scan = s.Act("scan_contact_way", map[string]any{"config_id": s.way.ConfigID})
		}
		apptest.Eventually(t, "the new customer", func() bool { return s.customers(first) == n+1 })
		if err := s.Box.Advance(t.Context(), 3*time.Minute); err != nil {
			t.Fatal(err)
		}
		s.becomes("a code without the one who filled up", second)
		other, err := s.Contactway.Create(t.Context(), contactway.Contactway{Name: "门口", StaffIDs: []string{"S01", "S02"}})
		if err != nil || !slices.Equal(other.Passed, []string{first}) {
			t.Fatalf("a new code passes over %v, %v", other.Passed, err)
		}
		owner := s.Token(auth.NewToken{Role: auth.Owner, Scope: web.All})
		webtest.Run(
			t, s.API,
			webtest.Scenario{Name: "the code names whom it passes over", As: owner, Path: "/contactways/" + strconv.FormatInt(s.way.ID, 10), Status: 200, Has: []string{`"passed":[{"id":"` + first, `"full":false`}},
			webtest.Scenario{Name: "the home page says who is full", As: owner, Path: "/home", Status: 200, Has: []string{`"kind":"capacity"`, "已满 1 名"}},
		)

		s.Act("customer_deletes_staff", map[string]any{"customer": scan["customer"], "staff": first})
		apptest.Eventually(t, "the customer to be gone", func() bool { return s.customers(first) == n })
		if err := s.Box.Advance(t.Context(), 3*time.Minute); err != nil {
			t.Fatal(err)
		}
		s.becomes("a code with both again", "S01", "S02")

		s.allow(1) // everybody is full: somebody has to answer
		s.becomes("a code that keeps everybody", "S01", "S02")
		webtest.Run(t, s.API, webtest.Scenario{
			Name: "the code warns", As: owner, Path: "/contactways/" + strconv.FormatInt(s.way.ID, 10), Status: 200, Has: []string{`"passed":[]`, `"full":true`},
		})
	})
}

// What WeCom wrote before a crash, or what another hand wrote there, does not stand against the last state of the code.
func TestAFitFindsWhatWeComHas(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		s := &story{Platform: apptest.Start(t, apptest.Small(), databaseURL, nil), t: t}
		var err error
		if s.way, err = s.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S01", "S02"}}); err != nil {
			t.Fatal(err)
		}
		full, free := "S01", "S02"
		if s.customers(full) < s.customers(free) {
			full, free = free, full
		}
		// WeCom writes, and its answer is lost.
		s.Box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/update_contact_way", HTTPStatus: http.StatusBadGateway, Times: 1}}})
		s.allow(s.customers(full))
		s.becomes("a code without the full one", free)
		// An operator gives the code to others: the full one stays out, and the change behind it is seen.
		s.way.StaffIDs = []string{"S01", "S02", "S03"}
		s.allow(s.customers(full) + 1)
		if s.way, err = s.Contactway.Update(t.Context(), s.way); err != nil {
			t.Fatal(err)
		}
		s.becomes("a code of three", "S01", "S02", "S03")
	})
}
