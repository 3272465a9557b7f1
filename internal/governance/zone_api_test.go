package governance

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestAZoneIsSetByHandAndByFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		api := webtest.New(t, map[string]web.Who{
			"manager": webtest.Who(web.All, "", "*"), "member": webtest.Who(web.Own, "S02", "customer.*"), "reader": webtest.Who(web.All, "S03", "customer.read"),
		})
		g.RegisterAPI(api, Neighbours{
			Staff: func(context.Context, []string) (map[string]string, error) { return nil, nil },
			Customers: func(_ context.Context, ids []string) (map[string]string, error) {
				out := map[string]string{}
				for _, id := range ids {
					if strings.HasPrefix(id, "wm") {
						out[id] = id
					}
				}
				return out, nil
			},
			Visible: func(ctx context.Context, id string) (bool, error) {
				return web.Caller(ctx).SeesAll() || id == "wm2", nil
			},
		})
		run := func(s webtest.Scenario) { t.Helper(); webtest.Run(t, api, s) }
		one := "/customers/wm1/zone"
		put := func(as, path, body string, status int, has ...string) {
			t.Helper()
			run(webtest.Scenario{Name: as + " puts " + body, Method: http.MethodPut, Path: path, As: as, Body: body, Status: status, Has: has})
		}
		run(webtest.Scenario{Name: "nobody said", Path: one, As: "manager", Status: 200, Has: []string{`"zone":""`, `"corp":"CST"`}})
		put("manager", one, `{"zone":"Asia/Urumqi"}`, 200, `"zone":"Asia/Urumqi"`, `"via":"staff"`, `"id":"admin"`)
		put("manager", one, `{"zone":"Mars"}`, 422, "governance.zone", "Asia/Shanghai")
		put("manager", "/customers/other/zone", `{"zone":"Asia/Urumqi"}`, 404)
		put("member", one, `{"zone":"Asia/Tokyo"}`, 404)
		put("member", "/customers/wm2/zone", `{"zone":"Asia/Tokyo"}`, 200)
		put("reader", one, `{"zone":"Asia/Tokyo"}`, 403)
		csv := `external_userid,zone\nwm1,Asia/Urumqi\nwm3,America/New_York\nwm4,Nowhere\nother,Asia/Tokyo\nwm3,Asia/Tokyo\nwm2,\nwm5\nwm6,+5:30`
		run(webtest.Scenario{
			Name: "a file", Method: http.MethodPost, Path: "/customer-zones", As: "manager", Body: `{"csv":"` + csv + `"}`, Status: 200,
			Has: []string{
				`"set":3`, `"same":1`, `"failed":4`, `{"row":4,"reason":"不认识这个时区：Nowhere"}`, `{"row":5,"reason":"没有这位客户：other"}`,
				`{"row":6,"reason":"这位客户在第 3 行已经写过。"}`, `"row":8`,
			},
		})
		run(webtest.Scenario{
			Name: "the file again", Method: http.MethodPost, Path: "/customer-zones", As: "manager", Body: `{"csv":"` + csv + `"}`, Status: 200,
			Has: []string{`"set":0`, `"same":4`},
		})
		run(webtest.Scenario{Name: "not a member's", Method: http.MethodPost, Path: "/customer-zones", As: "member", Body: `{"csv":""}`, Status: 403})
		run(webtest.Scenario{Name: "taken back", Path: "/customers/wm2/zone", As: "member", Status: 200, Has: []string{`"zone":""`, `"via":"import"`}})
		run(webtest.Scenario{Name: "by file", Path: "/customers/wm6/zone", As: "manager", Status: 200, Has: []string{`"zone":"UTC+05:30"`}})
		var entries int
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM audit_entry WHERE act = 'zone.set'").Scan(t.Context(), &entries); err != nil || entries != 5 {
			t.Errorf("%d entries in the audit log, %v; want 5", entries, err)
		}
	})
}
