package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"testing"
	"time"
)

// logs reads a log of the last hours, page by page.
func (r *rig) logs(path string, more object) []string {
	r.t.Helper()
	q := object{"start_time": testStart.Unix(), "end_time": r.Now().Unix(), "limit": 2}
	maps.Copy(q, more)
	var out []string
	for {
		got := r.good("security/"+path+"/list", q)
		for _, v := range list(got["record_list"]) {
			m := v.(map[string]any)
			line := fmt.Sprintf("%v %v %v", m["oper_type"], m["userid"], m["detail_info"])
			if detail, ok := m["detail_type"]; ok {
				line += fmt.Sprint(" ", detail)
			}
			out = append(out, line)
		}
		if got["has_more"] != true {
			return out
		}
		q["cursor"] = got["next_cursor"]
	}
}

func TestLogsTellWhatMembersAndAdministratorsDid(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	var want []string
	for range 3 {
		got := r.act("scan_contact_way", object{"state": "store-2"})
		want = append(want, fmt.Sprintf("1 %v %v", got["staff"], got["customer"]))
	}
	gone := r.act("staff_deletes_customer", object{"staff": "S03"})
	want = append(want, fmt.Sprintf("2 S03 %v", gone["customer"]))
	r.act("admin_adds_tag", object{"group": "肤质", "name": "新"})
	r.act("admin_buys_quota", object{"amount": 1})
	r.act("staff_joins", object{"department": 3})
	r.act("admin_operates", object{"staff": "S02", "oper_type": 12, "detail_type": 161, "detail_info": "改简称"})
	for name, kind := range map[string]int{"logs_in": 4, "binds_wechat": 6, "locks_device": 21} {
		r.advance(time.Second)
		r.act("staff_operates", object{"staff": "S05", "operation": name, "value": name})
		want = append(want, fmt.Sprintf("%d S05 %s", kind, name))
	}
	r.act("staff_operates", object{"staff": "S06", "operation": "changes_name", "value": "新名"})
	r.act("staff_operates", object{"staff": "S06", "operation": "changes_mobile", "value": "13800000009"})
	marked := r.customersOf("S06")[0]
	r.act("staff_operates", object{"staff": "S06", "operation": "marks_customer", "value": marked})
	want = append(want, "12 S06 新名", "5 S06 13800000009", "3 S06 "+marked)
	if name := r.nameOf("S06"); name != "新名" {
		t.Errorf("S06 is called %s", name)
	}
	for _, bad := range []object{
		{"act": "staff_operates", "operation": "x"},
		{"act": "staff_operates", "operation": "changes_name"},
		{"act": "staff_operates", "operation": "marks_customer", "value": "wmNone"},
		{"act": "admin_operates", "oper_type": 1},
		{"act": "admin_operates", "detail_type": -1},
	} {
		if status, _ := r.do("POST", "/_sandbox/act", bad); status != 400 {
			t.Errorf("%v was taken", bad)
		}
	}
	r.advance(time.Minute)
	r.as(AreaApp)
	if got := r.logs("member_oper_log", nil); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("members: got %v, want %v", got, want)
	}
	if got := r.logs("member_oper_log", object{"oper_type": 2, "userid": "S03"}); len(got) != 1 || got[0] != want[3] {
		t.Errorf("deletions by S03: got %v", got)
	}
	if got := fmt.Sprint(r.logs("admin_oper_log", nil)); got != "[13 S01 admin_adds_tag 0 13 S01 admin_buys_quota 0 3 S01 staff_joins 14 12 S02 改简称 161]" {
		t.Errorf("administrators: got %s", got)
	}
	r.act("admin_sets_visible_range", object{"staff": []string{"S01"}})
	if got := r.logs("member_oper_log", nil); len(got) != 0 {
		t.Errorf("members out of sight: got %v", got)
	}
	now := r.Now().Unix()
	for _, path := range []string{"security/member_oper_log/list", "security/admin_oper_log/list"} {
		for _, span := range [][2]int64{{now, now}, {now - 10, now + 10}, {now - 8*86400, now}, {now - 181*86400, now - 180*86400}} {
			r.refused(60267, path, object{"start_time": span[0], "end_time": span[1]})
		}
		r.refused(60268, path, object{"start_time": now - 10, "end_time": now, "cursor": "x"})
	}
	r.refused(60011, "security/member_oper_log/list", object{"start_time": now - 10, "end_time": now, "userid": "S03"})
	r.refused(60268, "security/admin_oper_log/list", object{"start_time": now - 10, "end_time": now, "cusor": "x"})
	if got := r.good("security/get_server_domain_ip", url.Values{}); len(list(got["domain_list"])) != len(officialHosts) || len(list(got["ip_list"])) != 1 {
		t.Errorf("hosts: %v", got)
	}
}

func TestTemporaryIDsStandForCustomers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "idconvert/convert_tmp_external_userid"
	one := r.act("customer_joins_form", object{"business_type": 3})
	id := one["tmp_external_userid"]
	got := r.good(path, object{"business_type": 3, "user_type": 1, "tmp_external_userid_list": []any{id, "none"}})
	if fmt.Sprint(got["results"]) != fmt.Sprintf("[map[external_userid:%v tmp_external_userid:%v]]", one["customer"], id) ||
		fmt.Sprint(got["invalid_tmp_external_userid_list"]) != "[none]" {
		t.Errorf("converted: %v", got)
	}
	r.refused(710006, path, object{"business_type": 2, "user_type": 1, "tmp_external_userid_list": []any{id}})
	r.refused(710006, path, object{"business_type": 3, "user_type": 2, "tmp_external_userid_list": []any{id}})
}

func TestAnUpgradeGivesAccountsOtherIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "idconvert/open_kfid"
	was := r.as(AreaKF).firstKf()
	convert := func(ids ...any) (string, string) {
		got := r.as(AreaKF).good(path, object{"open_kfid_list": ids})
		return fmt.Sprint(got["items"]), fmt.Sprint(got["invalid_open_kfid_list"])
	}
	if items, invalid := convert(was, "none"); items != fmt.Sprintf("[map[new_open_kfid:%v open_kfid:%v]]", was, was) || invalid != "[none]" {
		t.Errorf("before an upgrade: %s, invalid %s", items, invalid)
	}
	items := r.act("provider_upgrades_app", nil)["items"].([]any)
	now := fmt.Sprint(items[0].(map[string]any)["new_open_kfid"])
	if got := r.as(AreaKF).firstKf(); got != now || now == was {
		t.Errorf("the account is %v, was %v, told as %v", got, was, now)
	}
	want := fmt.Sprintf("[map[new_open_kfid:%v open_kfid:%v] map[new_open_kfid:%v open_kfid:%v]]", now, was, now, now)
	if items, invalid := convert(was, now, "none"); items != want || invalid != "[none]" {
		t.Errorf("converted: %s, invalid %s", items, invalid)
	}
	sync := object{"open_kfid": was}
	r.refused(95004, "kf/sync_msg", sync)
	r.good("kf/sync_msg", object{"open_kfid": now})
	r.control("switches", object{"kf.former_ids": "accept"})
	r.good("kf/sync_msg", sync)
	second := r.act("provider_upgrades_app", nil)["items"].([]any)[0].(map[string]any)["new_open_kfid"]
	if items, _ := convert(was); items != fmt.Sprintf("[map[new_open_kfid:%v open_kfid:%v]]", second, was) {
		t.Errorf("after two upgrades the first id leads to %s, want %v", items, second)
	}
}
