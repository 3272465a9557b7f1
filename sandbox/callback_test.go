package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// forHangs ends waits that would never end; no slow machine needs it.
const forHangs = 5 * time.Minute

// inbox is a platform's callback receiver: it decrypts what comes.
type inbox struct {
	*httptest.Server
	t      testing.TB
	sealer *sealer
	mu     sync.Mutex
	got    []string                                            // documents, in order of arrival
	answer func(n int, w http.ResponseWriter, r *http.Request) // nil = 200, empty
	came   chan struct{}
}

// listenTo makes r send its callbacks to a new inbox.
func listenTo(r *rig, answer func(n int, w http.ResponseWriter, req *http.Request)) *inbox {
	r.t.Helper()
	in := &inbox{t: r.t, answer: answer, came: make(chan struct{}, 1<<16)}
	k, err := newSealer(r.Ready.Callback.Token, r.Ready.Callback.AESKey, r.Ready.CorpID)
	if err != nil {
		r.t.Fatal(err)
	}
	in.sealer = k
	in.Server = httptest.NewServer(http.HandlerFunc(in.serve))
	r.t.Cleanup(in.Close)
	r.control("callbacks", object{"url": in.URL + "/callback"})
	return in
}

func (in *inbox) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	q := r.URL.Query()
	msg, err := in.sealer.open(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), elementText(string(body), "Encrypt"))
	if err != nil {
		in.t.Errorf("callback does not open: %v", err)
	}
	in.mu.Lock()
	in.got = append(in.got, string(msg))
	n := len(in.got)
	in.mu.Unlock()
	if in.answer != nil {
		in.answer(n, w, r)
	}
	in.came <- struct{}{}
}

func (in *inbox) documents() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.got...)
}

func (in *inbox) wait(n int) []string {
	in.t.Helper()
	for range n {
		select {
		case <-in.came:
		case <-time.After(forHangs):
			in.t.Fatalf("waited for %d callbacks, got %d", n, len(in.documents()))
		}
	}
	return in.documents()
}

// settle waits until no callback is pending.
func (r *rig) settle() {
	r.t.Helper()
	for deadline := time.Now().Add(forHangs); r.State().CallbacksPending > 0; {
		if time.Now().After(deadline) {
			r.t.Fatal("callbacks stay pending")
		}
		wait(r.t.Context(), 2*time.Millisecond)
	}
}

func TestScanningACodeBringsAnEventWhoseWelcomeCodeWorksOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	scan := r.act("scan_contact_way", nil)
	doc := in.wait(1)[0]
	for name, want := range map[string]any{
		"ToUserName": r.Ready.CorpID, "FromUserName": "sys", "Event": "change_external_contact",
		"ChangeType": "add_external_contact", "UserID": scan["staff"], "ExternalUserID": scan["customer"], "State": scan["state"],
	} {
		if got := elementText(doc, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	code := elementText(doc, "WelcomeCode")
	r.good("externalcontact/send_welcome_msg", object{"welcome_code": code, "text": object{"content": "欢迎"}})
	r.refused(41051, "externalcontact/send_welcome_msg", object{"welcome_code": code, "text": object{"content": "欢迎"}})
	rows := r.Deliveries(0)
	if len(rows) != 1 || rows[0].Kind != "welcome" || rows[0].Customer != scan["customer"] || rows[0].Text != "欢迎" || rows[0].Origin != "api" {
		t.Errorf("deliveries: got %+v", rows)
	}
}

func TestAWelcomeCodeDiesAfterTwentySecondsOfTheWorld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	r.act("scan_contact_way", nil)
	code := elementText(in.wait(1)[0], "WelcomeCode")
	r.settle()
	r.advance(20 * time.Second)
	r.refused(41050, "externalcontact/send_welcome_msg", object{"welcome_code": code, "text": object{"content": "欢迎"}})
	r.refused(41050, "externalcontact/send_welcome_msg", object{"welcome_code": "nonsense", "text": object{"content": "欢迎"}})
	r.refused(41049, "externalcontact/send_welcome_msg", object{"text": object{"content": "欢迎"}})
}

func TestAnotherAppSendingTheWelcomeMeansTryAgainAndThenStop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	scan := r.act("scan_contact_way", nil)
	code := elementText(in.wait(1)[0], "WelcomeCode")
	r.act("other_app_welcomes", object{"customer": scan["customer"], "seconds": 3})
	r.refused(41096, "externalcontact/send_welcome_msg", object{"welcome_code": code, "text": object{"content": "欢迎"}})
	r.settle()
	r.advance(3 * time.Second)
	r.refused(41051, "externalcontact/send_welcome_msg", object{"welcome_code": code, "text": object{"content": "欢迎"}})
}

func TestCallbacksAreTriedThreeTimesASecondApart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var times []time.Time
	in := listenTo(r, func(_ int, w http.ResponseWriter, _ *http.Request) {
		times = append(times, time.Now())
		w.WriteHeader(http.StatusInternalServerError)
	})
	r.act("scan_contact_way", nil)
	if got := r.State().CallbacksPending; got != 1 {
		t.Errorf("pending while it is tried: got %d, want 1", got)
	}
	in.wait(3)
	r.settle()
	if n := len(in.documents()); n != maxTries {
		t.Fatalf("tries: got %d, want %d", n, maxTries)
	}
	for i := 1; i < maxTries; i++ {
		if gap := times[i].Sub(times[i-1]); gap < 900*time.Millisecond || gap > 3*time.Second {
			t.Errorf("gap before try %d: got %s, want about 1 s", i+1, gap)
		}
	}
}

func TestTheRepeatSwitchDecidesWhatCountsAsFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"callback.repeat": "no_answer"} })
	in := listenTo(r, func(n int, w http.ResponseWriter, _ *http.Request) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusInternalServerError) // an answer: not repeated
		case 2:
			panic(http.ErrAbortHandler) // no answer: repeated
		}
	})
	in.Config.ErrorLog = nil
	r.act("scan_contact_way", nil)
	in.wait(1)
	r.settle()
	second := r.act("scan_contact_way", nil)
	for len(in.documents()) < 3 {
		wait(t.Context(), time.Millisecond)
	}
	r.settle()
	docs := in.documents()
	if len(docs) != 3 {
		t.Fatalf("arrivals: got %d, want 1 + 2", len(docs))
	}
	if docs[1] != docs[2] || elementText(docs[2], "ExternalUserID") != second["customer"] {
		t.Errorf("the repeat differs from the first try")
	}
}

func TestCallbacksOfOneCustomerKeepTheirOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	scan := r.act("scan_contact_way", nil)
	who := object{"customer": scan["customer"], "staff": scan["staff"]}
	const edits = 20
	for i := range edits {
		r.act("staff_edits_customer", object{"customer": who["customer"], "staff": who["staff"], "remark": fmt.Sprint("备注", i)})
	}
	r.act("customer_deletes_staff", who)
	docs := in.wait(edits + 2)
	if !strings.Contains(docs[0], "add_external_contact") || !strings.Contains(docs[edits+1], "del_follow_user") {
		t.Errorf("order is lost: first %s, last %s", docs[0], docs[edits+1])
	}
}

func TestCallbackFaultsDropAndDuplicate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	r.control("faults", object{"callbacks": object{"drop": 1}})
	r.act("scan_contact_way", nil)
	r.control("faults", object{"callbacks": object{"duplicate": 1, "reorder": 1, "delay_ms": 5}})
	scan := r.act("scan_contact_way", nil)
	docs := in.wait(2)
	r.settle()
	for _, doc := range docs {
		if got := elementText(doc, "ExternalUserID"); got != scan["customer"] {
			t.Errorf("got an event of %s, want two of %s", got, scan["customer"])
		}
	}
	if got := r.State().CallbacksDropped; got != 1 {
		t.Errorf("dropped: got %d, want 1", got)
	}
}

func TestWhatTheAPIWritesCausesNoCallback(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	rows := list(r.good("externalcontact/batch/get_by_user", object{"userid_list": []string{"S03"}})["external_contact_list"])
	first := rows[0].(map[string]any)["external_contact"].(map[string]any)["external_userid"]
	r.good("externalcontact/remark", object{"userid": "S03", "external_userid": first, "remark": "老客"})
	made := r.good("externalcontact/add_corp_tag", object{"group_name": "意向", "tag": []object{{"name": "高"}}})
	tag := made["tag_group"].(map[string]any)["tag"].([]any)[0].(map[string]any)["id"]
	r.good("externalcontact/mark_tag", object{"userid": "S03", "external_userid": first, "add_tag": []any{tag}})
	r.good("externalcontact/del_corp_tag", object{"tag_id": []any{tag}})
	r.settle()
	if got := in.documents(); len(got) != 0 {
		t.Errorf("got %d callbacks, want none: %v", len(got), got)
	}
}
