package kf_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// near answers names as they stand in no other room, and the scope of the caller's own member.
func near() kf.Neighbours {
	return kf.Neighbours{
		Scope: func(ctx context.Context) ([]string, error) {
			if who := web.Caller(ctx); !who.SeesAll() {
				return []string{who.StaffID}, nil
			}
			return nil, nil
		},
		Staff: func(_ context.Context, ids []string) (map[string]string, error) {
			out := map[string]string{}
			for _, id := range ids {
				if id != "nobody" {
					out[id] = "成员 " + id
				}
			}
			return out, nil
		},
	}
}

func TestRoutesOfTheInbox(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		account, customer := n.says("", "", "人工")
		n.quiet()
		id := n.session(customer).ID
		outsider := "nobody-serves-here"
		api := webtest.New(t, map[string]web.Who{
			"admin": webtest.Admin(), "S01": webtest.Who(web.All, "S01", "kf.*"), "reader": webtest.Who(web.All, "S02", "kf.read"),
			"out": webtest.Who(web.Own, outsider, "kf.*"),
		})
		place := near()
		place.Zone = morning.Location()
		n.kf.RegisterAPI(api, place)
		path := fmt.Sprintf("/kf/sessions/%d", id)
		post := http.MethodPost
		webtest.Run(t, api,
			webtest.Scenario{Name: "accounts with their desk", As: "S01", Path: "/kf/accounts", Status: 200, Has: []string{account, `"desk":"console"`}},
			webtest.Scenario{Name: "nobody logged in", Path: "/kf/accounts", Status: 401},
			webtest.Scenario{Name: "the queue", As: "S01", Path: "/kf/sessions?view=waiting", Status: 200, Has: []string{customer, `"state":"waiting"`, "客户要求人工", `"left_messages":4`}},
			webtest.Scenario{Name: "nobody's own is empty", As: "S01", Path: "/kf/sessions?view=mine", Status: 200, Has: []string{`"items":[]`, `"total":0`}},
			webtest.Scenario{Name: "out of scope is not listed", As: "out", Path: "/kf/sessions?view=waiting", Status: 200, Not: []string{customer}},
			webtest.Scenario{Name: "out of scope does not exist", As: "out", Path: path, Status: 404},
			webtest.Scenario{Name: "out of scope cannot be read", As: "out", Path: path + "/messages", Status: 404},
			webtest.Scenario{Name: "out of scope cannot be taken", As: "out", Method: post, Path: path + "/take", Status: 404},
			webtest.Scenario{Name: "a reader cannot take", As: "reader", Method: post, Path: path + "/take", Status: 403},
			webtest.Scenario{Name: "an odd page mark", As: "S01", Path: "/kf/sessions?after=x", Status: 422},
			webtest.Scenario{Name: "taking", As: "S01", Method: post, Path: path + "/take", Status: 200, Has: []string{`"state":"human"`, "成员 S01", "接起会话"}},
			webtest.Scenario{Name: "an empty answer", As: "S01", Method: post, Path: path + "/messages", Body: `{"text":"","key":"a"}`, Status: 422},
			webtest.Scenario{Name: "answering", As: "S01", Method: post, Path: path + "/messages", Body: `{"text":"您好，我是店长","key":"a"}`, Status: 201, Has: []string{`"from":"agent"`, `"state":"sending"`, `"touch_id"`}},
			webtest.Scenario{Name: "a note", As: "S01", Method: post, Path: path + "/note", Body: `{"text":"老客户"}`, Status: 200},
			webtest.Scenario{Name: "the talk", As: "S01", Path: path + "/messages", Status: 200, Has: []string{"您好，我是店长", "老客户", `"type":"note"`}, Not: []string{"kf/ww"}},
			webtest.Scenario{Name: "handing to nobody", As: "S01", Method: post, Path: path + "/transfer", Body: `{"staff_id":"nobody"}`, Status: 422},
			webtest.Scenario{Name: "handing on", As: "S01", Method: post, Path: path + "/transfer", Body: `{"staff_id":"S02"}`, Status: 200, Has: []string{"成员 S02"}},
			webtest.Scenario{Name: "writing into a colleague's", As: "S01", Method: post, Path: path + "/messages", Body: `{"text":"再说一句","key":"b"}`, Status: 409},
			webtest.Scenario{Name: "putting back", As: "S01", Method: post, Path: path + "/release", Status: 200, Has: []string{`"state":"waiting"`}},
			webtest.Scenario{Name: "putting back again", As: "S01", Method: post, Path: path + "/release", Status: 409},
			webtest.Scenario{Name: "ending", As: "S01", Method: post, Path: path + "/end", Status: 200, Has: []string{`"state":"ended"`}},
			webtest.Scenario{Name: "taking what ended", As: "S01", Method: post, Path: path + "/take", Status: 409},
			webtest.Scenario{Name: "ended ones", As: "S01", Path: "/kf/sessions?view=ended&q=", Status: 200, Has: []string{customer}},
			webtest.Scenario{Name: "changing an account", As: "admin", Method: http.MethodPatch, Path: "/kf/accounts/" + account, Body: `{"desk":"wecom","greeting":"你好"}`, Status: 200, Has: []string{`"desk":"wecom"`, "你好"}},
			webtest.Scenario{Name: "an unknown desk", As: "admin", Method: http.MethodPatch, Path: "/kf/accounts/" + account, Body: `{"desk":"phone"}`, Status: 422},
			webtest.Scenario{Name: "a link", As: "admin", Method: post, Path: "/kf/accounts/" + account + "/link", Status: 200, Has: []string{`/kf/kfc`}},
		)
		n.quiet()
		if got := n.delivered(customer); len(got) != 2 || got[1] != "您好，我是店长" {
			t.Fatalf("the customer got %q", got)
		}
	})
}
