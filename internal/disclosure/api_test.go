package disclosure

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.SQLite(t), 2, 2)
	if err := s.SetLimit(t.Context(), "admin", 3); err != nil {
		t.Fatal(err)
	}
	second := webtest.Who(web.All, "M02", "*")
	machine := webtest.Admin()
	machine.User = "token:crm"
	api := webtest.New(t, map[string]web.Who{
		"admin": webtest.Admin(), "second": second, "own": webtest.Who(web.Own, "S01", "customer.export", "export.*"), "token": machine,
		"staff": webtest.Who(web.All, "S09", "customer.read"),
	})
	none := func(context.Context, []string) (map[string]string, error) { return nil, nil }
	s.RegisterAPI(api, Neighbours{Staff: none, Customers: none})
	h := api.Handler()
	status, answer := webtest.Do(t, h, webtest.Scenario{As: "admin", Method: http.MethodPost, Path: "/exports", Body: `{"purpose":"给店里回访"}`})
	found := regexp.MustCompile(`"id":"(\d{9,})"`).FindStringSubmatch(answer)
	if status != http.StatusCreated || len(found) != 2 || !strings.Contains(answer, `"state":"waiting"`) {
		t.Fatalf("%d %s", status, answer)
	}
	at := "/exports/" + found[1]
	status, answer = webtest.Do(t, h, webtest.Scenario{As: "admin", Method: http.MethodPost, Path: "/receivers", Body: `{"name":"青禾会员服务","kind":"handler","contract":"HT-1","contract_until":"2027-01-31",
		"data_kinds":"昵称","purpose":"联名会员卡","consent":"我同意把昵称提供给青禾会员服务（400-000）用于联名会员卡"}`})
	to := regexp.MustCompile(`"id":"(\d{9,})"`).FindStringSubmatch(answer)
	if status != http.StatusCreated || len(to) != 2 {
		t.Fatalf("%d %s", status, answer)
	}
	webtest.Run(
		t, api,
		webtest.Scenario{Name: "no purpose, no export", As: "admin", Method: http.MethodPost, Path: "/exports", Body: `{}`, Status: 422, Has: []string{"purpose"}},
		webtest.Scenario{Name: "an unknown receiver names field and way out", As: "admin", Method: http.MethodPost, Path: "/exports", Body: `{"purpose":"给合作方","receiver_id":"9"}`, Status: 422, Has: []string{"receiver_id", "数据接收方"}},
		webtest.Scenario{Name: "who has not the permission exports nothing", As: "staff", Method: http.MethodPost, Path: "/exports", Body: `{"purpose":"给店里回访"}`, Status: 403},
		webtest.Scenario{Name: "what it would hold", As: "second", Method: http.MethodPost, Path: "/exports/preview", Body: `{"query":"staff=S02"}`, Status: 200, Has: []string{`"size":2`, `"approval":false`, `"limit":3`}},
		webtest.Scenario{Name: "no file before it is approved", As: "admin", Path: at + "/customers.csv", Status: 409},
		webtest.Scenario{Name: "nobody approves their own", As: "admin", Method: http.MethodPost, Path: at + "/approve", Body: `{"size":4}`, Status: 403},
		webtest.Scenario{Name: "nor does a token", As: "token", Method: http.MethodPost, Path: at + "/approve", Body: `{"size":4}`, Status: 403},
		webtest.Scenario{Name: "nor who sees a part of the corp", As: "own", Method: http.MethodPost, Path: at + "/approve", Body: `{"size":4}`, Status: 403},
		webtest.Scenario{Name: "and does not see it", As: "own", Path: at, Status: 404},
		webtest.Scenario{Name: "a second person sees that it waits for them", As: "second", Path: "/exports?state=waiting", Status: 200, Has: []string{`"may_decide":true`, `"size":4`}},
		webtest.Scenario{Name: "and approves", As: "second", Method: http.MethodPost, Path: at + "/approve", Body: `{"size":4}`, Status: 200, Has: []string{`"state":"ready"`}},
		webtest.Scenario{Name: "its maker fetches it", As: "admin", Path: at + "/customers.csv", Status: 200, Has: []string{"text/csv", "attachment", "wm001", "wm102", "'=HYPERLINK(1)", markText(s, found[1])}, Not: []string{",=HYPERLINK", ",=S"}},
		webtest.Scenario{Name: "nobody else does", As: "second", Path: at + "/customers.csv", Status: 403},
		webtest.Scenario{Name: "exactly who", As: "second", Path: at + "/customers?limit=3", Status: 200, Has: []string{`"wm001"`, `"sent_at"`, `"total":4`, `"next":"3"`}},
		webtest.Scenario{Name: "a member exports their own", As: "own", Method: http.MethodPost, Path: "/exports", Body: `{"purpose":"自己的客户跟进"}`, Status: 201, Has: []string{`"size":2`, `"state":"ready"`}},
		webtest.Scenario{Name: "a mark that is none", As: "admin", Path: "/exports?mark=7-abc", Status: 422},
		webtest.Scenario{Name: "a line that was found leads to its export", As: "admin", Path: "/exports?mark=" + markText(s, found[1]), Status: 200, Has: []string{`"total":1`, found[1]}},
		webtest.Scenario{Name: "a consent by a token", As: "token", Method: http.MethodPost, Path: "/receivers/" + to[1] + "/consents", Body: `{"customers":["wm001"],"evidence":"到店签的字"}`, Status: 403},
		webtest.Scenario{Name: "a consent", As: "admin", Method: http.MethodPost, Path: "/receivers/" + to[1] + "/consents", Body: `{"customers":["wm001"],"evidence":"到店签的字"}`, Status: 200, Has: []string{`"added":1`}},
		webtest.Scenario{Name: "is shown with its evidence", As: "admin", Path: "/receivers/" + to[1] + "/consents", Status: 200, Has: []string{"到店签的字", `"total":1`}},
		webtest.Scenario{Name: "and counted", As: "admin", Path: "/receivers", Status: 200, Has: []string{`"consents":1`, `"assessments":["PIA-2026-001"]`}},
		webtest.Scenario{Name: "only who consented goes", As: "second", Method: http.MethodPost, Path: "/exports", Body: `{"purpose":"发联名会员卡","receiver_id":"` + to[1] + `"}`, Status: 201, Has: []string{`"size":1`, `"left_out":3`}},
		webtest.Scenario{Name: "it is taken back", As: "admin", Method: http.MethodDelete, Path: "/receivers/" + to[1] + "/consents/wm001", Status: 204},
		webtest.Scenario{Name: "a receiver ends with the reason", As: "admin", Method: http.MethodPost, Path: "/receivers/" + to[1] + "/end", Body: `{"why":""}`, Status: 422, Has: []string{"why"}},
		webtest.Scenario{Name: "and stays on record", As: "admin", Method: http.MethodPost, Path: "/receivers/" + to[1] + "/end", Body: `{"why":"合作结束，对方已删除"}`, Status: 204},
		webtest.Scenario{Name: "as ended", As: "admin", Path: "/receivers", Status: 200, Has: []string{`"state":"ended"`, "对方已删除"}},
		webtest.Scenario{Name: "the limit", As: "second", Path: "/export-limit", Status: 200, Has: []string{`"size":3`}},
		webtest.Scenario{Name: "more holds a day later", As: "admin", Method: http.MethodPut, Path: "/export-limit", Body: `{"size":50}`, Status: 200, Has: []string{`"size":3`, `"next":50`, `"next_at"`}},
	)
}

func markText(s *shop, id string) string { return mark(s.Key, web.ID(id).Int()) }
