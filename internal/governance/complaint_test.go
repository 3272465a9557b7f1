package governance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestAComplaintIsATaskWithATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var told []GrievanceTold
		g.OnComplaint = append(g.OnComplaint, func(_ context.Context, _ *db.Tx, e GrievanceTold) error { told = append(told, e); return nil })
		complain := func(words string) *Grievance {
			t.Helper()
			var v *Grievance
			inTx(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
				v, err = g.Complain(ctx, tx, "c", "青柠 07", words)
				return err
			})
			return v
		}
		v := complain("发货太慢，还没人回")
		if again := complain(" 发货太慢，还没人回 "); again.ID != v.ID || v.ByWhom != ByCustomer {
			t.Fatalf("the same words twice: %+v %+v", v, again)
		}
		other := complain("客服态度不好")
		if other.ID == v.ID || other.Ref != "#2" {
			t.Fatalf("other words: %+v", other)
		}
		if len(told) != 2 || told[0].Overdue || told[0].DueAt != v.Since.Add(24*time.Hour) {
			t.Fatalf("told %+v", told)
		}
		if got := reserve(t, g, marketing("b1", "青柠 07"))[0]; got.RuleID != ruleGrievance {
			t.Fatalf("marketing meanwhile: %+v", got)
		}
		settle(t, g, other.ID)
		if g.Overdue(v, world.Now()) {
			t.Fatal("not yet")
		}
		world.Advance(24 * time.Hour)
		for _, id := range []int64{v.ID, other.ID, 999} {
			inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				return g.complaintDue(ctx, tx, bus.Work{CorpID: "c", Payload: fmt.Sprintf(`{"ID":%d}`, id)})
			})
		}
		if len(told) != 3 || !told[2].Overdue || told[2].ID != v.ID || !g.Overdue(v, world.Now()) {
			t.Fatalf("when its time is up, the open one is told again: %+v", told)
		}
		var timers int
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE kind = ?", kindComplaintDue).Scan(t.Context(), &timers); err != nil || timers != 2 {
			t.Fatalf("%d timers (%v)", timers, err)
		}
	})
}

func TestACustomerComplainsOnTheirOwnPage(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	mux := http.NewServeMux()
	g.RegisterPages(mux)
	const who = "青柠 07"
	grieve(t, g, who, Upset) // staff's own note about them is not for them
	post := func(form url.Values) string {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), "POST", g.PreferencePath("c", who), strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w.Body.String()
	}
	if page := post(url.Values{"act": {"complain"}, "words": {"慢"}}); !strings.Contains(page, "2 到 500 个字") || !strings.Contains(page, ">慢</textarea>") {
		t.Fatalf("too short: %s", page)
	}
	page := post(url.Values{"act": {"complain"}, "words": {"<b>发货</b>太慢"}})
	if !strings.Contains(page, "已收到您的投诉") || !strings.Contains(page, "&lt;b&gt;发货&lt;/b&gt;太慢") || strings.Contains(page, "面霜过敏") || !strings.Contains(page, "24 小时内会有人处理") {
		t.Fatalf("the page: %s", page)
	}
	rows, err := g.OpenComplaints(t.Context(), "c")
	if err != nil || len(rows) != 1 || rows[0].Note != "<b>发货</b>太慢" {
		t.Fatalf("%+v %v", rows, err)
	}
}
