package autoreply_test

import (
	"fmt"
	"net/http"
	"testing"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestRoutesOfKeywordRules(t *testing.T) {
	t.Parallel()
	s := service(dbtest.SQLite(t))
	r, err := s.Create(t.Context(), autoreply.Rule{
		Name: "进群", Enabled: true, Patterns: []autoreply.Pattern{{Kind: autoreply.Pinyin, Value: "进群"}},
		Answer: autoreply.Answer{Kind: autoreply.Text, Text: "好的"},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "reader": webtest.Who(web.Own, "S01", "autoreply.read")})
	s.RegisterAPI(api)
	path := fmt.Sprintf("/autoreplies/%d", r.ID)
	body := `{"name":"进群","enabled":%t,"priority":3,"patterns":[{"kind":"contains","value":"群"}],"answer":{"kind":"text","text":"来吧"},"kf_accounts":[]}`
	webtest.Run(t, api,
		webtest.Scenario{Name: "listing", As: "reader", Path: "/autoreplies", Status: 200, Has: []string{"进群", `"kind":"pinyin"`, `"kf_accounts":[]`}},
		webtest.Scenario{Name: "a reader cannot change", As: "reader", Method: http.MethodPatch, Path: path, Body: fmt.Sprintf(body, true), Status: 403},
		webtest.Scenario{Name: "trying", As: "reader", Method: http.MethodPost, Path: "/autoreplies/try", Body: `{"text":"我要近群"}`, Status: 200, Has: []string{`"pattern":"进群"`, `"answer":"好的"`}},
		webtest.Scenario{Name: "changing", As: "admin", Method: http.MethodPatch, Path: path, Body: fmt.Sprintf(body, false), Status: 200, Has: []string{`"enabled":false`, `"priority":3`, "来吧"}},
		webtest.Scenario{Name: "one that is off explains itself", As: "reader", Method: http.MethodPost, Path: "/autoreplies/try", Body: `{"text":"群"}`, Status: 200, Has: []string{"没有启用"}, Not: []string{`"matched":{`}},
		webtest.Scenario{Name: "a bad expression", As: "admin", Method: http.MethodPost, Path: "/autoreplies", Body: `{"name":"x","enabled":true,"patterns":[{"kind":"regex","value":"("}],"answer":{"kind":"text","text":"y"}}`, Status: 422, Has: []string{"autoreply.regex", "body.patterns[0].value", "括号不成对"}},
		webtest.Scenario{Name: "making", As: "admin", Method: http.MethodPost, Path: "/autoreplies", Body: fmt.Sprintf(body, true), Status: 201},
		webtest.Scenario{Name: "deleting", As: "admin", Method: http.MethodDelete, Path: path, Status: 204},
		webtest.Scenario{Name: "reading what was deleted", As: "reader", Path: path, Status: 404},
	)
}
