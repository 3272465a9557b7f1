package sandbox

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reader is a rig that works as the archive's app: it pulls, opens with the key
// files of the ready line, and decrypts.
type reader struct {
	*rig
	seq float64
}

func newReader(t *testing.T, change ...func(*Options)) *reader {
	t.Helper()
	r := newRig(t, change...)
	r.token = r.tokenOf(r.Ready.Secrets.Archive)
	return &reader{rig: r}
}

func (r *reader) finance(call string, body object) object {
	r.t.Helper()
	status, out := r.do("POST", "/finance/v1/"+call, body)
	if status != 200 {
		r.t.Fatalf("finance/%s: status %d", call, status)
	}
	return out
}

// pull is one page of sealed messages after the last one.
func (r *reader) pull(limit int) []object {
	r.t.Helper()
	out := r.finance("chatdata", object{"corpid": r.Ready.CorpID, "seq": r.seq, "limit": limit})
	if out["errcode"] != 0.0 {
		r.t.Fatalf("chatdata: %v", out)
	}
	var rows []object
	for _, row := range list(out["chatdata"]) {
		m := row.(map[string]any)
		if seq, _ := m["seq"].(float64); seq <= r.seq {
			r.t.Fatalf("seq %v follows %v", seq, r.seq)
		}
		r.seq, _ = m["seq"].(float64)
		rows = append(rows, m)
	}
	return rows
}

// open decrypts a sealed message the way a platform does.
func (r *reader) open(sealed object) object {
	r.t.Helper()
	out := r.finance("decrypt", object{"encrypt_key": r.randomKey(sealed), "encrypt_msg": sealed["encrypt_chat_msg"]})
	if out["errcode"] != 0.0 {
		r.t.Fatalf("decrypt: %v", out)
	}
	return out["msg"].(map[string]any)
}

// randomKey opens the key of a message with the key file of its version.
func (r *reader) randomKey(sealed object) string {
	r.t.Helper()
	dir, _ := r.Ready.Archive["keys_dir"].(string)
	file := filepath.Join(dir, fmt.Sprintf("%v.pem", sealed["publickey_ver"]))
	raw, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		r.t.Errorf("%s: mode %v, %v, want 0600", file, info.Mode(), err)
	}
	block, _ := pem.Decode(raw)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		r.t.Fatal(err)
	}
	box, err := base64.StdEncoding.DecodeString(fmt.Sprint(sealed["encrypt_random_key"]))
	if err != nil {
		r.t.Fatal(err)
	}
	random, err := rsa.DecryptPKCS1v15(nil, key.(*rsa.PrivateKey), box) //nolint:staticcheck // the archive prescribes it
	if err != nil {
		r.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(random)
}

// news are all messages since the last call, open.
func (r *reader) news() []object {
	r.t.Helper()
	var out []object
	for {
		page := r.pull(100)
		if len(page) == 0 {
			return out
		}
		for _, sealed := range page {
			m := r.open(sealed)
			if m["msgid"] != sealed["msgid"] {
				r.t.Errorf("msgid inside %v, outside %v", m["msgid"], sealed["msgid"])
			}
			out = append(out, m)
		}
	}
}

// agreed is a pair of which the customer has agreed just now.
func (r *reader) agreed() (staff, customer any) {
	r.t.Helper()
	pair := r.act("agree_archive", nil)
	r.news()
	return pair["staff"], pair["customer"]
}

func TestArchivedWordsAreSealedForTheCorpAndOpenWithItsKey(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	r.act("customer_says", object{"staff": staff, "customer": customer, "text": "有敏感肌能用的吗"})
	r.act("staff_says", object{"staff": staff, "customer": customer, "text": "有的"})
	got := r.news()
	if len(got) != 2 {
		t.Fatalf("messages: got %v, want 2", got)
	}
	want := object{
		"msgid": got[0]["msgid"], "action": "send", "from": customer, "tolist": []any{staff}, "roomid": "",
		"msgtime": float64(testStart.UnixMilli()), "msgtype": "text", "text": map[string]any{"content": "有敏感肌能用的吗"},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("customer's words (-want +got):\n%s", diff)
	}
	if id := fmt.Sprint(got[0]["msgid"]); !strings.HasSuffix(id, fmt.Sprint("_", testStart.UnixMilli(), "_external")) {
		t.Errorf("msgid %s: want the time and _external at its end", id)
	}
	if got[1]["from"] != staff || !slices.Equal(list(got[1]["tolist"]), []any{customer}) {
		t.Errorf("member's words: got %v", got[1])
	}
}

func TestWhoHasNotAgreedIsNotArchived(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	fresh := r.act("scan_contact_way", nil)
	say := func() bool {
		out := r.act("customer_sends", object{"staff": fresh["staff"], "customer": fresh["customer"], "msgtype": "text", "text": "在吗"})
		return out["archived"] == true
	}
	status := func() any {
		info := list(r.good("msgaudit/check_single_agree", object{"info": []object{{"userid": fresh["staff"], "exteranalopenid": fresh["customer"]}}})["agreeinfo"])
		if len(info) == 0 {
			return nil
		}
		return info[0].(map[string]any)["agree_status"]
	}
	pair := func() object { return object{"staff": fresh["staff"], "customer": fresh["customer"]} }
	if say() || status() != nil {
		t.Error("a customer who decided nothing was archived")
	}
	r.act("agree_archive", pair())
	if !say() || status() != "Agree" {
		t.Error("a customer who agreed was not archived")
	}
	r.act("disagree_archive", pair())
	if say() || status() != "Disagree" {
		t.Error("a customer who disagrees was archived")
	}
	r.act("agree_archive", pair())
	r.act("admin_sets_archive", object{"staff": fresh["staff"], "edition": 0})
	if say() {
		t.Error("a member without a seat was archived")
	}
	var kinds []string
	for _, m := range r.news() {
		kinds = append(kinds, fmt.Sprint(m["msgtype"]))
	}
	if diff := cmp.Diff([]string{"agree", "text", "disagree", "agree"}, kinds); diff != "" {
		t.Errorf("the archive (-want +got):\n%s", diff)
	}
}

func TestConsentTellsThePlatformAndBringsAWelcome(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	in := listenTo(r.rig, nil)
	fresh := r.act("scan_contact_way", nil)
	in.wait(1)
	r.act("agree_archive", object{"staff": fresh["staff"], "customer": fresh["customer"]})
	docs := in.wait(2)[1:]
	slices.SortFunc(docs, func(a, b string) int { return strings.Compare(elementText(a, "Event"), elementText(b, "Event")) })
	approved, notify := docs[0], docs[1]
	code := elementText(approved, "WelcomeCode")
	head := fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType>", r.Ready.CorpID, testStart.Unix())
	want := head + fmt.Sprintf("<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[msg_audit_approved]]></ChangeType><UserID><![CDATA[%v]]></UserID><ExternalUserID><![CDATA[%v]]></ExternalUserID><WelcomeCode><![CDATA[%s]]></WelcomeCode></xml>", fresh["staff"], fresh["customer"], code)
	if approved != want || code == "" {
		t.Errorf("consent:\n got %s\nwant %s", approved, want)
	}
	if want := head + "<AgentID>2000004</AgentID><Event><![CDATA[msgaudit_notify]]></Event></xml>"; notify != want {
		t.Errorf("news:\n got %s\nwant %s", notify, want)
	}
	// A chat that began, and at most one event in 15 seconds.
	r.act("customer_says", object{"staff": fresh["staff"], "customer": fresh["customer"]})
	r.act("disagree_archive", object{"staff": fresh["staff"], "customer": fresh["customer"]})
	r.act("agree_archive", object{"staff": fresh["staff"], "customer": fresh["customer"]})
	if doc := in.wait(1)[3]; strings.Contains(doc, "WelcomeCode") {
		t.Errorf("consent after the chat began: got %s", doc)
	}
	r.advance(archiveNotifyGap - time.Second)
	if got := len(in.wait(0)); got != 4 {
		t.Errorf("callbacks before 15 s: got %d, want 4", got)
	}
	r.advance(time.Second)
	if doc := in.wait(1)[4]; elementText(doc, "Event") != "msgaudit_notify" {
		t.Errorf("after 15 s: got %s", doc)
	}
}

// TestEveryKindArises sends each kind and holds its keys to the samples of the
// facts.
func TestEveryKindArises(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/archive-samples.json")
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]object{}
	if err := json.Unmarshal(raw, &samples); err != nil {
		t.Fatal(err)
	}
	if len(samples) != 34 {
		t.Fatalf("samples: got %d, want 34", len(samples))
	}
	r := newReader(t, func(o *Options) { o.Switches = map[string]string{"archive.unknown_kinds": "raw"} })
	staff, customer := r.agreed()
	for id, sample := range samples {
		switch who := (object{"staff": staff, "customer": customer}); id {
		case "agree", "disagree":
			r.act("disagree_archive", who)
			r.act("agree_archive", object{"staff": staff, "customer": customer})
		case "switch":
			r.act("staff_switches_corp", object{"staff": staff})
		case "redpacket":
			r.act("staff_sends", object{"msgtype": id, "chat": r.world.archive.rooms[0].id})
		case "markdown", "news":
			r.act("staff_sends", object{"msgtype": id, "robot": true})
		case "revoke":
			r.act("staff_sends", object{"msgtype": "text", "staff": staff, "customer": customer})
			r.act("staff_sends", object{"msgtype": id, "staff": staff, "customer": customer})
		default:
			who["msgtype"] = id
			if got := r.act("staff_sends", who); got["archived"] != true {
				t.Errorf("%s was not archived: %v", id, got)
			}
		}
		found := false
		for _, m := range r.news() {
			if m["msgtype"] == sample["msgtype"] && (id != "switch" || m["action"] == "switch") {
				found = true
				if diff := cmp.Diff(keys(map[string]any(sample)), keys(map[string]any(m))); diff != "" {
					t.Errorf("%s: keys (-want +got):\n%s", id, diff)
				}
			}
		}
		if !found {
			t.Errorf("%s did not arise", id)
		}
	}
}

// keys are the names in a value, by path; JSON inside strings is opened.
func keys(v any) []string {
	seen := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				seen[path+"/"+name] = true
				walk(path+"/"+name, inner)
			}
		case []any:
			for _, inner := range v {
				walk(path+"[]", inner)
			}
		case string:
			var inner map[string]any
			if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
				walk(path+"{}", inner)
			}
		}
	}
	walk("", v)
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestKindsTheArchiveDoesNotKnowComeAsText(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	r.act("customer_sends", object{"staff": staff, "customer": customer, "msgtype": "solitaire"})
	m := r.news()[0]
	if m["msgtype"] != "text" || m["text"].(map[string]any)["content"] != "【未知消息类型】" {
		t.Errorf("a group relay: got %v", m)
	}
}

func TestMediaComesInPiecesForFiveDays(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	r.act("customer_sends", object{"staff": staff, "customer": customer, "msgtype": "video", "size": 2*mediaChunk + 7})
	video := r.news()[0]["video"].(map[string]any)
	var sizes []int
	var all []byte
	index := ""
	for {
		out := r.finance("media", object{"sdkfileid": video["sdkfileid"], "indexbuf": index})
		piece, err := base64.StdEncoding.DecodeString(fmt.Sprint(out["data"]))
		if err != nil {
			t.Fatal(err)
		}
		sizes, all = append(sizes, len(piece)), append(all, piece...)
		index = fmt.Sprint(out["outindexbuf"])
		if out["is_finish"] == true {
			break
		}
	}
	if diff := cmp.Diff([]int{mediaChunk, mediaChunk, 7}, sizes); diff != "" || video["filesize"] != float64(len(all)) {
		t.Errorf("pieces of %v bytes (-want +got):\n%s", video["filesize"], diff)
	}
	if string(all[4:8]) != "ftyp" {
		t.Errorf("the file does not begin like a film: %q", all[:8])
	}
	wrong := func(code float64, body object) {
		t.Helper()
		if out := r.finance("media", body); out["errcode"] != code {
			t.Errorf("media %v: got %v, want %v", body, out, code)
		}
	}
	wrong(10000, object{"sdkfileid": video["sdkfileid"], "indexbuf": "abc-7"})
	wrong(10000, object{})
	wrong(10005, object{"sdkfileid": "nobody"})
	r.advance(archiveLife)
	wrong(10010, object{"sdkfileid": video["sdkfileid"]})
	if got := r.pull(1000); len(got) != 0 {
		t.Errorf("messages after 5 days: got %d", len(got))
	}
	r.seq = 0
	r.act("staff_says", object{"staff": staff, "customer": customer, "text": "还在"})
	if got := r.news(); len(got) != 1 {
		t.Errorf("an old seq starts at the first of the last 5 days: got %v", got)
	}
}

func TestTheBoundaryJudgesItsCallers(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	r.act("staff_says", object{"staff": staff, "customer": customer, "text": "好"})
	good := object{"corpid": r.Ready.CorpID, "seq": 0, "limit": 1000}
	without := func(name string, value any) object {
		body := object{}
		maps.Copy(body, good)
		if body[name] = value; value == nil {
			delete(body, name)
		}
		return body
	}
	for name, body := range map[string]object{
		"no corp": without("corpid", nil), "other corp": without("corpid", "ww1"), "no seq": without("seq", nil), "seq of text": without("seq", "1"),
		"no limit": without("limit", nil), "limit 0": without("limit", 0), "limit 1001": without("limit", 1001), "unknown field": without("sequence", 1),
	} {
		if out := r.finance("chatdata", body); out["errcode"] != 10000.0 {
			t.Errorf("%s: got %v, want 10000", name, out)
		}
	}
	sealed := r.finance("chatdata", good)["chatdata"].([]any)[0].(map[string]any)
	key := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(make([]byte, 32))))
	for name, c := range map[string]struct {
		body object
		code float64
	}{
		"no key":             {object{"encrypt_msg": sealed["encrypt_chat_msg"]}, 10000},
		"no message":         {object{"encrypt_key": key}, 10000},
		"key as it is":       {object{"encrypt_key": "AAAA", "encrypt_msg": sealed["encrypt_chat_msg"]}, 10006},
		"wrong key":          {object{"encrypt_key": key, "encrypt_msg": sealed["encrypt_chat_msg"]}, 10006},
		"no message of ours": {object{"encrypt_key": key, "encrypt_msg": "AAAA"}, 10008},
	} {
		if out := r.finance("decrypt", c.body); out["errcode"] != c.code {
			t.Errorf("decrypt with %s: got %v, want %v", name, out, c.code)
		}
	}
	if out := r.finance("health", nil); out["kind"] != "sandbox" || out["version"] != "zy1" {
		t.Errorf("health: got %v", out)
	}
	if err := r.SetSwitch("archive.open", "off"); err != nil {
		t.Fatal(err)
	}
	if out := r.finance("chatdata", good); out["errcode"] != 301053.0 {
		t.Errorf("closed archive: got %v", out)
	}
	r.refused(301053, "msgaudit/get_permit_user_list", object{})
}

func TestANewKeySealsWhatComesAfterIt(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	say := func() { r.act("staff_says", object{"staff": staff, "customer": customer, "text": "好"}) }
	say()
	if got := r.act("admin_rotates_archive_key", nil)["publickey_ver"]; got != 2.0 {
		t.Fatalf("version: got %v, want 2", got)
	}
	say()
	rows := r.pull(10)
	if len(rows) != 2 || rows[0]["publickey_ver"] != 1.0 || rows[1]["publickey_ver"] != 2.0 {
		t.Fatalf("versions: got %v", rows)
	}
	for _, sealed := range rows {
		if m := r.open(sealed); m["from"] != staff {
			t.Errorf("message of version %v: got %v", sealed["publickey_ver"], m)
		}
	}
}

func TestArchiveCallsAnswerTheirFacts(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	all := list(r.good("msgaudit/get_permit_user_list", object{})["ids"])
	sum := 0
	for edition := 1; edition <= 3; edition++ {
		sum += len(list(r.good("msgaudit/get_permit_user_list", object{"type": edition})["ids"]))
	}
	if len(all) != 10 || sum != 10 {
		t.Errorf("seats: got %d, %d by edition, want 10", len(all), sum)
	}
	r.act("admin_sets_archive", object{"staff": all[0], "edition": 0})
	if got := len(list(r.good("msgaudit/get_permit_user_list", object{})["ids"])); got != 9 {
		t.Errorf("seats after one was taken: got %d, want 9", got)
	}
	r.refused(40058, "msgaudit/get_permit_user_list", object{"type": 4})

	one := object{"userid": "S03", "exteranalopenid": "wmNobody"}
	r.refused(40058, "msgaudit/check_single_agree", object{})
	r.refused(301060, "msgaudit/check_single_agree", object{"info": slices.Repeat([]object{one}, 101)})
	r.refused(301061, "msgaudit/check_single_agree", object{"info": []object{one}})

	group := r.world.chats[0]
	agreed := list(r.good("msgaudit/check_room_agree", object{"roomid": group.id})["agreeinfo"])
	if len(agreed) == 0 || agreed[0].(map[string]any)["userid"] != nil {
		t.Errorf("consent of a group: got %v", agreed)
	}
	decided := r.act("disagree_archive", object{"chat": group.id})
	if !slices.ContainsFunc(list(r.good("msgaudit/check_room_agree", object{"roomid": group.id})["agreeinfo"]), func(v any) bool {
		m := v.(map[string]any)
		return m["exteranalopenid"] == decided["customer"] && m["agree_status"] == "Disagree" && m["status_change_time"] == float64(testStart.Unix())
	}) {
		t.Error("the refusal does not show")
	}
	r.refused(301061, "msgaudit/check_room_agree", object{"roomid": "wrNobody"})
	r.refused(301059, "msgaudit/groupchat/get", object{"roomid": group.id})
	room := r.good("msgaudit/groupchat/get", object{"roomid": r.world.archive.rooms[0].id})
	if room["creator"] != "S01" || len(list(room["members"])) != 2 || room["roomname"] == "" {
		t.Errorf("group of members: got %v", room)
	}
	posted := r.act("staff_sends", object{"robot": true, "msgtype": "markdown"})
	data := r.good("msgaudit/get_robot_info", url.Values{"robot_id": {fmt.Sprint(posted["robot"])}})["data"]
	if diff := cmp.Diff(map[string]any{"robot_id": posted["robot"], "name": "值班提醒", "creator_userid": "S01"}, data); diff != "" {
		t.Errorf("robot (-want +got):\n%s", diff)
	}
	r.refused(40058, "msgaudit/get_robot_info", url.Values{})
	r.token = r.tokenOf(r.Ready.Secrets.App)
	r.refused(48002, "msgaudit/get_permit_user_list", object{})
}

func TestGroupsAreArchivedByTheSpeakersConsent(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	group := r.world.chats[0]
	refuser := r.act("disagree_archive", object{"chat": group.id})["customer"]
	agreer := r.act("disagree_archive", object{"chat": group.id})["customer"]
	r.act("agree_archive", object{"chat": group.id, "customer": agreer})
	says := func(who any) bool {
		return r.act("customer_sends", object{"chat": group.id, "customer": who, "msgtype": "text"})["archived"] == true
	}
	if says(refuser) || !says(agreer) {
		t.Error("want the words of who agreed, and of nobody else")
	}
	out := r.act("staff_sends", object{"chat": group.id, "msgtype": "external_redpacket", "content": object{"totalcnt": 5, "totalamount": 2000}})
	m := r.news()
	last := m[len(m)-1]
	if out["archived"] != true || last["roomid"] != group.id || len(list(last["tolist"])) != len(group.members)-1 {
		t.Errorf("red packet in a group: got %v", last)
	}
	if diff := cmp.Diff(map[string]any{"type": 1.0, "wish": "恭喜发财", "totalcnt": 5.0, "totalamount": 2000.0}, last["redpacket"]); diff != "" {
		t.Errorf("red packet (-want +got):\n%s", diff)
	}
	if err := r.SetSwitch("archive.group_consent", "everyone"); err != nil {
		t.Fatal(err)
	}
	if says(agreer) {
		t.Error("archived although not everyone agreed")
	}
}

func TestTheSameScriptGivesTheSameSealedArchive(t *testing.T) {
	t.Parallel()
	play := func() []object {
		r := newReader(t)
		staff, customer := r.agreed()
		r.seq = 0
		for _, kind := range []string{"text", "image", "mixed"} {
			r.act("customer_sends", object{"staff": staff, "customer": customer, "msgtype": kind})
		}
		return r.pull(100)
	}
	if diff := cmp.Diff(play(), play()); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}

func TestWhatAMemberSendsThroughWeComIsArchivedAsTheirWords(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	staff, customer := r.agreed()
	archive := r.token
	r.token = r.tokenOf(r.Ready.Secrets.External)
	send := func() {
		made := r.good("externalcontact/add_msg_template", object{
			"chat_type": "single", "external_userid": []any{customer}, "sender": staff, "text": object{"content": "周三答疑"},
			"attachments": []object{{"msgtype": "link", "link": object{"title": "课程", "url": "https://example.test/c"}}},
		})
		r.advance(2 * time.Second)
		r.act("staff_confirms", object{"staff": staff, "msgid": made["msgid"]})
	}
	send()
	if err := r.SetSwitch("archive.sent", "off"); err != nil {
		t.Fatal(err)
	}
	send()
	r.token = archive
	var got []any
	for _, m := range r.news() {
		got = append(got, m["from"], m["text"], m["link"])
	}
	want := []any{
		staff,
		map[string]any{"content": "周三答疑"},
		nil,
		staff, nil,
		map[string]any{"title": "课程", "description": "", "link_url": "https://example.test/c", "image_url": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("archived (-want +got):\n%s", diff)
	}
}
