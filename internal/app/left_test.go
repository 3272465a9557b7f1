package app_test

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
)

// Customers whose member left are no audience until somebody takes them over: nobody could send what is planned for them.
func TestNobodySpeaksInTheNameOfAMemberWhoLeft(t *testing.T) {
	t.Parallel()
	box, a := platform(t, small(), "")
	staff := act(t, box, map[string]any{"act": "scan_contact_way"})["staff"].(string)
	planned := func() (all, theirs int) {
		t.Helper()
		p, err := a.Broadcasts.Plan(t.Context(), 0, "admin", broadcast.Words{Name: "新品", Text: "新品试用装到了"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		of, err := a.Broadcasts.Plan(t.Context(), 0, "admin", broadcast.Words{Name: "新品", Text: "新品试用装到了", Audience: broadcast.Audience{Staff: []string{staff}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.Matched, of.Matched
	}
	var before int
	eventually(t, "the customer of the member", func() bool {
		all, theirs := planned()
		before = all
		return theirs > 0
	})
	act(t, box, map[string]any{"act": "staff_resigns", "staff": staff})
	eventually(t, "the member to be known as gone", func() bool {
		all, theirs := planned()
		return theirs == 0 && all < before
	})
}
