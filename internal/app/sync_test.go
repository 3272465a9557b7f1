package app_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
)

// slow is a WeCom that answers after 50 ms and takes 20 calls at the same time.
func slow() sandbox.Faults {
	return sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/*", LatencyMS: 50, InFlightCap: 20}}}
}

// many is 20 members with 500 customers each; the race detector gets by with fewer.
func many() int {
	if underRace {
		return 1_000
	}
	return 10_000
}

func big() sandbox.Options {
	return sandbox.Options{Staff: 20, Customers: many(), Groups: 25, Start: morning, Patience: clocktest.Patience}
}

func TestSyncStoresEveryCustomerOfASlowWeComWithinItsLimits(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, err := sandbox.Start(t.Context(), big())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = box.Close() })
		box.SetFaults(slow())
		a := join(t, box, databaseURL, dbtest.SQLiteDir(t))
		run := synced(t, a)
		people, pairs := run.Report.Parts["customers"], run.Report.Parts["relations"]
		if run.State != sync.Done || people.Expected != many() || people.Stored != many() || people.Failed != 0 || pairs.Stored != pairs.Expected || pairs.Failed != 0 {
			t.Fatalf("%s: customers %+v, relations %+v, errors %v", run.State, people, pairs, run.Report.Errors)
		}
		total := calls(t, box).Total
		if total.Calls > 260 || total.MaxInFlight > 20 {
			t.Fatalf("%d calls, %d at the same time; want at most 260 and 20", total.Calls, total.MaxInFlight)
		}
	})
}

func TestSyncThatIsStoppedInTheMiddleGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, err := sandbox.Start(t.Context(), big())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = box.Close() })
		box.SetFaults(slow())
		dir := dbtest.SQLiteDir(t)
		first := join(t, box, databaseURL, dir)
		eventually(t, "the middle of the sync", func() bool {
			run, err := first.Sync.Last(t.Context())
			return err == nil && run.Report.Parts["relations"].Read >= many()*3/10
		})
		first.leave()
		before := calls(t, box).Endpoints["/cgi-bin/externalcontact/batch/get_by_user"].Calls
		run := synced(t, join(t, box, databaseURL, dir))
		if c := run.Report.Parts["customers"]; run.State != sync.Done || c.Stored != many() || c.Failed != 0 {
			t.Fatalf("after the restart: %s %+v", run.State, c)
		}
		after := calls(t, box).Endpoints["/cgi-bin/externalcontact/batch/get_by_user"].Calls - before
		lists := calls(t, box).Endpoints["/cgi-bin/externalcontact/list"].Calls
		// A page that was in flight when it stopped is read again: at most one for each of the 8 readers.
		if pages := many() / 100; before < pages*3/10 || before+after > pages+25 || lists > 21 {
			t.Fatalf("%d pages before, %d after, %d lists: it began anew", before, after, lists)
		}
	})
}

func TestCatchUpFindsWhatNoCallbackToldAndSendsNoLateWelcome(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		dir := dbtest.SQLiteDir(t)
		box, err := sandbox.Start(t.Context(), small())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = box.Close() })
		first := join(t, box, databaseURL, dir)
		synced(t, first)
		first.leave()
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		if err := box.Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		second := join(t, box, databaseURL, dir)
		run := synced(t, second)
		if run.Reason != sync.Start || run.Report.Drift.Added != 1 {
			t.Fatalf("catch-up %s found %+v, want one new relation", run.Reason, run.Report.Drift)
		}
		names, err := second.Customers.Names(t.Context(), second.DB.Read(), []string{scan["customer"].(string)})
		if err != nil || len(names) != 1 {
			t.Fatalf("the new customer is not stored: %v %v", names, err)
		}
		for _, d := range box.Deliveries(0) {
			if d.Kind == "welcome" && d.Customer == scan["customer"] {
				t.Fatalf("a late welcome went out: %+v", d)
			}
		}
	})
}

type callStats struct {
	Total struct {
		Calls       int `json:"calls"`
		MaxInFlight int `json:"max_in_flight"`
	} `json:"total"`
	Endpoints map[string]struct {
		Calls int `json:"calls"`
	} `json:"endpoints"`
}

// calls asks the sandbox's control plane what it was asked.
func calls(t *testing.T, box *sandbox.Server) callStats {
	t.Helper()
	resp, err := http.Get(box.URL + "/_sandbox/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out callStats
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
