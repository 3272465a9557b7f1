package e2e

import (
	"encoding/json"
	"net/http"
	"testing"

	"zhiyin.dev/zhiyin/sandbox"
)

// asked is what the sandbox was asked, by its own count.
type asked struct {
	Total struct {
		Calls       int `json:"calls"`
		MaxInFlight int `json:"max_in_flight"`
	} `json:"total"`
	Endpoints map[string]struct {
		Calls int `json:"calls"`
	} `json:"endpoints"`
}

func (a asked) pages() int { return a.Endpoints["/cgi-bin/externalcontact/batch/get_by_user"].Calls }
func (a asked) lists() int { return a.Endpoints["/cgi-bin/externalcontact/list"].Calls }

func callsOf(t *testing.T, box *sandbox.Server) (a asked) {
	t.Helper()
	status, answer, err := send(http.MethodGet, box.URL+"/_sandbox/calls", nil, "")
	if err != nil || status != http.StatusOK {
		t.Fatalf("calls: %d %v", status, err)
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// A first sync of 20 members with 500 customers each, at a WeCom that takes 50 ms and 20 calls at the same time, is killed
// with -9 in the middle: the next process goes on where it was.
func TestASyncGoesOnAfterKill9(t *testing.T) {
	t.Parallel()
	const customers = 10_000
	box := startBox(t, sandbox.Options{Staff: 20, Customers: customers, Groups: 25, Start: morning})
	box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/*", LatencyMS: 50, InFlightCap: 20}}})
	s := serve(t, box)
	s.start()
	var run syncRun
	within(t, readyWithin, "the middle of the sync", func() bool {
		s.api(http.MethodGet, "/sync", nil, &run)
		return run.Parts["relations"].Read >= customers*3/10
	})
	s.kill()
	if run.State != "running" {
		t.Fatalf("killed too late: the sync was %s", run.State)
	}
	before := callsOf(t, box)
	s.start()
	run = s.synced()
	if c := run.Parts["customers"]; run.State != "done" || c.Expected != customers || c.Stored != customers || c.Failed != 0 {
		t.Fatalf("after the restart: %s %+v", run.State, run.Parts)
	}
	if n := s.count("SELECT COUNT(*) FROM customer WHERE live"); n != customers {
		t.Errorf("%d of %d customers are stored", n, customers)
	}
	all := callsOf(t, box)
	// A page that was in flight when it died is read again: at most one for each of the 8 readers. Each process asks for
	// tokens, departments and the like once.
	if pages := customers / 100; before.pages() < pages*3/10 || all.pages() > pages+25 || all.lists() > 21 {
		t.Errorf("%d pages before, %d in all, %d lists: it began anew", before.pages(), all.pages(), all.lists())
	}
	if all.Total.MaxInFlight > 20 || all.Total.Calls > 260 {
		t.Errorf("%d calls, %d at the same time; want at most 260 and 20", all.Total.Calls, all.Total.MaxInFlight)
	}
}
