package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkBatch is one page of 100 rows of batch/get_by_user, without a network.
func BenchmarkBatch(b *testing.B) {
	s, err := New(Options{Seed: 1, Start: testStart, Paused: true, Switches: map[string]string{"quota.base": "off"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	s.mu.Lock()
	token, _ := s.tokens.issue(1, s.secrets.App, byApp|byExternal, s.now())
	s.mu.Unlock()
	h := s.Handler()
	const body = `{"userid_list":["S01","S02","S03"],"limit":100}`
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/cgi-bin/externalcontact/batch/get_by_user?access_token="+token, strings.NewReader(body)))
		if w.Body.Len() < 1000 {
			b.Fatal(w.Body.String())
		}
	}
}

// BenchmarkCallbacks is a scan and its callback, answered over loopback.
func BenchmarkCallbacks(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(srv.Close)
	s, err := New(Options{Seed: 1, Start: testStart, Paused: true, Callback: srv.URL})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	began := time.Now()
	for b.Loop() {
		if _, err := s.Act([]byte(`{"act":"scan_contact_way"}`)); err != nil {
			b.Fatal(err)
		}
	}
	for s.State().CallbacksPending > 0 {
		wait(b.Context(), time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "callbacks/s")
}

// BenchmarkNewWorld is a reset to the default world.
func BenchmarkNewWorld(b *testing.B) {
	for b.Loop() {
		newWorld(huajian(), 1, testStart)
	}
}

// BenchmarkLargeWorld is a world of a million customers.
func BenchmarkLargeWorld(b *testing.B) {
	spec := huajian()
	spec.Customers, spec.Staff, spec.Groups = 1_000_000, 500, 2000
	for b.Loop() {
		newWorld(spec, 1, testStart)
	}
}
