package broadcast_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	api := webtest.New(t, map[string]web.Who{
		"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S99", "broadcast.*"), "auditor": webtest.Who(web.All, "S98", "*.read"),
	})
	names := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "名字 " + id
		}
		return out, nil
	}
	n.sends.RegisterAPI(api, broadcast.Neighbours{Staff: names, Customers: names, Scope: func(ctx context.Context) ([]string, error) {
		if who := web.Caller(ctx); !who.SeesAll() {
			return []string{who.StaffID}, nil
		}
		return nil, nil
	}})
	b, err := n.sends.Create(t.Context(), "admin", broadcast.Words{Name: "会员日 100%", Text: "周末护理课开放预约。"})
	n.must(err)
	path := fmt.Sprint("/broadcasts/", b.ID)
	body := `{"name":"双周","text":"周末护理课开放预约。","audience":{"tags":[]}}`
	webtest.Run(t, api,
		webtest.Scenario{
			Name: "a preview", As: "admin", Method: "POST", Path: "/broadcasts/preview", Body: body, Status: 200,
			Has: []string{`"matched":60`, `"reachable":60`, `"limit":4000`, `"limit":30`, `"verdict":"allow"`, `"per_staff":[{"staff":{"id":`}, Not: []string{"opens_at"},
		},
		webtest.Scenario{
			Name: "a preview of what is not allowed says where", As: "admin", Method: "POST", Path: "/broadcasts/preview",
			Body: `{"text":"你好，转发到朋友圈领红包","audience":{"tags":[]}}`, Status: 200, Has: []string{`"verdict":"block"`, `"rule_id":"LNK-01"`, `"start":3`},
		},
		webtest.Scenario{
			Name: "to the customers of a department", As: "admin", Method: "POST", Path: "/broadcasts/preview", Status: 200,
			Body: `{"text":"周末护理课开放预约。","audience":{"tags":[],"departments":["2"]}}`, Has: []string{`"per_staff":[{"staff":{"id":"S02"`}, Not: []string{`"matched":60`, `"id":"S01"`},
		},
		webtest.Scenario{
			Name: "and of a member beside it", As: "admin", Method: "POST", Path: "/broadcasts/preview", Status: 200,
			Body: `{"text":"周末护理课开放预约。","audience":{"tags":[],"staff":["S01"],"departments":["2"]}}`, Has: []string{`"id":"S01"`, `"id":"S02"`}, Not: []string{`"id":"S03"`},
		},
		webtest.Scenario{
			Name: "a department that there is not", As: "admin", Method: "POST", Path: "/broadcasts/preview", Status: 422,
			Body: `{"text":"周末护理课开放预约。","audience":{"tags":[],"departments":["9"]}}`, Has: []string{"audience.departments", "9"},
		},
		webtest.Scenario{Name: "a draft", As: "own", Method: "POST", Path: "/broadcasts", Body: body, Status: 200, Has: []string{`"state":"draft"`, "名字 S99"}},
		webtest.Scenario{
			Name: "too long by bytes", As: "admin", Method: "POST", Path: "/broadcasts", Status: 422, Has: []string{"4000", "broadcast.too_long"},
			Body: `{"name":"长","text":"` + strings.Repeat("好", 1400) + `","audience":{"tags":[]}}`,
		},
		webtest.Scenario{Name: "the list", As: "admin", Path: "/broadcasts", Status: 200, Has: []string{`"total":2`}},
		webtest.Scenario{Name: "a search takes signs as they are", As: "admin", Path: "/broadcasts?q=100%25&state=draft", Status: 200, Has: []string{`"total":1`}},
		webtest.Scenario{Name: "a member sees their own", As: "own", Path: "/broadcasts", Status: 200, Has: []string{`"total":1`, "双周"}},
		webtest.Scenario{Name: "and no other", As: "own", Path: path, Status: 404},
		webtest.Scenario{Name: "an auditor changes nothing", As: "auditor", Method: "POST", Path: path + "/submit", Body: `{"expect_reachable":60}`, Status: 403},
		webtest.Scenario{
			Name: "a change", As: "admin", Method: "PATCH", Path: path, Body: `{"name":"会员日","text":"改过的话","benefit":"可以预约","audience":{"tags":[],"tag_mode":"all"}}`,
			Status: 200, Has: []string{"改过的话"},
		},
		webtest.Scenario{Name: "the plan", As: "auditor", Path: path + "/plan", Status: 200, Has: []string{`"reachable":60`, `"closes_at":"2026-11-24T21:00:00+08:00"`}},
		webtest.Scenario{Name: "a preview for nobody", As: "admin", Method: "POST", Path: path + "/test", Body: `{}`, Status: 422, Has: []string{"broadcast.no_author"}},
		webtest.Scenario{Name: "it grew", As: "admin", Method: "POST", Path: path + "/submit", Body: `{"expect_reachable":1}`, Status: 409, Has: []string{"broadcast.reach_changed", "60"}},
		webtest.Scenario{Name: "it starts", As: "admin", Method: "POST", Path: path + "/submit", Body: `{"expect_reachable":60}`, Status: 200, Has: []string{`"state":"planned"`, `"matched":60`}},
		webtest.Scenario{Name: "once", As: "admin", Method: "POST", Path: path + "/submit", Body: `{"expect_reachable":60}`, Status: 409, Has: []string{"broadcast.not_draft"}},
	)
	n.allOpen(b.ID)
	webtest.Run(t, api,
		webtest.Scenario{Name: "the members' tasks", As: "admin", Path: path + "/tasks", Status: 200, Has: []string{`"state":"waiting"`}},
		webtest.Scenario{Name: "the receivers", As: "admin", Path: path + "/receivers?state=tasked&limit=2", Status: 200, Has: []string{`"total":60`, `"touch_id":"`, `"next":"`}},
		webtest.Scenario{Name: "nobody is late", As: "admin", Path: path + "/receivers?state=late", Status: 200, Has: []string{`"total":0`}},
		webtest.Scenario{Name: "a reminder", As: "admin", Method: "POST", Path: path + "/remind", Status: 200, Has: []string{`"reminded":`}},
		webtest.Scenario{Name: "an end", As: "admin", Method: "POST", Path: path + "/cancel", Status: 200, Has: []string{`"state":"cancelled"`}},
		webtest.Scenario{Name: "a draft goes", As: "admin", Method: "DELETE", Path: path, Status: 409},
	)
}

func TestTwoNodesKeepTheCapOfOneADay(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	box := newBox(t, tuesday)
	one, two := newNode(t, box, d, "n1"), newNode(t, box, d, "n2")
	a, b := one.submit("会员日"), func() *broadcast.Broadcast {
		w := broadcast.Words{Name: "新课", Text: "【花间】新课：周日开放预约。"}
		b, err := two.sends.Create(t.Context(), "S02", w)
		two.must(err)
		b, err = two.sends.Submit(t.Context(), b.ID, "S02", nil, 60)
		if err != nil { // the first was faster with everybody
			return nil
		}
		return b
	}()
	one.eventually("both to be decided", func() bool {
		return one.state(a.ID) != broadcast.Planned && (b == nil || one.state(b.ID) != broadcast.Planned)
	})
	one.eventually("everybody to be settled", func() bool {
		one.confirmAll()
		return one.counts(a.ID).Waiting == 0 && (b == nil || one.counts(b.ID).Waiting == 0)
	})
	got := one.massDeliveries()
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s got %d", id, times)
		}
	}
	if len(got) == 0 {
		t.Fatal("nobody got anything")
	}
	one.agrees()
}
