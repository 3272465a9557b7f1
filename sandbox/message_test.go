package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// appRig is a rig that calls as the app.
func appRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	return r
}

func (r *rig) appText(to, text string) object {
	return object{"touser": to, "msgtype": "text", "agentid": r.Ready.AgentID, "safe": 0, "text": object{"content": text}}
}

// appMessages are the texts that reached a member.
func (r *rig) appMessages(staff string) []string {
	var out []string
	for _, e := range r.journalAfter(0) {
		if e.Kind == "app_message" && e.Staff == staff {
			out = append(out, e.Detail)
		}
	}
	return out
}

func TestAppMessagesReachMembersAndNameThoseWhoDoNotExist(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	got := r.good("message/send", r.appText("s03|Nobody", "内测"))
	if got["invaliduser"] != "nobody" || got["msgid"] == nil {
		t.Errorf("answer: got %v", got)
	}
	if texts := r.appMessages("S03"); len(texts) != 1 || texts[0] != "内测" {
		t.Errorf("S03 got %v", texts)
	}
	r.refused(81013, "message/send", r.appText("nobody", "内测"))
	r.refused(82001, "message/send", r.appText("", "内测"))
	r.refused(44004, "message/send", r.appText("S03", ""))
	wrong := r.appText("S03", "内测")
	wrong["agentid"] = 1
	r.refused(301002, "message/send", wrong)
	delete(wrong, "agentid")
	r.refused(41011, "message/send", wrong)
	text := r.appText("@all", "全员")
	text["agentid"] = fmt.Sprint(r.Ready.AgentID)
	id := r.good("message/send", text)["msgid"]
	if texts := r.appMessages("S10"); len(texts) != 1 {
		t.Errorf("S10 got %v", texts)
	}
	r.good("message/recall", object{"msgid": id})
	r.refused(40058, "message/recall", object{"msgid": "nobody"})
	r.advance(24*time.Hour + time.Second)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	r.refused(42052, "message/recall", object{"msgid": id})
}

func TestAppMessagesOfEveryKindAreJudged(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	image := r.upload("image", "a.png", string(drawnImage()))["media_id"]
	send := func(kind string, part any) object {
		return object{"touser": "S03", "msgtype": kind, "agentid": r.Ready.AgentID, kind: part}
	}
	r.good("message/send", send("image", object{"media_id": image}))
	r.good("message/send", send("markdown", object{"content": "**好**"}))
	r.good("message/send", send("textcard", object{"title": "任务", "description": "去看", "url": "https://example.test"}))
	r.good("message/send", send("news", object{"articles": []object{{"title": "一", "url": "https://example.test"}}}))
	r.refused(40007, "message/send", send("file", object{"media_id": image}))
	r.refused(45034, "message/send", send("textcard", object{"title": "任务", "description": "去看", "url": "example.test"}))
	r.refused(41016, "message/send", send("textcard", object{"description": "去看"}))
	r.refused(45008, "message/send", send("news", object{"articles": []object{}}))
	r.refused(40063, "message/send", send("template_card", nil))
	r.refused(40008, "message/send", object{"touser": "S03", "msgtype": "telegram", "agentid": r.Ready.AgentID})
	r.token = r.tokenOf(r.Ready.Secrets.Contact)
	r.refused(48002, "message/send", r.appText("S03", "内测"))
}

func TestTheThirtyFirstAppMessageOfAMinuteIsDroppedSilently(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	for i := range appMessagesAMinute + 1 {
		r.good("message/send", r.appText("S03", fmt.Sprint(i)))
	}
	if got := len(r.appMessages("S03")); got != appMessagesAMinute {
		t.Errorf("messages: got %d, want %d", got, appMessagesAMinute)
	}
	same := r.appText("S04", "重复")
	same["enable_duplicate_check"] = 1
	r.good("message/send", same)
	r.good("message/send", same)
	if got := len(r.appMessages("S04")); got != 1 {
		t.Errorf("identical requests: got %d messages, want 1", got)
	}
}

func TestAMembersMessageComesBackAnsweredPassively(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	var in *inbox
	in = listenTo(r, func(_ int, w http.ResponseWriter, req *http.Request) {
		q := req.URL.Query()
		reply := "<xml><ToUserName><![CDATA[S03]]></ToUserName><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[收到]]></Content></xml>"
		sealed := in.sealer.seal([16]byte{}, []byte(reply))
		_, _ = fmt.Fprintf(w, "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature><TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>",
			sealed, in.sealer.sign(q.Get("timestamp"), q.Get("nonce"), sealed), q.Get("timestamp"), q.Get("nonce"))
	})
	r.act("staff_writes_app", object{"staff": "S03", "text": "查客户"})
	doc := in.wait(1)[0]
	if elementText(doc, "Content") != "查客户" || elementText(doc, "FromUserName") != "S03" || elementText(doc, "AgentID") != fmt.Sprint(r.Ready.AgentID) {
		t.Errorf("message: got %s", doc)
	}
	r.settle()
	last := r.journalAfter(0)
	if e := last[len(last)-1]; e.Kind != "app_reply" || e.Detail != "收到" || e.Staff != "S03" {
		t.Errorf("journal ends with %+v", e)
	}
	if got := r.control("emit", object{"kind": "text"}); !strings.Contains(fmt.Sprint(got["plain"]), "收到") {
		t.Errorf("emit text: got %v", got)
	}
	r.act("staff_opens_app", nil)
	if doc := in.wait(2)[2]; elementText(doc, "Event") != "enter_agent" {
		t.Errorf("opening the app: got %s", doc)
	}
}

func TestTheMenuIsKeptAndClicked(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	agent := url.Values{"agentid": {fmt.Sprint(r.Ready.AgentID)}}
	create := func(body any) object {
		_, out := r.do("POST", "/cgi-bin/menu/create?access_token="+r.token+"&"+agent.Encode(), body)
		return out
	}
	r.refused(46003, "menu/get", agent)
	for code, button := range map[float64]any{
		40016: []object{},
		40017: []object{{"name": "a", "type": "dance"}},
		40018: []object{{"name": strings.Repeat("a", 17), "type": "click", "key": "K"}},
		40019: []object{{"name": "a", "type": "click"}},
		40020: []object{{"name": "a", "type": "view"}},
		40022: []object{{"name": "a", "sub_button": []object{{"name": "b", "sub_button": []object{{"name": "c"}}}}}},
		40024: []object{{"name": "a", "sub_button": []object{{"name": "b", "type": "dance"}}}},
		41102: []object{{"type": "click", "key": "K"}},
	} {
		if got := create(object{"button": button})["errcode"]; got != code {
			t.Errorf("%v: got %v, want %v", button, got, code)
		}
	}
	if out := create(object{"button": []object{{"name": "客户", "sub_button": []object{{"name": "我的", "type": "click", "key": "MINE"}}}}}); out["errcode"] != 0.0 {
		t.Fatalf("create: %v", out)
	}
	if got := ids(r.good("menu/get", agent)["button"], "name"); got[0] != "客户" {
		t.Errorf("menu: got %v", got)
	}
	in := listenTo(r, nil)
	r.act("staff_clicks_menu", object{"staff": "S03"})
	if doc := in.wait(1)[0]; elementText(doc, "Event") != "click" || elementText(doc, "EventKey") != "MINE" {
		t.Errorf("click: got %s", doc)
	}
	r.good("menu/delete", agent)
	r.refused(46003, "menu/delete", agent)
	r.refused(301002, "menu/get", url.Values{"agentid": {"7"}})
}
