package app_test

import (
	"context"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
)

// A complaint goes to the member who has the customer, and to those who run the work when nobody has, or when its time is up.
func TestAComplaintIsToldToWhoHasToDealWithIt(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE staff SET role = ?, scope = ?, active = TRUE WHERE id = 'S02'", auth.Manager, web.All).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told := func(customer string, overdue bool) []string {
		t.Helper()
		var payloads []string
		err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			v, err := a.Governor.Complain(ctx, tx, "ww1", customer, "发货太慢，催了三次")
			if err == nil && overdue {
				for _, f := range a.Governor.OnComplaint {
					if err = f(ctx, tx, governance.GrievanceTold{Grievance: *v, Overdue: true}); err != nil {
						break
					}
				}
			}
			if err != nil {
				return err
			}
			return tx.NewRaw("SELECT payload FROM work WHERE kind = 'notice.tell' ORDER BY id").Scan(ctx, &payloads)
		})
		if err != nil {
			t.Fatal(err)
		}
		return payloads
	}
	first := told("wm1", false) // a customer of S01
	if len(first) != 1 || !strings.Contains(first[0], `"Staff":["S01"]`) || !strings.Contains(first[0], "lime 01") || !strings.Contains(first[0], "发货太慢") {
		t.Fatalf("told %q", first)
	}
	if again := told("wm1", true); len(again) != 2 || !strings.Contains(again[1], `"Staff":["S01","S02"]`) || !strings.Contains(again[1], "过了期限") {
		t.Fatalf("when its time is up: %q", again)
	}
	if nobodys := told("wm-kf", false); len(nobodys) != 3 || !strings.Contains(nobodys[2], `"Staff":["S02"]`) {
		t.Fatalf("of nobody's customer: %q", nobodys)
	}
}
