package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// settleTime is how long WeCom advises to wait before reading after an event.
const settleTime = 2 * time.Second

func (r *rig) chats() []string {
	r.t.Helper()
	return ids(r.good("externalcontact/groupchat/list", object{"limit": 1000})["group_chat_list"], "chat_id")
}

func (r *rig) chat(id string) map[string]any {
	r.t.Helper()
	return r.good("externalcontact/groupchat/get", object{"chat_id": id, "need_name": 1})["group_chat"].(map[string]any)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chats := r.chats()
	one := r.chat(chats[0])
	if got := len(list(one["member_list"])); got != scanLimit-3 {
		t.Errorf("members of the first group: got %d", got)
	}
	r.refused(40058, "externalcontact/groupchat/list", object{})
	r.refused(40058, "externalcontact/groupchat/list", object{"limit": 1001})
	r.refused(600041, "externalcontact/groupchat/list", object{"limit": 10, "offset": 10})
	r.refused(40003, "externalcontact/groupchat/list", object{"limit": 10, "owner_filter": object{"userid_list": []string{"nobody"}}})
	r.refused(86001, "externalcontact/groupchat/get", object{})
	r.refused(40050, "externalcontact/groupchat/get", object{"chat_id": "wrNone"})
	first := r.good("externalcontact/groupchat/list", object{"limit": 2, "status_filter": 0})
	rest := r.good("externalcontact/groupchat/list", object{"limit": 1000, "cursor": first["next_cursor"]})
	if n := len(list(first["group_chat_list"])) + len(list(rest["group_chat_list"])); n != len(chats) {
		t.Errorf("pages: got %d groups, want %d", n, len(chats))
	}
	mine := r.good("externalcontact/groupchat/list", object{"limit": 10, "owner_filter": object{"userid_list": []any{one["owner"]}}})
	if got := ids(mine["group_chat_list"], "chat_id"); len(got) == 0 || got[0] != chats[0] {
		t.Errorf("groups of %v: got %v", one["owner"], got)
	}
	r.act("staff_resigns", object{"staff": one["owner"]})
	left := r.good("externalcontact/groupchat/list", object{"limit": 10, "status_filter": 1})
	if got := ids(left["group_chat_list"], "chat_id"); len(got) == 0 || got[0] != chats[0] {
		t.Errorf("groups without a serving owner: got %v", got)
	}
}

func TestAJoinShowsTwoSecondsAfterItsEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	way := r.good("externalcontact/groupchat/add_join_way", object{
		"scene": 2, "auto_create_room": 0, "chat_id_list": r.chats()[1:3], "state": "spring", "remark": strings.Repeat("长", 40),
	})
	got := r.good("externalcontact/groupchat/get_join_way", object{"config_id": way["config_id"]})["join_way"].(map[string]any)
	if got["qr_code"] == "" || got["state"] != "spring" || len([]rune(fmt.Sprint(got["remark"]))) != 30 {
		t.Errorf("get_join_way: got %v", got)
	}
	join := r.act("scan_join_way", object{"config_id": way["config_id"]})
	if join["joined"] != true {
		t.Fatalf("scan_join_way: got %v", join)
	}
	doc := in.wait(1)[0]
	r.settle()
	before := r.chat(fmt.Sprint(join["chat"]))
	if elementText(doc, "JoinScene") != "3" || elementText(doc, "UpdateDetail") != "add_member" ||
		elementText(elementText2(doc, "MemChangeList"), "Item") != join["customer"] {
		t.Errorf("event: got %s", doc)
	}
	if before["member_version"] != elementText(doc, "LastMemVer") {
		t.Error("read at once, the group must still be as before")
	}
	r.advance(settleTime)
	after := r.chat(fmt.Sprint(join["chat"]))
	if after["member_version"] != elementText(doc, "CurMemVer") {
		t.Error("2 s later the group must show the join")
	}
	members := list(after["member_list"])
	last := members[len(members)-1].(map[string]any)
	if last["userid"] != join["customer"] || last["state"] != "spring" || last["join_scene"] != 3.0 {
		t.Errorf("the new member: got %v", last)
	}
	again := r.act("scan_join_way", object{"config_id": way["config_id"], "customer": join["customer"]})
	if again["joined"] != false {
		t.Errorf("a second scan: got %v", again)
	}
	r.act("leave_group", object{"chat": join["chat"], "customer": join["customer"]})
	if doc := in.wait(1)[1]; elementText(doc, "UpdateDetail") != "del_member" || elementText(doc, "QuitScene") != "0" {
		t.Errorf("leaving: got %s", doc)
	}
}

// elementText2 is the raw inside of an element.
func elementText2(doc, name string) string {
	_, rest, _ := strings.Cut(doc, "<"+name+">")
	inner, _, _ := strings.Cut(rest, "</"+name+">")
	return inner
}

func TestAFullGroupRollsOverAndThenMakesARoom(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Customers = 1000 })
	in := listenTo(r, nil)
	group := r.act("create_group", object{"name": "福利"})
	in.wait(1)
	add := func(auto int) any {
		return r.good("externalcontact/groupchat/add_join_way", object{
			"scene": 2, "auto_create_room": auto, "chat_id_list": []any{group["chat"]}, "room_base_name": "福利 ", "room_base_id": 7,
		})["config_id"]
	}
	fixed, growing := add(0), add(1)
	for range scanLimit - 1 {
		r.act("scan_join_way", object{"config_id": fixed})
	}
	if got := r.act("scan_join_way", object{"config_id": fixed}); got["joined"] != false {
		t.Errorf("the 201st by scanning: got %v", got)
	}
	join := r.act("scan_join_way", object{"config_id": growing})
	if join["joined"] != true || join["chat"] == group["chat"] {
		t.Fatalf("the way that makes rooms: got %v", join)
	}
	r.settle()
	r.advance(settleTime)
	if got := r.chat(fmt.Sprint(join["chat"])); got["name"] != "福利 7" {
		t.Errorf("name of the new room: got %v", got["name"])
	}
	way := r.good("externalcontact/groupchat/get_join_way", object{"config_id": growing})["join_way"].(map[string]any)
	if got := len(list(way["chat_id_list"])); got != 2 {
		t.Errorf("groups of the way: got %d, want 2", got)
	}
}

func TestJoinWaysRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chats := r.chats()
	const add, update = "externalcontact/groupchat/add_join_way", "externalcontact/groupchat/update_join_way"
	six := append(append([]string{}, chats...), chats...)[:6]
	r.refused(41091, add, object{"scene": 2, "chat_id_list": six})
	r.refused(40050, add, object{"scene": 2, "chat_id_list": []string{"wrNone"}})
	r.refused(40058, add, object{"scene": 2, "chat_id_list": nil})
	r.refused(40058, add, object{"scene": 9, "chat_id_list": chats[:1]})
	r.refused(40058, add, object{"scene": 2, "chat_id_list": chats[:1], "state": strings.Repeat("x", 31)})
	id := r.good(add, object{"scene": 2, "chat_id_list": chats[:1], "state": "a"})["config_id"]
	r.good(update, object{"config_id": id, "scene": 2, "chat_id_list": chats[1:2]})
	got := r.good("externalcontact/groupchat/get_join_way", object{"config_id": id})["join_way"].(map[string]any)
	if got["state"] != "" {
		t.Errorf("an update overwrites all: state got %v", got["state"])
	}
	r.refused(41043, update, object{"scene": 2, "chat_id_list": chats[:1]})
	r.good("externalcontact/groupchat/del_join_way", object{"config_id": id})
	r.refused(41044, "externalcontact/groupchat/get_join_way", object{"config_id": id})
}

func TestGroupChangesAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	chat := r.chats()[1]
	r.act("change_group", object{"chat": chat, "name": "新名"})
	r.act("change_group", object{"chat": chat, "notice": "公告"})
	r.act("change_group", object{"chat": chat, "owner": "S05"})
	r.act("dismiss_group", object{"chat": chat})
	docs := in.wait(5)
	for i, want := range []string{"update change_name", "update change_notice", "update add_member", "update change_owner", "dismiss "} {
		if got := elementText(docs[i], "ChangeType") + " " + elementText(docs[i], "UpdateDetail"); got != want {
			t.Errorf("event %d: got %q, want %q", i+1, got, want)
		}
	}
	r.refused(49008, "externalcontact/groupchat/get", object{"chat_id": chat})
}

func TestAMassMessageFromCreationToResults(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "externalcontact/add_msg_template"
	mine := list(r.good("externalcontact/batch/get_by_user", object{"userid_list": []string{"S03"}})["external_contact_list"])
	var to []string
	for _, row := range mine[:4] {
		to = append(to, fmt.Sprint(row.(map[string]any)["external_contact"].(map[string]any)["external_userid"]))
	}
	text := object{"content": "会员日"}
	made := r.good(path, object{"external_userid": append(to, "wmNobody"), "sender": "S03", "text": text, "attachments": nil})
	if got := list(made["fail_list"]); len(got) != 1 || got[0] != "wmNobody" {
		t.Errorf("fail_list: got %v", got)
	}
	id := made["msgid"]
	r.refused(41063, "externalcontact/get_groupmsg_task", object{"msgid": id})
	r.advance(settleTime)
	task := list(r.good("externalcontact/get_groupmsg_task", object{"msgid": id})["task_list"])[0].(map[string]any)
	if task["userid"] != "S03" || task["status"] != 0.0 || task["send_time"] != nil {
		t.Errorf("task before sending: got %v", task)
	}
	r.act("customer_deletes_staff", object{"staff": "S03", "customer": to[0]})
	if got := r.act("staff_confirms", object{"msgid": id}); got["sent"] != 3.0 {
		t.Errorf("staff_confirms: got %v", got)
	}
	results := list(r.good("externalcontact/get_groupmsg_send_result", object{"msgid": id, "userid": "S03"})["send_list"])
	for _, row := range results {
		row := row.(map[string]any)
		want := 1.0
		if row["external_userid"] == to[0] {
			want = 2
		}
		if row["status"] != want {
			t.Errorf("result: got %v, want status %v", row, want)
		}
	}
	if rows := r.Deliveries(0); len(rows) != 3 || rows[0].Kind != "mass_customer" || rows[0].Origin != "api" || rows[0].Task != id {
		t.Errorf("deliveries: got %+v", rows)
	}
	for range remindersADay {
		r.good("externalcontact/remind_groupmsg_send", object{"msgid": id})
	}
	r.refused(41094, "externalcontact/remind_groupmsg_send", object{"msgid": id})
	r.good("externalcontact/cancel_groupmsg_send", object{"msgid": id})
	r.refused(41093, "externalcontact/cancel_groupmsg_send", object{"msgid": id})
	r.refused(41093, "externalcontact/remind_groupmsg_send", object{"msgid": id})
}

func TestMassMessagesRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "externalcontact/add_msg_template"
	text := object{"content": "会员日"}
	link := object{"msgtype": "link", "link": object{"title": "t", "url": "https://example.com"}, "image": object{"media_id": ""}}
	r.good(path, object{"sender": "S03", "attachments": []object{link}})
	r.refused(40058, path, object{"text": text})
	r.refused(40058, path, object{"sender": "S03"})
	r.refused(40058, path, object{"sender": "S03", "text": object{"content": strings.Repeat("x", 4001)}})
	r.refused(41048, path, object{"external_userid": []string{"wmNobody"}, "text": text})
	r.refused(86214, path, object{"chat_type": "all", "sender": "S03", "text": text})
	r.refused(41064, path, object{"sender": "S03", "attachments": []object{link, link, link, link, link, link, link, link, link, link}})
	r.refused(41065, path, object{"sender": "S03", "attachments": []object{{"msgtype": "poem"}}})
	r.refused(41016, path, object{"sender": "S03", "attachments": []object{{"msgtype": "link", "link": object{"url": "x"}}}})
	r.refused(40007, path, object{"sender": "S03", "attachments": []object{{"msgtype": "image", "image": object{"media_id": ""}}}})
	r.refused(40068, path, object{"tag_filter": object{"group_list": []object{{"tag_list": []string{"etNone"}}}}, "text": text})
	r.refused(40058, path, object{"chat_type": "group", "text": text})
	r.refused(41046, "externalcontact/get_groupmsg_task", object{})
	r.refused(41047, "externalcontact/get_groupmsg_task", object{"msgid": "msgNone"})
	now := testStart.Unix()
	r.refused(40058, "externalcontact/get_groupmsg_list_v2", object{"chat_type": "single", "start_time": now - 40*86400, "end_time": now})
	got := r.good("externalcontact/get_groupmsg_list_v2", object{"chat_type": "single", "start_time": now - 28*86400, "end_time": now, "filter_type": 0})
	if len(list(got["group_msg_list"])) != 2 {
		t.Errorf("messages of 4 weeks: got %d, want one of history and one new", len(list(got["group_msg_list"])))
	}
}

func TestTheLastTalkerSendsAndTagsCombine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	groups := list(r.good("externalcontact/get_corp_tag_list", object{})["tag_group"])
	tag := func(i int) []string { return ids(groups[i].(map[string]any)["tag"], "id")[:2] }
	made := r.good("externalcontact/add_msg_template", object{
		"tag_filter": object{"group_list": []object{{"tag_list": tag(0)}, {"tag_list": tag(1)}}}, "text": object{"content": "x"},
	})
	r.advance(settleTime)
	seen := map[string]bool{}
	for _, user := range ids(r.good("externalcontact/get_groupmsg_task", object{"msgid": made["msgid"]})["task_list"], "userid") {
		for _, who := range ids(r.good("externalcontact/get_groupmsg_send_result", object{"msgid": made["msgid"], "userid": user})["send_list"], "external_userid") {
			if seen[who] {
				t.Errorf("%s would get it twice", who)
			}
			seen[who] = true
		}
	}
	if len(seen) == 0 || len(seen) > 150 {
		t.Errorf("receivers: got %d of 200", len(seen))
	}
}

func TestTheCorpsCapHoldsBackMassMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"mass.cap": "day", "mass.dispatch_ms": "0"} })
	_, id := r.someCustomer()
	send := func() float64 {
		r.good("externalcontact/add_msg_template", object{"external_userid": []string{id}, "sender": "S03", "text": object{"content": "x"}})
		return r.act("staff_confirms", nil)["sent"].(float64)
	}
	if a, b := send(), send(); a != 1 || b != 0 {
		t.Errorf("two on one day: sent %v and %v, want 1 and 0", a, b)
	}
	r.advance(24 * time.Hour)
	r.token = r.tokenOf(r.Ready.Secrets.External)
	if got := send(); got != 1 {
		t.Errorf("the next day: sent %v, want 1", got)
	}
}

func TestAMassMessageToGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chats := r.chats()
	owner := r.chat(chats[0])["owner"]
	made := r.good("externalcontact/add_msg_template", object{
		"chat_type": "group", "sender": owner, "chat_id_list": []string{chats[0], chats[1]}, "text": object{"content": "群发"},
	})
	if got := list(made["fail_list"]); len(got) != 1 || got[0] != chats[1] {
		t.Errorf("a group of another owner fails: got %v", got)
	}
	r.advance(settleTime)
	ask := object{"msgid": made["msgid"], "userid": owner}
	if got := list(r.good("externalcontact/get_groupmsg_send_result", ask)["send_list"]); len(got) != 0 {
		t.Errorf("before sending: got %v, want none", got)
	}
	r.act("staff_confirms", nil)
	if got := ids(r.good("externalcontact/get_groupmsg_send_result", ask)["send_list"], "chat_id"); len(got) != 1 || got[0] != chats[0] {
		t.Errorf("after sending: got %v", got)
	}
	if rows := r.Deliveries(0); len(rows) != 1 || rows[0].Kind != "mass_group" || rows[0].Customer != "" || rows[0].Chat != chats[0] {
		t.Errorf("deliveries: got %+v", rows)
	}
}
