package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

type fruit struct {
	ID   web.ID `json:"id"`
	Name string `json:"name"`
}

type fruitBody struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"20"`
		Count int    `json:"count,omitempty" minimum:"0"`
	}
}

func newAPI(t *testing.T) *web.API {
	t.Helper()
	api := webtest.New(t, map[string]web.Who{
		"admin": webtest.Admin(), "reader": webtest.Who(web.All, "S01", "fruit.read"), "own": webtest.Who(web.Own, "S02", "fruit.*"),
	})
	read := web.Op{ID: "list-fruits", Permission: "fruit.read", Scope: web.Filtered, Summary: "Fruits"}
	web.Get(api, "/fruits", read, func(ctx context.Context, in *struct{ web.List }) (*web.Page[fruit], error) {
		rows := []fruit{{ID: "1", Name: "lime of " + web.Caller(ctx).User}, {ID: "2", Name: "plum"}}
		return web.NewPage(rows, in.List, 2, false, func(f fruit) string { return f.Name }), nil
	})
	read.ID = "get-fruit"
	web.Get(api, "/fruits/{id}", read, func(_ context.Context, in *struct {
		ID web.ID `path:"id"`
	},
	) (*fruit, error) {
		switch in.ID.Int() {
		case 404:
			return nil, errs.Missing("水果", "fruit")
		case 500:
			return nil, errors.New("the cause with a canary-secret")
		case 666:
			panic("canary-secret")
		}
		return &fruit{ID: in.ID}, nil
	})
	write := web.Op{ID: "make-fruit", Permission: "fruit.write", Scope: web.WholeCorp, Summary: "Make a fruit", Status: http.StatusCreated}
	web.Post(api, "/fruits", write, func(_ context.Context, in *fruitBody) (*fruit, error) {
		return &fruit{ID: "7", Name: in.Body.Name}, nil
	})
	web.Delete(api, "/fruits/{id}", web.Op{ID: "eat-fruit", Permission: "fruit.write", Scope: web.Shared, Summary: "Eat"},
		func(_ context.Context, _ *struct {
			ID web.ID `path:"id"`
		},
		) (*web.None, error) {
			return nil, nil
		})
	web.GetFile(api, "/fruits.csv", web.Op{ID: "fruits-csv", Permission: "fruit.read", Scope: web.Shared, Summary: "CSV"},
		func(context.Context, *web.None) (*web.File, error) {
			return &web.File{Type: "text/csv", Name: "fruits.csv", Write: func(w http.ResponseWriter) error {
				_, err := w.Write([]byte("id,name\n"))
				return err
			}}, nil
		})
	return api
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	webtest.Run(t, newAPI(t),
		webtest.Scenario{Name: "nobody is told to log in", Path: "/fruits", Status: 401, Has: []string{`"login_required"`, "请先登录", `"request_id"`, "application/problem+json"}},
		webtest.Scenario{Name: "in English when asked", Path: "/fruits", Header: map[string]string{"Accept-Language": "en-US,en;q=0.9,zh;q=0.8"}, Status: 401, Has: []string{"Please log in"}},
		webtest.Scenario{Name: "a wrong token is refused", As: "nobody", Path: "/fruits", Status: 401},
		webtest.Scenario{Name: "a list has items, next and total", As: "admin", Path: "/fruits", Status: 200, Has: []string{`"items":[{"id":"1","name":"lime of admin"}`, `"next":""`, `"total":2`, `"total_more":false`, "no-store"}},
		webtest.Scenario{Name: "a limit gives a next", As: "admin", Path: "/fruits?limit=1", Status: 200, Has: []string{`"next":"lime of admin"`}, Not: []string{"plum"}},
		webtest.Scenario{Name: "a limit too large is named", As: "admin", Path: "/fruits?limit=500", Status: 422, Has: []string{`"location":"query.limit"`, `"value":500`}},
		webtest.Scenario{Name: "a missing permission is refused before the body is read", As: "reader", Method: "POST", Path: "/fruits", Body: "{", Status: 403, Has: []string{"fruit.write"}},
		webtest.Scenario{Name: "a whole-corp route refuses a narrow scope", As: "own", Method: "POST", Path: "/fruits", Body: `{"name":"x"}`, Status: 403, Has: []string{"forbidden_scope"}},
		webtest.Scenario{Name: "a filtered route that did not ask for the scope answers nothing", As: "own", Path: "/fruits/1", Status: 500, Not: []string{`"id":"1"`}},
		webtest.Scenario{Name: "something made is 201", As: "admin", Method: "POST", Path: "/fruits", Body: `{"name":"plum"}`, Status: 201, Has: []string{`"id":"7"`}},
		webtest.Scenario{Name: "nothing to answer is 204", As: "admin", Method: "DELETE", Path: "/fruits/7", Status: 204},
		webtest.Scenario{Name: "broken JSON is 400", As: "admin", Method: "POST", Path: "/fruits", Body: `{"name":`, Status: 400, Has: []string{"bad_json"}},
		webtest.Scenario{Name: "every wrong field is named", As: "admin", Method: "POST", Path: "/fruits", Body: `{"name":"","count":-1,"colour":"red"}`, Status: 422, Has: []string{"body.name", "body.count", "body.colour", "name：至少 1 个字符。", "count：不能小于 0。", "colour：没有这个字段。"}, Not: []string{"expected"}},
		webtest.Scenario{Name: "every wrong field is told in English when asked", As: "admin", Method: "POST", Path: "/fruits", Body: `{"count":"x"}`, Header: map[string]string{"Accept-Language": "en"}, Status: 422, Has: []string{"name: is required.", "count: must be a whole number."}, Not: []string{"expected"}},
		webtest.Scenario{Name: "a body over 1 MiB is 413", As: "admin", Method: "POST", Path: "/fruits", Body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, Status: 413, Has: []string{"too_large"}},
		webtest.Scenario{Name: "an odd id is 422", As: "admin", Path: "/fruits/lime", Status: 422, Has: []string{"path.id"}},
		webtest.Scenario{Name: "not found is 404 in words", As: "admin", Path: "/fruits/404", Status: 404, Has: []string{"没有找到这个水果"}},
		webtest.Scenario{Name: "a cause never gets out", As: "admin", Path: "/fruits/500", Status: 500, Has: []string{`"internal"`}, Not: []string{"canary"}},
		webtest.Scenario{Name: "a panic is a 500", As: "admin", Path: "/fruits/666", Status: 500, Has: []string{`"internal"`}, Not: []string{"canary"}},
		webtest.Scenario{Name: "a file has its name", As: "admin", Path: "/fruits.csv", Status: 200, Has: []string{"Content-Disposition: attachment", "id,name"}},
		webtest.Scenario{Name: "an unknown route is 404 as JSON", As: "admin", Path: "/nothing", Status: 404, Has: []string{"no_such_route"}},
		webtest.Scenario{Name: "a wrong method is 405 and says which", As: "admin", Method: "PUT", Path: "/fruits", Body: "{}", Status: 405, Has: []string{"Allow: GET, POST"}},
		webtest.Scenario{Name: "a browser on another site is refused", As: "admin", Method: "DELETE", Path: "/fruits/7", Header: map[string]string{"Sec-Fetch-Site": "cross-site"}, Status: 403, Has: []string{"cross_origin"}},
		webtest.Scenario{Name: "alive", Path: "//healthz", Status: 200, Has: []string{"Content-Security-Policy: default-src 'self'", "X-Frame-Options: DENY"}},
		webtest.Scenario{Name: "ready", Path: "//readyz", Status: 200, Has: []string{`"listener":"ok"`}},
		webtest.Scenario{Name: "the specification", Path: "//api/openapi.json", Status: 200, Not: []string{"V2Error"}, Has: []string{`"openapi": "3.1.0"`, `"x-permission": "fruit.write"`, "FruitPage", `"/fruits/{id}"`}},
	)
}
