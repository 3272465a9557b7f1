package sandbox

import (
	"maps"
	"math"
	"testing"
	"time"
)

// lively is the life of tests: nothing happens by itself, members always work,
// and everybody feels what reaches him.
func lively(more object) object {
	q := object{
		"arrivals_per_hour": 0, "joins_per_hour": 0, "leaves_per_hour": 0, "chats_per_hour": 0, "asks_per_hour": 0, "buys_per_hour": 0,
		"deletes_per_hour": 0, "kf_per_hour": 0, "agrees_per_hour": 0, "resigns_a_year": 0, "reply_share": 0, "buy_share": 0, "like_share": 0, "comment_share": 0,
		"decline_share": 0, "confirm_minutes": 5, "shift_hours": 24, "days_off": 0,
	}
	maps.Copy(q, more)
	return q
}

// happened counts the rows of the journal of each kind.
func happened(r *rig) map[string]int {
	out := map[string]int{}
	for _, e := range r.journalAfter(0) {
		out[e.Kind]++
	}
	return out
}

func TestIrritationAddsUpAndFadesByHalf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("life", lively(object{"half_life_days": 2, "touch": object{"night": 3}}))
	level := func() float64 {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.world.irritation(&r.world.life.lifeSettings, 5, r.now())
	}
	touch := func(weight float64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.irritate(5, weight)
	}
	near := func(when string, want float64) {
		t.Helper()
		if got := level(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	near("before anything", 0)
	touch(1)
	touch(0.5)
	near("after two touches", 1.5)
	r.advance(48 * time.Hour)
	near("two days later", 0.75)
	r.advance(12 * time.Hour) // it is 22:00
	before := level()
	touch(1)
	near("at night a touch weighs three", before+3)
}

func TestEachKindOfTouchHasItsWeight(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.dispatch_ms": "0", "moment.job_ms": "0"} })
	r.control("life", lively(object{"patience": 1000, "touch": object{"single": 1, "group": 0.25, "moment": 0.5, "chat": 0.125}}))
	total := func() (sum float64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, m := range r.world.moods {
			sum += m.level
		}
		return sum
	}
	_, customer := r.someCustomer()
	r.good("externalcontact/add_msg_template", object{"external_userid": []string{customer}, "text": object{"content": "买"}})
	r.advance(time.Hour)
	if got := total(); got != 1 {
		t.Errorf("after one mass message to one customer: got %v, want 1", got)
	}
	chat := r.chats()[0]
	outside := 0
	for _, m := range list(r.chat(chat)["member_list"]) {
		if m.(map[string]any)["type"] == 2.0 {
			outside++
		}
	}
	owner := r.chat(chat)["owner"]
	before := total()
	r.good("externalcontact/add_msg_template", object{"chat_type": "group", "sender": owner, "chat_id_list": []string{chat}, "text": object{"content": "买"}})
	r.advance(time.Hour)
	if got, want := total()-before, 0.25*float64(outside); math.Abs(got-want) > 0.1 {
		t.Errorf("a mass message to a group of %d customers: got %v, want about %v", outside, got, want)
	}
	r.fresh()
	before, seen := total(), 0
	r.good("externalcontact/add_moment_task", object{"text": object{"content": "看"}})
	r.advance(2 * time.Hour)
	for _, d := range r.Deliveries(0) {
		if d.Kind == "moment" {
			seen++
		}
	}
	if got, want := total()-before, 0.5*float64(seen); seen == 0 || math.Abs(got-want) > 2 {
		t.Errorf("a moment that %d people saw: got %v, want about %v", seen, got, want)
	}
}

func TestWhoIsFedUpLeavesAndMayReport(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.dispatch_ms": "0"}; o.Staff = 2 })
	r.control("life", lively(object{"patience": 2, "report_share": 0.5}))
	for range 6 {
		r.fresh()
		r.good("externalcontact/add_msg_template", object{"sender": "S01", "text": object{"content": "买"}})
		r.advance(time.Hour)
	}
	r.advance(2 * time.Hour)
	got := happened(r)
	left, reported := got["del_follow_user"], got["customer_reports"]
	if left < 20 {
		t.Errorf("six mass messages in a day: only %d left", left)
	}
	if reported < left/4 || reported > left*3/4 {
		t.Errorf("%d of %d who left reported the member, want about half", reported, left)
	}
	for _, e := range r.journalAfter(0) {
		if e.Kind == "callback" && e.ID != "change_external_contact.del_follow_user" && e.ID != "archive.msgaudit_notify" {
			t.Errorf("callback %s: WeCom tells of no report", e.ID)
		}
	}
}

func TestAGroupIsLeftRatherThanTheMember(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.dispatch_ms": "0"} })
	r.control("life", lively(object{"patience": 1, "touch": object{"group": 1}}))
	chat := r.chats()[0]
	owner := r.chat(chat)["owner"]
	for range 4 {
		r.fresh()
		r.good("externalcontact/add_msg_template", object{"chat_type": "group", "sender": owner, "chat_id_list": []string{chat}, "text": object{"content": "买"}})
		r.advance(time.Hour)
	}
	r.advance(2 * time.Hour)
	got := happened(r)
	if got["group_leave"] < 10 || got["del_follow_user"] != 0 {
		t.Errorf("four messages to a group: %d left it, %d deleted the member", got["group_leave"], got["del_follow_user"])
	}
}

func TestCalmPeopleAnswerThankAndBuy(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.dispatch_ms": "0"}; o.Staff = 2 })
	r.control("life", lively(object{"patience": 100, "reply_share": 0.5, "buy_share": 0.2, "thanks_share": 1, "sale_share": 0}))
	sent := r.good("externalcontact/add_msg_template", object{"sender": "S01", "text": object{"content": "买"}})
	for range 8 {
		r.advance(6 * time.Hour)
	}
	r.fresh()
	got := happened(r)
	if got["mass_replied"] < 20 || got["customer_says"] < 2*got["mass_replied"]*9/10 {
		t.Errorf("%d answered, %d messages of customers; want about half of 100, each with thanks", got["mass_replied"], got["customer_says"])
	}
	for _, e := range r.journalAfter(0) {
		if e.Kind == "mass_replied" && e.ID != sent["msgid"] {
			t.Errorf("an answer to %q, sent was %v", e.ID, sent["msgid"])
		}
	}
	r.token = r.tokenOf(r.Ready.Secrets.App)
	bills := r.good("externalpay/get_bill_list", object{"begin_time": testStart.Unix(), "end_time": testStart.AddDate(0, 0, 2).Unix()})
	if n := len(list(bills["bill_list"])); n < 5 || n != got["customer_pays"] {
		t.Errorf("%d bills, %d purchases in the journal", n, got["customer_pays"])
	}
}
