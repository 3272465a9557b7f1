package incident

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

var (
	day     = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	clockAt = func(hour, minute int) time.Time {
		return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
)

// desk is a room whose log began to name who was shown at 8, at 18 now.
type desk struct {
	*Service
	world *clock.Manual
}

func open(t *testing.T, d *db.DB) *desk {
	t.Helper()
	world := clock.NewManual(clockAt(8, 0))
	log, err := audit.New(audit.Config{DB: d, World: world, Wall: clock.SystemWall(), Zone: time.UTC, CorpID: webtest.CorpID, Key: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.BeginShown(t.Context()); err != nil {
		t.Fatal(err)
	}
	exports := map[int64]map[string]clock.Time{7: {"wm4": clock.At(clockAt(11, 0)), "wm5": clock.At(clockAt(11, 0))}}
	s := New(Config{DB: d, World: world, Zone: time.UTC, CorpID: webtest.CorpID, Audit: log, Around: Around{
		Sent: func(_ context.Context, id int64) (map[string]clock.Time, error) {
			if exports[id] == nil {
				return nil, errs.Missing("导出", "export")
			}
			return exports[id], nil
		},
		SentBy: func(_ context.Context, account string, from, to clock.Time) (map[string]clock.Time, error) {
			if at := clock.At(clockAt(11, 0)); account == "S03" && from <= at && at < to {
				return exports[7], nil
			}
			return nil, nil
		},
		ExportOf: func(text string) (int64, bool) { return 7, text == "7" || text == "7-abc" },
		Everybody: func(context.Context, clock.Time) ([]string, error) {
			return []string{"wm1", "wm2", "wm3", "wm4", "wm5", "wm6"}, nil
		},
		CustomersOf: func(_ context.Context, staff string, _, _ clock.Time) ([]string, error) { return []string{"wm6"}, nil },
		CorpName:    func(context.Context) (string, error) { return "青禾护肤", nil },
	}})
	return &desk{s, world}
}

// shows lets an account get an answer that names customers.
func (s *desk) shows(t *testing.T, account string, at time.Time, customers ...string) {
	t.Helper()
	s.world.Set(clock.At(at))
	who := webtest.Who(web.All, "", "*")
	who.User = account
	ctx := web.WithAsk(t.Context(), &web.Ask{Who: who, Op: web.Op{ID: "list-customers"}, Method: http.MethodGet, Path: "/customers"})
	web.Show(ctx, customers...)
	if err := s.Audit.Shown(ctx); err != nil {
		t.Fatal(err)
	}
}

func draft(kind Kind, ref string, since, until time.Time) Draft {
	return Draft{
		Title: "账号被别人用了", Kind: kind, Ref: ref, Since: since, Until: until, FoundAt: clockAt(17, 0), DataKinds: "微信昵称、标签", Cause: "密码和别的网站一样，被撞库",
		Harm: "可能收到冒充门店的消息", Remedies: "已改密码，注销全部登录", Advice: "不要点陌生链接，不要转账", Contact: "privacy@example.com",
	}
}

func (s *desk) affected(t *testing.T, d Draft) (out string, l List) {
	t.Helper()
	i, err := s.Record(t.Context(), "admin", d)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = s.Affected(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	for _, p := range l.People {
		out += fmt.Sprint(" ", p.CustomerID, "/", p.Basis)
	}
	return strings.TrimSpace(out), l
}

// The list of an account holds exactly whom it saw, handled or took out while the hole was open: nobody before, nobody after, nobody
// whom others saw.
func TestTheListHoldsExactlyWhomTheAccountLookedAt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		s.shows(t, "S01", clockAt(9, 0), "wm1", "wm2")
		s.shows(t, "S01", clockAt(12, 0), "wm2", "wm3")
		s.shows(t, "S01", clockAt(12, 30), "wm3") // the page asked again
		s.shows(t, "S02", clockAt(12, 10), "wm6")
		s.world.Set(clock.At(clockAt(13, 0)))
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { // what was done with a customer counts like looking
			return audit.Log(ctx, tx, audit.Entry{CorpID: webtest.CorpID, Act: "grievance.open", Subject: audit.Of("customer", "wm5"), Who: "S01", At: s.world.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		s.shows(t, "S01", clockAt(15, 0), "wm4")
		s.world.Set(clock.At(clockAt(18, 0)))
		for _, c := range []struct {
			name         string
			draft        Draft
			want         string
			whole, exact bool
		}{
			{"within", draft(Account, "S01", clockAt(11, 0), clockAt(14, 0)), "wm2/looked wm3/looked wm5/looked", false, true},
			{"a list of the hour before is not asked again", draft(Account, "S01", clockAt(9, 30), clockAt(11, 0)), "wm1/looked wm2/looked", false, true},
			{"one person's page of the hour before was", draft(Account, "S01", clockAt(13, 30), clockAt(14, 0)), "", false, true},
			{"still open", draft(Account, "S01", clockAt(14, 0), time.Time{}), "wm4/looked", false, true},
			{"another's", draft(Account, "S02", clockAt(8, 0), clockAt(18, 0)), "wm6/looked", false, true},
			{"an export of theirs", draft(Account, "S03", clockAt(10, 0), clockAt(12, 0)), "wm4/exported wm5/exported", false, true},
			{"a device holds the member's own customers too", draft(Device, "S01", clockAt(11, 0), clockAt(14, 0)), "wm2/looked wm3/looked wm5/looked wm6/held", false, true},
			{"an export that got out", draft(Export, "7-abc", clockAt(11, 0), time.Time{}), "wm4/exported wm5/exported", false, true},
			{"a token that was never used", draft(Token, "crm", clockAt(9, 0), clockAt(14, 0)), "", false, true},
			{"everything", draft(Everything, "", clockAt(9, 0), time.Time{}), "wm1/all wm2/all wm3/all wm4/all wm5/all wm6/all", false, true},
			{
				"before the log named who was shown", draft(Account, "S02", clockAt(7, 0), clockAt(18, 0)),
				"wm1/unrecorded wm2/unrecorded wm3/unrecorded wm4/unrecorded wm5/unrecorded wm6/looked", true, false,
			},
		} {
			got, l := s.affected(t, c.draft)
			if diff := cmp.Diff(got, c.want); diff != "" || l.Unrecorded != c.whole {
				t.Errorf("%s: %s (unrecorded %v)", c.name, diff, l.Unrecorded)
			}
		}
		_, l := s.affected(t, draft(Account, "S01", clockAt(8, 0), clockAt(14, 0)))
		for _, p := range l.People {
			if p.CustomerID == "wm2" && (p.First != clock.At(clockAt(9, 0)) || p.Last != clock.At(clockAt(12, 0))) {
				t.Errorf("wm2 was seen from %v to %v", p.First, p.Last)
			}
		}
	})
}

// Steps are kept with their time and the size of the list then; all three make it complete, and the texts hold what the law wants.
func TestALeakIsDealtWithStepByStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		s.shows(t, "S01", clockAt(12, 0), "wm2", "wm3")
		s.world.Set(clock.At(clockAt(18, 0)))
		i, err := s.Record(t.Context(), "admin", draft(Account, "S01", clockAt(11, 0), time.Time{}))
		if err != nil {
			t.Fatal(err)
		}
		done := func(kind StepKind, want int) {
			t.Helper()
			if err := s.Done(t.Context(), i.ID, "admin", kind, "发了邮件，编号 8", clockAt(17, 30)); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Unfinished(t.Context()); err != nil || n != want {
				t.Fatalf("after %s %d are open, %v", kind, n, err)
			}
		}
		done(Remedied, 1)
		done(Authority, 1)
		done(Note, 1)
		done(Persons, 0)
		for field, err := range map[string]error{
			"note":    s.Done(t.Context(), i.ID, "admin", Note, " ", time.Time{}),
			"kind":    s.Done(t.Context(), i.ID, "admin", "other", "做了", time.Time{}),
			"done_at": s.Done(t.Context(), i.ID, "admin", Note, "做了", clockAt(19, 0)),
		} {
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		steps, err := s.steps(t.Context(), i.ID)
		if err != nil || len(steps[i.ID]) != 4 || steps[i.ID][0].Affected != 2 || steps[i.ID][0].DoneAt != clock.At(clockAt(17, 30)) {
			t.Fatalf("%+v, %v", steps, err)
		}
		wider := draft(Account, "S01", clockAt(9, 0), clockAt(12, 30))
		if i, err = s.Change(t.Context(), i.ID, "S09", wider); err != nil || i.ChangedBy != "S09" || i.Until != clock.At(clockAt(12, 30)) {
			t.Fatalf("%+v, %v", i, err)
		}
		l, err := s.Affected(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		texts := textsOf(i, "青禾护肤", l, time.UTC)
		for _, text := range []string{texts.Authority.ZH, texts.Authority.EN, texts.Persons.ZH, texts.Persons.EN} {
			for _, want := range []string{i.DataKinds, i.Cause, i.Harm, i.Remedies, i.Advice, i.Contact, "青禾护肤"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in %q", want, text)
				}
			}
		}
		if !strings.Contains(texts.Authority.ZH, "2 人") || !strings.Contains(texts.Authority.EN, "2 persons") {
			t.Errorf("how many: %s\n%s", texts.Authority.ZH, texts.Authority.EN)
		}
	})
}

func TestADraftNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.SQLite(t))
	s.world.Set(clock.At(clockAt(18, 0)))
	for field, break_ := range map[string]func(d *Draft){
		"title": func(d *Draft) { d.Title = " " }, "kind": func(d *Draft) { d.Kind = "ufo" }, "ref": func(d *Draft) { d.Kind, d.Ref = Export, "99" },
		"since": func(d *Draft) { d.Since = clockAt(19, 0) }, "until": func(d *Draft) { d.Until = clockAt(10, 0) }, "found_at": func(d *Draft) { d.FoundAt = clockAt(10, 0) },
		"data_kinds": func(d *Draft) { d.DataKinds = "" }, "cause": func(d *Draft) { d.Cause = "" }, "harm": func(d *Draft) { d.Harm = "" }, "advice": func(d *Draft) { d.Advice = "" },
		"contact": func(d *Draft) { d.Contact = "" },
	} {
		d := draft(Account, "S01", clockAt(11, 0), clockAt(12, 0))
		break_(&d)
		_, err := s.Record(t.Context(), "admin", d)
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.SQLite(t))
	s.shows(t, "S01", clockAt(12, 0), "wm2", "wm3", "wm1")
	s.world.Set(clock.At(clockAt(18, 0)))
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S01", "*"), "reader": webtest.Who(web.All, "S02", "*.read")})
	names := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "=" + id
		}
		return out, nil
	}
	s.RegisterAPI(api, Neighbours{Staff: names, Customers: names, Members: func(_ context.Context, ids []string) (map[string][]string, error) {
		return map[string][]string{"wm2": {"S01"}}, nil
	}})
	body := `{"title":"账号被盗","kind":"account","ref":"S01","since":"2026-11-24T11:00:00Z","found_at":"2026-11-24T17:00:00Z","data_kinds":"昵称","cause":"撞库得到密码",
		"harm":"可能收到冒充的消息","advice":"不要点陌生链接","contact":"privacy@example.com"}`
	status, answer := webtest.Do(t, api.Handler(), webtest.Scenario{As: "admin", Method: http.MethodPost, Path: "/incidents", Body: body})
	id := regexp.MustCompile(`"id":"(\d{9,})"`).FindStringSubmatch(answer)
	if status != http.StatusCreated || len(id) != 2 {
		t.Fatalf("%d %s", status, answer)
	}
	at := "/incidents/" + id[1]
	webtest.Run(
		t, api,
		webtest.Scenario{Name: "who sees a part of the corp sees none", As: "own", Path: "/incidents", Status: 403},
		webtest.Scenario{Name: "who only reads records none", As: "reader", Method: http.MethodPost, Path: "/incidents", Body: body, Status: 403},
		webtest.Scenario{Name: "the list", As: "reader", Path: "/incidents", Status: 200, Has: []string{`"state":"open"`, "账号被盗"}},
		webtest.Scenario{Name: "whom it concerns and what to say", As: "reader", Path: at, Status: 200, Has: []string{`"affected":3`, `"basis":"looked"`, `"unrecorded":false`, "个人信息泄露事件报告", "您可以做什么"}},
		webtest.Scenario{Name: "a page of them", As: "reader", Path: at + "/affected?limit=2", Status: 200, Has: []string{`"wm1"`, `"wm2"`, `"total":3`, `"next":"wm2"`}, Not: []string{`"wm3"`}},
		webtest.Scenario{Name: "the next", As: "reader", Path: at + "/affected?limit=2&after=wm2", Status: 200, Has: []string{`"wm3"`}, Not: []string{`"wm2"`}},
		webtest.Scenario{Name: "a step", As: "admin", Method: http.MethodPost, Path: at + "/steps", Body: `{"kind":"remedied","note":"改了密码"}`, Status: 204},
		webtest.Scenario{Name: "an unknown one", As: "admin", Method: http.MethodPost, Path: "/incidents/9/steps", Body: `{"kind":"remedied","note":"改了密码"}`, Status: 404},
		webtest.Scenario{Name: "is on record", As: "reader", Path: "/incidents", Status: 200, Has: []string{"改了密码", `"affected":3`}},
		webtest.Scenario{Name: "what is known changes", As: "admin", Method: http.MethodPut, Path: at, Body: strings.Replace(body, "撞库得到密码", "钓鱼网站", 1), Status: 200, Has: []string{"钓鱼网站", `"changed_at"`}},
	)
	_, answer = webtest.Do(t, api.Handler(), webtest.Scenario{As: "reader", Path: at + "/affected.csv"})
	_, file, _ := strings.Cut(answer, "\xef\xbb\xbf")
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) != 4 || strings.Join(rows[2], "|") != "wm2|'=wm2|looked|2026-11-24T12:00:00Z|2026-11-24T12:00:00Z|'=S01" {
		t.Fatalf("%v, %v", rows, err)
	}
}
