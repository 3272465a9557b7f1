package app_test

import (
	"context"
	"strconv"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

const noticeText = `{"who":{"zh":"花间花艺，电话 021-0000000"},"how":{"zh":"昵称、标签和聊天"},"keep":{"zh":"关系结束后一年"},"rights":{"zh":"查询、更正、删除"},
	"purposes":[{"id":"service","text":{"zh":"回答您的问题"}},{"id":"marketing","text":{"zh":"告诉您活动和新品"}}]}`

// Until the corp tells its customers what their data is used for, those who can publish it are reminded, and nobody else.
func TestANoticeIsAskedForUntilItIsPublished(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	as := func(role auth.Role) string { return token(t, a, auth.NewToken{Role: role, Scope: web.All}) }
	owner, manager := as(auth.Owner), as(auth.Manager)
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "the home page", As: manager, Path: "/home", Status: 200, Has: []string{`"kind":"privacy_notice"`, "/purposes"}},
		webtest.Scenario{Name: "of an operator", As: as(auth.Operator), Path: "/home", Status: 200, Not: []string{"privacy_notice"}},
		webtest.Scenario{Name: "the doctor", As: owner, Path: "/doctor", Status: 200, Has: []string{`"id":"notice"`, "LAW-01"}},
		webtest.Scenario{Name: "the register", As: as(auth.Operator), Path: "/governance/purposes", Status: 200, Has: []string{`"id":"marketing"`, `"basis":"consent"`, `"named":false`, `"notices":[]`, `"customers":2`}},
		webtest.Scenario{Name: "an operator publishes nothing", As: as(auth.Operator), Method: "POST", Path: "/governance/notices", Body: `{"text":` + noticeText + `,"changes":"第一版"}`, Status: 403},
		webtest.Scenario{Name: "what is missing is named", As: manager, Method: "POST", Path: "/governance/notices", Body: `{"text":{"who":{"zh":"花间"},"how":{"zh":""},"keep":{"zh":""},"rights":{"zh":""},"purposes":[{"id":"service","text":{"zh":"回答您"}}]},"changes":"第一版"}`, Status: 422, Has: []string{"notice.text"}},
		webtest.Scenario{Name: "a manager publishes", As: manager, Method: "POST", Path: "/governance/notices", Body: `{"text":` + noticeText + `,"changes":"第一版"}`, Status: 201, Has: []string{`"version":1`, `"sha256":"`, `"intact":true`}},
		webtest.Scenario{Name: "the register then", As: owner, Path: "/governance/purposes", Status: 200, Has: []string{`"named":true`, `"version":1`, `"purposes":["service","marketing"]`}},
		webtest.Scenario{Name: "one version", As: owner, Path: "/governance/notices/1", Status: 200, Has: []string{"021-0000000", `"intact":true`}},
		webtest.Scenario{Name: "one that is none", As: owner, Path: "/governance/notices/2", Status: 404},
		webtest.Scenario{Name: "it waits no more", As: manager, Path: "/home", Status: 200, Not: []string{"privacy_notice"}},
		webtest.Scenario{Name: "the log", As: owner, Path: "/audit/entries?act=notice.publish", Status: 200, Has: []string{`"notice.publish"`}},
	)
}

// A member marks their own customers, and no others; the page says what that does.
func TestAMemberMarksACustomerOfTheirs(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	owner, member := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Staff, Scope: web.Own, StaffID: "S01"})
	mark := `{"age":"under_14","reason":"家长到店说孩子 12 岁"}`
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "nobody said so", As: member, Path: "/customers/wm1/age", Status: 200, Has: []string{`"history":[]`, `"guardian":[]`}, Not: []string{`"mark"`}},
		webtest.Scenario{Name: "somebody else's customer", As: member, Method: "POST", Path: "/customers/wm2/age", Body: mark, Status: 404},
		webtest.Scenario{Name: "an auditor", As: token(t, a, auth.NewToken{Role: auth.Auditor}), Method: "POST", Path: "/customers/wm1/age", Body: mark, Status: 403},
		webtest.Scenario{Name: "without a reason", As: member, Method: "POST", Path: "/customers/wm1/age", Body: `{"age":"under_14","reason":" "}`, Status: 422, Has: []string{"body.reason"}},
		webtest.Scenario{Name: "a guardian before the mark", As: member, Method: "POST", Path: "/customers/wm1/guardian-consents", Body: `{"guardian":"李岚，母亲","words":"到店签字","purposes":["marketing"]}`, Status: 409, Has: []string{"minor.unmarked"}},
		webtest.Scenario{Name: "their own", As: member, Method: "POST", Path: "/customers/wm1/age", Body: mark, Status: 200, Has: []string{`"age":"under_14"`, "12 岁"}},
		webtest.Scenario{Name: "the customer's page", As: member, Path: "/customers/wm1", Status: 200, Has: []string{`"age":"under_14"`, `"no_guardian":true`}},
		webtest.Scenario{Name: "the guardian agrees", As: member, Method: "POST", Path: "/customers/wm1/guardian-consents", Body: `{"guardian":"李岚，母亲","words":"到店签字","purposes":["marketing"]}`, Status: 200, Has: []string{`"purpose":"marketing"`, "李岚，母亲"}},
		webtest.Scenario{Name: "the page then", As: owner, Path: "/customers/wm1", Status: 200, Has: []string{`"age":"under_14"`}, Not: []string{"no_guardian"}},
		webtest.Scenario{Name: "the evidence", As: owner, Path: "/customers/wm1/consents", Status: 200, Has: []string{`"guardian":"李岚，母亲"`, `"words_sha256":"`}},
		webtest.Scenario{Name: "the guardian takes it back", As: member, Method: "POST", Path: "/customers/wm1/guardian-consents/end", Body: `{}`, Status: 200, Has: []string{`"guardian":[]`}},
		webtest.Scenario{Name: "it was a mistake", As: member, Method: "POST", Path: "/customers/wm1/age/end", Body: `{"reason":"弄错了人"}`, Status: 200, Has: []string{`"end_reason":"弄错了人"`}, Not: []string{`"mark"`}},
		webtest.Scenario{Name: "nothing to end", As: member, Method: "POST", Path: "/customers/wm1/age/end", Body: `{"reason":"弄错了人"}`, Status: 404},
		webtest.Scenario{Name: "the log", As: owner, Path: "/audit/entries?act=age.mark", Status: 200, Has: []string{`"age.mark"`}},
	)
}

// What is refused to a minor, and what passed by a notice, is told in words on the why page.
func TestTheWhyPageTellsOfAgeAndNotice(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	owner := token(t, a, auth.NewToken{Role: auth.Owner, Scope: web.All})
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "a notice", As: owner, Method: "POST", Path: "/governance/notices", Body: `{"text":` + noticeText + `,"changes":"第一版"}`, Status: 201},
		webtest.Scenario{Name: "a mark", As: owner, Method: "POST", Path: "/customers/wm1/age", Body: `{"age":"under_18","reason":"本人说的"}`, Status: 200},
	)
	ask := func(key string, traits bool) string {
		t.Helper()
		var out []governance.Decision
		err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
			out, err = a.Governor.Reserve(ctx, tx, governance.Request{
				CorpID: a.CorpID, Key: key, CustomerID: "wm1", StaffID: "S01", Channel: governance.MassCustomer, Class: governance.Marketing, Traits: traits,
				Texts: []string{"【花间】周末护理课开放预约。"}, By: "S01", Reason: "会员日通知",
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(out[0].TouchID, 10)
	}
	held, sent := ask("k/1", true), ask("k/2", false)
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "chosen by tags", As: owner, Path: "/touches/" + held, Status: 200, Has: []string{`"rule_id":"LAW-08"`, `"value":"未满 18 岁"`, "不按标签和行为给他们挑选营销", "监护人"}},
		webtest.Scenario{Name: "to everybody", As: owner, Path: "/touches/" + sent, Status: 200, Has: []string{`"value":"告知第 1 版"`}},
		webtest.Scenario{Name: "decided again", As: owner, Method: "POST", Path: "/touches/" + held + "/recompute", Body: `{}`, Status: 200, Has: []string{`"same":true`}},
	)
}
