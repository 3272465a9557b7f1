package assessment

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func serve(d *db.DB) (*Service, *clock.Manual) {
	world := clock.NewManual(noon)
	return New(Config{DB: d, World: world, Zone: time.UTC, CorpID: webtest.CorpID, TagNames: func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			if strings.HasPrefix(id, "t") {
				out[id] = "标签 " + id
			}
		}
		return out, nil
	}}), world
}

func draft(kinds ...Kind) Draft {
	return Draft{
		Title: "护理提醒", Kinds: kinds, Aims: "只为提醒复诊，客户单独同意，合法、正当、必要", Influence: "健康情况可能被别人看到，会影响生活安宁", Measures: "只给负责的成员看，看过的都有记录",
		Assessor: "店长 周周", AssessedOn: "2026-11-20", ValidUntil: "2027-11-20",
	}
}

// An assessment covers its kinds until its day, or until it is replaced or withdrawn; it never goes away.
func TestAnAssessmentCoversItsKindsUntilItEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, world := serve(d)
		basis := func(want string, kinds ...Kind) {
			t.Helper()
			got, err := s.Basis(t.Context(), d.Read(), kinds...)
			if err != nil {
				t.Fatal(err)
			}
			text := got.Text()
			for _, m := range got.Missing {
				text += " -" + m.ID
			}
			if strings.TrimSpace(text) != want {
				t.Fatalf("%v rest on %q, want %q", kinds, text, want)
			}
			if err := got.Refusal("x"); (err != nil) != (len(got.Missing) > 0) {
				t.Fatalf("%v: %v", kinds, err)
			}
		}
		basis("")
		basis("-sensitive", Sensitive)
		first, err := s.Add(t.Context(), "admin", draft(Sensitive, Sharing), 0)
		if err != nil {
			t.Fatal(err)
		}
		basis("PIA-2026-001", Sensitive)
		basis("PIA-2026-001 -automated", Sensitive, Automated)
		second, err := s.Add(t.Context(), "admin", draft(Sensitive, Automated), first.ID)
		if err != nil {
			t.Fatal(err)
		}
		basis("PIA-2026-002", Sensitive, Automated)
		if _, err := s.Add(t.Context(), "admin", draft(Sharing), first.ID); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("one that was replaced is replaced again: %v", err)
		}
		if err := s.Withdraw(t.Context(), second.ID, "admin", ""); errs.KindOf(err) != errs.Invalid {
			t.Fatalf("withdrawn without a reason: %v", err)
		}
		if err := s.Withdraw(t.Context(), second.ID, "admin", "做法变了"); err != nil {
			t.Fatal(err)
		}
		basis("-sensitive", Sensitive)
		third, err := s.Add(t.Context(), "admin", draft(Sensitive), 0)
		if err != nil {
			t.Fatal(err)
		}
		world.Set(clock.At(time.Date(2027, 11, 20, 23, 59, 0, 0, time.UTC)))
		basis("PIA-2026-003", Sensitive)
		if n, err := s.ToReview(t.Context()); err != nil || n != 1 || third.State(world.Now()) != Due {
			t.Fatalf("%d to review, %s, %v", n, third.State(world.Now()), err)
		}
		world.Set(clock.At(time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)))
		basis("-sensitive", Sensitive)
		world.Set(clock.At(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)))
		rows, err := s.List(t.Context())
		if err != nil || len(rows) != 3 {
			t.Fatalf("%d are on record, %v", len(rows), err)
		}
		var states []string
		for _, a := range rows {
			states = append(states, string(a.State(world.Now())))
		}
		if got := strings.Join(states, " "); got != "overdue withdrawn replaced" {
			t.Fatalf("states %s", got)
		}
		found, err := audit.Found(t.Context(), d.Read(), webtest.CorpID, "assessment.add", audit.Of("assessment", rows[1].number()))
		if err != nil || len(found) != 1 || found[0]["number"] != "PIA-2026-002" {
			t.Fatalf("the audit says %v, %v", found, err)
		}
	})
}

func (a *Assessment) number() string { return string(web.IDOf(a.ID)) }

func TestADraftNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s, _ := serve(dbtest.SQLite(t))
	for field, break_ := range map[string]func(d *Draft){
		"title": func(d *Draft) { d.Title = " " }, "kinds": func(d *Draft) { d.Kinds = []Kind{"other"} }, "aims": func(d *Draft) { d.Aims = "合法" },
		"influence": func(d *Draft) { d.Influence = "" }, "measures": func(d *Draft) { d.Measures = "有" }, "assessor": func(d *Draft) { d.Assessor = "" },
		"assessed_on": func(d *Draft) { d.AssessedOn = "2026-11-25" }, "valid_until": func(d *Draft) { d.ValidUntil = "2029-11-21" },
	} {
		d := draft(Sensitive)
		break_(&d)
		_, err := s.Add(t.Context(), "admin", d, 0)
		e, ok := err.(*errs.Error) //nolint:errorlint // as the room answers it
		if !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := s.Add(t.Context(), "admin", draft(Kinds()...), 0); err != nil {
		t.Fatal(err)
	}
}

// A tag that a program gave, or that a person says a machine gives, stays on the list until a person takes it off.
func TestATagOfAMachineIsKnown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		is := func(want bool, ids ...string) {
			t.Helper()
			if got, err := s.Automatic(t.Context(), d.Read(), ids); err != nil || got != want {
				t.Fatalf("%v automatic: %v, %v", ids, got, err)
			}
		}
		is(false)
		is(false, "t1", "t2")
		for range 2 {
			if err := s.GivenByToken(t.Context(), "token:crm", []string{"t1", "t1"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Declare(t.Context(), "admin", "x9", "评分模型打的"); errs.KindOf(err) != errs.Invalid {
			t.Fatalf("a tag that is not there: %v", err)
		}
		if err := s.Declare(t.Context(), "admin", "t2", "评分模型打的"); err != nil {
			t.Fatal(err)
		}
		is(true, "t3", "t1")
		is(true, "t2")
		if rows, err := s.AutomaticTags(t.Context()); err != nil || len(rows) != 2 || rows[0].How != ByToken || rows[1].Note != "评分模型打的" {
			t.Fatalf("%+v, %v", rows, err)
		}
		if err := s.Undeclare(t.Context(), "admin", "t2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Undeclare(t.Context(), "admin", "t2"); errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		is(false, "t2")
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s, _ := serve(dbtest.SQLite(t))
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "reader": webtest.Who(web.All, "S01", "assessment.read")})
	s.RegisterAPI(api, Neighbours{Staff: func(context.Context, []string) (map[string]string, error) { return nil, nil }})
	body := `{"title":"评分","kinds":["automated"],"aims":"只用来安排回访，不影响价格和服务","influence":"分低的客户少收到消息，没有别的影响","measures":"客户可以拒绝，人会复核","assessor":"周周","assessed_on":"2026-11-24","valid_until":"2027-11-24"}`
	webtest.Run(
		t, api,
		webtest.Scenario{Name: "who only reads adds none", As: "reader", Method: http.MethodPost, Path: "/assessments", Body: body, Status: 403},
		webtest.Scenario{Name: "one is added", As: "admin", Method: http.MethodPost, Path: "/assessments", Body: body, Status: 201, Has: []string{`"number":"PIA-2026-001"`, `"valid_until":"2027-11-24"`, `"state":"in_force"`}},
		webtest.Scenario{Name: "a kind that is none", As: "admin", Method: http.MethodPost, Path: "/assessments", Body: strings.Replace(body, "automated", "x", 1), Status: 422},
		webtest.Scenario{Name: "all can be read", As: "reader", Path: "/assessments", Status: 200, Has: []string{`"total":1`}},
		webtest.Scenario{Name: "a tag is declared", As: "admin", Method: http.MethodPost, Path: "/automatic-tags", Body: `{"tag_id":"t1","note":"评分模型"}`, Status: 204},
		webtest.Scenario{Name: "and shown", As: "reader", Path: "/automatic-tags", Status: 200, Has: []string{`"how":"declared"`, "标签 t1"}},
		webtest.Scenario{Name: "and ended", As: "admin", Method: http.MethodDelete, Path: "/automatic-tags/t1", Status: 204},
	)
}
