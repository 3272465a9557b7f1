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
	if before := page(); strings.Contains(before, "no_traits") {
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
