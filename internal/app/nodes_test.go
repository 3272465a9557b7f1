package app_test

import (
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// natsServer is a NATS that nodes join over loopback.
func natsServer(t *testing.T) string {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(clocktest.Patience) {
		t.Fatal("NATS is not ready")
	}
	return srv.ClientURL()
}

// Two nodes share a database and a NATS server; in the middle one is stopped and a third takes its place. Customers are
// added and leave again: each event has its effect once, and what happened to one customer stays in order.
func TestTwoNodesDoEverythingOnceAndInOrderWhileOneIsReplaced(t *testing.T) {
	t.Parallel()
	databaseURL, natsURL, firstDir := dbtest.PostgresURL(t), natsServer(t), t.TempDir()
	box, err := sandbox.Start(t.Context(), small())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	env := []string{"ZHIYIN_NATS_URL=" + natsURL, "ZHIYIN_MASTER_KEY_FILE=" + filepath.Join(firstDir, "master.key")}
	first := join(t, box, databaseURL, firstDir, env...)
	synced(t, first)
	welcoming(t, first)
	second := join(t, box, databaseURL, t.TempDir(), env...) // callbacks go to the node that joined last
	eventually(t, "the partitions to be shared", func() bool {
		return second.rows(t, "SELECT COUNT(DISTINCT owner) FROM lease WHERE name LIKE 'partition/%' AND owner <> ''") == 2
	})

	var scans, gone []map[string]any
	story := func(n int) {
		for i := range n {
			scan := act(t, box, map[string]any{"act": "scan_contact_way"})
			if i%3 == 0 {
				act(t, box, map[string]any{"act": "customer_deletes_staff", "staff": scan["staff"], "customer": scan["customer"]})
				gone = append(gone, scan)
				continue
			}
			scans = append(scans, scan)
		}
	}
	story(30)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		first.leave() // while its partitions have work
	}()
	story(30)
	<-stopped
	third := join(t, box, databaseURL, t.TempDir(), env...)
	story(30)
	quiet(t, box)
	idle(t, third)

	if dead := third.rows(t, "SELECT COUNT(*) FROM work WHERE state = 'dead'"); dead > 0 {
		t.Errorf("%d dead letters", dead)
	}
	welcomes := map[string]int{}
	for _, d := range box.Deliveries(0) {
		if d.Kind == "welcome" {
			welcomes[d.Customer]++
		}
	}
	for _, scan := range scans {
		id := scan["customer"].(string)
		sent := third.rows(t, "SELECT COUNT(*) FROM welcome_trace WHERE customer_id = ? AND outcome = 'sent'", id)
		if !third.known(t, scan) || welcomes[id] > 1 || sent != welcomes[id] {
			t.Errorf("%s: known once: %v, %d welcomes came, %d are noted", id, third.known(t, scan), welcomes[id], sent)
		}
	}
	for _, scan := range gone {
		live := third.rows(t, "SELECT COUNT(*) FROM relation WHERE customer_id = ? AND live", scan["customer"])
		added := third.rows(t, "SELECT COUNT(*) FROM timeline WHERE customer_id = ? AND kind = 'added'", scan["customer"])
		lost := third.rows(t, "SELECT COUNT(*) FROM timeline AS l JOIN timeline AS a ON a.corp_id = l.corp_id AND a.customer_id = l.customer_id AND a.kind = 'added' "+
			"AND a.id < l.id WHERE l.customer_id = ? AND l.kind = 'lost'", scan["customer"])
		if live != 0 || added != 1 || lost != 1 {
			t.Errorf("%s came and went: live %d, added %d times, lost after it %d times", scan["customer"], live, added, lost)
		}
	}
	eventually(t, "the partitions to be shared by the two that live", func() bool {
		return third.rows(t, "SELECT COUNT(DISTINCT owner) FROM lease WHERE name LIKE 'partition/%' AND owner <> ''") == 2
	})
}
