package governance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// sent makes one touch that arrived.
func sent(t *testing.T, g *Governor, key, customer string) int64 {
	t.Helper()
	d := reserve(t, g, marketing(key, customer))[0]
	if d.State != Reserved {
		t.Fatalf("%s: %+v", key, d)
	}
	permit(t, g, d.TouchID)
	deliver(t, g, d.TouchID, g.world.Now())
	return d.TouchID
}

func TestARefusalExplainsItselfAndIsDecidedTheSameAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		for i := range 3 {
			sent(t, g, fmt.Sprint("b", i), "a")
			world.Advance(25 * time.Hour)
		}
		id := reserve(t, g, marketing("b9", "a"))[0].TouchID
		e, err := g.Explain(t.Context(), "c", id)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(e.Sentence.ZH, "没有发送：7 天内已触达 3 次，上限 3 次。最早 12月1日（周二）10:00") {
			t.Errorf("says %q", e.Sentence.ZH)
		}
		if w := e.Window; w == nil || w.Days != 7 || w.Before != 3 || w.Cap != 3 || w.Verdict != Refused {
			t.Errorf("window %+v", w)
		}
		if len(e.Timeline) != 4 || len(e.Course) != 1 || e.Course[0].State != Held || len(e.Options) == 0 {
			t.Errorf("timeline %v, course %v, options %v", e.Timeline, e.Course, e.Options)
		}
		// What comes later, and tighter limits, change nothing about a decision that was made.
		world.Advance(20 * 24 * time.Hour)
		sent(t, g, "b10", "a")
		caps := DefaultCaps()
		caps.Per[1].Cap = 0
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
			t.Fatal(err)
		}
		optOut(t, g, "a")
		var ids []int64
		if err := d.Read().NewRaw("SELECT id FROM touch WHERE corp_id = 'c' ORDER BY id").Scan(t.Context(), &ids); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			r, err := g.Recompute(t.Context(), "c", id)
			if err != nil || !r.Same {
				t.Errorf("touch %d again: %+v %v", id, r, err)
			}
		}
	})
}

// A title says what a rule looked at, so that it can stand beside "passed"; why one refused stands apart.
func TestTitlesAreNeutralAndRefusalsAreSentences(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	h := &API{Governor: g}
	passed := reserve(t, g, marketing("b1", "a"))[0].TouchID
	optOut(t, g, "b")
	refused := reserve(t, g, marketing("b2", "b"))[0].TouchID
	over := reserve(t, g, marketing("b3", "a"))[0].TouchID
	for id, want := range map[int64][2]string{
		passed: {}, refused: {reasonOptOut.ZH, reasonOptOut.EN}, over: {"1 天内已触达 1 次，上限 1 次。", "1 touch within 1 day; the cap is 1."},
	} {
		e, err := g.Explain(t.Context(), "c", id)
		if err != nil {
			t.Fatal(err)
		}
		for i, lang := range []string{"zh", "en"} {
			said := ""
			for _, r := range h.rules(lang, e.Rules) {
				if r.Title == r.RuleID || strings.Contains(r.Title, "已") || strings.Contains(strings.ToLower(r.Title), "opted") {
					t.Errorf("%s is called %q", r.RuleID, r.Title)
				}
				if (r.Reason != "") != (r.Verdict == Refused || r.Verdict == Waits) {
					t.Errorf("%s: verdict %s with reason %q", r.RuleID, r.Verdict, r.Reason)
				}
				said += r.Reason
			}
			if said != want[i] {
				t.Errorf("touch %d says %q, want %q", id, said, want[i])
			}
		}
	}
}

func TestLimitsCanOnlyBeTightened(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	for name, change := range map[string]func(*Caps){
		"a higher cap":    func(c *Caps) { c.Per[0].Cap = 2 },
		"another window":  func(c *Caps) { c.Per[0].Days = 2 },
		"an earlier hour": func(c *Caps) { c.Quiet.From = 8 * 60 },
		"an empty day":    func(c *Caps) { c.Quiet.From = c.Quiet.To },
		"an unknown mode": func(c *Caps) { c.MassMode = "never" },
		"most held out":   func(c *Caps) { c.Holdout = 51 },
	} {
		c := DefaultCaps()
		change(&c)
		if _, err := g.SetCaps(t.Context(), "c", "S01", c); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := DefaultCaps()
	c.Per[2].Cap, c.Quiet.To = 4, 20*60
	if got, err := g.SetCaps(t.Context(), "c", "S01", c); err != nil || got.Version != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	c.Version = 1
	if got, _, err := g.Caps(t.Context(), "c"); err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestSendingHoursHoldOverDaysAndSeasons(t *testing.T) {
	t.Parallel()
	q := DefaultCaps().Quiet
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zone data")
	}
	for _, c := range []struct {
		zone     *time.Location
		at, next string
	}{
		{shanghai, "2026-11-24 08:59:59", "2026-11-24 09:00:00"},
		{shanghai, "2026-11-24 09:00:00", "2026-11-24 09:00:00"},
		{shanghai, "2026-11-24 20:59:59", "2026-11-24 20:59:59"},
		{shanghai, "2026-11-24 21:00:00", "2026-11-25 09:00:00"},
		{shanghai, "2026-11-28 21:00:00", "2026-11-29 10:00:00"}, // Saturday night: Sundays open later
		{shanghai, "2026-11-29 09:30:00", "2026-11-29 10:00:00"},
		{shanghai, "2028-02-28 22:00:00", "2028-02-29 09:00:00"},
		{shanghai, "2026-12-31 23:00:00", "2027-01-01 09:00:00"},
		{berlin, "2026-03-28 22:00:00", "2026-03-29 10:00:00"}, // the night with an hour less
		{berlin, "2026-10-24 22:00:00", "2026-10-25 10:00:00"},
	} {
		at, err := time.ParseInLocation(time.DateTime, c.at, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		next := q.Next(clock.At(at), c.zone)
		if got := next.In(c.zone).Format(time.DateTime); got != c.next {
			t.Errorf("%s: next %s, want %s", c.at, got, c.next)
		}
		if !q.Open(next, c.zone) {
			t.Errorf("%s: not open at %s", c.at, c.next)
		}
	}
}

func TestWeComsOwnQuotaCountsCalendarPeriods(t *testing.T) {
	t.Parallel()
	at := clock.At(time.Date(2028, 2, 29, 23, 0, 0, 0, shanghai)) // a Tuesday
	for mode, want := range map[MassMode][3]string{
		PerMonthDays: {"2028-02-01", "2028-03-01", "29"},
		PerWeek7:     {"2028-02-28", "2028-03-06", "7"},
		PerDay1:      {"2028-02-29", "2028-03-01", "1"},
	} {
		from, to, limit := mode.Period(at, shanghai)
		got := [3]string{from.In(shanghai).Format(time.DateOnly), to.In(shanghai).Format(time.DateOnly), fmt.Sprint(limit)}
		if got != want {
			t.Errorf("%s: %v, want %v", mode, got, want)
		}
	}
}

func TestMemberMadeSendsAreBookedBeyondTheCapAndStopUs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		for i := range 3 {
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				if err := g.Observe(ctx, tx, marketing(fmt.Sprint("seen", i), "a"), g.world.Now()); err != nil {
					return err
				}
				return g.Observe(ctx, tx, marketing(fmt.Sprint("seen", i), "a"), g.world.Now())
			})
		}
		b, err := g.Budget(t.Context(), "c", "a", "b")
		if err != nil || !b["a"].Full || b["a"].Windows[1].Used != 3 || b["b"].Full || len(b["b"].Windows) != 3 {
			t.Fatalf("%+v %v", b, err)
		}
		if got := reserve(t, g, marketing("b1", "a"))[0]; got.State != Held {
			t.Fatalf("%+v", got)
		}
	})
}

func TestReservationsEndAndTasksDoNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		left, tasked := reserve(t, g, marketing("b1", "a"))[0].TouchID, reserve(t, g, marketing("b2", "b"))[0].TouchID
		permit(t, g, tasked)
		world.Advance(26 * time.Hour)
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.expire(ctx, tx, bus.Work{CorpID: "c"}) })
		if s := touch(t, g, left); s.State != Released || s.RuleID != ruleLease {
			t.Errorf("the reservation is %s", s.State)
		}
		if s := touch(t, g, tasked).State; s != Tasked {
			t.Errorf("the task is %s", s)
		}
	})
}

func TestOrphansAreFoundOnBothSides(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	sent(t, g, "b1", "a")
	unsentID := sent(t, g, "b2", "b")
	in := func(c string) Arrival { return Arrival{Channel: MassCustomer, CustomerID: c, At: g.world.Now()} }
	unbooked, unsent, err := g.Orphans(t.Context(), "c", []Arrival{in("a"), in("a")})
	if err != nil || len(unbooked) != 1 || len(unsent) != 1 || unsent[0].ID != unsentID {
		t.Fatalf("%v %v %v", unbooked, unsent, err)
	}
}

func TestOnePressStopsAtOnce(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	do := func(method, path, act string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(url.Values{"act": {act}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	path := g.PreferencePath("c", "a")
	if code, body := do("GET", path, "stop"); code != 200 || !strings.Contains(body, "全部停止") || strings.Contains(body, "<script") {
		t.Fatalf("%d %s", code, body)
	}
	if got := reserve(t, g, marketing("b1", "a"))[0]; got.State != Reserved {
		t.Fatalf("a GET changed something: %+v", got)
	}
	if code, body := do("POST", path, "stop"); code != 200 || !strings.Contains(body, "已停止，现在就生效") {
		t.Fatalf("%d %s", code, body)
	}
	if got := reserve(t, g, marketing("b2", "a"))[0]; got.RuleID != ruleOptOut {
		t.Fatalf("after the press: %+v", got)
	}
	if code, _ := do("POST", path, "resume"); code != 200 {
		t.Fatal(code)
	}
	if b, err := g.Budget(t.Context(), "c", "a"); err != nil || b["a"].OptOut != 0 {
		t.Fatalf("after resuming: %+v %v", b, err)
	}
	for _, bad := range []string{"/p/preferences/x", path[:len(path)-1] + "x", g.PreferencePath("c", "b")[:30] + path[30:]} {
		if code, _ := do("POST", bad, "stop"); code != 404 {
			t.Errorf("%s: %d", bad, code)
		}
	}
}

// The page works without script, in both languages, and offers only what exists: all or nothing.
func TestThePreferencePageSpeaksBothLanguages(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	api := webtest.New(t, nil)
	g.RegisterPages(api.Mux())
	page := "/" + g.PreferencePath("c", "a")
	en := map[string]string{"Accept-Language": "en"}
	press := map[string]string{"Accept-Language": "en", "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
	none := []string{"<script", "onclick", "topic", "fewer", "少发", "主题"}
	webtest.Run(t, api,
		webtest.Scenario{Name: "in Chinese", Path: page, Status: 200, Has: []string{"消息偏好", "全部停止", `method="post"`}, Not: append(none, "Stop all")},
		webtest.Scenario{Name: "in English", Path: page, Header: en, Status: 200, Has: []string{"Message preferences", "Stop all"}, Not: append(none, "全部停止")},
		webtest.Scenario{Name: "a stop in English", Method: "POST", Path: page, Header: press, Body: "act=stop", Status: 200, Has: []string{"Stopped, from this moment.", "Resume"}, Not: none},
		webtest.Scenario{Name: "is a stop in Chinese", Path: page, Status: 200, Has: []string{"您不再收到推广消息", "恢复接收"}, Not: none},
		webtest.Scenario{Name: "another site cannot press", Method: "POST", Path: page, Header: map[string]string{"Sec-Fetch-Site": "cross-site"}, Body: "act=resume", Status: 403},
		webtest.Scenario{Name: "resumed in English", Method: "POST", Path: page, Header: press, Body: "act=resume", Status: 200, Has: []string{"Resumed, from this moment.", "Stop all"}, Not: none},
		webtest.Scenario{Name: "a broken address in English", Path: page + "x", Header: en, Status: 404, Has: []string{"The address is not complete"}, Not: none},
	)
}

func TestAPI(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	var ids []int64
	for i, staff := range []string{"S03", "S04"} {
		r := marketing(fmt.Sprint("b", i), fmt.Sprint("wm", i))
		r.CorpID, r.StaffID, r.CampaignID = webtest.CorpID, staff, "broadcast/7"
		held := r
		held.Key += "again"
		for _, d := range reserve(t, g, r, held) {
			ids = append(ids, d.TouchID)
		}
	}
	api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S03", "governance.*")})
	names := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "名字 " + id
		}
		return out, nil
	}
	g.RegisterAPI(api, Neighbours{Staff: names, Customers: names, Scope: func(ctx context.Context) ([]string, error) {
		if who := web.Caller(ctx); !who.SeesAll() {
			return []string{who.StaffID}, nil
		}
		return nil, nil
	}})
	webtest.Run(t, api,
		webtest.Scenario{Name: "the ledger is listed", As: "admin", Path: "/touches?limit=1", Status: 200, Has: []string{`"total":4`, `"next":"`, `"kind":"broadcast"`, "名字 wm1"}},
		webtest.Scenario{Name: "filters hold", As: "admin", Path: "/touches?state=held&rule=FTG-01&broadcast=7", Status: 200, Has: []string{`"total":2`, "1 天内已触达 1 次"}},
		webtest.Scenario{Name: "a member sees their own", As: "own", Path: "/touches", Status: 200, Has: []string{`"total":2`}, Not: []string{"S04"}},
		webtest.Scenario{Name: "and no other's why", As: "own", Path: fmt.Sprint("/touches/", ids[2]), Status: 404},
		webtest.Scenario{Name: "why", As: "admin", Path: fmt.Sprint("/touches/", ids[1]), Status: 200, Has: []string{`"sentence":"没有发送`, `"verdict":"held"`, `"not_read"`, `"requested_by":{"id":"S01"`}},
		webtest.Scenario{Name: "decided again", As: "admin", Method: "POST", Path: fmt.Sprint("/touches/", ids[1], "/recompute"), Status: 200, Has: []string{`"same":true`}},
		webtest.Scenario{Name: "held back today", As: "admin", Path: "/governance/held", Status: 200, Has: []string{`"touches":2`, `"persons":2`, `"FTG-01"`}},
		webtest.Scenario{Name: "limits", As: "own", Path: "/governance/caps", Status: 200, Has: []string{`"cap":8`, `"sunday_from":"10:00"`}},
		webtest.Scenario{
			Name: "never looser", As: "admin", Method: "PUT", Path: "/governance/caps", Status: 422, Has: []string{"FTG-01"},
			Body: `{"rules":[{"days":1,"cap":5},{"days":7,"cap":3},{"days":30,"cap":8}],"quiet":{"from":"09:00","to":"21:00","sunday_from":"10:00"}}`,
		},
		webtest.Scenario{
			Name: "tighter", As: "admin", Method: "PUT", Path: "/governance/caps", Status: 200, Has: []string{`"to":"20:00"`, `/1"`},
			Body: `{"rules":[{"days":1,"cap":1},{"days":7,"cap":2},{"days":30,"cap":4}],"quiet":{"from":"09:00","to":"20:00","sunday_from":"10:00"}}`,
		},
		webtest.Scenario{Name: "the rules, a page of them", As: "own", Path: "/governance/rules?limit=2", Status: 200, Has: []string{`"total":137`, `"next":"2"`, "LNK-02", `"provenance":"S"`}, Not: []string{"LNK-03"}},
		webtest.Scenario{Name: "the rules after them", As: "own", Path: "/governance/rules?limit=2&after=2", Status: 200, Has: []string{"LNK-03", `"next":"4"`}, Not: []string{"LNK-02"}},
		webtest.Scenario{Name: "the last rules", As: "own", Path: "/governance/rules?after=136", Status: 200, Has: []string{`"next":""`, "OWN-14"}},
		webtest.Scenario{Name: "rules by what they say", As: "own", Path: "/governance/rules?q=ftg-01&kind=frequency&standing=enforced", Status: 200, Has: []string{`"total":1`, "触达次数上限"}},
		webtest.Scenario{Name: "rules that are there in part say what is missing", As: "own", Path: "/governance/rules?standing=in_part&action=suspend", Status: 200, Has: []string{`"missing":"`}},
		webtest.Scenario{
			Name: "a text is tried", As: "own", Method: "POST", Path: "/governance/try", Status: 200, Body: `{"text":"🎁 来玩百·嘉乐","class":"marketing","channel":"mass_customer"}`,
			Has: []string{`"verdict":"suspend"`, `"rule_id":"LNK-14"`, `"layer":"sound"`, `"start":5`, `"end":9`, `"was":"·","now":""`, `"normal":"🎁 来玩百嘉乐"`, `bai jia le`, `"ceiling":`},
		},
		webtest.Scenario{Name: "a lawful one passes", As: "own", Method: "POST", Path: "/governance/try", Status: 200, Body: `{"text":"您的订单已发货，预计明天送达"}`, Has: []string{`"verdict":"allow"`, `"findings":[]`}},
		webtest.Scenario{Name: "nothing is no text", As: "own", Method: "POST", Path: "/governance/try", Status: 422, Body: `{"text":""}`, Has: []string{"text"}},
		webtest.Scenario{Name: "opt-out", As: "admin", Method: "POST", Path: "/optouts", Body: `{"customer_id":"wm1","via":"staff"}`, Status: 204},
		webtest.Scenario{Name: "who opted out", As: "admin", Path: "/optouts?q=wm1", Status: 200, Has: []string{`"total":1`, "名字 wm1"}},
		webtest.Scenario{Name: "is not for everybody", As: "own", Path: "/optouts", Status: 403},
	)
}
