package customer

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/wecom"
)

// around answers like the other rooms would, without them. WeCom refuses to tag wm3.
func around(marked *[]string) Neighbours {
	self := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "=" + id
		}
		return out, nil
	}
	return Neighbours{
		Scope: func(ctx context.Context) ([]string, error) {
			if who := web.Caller(ctx); who.Scope == web.Own {
				return []string{who.StaffID}, nil
			}
			return nil, nil
		},
		Staff: self, Tags: self,
		Channels: func(context.Context, []string) (map[string]Named, error) { return nil, nil },
		Budgets:  func(context.Context, []string) (map[string]Budget, map[string]OptOut, error) { return nil, nil, nil },
		Groups:   func(context.Context, []string) (map[string][]Group, error) { return nil, nil },
		Mark: func(_ context.Context, customer, staff string, add, remove []string) (bus.Settle, error) {
			if customer == "wm3" {
				return nil, &wecom.Error{Code: 40068, Msg: "invalid tagid"}
			}
			if customer == "wm4" {
				return nil, errors.New("reset")
			}
			*marked = append(*marked, customer+"/"+staff)
			return func(context.Context, *db.Tx) error { return nil }, nil
		},
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s, _ := serve(dbtest.SQLite(t))
	told(t, s, snapshot("wm1", "S01", 1, "t1"), snapshot("wm2", "S02", 2), snapshot("wm3", "S02", 3), snapshot("wm4", "S02", 4), snapshot("wm5", "S02", 5))
	ended(t, s, "wm5", "S02", ByCustomer, 9)
	var marked []string
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S01", "*")})
	s.RegisterAPI(api, around(&marked))
	webtest.Run(
		t, api,
		webtest.Scenario{Name: "all see all", As: "admin", Path: "/customers", Status: 200, Has: []string{`"total":4,`, `"wm1"`, `"wm4"`}, Not: []string{`"wm5"`}},
		webtest.Scenario{Name: "a member sees their own, and counts them", As: "own", Path: "/customers", Status: 200, Has: []string{`"total":1,`, `"wm1"`}, Not: []string{"wm2"}},
		webtest.Scenario{Name: "asking for another's changes nothing", As: "own", Path: "/customers?staff=S02", Status: 200, Has: []string{`"total":0,`}, Not: []string{"wm2"}},
		webtest.Scenario{Name: "another's customer does not exist", As: "own", Path: "/customers/wm2", Status: 404, Not: []string{"青柠"}},
		webtest.Scenario{Name: "nor does their timeline", As: "own", Path: "/customers/wm2/timeline", Status: 404},
		webtest.Scenario{Name: "nobody is nobody", As: "admin", Path: "/customers/wm99", Status: 404},
		webtest.Scenario{Name: "a page", As: "admin", Path: "/customers?limit=2&sort=name", Status: 200, Has: []string{`"next":"`}},
		webtest.Scenario{Name: "a page mark that is none", As: "admin", Path: "/customers?after=x", Status: 422},
		webtest.Scenario{Name: "a date that is none", As: "admin", Path: "/customers?added_from=yesterday", Status: 422},
		webtest.Scenario{Name: "the day of added_to counts", As: "admin", Path: "/customers?added_from=2026-11-24&added_to=2026-11-24", Status: 200, Has: []string{`"total":4,`}},
		webtest.Scenario{Name: "those who left", As: "admin", Path: "/customers?state=lost", Status: 200, Has: []string{`"wm5"`, `"lost_at"`}, Not: []string{`"wm1"`}},
		webtest.Scenario{Name: "reach of a filter", As: "admin", Method: http.MethodPost, Path: "/customers/tags/reach", Body: `{"query":"staff=S02"}`, Status: 200, Has: []string{`"customers":3`}},
		webtest.Scenario{Name: "reach in scope", As: "own", Method: http.MethodPost, Path: "/customers/tags/reach", Body: `{"ids":["wm1","wm2"]}`, Status: 200, Has: []string{`"customers":1`}},
		webtest.Scenario{Name: "nobody is chosen", As: "admin", Method: http.MethodPost, Path: "/customers/tags", Body: `{"add":["t1"]}`, Status: 422},
		webtest.Scenario{Name: "nothing to change", As: "admin", Method: http.MethodPost, Path: "/customers/tags", Body: `{"ids":["wm1"]}`, Status: 422},
		webtest.Scenario{
			Name: "who failed is named, the others are done", As: "admin", Method: http.MethodPost, Path: "/customers/tags",
			Body: `{"ids":["wm1","wm2","wm3","wm4"],"add":["t1"]}`, Status: 200, Has: []string{`"changed":2`, `"id":"wm3"`, "40068", `"id":"wm4"`},
		},
		webtest.Scenario{
			Name: "who left cannot be tagged", As: "admin", Method: http.MethodPost, Path: "/customers/tags",
			Body: `{"query":"state=lost","add":["t1"]}`, Status: 200, Has: []string{`"changed":0`, `"id":"wm5"`, "已经不在"},
		},
	)
	same(t, "marked", marked, []string{"wm1/S01", "wm2/S02"})
}
