package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite" // to look into the database behind the platform's back

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// crashEvents is how many callbacks the crash test sends; ZHIYIN_CRASH_EVENTS=20000 is its full size.
const crashEvents = 1500

// told is one event of the recorded story and what became of its deliveries.
type told struct {
	recorded
	kind, customer, staff string
	code                  bool // it brought a welcome code; WeCom gives none for its own users
	deliveries            atomic.Int32
	acked                 atomic.Int32
}

// The whole road with kill -9 in the middle: callbacks at full speed, a fifth of them twice, out of order. What was
// acknowledged has its effect exactly once; what was never delivered is found by the catch-up.
func TestNothingAcknowledgedIsLostOrDoubledByKill9(t *testing.T) {
	t.Parallel()
	n := crashEvents
	if v, err := strconv.Atoi(os.Getenv("ZHIYIN_CRASH_EVENTS")); err == nil {
		n = v
	}
	box := startBox(t, sandbox.Options{Staff: 20, Customers: max(200, n/5), Groups: 3, Start: morning, Paused: true})
	s := serve(t, box)
	s.start()
	if run := s.synced(); run.State != "done" {
		t.Fatalf("first sync: %+v", run)
	}
	s.api(http.MethodPost, "/welcomes", map[string]any{"name": "默认", "text": "你好，护肤问题随时问我。", "scope": map[string]any{"kind": "default"}, "enabled": true}, nil)

	events := story(t, box, n)
	play(t, s, events)
	if err := box.SetSpeed(60); err != nil { // now back-off and limits may run out
		t.Fatal(err)
	}
	s.settled()
	s.synced()
	s.judge(box, events)

	s.kill()
	out, err := s.run("recount")
	if err != nil {
		t.Errorf("recount: %v\n%s", err, out)
	}
}

// story lets the world's people act, and answers the sealed callbacks that told of it. The world stands still: all of it
// happens in the same second.
func story(t *testing.T, box *sandbox.Server, n int) []*told {
	t.Helper()
	live := worldRelations(t, box)
	record := recorder(t, box)
	for i := range n {
		body := map[string]any{"act": "scan_contact_way"}
		switch {
		case i%10 == 0 && len(live) > n/10: // a customer of old leaves
			body = map[string]any{"act": "customer_deletes_staff", "staff": live[0].staff, "customer": live[0].customer}
			live = live[1:]
		case i%2 == 0: // a member writes a remark
			p := live[len(live)-1-(i/2)%(len(live)/2)]
			body = map[string]any{"act": "staff_edits_customer", "staff": p.staff, "customer": p.customer, "remark": fmt.Sprint("备注 ", i)}
		}
		act(t, box, body)
	}
	crypto, err := callback.New(box.Ready.Callback.Token, box.Ready.Callback.AESKey, box.Ready.CorpID)
	if err != nil {
		t.Fatal(err)
	}
	var out []*told
	for _, r := range record() {
		q, err := url.ParseQuery(r.query)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := crypto.Open(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), []byte(r.body))
		if err != nil {
			t.Fatal(err)
		}
		e, err := callback.Parse(plain)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &told{recorded: r, kind: e.ChangeType, customer: e.Get("ExternalUserID"), staff: e.Get("UserID"), code: e.Get("WelcomeCode") != ""})
	}
	if len(out) < n*9/10 {
		t.Fatalf("%d acts were told by %d callbacks", n, len(out))
	}
	return out
}

// play sends every event at full speed, a fifth of them twice, shuffled within a window; it kills the platform at the
// half, lets a few hundred deliveries fail, starts it again and goes on. Failed deliveries are not repeated.
func play(t *testing.T, s *served, events []*told) {
	t.Helper()
	const window = 200
	rng := rand.New(rand.NewPCG(1, 2))
	var road []*told
	for i, e := range events {
		road = append(road, e)
		if i%5 == 0 {
			road = append(road, e)
		}
	}
	for i := range road {
		j := i + rng.IntN(min(window, len(road)-i))
		road[i], road[j] = road[j], road[i]
	}
	half, down := len(road)/2, min(300, len(road)/20)
	sender := &http.Client{Timeout: forHangs, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	send := func(road []*told) (failed int) {
		var wg sync.WaitGroup
		var lost atomic.Int32
		next := make(chan *told)
		for range 64 {
			wg.Go(func() {
				for e := range next {
					e.deliveries.Add(1)
					if deliver(sender, s.url, e.recorded) {
						e.acked.Add(1)
					} else {
						lost.Add(1)
					}
				}
			})
		}
		for i, e := range road {
			if s.cmd != nil && len(road) > half && i == half { // in the middle of full speed
				s.kill()
			}
			next <- e
			if s.cmd == nil && i >= half+down {
				break
			}
		}
		close(next)
		wg.Wait()
		return int(lost.Load())
	}
	if failed := send(road); failed < down/2 {
		t.Errorf("only %d deliveries failed while nobody served", failed)
	}
	s.start()
	if failed := send(road[half+down+1:]); failed > 0 {
		t.Errorf("%d deliveries failed after the restart\n%s", failed, s.log)
	}
}

// deliver answers whether the platform said that it has the event.
func deliver(client *http.Client, base string, r recorded) bool {
	resp, err := client.Post(base+r.path+"?"+r.query, "text/xml", strings.NewReader(r.body))
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && string(answer) == "success"
}

// settled waits until all events and the calls they caused are done.
func (s *served) settled() {
	s.t.Helper()
	const open = "FROM work WHERE state IN ('pending', 'running') AND (lane = 'inbox' OR kind IN ('customer.refresh', 'outreach.welcome'))"
	done := false
	defer func() {
		if !done {
			s.t.Logf("%d pieces of work are left", s.count("SELECT COUNT(*) "+open))
		}
	}()
	within(s.t, forHangs, "all work to be done", func() bool {
		done = s.count("SELECT COUNT(*) FROM (SELECT 1 "+open+" LIMIT 1)") == 0 // the first one found is enough
		return done
	})
}

// judge compares the tables with what was told and with what the world holds.
func (s *served) judge(box *sandbox.Server, events []*told) {
	t := s.t
	t.Helper()
	if n := s.count("SELECT COUNT(*) FROM work WHERE state = 'dead'"); n > 0 {
		t.Errorf("%d dead letters", n)
	}
	welcomed := map[string]int{}
	for _, d := range box.Deliveries(0) {
		if d.Kind == "welcome" {
			welcomed[d.Customer]++
		}
	}
	noted := s.tally("SELECT customer_id || '/' || actor || '/' || kind, COUNT(*) FROM timeline GROUP BY 1")
	live := s.tally("SELECT customer_id || '/' || staff_id, COUNT(*) FROM relation WHERE live GROUP BY 1")
	sent := s.tally("SELECT customer_id || '/' || staff_id, COUNT(*) FROM welcome_trace WHERE outcome = 'sent' GROUP BY 1")
	kept := s.tally("SELECT customer_id || '/' || staff_id || '/' || remark, COUNT(*) FROM relation GROUP BY 1")
	kinds := map[string]string{"add_external_contact": "added", "del_follow_user": "lost"}
	acked, never := 0, 0
	var wrong []string
	for _, e := range events {
		got := e.acked.Load() > 0
		if got {
			acked++
		} else {
			never++
		}
		kind, counted := kinds[e.kind]
		if !counted {
			continue
		}
		relation := e.customer + "/" + e.staff
		noted := noted[relation+"/"+kind] + noted[e.customer+"//"+kind]
		live, sent := live[relation], sent[relation]
		switch {
		case kind == "added" && (noted != 1 || live != 1):
			wrong = append(wrong, fmt.Sprintf("added %s (acknowledged: %v): %d notes, %d relations", e.customer, got, noted, live))
		case kind == "added" && got && e.code && (sent != 1 || welcomed[e.customer] != 1):
			wrong = append(wrong, fmt.Sprintf("welcome of %s: %d traces say sent, %d reached them", e.customer, sent, welcomed[e.customer]))
		case kind == "added" && welcomed[e.customer] > 1:
			wrong = append(wrong, fmt.Sprintf("welcome of %s reached them %d times", e.customer, welcomed[e.customer]))
		case kind == "lost" && got && (noted != 1 || live != 0):
			wrong = append(wrong, fmt.Sprintf("lost %s: %d notes, %d relations", e.customer, noted, live))
		}
	}
	t.Logf("%d events: %d acknowledged, %d never delivered; %d welcomes", len(events), acked, never, len(welcomed))
	if len(wrong) > 0 {
		t.Errorf("%d effects are wrong, first: %s", len(wrong), strings.Join(wrong[:min(5, len(wrong))], "; "))
	}
	if never == 0 {
		t.Error("every event was delivered: the test did not test the catch-up")
	}
	remarks := map[string]string{}
	for _, r := range worldRelations(t, box) {
		remarks[r.customer+"/"+r.staff] = r.remark
	}
	for _, e := range events {
		if want := remarks[e.customer+"/"+e.staff]; e.kind == "edit_external_contact" && e.acked.Load() > 0 {
			if kept[e.customer+"/"+e.staff+"/"+want] != 1 {
				t.Errorf("the remark of %s is not %q", e.customer, want)
				break
			}
		}
	}
}

// count asks the database file directly.
func (s *served) count(query string) (n int) {
	s.t.Helper()
	if err := s.open().QueryRowContext(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// tally reads a name and a number from each row.
func (s *served) tally(query string) map[string]int {
	s.t.Helper()
	rows, err := s.open().QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			s.t.Fatal(err)
		}
		all[name] = n
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// open opens the database file for reading.
func (s *served) open() *sql.DB {
	s.t.Helper()
	if s.tables == nil {
		d, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "zhiyin.db")+"?mode=ro&_pragma=busy_timeout(5000)")
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = d.Close() })
		s.tables = d
	}
	return s.tables
}

// run runs another command beside the same data.
func (s *served) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), forHangs)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binDir, "zhiyin"), args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}
