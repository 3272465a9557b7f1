package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const behaviour, groupStats, groupDays = "externalcontact/get_user_behavior_data", "externalcontact/groupchat/statistic", "externalcontact/groupchat/statistic_group_by_day"

func day(t time.Time) int64 { return today(t).Unix() }

func (r *rig) behaviour(staff ...string) []any {
	r.t.Helper()
	return list(r.good(behaviour, object{"userid": staff, "start_time": day(r.Now().AddDate(0, 0, -1)), "end_time": r.Now().Unix()})["behavior_data"])
}

func TestBehaviourCountsWhatMembersDid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mine := r.customersOf("S03")
	r.act("customer_says", object{"staff": "S03", "customer": mine[0], "text": "在吗"})
	r.advance(4 * time.Minute)
	r.act("staff_says", object{"staff": "S03", "customer": mine[0]})
	r.act("staff_says", object{"staff": "S03", "customer": mine[0]})
	r.act("staff_says", object{"staff": "S03", "customer": mine[1]})
	r.advance(time.Minute)
	r.act("customer_says", object{"staff": "S03", "customer": mine[1]}) // the member began this one
	r.act("customer_says", object{"staff": "S03", "customer": mine[2]}) // never answered
	r.act("customer_deletes_staff", object{"staff": "S03", "customer": mine[3]})
	r.act("staff_adds_customer", object{"staff": "S03"})
	r.act("staff_adds_customer", object{"staff": "S03", "pending": true})
	r.act("staff_says", object{"staff": "S04"})
	days := r.behaviour("S03")
	if len(days) != 2 {
		t.Fatalf("days: got %v", days)
	}
	before, got := days[0].(map[string]any), days[1].(map[string]any)
	want := map[string]any{
		"stat_time": float64(day(r.Now())), "chat_cnt": 2.0, "message_cnt": 3.0, "avg_reply_time": 4.0,
		"negative_feedback_cnt": 1.0, "new_apply_cnt": 2.0, "new_contact_cnt": 1.0,
	}
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: got %v, want %v", name, got[name], v)
		}
	}
	if got["reply_percentage"] != 50.0 || before["reply_percentage"] != nil || before["avg_reply_time"] != nil {
		t.Errorf("share of replies: got %v, the day before %v", got["reply_percentage"], before)
	}
	both := r.behaviour("S03", "S04")[1].(map[string]any)
	if both["message_cnt"] != 4.0 || both["chat_cnt"] != 3.0 {
		t.Errorf("two members are one series: got %v", both)
	}
	party := r.good(behaviour, object{"partyid": []int{1}, "start_time": day(r.Now()), "end_time": r.Now().Unix()})
	if fmt.Sprint(list(party["behavior_data"])[0].(map[string]any)["message_cnt"]) != "4" {
		t.Errorf("the whole corp: got %v", party)
	}
}

func TestHistoryHasBehaviourToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.good(behaviour, object{"userid": []string{"S03"}, "start_time": day(r.Now().AddDate(0, 0, -30)), "end_time": r.Now().Unix()})
	added := 0.0
	for _, d := range list(got["behavior_data"]) {
		added += d.(map[string]any)["new_contact_cnt"].(float64)
	}
	if n := len(list(got["behavior_data"])); n != 31 || added == 0 {
		t.Errorf("30 days of history: %d days, %v customers added", n, added)
	}
}

func TestStatisticsRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := r.Now()
	span := func(from, to int) object {
		return object{"userid": []string{"S03"}, "start_time": day(now.AddDate(0, 0, from)), "end_time": day(now.AddDate(0, 0, to))}
	}
	r.refused(40058, behaviour, span(-31, 0))
	r.good(behaviour, span(-30, 0))
	r.refused(40058, behaviour, span(0, -1))
	r.refused(40058, behaviour, span(-181, -170))
	r.good(behaviour, span(-180, -170))
	r.refused(40058, behaviour, object{"userid": []string{"S03"}})
	r.refused(40058, behaviour, object{"start_time": day(now), "end_time": day(now)})
	many := span(0, 0)
	many["userid"] = slices.Repeat([]string{"S03"}, 101)
	r.refused(40032, behaviour, many)
	many["userid"] = []string{"nobody"}
	r.refused(60011, behaviour, many)
	for _, path := range []string{groupStats, groupDays} {
		r.refused(40058, path, object{})
		r.refused(40058, path, object{"day_begin_time": day(now)})
		r.refused(40058, path, object{"day_begin_time": day(now.AddDate(0, 0, -40)), "day_end_time": day(now.AddDate(0, 0, -1))})
		r.refused(40003, path, object{"day_begin_time": day(now.AddDate(0, 0, -1)), "owner_filter": object{"userid_list": []string{"nobody"}}})
	}
	yesterday := day(now.AddDate(0, 0, -1))
	r.refused(600041, groupStats, object{"day_begin_time": yesterday, "limit": 1001})
	r.refused(600041, groupStats, object{"day_begin_time": yesterday, "offset": -1})
	r.refused(40058, groupStats, object{"day_begin_time": yesterday, "order_by": 5})
	r.refused(40058, groupStats, object{"day_begin_time": yesterday, "order_asc": 2})
}

func TestGroupStatisticsCountYesterday(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.chats()[1]
	owner := fmt.Sprint(r.chat(chat)["owner"])
	members := len(list(r.chat(chat)["member_list"]))
	way := r.good("externalcontact/groupchat/add_join_way", object{"scene": 2, "auto_create_room": 0, "chat_id_list": []any{chat}})
	who := r.act("scan_join_way", object{"config_id": way["config_id"]})["customer"]
	r.act("scan_join_way", object{"config_id": way["config_id"]})
	r.act("customer_says", object{"chat": chat, "customer": who})
	r.act("customer_says", object{"chat": chat, "customer": who})
	r.act("staff_says", object{"chat": chat})
	made := r.act("create_group", object{"staff": owner})["chat"]
	r.advance(24 * time.Hour)
	r.fresh()
	r.act("leave_group", object{"chat": chat, "customer": who})
	r.act("scan_join_way", object{"config_id": way["config_id"]})
	r.act("dismiss_group", object{"chat": made})
	yesterday := day(r.Now().AddDate(0, 0, -1))
	filter := object{"userid_list": []string{owner}}
	got := r.good(groupStats, object{"day_begin_time": yesterday, "owner_filter": filter})
	if got["total"] != 1.0 || got["next_offset"] != 1.0 {
		t.Errorf("pages: got %v", got)
	}
	data := list(got["items"])[0].(map[string]any)["data"].(map[string]any)
	for name, want := range map[string]float64{
		"new_chat_cnt": 1, "chat_total": 2, "chat_has_msg": 1, "new_member_cnt": 2, "member_total": float64(members + 2 + 1),
		"member_has_msg": 2, "msg_total": 3,
	} {
		if data[name] != want {
			t.Errorf("%s: got %v, want %v", name, data[name], want)
		}
	}
	days := list(r.good(groupDays, object{"day_begin_time": day(r.Now().AddDate(0, 0, -2)), "day_end_time": yesterday, "owner_filter": filter})["items"])
	if len(days) != 2 || fmt.Sprint(days[1].(map[string]any)["data"]) != fmt.Sprint(data) || days[1].(map[string]any)["stat_time"] != float64(yesterday) ||
		days[0].(map[string]any)["data"].(map[string]any)["msg_total"] != 0.0 {
		t.Errorf("by day: got %v", days)
	}
	all := r.good(groupStats, object{"day_begin_time": yesterday, "order_by": 4, "order_asc": 1, "limit": 2, "offset": 1})
	rows := list(all["items"])
	total := func(i int) float64 {
		return rows[i].(map[string]any)["data"].(map[string]any)["member_total"].(float64)
	}
	if len(rows) != 2 || all["next_offset"] != 3.0 || total(0) > total(1) {
		t.Errorf("ordered by members: got %v", all)
	}
}
