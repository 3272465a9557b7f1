package sandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (r *rig) appChat(id string) any {
	r.t.Helper()
	return r.good("appchat/get", url.Values{"chatid": {id}})["chat_info"]
}

func (r *rig) entriesOf(kind string) []entry {
	var out []entry
	for _, e := range r.journalAfter(0) {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestAnAppChatIsMadeChangedAndRead(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	made := r.good("appchat/create", object{
		"name": strings.Repeat("长", 51), "owner": "S02", "userlist": []string{"S01", "s02", "S02", "S03"}, "chatid": "Duty1",
	})
	if made["chatid"] != "Duty1" {
		t.Errorf("chatid: got %v", made)
	}
	want := map[string]any{
		"chatid": "Duty1", "name": strings.Repeat("长", 50), "owner": "S02", "userlist": []any{"S01", "S02", "S03"}, "chat_type": 0.0,
	}
	if diff := cmp.Diff(any(want), r.appChat("Duty1")); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	r.refused(86005, "appchat/update", object{"chatid": "Duty1", "del_user_list": []string{"S02"}})
	r.refused(86005, "appchat/update", object{"chatid": "Duty1", "owner": "S04"})
	r.good("appchat/update", object{
		"chatid": "Duty1", "name": "白班", "owner": "S04", "add_user_list": []string{"S04"}, "del_user_list": []string{"S02"},
	})
	want["name"], want["owner"], want["userlist"] = "白班", "S04", []any{"S01", "S03", "S04"}
	if diff := cmp.Diff(any(want), r.appChat("Duty1")); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	r.act("staff_resigns", object{"staff": "S04"})
	want["owner"], want["userlist"] = "S01", []any{"S01", "S03"}
	if diff := cmp.Diff(any(want), r.appChat("Duty1")); diff != "" {
		t.Errorf("the owner resigned (-want +got):\n%s", diff)
	}
}

func TestAppChatsRefuse(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	two := []string{"S01", "S02"}
	id := fmt.Sprint(r.good("appchat/create", object{"userlist": two})["chatid"])
	for _, bad := range []struct {
		code int
		body object
	}{
		{86204, object{}},
		{86006, object{"userlist": []string{"S01", "S01"}}},
		{86007, object{"userlist": []string{"S01", "nobody"}}},
		{86216, object{"userlist": []string{"S01", "no body"}}},
		{86005, object{"userlist": two, "owner": "nobody"}},
		{86207, object{"userlist": two, "owner": "S03"}},
		{86205, object{"userlist": two, "chatid": strings.Repeat("a", 33)}},
		{86001, object{"userlist": two, "chatid": "a-b"}},
		{86215, object{"userlist": two, "chatid": id}},
		{86215, object{"userlist": two, "chatid": r.chats()[0]}},
	} {
		r.token = r.tokenOf(r.Ready.Secrets.App)
		r.refused(bad.code, "appchat/create", bad.body)
	}
	for code, chat := range map[int]string{86001: "a-b", 86003: "nothere", 86008: r.chats()[0]} {
		r.token = r.tokenOf(r.Ready.Secrets.App)
		r.refused(code, "appchat/get", url.Values{"chatid": {chat}})
		r.refused(code, "appchat/update", object{"chatid": chat})
		r.refused(code, "appchat/send", object{"chatid": chat, "msgtype": "text", "text": object{"content": "a"}})
	}
	r.refused(86006, "appchat/update", object{"chatid": id, "del_user_list": []string{"S02"}})
	r.refused(40008, "appchat/send", object{"chatid": id, "msgtype": "template_card", "template_card": object{}})
	r.refused(44004, "appchat/send", object{"chatid": id, "msgtype": "text", "text": object{"content": ""}})
	r.refused(40007, "appchat/send", object{"chatid": id, "msgtype": "file", "file": object{"media_id": "none"}})
	r.act("admin_sets_visible_range", object{"departments": []int{2}})
	r.refused(48002, "appchat/create", object{"userlist": two})
	r.refused(48002, "appchat/get", url.Values{"chatid": {id}})
}

func TestAppChatMessagesReachTheMembersWithinLimits(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	id := r.newAppChat()
	text := object{"chatid": id, "msgtype": "text", "text": object{"content": "交班"}}
	if len(r.entriesOf("app_chat_shown")) != 0 {
		t.Error("members see the chat before its first message")
	}
	if out := r.good("appchat/send", text); out["msgid"] != nil {
		t.Errorf("answer: got %v", out)
	}
	got := r.entriesOf("app_chat_message")
	if len(got) != 2 || got[0].Staff != "S01" || got[1].Staff != "S02" || got[0].Chat != id || got[0].Detail != "交班" {
		t.Errorf("messages: got %+v", got)
	}
	if len(r.entriesOf("app_chat_shown")) != 1 {
		t.Error("the first message does not show the chat")
	}
	for range appChatMemberMinute {
		r.good("appchat/send", text)
	}
	if got := len(r.entriesOf("app_chat_message")); got != 2*appChatMemberMinute {
		t.Errorf("within a minute: got %d messages, want %d", got, 2*appChatMemberMinute)
	}
	r.advance(time.Minute)
	r.good("appchat/send", text)
	if got := len(r.entriesOf("app_chat_message")); got != 2*appChatMemberMinute+2 {
		t.Errorf("a minute later: got %d messages", got)
	}
	r.mu.Lock()
	r.world.appChats.sent.inHour = 149_999
	r.mu.Unlock()
	r.refused(45009, "appchat/send", text)
	r.control("switches", object{"appchat.hourly": "350000"})
	r.good("appchat/send", text)
}

func TestAppChatsAreMadeAndChangedAThousandTimes(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	two := object{"userlist": []string{"S01", "S02"}}
	var id any
	for range appChatsADay {
		id = r.good("appchat/create", two)["chatid"]
	}
	r.refused(45009, "appchat/create", two)
	for range appChatEditsAHour {
		r.good("appchat/update", object{"chatid": id, "name": "a"})
	}
	r.refused(45009, "appchat/update", object{"chatid": id, "name": "a"})
	r.advance(time.Hour)
	r.good("appchat/update", object{"chatid": id, "name": "a"})
	r.advance(24 * time.Hour)
	r.as(AreaApp).good("appchat/create", two)
}

func TestTheVisibleRangeDecidesWhoTheAppReaches(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	staff, customer := r.someCustomer()
	r.token = r.tokenOf(r.Ready.Secrets.App)
	other := "S01"
	if staff == other {
		other = "S02"
	}
	login := func() object {
		code, err := r.LoginCode("", customer)
		if err != nil {
			t.Fatal(err)
		}
		return r.good("auth/getuserinfo", url.Values{"code": {code}})
	}
	before := login()
	if before["external_userid"] != customer || before["openid"] == nil {
		t.Errorf("a customer of a visible member: got %v", before)
	}
	r.mu.Lock()
	n, _ := r.world.customerByID(customer)
	followers := 0
	for i := r.world.customers[n].first; i != 0; i = r.world.relations[i-1].next {
		followers++
		if r.world.staff[r.world.relations[i-1].staff].id == other {
			t.Fatal("pick another member")
		}
	}
	r.mu.Unlock()
	r.act("admin_sets_visible_range", object{"staff": []string{other}})
	after := login()
	if after["external_userid"] != nil || after["openid"] != before["openid"] {
		t.Errorf("a customer of members out of sight (%d): got %v", followers, after)
	}
	if got := r.good("message/send", r.appText(staff+"|"+other, "内测"))["invaliduser"]; got != strings.ToLower(staff) {
		t.Errorf("invaliduser: got %v", got)
	}
	got := r.good("agent/get", url.Values{"agentid": {fmt.Sprint(r.Ready.AgentID)}})
	users, _ := got["allow_userinfos"].(map[string]any)
	if diff := cmp.Diff([]string{other}, ids(users["user"], "userid")); diff != "" {
		t.Errorf("agent/get (-want +got):\n%s", diff)
	}
	r.act("admin_sets_visible_range", nil)
	if got := login(); got["external_userid"] != customer {
		t.Errorf("the whole corp again: got %v", got)
	}
}
