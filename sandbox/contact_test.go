package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

// someCustomer is a customer of a member, and the member.
func (r *rig) someCustomer() (staff, customer string) {
	r.t.Helper()
	got := r.good("externalcontact/list", url.Values{"userid": {"S03"}})
	return "S03", fmt.Sprint(list(got["external_userid"])[0])
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sec := r.Ready.Secrets
	if sec.External != sec.App || sec.KF != sec.App || sec.Contact == sec.App || sec.Archive == sec.App {
		t.Errorf("a new corp repeats the app's secret for external and kf only: %+v", sec)
	}
	if again := r.tokenOf(sec.External); again != r.token {
		t.Error("a second gettoken must answer the same token while it lives")
	}
	for query, code := range map[string]float64{
		"corpid=" + r.Ready.CorpID + "&corpsecret=wrong": 40001, "corpid=wwnobody&corpsecret=" + sec.App: 40013,
		"corpsecret=" + sec.App: 41002, "corpid=" + r.Ready.CorpID: 41004,
	} {
		if _, out := r.do("GET", "/cgi-bin/gettoken?"+query, nil); out["errcode"] != code {
			t.Errorf("gettoken?%s: got %v, want %v", query, out["errcode"], code)
		}
	}
	for query, code := range map[string]float64{"": 41001, "?access_token=garbage": 40014} {
		if _, out := r.do("GET", "/cgi-bin/department/list"+query, nil); out["errcode"] != code {
			t.Errorf("department/list%s: got %v, want %v", query, out["errcode"], code)
		}
	}
	r.advance(tokenLife)
	r.refused(42001, "department/list", url.Values{})
	old := r.token
	if r.token = r.tokenOf(sec.External); r.token == old {
		t.Error("an expired token must not be issued again")
	}
	r.good("department/list", url.Values{})
	r.control("tokens/expire", nil)
	r.refused(42001, "department/list", url.Values{})
}

func TestASecretOfAnotherAreaIsForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.token = r.tokenOf(r.Ready.Secrets.Archive)
	r.refused(48002, "externalcontact/get_follow_user_list", url.Values{})
	r.token = r.tokenOf(r.Ready.Secrets.Contact)
	r.good("user/list_id", object{"limit": 3})
	r.refused(48002, "externalcontact/get_follow_user_list", url.Values{})
	r.control("switches", object{"contact.48009": "on"})
	r.refused(48009, "department/list", url.Values{})
	r.good("department/simplelist", url.Values{})
	r.token = r.tokenOf(r.Ready.Secrets.External)
	r.refused(48002, "user/list_id", object{})
}

func TestDepartmentsAndMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.good("department/get", url.Values{"id": {"2"}})
	r.refused(60123, "department/get", url.Values{})
	r.refused(60003, "department/list", url.Values{"id": {"99"}})
	r.refused(40058, "department/list", url.Values{"id": {"two"}})
	r.refused(40058, "department/list", url.Values{"idd": {"2"}})
	root := r.good("user/simplelist", url.Values{"department_id": {"1"}})
	all := r.good("user/list", url.Values{"department_id": {"1"}, "fetch_child": {"1"}})
	if a, b := len(list(root["userlist"])), len(list(all["userlist"])); a != 2 || b != 10 {
		t.Errorf("members of the root and below: got %d and %d, want 2 and 10", a, b)
	}
	if got := r.good("user/get", url.Values{"userid": {"s03"}}); got["userid"] != "S03" || got["gender"] != "0" {
		t.Errorf("user/get is case-insensitive and hides the gender: got %v", got)
	}
	r.refused(60111, "user/get", url.Values{"userid": {"nobody"}})
	r.refused(40003, "user/get", url.Values{})
	r.token = r.tokenOf(r.Ready.Secrets.Contact)
	first := r.good("user/list_id", object{"limit": 4})
	rest := r.good("user/list_id", object{"cursor": first["next_cursor"]})
	if a, b := len(list(first["dept_user"])), len(list(rest["dept_user"])); a != 4 || b != 6 || rest["next_cursor"] != "" {
		t.Errorf("pages of list_id: got %d and %d", a, b)
	}
	r.refused(50100, "user/list_id", object{"cursor": "x"})
	r.refused(40058, "user/list_id", object{"limit": 10001})
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, id := r.someCustomer()
	got := r.good("externalcontact/get", url.Values{"external_userid": {id}})
	contact := got["external_contact"].(map[string]any)
	if contact["external_userid"] != id || contact["type"] != 1.0 || !strings.HasPrefix(fmt.Sprint(contact["unionid"]), "o") {
		t.Errorf("external_contact: got %v", contact)
	}
	r.refused(41035, "externalcontact/get", url.Values{})
	r.refused(40096, "externalcontact/get", url.Values{"external_userid": {"wmNobody"}})
	r.refused(60268, "externalcontact/get", url.Values{"external_userid": {id}, "cursor": {"x"}})
	r.refused(60111, "externalcontact/list", url.Values{"userid": {"nobody"}})
	r.refused(41009, "externalcontact/list", url.Values{})

	pair := func(more object) object {
		out := object{"userid": staff, "external_userid": id}
		maps.Copy(out, more)
		return out
	}
	r.good("externalcontact/remark", pair(object{"remark": "老客", "remark_mobiles": []string{"13800000000"}, "remark_company": ""}))
	r.refused(40058, "externalcontact/remark", pair(nil))
	r.refused(40058, "externalcontact/remark", pair(object{"remark": strings.Repeat("长", 21)}))
	r.refused(40058, "externalcontact/remark", pair(object{"description": strings.Repeat("长", 151)}))
	r.refused(40058, "externalcontact/remark", pair(object{"remark": 7}))
	r.refused(40058, "externalcontact/remark", pair(object{"remarks": "x"}))
	r.refused(84061, "externalcontact/remark", object{"userid": "S01", "external_userid": id, "remark": "x"})
	info := r.good("externalcontact/batch/get_by_user", object{"userid_list": []string{staff}, "limit": 1})
	follow := list(info["external_contact_list"])[0].(map[string]any)["follow_info"].(map[string]any)
	if follow["remark"] != "老客" || len(list(follow["remark_mobiles"])) != 1 {
		t.Errorf("follow_info after remark: got %v", follow)
	}
	r.good("externalcontact/remark", pair(object{"remark_mobiles": []string{""}}))
}

func TestBatchPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	users := []string{"S01", "S02", "S03"}
	page := r.good("externalcontact/batch/get_by_user", object{"userid_list": users, "cursor": "", "limit": 0})
	if got := len(list(page["external_contact_list"])); got != batchDefaultLimit {
		t.Errorf("default page: got %d rows, want %d", got, batchDefaultLimit)
	}
	r.refused(60268, "externalcontact/batch/get_by_user", object{"userid_list": []string{"S04"}, "cursor": page["next_cursor"]})
	r.refused(60268, "externalcontact/batch/get_by_user", object{"userid_list": users, "cursor": "zz"})
	r.refused(40031, "externalcontact/batch/get_by_user", object{"userid_list": nil})
	r.refused(40003, "externalcontact/batch/get_by_user", object{"userid_list": []string{"nobody"}})
	r.refused(40058, "externalcontact/batch/get_by_user", object{"userid_list": make([]string, 101)})
	r.refused(40058, "externalcontact/batch/get_by_user", object{"userid_list": users, "limit": "50"})
}

func TestAMemberWithoutCustomersFollowsTheSwitch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	joined := r.act("staff_joins", nil)
	r.refused(84061, "externalcontact/list", url.Values{"userid": {fmt.Sprint(joined["staff"])}})
	r.control("switches", object{"customer.empty_list": "ok"})
	if got := r.good("externalcontact/list", url.Values{"userid": {fmt.Sprint(joined["staff"])}}); len(list(got["external_userid"])) != 0 {
		t.Errorf("got %v, want an empty list", got)
	}
}

func TestDeletionIsOneSided(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	staff, id := r.someCustomer()
	pair := object{"staff": staff, "customer": id}
	r.act("customer_deletes_staff", pair)
	r.good("externalcontact/remark", object{"userid": staff, "external_userid": id, "remark": "走了"})
	r.act("staff_deletes_customer", object{"staff": staff, "customer": id})
	r.refused(84061, "externalcontact/remark", object{"userid": staff, "external_userid": id, "remark": "走了"})
	docs := in.wait(2)
	for i, want := range []string{"del_follow_user", "del_external_contact"} {
		if got := elementText(docs[i], "ChangeType"); got != want {
			t.Errorf("event %d: got %s, want %s", i+1, got, want)
		}
	}
}

func TestAHalfAddedCustomerGetsAWelcomeAndNothingElse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	scan := r.act("scan_contact_way", object{"pending": true})
	doc := in.wait(1)[0]
	if got := elementText(doc, "ChangeType"); got != "add_half_external_contact" {
		t.Fatalf("event: got %s", got)
	}
	r.refused(84061, "externalcontact/remark", object{"userid": scan["staff"], "external_userid": scan["customer"], "remark": "x"})
	r.good("externalcontact/send_welcome_msg", object{"welcome_code": elementText(doc, "WelcomeCode"), "text": object{"content": "欢迎"}})
	r.act("staff_accepts", object{"staff": scan["staff"], "customer": scan["customer"]})
	doc = in.wait(1)[1]
	if elementText(doc, "ChangeType") != "add_external_contact" || strings.Contains(doc, "WelcomeCode") {
		t.Errorf("after a welcome at the half event the second brings no code: %s", doc)
	}
	r.good("externalcontact/remark", object{"userid": scan["staff"], "external_userid": scan["customer"], "remark": "x"})
}

func TestTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, id := r.someCustomer()
	world := list(r.good("externalcontact/get_corp_tag_list", object{"tag_id": nil, "group_id": nil})["tag_group"])
	if len(world) != 4 {
		t.Fatalf("tag groups: got %d, want 4", len(world))
	}
	theirs := world[0].(map[string]any)
	r.refused(81011, "externalcontact/edit_corp_tag", object{"id": theirs["group_id"], "name": "改名"})
	r.control("switches", object{"tag.foreign_group": "refuse"})
	r.refused(81011, "externalcontact/add_corp_tag", object{"group_id": theirs["group_id"], "tag": []object{{"name": "新"}}})
	r.refused(81011, "externalcontact/add_corp_tag", object{"group_name": theirs["group_name"], "tag": []object{{"name": "新"}}})
	made := r.good("externalcontact/add_corp_tag", object{
		"group_id": "", "group_name": "意向", "order": 0, "tag": []object{{"name": "高"}, {"name": "低", "order": 1}, {"name": "高"}},
	})["tag_group"].(map[string]any)
	tags := ids(made["tag"], "id")
	if len(tags) != 2 {
		t.Fatalf("duplicates in one call are merged: got %v", made["tag"])
	}
	own := r.good("externalcontact/add_corp_tag", object{"group_id": made["group_id"], "tag": []object{{"name": "中"}}})
	r.good("externalcontact/del_corp_tag", object{"tag_id": ids(own["tag_group"].(map[string]any)["tag"], "id")})
	r.control("switches", object{"tag.foreign_group": "open"})
	r.good("externalcontact/add_corp_tag", object{"group_id": theirs["group_id"], "tag": []object{{"name": "新"}}})
	r.refused(40071, "externalcontact/add_corp_tag", object{"group_name": "意向", "tag": []object{{"name": "高"}}})
	r.refused(41018, "externalcontact/add_corp_tag", object{"group_name": "空"})
	r.refused(40072, "externalcontact/add_corp_tag", object{"group_name": strings.Repeat("长", 31), "tag": []object{{"name": "x"}}})
	r.refused(40068, "externalcontact/add_corp_tag", object{"group_id": "etNone", "tag": []object{{"name": "x"}}})
	r.good("externalcontact/edit_corp_tag", object{"id": tags[0], "name": "很高", "order": 7})
	r.refused(40071, "externalcontact/edit_corp_tag", object{"id": tags[0], "name": "低"})
	r.refused(40068, "externalcontact/edit_corp_tag", object{"id": "etNone", "name": "x"})
	mark := object{"userid": staff, "external_userid": id, "add_tag": tags, "remove_tag": nil}
	r.good("externalcontact/mark_tag", mark)
	r.refused(40068, "externalcontact/mark_tag", object{"userid": staff, "external_userid": id})
	r.refused(40068, "externalcontact/mark_tag", object{"userid": staff, "external_userid": id, "add_tag": []string{"etNone"}})
	r.refused(84061, "externalcontact/mark_tag", object{"userid": "S01", "external_userid": id, "add_tag": tags})
	follow := list(r.good("externalcontact/get", url.Values{"external_userid": {id}})["follow_user"])[0].(map[string]any)
	if got := strings.Join(ids(follow["tags"], "tag_name"), " "); !strings.Contains(got, "很高") || !strings.Contains(got, "低") {
		t.Errorf("tags of the relation: got %s", got)
	}
	r.good("externalcontact/del_corp_tag", object{"tag_id": tags})
	r.refused(40068, "externalcontact/del_corp_tag", object{"group_id": []any{made["group_id"]}}) // went with its last tag
	r.refused(40068, "externalcontact/del_corp_tag", object{})
	shown := list(r.good("externalcontact/get_corp_tag_list", object{"tag_id": tags[:1]})["tag_group"])[0].(map[string]any)
	if one := list(shown["tag"])[0].(map[string]any); one["deleted"] != true {
		t.Errorf("a deleted tag asked for by id shows it: got %v", one)
	}
}

func TestTagChangesInTheConsoleAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	made := r.act("admin_adds_tag", object{"group": "新组", "name": "新标签"})
	r.act("admin_renames_tag", object{"tag": made["tag"], "name": "改名"})
	r.act("admin_deletes_tag", object{"group": made["group"]})
	docs := in.wait(4)
	for i, want := range []string{"create tag_group", "create tag", "update tag", "delete tag_group"} {
		if got := elementText(docs[i], "ChangeType") + " " + elementText(docs[i], "TagType"); got != want {
			t.Errorf("event %d: got %s, want %s", i+1, got, want)
		}
	}
}

func TestContactWays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	way := r.good("externalcontact/add_contact_way", object{
		"type": 2, "scene": 2, "user": []string{"S03", "S04"}, "party": nil, "state": "spring", "remark": "春季",
	})
	id := fmt.Sprint(way["config_id"])
	if len(id) != 32 || !strings.HasPrefix(fmt.Sprint(way["qr_code"]), r.URL+"/qr/") {
		t.Errorf("add_contact_way: got %v", way)
	}
	for code, body := range map[int]object{
		41037: {"scene": 2, "user": []string{"S03"}},
		41038: {"type": 1, "user": []string{"S03"}},
		41039: {"type": 3, "scene": 2, "user": []string{"S03"}},
		41040: {"type": 1, "scene": 3, "user": []string{"S03"}},
		41042: {"type": 2, "scene": 1, "style": 3, "user": []string{"S03"}},
		40058: {"type": 1, "scene": 2, "user": []string{"S03", "S04"}},
		60011: {"type": 1, "scene": 2, "user": []string{"nobody"}},
	} {
		r.refused(code, "externalcontact/add_contact_way", body)
	}
	r.refused(41037, "externalcontact/add_contact_way", object{"type": "1", "scene": 2, "user": []string{"S03"}})
	r.refused(40058, "externalcontact/add_contact_way", object{"type": 1, "scene": 2, "user": []string{"S03"}, "state": strings.Repeat("x", 31)})
	r.good("externalcontact/update_contact_way", object{"config_id": id, "user": []string{"S05"}, "state": "summer"})
	got := r.good("externalcontact/get_contact_way", object{"config_id": id})["contact_way"].(map[string]any)
	if got["state"] != "summer" || fmt.Sprint(got["user"]) != "[S05]" || got["skip_verify"] != true {
		t.Errorf("get_contact_way: got %v", got)
	}
	scan := r.act("scan_contact_way", object{"config_id": id})
	if scan["staff"] != "S05" || scan["state"] != "summer" {
		t.Errorf("scan: got %v", scan)
	}
	all := r.good("externalcontact/list_contact_way", object{"limit": 2})
	rest := r.good("externalcontact/list_contact_way", object{"cursor": all["next_cursor"]})
	if n := len(list(all["contact_way"])) + len(list(rest["contact_way"])); n != r.State().Counts["contact_ways"] {
		t.Errorf("listed %d ways, the world has %d", n, r.State().Counts["contact_ways"])
	}
	r.good("externalcontact/del_contact_way", object{"config_id": id})
	r.refused(41044, "externalcontact/get_contact_way", object{"config_id": id})
	r.refused(41043, "externalcontact/get_contact_way", object{})
	r.refused(40058, "externalcontact/list_contact_way", object{"start_time": 200, "end_time": 100})
}

func TestAnOldPathIsTheSameCall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.refused(41043, "crm/get_contact_way", object{})
	if status, _ := r.do("POST", "/cgi-bin/crm/no_such_call?access_token="+r.token, object{}); status != 404 {
		t.Errorf("unknown path: got status %d, want 404", status)
	}
	if _, out := r.do("GET", "/cgi-bin/externalcontact/get_contact_way?access_token="+r.token, nil); out["errcode"] != 40058.0 {
		t.Errorf("POST call with GET: got %v, want 40058", out)
	}
}

func TestABusyCorpIsSlowedDown(t *testing.T) {
	t.Parallel()
	var q quotas = newQuotas()
	now := testStart
	for range callsPerMinute {
		if err := q.count("/x", now); err != nil {
			t.Fatal(err)
		}
	}
	if q.count("/x", now) == nil || q.count("/x", now.Add(59*time.Second)) == nil {
		t.Error("the 10,001st call of a minute must be refused, and those of the next 60 s")
	}
	if q.count("/y", now) != nil || q.count("/x", now.Add(time.Minute)) != nil {
		t.Error("other paths, and later minutes, are free")
	}
}

// Temp ways come and go in great numbers; the corp's 500,000 lasting ones are counted without them.
func TestTempWaysTakeNoPlaceOfLastingOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lasting := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.world.wayIndex) - r.world.tempWays
	}
	before := lasting()
	made := r.good("externalcontact/add_contact_way", object{"type": 1, "scene": 2, "user": []string{"S03"}, "is_temp": true})
	if got := lasting(); got != before {
		t.Errorf("%d lasting ways after a temp one was made, want %d", got, before)
	}
	r.good("externalcontact/del_contact_way", object{"config_id": made["config_id"]})
	if got := lasting(); got != before {
		t.Errorf("%d lasting ways after the temp one was deleted, want %d", got, before)
	}
}

func TestTempWaysOfADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "externalcontact/add_contact_way"
	way := object{"type": 1, "scene": 2, "user": []string{"S03"}, "is_temp": true}
	r.good(path, way)
	r.mu.Lock()
	r.world.tempMade.count = tempWaysADay - 1
	r.mu.Unlock()
	r.good(path, way)
	r.refused(41045, path, way)
	r.good(path, object{"type": 1, "scene": 2, "user": []string{"S03"}})
	r.control("switches", object{"contact_way.temp_daily": "45009"})
	r.refused(45009, path, way)
	r.control("switches", object{"contact_way.temp_daily": "off"})
	r.good(path, way)
	r.control("switches", object{"contact_way.temp_daily": "41045"})
	r.refused(41045, path, way)
	r.advance(14 * time.Hour) // it is midnight
	r.fresh()
	r.good(path, way)
}
