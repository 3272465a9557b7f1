package sandbox

import (
	"testing"
	"time"
)

func TestWhoUsedTheClientOnADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path, first = "user/get_active_stat", "2026-03-10"
	count := func(day string) int {
		t.Helper()
		r.token = r.tokenOf(r.Ready.Secrets.Contact)
		return int(r.good(path, object{"date": day})["active_cnt"].(float64))
	}
	// Who added a customer on a day before the world began.
	adders := func(day string) map[string]bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		who := map[string]bool{}
		for _, rel := range r.world.relations {
			if time.Unix(rel.addedAt, 0).In(Zone).Format(time.DateOnly) == day {
				who[r.world.staff[rel.staff].id] = true
			}
		}
		return who
	}
	today := adders(first)
	if got := count(first); got != len(today) {
		t.Errorf("before anybody did anything: %d, want %d", got, len(today))
	}
	r.act("staff_says", object{"staff": "S03"})
	r.act("staff_says", object{"staff": "S03"})
	r.act("staff_edits_customer", object{"staff": "S04", "remark": "熟客"})
	r.act("customer_deletes_staff", object{"staff": "S05"})
	r.act("staff_opens_app", object{"staff": "S06"})
	today["S03"], today["S04"], today["S06"] = true, true, true
	if got := count(first); got != len(today) {
		t.Errorf("today: %d members, want %v", got, today)
	}
	r.advance(24 * time.Hour)
	if now, then := count("2026-03-11"), count(first); now != 0 || then != len(today) {
		t.Errorf("a day later: %d today, %d yesterday", now, then)
	}
	past := "2026-02-25"
	if got, want := count(past), len(adders(past)); want == 0 || got != want {
		t.Errorf("a day of the past: %d, and %d added customers then", got, want)
	}
	for range activeKept + 5 {
		r.advance(24 * time.Hour)
		r.act("staff_says", object{"staff": "S03"})
	}
	if got := count(r.Now().AddDate(0, 0, -activeKept).Format(time.DateOnly)); got != 1 {
		t.Errorf("%d days ago: %d", activeKept, got)
	}
	r.refused(40058, path, object{"date": first})
	if len(r.world.active) > activeKept+1 {
		t.Errorf("%d days are kept", len(r.world.active))
	}
}
