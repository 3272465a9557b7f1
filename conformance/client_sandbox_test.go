package conformance

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/callback"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

// stand is a sandbox and a client that knows nothing of it but its ready line.
type stand struct {
	*sandbox.Sandbox
	client *wecom.Client
	ready  sandbox.Ready
	codes  map[string]map[int]int // answers by endpoint and errcode
	mu     sync.Mutex
}

func newStand(t *testing.T, opts sandbox.Options, inFlight int) *stand {
	t.Helper()
	sb, err := sandbox.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sb.Handler())
	t.Cleanup(func() {
		srv.Close()
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &stand{Sandbox: sb, ready: sb.Ready(srv.URL), codes: map[string]map[int]int{}}
	s.client, err = wecom.New(wecom.Config{
		BaseURL: s.ready.Base, CorpID: s.ready.CorpID, AgentID: s.ready.AgentID,
		Secrets: wecom.Secrets{
			Contact: s.ready.Secrets.Contact, External: s.ready.Secrets.External,
			App: s.ready.Secrets.App, Kf: s.ready.Secrets.KF, Archive: s.ready.Secrets.Archive,
		},
		Clock: sb.Now, InFlight: inFlight,
		Observer: func(op string, code int, _ time.Duration) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.codes[op] == nil {
				s.codes[op] = map[int]int{}
			}
			s.codes[op][code]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stand) count(op string) (calls, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for code, n := range s.codes[op] {
		calls += n
		if code != 0 {
			refused += n
		}
	}
	return calls, refused
}

// act does something in the world and returns what it answers.
func (s *stand) act(t *testing.T, body string) map[string]any {
	t.Helper()
	got, err := s.Act([]byte(body))
	if err != nil {
		t.Fatalf("act %s: %v", body, err)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestClientReadsTheWholeCorp syncs like a platform and counts.
func TestClientReadsTheWholeCorp(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 10, Customers: 500, Groups: 5, Paused: true}, 4)
	departments, err := s.client.Departments(t.Context())
	if err != nil || len(departments) == 0 || departments[0].ID != 1 {
		t.Fatalf("%d departments, %v", len(departments), err)
	}
	staff, err := s.client.StaffList(t.Context(), 1, true)
	if err != nil || len(staff) == 0 {
		t.Fatalf("%d members, %v", len(staff), err)
	}
	if _, _, err := s.client.StaffIDs(t.Context(), ""); err != nil {
		t.Errorf("ids of members: %v", err)
	}
	follow, err := s.client.FollowUsers(t.Context())
	if err != nil || len(follow) == 0 {
		t.Fatalf("%d members with customer contact, %v", len(follow), err)
	}
	expected, persons := 0, map[wecom.ExternalUserID]bool{}
	for _, id := range follow {
		ids, err := s.client.CustomerIDs(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		expected += len(ids)
	}
	read, cursor := 0, ""
	for {
		page, next, err := s.client.CustomersByStaff(t.Context(), follow, cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page.Items {
			read++
			persons[x.Customer.ID] = true
			if x.Customer.Name == "" || x.Relation.Staff == "" || x.Relation.CreateTime == 0 {
				t.Fatalf("a relation came incomplete: %+v", x)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if read != expected || len(persons) != 500 {
		t.Errorf("read %d relations of %d, %d persons of 500", read, expected, len(persons))
	}
	groups, next, err := s.client.GroupChats(t.Context(), wecom.GroupFilter{}, "", 100)
	if err != nil || len(groups) != 5 || next != "" {
		t.Fatalf("%d groups, next %q, %v", len(groups), next, err)
	}
	g, err := s.client.GroupChat(t.Context(), groups[0].ID, true)
	if err != nil || g.Owner == "" || len(g.Members) == 0 {
		t.Errorf("group %+v, %v", g, err)
	}
	for op := range s.codes {
		if _, refused := s.count(op); refused > 0 {
			t.Errorf("%s was refused %d times", op, refused)
		}
	}
	if n, _ := s.count("gettoken"); n > 3 {
		t.Errorf("%d calls of gettoken", n)
	}
}

// TestStoryOfAScan: a customer scans a code, the encrypted event arrives, the
// welcome goes out once and reaches them; what comes late or twice is refused
// by its name.
func TestStoryOfAScan(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 5, Customers: 20, Groups: 2, Paused: true}, 0)
	crypto, err := callback.New(s.ready.Callback.Token, s.ready.Callback.AESKey, s.ready.CorpID)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan callback.Event, 64)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body, _ := io.ReadAll(r.Body)
		plain, err := crypto.Open(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), body)
		if err != nil {
			t.Errorf("open a callback: %v", err)
			return
		}
		e, err := callback.Parse(plain)
		if err != nil {
			t.Errorf("read a callback: %v", err)
			return
		}
		events <- e
	}))
	t.Cleanup(receiver.Close)
	if err := s.SetCallback("", receiver.URL, s.ready.Callback.Token, s.ready.Callback.AESKey); err != nil {
		t.Fatal(err)
	}
	follow, err := s.client.FollowUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	way := wecom.ContactWay{Type: wecom.WayMany, Scene: wecom.SceneQR, State: "door7", Staff: follow[:2]}
	id, qr, err := s.client.AddContactWay(t.Context(), way)
	if err != nil || qr == "" {
		t.Fatalf("%q, %v", qr, err)
	}
	if got, err := s.client.ContactWay(t.Context(), id); err != nil || got.State != "door7" || len(got.Staff) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	scanned := s.act(t, `{"act":"scan_contact_way","config_id":"`+id+`"}`)
	var e callback.Event
	for e.Kind() != "change_external_contact.add_external_contact" {
		select {
		case e = <-events:
		case <-t.Context().Done():
			t.Fatal("the event did not come")
		}
	}
	if e.Get("State") != "door7" || e.Get("ExternalUserID") != scanned["customer"] || e.Get("WelcomeCode") == "" {
		t.Fatalf("event %+v after %v", e.Fields, scanned)
	}
	detail, err := s.client.Customer(t.Context(), wecom.ExternalUserID(e.Get("ExternalUserID")), "")
	if err != nil || len(detail.Relations) != 1 || detail.Relations[0].State != "door7" {
		t.Errorf("%+v, %v", detail, err)
	}
	out := outreach.New(s.client)
	welcome := outreach.WelcomeRequest{Code: e.Get("WelcomeCode"), Text: "你好，欢迎"}
	if err := out.SendWelcome(t.Context(), welcome); err != nil {
		t.Fatal(err)
	}
	if err := out.SendWelcome(t.Context(), welcome); !errors.Is(err, wecom.ErrWelcomeUsed) && !errors.Is(err, wecom.ErrWelcomeCode) {
		t.Errorf("the same code again: %v", err)
	}
	got := s.Deliveries(0)
	if len(got) != 1 || got[0].Kind != "welcome" || got[0].Text != welcome.Text || got[0].Customer != e.Get("ExternalUserID") {
		t.Errorf("delivered: %+v", got)
	}
}

// TestClientLivesThroughFaults: crowding, expiry and a passing failure are dealt
// with inside the client; a used-up limit is named with its end.
func TestClientLivesThroughFaults(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 5, Customers: 50, Groups: 2, Paused: true}, 16)
	follow, err := s.client.FollowUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/*", LatencyMS: 5, InFlightCap: 4}}})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if _, err := s.client.CustomerIDs(t.Context(), follow[i%len(follow)]); err != nil {
				t.Errorf("crowded: %v", err)
			}
		})
	}
	wg.Wait()
	s.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/department/list", ErrCode: 42001, Times: 1}}})
	if _, err := s.client.Departments(t.Context()); err != nil {
		t.Errorf("expired: %v", err)
	}
	s.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/department/list", ErrCode: 45009, Times: 1}}})
	_, err = s.client.Departments(t.Context())
	var limit *wecom.LimitError
	if !errors.As(err, &limit) || limit.Until.Sub(s.Now()) != time.Minute {
		t.Fatalf("limit: %v", err)
	}
	if err := s.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Departments(t.Context()); err != nil {
		t.Errorf("after the limit: %v", err)
	}
}
