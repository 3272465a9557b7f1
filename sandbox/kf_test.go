package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// desk is a rig that works as a kf app: it keeps one account and a cursor.
type desk struct {
	*rig
	kf     string
	cursor string
}

func newDesk(t *testing.T, change ...func(*Options)) *desk {
	t.Helper()
	r := newRig(t, change...)
	r.token = r.tokenOf(r.Ready.Secrets.KF)
	d := &desk{rig: r, kf: ids(r.good("kf/account/list", object{})["account_list"], "open_kfid")[0]}
	d.news()
	return d
}

// later moves the world on and renews the token.
func (d *desk) later(by time.Duration) {
	d.t.Helper()
	d.advance(by)
	d.token = d.tokenOf(d.Ready.Secrets.KF)
}

// news reads all items since the last call, as a platform does.
func (d *desk) news() []object {
	d.t.Helper()
	d.rig.mu.Lock()
	token := d.newKfToken()
	d.rig.mu.Unlock()
	var out []object
	for {
		page := d.good("kf/sync_msg", object{"open_kfid": d.kf, "cursor": d.cursor, "token": token, "limit": 1000})
		for _, item := range list(page["msg_list"]) {
			out = append(out, item.(map[string]any))
		}
		d.cursor = fmt.Sprint(page["next_cursor"])
		if page["has_more"] == 0.0 {
			return out
		}
	}
}

// event is the one new system event of a kind.
func (d *desk) event(kind string) object {
	d.t.Helper()
	for _, item := range d.news() {
		if e, ok := item["event"].(map[string]any); ok && e["event_type"] == kind {
			return e
		}
	}
	d.t.Fatalf("no event %s", kind)
	return nil
}

func (d *desk) text(customer any, text string) object {
	return object{"touser": customer, "open_kfid": d.kf, "msgtype": "text", "text": object{"content": text}}
}

func (d *desk) says(customer any, text string) object {
	d.t.Helper()
	return d.act("customer_says", object{"kf": d.kf, "customer": customer, "text": text})
}

func (d *desk) state(customer any) float64 {
	d.t.Helper()
	n, _ := d.good("kf/service_state/get", object{"open_kfid": d.kf, "external_userid": customer})["service_state"].(float64)
	return n
}

func (d *desk) trans(customer any, state int, staff string) object {
	d.t.Helper()
	return d.good("kf/service_state/trans", object{
		"open_kfid": d.kf, "external_userid": customer, "service_state": state, "servicer_userid": staff,
	})
}

func (d *desk) refusedTrans(code int, customer any, state int, staff string) {
	d.t.Helper()
	d.refused(code, "kf/service_state/trans", object{
		"open_kfid": d.kf, "external_userid": customer, "service_state": state, "servicer_userid": staff,
	})
}

// stranger is a WeChat user who never wrote to the account.
func (d *desk) stranger() any {
	d.t.Helper()
	for {
		id := fmt.Sprint(d.act("scan_contact_way", nil)["customer"])
		if strings.HasPrefix(id, "wm") { // kf is for WeChat users
			return id
		}
	}
}

func TestAKfConversationFromTheLinkToTheGoodbye(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := listenTo(d.rig, nil)
	customer := d.stranger()
	in.wait(1)
	link := d.good("kf/add_contact_way", object{"open_kfid": d.kf, "scene": "poster_01"})["url"]
	d.act("open_kf", object{"link": fmt.Sprint(link, "&scene_param=a%3D1"), "customer": customer})
	doc := in.wait(1)[1]
	if elementText(doc, "Event") != "kf_msg_or_event" || elementText(doc, "OpenKfId") != d.kf || strings.Contains(doc, "FromUserName") {
		t.Errorf("callback: got %s", doc)
	}
	page := d.good("kf/sync_msg", object{"open_kfid": d.kf, "token": elementText(doc, "Token"), "cursor": d.cursor})
	if got := len(list(page["msg_list"])); got != 1 {
		t.Fatalf("items after the link was opened: got %d, want 1: %v", got, page)
	}
	enter := d.event("enter_session")
	if enter["scene"] != "poster_01" || enter["scene_param"] != "a=1" || enter["external_userid"] != customer || d.state(customer) != 4 {
		t.Errorf("enter_session: got %v in state %v", enter, d.state(customer))
	}
	d.refused(95031, "kf/send_msg", d.text(customer, "您好"))
	welcome := object{"code": enter["welcome_code"], "msgtype": "text", "text": object{"content": "欢迎"}}
	d.good("kf/send_msg_on_event", welcome)
	d.refused(40058, "kf/send_msg_on_event", welcome)

	d.says(customer, "进群")
	if item := d.news()[0]; item["origin"] != 3.0 || item["text"].(map[string]any)["content"] != "进群" || item["external_userid"] != customer {
		t.Errorf("message: got %v", item)
	}
	d.good("kf/send_msg", d.text(customer, "请点链接"))
	if got := d.state(customer); got != 1 {
		t.Errorf("state after the API answered: got %v, want 1", got)
	}
	pool := d.trans(customer, 2, "")
	d.refused(95018, "kf/send_msg", d.text(customer, "请稍候"))
	d.good("kf/send_msg_on_event", object{"code": pool["msg_code"], "msgtype": "text", "text": object{"content": "正在转人工"}})
	taken := d.act("servicer_takes", object{"kf": d.kf})
	if e := d.event("session_status_change"); e["change_type"] != 1.0 || e["new_servicer_userid"] != taken["staff"] || e["msg_code"] == "" {
		t.Errorf("taken from the pool: got %v", e)
	}
	d.act("servicer_says", object{"kf": d.kf, "text": "我是店员"})
	if item := d.news()[0]; item["origin"] != 5.0 || item["servicer_userid"] != taken["staff"] {
		t.Errorf("servicer's message: got %v", item)
	}
	d.act("servicer_ends", object{"kf": d.kf})
	e := d.event("session_status_change")
	d.good("kf/send_msg_on_event", object{"code": e["msg_code"], "msgtype": "text", "text": object{"content": "再见"}})
	d.refused(95013, "kf/send_msg", d.text(customer, "还在吗"))

	var got []string
	for _, row := range d.Deliveries(0) {
		if row.Kind == "kf" && row.Customer == customer && row.Channel == "kf" {
			got = append(got, row.Origin+" "+row.Text)
		}
	}
	want := []string{"api 欢迎", "api 请点链接", "api 正在转人工", "member 我是店员", "api 再见"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what reached the customer (-want +got):\n%s", diff)
	}
}

func TestFiveMessagesAndFortyEightHoursAfterACustomersMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.says(d.stranger(), "在吗")["customer"]
	for range kfRepliesAllowed {
		d.good("kf/send_msg", d.text(customer, "在的"))
	}
	d.refused(95001, "kf/send_msg", d.text(customer, "第六条"))
	d.says(customer, "再问一句")
	d.good("kf/send_msg", d.text(customer, "请讲"))
	d.later(kfWindow - time.Second)
	d.good("kf/send_msg", d.text(customer, "最后一刻"))
	d.advance(time.Second)
	d.refused(95002, "kf/send_msg", d.text(customer, "太晚了"))
	if got := d.state(customer); got != 4 {
		t.Errorf("state after 48 hours: got %v, want 4", got)
	}
	d.says(customer, "又来了")
	if got := d.state(customer); got != 0 {
		t.Errorf("state after a new message: got %v, want 0", got)
	}
}

func TestAMsgIDWorksOnceInAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.says(d.stranger(), "在吗")["customer"]
	msg := d.text(customer, "在的")
	msg["msgid"] = "touch-1"
	if got := d.good("kf/send_msg", msg)["msgid"]; got != "touch-1" {
		t.Errorf("msgid: got %v", got)
	}
	d.refused(95033, "kf/send_msg", msg)
	msg["msgid"] = "空格 不行"
	d.refused(40058, "kf/send_msg", msg)
	msg["msgid"] = ""
	if got := fmt.Sprint(d.good("kf/send_msg", msg)["msgid"]); got == "" {
		t.Error("no msgid was made")
	}
}

func TestKfMovesAreThoseOfTheStateMachine(t *testing.T) {
	t.Parallel()
	for _, switched := range []string{"any", "from_3"} {
		d := newDesk(t, func(o *Options) { o.Switches = map[string]string{"kf.trans_to_ended": switched} })
		staff := ids(d.good("kf/servicer/list", url.Values{"open_kfid": {d.kf}})["servicer_list"], "userid")[0]
		legal := map[string]bool{"01": true, "02": true, "03": true, "12": true, "13": true, "23": true, "33": true, "34": true}
		if switched == "any" {
			legal["04"], legal["14"], legal["24"] = true, true, true
		}
		for from := range 4 {
			for to := 1; to <= 4; to++ {
				customer := d.says(d.stranger(), "在吗")["customer"]
				if from > 0 {
					d.trans(customer, from, staff)
				}
				if legal[fmt.Sprintf("%d%d", from, to)] {
					d.trans(customer, to, staff)
				} else {
					d.refusedTrans(95016, customer, to, staff)
				}
			}
		}
	}
	d := newDesk(t)
	customer := d.says(d.stranger(), "在吗")["customer"]
	d.refusedTrans(95014, customer, 3, "S99")
	d.refusedTrans(40058, customer, 0, "")
	d.act("servicer_changes_status", object{"kf": d.kf, "staff": "S01", "status": "suspended"})
	d.refusedTrans(95019, customer, 3, "S01")
	if e := d.event("servicer_status_change"); e["status"] != 2.0 || e["stop_type"] != 1.0 {
		t.Errorf("servicer_status_change: got %v", e)
	}
	d.trans(customer, 4, "")
	d.refusedTrans(95013, customer, 3, "S02")
}

func TestCodesOfKfEventsDieByTimeStateAndUse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	say := func(code any, kind string) object {
		return object{"code": code, "msgtype": kind, "text": object{"content": "好"}, "msgmenu": object{"head_content": "选"}}
	}
	customer := d.stranger()
	code := d.act("open_kf", object{"kf": d.kf, "customer": customer})["welcome_code"]
	if again := d.act("open_kf", object{"kf": d.kf, "customer": customer})["welcome_code"]; again == nil {
		t.Error("a second entry without a welcome in between: no code")
	}
	d.advance(kfWelcomeLife)
	d.refused(40058, "kf/send_msg_on_event", say(code, "text"))
	d.good("kf/send_msg_on_event", say(d.act("open_kf", object{"kf": d.kf, "customer": customer})["welcome_code"], "msgmenu"))
	if again := d.act("open_kf", object{"kf": d.kf, "customer": customer})["welcome_code"]; again != nil {
		t.Error("an entry within 48 hours of a welcome brought a code")
	}
	d.says(customer, "转人工")
	pool := d.trans(customer, 2, "")["msg_code"]
	d.refused(40058, "kf/send_msg_on_event", say(pool, "msgmenu"))
	human := d.trans(customer, 3, "S01")["msg_code"]
	d.refused(95018, "kf/send_msg_on_event", say(pool, "text"))
	d.good("kf/send_msg_on_event", say(human, "text"))
	if got := d.trans(customer, 3, "S02")["msg_code"]; got != nil {
		t.Errorf("a second move to 3 brought the code %v", got)
	}
	end := d.trans(customer, 4, "")["msg_code"]
	d.advance(kfEndCodeLife)
	d.refused(40058, "kf/send_msg_on_event", say(end, "text"))
	d.refused(40058, "kf/send_msg_on_event", say("nonsense", "text"))
}

func TestKfContentIsJudged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.says(d.stranger(), "在吗")["customer"]
	refused := func(code int, kind string, part any) {
		t.Helper()
		d.refused(code, "kf/send_msg", object{"touser": customer, "open_kfid": d.kf, "msgtype": kind, kind: part})
	}
	click := object{"type": "click", "click": object{"id": "1", "content": "进群"}}
	many := func(n int, item object) []object { return slices.Repeat([]object{item}, n) }
	refused(40058, "text", object{"content": ""})
	refused(40058, "text", object{"content": strings.Repeat("a", 2049)})
	refused(40007, "image", object{"media_id": "nobody"})
	refused(40058, "link", object{"title": "无地址", "url": "ftp://x"})
	refused(90207, "miniprogram", object{"appid": "x", "pagepath": "a.html"})
	refused(40058, "msgmenu", nil)
	refused(95008, "msgmenu", object{"list": many(11, click)})
	refused(95008, "msgmenu", object{"list": many(51, object{"type": "text", "text": object{"content": "行"}})})
	refused(95009, "msgmenu", object{"list": many(1, object{"type": "button"})})
	refused(40058, "location", object{"latitude": 91, "longitude": 0})
	refused(40008, "business_card", nil)
	refused(40058, "ca_link", object{"link_url": "https://example.test"})
	d.good("kf/send_msg", object{"touser": customer, "open_kfid": d.kf, "msgtype": "msgmenu", "msgmenu": object{
		"head_content": "请选择", "tail_content": "谢谢", "list": []object{
			click,
			{"type": "view", "view": object{"url": "https://example.test/p", "content": "群码"}},
			{"type": "text", "text": object{"content": "或直接留言", "no_newline": 1}},
		},
	}})
	rows := d.Deliveries(0)
	if got := rows[len(rows)-1].Text; got != "请选择\n[进群]\n[群码] https://example.test/p\n或直接留言\n谢谢" {
		t.Errorf("menu in the oracle: got %q", got)
	}
	if item := d.act("customer_says", object{"kf": d.kf, "customer": customer, "text": "进群", "menu_id": "1"}); item["msgid"] == nil {
		t.Errorf("click: got %v", item)
	}
}

func TestABlockedAccountLearnsOfTheFailureByEvent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.says(d.stranger(), "在吗")["customer"]
	d.act("customer_blocks_kf", object{"kf": d.kf, "customer": customer})
	before := len(d.Deliveries(0))
	id := d.good("kf/send_msg", d.text(customer, "在的"))["msgid"]
	if e := d.event("msg_send_fail"); e["fail_msgid"] != id || e["fail_type"] != 10.0 {
		t.Errorf("msg_send_fail: got %v", e)
	}
	if got := len(d.Deliveries(0)); got != before {
		t.Errorf("the message reached the customer all the same")
	}
}

func TestWhatACustomerSendsArrivesByKind(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sent := d.act("customer_sends_image", object{"kf": d.kf})
	item := d.news()[0]
	media := item["image"].(map[string]any)["media_id"]
	if media != sent["media_id"] || item["msgtype"] != "image" {
		t.Errorf("picture: got %v", item)
	}
	if status, body := d.download(fmt.Sprint(media), ""); status != 200 || !strings.HasPrefix(body, "\x89PNG") {
		t.Errorf("media/get: status %d, %d bytes", status, len(body))
	}
	d.act("customer_sends", object{"kf": d.kf, "customer": sent["customer"], "msgtype": "location", "content": object{"latitude": 30.25, "longitude": 120.16}})
	d.act("customer_sends", object{"kf": d.kf, "customer": sent["customer"], "msgtype": "note"})
	items := d.news()
	if items[0]["location"].(map[string]any)["latitude"] != 30.25 || items[1]["msgtype"] != "note" {
		t.Errorf("location and note: got %v", items)
	}
	d.act("customer_recalls", object{"kf": d.kf, "customer": sent["customer"], "msgid": sent["msgid"]})
	if e := d.event("user_recall_msg"); e["recall_msgid"] != sent["msgid"] {
		t.Errorf("recall: got %v", e)
	}
}

func TestTheSameScriptGivesTheSameKfWorld(t *testing.T) {
	t.Parallel()
	play := func() ([]object, []Delivery) {
		d := newDesk(t)
		d.act("open_kf", nil)
		said := d.act("customer_says", object{"kf": d.kf})
		d.act("customer_sends_image", object{"kf": d.kf})
		d.good("kf/send_msg", d.text(said["customer"], "在的"))
		d.trans(said["customer"], 2, "")
		d.act("servicer_takes", nil)
		d.act("servicer_says", nil)
		d.cursor = ""
		return d.news(), d.Deliveries(0)
	}
	items, rows := play()
	items2, rows2 := play()
	if diff := cmp.Diff(items, items2); diff != "" {
		t.Errorf("items differ:\n%s", diff)
	}
	if diff := cmp.Diff(rows, rows2); diff != "" {
		t.Errorf("deliveries differ:\n%s", diff)
	}
	if len(items) < 6 {
		t.Errorf("only %d items were compared", len(items))
	}
}

func TestTheLivingPopulationAsksAndIsServed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.control("life", object{"running": true, "arrivals_per_hour": 0, "kf_per_hour": 60})
	d.later(20 * time.Minute)
	var customer any
	for _, item := range d.news() {
		if item["origin"] == 3.0 {
			customer = item["external_userid"]
		}
	}
	if customer == nil {
		t.Fatal("nobody wrote to the account in 20 minutes")
	}
	d.trans(customer, 2, "")
	d.control("life", object{"running": true, "arrivals_per_hour": 0, "kf_per_hour": 0})
	d.trans(customer, 3, "S01")
	d.later(20 * time.Minute)
	if got := d.state(customer); got != 4 {
		t.Errorf("state after a servicer had 20 minutes: got %v, want 4", got)
	}
	said := false
	for _, row := range d.Deliveries(0) {
		said = said || row.Customer == customer && row.Kind == "kf" && row.Origin == "member"
	}
	if !said {
		t.Error("no servicer said anything")
	}
}
