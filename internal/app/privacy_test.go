package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/sync"
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
		names, err := a.Customers.Names(t.Context(), a.DB.Read(), []string{customer})
		if err != nil || names[customer] == "" {
			t.Fatalf("no name is known: %v, %v", names, err)
		}
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
			if where != "audit_entry.subject_id" && where != "change.names" && !strings.HasPrefix(where, "work.") { // an event is work for three days
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
