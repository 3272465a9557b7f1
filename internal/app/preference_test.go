package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// What a customer chose on their own page is shown to those who look after them.
func TestAChoiceOfTheirOwnIsShownOnTheCustomersPage(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h, owner := a.API.Handler(), token(t, a, auth.NewToken{Role: auth.Owner})
	page := func() string {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: owner, Method: "GET", Path: "/customers/wm1"})
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		return answer
	}
	if before := page(); strings.Contains(before, "no_traits") || strings.Contains(before, "consent_at") {
		t.Fatalf("before they chose anything: %s", before)
	}
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return a.Governor.SetPreference(ctx, tx, governance.Preference{CorpID: "ww1", CustomerID: "wm1", NoTraits: true, Via: "page", ByWhom: "customer"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := page(); !strings.Contains(after, `"no_traits":true`) {
		t.Fatalf("after they refused to be chosen by traits: %s", after)
	}
}

// A corp that asks for consent sees on the customer's page who has none, records one by the customer's words, and reads the evidence.
func TestAConsentIsRecordedAndShownWithItsEvidence(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h, owner := a.API.Handler(), token(t, a, auth.NewToken{Role: auth.Owner})
	call := func(method, path, body string, want int, has string) {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: owner, Method: method, Path: path, Body: body})
		if status != want || !strings.Contains(answer, has) {
			t.Fatalf("%s %s answers %d, want %d with %s: %s", method, path, status, want, has, answer)
		}
	}
	call("GET", "/governance/caps", "", http.StatusOK, `"only_consented":false,"consented":0`)
	limits := `"rules":[{"days":1,"cap":1},{"days":7,"cap":3},{"days":30,"cap":8}],"quiet":{"from":"09:00","to":"21:00","sunday_from":"10:00"}`
	call("PUT", "/governance/caps", `{`+limits+`,"only_consented":true}`, http.StatusOK, `"only_consented":true`)
	call("PUT", "/governance/caps", `{`+limits+`}`, http.StatusOK, `"only_consented":true`) // what is left out stays
	call("GET", "/customers/wm1", "", http.StatusOK, `"no_consent":true`)
	call("DELETE", "/customers/wm1/optout?evidence=at+the+shop+on+24+Nov", "", http.StatusNoContent, "")
	call("GET", "/customers/wm1", "", http.StatusOK, `"consent_at":"`)
	call("GET", "/customers/wm1/consents", "", http.StatusOK, `"words":"at the shop on 24 Nov"`)
	call("GET", "/governance/caps", "", http.StatusOK, `"consented":1`)
	call("GET", "/audit/entries?act=consent.give", "", http.StatusOK, `"act":"consent.give"`)
	call("POST", "/customers/wm1/optout", `{}`, http.StatusNoContent, "")
	call("GET", "/customers/wm1/consents", "", http.StatusOK, `"ended_at":"`)
	call("GET", "/audit/entries?act=consent.end", "", http.StatusOK, `"act":"consent.end"`)
}
