package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// What a customer wants about their own data is on their page and in the queue, the first one due first, until it is answered; while
// they are being erased their page says so.
func TestWhatACustomerWantsIsOnTheirPageUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	a := alone(t)
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, id := range []string{"wmOne", "wmTwo"} {
			if _, err := tx.NewRaw("INSERT INTO customer (corp_id, id, name, live, added_at) VALUES (?, ?, ?, TRUE, 1)", a.CorpID, id, "客户 "+id).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h := a.API.Handler()
	manager := token(t, a, auth.NewToken{Role: auth.Manager, Scope: web.All})
	call := func(method, path, body string, want int) string {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: manager, Method: method, Path: path, Body: body})
		if status != want {
			t.Fatalf("%s %s answers %d, want %d: %s", method, path, status, want, answer)
		}
		return answer
	}
	for _, c := range []string{"wmOne", "wmTwo"} {
		call("POST", "/customers/"+c+"/requests", `{"kind":"copy"}`, http.StatusCreated)
	}
	if page := call("GET", "/customers/wmOne", "", http.StatusOK); !strings.Contains(page, `"requests":[{"id":`) || strings.Contains(page, `"erasing"`) {
		t.Errorf("the page of the customer: %s", page)
	}
	queue := call("GET", "/privacy/requests?state=open", "", http.StatusOK)
	if one, two := strings.Index(queue, `"wmOne"`), strings.Index(queue, `"wmTwo"`); one < 0 || two < one {
		t.Errorf("the first one due does not come first: %s", queue)
	}
	if first := call("GET", "/privacy/requests?state=open&limit=1", "", http.StatusOK); !strings.Contains(first, `"wmOne"`) || strings.Contains(first, `"wmTwo"`) {
		t.Errorf("the first page: %s", first)
	} else if _, rest, _ := strings.Cut(first, `"next":"`); !strings.Contains(call("GET", "/privacy/requests?state=open&limit=1&after="+strings.Split(rest, `"`)[0], "", http.StatusOK), `"wmTwo"`) {
		t.Error("the second page does not go on")
	}
	open, _, err := a.Privacy.Pending(t.Context(), "wmOne")
	if err != nil || len(open) != 1 {
		t.Fatalf("%v %v", open, err)
	}
	call("POST", "/privacy/requests/"+string(web.IDOf(open[0].ID))+"/end", `{"granted":true,"note":"已寄给本人"}`, http.StatusNoContent)
	if ended := call("GET", "/privacy/requests?state=ended", "", http.StatusOK); !strings.Contains(ended, "已寄给本人") || strings.Contains(ended, `"wmTwo"`) {
		t.Errorf("what was answered: %s", ended)
	}
	call("POST", "/customers/wmOne/erase", `{"reason":"本人要求"}`, http.StatusAccepted)
	page := call("GET", "/customers/wmOne", "", http.StatusOK)
	if !strings.Contains(page, `"erasing":{"since":`) || !strings.Contains(page, `"requests":[]`) {
		t.Errorf("the page of who is being erased: %s", page)
	}
	if asked := call("GET", "/privacy/erasures?why=asked", "", http.StatusOK); !strings.Contains(asked, `"wmOne"`) {
		t.Errorf("erasures that somebody asked for: %s", asked)
	}
	if aged := call("GET", "/privacy/erasures?why=expired", "", http.StatusOK); !strings.Contains(aged, `"total":0`) {
		t.Errorf("erasures by age: %s", aged)
	}
}

// Before periods are set an owner is told what the next night would end; nothing is changed by looking.
func TestAnOwnerSeesWhatANightWouldEndBeforeSettingPeriods(t *testing.T) {
	t.Parallel()
	a := alone(t)
	long := a.World.Now().Add(-400 * 24 * time.Hour)
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for id, lost := range map[string]clock.Time{"wmLong": long, "wmJust": a.World.Now().Add(-40 * 24 * time.Hour)} {
			if _, err := tx.NewRaw("INSERT INTO customer (corp_id, id, name, live, added_at, lost_at) VALUES (?, ?, '', FALSE, 1, ?)", a.CorpID, id, lost).Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewRaw("INSERT INTO groupchat_move (corp_id, id, chat_id, member_id, kind, what, state, at) VALUES (?, 7, 'wr1', 'wmLong', 'customer', 'join', '', ?)", a.CorpID, long).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	as := func(role auth.Role) string { return token(t, a, auth.NewToken{Role: role}) }
	look := func(name, body string, status int, has, not []string) webtest.Scenario {
		return webtest.Scenario{Name: name, As: as(auth.Owner), Method: "POST", Path: "/privacy/periods/reach", Body: body, Status: status, Has: has, Not: not}
	}
	webtest.Run(
		t, a.API,
		look("by the periods as they come, who was lost long ago", `{"contact":365,"words":365,"record":1095,"evidence":1095}`, 200, []string{`"what":"persons","n":1,"more":false`}, []string{"groupchat_move"}),
		look("by shorter ones, also who was lost lately and what happened", `{"contact":30,"words":365,"record":366,"evidence":1095}`, 200, []string{`"n":2`, `"table":"groupchat_move","title":"进群与退群","what":"persons","n":1`}, nil),
		look("a wrong one is named, in words", `{"contact":365,"words":365,"record":1095,"evidence":30}`, 422, []string{"body.evidence", "30 天不行：同意与拒绝的凭证至少留三年，最多 3650 天。"}, nil),
		webtest.Scenario{Name: "a manager does not set them", As: as(auth.Manager), Method: "POST", Path: "/privacy/periods/reach", Body: `{"contact":365,"words":365,"record":1095,"evidence":1095}`, Status: 403},
		webtest.Scenario{Name: "nothing was changed", As: as(auth.Owner), Path: "/privacy/register", Status: 200, Has: []string{`"version":0`}},
	)
}
