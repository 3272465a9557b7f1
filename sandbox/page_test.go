package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// text reads a page as a browser would.
func (r *rig) text(path string) (int, http.Header, string) {
	r.t.Helper()
	status, header, body := r.raw(http.MethodGet, r.URL+path, nil)
	return status, header, string(body)
}

func TestThePageAndItsFilesAreServed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	status, header, page := r.text("/")
	if status != http.StatusOK || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Fatalf("/ answers %d with %v", status, header)
	}
	for _, file := range []string{"/_page/page.css", "/_page/page.js", "/_page/words.js"} {
		if !strings.Contains(page, `"`+file+`"`) {
			t.Errorf("the page does not ask for %s", file)
		}
		if status, _, body := r.text(file); status != http.StatusOK || body == "" {
			t.Errorf("%s answers %d", file, status)
		}
	}
	if status, _, _ := r.text("/_page/none.js"); status != http.StatusNotFound {
		t.Errorf("a file that is not there answers %d", status)
	}
}

func TestTheLastCallsShowRequestAnswerAndHint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.refused(40058, "externalcontact/remark", object{"userid": 7})
	r.good("externalcontact/list", url.Values{"userid": {"S01"}})
	_, seen := r.do(http.MethodGet, "/_sandbox/recent", nil)
	calls := seen["calls"].([]any)
	good, bad := calls[0].(map[string]any), calls[1].(map[string]any)
	if good["path"] != "/cgi-bin/externalcontact/list" || good["query"] != "userid=S01" || good["errcode"] != 0.0 || !strings.Contains(good["answer"].(string), "external_userid") {
		t.Errorf("the good call shows as %v", good)
	}
	if bad["errcode"] != 40058.0 || bad["hint"] == "" || !strings.Contains(bad["request"].(string), `"userid":7`) || !strings.Contains(bad["answer"].(string), "40058") {
		t.Errorf("the refused call shows as %v", bad)
	}
	for range recentKept + 10 {
		r.good("externalcontact/list", url.Values{"userid": {"S01"}})
	}
	_, seen = r.do(http.MethodGet, "/_sandbox/recent", nil)
	if calls = seen["calls"].([]any); len(calls) != recentKept {
		t.Errorf("%d calls are remembered, want %d", len(calls), recentKept)
	}
	r.control("reset", object{})
	if _, seen = r.do(http.MethodGet, "/_sandbox/recent", nil); len(seen["calls"].([]any)) != 0 {
		t.Error("calls of the former world are still shown")
	}
}

func TestTheLastCallbacksShowTheirTries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var tries atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte("success"))
	}))
	t.Cleanup(target.Close)
	if err := r.SetCallback("", target.URL, "", ""); err != nil {
		t.Fatal(err)
	}
	r.act("scan_contact_way", nil)
	r.settle()
	_, seen := r.do(http.MethodGet, "/_sandbox/recent", nil)
	callbacks := seen["callbacks"].([]any)
	first := callbacks[len(callbacks)-1].(map[string]any)
	got := first["tries"].([]any)
	if len(got) != 2 || got[0].(map[string]any)["status"] != 0.0 || got[0].(map[string]any)["error"] == "" || got[1].(map[string]any)["body"] != "success" ||
		first["ok"] != true || first["done"] != true || !strings.Contains(first["plain"].(string), "add_external_contact") {
		t.Fatalf("the callback shows as %v", first)
	}
}

func TestThePageKnowsWhatPeopleMayDo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	scan := r.act("scan_contact_way", nil)
	customer := scan["customer"].(string)
	r.good("externalcontact/add_msg_template", object{"chat_type": "single", "sender": scan["staff"], "external_userid": []string{customer}, "text": object{"content": "会员日到店"}})
	r.advance(time.Minute) // a task can be confirmed some seconds after it was made
	_, v := r.do(http.MethodGet, "/_sandbox/world?customer="+customer, nil)
	has := func(list any, id any) bool {
		return slices.ContainsFunc(list.([]any), func(e any) bool { return e.(map[string]any)["id"] == id })
	}
	me := v["customer"].(map[string]any)
	if me["id"] != customer || !has(me["staff"], scan["staff"]) || !has(v["customers"], customer) || !has(v["ways"], scan["config_id"]) || !has(v["staff"], scan["staff"]) {
		t.Fatalf("the new customer shows as %v", me)
	}
	tasks := v["tasks"].([]any)
	if len(tasks) != 1 || tasks[0].(map[string]any)["staff"] != scan["staff"] || tasks[0].(map[string]any)["receivers"] != 1.0 {
		t.Fatalf("the open task shows as %v", tasks)
	}
	r.act("staff_confirms", object{"msgid": tasks[0].(map[string]any)["id"]})
	if _, v = r.do(http.MethodGet, "/_sandbox/world", nil); len(v["tasks"].([]any)) != 0 || v["customer"] != nil {
		t.Errorf("after the confirmation: tasks %v, customer %v", v["tasks"], v["customer"])
	}
	if status, answer := r.do(http.MethodGet, "/_sandbox/world?customer=wmNobody", nil); status != http.StatusBadRequest || answer["error"] == "" {
		t.Errorf("an unknown customer answers %d %v", status, answer)
	}
}

func TestMembersSeeTheirRedPackets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	packets := func() []any {
		_, got := r.do(http.MethodGet, "/_sandbox/world", nil)
		return got["packets"].([]any)
	}
	body := r.packetBody("S03", 1, 100)
	r.payWell("sendworkwxredpack", body)
	if got := packets(); len(got) != 0 {
		t.Errorf("before the packet is there: %v", got)
	}
	r.advance(time.Minute)
	want := object{
		"id": body["mch_billno"], "staff": "S03", "staff_name": r.nameOf("S03"), "from": r.world.app.settings.name, "wish": body["wishing"], "amount": 100.0, "opened": false,
	}
	got := packets()[0].(map[string]any)
	for k, v := range want {
		if fmt.Sprint(got[k]) != fmt.Sprint(v) {
			t.Errorf("%s: got %v, want %v", k, got[k], v)
		}
	}
	r.act("staff_opens_red_packet", object{"staff": "S03", "mch_billno": got["id"]})
	if got := packets(); got[0].(map[string]any)["opened"] != true {
		t.Errorf("opened: %v", got)
	}
	r.advance(25 * time.Hour)
	if got := packets(); len(got) != 0 {
		t.Errorf("a day later: %v", got)
	}
	// A member's own packet reaches the customer: the book and the page show it.
	gift := r.act("send_red_packet", object{"staff": "S03", "amount": 200, "wish": "谢谢光临"})
	rows := r.Deliveries(0)
	if last := rows[len(rows)-1]; last.Kind != "red_packet" || last.Customer != gift["customer"] || last.Text != "谢谢光临" {
		t.Errorf("the customer got %+v", last)
	}
}
