package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func (r *rig) user(id string) object {
	r.t.Helper()
	return r.good("user/get", url.Values{"userid": {id}})
}

func TestAMemberIsWrittenChangedAndDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.act("admin_adds_attribute", object{"name": "爱好"})
	body := r.fullMember()
	body["userid"] = "New.member"
	if got := r.as(AreaContact).good("user/create", body); got["errmsg"] != "created" {
		t.Errorf("errmsg: got %v", got["errmsg"])
	}
	got := r.user("new.MEMBER")
	for field, want := range map[string]string{
		"userid": "New.member", "name": "新成员", "department": "[2 3]", "main_department": "3", "is_leader_in_dept": "[0 1]",
		"order": "[1 2]", "mobile": "13900000000", "gender": "2", "status": "4", "direct_leader": "[S01]", "external_position": "顾问",
		"extattr": "map[attrs:[map[name:爱好 text:map[value:读书] type:0]]]",
		// nobody created the outward attribute 职称
		"external_profile": "map[external_corp_name:花间集 wechat_channels:map[nickname:号 status:0]]",
	} {
		if fmt.Sprint(got[field]) != want {
			t.Errorf("%s: got %v, want %s", field, got[field], want)
		}
	}
	if seen := r.as(AreaApp).user("New.member"); seen["mobile"] != nil || seen["email"] != nil || seen["gender"] != "0" {
		t.Errorf("an app of today sees %v", seen)
	}
	r.as(AreaContact).refused(60102, "user/create", body)
	r.refused(60104, "user/create", object{"userid": "b", "name": "乙", "mobile": "+8613900000000"})
	r.refused(60129, "user/create", object{"userid": "b", "name": "乙"})

	r.good("user/update", object{"userid": "new.member", "name": "改名", "department": []int{4}, "enable": 0})
	if got := r.user("new.member"); got["name"] != "改名" || fmt.Sprint(got["department"]) != "[4]" || got["status"] != 2.0 || got["mobile"] != "13900000000" {
		t.Errorf("after the update: %v", got)
	}
	r.refused(301036, "user/update", object{"userid": "new.member", "new_userid": "other"})
	r.good("user/delete", url.Values{"userid": {"new.member"}})
	r.refused(60111, "user/get", url.Values{"userid": {"new.member"}})
	r.refused(301005, "user/delete", url.Values{"userid": {"S01"}})
	r.refused(40031, "user/batchdelete", object{"useridlist": []string{"S05", "nobody"}})
	r.user("S05")
	r.good("user/batchdelete", object{"useridlist": []string{"S05", "S06"}})
	r.refused(60111, "user/get", url.Values{"userid": {"S06"}})
}

func TestAMemberWithoutDepartmentAndUnknownDepartments(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.as(AreaContact).good("user/create", object{"userid": "a", "name": "甲", "mobile": "13900000001"})
	pending := r.user("a")["main_department"]
	d := r.good("department/get", url.Values{"id": {fmt.Sprint(pending)}})["department"].(map[string]any)
	if d["name"] != pendingDepartment || d["parentid"] != 1.0 {
		t.Errorf("members without a department land in %v", d)
	}
	got := r.good("user/create", object{"userid": "b", "name": "乙", "mobile": "13900000002", "department": []int{2, 77}})
	made := got["created_department_list"].(map[string]any)["department_info"].([]any)
	if len(made) != 1 || made[0].(map[string]any)["id"] != 77.0 {
		t.Errorf("departments made: %v", made)
	}
	if d := r.good("department/get", url.Values{"id": {"77"}})["department"].(map[string]any); d["parentid"] != pending {
		t.Errorf("the new department is %v, want it below %v", d, pending)
	}
	rows := r.good("user/list_id", object{"limit": 3})
	all := list(rows["dept_user"])
	for rows["next_cursor"] != "" {
		rows = r.good("user/list_id", object{"limit": 3, "cursor": rows["next_cursor"]})
		all = append(all, list(rows["dept_user"])...)
	}
	if len(all) != 10+1+2 {
		t.Errorf("list_id: %d rows, want one for each department of 12 members", len(all))
	}
	r.refused(50100, "user/list_id", object{"cursor": "99"})
}

func TestDepartmentsAreMadeMovedAndDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.as(AreaContact)
	id := r.good("department/create", object{"name": "研发", "parentid": 2, "order": 3})["id"]
	r.refused(60008, "department/create", object{"name": "研发", "parentid": 2})
	r.refused(60004, "department/create", object{"name": "a", "parentid": 99})
	r.refused(60009, "department/create", object{"name": "a:b", "parentid": 1})
	r.good("department/update", object{"id": id, "parentid": 3, "name": "研究"})
	d := r.good("department/get", url.Values{"id": {fmt.Sprint(id)}})["department"].(map[string]any)
	if d["parentid"] != 3.0 || d["name"] != "研究" || d["order"] != 3.0 {
		t.Errorf("after the move: %v", d)
	}
	if below := ids(r.good("department/simplelist", url.Values{"id": {"3"}})["department_id"], "id"); !slices.Contains(below, fmt.Sprint(id)) {
		t.Errorf("below department 3: %v", below)
	}
	r.refused(60010, "department/update", object{"id": 3, "parentid": id})
	r.refused(60006, "department/delete", url.Values{"id": {"3"}})
	r.refused(60005, "department/delete", url.Values{"id": {"2"}})
	r.refused(60007, "department/delete", url.Values{"id": {"1"}})
	r.good("department/delete", url.Values{"id": {fmt.Sprint(id)}})
	r.refused(60003, "department/get", url.Values{"id": {fmt.Sprint(id)}})
	parent := any(7)
	for level := 3; level <= 15; level++ {
		parent = r.good("department/create", object{"name": "层", "parentid": parent})["id"]
	}
	r.refused(81002, "department/create", object{"name": "层", "parentid": parent})
}

// kinds are the callbacks so far, without those of customers.
func (r *rig) contactEvents() []string {
	var out []string
	for _, e := range r.journalAfter(0) {
		if e.Kind == "callback" && !strings.HasPrefix(e.ID, "change_external") {
			out = append(out, strings.TrimPrefix(e.ID, "change_contact."))
		}
	}
	return out
}

func TestWhoHearsOfChangesInTheContacts(t *testing.T) {
	t.Parallel()
	script := func(r *rig) {
		r.as(AreaContact).good("user/create", object{"userid": "a", "name": "甲", "mobile": "13900000001", "department": []int{2}})
		r.good("user/update", object{"userid": "a", "name": "乙"})
		r.good("department/create", object{"name": "空", "parentid": 1, "id": 50})
		r.good("department/update", object{"id": 50, "parentid": 2})
		r.good("department/delete", url.Values{"id": {"50"}})
		r.act("staff_activates", object{"staff": "a"})
		r.as(AreaApp).good("tag/create", object{"tagname": "店长", "tagid": 9})
		r.good("tag/addtagusers", object{"tagid": 9, "userlist": []string{"a"}})
		r.as(AreaContact).good("user/delete", url.Values{"userid": {"a"}})
	}
	t.Run("the helper hears nothing of its own calls", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(o *Options) { o.Corp = "old" })
		script(r)
		if got, want := r.contactEvents(), []string{"subscribe", "update_tag", "unsubscribe"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		r.act("staff_resigns", object{"staff": "S05"})
		if got := r.contactEvents()[3:]; !slices.Equal(got, []string{"delete_user", "unsubscribe"}) {
			t.Errorf("a member who leaves: got %v", got)
		}
	})
	t.Run("apps hear everything when the switch says so", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(o *Options) { o.Corp, o.Switches = "old", map[string]string{"contact.app_events": "on"} })
		in := listenTo(r, nil)
		script(r)
		want := []string{
			"create_user", "update_user", "create_party", "update_party", "delete_party", "subscribe",
			"update_tag", "update_tag", "delete_user", "unsubscribe", "update_tag",
		}
		if got := r.contactEvents(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		r.settle()
		all := strings.Join(in.documents(), "\n")
		for _, piece := range []string{
			"<UserID><![CDATA[a]]></UserID><Name><![CDATA[甲]]></Name><Department><![CDATA[2]]></Department><MainDepartment>2</MainDepartment>",
			"<UserID><![CDATA[a]]></UserID><Name><![CDATA[乙]]></Name></xml>",
			"<Id>50</Id><Name><![CDATA[空]]></Name><ParentId><![CDATA[1]]></ParentId><Order>0</Order>",
			"<Id>50</Id><ParentId><![CDATA[2]]></ParentId></xml>",
			"<TagId>9</TagId><AddUserItems><![CDATA[a]]></AddUserItems></xml>",
			"<TagId>9</TagId><DelUserItems><![CDATA[a]]></DelUserItems></xml>",
		} {
			if !strings.Contains(all, piece) {
				t.Errorf("no callback has %s", piece)
			}
		}
		if strings.Contains(all, "13900000001") {
			t.Error("an app of today was told a mobile number")
		}
	})
}

func TestMemberTagsBelongToTheirMakerAndReachMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	id := r.as(AreaApp).good("tag/create", object{"tagname": "店长"})["tagid"]
	r.refused(40071, "tag/create", object{"tagname": "店长"})
	r.refused(40070, "tag/addtagusers", object{"tagid": id, "userlist": []string{"nobody"}})
	got := r.good("tag/addtagusers", object{"tagid": id, "userlist": []string{"S01", "nobody"}, "partylist": []int{3, 99}})
	if got["invalidlist"] != "nobody" || fmt.Sprint(got["invalidparty"]) != "[99]" {
		t.Errorf("invalid lists: %v", got)
	}
	r.as(AreaContact).refused(81011, "tag/update", object{"tagid": id, "tagname": "x"})
	q := url.Values{"tagid": {fmt.Sprint(id)}}
	if got := r.good("tag/get", q); fmt.Sprint(got["partylist"]) != "[3]" || len(list(got["userlist"])) != 1 {
		t.Errorf("tag/get: %v", got)
	}
	msg := r.as(AreaApp).appText("", "店长请看")
	msg["totag"] = fmt.Sprint(id, "|99")
	if got := r.good("message/send", msg); got["invalidtag"] != "99" {
		t.Errorf("message/send: %v", got)
	}
	if texts := r.appMessages("S01"); len(texts) != 1 {
		t.Errorf("S01 got %v", texts)
	}
	r.refused(40031, "tag/deltagusers", object{"tagid": id, "userlist": []string{"nobody"}})
	r.good("tag/deltagusers", object{"tagid": id, "userlist": []string{"s01"}, "partylist": []int{3}})
	if got := r.good("tag/get", q); len(list(got["userlist"]))+len(list(got["partylist"])) != 0 {
		t.Errorf("after deltagusers: %v", got)
	}
	r.good("tag/delete", q)
	r.refused(40068, "tag/get", q)
}

func TestNumbersAndMailboxesFindMembersUntilTooManyGuesses(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.newMember("a")
	if got := r.good("user/getuserid", object{"mobile": "+8613900000002"}); got["userid"] != "a" {
		t.Errorf("by mobile: %v", got)
	}
	r.refused(60148, "user/get_userid_by_email", object{"email": "a@example.com"})
	r.refused(43004, "user/convert_to_openid", object{"userid": "a"})
	for range 200 {
		r.call("user/getuserid", object{"mobile": "12345678"})
	}
	r.refused(45009, "user/getuserid", object{"mobile": "13900000002"})
	r.advance(24 * time.Hour)
	r.as(AreaApp).good("user/getuserid", object{"mobile": "13900000002"})
}

func TestSecondVerificationLetsAMemberIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	code := r.underVerification("a")["code"]
	info := r.as(AreaApp).good("auth/get_tfa_info", object{"code": code})
	r.refused(40029, "auth/get_tfa_info", object{"code": code})
	r.refused(40207, "user/tfa_succ", object{"userid": "a", "tfa_code": "x"})
	r.good("user/tfa_succ", object{"userid": "a", "tfa_code": info["tfa_code"]})
	if got := r.user("a"); got["status"] != 1.0 {
		t.Errorf("status after the verification: %v", got["status"])
	}
	r.as(AreaContact).refused(40208, "user/authsucc", url.Values{"userid": {"a"}})
}

func TestImportsWorkLaterAndTellTheirCallback(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	in := listenTo(r, nil)
	body := object{"media_id": r.csv(memberCSV)}
	id := fmt.Sprint(r.good("batch/syncuser", body)["jobid"])
	r.refused(302008, "batch/syncuser", body)
	q := url.Values{"jobid": {id}}
	if got := r.good("batch/getresult", q); got["status"] != 1.0 || got["total"] != 6.0 {
		t.Errorf("just begun: %v", got)
	}
	r.refused(60111, "user/get", url.Values{"userid": {"a1"}})
	r.advance(1500 * time.Millisecond)
	if got := r.good("batch/getresult", q); got["status"] != 2.0 {
		t.Errorf("on the way: %v", got)
	}
	r.advance(time.Second)
	got := r.good("batch/getresult", q)
	if got["status"] != 3.0 || got["percentage"] != 100.0 || len(list(got["result"])) != 6 {
		t.Errorf("done: %v", got)
	}
	if u := r.user("a1"); fmt.Sprint(u["department"]) != "[2 3]" || u["gender"] != "2" {
		t.Errorf("a1: %v", u)
	}
	if u := r.user("S03"); u["name"] != "成员丙" {
		t.Errorf("S03: %v", u)
	}
	r.settle()
	if all := strings.Join(in.documents(), ""); !strings.Contains(all, "<BatchJob><JobId><![CDATA["+id+"]]></JobId><JobType><![CDATA[sync_user]]>") {
		t.Errorf("callbacks: %s", all)
	}
	r.good("batch/replaceuser", object{"media_id": r.csv(memberCSV)})
	r.advance(3 * time.Second)
	r.refused(60111, "user/get", url.Values{"userid": {"S07"}})
	r.refused(45026, "batch/replaceuser", object{"media_id": r.csv("姓名,帐号,所在部门\n甲,z,2\n")})
	r.refused(302003, "batch/syncuser", object{"media_id": r.csv("姓名,帐号,所在部门\n甲,a1,2\n甲,A1,2\n")})
	r.refused(40092, "batch/syncuser", object{"media_id": r.csv("姓名,所在部门\n甲,2\n")})
	for range 4 {
		r.good("batch/syncuser", object{"media_id": r.csv(memberCSV)})
		r.advance(3 * time.Second)
	}
	r.refused(40089, "batch/getresult", q)
}

func TestAFileOfDepartmentsMakesRenamesMovesAndRemoves(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	r.as(AreaContact).good("department/create", object{"name": "空", "parentid": 1, "id": 50})
	id := r.good("batch/replaceparty", object{
		"media_id": r.csv("部门名称,部门ID,父部门ID,排序\n夏荷二店,3,2,5\n研发,60,1,4\n"),
	})["jobid"]
	r.advance(3 * time.Second)
	got := list(r.good("batch/getresult", url.Values{"jobid": {fmt.Sprint(id)}})["result"])
	if len(got) != 2 || got[0].(map[string]any)["action"] != 14.0 || got[1].(map[string]any)["action"] != 1.0 {
		t.Errorf("result: %v", got)
	}
	r.refused(60003, "department/get", url.Values{"id": {"50"}})
	r.good("department/get", url.Values{"id": {"4"}}) // holds members: stays
	if d := r.good("department/get", url.Values{"id": {"3"}})["department"].(map[string]any); d["name"] != "夏荷二店" || d["parentid"] != 2.0 {
		t.Errorf("department 3: %v", d)
	}
}

func TestAnExportIsAnEncryptedFileOfItsMaker(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	key := letters(43, 5)
	id := fmt.Sprint(r.as(AreaApp).good("export/simple_user", object{"encoding_aeskey": key})["jobid"])
	if got := r.good("export/get_result", url.Values{"jobid": {id}}); got["status"] != 1.0 || got["data_list"] != nil {
		t.Errorf("just begun: %v", got)
	}
	r.advance(3 * time.Second)
	got := list(r.good("export/get_result", url.Values{"jobid": {id}})["data_list"])
	if len(got) != 1 {
		t.Fatalf("files: %v", got)
	}
	raw := r.fetch(fmt.Sprint(got[0].(map[string]any)["url"]))
	aesKey, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCDecrypter(block, aesKey[:16]).CryptBlocks(raw, raw)
	raw = raw[:len(raw)-int(raw[len(raw)-1])]
	var content struct {
		UserList []simpleUser `json:"userlist"`
	}
	if err := json.Unmarshal(raw, &content); err != nil || len(content.UserList) != 10 || content.UserList[0].UserID != "S01" {
		t.Errorf("content %s: %v", raw, err)
	}
	r.as(AreaContact).refused(40088, "export/get_result", url.Values{"jobid": {id}})
	r.as(AreaApp).refused(40058, "export/user", object{"encoding_aeskey": key, "block_size": 9})
	r.advance(3 * time.Hour)
	if raw := r.fetch(fmt.Sprint(got[0].(map[string]any)["url"])); raw != nil {
		t.Error("the file can still be fetched after three hours")
	}
}

// fetch gets a file; nil when it is not there.
func (r *rig) fetch(target string) []byte {
	r.t.Helper()
	status, _, raw := r.raw(http.MethodGet, target, nil)
	if status != http.StatusOK {
		return nil
	}
	return raw
}
