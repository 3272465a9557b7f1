package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheControlPlaneIsNotForWebPagesOrStrangers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	h := r.Handler()
	try := func(change func(*http.Request)) int {
		req := httptest.NewRequest("GET", r.URL+"/_sandbox/state", nil)
		req.RemoteAddr = "127.0.0.1:1234"
		change(req)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		return w.Code
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"loopback":        {func(*http.Request) {}, 200},
		"own origin":      {func(q *http.Request) { q.Header.Set("Origin", r.URL) }, 200},
		"foreign origin":  {func(q *http.Request) { q.Header.Set("Origin", "https://example.com") }, 403},
		"foreign host":    {func(q *http.Request) { q.Host = "example.com" }, 403},
		"foreign address": {func(q *http.Request) { q.RemoteAddr = "192.0.2.7:99" }, 403},
	} {
		if got := try(c.change); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestAControlTokenIsDemanded(t *testing.T) {
	t.Parallel()
	if _, err := Listen(t.Context(), "0.0.0.0:0", Options{}); err == nil {
		t.Error("beyond loopback a control token is required")
	}
	srv, err := Start(t.Context(), Options{Seed: 1, Paused: true, Customers: 10, Staff: 2, Groups: 1, ControlToken: "open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	for auth, want := range map[string]int{"": 403, "Bearer wrong": 403, "Bearer open sesame": 200} {
		req := httptest.NewRequest("GET", srv.URL+"/_sandbox/state", nil)
		req.RemoteAddr = "192.0.2.7:99"
		req.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, req)
		if w.Code != want {
			t.Errorf("%q: got %d, want %d", auth, w.Code, want)
		}
	}
}

func TestWrongControlRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, body := range map[string]any{
		"act":         object{"act": "fly"},
		"act#2":       object{"act": "scan_contact_way", "customer": "wmNone"},
		"act#3":       object{"act": "scan_contact_way", "colour": "red"},
		"act#4":       object{},
		"emit":        object{"kind": "no_such_event"},
		"emit#2":      object{"kind": "text", "url": "http://example.com/"},
		"callbacks":   object{"url": "https://example.com/"},
		"callbacks#2": object{"url": r.URL, "area": "moon"},
		"callbacks#3": object{"url": r.URL, "aes_key": "short"},
		"faults":      `[{"match":"*","latency":5}]`,
		"oauth/code":  object{"userid": "nobody"},
		"switches":    object{"decode.unknown": "maybe"},
		"life":        object{"arrivals_per_hour": -1},
		"nowhere":     object{},
		"reset":       `{"seed":"x"}`,
	} {
		path, _, _ = strings.Cut(path, "#")
		if status, out := r.do("POST", "/_sandbox/"+path, body); status != http.StatusBadRequest || out["error"] == nil {
			t.Errorf("%s %v: got status %d %v, want 400 and an error", path, body, status, out)
		}
	}
}

func TestFaultsAndStatistics(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("faults", `[{"match":"/cgi-bin/department/*","errcode":45009,"times":2},{"match":"/cgi-bin/user/list","http_status":502}]`)
	_, _ = r.do("DELETE", "/_sandbox/calls", nil)
	r.refused(45009, "department/list", url.Values{})
	r.refused(45009, "department/simplelist", url.Values{})
	r.good("department/list", url.Values{})
	resp, err := http.Get(r.URL + "/cgi-bin/user/list")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway {
		t.Errorf("http_status fault: got %d", resp.StatusCode)
	}
	r.control("faults", object{"calls": []object{}})
	r.refused(41001, "user/list?x=", object{}) // no token: still counted below
	_, stats := r.do("GET", "/_sandbox/calls", nil)
	list := stats["endpoints"].(map[string]any)["/cgi-bin/department/list"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"0": 1.0, "45009": 1.0}, list["errcodes"]); diff != "" {
		t.Errorf("errcodes of department/list (-want +got):\n%s", diff)
	}
	if total := stats["total"].(map[string]any); total["calls"] != 5.0 || total["max_in_flight"] != 1.0 {
		t.Errorf("total: got %v, want 5 calls, 1 in flight", total)
	}
	if list["p50_ms"].(float64) <= 0 {
		t.Errorf("p50_ms: got %v", list["p50_ms"])
	}
}

// A fault of one member hits the calls that are about them: named in body or query, or by their welcome code.
func TestAFaultOfOneMember(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("faults", `[{"match":"*","staff":"S02","errcode":99001}]`)
	r.refused(99001, "externalcontact/list", url.Values{"userid": {"S02"}})
	r.good("externalcontact/list", url.Values{"userid": {"S01"}})
	r.refused(99001, "externalcontact/add_msg_template", object{"sender": "S02", "text": object{"content": "S01"}})
	r.good("department/list", url.Values{})
	r.mu.Lock()
	for i, m := range r.world.staff {
		r.world.welcomes["code-"+m.id] = &welcome{staff: int32(i), customer: -1}
	}
	r.mu.Unlock()
	r.refused(99001, "externalcontact/send_welcome_msg", object{"welcome_code": "code-S02", "text": object{"content": "hello"}})
	r.refused(41050, "externalcontact/send_welcome_msg", object{"welcome_code": "code-S01", "text": object{"content": "hello"}}) // its time is over
}

func TestTheInFlightCapCountsAllMatchingCallsTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("faults", `[{"match":"/cgi-bin/*","in_flight_cap":4},{"match":"/cgi-bin/department/*","latency_ms":3600000}]`)
	_, _ = r.do("DELETE", "/_sandbox/calls", nil)
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	var held sync.WaitGroup
	for i := range 4 { // of two paths, under way until they are hung up
		path := []string{"department/list", "department/simplelist"}[i%2]
		held.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"/cgi-bin/"+path+"?access_token="+r.token, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Errorf("%s was answered %s", path, resp.Status)
			}
		})
	}
	for r.stats.view().Total.MaxInFlight < 4 {
		wait(t.Context(), time.Millisecond)
	}
	for i := range 6 {
		path := []string{"department/list", "agent/list"}[i%2]
		if got := r.call(path, url.Values{}); got["errcode"] != 45033.0 {
			t.Errorf("%s over the cap: got %v", path, got)
		}
	}
	hangUp()
	held.Wait()
	for r.call("agent/list", url.Values{})["errcode"] != 0.0 { // the sandbox sees that they left
		wait(t.Context(), time.Millisecond)
	}
	_, stats := r.do("GET", "/_sandbox/calls", nil)
	if total := stats["total"].(map[string]any); total["max_in_flight"] != 4.0 {
		t.Errorf("total: got %v", total)
	}
}

func TestEveryEventCanBeEmitted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	for id := range eventSamples() {
		out := r.control("emit", object{"kind": id, "fields": object{"Remark": "a]]>b&<c>"}})
		if out["ok"] != true || out["tries"] != 1.0 {
			t.Errorf("%s: got %v", id, out)
		}
	}
	for _, doc := range in.documents() {
		if !strings.Contains(doc, r.Ready.CorpID) && !strings.Contains(doc, "InfoType") {
			t.Errorf("no corp in %s", doc)
		}
	}
}

func TestEmittedKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	r.control("emit", object{"kind": "add_external_contact", "fields": object{"State": "spring"}})
	doc := in.wait(1)[0]
	if elementText(doc, "State") != "spring" {
		t.Errorf("fields: got %s", doc)
	}
	r.good("externalcontact/get", url.Values{"external_userid": {elementText(doc, "ExternalUserID")}})

	k := in.sealer
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		p := q.URL.Query()
		if echo := p.Get("echostr"); echo != "" {
			msg, err := k.open(p.Get("msg_signature"), p.Get("timestamp"), p.Get("nonce"), echo)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(msg)
			return
		}
		body, _ := io.ReadAll(q.Body)
		if _, err := k.open(p.Get("msg_signature"), p.Get("timestamp"), p.Get("nonce"), elementText(string(body), "Encrypt")); err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		sealed := k.seal([16]byte{1}, []byte("<xml><Content>hi</Content></xml>"))
		_, _ = fmt.Fprintf(w, "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature>%s</MsgSignature><TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>",
			sealed, k.sign("1", "2", sealed))
	}))
	t.Cleanup(plain.Close)
	for kind, want := range map[string]object{
		"verify":        {"ok": true, "status": 200.0},
		"text":          {"ok": true, "status": 200.0, "plain": "<xml><Content>hi</Content></xml>"},
		"bad_signature": {"ok": false, "status": 403.0, "tries": 1.0},
	} {
		out := r.control("emit", object{"kind": kind, "url": plain.URL})
		for name, v := range want {
			if out[name] != v {
				t.Errorf("%s: %s got %v, want %v", kind, name, out[name], v)
			}
		}
	}
}

// script is a day in the life of a corp, always the same.
func script(t *testing.T, seed uint64) (fingerprint string) {
	t.Helper()
	r := newRig(t, func(o *Options) { o.Seed = seed; o.Life = true })
	listenTo(r, nil)
	_, id := r.someCustomer()
	r.act("staff_says", object{"staff": "S03", "customer": id, "text": "在吗"})
	r.good("externalcontact/add_msg_template", object{"sender": "S03", "text": object{"content": "日常"}})
	r.act("scan_contact_way", nil)
	r.advance(26 * time.Hour)
	r.act("scan_join_way", nil)
	r.settle()
	return fmt.Sprint(r.journalAfter(0), r.Deliveries(0), r.State().Counts)
}

func TestTwoRunsWithOneSeedAreEqual(t *testing.T) {
	t.Parallel()
	first, second, other := script(t, 5), script(t, 5), script(t, 6)
	if first != second {
		t.Errorf("two runs with one seed differ (-first +second):\n%s", cmp.Diff(strings.Split(first, "} {"), strings.Split(second, "} {")))
	}
	if first == other {
		t.Error("another seed makes the same world")
	}
	if !strings.Contains(first, "mass_confirmed") || strings.Count(first, "add_external_contact") < 100 {
		t.Error("the population does not live")
	}
}

func TestResetMakesTheWorldAsAtStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before, world := r.State().Counts, r.chats()
	r.act("scan_contact_way", nil)
	r.act("scan_join_way", nil)
	r.advance(48 * time.Hour)
	r.control("reset", object{"seed": 7})
	if diff := cmp.Diff(before, r.State().Counts); diff != "" {
		t.Errorf("counts after reset (-before +after):\n%s", diff)
	}
	if !r.Now().Equal(testStart) {
		t.Errorf("clock after reset: got %s", r.Now())
	}
	r.refused(40014, "department/list", url.Values{})
	r.token = r.tokenOf(r.Ready.Secrets.External)
	if diff := cmp.Diff(world, r.chats()); diff != "" {
		t.Errorf("groups after reset (-before +after):\n%s", diff)
	}
}

func TestALivingPopulationKeepsItsHours(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("life", object{"running": true, "arrivals_per_hour": 60})
	r.advance(2 * time.Minute)
	arrivals := func() int {
		n := 0
		for _, e := range r.journalAfter(0) {
			if e.Kind == "add_external_contact" {
				n++
			}
		}
		return n
	}
	if arrivals() == 0 {
		t.Error("nobody arrived within 2 minutes")
	}
	r.advance(time.Hour)
	if got := arrivals(); got < 45 || got > 80 {
		t.Errorf("arrivals of a working hour: got %d, want about 60", got)
	}
	r.control("life", object{"running": false})
	before := arrivals()
	r.advance(5 * time.Hour)
	if got := arrivals(); got != before {
		t.Errorf("life is over, but %d people came", got-before)
	}
}

func TestWhatTheSandboxIsMadeOfIsChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"corp": {Corp: "middle"}, "speed": {Speed: -1}, "world": {World: "/no/such/file"},
		"callback": {Callback: "https://example.com"}, "switch": {Switches: map[string]string{"x": "y"}}, "size": {Customers: -1},
	} {
		if s, err := New(o); err == nil {
			_ = s.Close()
			t.Errorf("%s: got no error", name)
		}
	}
}
