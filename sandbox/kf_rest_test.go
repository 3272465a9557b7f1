package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func words(n int) string { return strings.Repeat("字", n) }

func kbWords(text string) object { return object{"text": object{"content": text}} }

func TestTheKnowledgeBaseKeepsGroups(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	groups := func(q object) []any { return list(d.good("kf/knowledge/list_group", q)["group_list"]) }
	first := groups(object{})
	if len(first) != 1 || first[0].(map[string]any)["is_default"] != 1.0 {
		t.Fatalf("a new world: got %v, want the default group", first)
	}
	base := first[0].(map[string]any)["group_id"]
	id := d.good("kf/knowledge/add_group", object{"name": "门店"})["group_id"]
	d.good("kf/knowledge/mod_group", object{"group_id": id, "name": "门店与预约"})
	want := map[string]any{"group_id": id, "name": "门店与预约", "is_default": 0.0}
	if diff := cmp.Diff([]any{want}, groups(object{"group_id": id})); diff != "" {
		t.Errorf("one group (-want +got):\n%s", diff)
	}
	d.refused(40058, "kf/knowledge/add_group", object{"name": "门店与预约"})
	d.refused(40058, "kf/knowledge/add_group", object{"name": words(13)})
	d.refused(40058, "kf/knowledge/add_group", object{})
	d.refused(40058, "kf/knowledge/mod_group", object{"group_id": base, "name": "默认"})
	d.refused(40058, "kf/knowledge/mod_group", object{"group_id": id, "name": ""})
	d.refused(40058, "kf/knowledge/del_group", object{"group_id": base})
	d.refused(40058, "kf/knowledge/list_group", object{"group_id": "nobody"})
	d.refused(40058, "kf/knowledge/list_group", object{"limit": 1001})
	d.refused(40058, "kf/knowledge/list_group", object{"cursor": "nonsense"})
	for n := range kbGroupLimit - 2 {
		d.good("kf/knowledge/add_group", object{"name": fmt.Sprint("组", n)})
	}
	d.refused(40058, "kf/knowledge/add_group", object{"name": "多一个"})
	var pages, rows int
	cursor := ""
	for more := 1.0; more == 1; pages++ {
		page := d.good("kf/knowledge/list_group", object{"limit": 30, "cursor": cursor})
		rows += len(list(page["group_list"]))
		cursor, more = fmt.Sprint(page["next_cursor"]), page["has_more"].(float64)
	}
	if pages != 4 || rows != kbGroupLimit {
		t.Errorf("got %d groups on %d pages, want %d on 4", rows, pages, kbGroupLimit)
	}
	d.good("kf/knowledge/del_group", object{"group_id": id})
	d.refused(40058, "kf/knowledge/list_group", object{"group_id": id})
}

func TestTheKnowledgeBaseKeepsQuestions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	group := d.good("kf/knowledge/add_group", object{"name": "门店"})["group_id"]
	picture := d.upload("image", "路线.png", string(drawnImage()))
	add := func(change func(object)) object {
		q := object{
			"group_id": group, "question": kbWords("几点开门"),
			"similar_questions": object{"items": []object{kbWords("什么时候营业")}},
			"answers": []object{{"text": object{"content": "十点"}, "attachments": []object{
				{"msgtype": "image", "image": object{"media_id": picture["media_id"]}},
				{"msgtype": "link", "link": object{"title": "门店", "url": "https://example.test/shops"}},
				{"msgtype": "miniprogram", "miniprogram": object{"appid": "wx1", "pagepath": "p.html", "thumb_media_id": picture["media_id"]}},
			}}},
		}
		if change != nil {
			change(q)
		}
		return q
	}
	id := d.good("kf/knowledge/add_intent", add(nil))["intent_id"]
	got := list(d.good("kf/knowledge/list_intent", object{"group_id": group})["intent_list"])
	want := map[string]any{
		"group_id": group, "intent_id": id, "question": map[string]any{"text": map[string]any{"content": "几点开门"}},
		"similar_questions": map[string]any{"items": []any{map[string]any{"text": map[string]any{"content": "什么时候营业"}}}},
		"answers": []any{map[string]any{"text": map[string]any{"content": "十点"}, "attachments": []any{
			map[string]any{"msgtype": "image", "image": map[string]any{"name": "路线.png"}},
			map[string]any{"msgtype": "link", "link": map[string]any{"title": "门店", "url": "https://example.test/shops"}},
			map[string]any{"msgtype": "miniprogram", "miniprogram": map[string]any{"appid": "wx1", "pagepath": "p.html"}},
		}}},
	}
	if diff := cmp.Diff([]any{want}, got); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
	for name, change := range map[string]func(object){
		"the same question":     nil,
		"the same as a similar": func(q object) { q["question"], q["similar_questions"] = kbWords("什么时候营业"), nil },
		"no group":              func(q object) { q["group_id"] = "nobody" },
		"no question":           func(q object) { delete(q, "question") },
		"no answer":             func(q object) { q["answers"] = []object{} },
		"two answers":           func(q object) { q["answers"] = []object{kbWords("a"), kbWords("b")} },
		"a long question":       func(q object) { q["question"] = kbWords(words(201)) },
		"a long answer":         func(q object) { q["answers"] = []object{kbWords(words(501))} },
		"too many similar":      func(q object) { q["similar_questions"] = object{"items": slices.Repeat([]object{kbWords("x")}, 101)} },
		"five attachments": func(q object) {
			link := object{"msgtype": "link", "link": object{"title": "a", "url": "https://example.test"}}
			q["answers"] = []object{{"text": object{"content": "a"}, "attachments": slices.Repeat([]object{link}, 5)}}
		},
		"an unknown kind": func(q object) {
			q["answers"] = []object{{"text": object{"content": "a"}, "attachments": []object{{"msgtype": "voice"}}}}
		},
	} {
		q := add(func(q object) { q["question"], q["similar_questions"] = kbWords("新问题"), nil })
		if change == nil {
			q = add(nil)
		} else {
			change(q)
		}
		if out := d.call("kf/knowledge/add_intent", q); out["errcode"] != 40058.0 {
			t.Errorf("%s: got %v, want 40058", name, out)
		}
	}
	d.refused(40007, "kf/knowledge/add_intent", object{"group_id": group, "question": kbWords("新问题"), "answers": []object{
		{"text": object{"content": "a"}, "attachments": []object{{"msgtype": "video", "video": object{"media_id": picture["media_id"]}}}},
	}})
	d.good("kf/knowledge/mod_intent", object{"intent_id": id, "answers": []object{kbWords("十点半")}})
	if err := d.SetSwitch("kf.intent_shape", "nested"); err != nil {
		t.Fatal(err)
	}
	q := list(d.good("kf/knowledge/list_intent", object{"intent_id": id})["intent_list"])[0].(map[string]any)["question"].(map[string]any)
	if a := list(q["answers"])[0].(map[string]any); a["text"].(map[string]any)["content"] != "十点半" || len(list(a["attachments"])) != 0 {
		t.Errorf("after mod_intent: got %v, want the answer replaced as a whole", q)
	}
	d.refused(40058, "kf/knowledge/mod_intent", object{"intent_id": "nobody"})
	d.refused(40058, "kf/knowledge/del_intent", object{})
	d.good("kf/knowledge/del_intent", object{"intent_id": id})
	if got := list(d.good("kf/knowledge/list_intent", object{})["intent_list"]); len(got) != 0 {
		t.Errorf("after del_intent: got %v", got)
	}
}

func (d *desk) recommend(customer any, more object) object {
	q := object{"open_kfid": d.kf, "external_userid": customer}
	maps.Copy(q, more)
	return q
}

func TestARecommendationIsPassedOnByTheServicer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	config := d.good("kf/customer/get_upgrade_service_config", url.Values{})
	chats := list(config["groupchat_range"].(map[string]any)["chat_id_list"])
	if got := list(config["member_range"].(map[string]any)["userid_list"]); len(got) != 4 || len(chats) != 2 {
		t.Fatalf("configuration: got %v", config)
	}
	customer := d.stranger()
	d.says(customer, "人工")
	d.trans(customer, 3, "S01")
	member := object{"type": 1, "member": object{"userid": "S04", "wording": "加我"}}
	d.good("kf/customer/upgrade_service", d.recommend(customer, member))
	d.good("kf/customer/cancel_upgrade_service", d.recommend(customer, nil))
	if status, out := d.do("POST", "/_sandbox/act", object{"act": "servicer_upgrades", "kf": d.kf, "customer": customer}); status != 400 {
		t.Errorf("passed on although cancelled: %v", out)
	}
	before := len(d.Deliveries(0))
	d.good("kf/customer/upgrade_service", d.recommend(customer, member))
	if len(d.Deliveries(0)) != before {
		t.Error("a recommendation reached the customer")
	}
	d.act("servicer_upgrades", object{"kf": d.kf, "customer": customer})
	follow := ids(d.good("externalcontact/get", url.Values{"external_userid": {fmt.Sprint(customer)}})["follow_user"], "userid")
	if !slices.Contains(follow, "S04") {
		t.Errorf("followers: got %v, want S04 among them", follow)
	}
	d.good("kf/customer/upgrade_service", d.recommend(customer, object{"type": 2, "groupchat": object{"chat_id": chats[1]}}))
	d.act("servicer_upgrades", object{"kf": d.kf, "customer": customer})
	d.advance(3 * time.Second)
	group := d.good("externalcontact/groupchat/get", object{"chat_id": chats[1]})["group_chat"].(map[string]any)
	if !slices.Contains(ids(group["member_list"], "userid"), fmt.Sprint(customer)) {
		t.Error("the customer is not in the group")
	}
	d.later(24 * time.Hour)
	yesterday := testStart.Unix()
	stat := object{"open_kfid": d.kf, "servicer_userid": "S01", "start_time": yesterday, "end_time": yesterday}
	got := list(d.good("kf/get_servicer_statistic", stat)["statistic_list"])[0].(map[string]any)["statistic"].(map[string]any)
	for name, want := range map[string]float64{
		"upgrade_service_customer_cnt": 1, "upgrade_service_member_invite_cnt": 1, "upgrade_service_member_customer_cnt": 1,
		"upgrade_service_groupchat_invite_cnt": 1, "upgrade_service_groupchat_customer_cnt": 1, "session_cnt": 1,
	} {
		if got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	refused := func(code int, more object) {
		t.Helper()
		d.refused(code, "kf/customer/upgrade_service", d.recommend(customer, more))
	}
	refused(95021, object{"type": 1, "member": object{"userid": "S09"}})
	refused(95021, object{"type": 2, "groupchat": object{"chat_id": "wrNobody"}})
	refused(40058, object{"type": 3})
	refused(40058, object{"type": 1})
	refused(40058, object{"type": 2, "member": object{"userid": "S04"}})
	d.refused(95004, "kf/customer/cancel_upgrade_service", object{"open_kfid": "wkNobody", "external_userid": customer})
	d.act("admin_sets_upgrade", object{"staff": []string{"S09"}})
	d.good("kf/customer/upgrade_service", d.recommend(customer, object{"type": 1, "member": object{"userid": "S09"}}))
}

func TestKfFiguresAreThoseOfWhatHappened(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := d.stranger(), d.stranger()
	d.says(one, "在吗")
	d.good("kf/send_msg", d.text(one, "在的"))
	d.says(one, "人工")
	d.trans(one, 3, "S01")
	d.advance(40 * time.Second)
	d.act("servicer_says", object{"kf": d.kf, "customer": one, "text": "您好"})
	d.says(one, "谢谢")
	d.says(two, "在吗")
	d.trans(two, 3, "S02")
	d.act("servicer_rejects", object{"kf": d.kf, "customer": two})
	if e := d.event("reject_customer_msg_switch_change"); e["reject_switch"] != 1.0 || e["servicer_userid"] != "S02" || e["external_userid"] != two {
		t.Errorf("refusal: got %v", e)
	}
	if status, _ := d.do("POST", "/_sandbox/act", object{"act": "customer_says", "kf": d.kf, "customer": two}); status != 400 {
		t.Error("a refused customer wrote all the same")
	}
	day := time.Date(2026, 3, 10, 0, 0, 0, 0, Zone).Unix()
	q := func(more object) object {
		out := object{"open_kfid": d.kf, "start_time": day, "end_time": day + 3600}
		maps.Copy(out, more)
		return out
	}
	d.refused(40058, "kf/get_corp_statistic", q(nil)) // today
	d.later(19 * time.Hour)                           // 05:00
	early := list(d.good("kf/get_corp_statistic", q(nil))["statistic_list"])
	if diff := cmp.Diff([]any{map[string]any{"stat_time": float64(day)}}, early); diff != "" {
		t.Errorf("before 6 o'clock (-want +got):\n%s", diff)
	}
	d.later(2 * time.Hour)
	got := list(d.good("kf/get_corp_statistic", q(nil))["statistic_list"])
	want := []any{map[string]any{"stat_time": float64(day), "statistic": map[string]any{
		"session_cnt": 2.0, "customer_cnt": 2.0, "customer_msg_cnt": 4.0, "upgrade_service_customer_cnt": 0.0,
		"ai_session_reply_cnt": 1.0, "ai_transfer_rate": 1.0, "msg_rejected_customer_cnt": 1.0,
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
	servicer := func(id string) any {
		return list(d.good("kf/get_servicer_statistic", q(object{"servicer_userid": id}))["statistic_list"])[0].(map[string]any)["statistic"]
	}
	figures := func(sessions, customers, messages, rejected float64) map[string]any {
		return map[string]any{
			"session_cnt": sessions, "customer_cnt": customers, "customer_msg_cnt": messages, "satisfaction_investgate_cnt": 0.0,
			"upgrade_service_customer_cnt": 0.0, "upgrade_service_member_invite_cnt": 0.0, "upgrade_service_member_customer_cnt": 0.0,
			"upgrade_service_groupchat_invite_cnt": 0.0, "upgrade_service_groupchat_customer_cnt": 0.0, "msg_rejected_customer_cnt": rejected,
		}
	}
	first := figures(1, 1, 1, 0)
	first["reply_rate"], first["first_reply_average_sec"] = 1.0, 40.0
	if diff := cmp.Diff(first, servicer("S01")); diff != "" {
		t.Errorf("S01 (-want +got):\n%s", diff)
	}
	second := figures(1, 1, 0, 1)
	second["reply_rate"] = 0.0
	if diff := cmp.Diff(second, servicer("S02")); diff != "" {
		t.Errorf("S02 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(figures(0, 0, 0, 0), servicer("S03")); diff != "" {
		t.Errorf("S03 (-want +got):\n%s", diff)
	}
	d.refused(60253, "kf/get_servicer_statistic", q(object{"servicer_userid": "S09"}))
	d.refused(40058, "kf/get_corp_statistic", q(object{"end_time": day - 86400}))
	d.refused(40058, "kf/get_corp_statistic", q(object{"start_time": day - 32*86400}))
	d.refused(40058, "kf/get_corp_statistic", q(object{"start_time": day - 190*86400, "end_time": day - 185*86400}))
	d.refused(40058, "kf/get_corp_statistic", object{"open_kfid": d.kf, "start_time": day})
	d.refused(95000, "kf/get_corp_statistic", q(object{"open_kfid": "nobody"}))
}

func TestAnAccountIsTakenFromTheAppAndGivenBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := listenTo(d.rig, nil)
	d.act("admin_grants_kf", object{"kf": d.kf, "granted": false})
	want := fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_account_auth_change]]></Event><AuthDelOpenKfId><![CDATA[%s]]></AuthDelOpenKfId></xml>", d.Ready.CorpID, testStart.Unix(), d.kf)
	if doc := in.wait(1)[0]; doc != want {
		t.Errorf("event:\n got %s\nwant %s", doc, want)
	}
	d.refused(60030, "kf/servicer/list", url.Values{"open_kfid": {d.kf}})
	d.act("admin_grants_kf", object{"kf": d.kf, "granted": true})
	d.good("kf/servicer/list", url.Values{"open_kfid": {d.kf}})
	if doc := in.wait(1)[1]; elementText(doc, "AuthAddOpenKfId") != d.kf {
		t.Errorf("event: got %s", doc)
	}
}

func TestAServicersMessageIsRecalled(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.stranger()
	d.says(customer, "人工")
	d.trans(customer, 3, "S01")
	said := d.act("servicer_says", object{"kf": d.kf, "customer": customer, "text": "说错了"})
	d.act("servicer_recalls", object{"kf": d.kf, "customer": customer})
	e := d.event("servicer_recall_msg")
	want := object{
		"event_type": "servicer_recall_msg", "open_kfid": d.kf, "external_userid": customer, "recall_msgid": said["msgid"], "servicer_userid": "S01",
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}
