package customer

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestLossesTellWhoAndAfterWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		const day = 24 * 60
		for _, r := range [][2]string{{"wm1", "S01"}, {"wm2", "S02"}, {"wm3", "S02"}, {"wm3", "S01"}, {"wm4", "S01"}, {"wm5", "S01"}} {
			told(t, s, snapshot(r[0], r[1], -40*day))
		}
		ended(t, s, "wm1", "S01", ByCustomer, -8*day) // before this week
		ended(t, s, "wm2", "S02", ByCustomer, -2*day)
		ended(t, s, "wm3", "S02", ByStaff, -day)
		ended(t, s, "wm4", "S01", ByCustomer, -60)
		near := around(&[]string{})
		near.LastTouch = func(_ context.Context, moments []Moment, within time.Duration, staff []string) (map[Moment]Touched, error) {
			if within != lookBack {
				t.Errorf("looks back %s", within)
			}
			out := map[Moment]Touched{}
			for _, m := range moments {
				if m.CustomerID == "wm2" && staff == nil {
					out[m] = Touched{ID: "7", At: m.At.Add(-time.Hour).In(time.UTC), Kind: "broadcast", Channel: "mass_customer", Name: "会员日预告"}
				}
			}
			return out, nil
		}
		api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S02", "customer.read")})
		s.RegisterAPI(api, near)
		webtest.Run(
			t, api,
			webtest.Scenario{Name: "this week, the newest first", As: "admin", Path: "/losses", Status: 200, Has: []string{`"total":3,`, `"items":[{"customer":{"id":"wm4"`, `"lost_by":"customer"`, "会员日预告", `"id":"7"`}, Not: []string{"wm1", "wm5"}},
			webtest.Scenario{Name: "who still has another member is not gone", As: "admin", Path: "/losses?by=staff", Status: 200, Has: []string{`"total":1,`, "wm3", `"gone":false`}},
			webtest.Scenario{Name: "who has nobody left is gone", As: "admin", Path: "/losses?by=customer", Status: 200, Has: []string{`"total":2,`, `"gone":true`}, Not: []string{`"gone":false`}},
			webtest.Scenario{Name: "earlier days", As: "admin", Path: "/losses?from=2026-11-01&to=2026-11-17", Status: 200, Has: []string{`"total":1,`, "wm1"}},
			webtest.Scenario{Name: "a page", As: "admin", Path: "/losses?limit=1", Status: 200, Has: []string{`"total":3,`, "wm4", `"next":"`}, Not: []string{"wm3"}},
			webtest.Scenario{Name: "a page mark that is none", As: "admin", Path: "/losses?after=x", Status: 422},
			webtest.Scenario{Name: "a day that is none", As: "admin", Path: "/losses?from=monday", Status: 422},
			webtest.Scenario{Name: "a member sees their own", As: "own", Path: "/losses", Status: 200, Has: []string{`"total":2,`, "wm2", "wm3"}, Not: []string{"wm4", "S01"}},
			webtest.Scenario{Name: "asking for another's changes nothing", As: "own", Path: "/losses?staff=S01", Status: 200, Has: []string{`"total":0,`}},
		)
	})
}

// Every page begins where the one before ended.
func TestPagesOfLosses(t *testing.T) {
	t.Parallel()
	s, _ := serve(dbtest.SQLite(t))
	for _, r := range [][2]string{{"wm1", "S01"}, {"wm1", "S02"}, {"wm2", "S01"}, {"wm3", "S01"}} {
		told(t, s, snapshot(r[0], r[1], -60))
		ended(t, s, r[0], r[1], ByCustomer, -5) // all in the same minute
	}
	near := around(&[]string{})
	near.LastTouch = func(context.Context, []Moment, time.Duration, []string) (map[Moment]Touched, error) { return nil, nil }
	h := &API{s, near}
	var got []string
	for after := ""; ; {
		page, err := h.losses(web.WithCaller(t.Context(), webtest.Admin()), &lossIn{List: web.List{Limit: 1, After: after}})
		if err != nil || page.Total != 4 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, l := range page.Items {
			got = append(got, l.Customer.ID+"/"+l.Staff.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	same(t, "losses", got, []string{"wm3/S01", "wm2/S01", "wm1/S02", "wm1/S01"})
}
