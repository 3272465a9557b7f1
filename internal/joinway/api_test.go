package joinway_test

import (
	"fmt"
	"net/http"
	"testing"

	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/sandbox"
)

func TestRoutesOfGroupCodes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	v := newTown(t, d)
	var chat string
	if err := d.Read().NewRaw("SELECT id FROM groupchat ORDER BY members LIMIT 1").Scan(t.Context(), &chat); err != nil {
		t.Fatal(err)
	}
	w, err := v.ways.Create(t.Context(), joinway.Way{Name: "老群", Rooms: rooms(chat)})
	if err != nil {
		t.Fatal(err)
	}
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "reader": webtest.Who(web.Own, "S01", "joinway.read")})
	v.ways.RegisterAPI(api, sandbox.Zone)
	path := fmt.Sprintf("/joinways/%d", w.ID)
	body := `{"name":"新名","chat_ids":["` + chat + `"],"auto_create_room":true,"room_base_name":"护肤"}`
	webtest.Run(t, api,
		webtest.Scenario{Name: "listing", As: "reader", Path: "/joinways", Status: 200, Has: []string{"老群", chat, `"limit":200`, "/p/groups/" + w.Page}},
		webtest.Scenario{Name: "the picture", As: "reader", Path: path + "/qr.png", Status: 200, Has: []string{"image/png"}},
		webtest.Scenario{Name: "a reader cannot make one", As: "reader", Method: http.MethodPost, Path: "/joinways", Body: body, Status: 403},
		webtest.Scenario{Name: "making one", As: "admin", Method: http.MethodPost, Path: "/joinways", Body: body, Status: 201, Has: []string{`"config_id"`, `"room_left"`}},
		webtest.Scenario{Name: "changing one", As: "admin", Method: http.MethodPatch, Path: path, Body: body, Status: 200, Has: []string{"新名", `"auto_create_room":true`}},
		webtest.Scenario{Name: "no groups", As: "admin", Method: http.MethodPost, Path: "/joinways", Body: `{"name":"x","chat_ids":[]}`, Status: 422, Has: []string{"body.chat_ids"}},
		webtest.Scenario{Name: "ending one", As: "admin", Method: http.MethodDelete, Path: path, Status: 204},
		webtest.Scenario{Name: "an ended one is gone", As: "reader", Path: path, Status: 404},
	)
}
