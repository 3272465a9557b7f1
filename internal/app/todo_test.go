package app_test

import (
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// A site whose links rest until it is repaired is on the list of those who can note that it was, and of nobody else.
func TestASiteToRepairWaitsForAPerson(t *testing.T) {
	t.Parallel()
	a := alone(t)
	home := func(role auth.Role) string {
		t.Helper()
		status, answer := webtest.Do(t, a.API.Handler(), webtest.Scenario{As: token(t, a, auth.NewToken{Role: role}), Method: "GET", Path: "/home"})
		if status != http.StatusOK {
			t.Fatalf("home answers %d: %s", status, answer)
		}
		return answer
	}
	p, err := a.Governor.NotePenalty(t.Context(), governance.SitePenalty{
		CorpID: a.CorpID, Host: "shop.example.com", At: a.World.Now(), Evidence: "点开链接提示：网页包含诱导分享内容", MadeBy: "S01",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := home(auth.Owner); !strings.Contains(got, `"kind":"site_penalty"`) || !strings.Contains(got, "shop.example.com") {
		t.Fatalf("an owner's list: %s", got)
	}
	if got := home(auth.Auditor); strings.Contains(got, "site_penalty") {
		t.Fatalf("an auditor's list: %s", got)
	}
	if err := a.Governor.RepairSite(t.Context(), a.CorpID, p.ID, "S01", "去掉了分享有礼，微信已恢复"); err != nil {
		t.Fatal(err)
	}
	if got := home(auth.Owner); strings.Contains(got, "site_penalty") {
		t.Fatalf("an owner's list after the repair: %s", got)
	}
}
