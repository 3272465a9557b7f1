package app_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/assessment"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/disclosure"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// asks calls routes, and fails when an answer is not as expected.
type asks struct {
	t *testing.T
	h http.Handler
}

func (c asks) call(as, method, path, body string, want int, has string) string {
	c.t.Helper()
	status, answer := webtest.Do(c.t, c.h, webtest.Scenario{As: as, Method: method, Path: path, Body: body})
	if status != want || !strings.Contains(answer, has) {
		c.t.Fatalf("%s %s answers %d, want %d with %s: %s", method, path, status, want, has, answer)
	}
	return answer
}

var longID = regexp.MustCompile(`"id":"(\d{9,})"`)

func (c asks) made(as, path, body string) string {
	c.t.Helper()
	status, answer := webtest.Do(c.t, c.h, webtest.Scenario{As: as, Method: "POST", Path: path, Body: body})
	found := longID.FindStringSubmatch(answer)
	if status > http.StatusCreated || len(found) != 2 {
		c.t.Fatalf("POST %s answers %d: %s", path, status, answer)
	}
	return found[1]
}

func (c asks) exec(a *app.App, queries ...string) {
	c.t.Helper()
	err := a.DB.Tx(c.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range queries {
			if _, err := tx.NewRaw(q).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func assess(t *testing.T, a *app.App, kinds ...assessment.Kind) *assessment.Assessment {
	t.Helper()
	day := a.World.Now().In(a.Zone)
	made, err := a.Assessments.Add(t.Context(), "admin", assessment.Draft{
		Title: "护理提醒", Kinds: kinds, Aims: "只为提醒复诊，客户单独同意，合法、正当、必要", Influence: "健康情况可能被别人看到，会影响生活安宁", Measures: "只给负责的成员看，看过的都有记录",
		Assessor: "店长 周周", AssessedOn: day.Format(time.DateOnly), ValidUntil: day.AddDate(1, 0, 0).Format(time.DateOnly),
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// A mass message or Moment to people with a sensitive tag, with a tag that a program gave, or to the silent goes to a second person while
// no impact assessment is in force, and cannot start before there is one; its number stays with it. Ordinary tags wait for nothing.
func TestWhatNeedsAnAssessmentDoesNotStartWithoutOne(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	c := asks{t, a.API.Handler()}
	owner := token(t, a, auth.NewToken{Role: auth.Owner})
	c.exec(a,
		"INSERT INTO tag (corp_id, id, group_id, name) VALUES ('ww1', '8', 'tg', '高血压'), ('ww1', '9', 'tg', '老客'), ('ww1', '10', 'tg', '高意向')",
		"INSERT INTO relation_tag (corp_id, customer_id, staff_id, tag_id) VALUES ('ww1', 'wm1', 'S01', '8'), ('ww1', 'wm1', 'S01', '9'), ('ww1', 'wm1', 'S01', '10')",
	)
	c.call(owner, "PUT", "/tags/8/consent", `{"reason":"到店签署的同意书"}`, http.StatusOK, "")
	c.call(owner, "PUT", "/governance/admission", `{"answers":{"gambling":false,"pornography":false,"fraud":false,"ecosystem":false,"data":false}}`, http.StatusOK, "")
	draft := func(more string) string {
		return c.made(owner, "/broadcasts", `{"name":"复诊提醒","text":"周末可以来店里量血压。","benefit":"免费测量",`+more+`}`)
	}
	submit := func(id, want string) {
		c.call(owner, "POST", "/broadcasts/"+id+"/submit", `{"expect_reachable":9}`, http.StatusOK, want)
	}

	submit(draft(`"audience":{"tags":["9"]}`), `"state":"planned"`)

	sensitive := draft(`"audience":{"tags":["8"]}`)
	c.call(owner, "GET", "/broadcasts/"+sensitive+"/plan", "", http.StatusOK, `"approval":"assessment","assessed":{"needs":[{"kind":"sensitive","name":"敏感个人信息","covered":false}],"numbers":[]}`)
	submit(sensitive, `"state":"review"`)
	c.call(owner, "GET", "/reviews?cause=assessment", "", http.StatusOK, `"total":1`)
	approve := func(id string) error {
		_, err := a.Broadcasts.Approve(t.Context(), webID(id), "S02", 9)
		return err
	}
	if err := approve(sensitive); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "LAW-17") {
		t.Fatalf("approved without an assessment: %v", err)
	}
	made := assess(t, a, assessment.Sensitive)
	if err := approve(sensitive); err != nil {
		t.Fatal(err)
	}
	c.call(owner, "GET", "/broadcasts/"+sensitive, "", http.StatusOK, `"assessments":["`+made.Number+`"]`)
	again := draft(`"audience":{"tags":[],"exclude_tags":["8"]}`)
	submit(again, `"assessments":["`+made.Number+`"]`)
	c.call(owner, "GET", "/broadcasts/"+again, "", http.StatusOK, `"state":"planned"`)

	// A program gives a tag: it is on the list from then on.
	c.exec(a, "DELETE FROM relation_tag WHERE tag_id = '10'")
	if err := a.Assessments.GivenByToken(t.Context(), "token:crm", []string{"10"}); err != nil {
		t.Fatal(err)
	}
	c.exec(a, "INSERT INTO relation_tag (corp_id, customer_id, staff_id, tag_id) VALUES ('ww1', 'wm1', 'S01', '10')")
	submit(draft(`"audience":{"tags":["10"]}`), `"reason":"assessment"`)
	submit(draft(`"winback":true,"audience":{"tags":[]}`), `"reason":"assessment"`)

	moment := c.made(owner, "/moments", `{"name":"复诊提醒","text":"周末可以来店里。","audience":{"tags":["10"]}}`)
	c.call(owner, "POST", "/moments/"+moment+"/submit", `{"expect_reachable":9}`, http.StatusOK, `"reason":"assessment"`)
	if _, err := a.Moments.Approve(t.Context(), webID(moment), "S02", 9); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("a Moment approved without an assessment: %v", err)
	}
	made = assess(t, a, assessment.Automated)
	if m, err := a.Moments.Approve(t.Context(), webID(moment), "S02", 9); err != nil || m.Assessments != made.Number {
		t.Fatalf("%+v, %v", m, err)
	}
}

func webID(id string) (n int64) {
	for _, r := range id {
		n = n*10 + int64(r-'0')
	}
	return n
}

// A receiver needs an assessment of its kind, and of sending abroad when it is there.
func TestAReceiverNeedsAnAssessment(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	c := asks{t, a.API.Handler()}
	manager := token(t, a, auth.NewToken{Role: auth.Manager})
	body := `{"name":"短信服务商","kind":"entrusted","contract":"HT-1","contract_until":"2029-01-31","data_kinds":"昵称","purpose":"代发到店提醒","abroad":true}`
	c.call(manager, "POST", "/receivers", body, http.StatusUnprocessableEntity, "影响评估")
	assess(t, a, assessment.Entrusting)
	c.call(manager, "POST", "/receivers", body, http.StatusUnprocessableEntity, "向境外提供")
	assess(t, a, assessment.Abroad)
	id := c.made(manager, "/receivers", body)
	c.call(manager, "GET", "/receivers", "", http.StatusOK, `"assessments":["PIA-2026-001","PIA-2026-002"]`)
	c.call(token(t, a, auth.NewToken{Role: auth.Operator}), "POST", "/exports", `{"purpose":"代发到店提醒"}`, http.StatusForbidden, "")
	out := c.made(manager, "/exports", `{"purpose":"代发到店提醒","receiver_id":"`+id+`"}`)
	c.call(manager, "GET", "/exports/"+out+"/customers.csv", "", http.StatusOK, "wm2,canary name")
	c.call(manager, "GET", "/audit/entries?act=export.fetch", "", http.StatusOK, `"size":2`)
}

// After a token leaked, the list holds exactly the customers whom its answers named while it was out, through any route.
func TestAfterALeakTheListIsComputed(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	world, ok := a.World.(*clock.Manual)
	if !ok {
		t.Fatal("the world's clock is not ours")
	}
	if err := a.Audit.BeginShown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := asks{t, a.API.Handler()}
	owner, leaked := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Operator})
	c.call(leaked, "GET", "/customers/wm1", "", http.StatusOK, "") // long before
	world.Advance(2 * time.Hour)
	from := a.World.Now().In(a.Zone).Format(time.RFC3339)
	c.call(leaked, "GET", "/broadcasts/7/receivers", "", http.StatusOK, "wm2")
	c.call(owner, "GET", "/customers", "", http.StatusOK, "wm1") // another's
	world.Advance(time.Hour)
	to := a.World.Now().In(a.Zone).Format(time.RFC3339)
	world.Advance(time.Hour)
	c.call(leaked, "GET", "/losses", "", http.StatusOK, "wm9") // after the hole was closed
	id := c.made(owner, "/incidents", `{"title":"令牌写进了公开的代码库","kind":"token","ref":"operator","since":"`+from+`","until":"`+to+`","found_at":"`+to+`","data_kinds":"昵称",
		"cause":"令牌写进了公开的代码库","harm":"可能收到冒充的消息","remedies":"已删除令牌","advice":"不要点陌生链接","contact":"privacy@example.com"}`)
	answer := c.call(owner, "GET", "/incidents/"+id+"/affected", "", http.StatusOK, `"total":1`)
	if !strings.Contains(answer, `"wm2"`) || !strings.Contains(answer, `"members":[{"id":"S02"`) {
		t.Fatalf("whom it concerns: %s", answer)
	}
	var file strings.Builder
	found, err := a.WriteAffected(t.Context(), &file, webID(id))
	if err != nil || len(found.People) != 1 || !strings.Contains(file.String(), "wm2,canary name,looked") {
		t.Fatalf("the command writes %q, %v", file.String(), err)
	}
	c.call(owner, "GET", "/audit/entries?act=incident.list", "", http.StatusOK, `"who":"command line"`)
	all := c.made(owner, "/incidents", `{"title":"整个数据库","kind":"everything","since":"`+from+`","found_at":"`+to+`","data_kinds":"昵称","cause":"备份放在公开的网盘",
		"harm":"可能收到冒充的消息","advice":"不要点陌生链接","contact":"privacy@example.com"}`)
	c.call(owner, "GET", "/incidents/"+all, "", http.StatusOK, `"affected":4`) // also who only wrote to customer service
	c.call(owner, "GET", "/incidents/"+all, "", http.StatusOK, "全部 4 人")
	c.call(owner, "GET", "/home", "", http.StatusOK, `"kind":"incident"`)
}

// What waits for a second person stands on their home page.
func TestExportsThatWaitStandOnTheHomePage(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	if err := a.Disclosures.SetLimit(t.Context(), "admin", 1); err != nil {
		t.Fatal(err)
	}
	if e, err := a.Disclosures.Make(web.WithCaller(t.Context(), webtest.Who(web.All, "S02", "*")), "S02", disclosure.NewExport{Purpose: "给店里回访"}); err != nil || e.State != disclosure.Waiting {
		t.Fatalf("%+v, %v", e, err)
	}
	asks{t, a.API.Handler()}.call(token(t, a, auth.NewToken{Role: auth.Manager}), "GET", "/home", "", http.StatusOK, "1 次客户导出等你审批")
}
