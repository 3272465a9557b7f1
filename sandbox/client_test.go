package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sidebar is a page in a window of the client, as its script sees it.
type sidebar struct {
	*rig
	path, address, load string
	opened              object
}

const sidebarPage = "http://127.0.0.1:1/sidebar?a=1&b=%E4%BD%A0"

func (r *rig) sidebar(fields object) *sidebar {
	r.t.Helper()
	opened := r.act("staff_opens_sidebar", fields)
	return &sidebar{rig: r, path: fmt.Sprint(opened["page"]), address: sidebarPage + "#/customer", load: "a", opened: opened}
}

// ask calls a function of the client and answers what the script gets.
func (b *sidebar) ask(function string, args any) object {
	b.t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, body := b.visit(b.path+"/call", url.Values{
		"n": {"7"}, "function": {function}, "load": {b.load}, "url": {b.address}, "args": {string(raw)},
	})
	inner, ok := strings.CutPrefix(body, "wecomStandIn.answer(7, ")
	inner, end := strings.CutSuffix(inner, ")\n")
	out := object{}
	if err := json.Unmarshal([]byte(inner), &out); err != nil || !ok || !end || resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: status %d, %q", function, resp.StatusCode, body)
	}
	return out
}

func (b *sidebar) good(function string, args any) map[string]any {
	b.t.Helper()
	out := b.ask(function, args)
	if out["ok"] != true {
		b.t.Fatalf("%s %v: got %v", function, args, out)
	}
	data, _ := out["data"].(map[string]any)
	return data
}

func (b *sidebar) fails(reason, function string, args any) {
	b.t.Helper()
	if out := b.ask(function, args); out["ok"] != false || out["reason"] != reason || out["hint"] == nil {
		b.t.Errorf("%s %v: got %v, want %q", function, args, out, reason)
	}
}

func (b *sidebar) ticket(path string, q url.Values) string {
	b.t.Helper()
	b.token = b.tokenOf(b.Ready.Secrets.App)
	return fmt.Sprint(b.rig.good(path, q)["ticket"])
}

func (b *sidebar) agentTicket() string {
	return b.ticket("ticket/get", url.Values{"type": {"agent_config"}})
}

// agentArgs are those of agentConfig, signed with a ticket.
func (b *sidebar) agentArgs(ticket string) object {
	return object{
		"corpid": b.Ready.CorpID, "agentid": fmt.Sprint(b.Ready.AgentID), "timestamp": "1700000000", "nonceStr": "n",
		"signature": jsSignature(ticket, "n", "1700000000", sidebarPage),
		"jsApiList": []string{"getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"},
	}
}

// configured is a page for which agentConfig is done.
func (r *rig) configured(fields object) *sidebar {
	r.t.Helper()
	b := r.sidebar(fields)
	b.good("agentConfig", b.agentArgs(b.agentTicket()))
	return b
}

func TestTheClientChecksSignaturesAsPublished(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../spec/crypto-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Vectors []struct {
			Ticket    string `json:"jsapi_ticket"`
			Nonce     string `json:"noncestr"`
			Timestamp json.Number
			URL       string
			Signature string
		} `json:"jssdk_signature_vectors"`
	}
	if err := json.Unmarshal(raw, &f); err != nil || len(f.Vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(f.Vectors), err)
	}
	for _, v := range f.Vectors {
		if got := jsSignature(v.Ticket, v.Nonce, v.Timestamp.String(), v.URL); got != v.Signature {
			t.Errorf("%s: got %s, want %s", v.URL, got, v.Signature)
		}
	}
}

func TestThePageIsConfiguredWithTheTicketOfTheCorp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.sidebar(nil)
	corp, agent := b.ticket("get_jsapi_ticket", url.Values{}), b.agentTicket()
	config := func(ticket string) object {
		return object{"appId": r.Ready.CorpID, "timestamp": "1", "nonceStr": "n", "signature": jsSignature(ticket, "n", "1", sidebarPage)}
	}
	b.good("config", config(corp))
	b.fails("invalid signature", "config", config(agent))
	other := config(corp)
	other["appId"] = "ww1"
	b.fails("fail", "config", other)
	b.address = sidebarPage + "&c=2"
	b.fails("invalid signature", "config", config(corp))
	b.address = sidebarPage
	r.good("agent/set", r.ofAgent(object{"redirect_domain": "example.com"}))
	b.fails("not match any reliable domain", "config", config(corp))
	b.address = "https://crm.example.com/sidebar"
	signed := config(corp)
	signed["signature"] = jsSignature(corp, "n", "1", b.address)
	b.good("config", signed)
	r.advance(ticketLife)
	b.fails("invalid signature", "config", signed)
}

func TestAgentConfigOpensTheFunctionsItLists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.sidebar(nil)
	corp, agent := b.ticket("get_jsapi_ticket", url.Values{}), b.agentTicket()
	b.fails(noPermission, "getContext", object{})
	for _, bad := range []struct {
		code   float64
		change func(object)
	}{
		{92002, func(o object) { o["corpid"] = "ww1" }},
		{40093, func(o object) { o["agentid"] = "1" }},
		{40093, func(o object) { o["signature"] = strings.Repeat("0", 40) }},
		{42012, func(o object) { o["signature"] = jsSignature(corp, "n", "1700000000", sidebarPage) }},
	} {
		args := b.agentArgs(agent)
		bad.change(args)
		if out := b.ask("agentConfig", args); out["ok"] != false || out["code"] != bad.code {
			t.Errorf("agentConfig: got %v, want %v", out, bad.code)
		}
	}
	b.fails(noPermission, "getContext", object{})
	few := b.agentArgs(agent)
	few["jsApiList"] = []string{"getContext"}
	b.good("agentConfig", few)
	if got := b.good("getContext", object{}); got["entry"] != "single_chat_tools" {
		t.Errorf("context: got %v", got)
	}
	b.fails(notConfigured, "getCurExternalContact", object{})
	b.fails(noSuchFunction, "openSafe", object{})
	b.load = "b"
	b.fails(noPermission, "getContext", object{}) // another page
	r.advance(ticketLife)
	if out := b.ask("agentConfig", few); out["code"] != 42012.0 {
		t.Errorf("an expired ticket: got %v", out)
	}
	b = r.configured(nil)
	r.act("admin_sets_visible_range", object{"departments": []int{7}})
	b.fails(notVisible, "getContext", object{})
	r.good("agent/set", r.ofAgent(object{"redirect_domain": "example.com"}))
	if out := b.ask("agentConfig", b.agentArgs(b.agentTicket())); out["code"] != 80001.0 {
		t.Errorf("another domain: got %v", out)
	}
}

func TestWhatThePageLearnsDependsOnTheEntry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	chat := r.chats()[1]
	for _, x := range []struct {
		fields           object
		entry            string
		contact, groupID any
	}{
		{object{"staff": staff, "customer": customer}, entrySingle, customer, nil},
		{object{"staff": staff, "customer": customer, "entry": entryProfile}, entryProfile, customer, nil},
		{object{"staff": staff, "customer": customer, "entry": entryAttach}, entryAttach, customer, nil},
		{object{"chat": chat}, entryGroup, nil, chat},
		{object{"chat": chat, "entry": entryAttach}, entryAttach, nil, nil},
		{object{"entry": entryNormal}, entryNormal, nil, nil},
	} {
		b := r.configured(x.fields)
		if got := b.good("getContext", object{})["entry"]; got != x.entry {
			t.Errorf("%v: entry %v", x.fields, got)
		}
		for function, want := range map[string]any{"getCurExternalContact": x.contact, "getCurExternalChat": x.groupID} {
			if want == nil {
				b.fails(withoutContext, function, object{})
				continue
			}
			got := b.good(function, object{})
			if got["userId"] != want && got["chatId"] != want {
				t.Errorf("%v: %s: got %v, want %v", x.fields, function, got, want)
			}
		}
	}
	b := r.configured(object{"staff": staff, "customer": customer})
	r.act("staff_deletes_customer", object{"staff": staff, "customer": customer})
	b.fails(withoutContext, "getCurExternalContact", object{})
	for _, wrong := range []object{
		{"entry": "window"},
		{"entry": entryGroup, "chat": "nobody"},
		{"chat": chat, "entry": entryProfile},
		{"url": "javascript:alert(1)"},
		{"chat": chat, "staff": "nobody"},
		{"customer": "nobody"},
	} {
		wrong["act"] = "staff_opens_sidebar"
		if status, _ := r.do("POST", "/_sandbox/act", wrong); status != http.StatusBadRequest {
			t.Errorf("%v: status %d", wrong, status)
		}
	}
}

func TestWhatThePageSendsAreTheMembersOwnWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	b := r.configured(object{"staff": staff, "customer": customer})
	image := r.upload("image", "a.png", tinyPNG)["media_id"]
	file := r.upload("file", "价目表.txt", "a price list")["media_id"]
	const site = "https://example.com"
	for _, m := range []object{
		{"msgtype": "text", "enterChat": true, "text": object{"content": "您的预约已确认"}},
		{"msgtype": "image", "image": object{"mediaid": image}},
		{"msgtype": "file", "file": object{"mediaid": file}},
		{"msgtype": "news", "news": object{"link": site, "title": "新品", "desc": "看", "imgUrl": site}},
		{"msgtype": "miniprogram", "miniprogram": object{"appid": "wx0123456789abcdef", "title": "商城", "imgUrl": site, "page": "/index.html?a=1"}},
	} {
		b.good("sendChatMessage", m)
	}
	var got []string
	for _, d := range r.Deliveries(0) {
		if d.Staff != staff || d.Customer != customer || d.Channel != "contact" || d.Kind != "chat" || d.Origin != "member" {
			t.Errorf("delivery: %+v", d)
		}
		got = append(got, d.Text)
	}
	want := []string{"您的预约已确认", "[image]", "[file]价目表.txt", "[link]新品 https://example.com", "[miniprogram]商城"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	for _, bad := range []struct {
		reason string
		m      object
	}{
		{"invalid param", object{"msgtype": "voice"}},
		{"invalid param", object{"msgtype": "text"}},
		{"invalid param", object{"msgtype": "image", "image": object{"mediaid": file}}},
		{"invalid param", object{"msgtype": "news", "news": object{"title": "新品"}}},
		{"invalid imgUrl", object{"msgtype": "news", "news": object{"link": site, "title": "新品", "imgUrl": "a.png"}}},
		{"invalid param", object{"msgtype": "miniprogram", "miniprogram": object{"appid": "wx0123456789abcdef", "title": "商城", "imgUrl": site, "page": "/index"}}},
	} {
		b.fails(bad.reason, "sendChatMessage", bad.m)
	}
	text := object{"msgtype": "text", "text": object{"content": "您好"}}
	r.configured(object{"entry": entryNormal}).fails(withoutContext, "sendChatMessage", text)
	r.configured(object{"staff": staff, "customer": customer, "entry": entryProfile}).fails(withoutContext, "sendChatMessage", text)
	r.act("customer_deletes_staff", object{"staff": staff, "customer": customer})
	b.good("sendChatMessage", text)
	if n := len(r.Deliveries(0)); n != len(want) {
		t.Errorf("a customer who left got %d messages more", n-len(want))
	}
	if got := r.entriesOf("chat_not_delivered"); len(got) != 1 || got[0].Customer != customer {
		t.Errorf("journal: got %+v", got)
	}
}

func TestAWindowIsNoPartOfTheWorld(t *testing.T) {
	t.Parallel()
	var hashes []string
	for range 2 {
		r := newRig(t)
		r.configured(nil).good("sendChatMessage", object{"msgtype": "text", "text": object{"content": "您好"}})
		hashes = append(hashes, r.Hash())
	}
	if hashes[0] != hashes[1] {
		t.Error("two runs of one script differ")
	}
	r := newRig(t)
	b := r.sidebar(nil)
	r.control("reset", object{})
	b.fails("fail", "getContext", object{}) // a new world has no window of the old one
}

func TestThePageSendsIntoGroupsAndKfSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.chats()[1]
	text := object{"msgtype": "text", "text": object{"content": "群里好"}}
	b := r.configured(object{"chat": chat})
	b.good("sendChatMessage", text)
	b.good("sendChatMessage", object{"msgtype": "news", "news": object{"link": "https://example.com", "title": "新品"}})
	rows := r.Deliveries(0)
	if len(rows) != 2 || rows[0].Chat != chat || rows[0].Channel != "group" || rows[1].Origin != "member" || rows[1].Text != "[link]新品 https://example.com" {
		t.Errorf("into the group: got %+v", rows)
	}
	d := newDesk(t)
	d.act("open_kf", nil)
	d.trans(d.act("customer_says", object{"kf": d.kf})["customer"], 2, "")
	d.act("servicer_takes", nil)
	k := d.configured(object{"entry": entryKf})
	k.fails(withoutContext, "getCurExternalContact", object{})
	k.good("sendChatMessage", text)
	d.cursor = ""
	before := len(d.news())
	const site = "https://example.com"
	k.good("sendChatMessage", object{"msgtype": "news", "news": object{"link": site, "title": "新品", "imgUrl": site}})
	k.good("sendChatMessage", object{"msgtype": "miniprogram", "miniprogram": object{
		"appid": "wx0123456789abcdef", "title": "商城", "imgUrl": site, "page": "/index.html",
	}})
	image := d.upload("image", "a.png", tinyPNG)["media_id"]
	k.good("sendChatMessage", object{"msgtype": "image", "image": object{"mediaid": image}})
	d.cursor = ""
	items := d.news()[before:]
	if len(items) != 3 {
		t.Fatalf("in the session: got %v", items)
	}
	link, _ := items[0]["link"].(map[string]any)
	program, _ := items[1]["miniprogram"].(map[string]any)
	picture, _ := items[2]["image"].(map[string]any)
	if items[0]["origin"] != 5.0 || link["url"] != site || program["pagepath"] != "/index.html" || picture["media_id"] != image {
		t.Errorf("in the session: got %v", items)
	}
	if rows = d.Deliveries(0); len(rows) < 4 || rows[len(rows)-1].Channel != "kf" || rows[len(rows)-1].Origin != "member" || rows[len(rows)-4].Text != "群里好" || rows[len(rows)-1].Text != "[image]" {
		t.Errorf("into the session: got %+v", rows)
	}
	r.token = r.tokenOf(r.Ready.Secrets.External)
	r.good("externalcontact/add_intercept_rule", object{
		"rule_name": "规则", "word_list": []string{"返现"}, "intercept_type": 1, "applicable_range": object{"user_list": []any{b.opened["staff"]}},
	})
	b.fails("fail", "sendChatMessage", object{"msgtype": "text", "text": object{"content": "加微信返现"}})
}
