package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// outage has people come before, while and after a database is away, and wants: what was acknowledged is stored, the
// rest was closed without an answer, and in the end everybody is known once, no work is left, and the platform is ready.
func outage(t *testing.T, box *sandbox.Server, a *node, away, back func()) {
	t.Helper()
	r := newRoad(t, box, a)
	var scans []map[string]any
	people := func() {
		for range 10 {
			scans = append(scans, act(t, box, map[string]any{"act": "scan_contact_way"}))
		}
	}
	people() // these may be on their way when it goes
	away()
	before, _, _ := r.counts()
	people()
	quiet(t, box)
	acked, unanswered, refused := r.counts()
	if unanswered < 3 || acked == len(scans) || len(refused) > 0 {
		t.Fatalf("%d deliveries were acknowledged, %d of them before the outage; %d closed, %v answered", acked, before, unanswered, refused)
	}
	back()
	kept := a.rows(t, "SELECT COUNT(*) FROM work WHERE kind = 'change_external_contact.add_external_contact'")
	if kept < acked {
		t.Fatalf("%d events are stored, but %d were acknowledged", kept, acked)
	}
	people()
	for _, scan := range scans {
		eventually(t, "a customer, told of or found", func() bool { return a.known(t, scan) })
	}
	eventually(t, "readiness", func() bool { return answers(t, a.url+"/readyz") == http.StatusOK })
	idle(t, a)
	if dead := a.rows(t, "SELECT COUNT(*) FROM work WHERE state = 'dead'"); dead > 0 {
		t.Errorf("%d dead letters", dead)
	}
}

func answers(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// A full disk, as SQLite meets it: no page can be added to the file.
func TestAFullDiskAcknowledgesNothingThatItCannotKeep(t *testing.T) {
	t.Parallel()
	for _, repeat := range []string{"any", "no_answer"} {
		t.Run(repeat, func(t *testing.T) {
			t.Parallel()
			opts := small()
			opts.Switches = map[string]string{"callback.repeat": repeat}
			box, a := platform(t, opts, "")
			synced(t, a)
			idle(t, a)
			outage(t, box, a, func() { fill(t, a) }, func() { limit(t, a, 1<<30) })
		})
	}
}

// limit sets how many pages the file may have. It counts for the connection that writes.
func limit(t *testing.T, a *node, pages int) {
	t.Helper()
	if err := write(t, a, fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
		t.Fatal(err)
	}
}

// fill leaves not even a byte.
func fill(t *testing.T, a *node) {
	t.Helper()
	if err := write(t, a, "CREATE TABLE ballast (x BLOB)"); err != nil {
		t.Fatal(err)
	}
	limit(t, a, a.rows(t, "PRAGMA page_count")+40)
	var full error
	for size := 64 << 10; size > 0; size /= 2 {
		for full = nil; full == nil; {
			full = write(t, a, fmt.Sprint("INSERT INTO ballast VALUES (zeroblob(", size, "))"))
		}
	}
	if !strings.Contains(full.Error(), "full") {
		t.Fatalf("filling the disk: %v", full)
	}
}

func write(t *testing.T, a *node, statement string) error {
	t.Helper()
	return a.DB.Tx(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(statement).Exec(ctx)
		return err
	})
}

// PostgreSQL ends as by a power cut, and is started again under the platform.
func TestAStoppedPostgreSQLAcknowledgesNothingAndIsFoundAgain(t *testing.T) {
	t.Parallel()
	for _, repeat := range []string{"any", "no_answer"} {
		t.Run(repeat, func(t *testing.T) {
			t.Parallel()
			server := dbtest.OwnPostgres(t)
			opts := small()
			opts.Switches = map[string]string{"callback.repeat": repeat}
			box, a := platform(t, opts, server.URL())
			synced(t, a)
			idle(t, a)
			outage(t, box, a, func() {
				server.Stop()
				if status := answers(t, a.url+"/readyz"); status != http.StatusServiceUnavailable {
					t.Errorf("without a database /readyz answers %d", status)
				}
			}, server.Start)
		})
	}
}
