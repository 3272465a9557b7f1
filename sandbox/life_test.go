package sandbox

import (
	"net/url"
	"testing"
	"time"
)

func TestNewPeopleComeByEveryChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	r.good("externalcontact/customer_acquisition/create_link", object{"link_name": "海报", "range": object{"user_list": []string{"S01"}}})
	r.control("life", lively(object{"arrivals_per_hour": 60, "channels": object{"scan": 1, "link": 1, "search": 1, "card": 1, "group": 1}}))
	r.advance(3 * time.Hour)
	r.fresh()
	ways, states := map[any]int{}, 0
	for _, e := range r.journalAfter(0) {
		if e.Kind != "add_external_contact" {
			continue
		}
		for _, u := range list(r.good("externalcontact/get", url.Values{"external_userid": {e.Customer}})["follow_user"]) {
			if row := u.(map[string]any); row["userid"] == e.Staff {
				ways[row["add_way"]]++
				if row["state"] != nil {
					states++
				}
			}
		}
	}
	for _, way := range []float64{1, addWayLink, addWaySearch, addWayCard, addWayGroup} {
		if ways[way] < 10 {
			t.Errorf("add_way %v: %d of about 36 came by it; all: %v", way, ways[way], ways)
		}
	}
	if states == 0 {
		t.Error("nobody who scanned a code has its state")
	}
}

func TestMembersConfirmWhenTheyWork(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.dispatch_ms": "0"} })
	r.control("life", lively(object{"shift_hours": 6, "days_off": 2, "confirm_minutes": 600}))
	r.advance(11 * time.Hour) // it is 21:00
	r.fresh()
	r.good("externalcontact/add_msg_template", object{"external_userid": r.everybody(), "text": object{"content": "夜里建的"}})
	for range 20 {
		r.advance(6 * time.Hour)
	}
	days, members := map[string]bool{}, map[string]bool{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.world.entries.list {
		if e.Kind != "mass_confirmed" {
			continue
		}
		at, err := time.Parse(time.RFC3339, e.Time)
		n, _ := r.world.staffByID(e.Staff)
		if err != nil || !r.atWork(r.world.life, n, at).Equal(at.In(Zone)) || hourOf(at) < 9 || hourOf(at) >= 21 {
			t.Errorf("%s confirmed at %s, when he does not work", e.Staff, e.Time)
		}
		days[e.Time[:10]], members[e.Staff] = true, true
	}
	if len(members) != 10 || len(days) < 2 {
		t.Errorf("%d of 10 members confirmed, on %d days", len(members), len(days))
	}
}

func TestMembersResignAndOthersFollow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("life", lively(object{"resigns_a_year": 20, "hire_days": 3, "arrivals_per_hour": 5}))
	for range 12 {
		r.advance(5 * 24 * time.Hour)
	}
	got := happened(r)
	if got["staff_resigns"] < 10 || got["staff_joins"] < got["staff_resigns"]-8 {
		t.Errorf("in 60 days %d left and %d followed", got["staff_resigns"], got["staff_joins"])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.world
	if w.staff[0].resigned || w.staff[1].resigned {
		t.Error("one of the two who keep the corp running left")
	}
	for _, way := range w.ways {
		if here, err := w.wayMembers(way); err != nil || len(here) == 0 {
			t.Errorf("nobody is behind the code %s any more", way.state)
		}
	}
}

func TestNothingHappensInANightWithoutOne(t *testing.T) {
	t.Parallel()
	l := &lifeSettings{Opens: 9, Closes: 21, NightShare: 0}
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, Zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		from  string
		gap   time.Duration
		share float64
		want  string
	}{
		{"2026-03-10 10:00", time.Hour, 0, "2026-03-10 11:00"},
		{"2026-03-10 20:30", time.Hour, 0, "2026-03-11 09:30"},
		{"2026-03-10 03:00", 13 * time.Hour, 0, "2026-03-11 10:00"},
		{"2026-03-10 20:00", 2 * time.Hour, 0.5, "2026-03-10 23:00"},
		{"2026-03-10 21:00", 7 * time.Hour, 0.5, "2026-03-11 10:00"},
	} {
		l.NightShare = c.share
		if got := l.after(at(c.from), c.gap); !got.Equal(at(c.want)) {
			t.Errorf("%s and %s of a night that counts %v: got %s, want %s", c.from, c.gap, c.share, got, c.want)
		}
	}
}

func TestTheBooksKeepTheirLastRows(t *testing.T) {
	t.Parallel()
	var b rows[int]
	for range rowsKept + 1 {
		b.add(b.next())
	}
	if len(b.list) > rowsKept || b.next() != rowsKept+2 {
		t.Errorf("%d rows are kept, the next is %d", len(b.list), b.next())
	}
	if got := b.after(rowsKept - 1); len(got) != 2 || got[1] != rowsKept+1 {
		t.Errorf("after the last but two: got %v", got)
	}
	if got := b.after(0); got[0] != rowsKept/4+1 {
		t.Errorf("the oldest row is %d, want %d: a quarter goes at once", got[0], rowsKept/4+1)
	}
	if got := b.after(rowsKept * 2); len(got) != 0 {
		t.Errorf("after the end: got %d rows", len(got))
	}
}

// A year of the default world is lived by `zhiyin bench --only year`; this is
// a month, with everything on and somebody sending to all every day.
func TestAMonthOfALivelyWorldIsTheSameTwice(t *testing.T) {
	t.Parallel()
	month := func() (string, map[string]int) {
		r := newRig(t, func(o *Options) {
			o.Staff, o.Groups, o.Customers = 12, 4, 300
			o.Switches = map[string]string{"mass.dispatch_ms": "0", "moment.job_ms": "0"}
		})
		r.control("life", object{"arrivals_per_hour": 3, "agrees_per_hour": 3})
		chat := r.chats()[0]
		owner := r.chat(chat)["owner"]
		for day := range 30 {
			r.fresh()
			r.good("externalcontact/add_msg_template", object{"external_userid": r.everybody(), "text": object{"content": "每天一封"}})
			r.good("externalcontact/add_msg_template", object{"chat_type": "group", "sender": owner, "chat_id_list": []string{chat}, "text": object{"content": "群里一封"}})
			if day%7 == 0 {
				r.good("externalcontact/add_moment_task", object{"text": object{"content": "每周一条"}})
			}
			r.advance(24 * time.Hour)
		}
		return r.Hash(), happened(r)
	}
	hash1, rows1 := month()
	hash2, rows2 := month()
	if hash1 != hash2 {
		t.Errorf("two months of one seed differ: %v and %v", rows1, rows2)
	}
	for _, kind := range []string{"add_external_contact", "group_join", "group_leave", "customer_says", "mass_replied", "customer_pays", "del_follow_user", "customer_reports", "moment_liked", "mass_confirmed", "mass_declined", "kf_enter"} {
		if rows1[kind] == 0 {
			t.Errorf("in a month nothing of kind %s happened", kind)
		}
	}
}

// everybody is the ids of all customers, as list calls tell them.
func (r *rig) everybody() []string {
	r.t.Helper()
	seen, out := map[any]bool{}, []string(nil)
	for _, u := range list(r.good("externalcontact/get_follow_user_list", url.Values{})["follow_user"]) {
		for _, id := range list(r.call("externalcontact/list", url.Values{"userid": {u.(string)}})["external_userid"]) {
			if !seen[id] {
				seen[id] = true
				out = append(out, id.(string))
			}
		}
	}
	return out
}
