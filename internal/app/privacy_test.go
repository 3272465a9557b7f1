package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
)

// holders are the columns of the database that hold some words.
func holders(t *testing.T, a *node, words string) map[string]string {
	t.Helper()
	query := `SELECT m.name AS "table", p.name AS "column" FROM sqlite_master AS m, pragma_table_info(m.name) AS p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	if a.DB.Engine == db.Postgres {
		query = `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = 'public'`
	}
	var columns []struct{ Table, Column string }
	if err := a.DB.Read().NewRaw(query).Scan(t.Context(), &columns); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range columns {
		var values []string
		q := fmt.Sprintf("SELECT CAST(%[1]s AS TEXT) FROM %[2]s WHERE REPLACE(CAST(%[1]s AS TEXT), ?, '') <> CAST(%[1]s AS TEXT)", c.Column, c.Table)
		if err := a.DB.Read().NewRaw(q, words).Scan(t.Context(), &values); err != nil {
			t.Fatal(err)
		}
		if len(values) > 0 {
			out[c.Table+"."+c.Column] = strings.Join(values, " | ")
		}
	}
	return out
}

// nothingDue waits until nothing is left to do by now: what is planned for later stays.
func nothingDue(t *testing.T, a *node) {
	t.Helper()
	eventually(t, "what is due to be done", func() bool {
		return a.rows(t, "SELECT COUNT(*) FROM work WHERE due_at <= ? AND state IN ('pending', 'running')", a.World.Now()) == 0
	})
}

// Who was erased does not come back by what the platform reads or is told, only by what they do themselves; the ledger and the audit log
// still agree.
func TestWhoWasErasedStaysAwayUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		welcoming(t, a)
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		customer, staff := scan["customer"].(string), scan["staff"].(string)
		eventually(t, "the welcome in the ledger", func() bool {
			n, err := a.DB.Read().NewSelect().TableExpr("touch").Where("customer_id = ? AND state = 'committed'", customer).Count(t.Context())
			return err == nil && n == 1
		})
		var names map[string]string
		eventually(t, "their name", func() bool {
			var err error
			if names, err = a.Customers.Names(t.Context(), a.DB.Read(), []string{customer}); err != nil {
				t.Fatal(err)
			}
			return names[customer] != ""
		})
		if len(holders(t, a, names[customer])) == 0 {
			t.Fatal("the name is nowhere: the test shows nothing")
		}
		if err := a.Privacy.Erase(t.Context(), customer, "他们本人打电话要求", "admin"); err != nil {
			t.Fatal(err)
		}
		gone := func() bool {
			known, err := a.Privacy.Gone(t.Context(), a.DB.Read(), customer)
			if err != nil {
				t.Fatal(err)
			}
			return known[customer]
		}
		for range 12 { // what is under way ends first
			if gone() {
				break
			}
			if err := box.Advance(t.Context(), 10*time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the erasure", gone)

		if _, err := a.Sync.Begin(t.Context(), sync.Asked); err != nil {
			t.Fatal(err)
		}
		nothingDue(t, a)
		run := synced(t, a)
		if part := run.Report.Parts["customers"]; part.Failed != 0 {
			t.Errorf("the sync failed for %d", part.Failed)
		}
		act(t, box, map[string]any{"act": "staff_edits_customer", "customer": customer, "staff": staff})
		nothingDue(t, a)
		for where, what := range holders(t, a, customer) {
			if where != "audit_entry.subject_id" && where != "audit_entry.detail" && where != "change.names" && !strings.HasPrefix(where, "work.") { // an event is work for three days
				t.Errorf("%s names the person again: %.300s", where, what)
			}
		}
		for where, what := range holders(t, a, names[customer]) {
			t.Errorf("%s holds the name: %.300s", where, what)
		}
		if r, err := a.Audit.Verify(t.Context(), ""); err != nil || len(r.Problems) > 0 {
			t.Errorf("the ledger and the log do not agree any more: %+v, %v", r, err)
		}

		act(t, box, map[string]any{"act": "customer_deletes_staff", "customer": customer, "staff": staff})
		if err := box.Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		act(t, box, map[string]any{"act": "scan_contact_way", "customer": customer})
		eventually(t, "the person who came back", func() bool { return !gone() })
		if _, err := a.Privacy.CopyOf(t.Context(), customer, "zh"); err != nil {
			t.Errorf("a copy of who came back: %v", err)
		}
	})
}

// chatty stands before a sandbox and tells more than it does: in every object of every answer a field that nobody has heard of, and fields
// of WeCom's pages that we have no purpose for.
func chatty(t *testing.T, box *sandbox.Server) (url string, told *atomic.Int64) {
	t.Helper()
	target, err := neturl.Parse(box.URL)
	if err != nil {
		t.Fatal(err)
	}
	told = &atomic.Int64{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var answer map[string]any
		if json.Unmarshal(body, &answer) == nil {
			told.Add(int64(chat(answer)))
			if body, err = json.Marshal(answer); err != nil {
				return err
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return s.URL, told
}

func chat(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			n += chat(inner)
		}
		for _, name := range []string{"never_heard_of", "mobile", "email", "telephone", "address", "biz_mail", "corp_full_name", "remark_company", "id_card"} {
			if _, there := v[name]; !there {
				v[name] = "KANARIENVOGEL"
				n++
			}
		}
	case []any:
		for _, inner := range v {
			n += chat(inner)
		}
	}
	return n
}

// No field without a purpose in the register reaches the database (LAW-05), whatever WeCom answers.
func TestNoUnregisteredFieldOfAnAnswerIsStored(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), small())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	url, told := chatty(t, box)
	a := join(t, box, "", dbtest.SQLiteDir(t), "ZHIYIN_WECOM_BASE_URL="+url)
	if run := synced(t, a); run.State != sync.Done || run.Report.Parts["customers"].Stored == 0 {
		t.Fatalf("the sync read nothing: %+v", run.Report)
	}
	scan := act(t, box, map[string]any{"act": "scan_contact_way"})
	act(t, box, map[string]any{"act": "open_kf", "customer": scan["customer"]})
	act(t, box, map[string]any{"act": "customer_says", "customer": scan["customer"], "text": "你好"})
	eventually(t, "the words", func() bool {
		return a.rows(t, "SELECT COUNT(*) FROM kf_message WHERE customer_id = ?", scan["customer"]) > 0
	})
	nothingDue(t, a)
	if told.Load() < 1000 {
		t.Errorf("only %d fields were added: the test shows little", told.Load())
	}
	for where, what := range holders(t, a, "KANARIENVOGEL") {
		t.Errorf("%s holds what has no purpose: %.300s", where, what)
	}
}
