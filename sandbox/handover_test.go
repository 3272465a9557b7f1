package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"
)

const handOverPath, handOverResult = "externalcontact/transfer_customer", "externalcontact/transfer_result"

func (r *rig) customersOf(staff string) []string {
	r.t.Helper()
	got := r.call("externalcontact/list", url.Values{"userid": {staff}})
	var out []string
	for _, id := range list(got["external_userid"]) {
		out = append(out, fmt.Sprint(id))
	}
	return out
}

// fresh renews the token after a long advance.
func (r *rig) fresh() { r.token = r.tokenOf(r.Ready.Secrets.External) }

// only is a customer that a member has and another has not.
func (r *rig) only(has, not string) string {
	r.t.Helper()
	theirs := r.customersOf(not)
	for _, id := range r.customersOf(has) {
		if !slices.Contains(theirs, id) {
			return id
		}
	}
	r.t.Fatalf("%s has all customers of %s", not, has)
	return ""
}

// handOver starts one handover and answers its code.
func (r *rig) handOver(path, from, to string, customers ...string) []float64 {
	r.t.Helper()
	var codes []float64
	for _, row := range list(r.good(path, object{"handover_userid": from, "takeover_userid": to, "external_userid": customers})["customer"]) {
		codes = append(codes, row.(map[string]any)["errcode"].(float64))
	}
	return codes
}

func (r *rig) handoverStatus(path, from, to string) string {
	r.t.Helper()
	out := ""
	for _, row := range list(r.good(path, object{"handover_userid": from, "takeover_userid": to})["customer"]) {
		v := row.(map[string]any)
		out += fmt.Sprintf("%v@%.0f ", v["status"], v["takeover_time"])
	}
	return out
}

func TestAHandoverIsDoneAfterADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	customer := r.only("S03", "S04")
	due := r.Now().Add(handoverWait)
	body := object{"handover_userid": "S03", "takeover_userid": "S04", "external_userid": []string{customer, "wmNobody"}, "transfer_success_msg": "我来接手"}
	rows := list(r.good(handOverPath, body)["customer"])
	if fmt.Sprint(rows) != fmt.Sprintf("[map[errcode:0 external_userid:%s] map[errcode:40096 external_userid:wmNobody]]", customer) {
		t.Fatalf("rows: got %v", rows)
	}
	if got := r.handoverStatus(handOverResult, "S03", "S04"); got != fmt.Sprintf("2@%d ", due.Unix()) {
		t.Errorf("while it waits: got %s", got)
	}
	if got := r.handOver(handOverPath, "S03", "S04", customer); got[0] != 40129 {
		t.Errorf("a second call for the same taker: got %v", got)
	}
	if got := r.handOver(handOverPath, "S03", "S05", customer); got[0] != 40100 {
		t.Errorf("a second call for another taker: got %v", got)
	}
	r.advance(handoverWait - time.Second)
	r.fresh()
	if !slices.Contains(r.customersOf("S03"), customer) || len(in.documents()) != 0 {
		t.Error("a second before the day is over nothing may have changed")
	}
	r.advance(time.Second)
	docs := in.wait(2)
	for i, want := range []map[string]string{
		{"ChangeType": "add_external_contact", "UserID": "S04", "ExternalUserID": customer, "WelcomeCode": "", "State": "", "Source": ""},
		{"ChangeType": "del_external_contact", "UserID": "S03", "ExternalUserID": customer, "Source": "DELETE_BY_TRANSFER"},
	} {
		for name, value := range want {
			if got := elementText(docs[i], name); got != value {
				t.Errorf("event %d: %s is %q, want %q", i, name, got, value)
			}
		}
	}
	if slices.Contains(r.customersOf("S03"), customer) || !slices.Contains(r.customersOf("S04"), customer) {
		t.Error("the customer has not moved")
	}
	if got := r.handoverStatus(handOverResult, "S03", "S04"); got != fmt.Sprintf("1@%d ", due.Unix()) {
		t.Errorf("when it is done: got %s", got)
	}
	follow := r.good("externalcontact/get", url.Values{"external_userid": {customer}})["follow_user"]
	for _, f := range list(follow) {
		if v := f.(map[string]any); v["userid"] == "S04" && (v["add_way"] != 202.0 || v["oper_userid"] != "S03") {
			t.Errorf("the new relation: got %v", v)
		}
	}
	rowsSeen := r.Deliveries(0)
	if len(rowsSeen) != 1 || rowsSeen[0].Kind != "transfer" || rowsSeen[0].Text != "我来接手" || rowsSeen[0].Staff != "S04" || rowsSeen[0].Customer != customer {
		t.Errorf("deliveries: got %+v", rowsSeen)
	}
	if got := r.handOver(handOverPath, "S03", "S04", customer); got[0] != 84061 {
		t.Errorf("a customer who is gone: got %v", got)
	}
	// The second move in 90 days, back to the first: no event of adding. The third is refused.
	r.handOver(handOverPath, "S04", "S03", customer)
	r.advance(handoverWait)
	r.fresh()
	if docs := in.wait(1); len(docs) != 3 || elementText(docs[2], "ChangeType") != "del_external_contact" || elementText(docs[2], "UserID") != "S04" {
		t.Errorf("coming back: got %v", docs[2:])
	}
	if got := r.handOver(handOverPath, "S03", "S04", customer); got[0] != 40128 {
		t.Errorf("a third move in 90 days: got %v", got)
	}
	r.advance(91 * 24 * time.Hour)
	r.fresh()
	if got := r.handOver(handOverPath, "S03", "S04", customer); got[0] != 0 {
		t.Errorf("a move after 90 days: got %v", got)
	}
}

func TestARefusedHandoverTellsTheTaker(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	customer := r.only("S03", "S04")
	r.handOver(handOverPath, "S03", "S04", customer)
	r.act("customer_refuses_transfer", object{"customer": customer})
	doc := in.wait(1)[0]
	if elementText(doc, "ChangeType") != "transfer_fail" || elementText(doc, "FailReason") != "customer_refused" ||
		elementText(doc, "UserID") != "S04" || elementText(doc, "ExternalUserID") != customer {
		t.Errorf("event: got %s", doc)
	}
	r.settle()
	r.advance(handoverWait)
	r.fresh()
	if got := r.handoverStatus(handOverResult, "S03", "S04"); got != "3@0 " {
		t.Errorf("status: got %s", got)
	}
	if !slices.Contains(r.customersOf("S03"), customer) || len(in.documents()) != 1 {
		t.Error("the customer refused, but something happened")
	}
}

func TestAFullTakerFailsAtTheCallOrWhenDue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	customer := r.only("S03", "S04")
	fill := func() {
		r.Sandbox.mu.Lock()
		defer r.Sandbox.mu.Unlock()
		n, _ := r.world.staffByID("S04")
		r.world.staff[n].live = 5000
	}
	r.handOver(handOverPath, "S03", "S04", customer)
	fill()
	if got := r.handOver(handOverPath, "S03", "S04", r.customersOf("S03")[1]); got[0] != 40099 {
		t.Errorf("a full taker at the call: got %v", got)
	}
	r.advance(handoverWait)
	if doc := in.wait(1)[0]; elementText(doc, "FailReason") != "customer_limit_exceed" || elementText(doc, "UserID") != "S04" {
		t.Errorf("event: got %s", doc)
	}
	r.fresh()
	if got := r.handoverStatus(handOverResult, "S03", "S04"); got != "4@0 " {
		t.Errorf("status: got %s", got)
	}
}

func TestCustomersOfALeaverAreAssigned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path, result, unassigned = "externalcontact/resigned/transfer_customer", "externalcontact/resigned/transfer_result", "externalcontact/get_unassigned_list"
	if got := r.good(unassigned, object{}); len(list(got["info"])) != 0 || got["is_last"] != true || got["next_cursor"] != "" {
		t.Errorf("nobody has left: got %v", got)
	}
	customer, all := r.only("S03", "S04"), len(r.customersOf("S03"))
	r.refused(40097, path, object{"handover_userid": "S03", "takeover_userid": "S04", "external_userid": []string{customer}})
	r.act("staff_resigns", object{"staff": "S03"})
	r.refused(40003, handOverPath, object{"handover_userid": "S03", "takeover_userid": "S04", "external_userid": []string{customer}})
	in := listenTo(r, nil)
	info := list(r.good(unassigned, object{"page_size": 1000})["info"])
	first := info[0].(map[string]any)
	if len(info) != all || first["handover_userid"] != "S03" || first["dimission_time"] != float64(testStart.Unix()) {
		t.Errorf("unassigned: got %d of %d, first %v", len(info), all, first)
	}
	page := r.good(unassigned, object{"page_size": all - 1})
	rest := r.good(unassigned, object{"page_size": all - 1, "cursor": page["next_cursor"]})
	if page["is_last"] != false || rest["is_last"] != true || len(list(rest["info"])) != 1 || rest["next_cursor"] != "" {
		t.Errorf("pages: got %v", rest)
	}
	old := r.good(unassigned, object{"page_size": all - 1, "page_id": "1"})
	if len(list(old["info"])) != 1 || old["next_cursor"] != nil {
		t.Errorf("the old paging: got %v", old)
	}
	r.refused(60268, unassigned, object{"cursor": "made up"})
	r.refused(40058, unassigned, object{"page_size": 1001})
	if got := r.handOver(path, "S03", "S04", customer); got[0] != 0 {
		t.Fatalf("assigning: got %v", got)
	}
	if got := r.good(unassigned, object{}); len(list(got["info"])) != all-1 {
		t.Error("a customer who waits for the new member is still listed")
	}
	r.advance(handoverWait)
	if docs := in.wait(1); elementText(docs[0], "ChangeType") != "add_external_contact" || elementText(docs[0], "UserID") != "S04" {
		t.Errorf("event: got %v", docs)
	}
	r.settle()
	r.fresh()
	if got := r.handoverStatus(result, "S03", "S04"); got[:2] != "1@" || len(in.documents()) != 1 {
		t.Errorf("status: got %s, %d events", got, len(in.documents()))
	}
	if !slices.Contains(r.customersOf("S04"), customer) {
		t.Error("the customer has not moved")
	}
	r.advance(366 * 24 * time.Hour)
	r.fresh()
	r.refused(40003, path, object{"handover_userid": "S03", "takeover_userid": "S04", "external_userid": []string{customer}})
}

func TestHandoversRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	customer := r.only("S03", "S04")
	body := func(from, to string, customers ...string) object {
		return object{"handover_userid": from, "takeover_userid": to, "external_userid": customers}
	}
	hundred := slices.Repeat([]string{"wmNobody"}, handoverBatch)
	r.refused(41009, handOverPath, body("", "S04", customer))
	r.refused(41009, handOverPath, body("S03", "", customer))
	r.refused(40003, handOverPath, body("nobody", "S04", customer))
	r.refused(40003, handOverPath, body("S03", "nobody", customer))
	r.refused(40130, handOverPath, body("S03", "S03", customer))
	r.refused(41035, handOverPath, body("S03", "S04"))
	r.refused(40058, handOverPath, body("S03", "S04", append(hundred, customer)...))
	r.good(handOverPath, body("S03", "S04", hundred...))
	long := body("S03", "S04", customer)
	long["transfer_success_msg"] = string(slices.Repeat([]rune("长"), handoverMessage+1))
	r.refused(40058, handOverPath, long)
	if got := r.handOver(handOverPath, "S04", "S05", customer); got[0] != 40131 {
		t.Errorf("a customer of somebody else: got %v", got)
	}
	for account, code := range map[string]int{"unverified": 40098, "banned": 40143, "stale": 40205} {
		r.act("staff_changes_account", object{"staff": "S04", "account": account})
		r.refused(code, handOverPath, body("S03", "S04", customer))
	}
	r.act("staff_changes_account", object{"staff": "S04", "account": "active"})
	r.refused(41009, handOverResult, object{"handover_userid": "S03"})
	r.refused(41009, handOverResult, object{"takeover_userid": "S03"})
	if got := r.good(handOverResult, body2("S05", "S06")); len(list(got["customer"])) != 0 || got["next_cursor"] != "" {
		t.Errorf("no record: got %v", got)
	}
}

func body2(from, to string) object { return object{"handover_userid": from, "takeover_userid": to} }

func TestGroupsChangeHands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	const serving, left = "externalcontact/groupchat/onjob_transfer", "externalcontact/groupchat/transfer"
	chats := r.chats()
	owner := fmt.Sprint(r.chat(chats[0])["owner"])
	fail := func(path, to string, ids ...string) string {
		got := r.good(path, object{"chat_id_list": ids, "new_owner": to})
		out := ""
		for _, f := range list(got["failed_chat_list"]) {
			out += fmt.Sprintf("%.0f ", f.(map[string]any)["errcode"])
		}
		return out
	}
	if got := fail(serving, "S05", chats[0], "wrNone"); got != "90501 " {
		t.Errorf("giving a group and nothing: got %s", got)
	}
	r.advance(settleTime)
	if got := r.chat(chats[0])["owner"]; got != "S05" {
		t.Errorf("owner: got %v", got)
	}
	if got := fail(serving, "S05", chats[0]); got != "90504 " {
		t.Errorf("the same owner: got %s", got)
	}
	if got := fail(left, "S06", chats[0]); got != "90500 " {
		t.Errorf("the owner serves: got %s", got)
	}
	fail(serving, "S06", chats[0])
	if got := fail(serving, "S05", chats[0]); got != "40128 " {
		t.Errorf("a third move in 90 days: got %s", got)
	}
	r.act("staff_resigns", object{"staff": "S06"})
	in.wait(2) // of the member, none of the group
	if got := fail(serving, "S05", chats[0]); got != "90502 " {
		t.Errorf("the owner has left: got %s", got)
	}
	listed := func(status int) []string {
		return ids(r.good("externalcontact/groupchat/list", object{"limit": 10, "status_filter": status})["group_chat_list"], "chat_id")
	}
	if !slices.Contains(listed(1), chats[0]) {
		t.Error("a group without owner must have status 1")
	}
	if got := fail(left, owner, chats[0]); got != "" {
		t.Errorf("assigning: got %s", got)
	}
	if got := fail(left, owner, chats[0]); got != "90507 " || !slices.Contains(listed(2), chats[0]) {
		t.Errorf("assigning again at once: got %s", got)
	}
	r.advance(2 * settleTime)
	if got := fail(left, owner, chats[0]); got != "90508 " || !slices.Contains(listed(3), chats[0]) {
		t.Errorf("assigning again later: got %s", got)
	}
	if got := r.chat(chats[0])["owner"]; got != owner || len(in.documents()) != 2 {
		t.Errorf("owner: got %v, %d events", got, len(in.documents()))
	}
	for _, path := range []string{serving, left} {
		r.refused(40058, path, object{"new_owner": "S05"})
		r.refused(40058, path, object{"new_owner": "S05", "chat_id_list": slices.Repeat(chats[:1], 101)})
		r.refused(41009, path, object{"chat_id_list": chats[:1]})
		r.refused(40003, path, object{"chat_id_list": chats[:1], "new_owner": "nobody"})
	}
}
