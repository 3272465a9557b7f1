package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// Two processes share PostgreSQL and a NATS server. Mass messages to overlapping customers are submitted at both at the
// same time; one process is killed with -9 among them and started again. By the sandbox's own list nobody gets more than
// the one message a day that FTG-01 allows, everybody who may get one does, and the results agree with the list.
func TestTwoProcessesKeepTheCapUnderKill9(t *testing.T) {
	t.Parallel()
	const customers, messages = 200, 8 // above 200 a second person would have to approve
	box := startBox(t, sandbox.Options{Staff: 8, Customers: customers, Groups: 2, Start: morning})
	shared := []string{"ZHIYIN_DATABASE_URL=" + dbtest.PostgresURL(t), "ZHIYIN_NATS_URL=" + natsServer(t), "ZHIYIN_MASTER_KEY_FILE=" + filepath.Join(t.TempDir(), "master.key")}
	first, second := serve(t, box, shared...), serve(t, box, shared...)
	first.start()
	if run := first.synced(); run.State != "done" {
		t.Fatalf("first sync: %+v", run)
	}
	second.start()
	var caps map[string]any // nobody is held out, so that everybody shows what they got
	first.api(http.MethodPut, "/governance/caps", map[string]any{
		"rules": []any{map[string]any{"days": 1, "cap": 1}, map[string]any{"days": 7, "cap": 3}, map[string]any{"days": 30, "cap": 8}},
		"quiet": map[string]any{"from": "09:00", "to": "21:00", "sunday_from": "10:00"}, "holdout": 0,
	}, &caps)
	var admission map[string]any // marketing waits for an owner's answers
	first.api(http.MethodPut, "/governance/admission", map[string]any{"answers": map[string]bool{"gambling": false, "pornography": false, "fraud": false, "ecosystem": false, "data": false}}, &admission)

	drafts := make([]string, messages)
	for i := range drafts {
		audience := map[string]any{"tags": []string{}}
		if i%2 == 1 { // customers of some, whom the others reach too
			audience["staff"] = []string{fmt.Sprintf("S%02d", i%8+1), fmt.Sprintf("S%02d", (i+1)%8+1)}
		}
		var made struct{ ID string }
		first.api(http.MethodPost, "/broadcasts", map[string]any{"name": fmt.Sprint("会员日 ", i), "text": fmt.Sprintf("会员日第 %d 场，欢迎预约。", i), "benefit": "知道场次", "audience": audience}, &made)
		drafts[i] = made.ID
	}
	var wg sync.WaitGroup
	begun := make(chan struct{}, messages)
	for i, id := range drafts {
		at := []*served{first, second}[i%2]
		wg.Go(func() {
			_ = submit(at, id) // the killed one answers nothing
			begun <- struct{}{}
		})
	}
	<-begun
	first.kill()
	wg.Wait()
	first.start()
	for _, id := range drafts { // an author who got no answer looks, and submits what is still a draft
		if err := submit(second, id); err != nil {
			t.Errorf("submit %s again: %v", id, err)
		}
	}

	if err := box.SetSpeed(60); err != nil { // now back-off and limits may run out
		t.Fatal(err)
	}
	var sent int
	within(t, forHangs, "all mass messages to be done", func() bool {
		for { // members confirm whatever is open
			if _, err := box.Act(json.RawMessage(`{"act":"staff_confirms"}`)); err != nil {
				break
			}
		}
		sent = 0
		for _, id := range drafts {
			var b struct {
				State  string
				Counts struct{ Sent int }
			}
			second.api(http.MethodGet, "/broadcasts/"+id, nil, &b)
			if b.State != "done" && b.State != "draft" { // a draft: nobody was left who may get it
				return false
			}
			sent += b.Counts.Sent
		}
		return true
	})
	got := map[string]int{}
	for _, d := range box.Deliveries(0) {
		if d.Kind == "mass_customer" {
			got[d.Customer]++
		}
	}
	for id, n := range got {
		if n > 1 {
			t.Errorf("%s got %d mass messages on one day", id, n)
		}
	}
	if len(got) < customers*9/10 || sent != len(got) {
		t.Errorf("%d of %d customers got a message; the results say %d", len(got), customers, sent)
	}
	var dead struct{ Total int }
	second.api(http.MethodGet, "/dead-letters", nil, &dead)
	if dead.Total > 0 {
		t.Errorf("%d dead letters", dead.Total)
	}
}

// submit starts a draft as its author does: with the number of receivers they saw, and looking again when others were
// faster. What nobody may get stays a draft.
func submit(at *served, id string) error {
	base := at.url + "/api/v1/broadcasts/" + id
	get := func(address string, out any) error {
		status, answer, err := send(http.MethodGet, address, nil, at.token)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s: %d %s", address, status, answer)
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, out)
	}
	for range 50 {
		var b struct{ State string }
		if err := get(base, &b); err != nil || b.State != "draft" {
			return err
		}
		var plan struct{ Reachable int }
		if err := get(base+"/plan", &plan); err != nil {
			return err
		}
		if plan.Reachable == 0 {
			return nil
		}
		status, answer, err := send(http.MethodPost, base+"/submit", fmt.Appendf(nil, `{"expect_reachable":%d}`, plan.Reachable), at.token)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK:
			return nil
		case status != http.StatusConflict:
			return fmt.Errorf("submit: %d %s", status, answer)
		}
	}
	return errors.New("others were faster fifty times")
}

// natsServer is a NATS that processes join over loopback.
func natsServer(t *testing.T) string {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(forHangs) {
		t.Fatal("NATS is not ready")
	}
	return srv.ClientURL()
}
