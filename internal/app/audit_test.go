package app_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

type auditEntry struct {
	Who       string `json:"who"`
	Act       string `json:"act"`
	Kind      string `json:"kind"`
	Subject   string `json:"subject"`
	RequestID string `json:"request_id"`
}

// What customers said is read, and what anybody changes, leaves an entry, whether the room thought of it or not; the log itself is
// read by those who may.
func TestReadingAndChangingLeaveEntries(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h := a.API.Handler()
	owner := token(t, a, auth.NewToken{Role: auth.Owner})
	auditor := token(t, a, auth.NewToken{Role: auth.Auditor})
	call := func(as, method, path, body string, want int) string {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: as, Method: method, Path: path, Body: body})
		if status != want {
			t.Fatalf("%s %s answers %d, want %d: %s", method, path, status, want, answer)
		}
		_, body, _ = strings.Cut(answer, "\r\n\n") // the headers come first
		return body
	}
	entries := func(query string) []auditEntry {
		t.Helper()
		var page struct{ Items []auditEntry }
		if err := json.Unmarshal([]byte(call(auditor, "GET", "/audit/entries"+query, "", http.StatusOK)), &page); err != nil {
			t.Fatal(err)
		}
		return page.Items
	}

	call(owner, "GET", "/customers/wm2", "", http.StatusOK)
	call(owner, "GET", "/customers/wm2", "", http.StatusOK) // at once again: the same looking
	call(owner, "GET", "/kf/sessions/7/messages", "", http.StatusOK)
	call(owner, "GET", "/customers", "", http.StatusOK)
	read := entries("?who=token:owner")
	var acts []string
	for _, e := range read {
		acts = append(acts, e.Act)
	}
	// The list names wm1 only: wm2 was shown within the hour. The second entry of the talk names who wrote.
	if strings.Join(acts, " ") != "list-customers list-kf-messages list-kf-messages get-customer" || read[3] != (auditEntry{"token:owner", "get-customer", "customers", "wm2", read[3].RequestID}) || read[3].RequestID == "" {
		t.Errorf("what was read: %+v", read)
	}

	call(owner, "POST", "/optouts", `{"customer_id":"wm1","via":"staff"}`, http.StatusNoContent)
	call(owner, "POST", "/governance/halts", `{"reason":"查一查"}`, http.StatusNoContent)
	if got := entries("?act=optout.set&subject=wm1"); len(got) != 1 || got[0].Who != "token:owner" {
		t.Errorf("an opt-out that a room logs: %+v", got)
	}
	if got := entries("?act=halt-sending"); len(got) != 0 {
		t.Errorf("a change that a room logs stands twice: %+v", got)
	}
	made := call(owner, "POST", "/autoreplies", `{"name":"营业时间","patterns":[{"kind":"contains","value":"几点"}],"answer":{"kind":"text","text":"九点到九点"},"enabled":true}`, http.StatusCreated)
	if got := entries("?act=create-autoreply"); len(got) != 1 || got[0].Kind != "autoreplies" {
		t.Errorf("a change that no room logs: %+v after %s", got, made)
	}

	for role, scope := range map[auth.Role]web.Scope{auth.Operator: web.All, auth.Staff: web.All} {
		call(token(t, a, auth.NewToken{Role: role, Scope: scope}), "GET", "/audit/entries", "", http.StatusForbidden)
	}
	call(token(t, a, auth.NewToken{Role: auth.Auditor, Scope: web.Own, StaffID: "S01"}), "GET", "/audit/head", "", http.StatusForbidden)

	if err := a.Audit.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	call(auditor, "POST", "/audit/verify", "", http.StatusAccepted)
	var head struct {
		Size    int64
		Note    string
		Checked *struct{ OK bool }
	}
	for end := time.Now().Add(20 * time.Second); head.Checked == nil; {
		if err := json.Unmarshal([]byte(call(auditor, "GET", "/audit/head", "", http.StatusOK)), &head); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("no verification was logged")
		}
	}
	if !head.Checked.OK || head.Size < 5 || !strings.Contains(head.Note, "zhiyin-audit/ww1") {
		t.Errorf("the log is as it was; the touches of the fixture are older: %+v", head)
	}
}

// Marketing waits for an owner's answers, and nobody else gives them.
func TestMassMessagesWaitForTheAdmission(t *testing.T) {
	t.Parallel()
	a := aloneWith(t, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	h := a.API.Handler()
	owner, manager := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Manager})
	status, draft := webtest.Do(t, h, webtest.Scenario{
		As: owner, Method: "POST", Path: "/broadcasts", Body: `{"name":"护理课","text":"周末护理课开放预约。","benefit":"免费体验","audience":{"tags":[]}}`,
	})
	id := regexp.MustCompile(`"id":"(\d+)"`).FindStringSubmatch(draft)
	if len(id) != 2 {
		t.Fatalf("make a draft: %d %s", status, draft)
	}
	submit := webtest.Scenario{As: owner, Method: "POST", Path: "/broadcasts/" + id[1] + "/submit", Body: `{"expect_reachable":0}`}
	if status, answer := webtest.Do(t, h, submit); status != http.StatusConflict || !strings.Contains(answer, "admission.unanswered") {
		t.Fatalf("before: %d %s", status, answer)
	}
	form := webtest.Scenario{As: manager, Method: "PUT", Path: "/governance/admission", Body: `{"answers":{"gambling":false,"pornography":false,"fraud":false,"ecosystem":false,"data":false}}`}
	if status, answer := webtest.Do(t, h, form); status != http.StatusForbidden {
		t.Fatalf("a manager answers: %d %s", status, answer)
	}
	form.As = owner
	if status, answer := webtest.Do(t, h, form); status != http.StatusOK || !strings.Contains(answer, `"admitted"`) {
		t.Fatalf("an owner answers: %d %s", status, answer)
	}
	if _, answer := webtest.Do(t, h, submit); strings.Contains(answer, "admission.") {
		t.Fatalf("after: %s", answer)
	}
}
