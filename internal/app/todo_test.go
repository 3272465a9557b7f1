package app_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// Words that look like fraud wait for an owner, with the evidence; nobody below reads or decides.
func TestFraudWaitsForAnOwner(t *testing.T) {
	t.Parallel()
	a := alone(t)
	as := func(role auth.Role) string { return token(t, a, auth.NewToken{Role: role}) }
	f := governance.Field{Name: "text", Text: "您的银行账户已被冻结，请点击链接输入密码解除"}
	check, err := a.Governor.CheckFor(t.Context(), a.CorpID, governance.Marketing, governance.MassCustomer, f)
	if err != nil {
		t.Fatal(err)
	}
	err = a.Governor.Suspect(t.Context(), a.CorpID, "S01", "broadcast/7", governance.Said{Title: "会员日", Fields: []governance.Field{f}, Check: check, Freeze: true})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := a.Governor.Frauds(t.Context(), a.CorpID, 1)
	if err != nil || len(cases) != 1 {
		t.Fatalf("%+v %v", cases, err)
	}
	decide := "/governance/frauds/" + strconv.FormatInt(cases[0].ID, 10) + "/decide"
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "the home page of an owner", As: as(auth.Owner), Path: "/home", Status: 200, Has: []string{`"kind":"fraud"`, "1 条疑似诈骗"}},
		webtest.Scenario{Name: "the home page of an auditor", As: as(auth.Auditor), Path: "/home", Status: 200, Not: []string{`"kind":"fraud"`}},
		webtest.Scenario{Name: "an auditor reads the evidence", As: as(auth.Auditor), Path: "/governance/frauds", Status: 200, Has: []string{"银行账户", `"rule_id":"LNK-10"`, `"intact":true`, `"frozen":true`, `"kind":"broadcast"`, `"may_decide":false`}},
		webtest.Scenario{Name: "an operator does not", As: as(auth.Operator), Path: "/governance/frauds", Status: 403},
		webtest.Scenario{Name: "a manager does not decide", As: as(auth.Manager), Method: "POST", Path: decide, Body: `{"confirmed":false,"note":"不是诈骗"}`, Status: 403},
		webtest.Scenario{Name: "an owner says what was done", As: as(auth.Owner), Method: "POST", Path: decide, Body: `{"confirmed":true,"note":"已报警"}`, Status: 200, Has: []string{`"state":"confirmed"`, "已报警", `"frozen":true`, `"intact":true`}},
		webtest.Scenario{Name: "it waits no more", As: as(auth.Owner), Path: "/home", Status: 200, Not: []string{`"kind":"fraud"`}},
	)
}

// An account in two places waits for an owner, and for nobody else.
func TestAnAccountInTwoPlacesWaitsForAnOwner(t *testing.T) {
	t.Parallel()
	a := alone(t)
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&auth.Shared{
			CorpID: a.CorpID, ID: 7, Account: "S01", Browsers: `["Chrome · Windows","Safari · iPhone"]`, Uses: `[]`, Times: 1, State: auth.SharedOpen,
		}).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	owner := token(t, a, auth.NewToken{Role: auth.Owner})
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "an owner", As: owner, Path: "/home", Status: 200, Has: []string{`"kind":"shared_login"`, "1 个账号同时在两处使用"}},
		webtest.Scenario{Name: "a manager", As: token(t, a, auth.NewToken{Role: auth.Manager}), Path: "/home", Status: 200, Not: []string{`"kind":"shared_login"`}},
		webtest.Scenario{Name: "the decision", As: owner, Method: "POST", Path: "/shared-logins/7/decide", Body: `{"one_person":true,"note":"电脑和手机"}`, Status: 200, Has: []string{`"state":"one_person"`}},
		webtest.Scenario{Name: "it waits no more", As: owner, Path: "/home", Status: 200, Not: []string{`"kind":"shared_login"`}},
	)
}

// A site whose links rest until it is repaired is on the list of those who can note that it was, and of nobody else.
func TestASiteToRepairWaitsForAPerson(t *testing.T) {
	t.Parallel()
	a := alone(t)
	home := func(role auth.Role) string {
		t.Helper()
		status, answer := webtest.Do(t, a.API.Handler(), webtest.Scenario{As: token(t, a, auth.NewToken{Role: role}), Method: "GET", Path: "/home"})
		if status != http.StatusOK {
			t.Fatalf("home answers %d: %s", status, answer)
		}
		return answer
	}
	p, err := a.Governor.NotePenalty(t.Context(), governance.SitePenalty{
		CorpID: a.CorpID, Host: "shop.example.com", At: a.World.Now(), Evidence: "点开链接提示：网页包含诱导分享内容", MadeBy: "S01",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := home(auth.Owner); !strings.Contains(got, `"kind":"site_penalty"`) || !strings.Contains(got, "shop.example.com") {
		t.Fatalf("an owner's list: %s", got)
	}
	if got := home(auth.Auditor); strings.Contains(got, "site_penalty") {
		t.Fatalf("an auditor's list: %s", got)
	}
	if err := a.Governor.RepairSite(t.Context(), a.CorpID, p.ID, "S01", "去掉了分享有礼，微信已恢复"); err != nil {
		t.Fatal(err)
	}
	if got := home(auth.Owner); strings.Contains(got, "site_penalty") {
		t.Fatalf("an owner's list after the repair: %s", got)
	}
}

// A limited account is told to those who run the work and to the member, waits on the home page and on the list of stops, and a
// person's word ends it. Owners alone say which codes mean it.
func TestALimitedMemberWaitsForAPerson(t *testing.T) {
	t.Parallel()
	a := alone(t)
	owner, manager := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Manager})
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE staff SET role = ?, scope = ?, active = TRUE WHERE id = 'S02'", auth.Manager, web.All).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "a manager notes a code", As: manager, Method: "POST", Path: "/governance/limited-codes", Body: `{"code":99001,"note":"欢迎语时返回"}`, Status: 403},
		webtest.Scenario{Name: "one that means something else", As: owner, Method: "POST", Path: "/governance/limited-codes", Body: `{"code":45009,"note":"欢迎语时返回"}`, Status: 422, Has: []string{"governance.limited_documented"}},
		webtest.Scenario{Name: "an owner notes a code", As: owner, Method: "POST", Path: "/governance/limited-codes", Body: `{"code":99001,"note":"欢迎语时返回"}`, Status: 201, Has: []string{`"code":99001`}},
		webtest.Scenario{Name: "everybody reads it", As: manager, Path: "/governance/limited-codes", Status: 200, Has: []string{"欢迎语时返回"}},
		webtest.Scenario{Name: "a person says it of nobody", As: manager, Method: "POST", Path: "/governance/halts", Body: `{"limited":true,"reason":"微信被限制"}`, Status: 422, Has: []string{"governance.limited_staff"}},
		webtest.Scenario{Name: "a person says it", As: manager, Method: "POST", Path: "/governance/halts", Body: `{"staff_id":"S01","limited":true,"reason":"微信被限制"}`, Status: 204},
		webtest.Scenario{Name: "the home page", As: manager, Path: "/home", Status: 200, Has: []string{`"kind":"limited"`, "1 名成员的账号受限"}},
		webtest.Scenario{Name: "the list of stops", As: manager, Path: "/governance/halts", Status: 200, Has: []string{`"kind":"limited"`, "微信被限制"}},
	)
	var told []string
	if err := a.DB.Read().NewRaw("SELECT payload FROM work WHERE kind = 'notice.tell' ORDER BY id").Scan(t.Context(), &told); err != nil || len(told) != 1 {
		t.Fatalf("%q %v", told, err)
	}
	if !strings.Contains(told[0], `"Staff":["S02","S01"]`) || !strings.Contains(told[0], "账号受限") {
		t.Fatalf("told %q", told[0])
	}
	stops, err := a.Governor.LimitedMembers(t.Context(), a.DB.Read(), a.CorpID)
	if err != nil || len(stops) != 1 {
		t.Fatal(stops, err)
	}
	webtest.Run(
		t, a.API,
		webtest.Scenario{Name: "lifted", As: manager, Method: "DELETE", Path: "/governance/halts/" + strconv.FormatInt(stops[0].ID, 10), Status: 204},
		webtest.Scenario{Name: "it waits no more", As: manager, Path: "/home", Status: 200, Not: []string{`"kind":"limited"`}},
	)
}

// Unanswered greetings stand in the queue of reviews, with what was said; not the member's own, for them to decide.
func TestUnansweredGreetingsWaitForAReview(t *testing.T) {
	t.Parallel()
	a := alone(t)
	e := governance.Greeted{
		CorpID: a.CorpID, StaffID: "S01", Count: 21, From: a.World.Now(), To: a.World.Now(), Texts: []string{"您好，了解一下我们的新品？"},
		Rule: governance.Finding{RuleID: "ACC-12", Severity: governance.Review, Text: "21 · 10:00–10:40"},
	}
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, f := range a.Governor.OnGreeted {
			if err := f(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	webtest.Run(t, a.API, webtest.Scenario{
		Name: "the queue", As: token(t, a, auth.NewToken{Role: auth.Manager}), Path: "/reviews", Status: 200, Has: []string{`"noun":"greeting"`, "了解一下我们的新品", "ACC-12", `"held":false`},
	})
}
