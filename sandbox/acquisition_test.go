package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const acquisitionPath = "externalcontact/customer_acquisition/"

// asApp talks with the token of the app: acquisition is closed to the secret
// of customer contact.
func asApp(r *rig) *rig {
	r.token = r.tokenOf(r.Ready.Secrets.App)
	return r
}

func (r *rig) link(users ...string) map[string]any {
	r.t.Helper()
	return r.good(acquisitionPath+"create_link", object{"link_name": "春季", "range": object{"user_list": users}})["link"].(map[string]any)
}

// change is the kind and the fields of an event, in the order they were sent.
func fields(doc string, names ...string) string {
	var out []string
	for _, n := range names {
		if strings.Contains(doc, "<"+n+">") {
			out = append(out, n+"="+elementText(doc, n))
		}
	}
	return strings.Join(out, " ")
}

var acquisitionFields = []string{"Event", "ChangeType", "UserID", "ExternalUserID", "State", "LinkId", "ChatKey", "ChatSeq", "ExpireTime", "ExpireQuotaNum"}

func TestACustomerComesThroughALink(t *testing.T) {
	t.Parallel()
	r := asApp(newRig(t, func(o *Options) { o.Switches = map[string]string{"acquisition.open_profile": "on"} }))
	in := listenTo(r, nil)
	l := r.link("S03", "S04")
	id := fmt.Sprint(l["link_id"])
	if l["url"] != "https://work.weixin.qq.com/ca/"+id || l["link_name"] != "春季" || l["create_time"] != float64(testStart.Unix()) {
		t.Errorf("link: got %v", l)
	}
	r.act("open_acquisition_link", object{"link": id, "stop": "click"})
	came := r.act("open_acquisition_link", object{"link": id, "channel": strings.Repeat("渠", 22)})
	state := strings.Repeat("渠", 21) // 63 bytes: the 22nd character would pass 64
	if came["added"] != true || came["state"] != state || came["staff"] != "S03" {
		t.Fatalf("open_acquisition_link: got %v", came)
	}
	in.wait(3)
	r.settle()
	docs := in.documents()
	var got []string
	for _, d := range docs {
		got = append(got, fields(d, acquisitionFields...))
	}
	for _, want := range []string{
		"Event=customer_acquisition ChangeType=open_profile State=" + state + " LinkId=" + id,
		"Event=customer_acquisition ChangeType=friend_request State=" + state + " LinkId=" + id,
		fmt.Sprintf("Event=change_external_contact ChangeType=add_external_contact UserID=S03 ExternalUserID=%v State=%s", came["customer"], state),
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no event %q among %q", want, got)
		}
	}
	one := r.good("externalcontact/get", url.Values{"external_userid": {fmt.Sprint(came["customer"])}})
	if f := list(one["follow_user"])[0].(map[string]any); f["add_way"] != 16.0 || f["state"] != state {
		t.Errorf("relation: got %v", f)
	}
	rows := func() string {
		return fmt.Sprint(r.good(acquisitionPath+"customer", object{"link_id": id})["customer_list"])
	}
	want := "[map[chat_status:%d external_userid:%s state:%s userid:S03]]"
	if got := rows(); got != fmt.Sprintf(want, 0, came["customer"], state) {
		t.Errorf("customers: got %s", got)
	}
	stat := r.good(acquisitionPath+"statistic", object{"link_id": id, "start_time": day(testStart), "end_time": day(testStart)})
	if stat["click_link_customer_cnt"] != 2.0 || stat["new_customer_cnt"] != 1.0 {
		t.Errorf("statistic: got %v", stat)
	}
	quota := r.good("externalcontact/customer_acquisition_quota", url.Values{})
	if quota["total"] != 1.0 || quota["balance"] != float64(firstQuota-1) || len(list(quota["quota_list"])) != 1 {
		t.Errorf("quota: got %v", quota)
	}
	for range 3 {
		r.act("customer_says", object{"staff": "S03", "customer": came["customer"], "text": "你好"})
	}
	in.wait(2)
	r.settle()
	docs = in.documents()[3:]
	if got := fields(docs[0], acquisitionFields...); got != fmt.Sprintf("Event=customer_acquisition ChangeType=customer_start_chat UserID=S03 ExternalUserID=%v LinkId=%s", came["customer"], id) {
		t.Errorf("first message: got %s", got)
	}
	key := elementText(docs[1], "ChatKey")
	if got := fields(docs[1], acquisitionFields...); got != "Event=customer_acquisition ChangeType=message_from_customer LinkId="+id+" ChatKey="+key {
		t.Errorf("third message: got %s", got)
	}
	info := r.good(acquisitionPath+"get_chat_info", object{"chat_key": key})
	if info["userid"] != "S03" || info["external_userid"] != came["customer"] ||
		fmt.Sprint(info["chat_info"]) != fmt.Sprintf("map[link_id:%s recv_msg_cnt:3 state:%s]", id, state) {
		t.Errorf("get_chat_info: got %v", info)
	}
	if got := rows(); got != fmt.Sprintf(want, 1, came["customer"], state) {
		t.Errorf("customers after a message: got %s", got)
	}
	r.advance(chatKeyLife)
	r.refused(41201, acquisitionPath+"get_chat_info", object{"chat_key": key})
	r.refused(41201, acquisitionPath+"get_chat_info", object{})
}

func TestLinksAreChangedListedAndDeleted(t *testing.T) {
	t.Parallel()
	r := asApp(newRig(t, func(o *Options) { o.Switches = map[string]string{"acquisition.priority": "on"} }))
	in := listenTo(r, nil)
	id := fmt.Sprint(r.link("S03")["link_id"])
	r.good(acquisitionPath+"update_link", object{
		"link_id": id, "link_name": "夏季", "range": object{"department_list": []int{2}}, "skip_verify": false, "mark_source": false,
		"priority_option": object{"priority_type": 2, "priority_userid_list": []string{"S03"}},
	})
	got := r.good(acquisitionPath+"get", object{"link_id": id})
	if fmt.Sprint(got["range"]) != "map[department_list:[2] user_list:[]]" || fmt.Sprint(got["priority_option"]) != "map[priority_type:2 priority_userid_list:[S03]]" {
		t.Errorf("range: got %v", got)
	}
	l := got["link"].(map[string]any)
	if l["link_name"] != "夏季" || l["skip_verify"] != false || l["mark_source"] != false || l["link_id"] != nil {
		t.Errorf("link: got %v", l)
	}
	// Type 2 prefers the friend on the list; both are friends already, so nobody is added.
	friend := r.act("open_acquisition_link", object{"link": id, "customer": r.customersOf("S03")[0]})
	if friend["staff"] != "S03" || friend["added"] != false {
		t.Errorf("priority: got %v", friend)
	}
	second := fmt.Sprint(r.link("S04")["link_id"])
	page := r.good(acquisitionPath+"list_link", object{"limit": 1})
	rest := r.good(acquisitionPath+"list_link", object{"limit": 1, "cursor": page["next_cursor"]})
	if fmt.Sprint(page["link_id_list"], rest["link_id_list"]) != "["+id+"] ["+second+"]" || rest["next_cursor"] != "" {
		t.Errorf("list: got %v and %v", page, rest)
	}
	r.good(acquisitionPath+"delete_link", object{"link_id": id})
	r.refused(40058, acquisitionPath+"get", object{"link_id": id})
	r.act("admin_deletes_link", object{"link": second})
	if got := fields(in.wait(1)[0], acquisitionFields...); got != "Event=customer_acquisition ChangeType=delete_link LinkId="+second {
		t.Errorf("event: got %s", got)
	}
	if left := list(r.good(acquisitionPath+"list_link", object{})["link_id_list"]); len(left) != 0 {
		t.Errorf("links left: %v", left)
	}
}

func TestQuotaRunsLowRunsOutAndExpires(t *testing.T) {
	t.Parallel()
	r := asApp(newRig(t))
	id := r.link("S03")["link_id"]
	r.Sandbox.mu.Lock()
	r.world.acquisition.lots[0].balance = quotaLow
	r.Sandbox.mu.Unlock()
	in := listenTo(r, nil)
	kinds := func() map[string]int {
		out := map[string]int{}
		for _, d := range in.documents() {
			out[elementText(d, "ChangeType")]++
		}
		return out
	}
	r.act("open_acquisition_link", object{"link": id})
	r.settle()
	if got := kinds(); got["balance_low"] != 1 {
		t.Errorf("19 left: events %v", got)
	}
	for range quotaLow - 1 {
		r.act("open_acquisition_link", object{"link": id})
	}
	r.settle()
	if got := kinds(); got["balance_low"] != 1 || got["balance_exhausted"] != 1 {
		t.Errorf("none left: events %v", got)
	}
	if got := r.act("open_acquisition_link", object{"link": id}); got["added"] != false {
		t.Errorf("somebody was added without quota: %v", got)
	}
	bought := r.act("admin_buys_quota", object{"amount": 50, "days": 8})
	r.settle()
	if got := kinds(); got["balance_increased"] != 1 {
		t.Errorf("after buying: events %v", got)
	}
	r.advance(24 * time.Hour)
	r.settle()
	last := in.documents()[len(in.documents())-1]
	if got := fields(last, acquisitionFields...); got != fmt.Sprintf("Event=customer_acquisition ChangeType=quota_expire_soon ExpireTime=%.0f ExpireQuotaNum=50", bought["expires"]) {
		t.Errorf("7 days before: got %s", got)
	}
	r.advance(8 * 24 * time.Hour)
	asApp(r)
	if got := kinds(); got["quota_expire_soon"] != 4 {
		t.Errorf("events of expiry: %v", got)
	}
	if q := r.good("externalcontact/customer_acquisition_quota", url.Values{}); q["balance"] != 0.0 || q["total"] != float64(quotaLow) || len(list(q["quota_list"])) != 0 {
		t.Errorf("after expiry: got %v", q)
	}
}

func TestALinkWhoseMembersCannotAddIsUnavailable(t *testing.T) {
	t.Parallel()
	r := asApp(newRig(t))
	id := r.link("S03")["link_id"]
	r.act("staff_changes_account", object{"staff": "S03", "account": "banned"})
	in := listenTo(r, nil)
	if got := r.act("open_acquisition_link", object{"link": id}); got["added"] != false {
		t.Errorf("added by a banned member: %v", got)
	}
	if got := fields(in.wait(1)[0], acquisitionFields...); got != fmt.Sprintf("Event=customer_acquisition ChangeType=link_unavailable LinkId=%v", id) {
		t.Errorf("event: got %s", got)
	}
}

func TestAcquisitionRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old"; o.Switches = map[string]string{"acquisition.links": "2"} })
	r.refused(48002, acquisitionPath+"list_link", object{})
	asApp(r)
	const create = acquisitionPath + "create_link"
	who := object{"user_list": []string{"S03"}}
	r.refused(40058, create, object{"range": who})
	r.refused(40058, create, object{"link_name": strings.Repeat("长", 31), "range": who})
	r.refused(40058, create, object{"link_name": "a"})
	r.refused(40058, create, object{"link_name": "a", "range": object{}})
	r.refused(60011, create, object{"link_name": "a", "range": object{"user_list": []string{"nobody"}}})
	r.refused(60011, create, object{"link_name": "a", "range": object{"department_list": []int{999}}})
	r.refused(41200, create, object{"link_name": "a", "range": who, "priority_option": object{"priority_type": 1}})
	r.control("switches", object{"acquisition.priority": "on"})
	r.refused(40058, create, object{"link_name": "a", "range": who, "priority_option": object{"priority_type": 3}})
	r.refused(40058, create, object{"link_name": "a", "range": who, "priority_option": object{"priority_type": 2}})
	r.control("switches", object{"acquisition.category": "unset"})
	r.refused(41305, create, object{"link_name": "a", "range": who})
	r.control("switches", object{"acquisition.category": "set"})
	id := r.link("S03")["link_id"]
	r.link("S03")
	r.refused(41095, create, object{"link_name": "a", "range": who})
	for _, path := range []string{"get", "update_link", "delete_link", "customer", "statistic"} {
		r.refused(40058, acquisitionPath+path, object{})
		r.refused(40058, acquisitionPath+path, object{"link_id": "none"})
	}
	r.refused(40058, acquisitionPath+"statistic", object{"link_id": id, "start_time": day(testStart.AddDate(0, 0, -31)), "end_time": day(testStart)})
	r.good(acquisitionPath+"statistic", object{"link_id": id, "start_time": day(testStart.AddDate(0, 0, -30)), "end_time": day(testStart)})
}
