package contactway_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// comes lets somebody scan a code and waits until they are stored.
func comes(t *testing.T, p *apptest.Platform, c contactway.Contactway, customer string) string {
	t.Helper()
	fields := map[string]any{"config_id": c.ConfigID}
	if customer != "" {
		fields["customer"] = customer
	}
	scan := p.Act("scan_contact_way", fields)
	id, staff := scan["customer"].(string), scan["staff"].(string)
	apptest.Eventually(t, "the relation", func() bool {
		var n int
		err := p.DB.Read().NewRaw("SELECT COUNT(*) FROM relation WHERE corp_id = ? AND customer_id = ? AND staff_id = ? AND live AND state = ?", p.CorpID, id, staff, c.State).Scan(t.Context(), &n)
		if err != nil {
			t.Fatal(err)
		}
		return n == 1
	})
	return id
}

// says is what the gate answers to marketing, or another class, now.
func says(t *testing.T, p *apptest.Platform, class governance.Class, customer string) string {
	t.Helper()
	d, err := p.Governor.Plan(t.Context(), governance.Request{
		CorpID: p.CorpID, Key: "k/" + customer, CustomerID: customer, StaffID: "S01", Channel: governance.MassCustomer, Class: class,
		Texts: []string{"【花间】周末护理课开放预约。"}, By: "S01", Reason: "会员日通知",
	})
	if err != nil {
		t.Fatal(err)
	}
	if d[0].OK() {
		return ""
	}
	return d[0].RuleID
}

func later(t *testing.T, p *apptest.Platform, by time.Duration) {
	t.Helper()
	want := p.World.Now().Add(by)
	if err := p.Box.Advance(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "the platform's clock", func() bool { return p.World.Now() >= want })
}

// Who came by a code for service only is not marketed to, also when the code is gone, until they say yes or come by another way (LAW-04).
func TestWhoCameByACodeForServiceOnlyIsNotMarketedTo(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		help, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "售后", StaffIDs: []string{"S01"}, Purpose: contactway.ServiceOnly, SavedBy: "S01"})
		if err != nil || help.Purpose != contactway.ServiceOnly || help.PurposeSince == 0 {
			t.Fatalf("%+v %v", help, err)
		}
		till, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S02"}})
		if err != nil || till.Purpose != contactway.ServiceAndMarketing || till.PurposeSince != 0 {
			t.Fatalf("%+v %v", till, err)
		}
		later(t, p, time.Minute)
		asker, buyer := comes(t, p, help, ""), comes(t, p, till, "")
		for who, want := range map[string]string{asker: "LAW-04", buyer: ""} {
			if got := says(t, p, governance.Marketing, who); got != want {
				t.Errorf("marketing to %s: %q, want %q", who, got, want)
			}
			if got := says(t, p, governance.Lifecycle, who); got != "" {
				t.Errorf("care for %s: %q", who, got)
			}
		}
		owner := p.Token(auth.NewToken{Role: auth.Owner, Scope: web.All})
		id := strconv.FormatInt(help.ID, 10)
		webtest.Run(
			t, p.API,
			webtest.Scenario{Name: "the code says what it is for", As: owner, Path: "/contactways/" + id, Status: 200, Has: []string{`"purpose":"service"`, `"purpose_since":"`}},
			webtest.Scenario{Name: "the customer's page, too", As: owner, Path: "/customers/" + asker, Status: 200, Has: []string{`"service_only":true`}},
			webtest.Scenario{Name: "what is left out stays", As: owner, Method: "PATCH", Path: "/contactways/" + id, Body: `{"name":"售后二","staff":["S01"]}`, Status: 200, Has: []string{`"purpose":"service"`}},
			webtest.Scenario{Name: "an unknown purpose", As: owner, Method: "PATCH", Path: "/contactways/" + id, Body: `{"name":"售后二","staff":["S01"],"purpose":"sale"}`, Status: 422, Has: []string{"purpose"}},
			webtest.Scenario{Name: "the log tells who said so", As: owner, Path: "/audit/entries?act=contactway.purpose", Status: 200, Has: []string{`"contactway.purpose"`, "S01"}},
		)
		if err := p.Contactway.Delete(t.Context(), help.ID); err != nil {
			t.Fatal(err)
		}
		if got := says(t, p, governance.Marketing, asker); got != "LAW-04" {
			t.Errorf("when the code is gone: %q", got)
		}
		err = p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return p.Governor.OptIn(ctx, tx, p.CorpID, asker, "客服会话里说愿意收活动消息", "S01")
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, p, governance.Marketing, asker); got != "" {
			t.Errorf("after their own yes: %q", got)
		}
	})
}

// A code that becomes wider tells only who comes afterwards; one that becomes narrower holds from then on.
func TestAWiderPurposeIsToldOnlyToWhoComesAfterwards(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		way, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "门口", StaffIDs: []string{"S01"}})
		if err != nil {
			t.Fatal(err)
		}
		turn := func(to contactway.Purpose) {
			t.Helper()
			later(t, p, 2*time.Minute)
			way.Purpose = to
			if way, err = p.Contactway.Update(t.Context(), way); err != nil || way.Purpose != to {
				t.Fatalf("%+v %v", way, err)
			}
			later(t, p, 2*time.Minute)
		}
		first := comes(t, p, way, "")
		turn(contactway.ServiceOnly)
		second := comes(t, p, way, "")
		turn(contactway.ServiceAndMarketing)
		third := comes(t, p, way, "")
		for who, want := range map[string]string{first: "", second: "LAW-04", third: ""} {
			if got := says(t, p, governance.Marketing, who); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		// A second way in, by which they were told of marketing, is enough.
		other, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S02"}})
		if err != nil {
			t.Fatal(err)
		}
		comes(t, p, other, second)
		if got := says(t, p, governance.Marketing, second); got != "" {
			t.Errorf("who came by another way, too: %q", got)
		}
		// A notice that asks again: who came before it was told of something else, whichever way they came.
		later(t, p, time.Minute)
		text := governance.NoticeText{ZH: "测试用的告知"}
		_, err = p.Governor.PublishNotice(t.Context(), p.CorpID, "S01", governance.NoticeBody{Who: text, How: text, Keep: text, Rights: text, Purposes: []governance.NoticePurpose{
			{ID: governance.ForService, Text: text}, {ID: governance.ForLifecycle, Text: text}, {ID: governance.ForMarketing, Text: text},
		}}, true, "加了新的用途")
		if err != nil {
			t.Fatal(err)
		}
		later(t, p, time.Minute)
		last := comes(t, p, way, "")
		for who, want := range map[string]string{first: "LAW-04", third: "LAW-04", last: ""} {
			if got := says(t, p, governance.Marketing, who); got != want {
				t.Errorf("after the notice: %q, want %q", got, want)
			}
		}
	})
}
