package sandbox

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newRobot is the key and the id of a robot in the first group of members.
func (r *rig) newRobot() (key, id string) {
	r.t.Helper()
	made := r.act("staff_adds_robot", nil)
	return fmt.Sprint(made["key"]), fmt.Sprint(made["robot"])
}

// robotSays posts as a robot, without any token, and demands a code.
func (r *rig) robotSays(code int, key string, body object) {
	r.t.Helper()
	if _, out := r.do("POST", "/cgi-bin/webhook/send?key="+key, body); out["errcode"] != float64(code) {
		r.t.Errorf("webhook/send %v: got %v, want errcode %d", body, out, code)
	}
}

func picture(data string) object {
	sum := md5.Sum([]byte(data))
	return object{"base64": base64.StdEncoding.EncodeToString([]byte(data)), "md5": hex.EncodeToString(sum[:])}
}

func robotText(content string) object {
	return object{"msgtype": "text", "text": object{"content": content}}
}

func TestARobotPostsIntoItsGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key, id := r.newRobot()
	r.robotSays(0, key, object{"msgtype": "text", "text": object{
		"content": "到货", "mentioned_list": []string{"s02", "nobody", "@all"}, "mentioned_mobile_list": []string{"13800000000"},
	}})
	r.robotSays(0, key, object{"msgtype": "markdown", "markdown": object{"content": "**好** <@S01>"}})
	r.robotSays(0, key, object{"msgtype": "markdown_v2", "markdown_v2": object{"content": "# 好"}})
	r.robotSays(0, key, object{"msgtype": "image", "image": picture(tinyPNG)})
	r.robotSays(0, key, object{"msgtype": "news", "news": object{"articles": []object{{"title": "一", "url": "https://example.test"}}}})
	r.robotSays(0, key, object{"msgtype": "template_card", "template_card": object{
		"card_type": "text_notice", "main_title": object{"title": "日报"}, "card_action": object{"type": 1, "url": "https://example.test"},
	}})
	var texts []string
	for _, e := range r.entriesOf("robot_message") {
		if e.ID != id || e.Chat != r.world.archive.rooms[0].id {
			t.Errorf("message: got %+v", e)
		}
		texts = append(texts, e.Detail)
	}
	want := []string{"到货 @all @S02", "**好** <@S01>", "# 好", "[image]", "[news]一", "[template_card]日报"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	var archived []string
	for _, m := range r.world.archive.log {
		archived = append(archived, r.world.speakerID(m.from)+" "+m.kind)
	}
	if diff := cmp.Diff([]string{id + " text", id + " markdown"}, archived); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
	r.token = r.tokenOf(r.Ready.Secrets.Archive)
	data, _ := r.good("msgaudit/get_robot_info", url.Values{"robot_id": {id}})["data"].(map[string]any)
	if data["name"] != "消息推送" || data["creator_userid"] != "S01" {
		t.Errorf("robot: got %v", data)
	}
}

func TestRobotsRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key, id := r.newRobot()
	big := tinyPNG + strings.Repeat("a", robotImageLimit)
	wrong := picture(tinyPNG)
	wrong["md5"] = strings.Repeat("0", 32)
	action := object{"type": 1, "url": "https://example.test"}
	r.robotSays(93000, "nobody", robotText("a"))
	r.robotSays(93000, "", robotText("a"))
	for _, bad := range []struct {
		code int
		kind string
		part any
	}{
		{40008, "miniprogram_notice", object{}},
		{44004, "text", object{"content": ""}},
		{40058, "text", object{"content": strings.Repeat("a", robotTextLimit+1)}},
		{44004, "markdown", nil},
		{40058, "markdown", object{"content": strings.Repeat("a", robotMarkdownLimit+1)}},
		{40058, "markdown_v2", object{"content": strings.Repeat("a", robotMarkdownLimit+1)}},
		{40058, "image", object{"base64": "?", "md5": ""}},
		{301019, "image", wrong},
		{40009, "image", picture(big)},
		{40058, "image", picture("GIF89a and what follows")},
		{40058, "news", object{"articles": []object{}}},
		{40058, "news", object{"articles": []object{{"title": "a"}}}},
		{40058, "file", object{"media_id": r.upload("file", "a.txt", "a file of the corp")["media_id"]}},
		{40058, "template_card", object{"card_type": "button_interaction"}},
		{40058, "template_card", object{"card_type": "text_notice", "main_title": object{"title": "a"}}},
		{40058, "template_card", object{"card_type": "text_notice", "main_title": object{"title": "a"}, "card_action": action, "task_id": "a"}},
		{40058, "template_card", object{"card_type": "news_notice", "main_title": object{"title": "a"}, "card_action": action}},
	} {
		body := object{"msgtype": bad.kind}
		if bad.kind != "miniprogram_notice" {
			body[bad.kind] = bad.part
		}
		r.robotSays(bad.code, key, body)
	}
	r.act("staff_changes_robot", object{"robot": id, "stopped": true})
	r.robotSays(93004, key, robotText("a"))
	r.act("staff_changes_robot", object{"robot": id, "stopped": false})
	r.robotSays(0, key, robotText("a"))
	r.act("staff_changes_robot", object{"robot": id, "removed": true})
	r.robotSays(93000, key, robotText("a"))
	if status, _ := r.do("POST", "/_sandbox/act", object{"act": "staff_adds_robot", "chat": r.chats()[0]}); status != 400 {
		t.Errorf("a robot in a group with customers: status %d", status)
	}
}

func TestARobotPostsTwentyMessagesAMinute(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key, _ := r.newRobot()
	other, _ := r.newRobot()
	for range robotMessages {
		r.robotSays(0, key, robotText("a"))
	}
	r.advance(30 * time.Second)
	r.robotSays(45009, key, robotText("a"))
	r.robotSays(0, other, robotText("a"))
	r.advance(45 * time.Second)
	r.robotSays(45009, key, robotText("a")) // silent for a minute from the one too many
	r.advance(15 * time.Second)
	r.robotSays(0, key, robotText("a"))
	if got := len(r.entriesOf("robot_message")); got != robotMessages+2 {
		t.Errorf("messages: got %d, want %d", got, robotMessages+2)
	}
}

func TestOnlyTheRobotThatUploadedAFilePostsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key, _ := r.newRobot()
	other, _ := r.newRobot()
	upload := func(key, kind, content string) object {
		return r.form("webhook/upload_media?key="+key+"&type="+kind, "media", "a.txt", content)
	}
	made := upload(key, "file", "the price list")
	if made["errcode"] != 0.0 || made["type"] != "file" || made["created_at"] != fmt.Sprint(testStart.Unix()) {
		t.Fatalf("upload: %v", made)
	}
	file := object{"msgtype": "file", "file": object{"media_id": made["media_id"]}}
	r.robotSays(0, key, file)
	r.robotSays(40058, other, file)
	card := object{"msgtype": "template_card", "template_card": object{
		"card_type": "text_notice", "main_title": object{"title": "日报"}, "card_action": object{"type": 1, "url": "https://example.test"},
		"horizontal_content_list": []object{{"type": 2, "keyname": "附件", "value": "价目表", "media_id": made["media_id"]}},
	}}
	r.robotSays(0, key, card)
	r.robotSays(40058, other, card)
	r.robotSays(40058, key, object{"msgtype": "voice", "voice": file["file"]})
	r.refused(40007, "media/get", url.Values{"media_id": {fmt.Sprint(made["media_id"])}})
	for code, out := range map[float64]object{
		93000: upload("nobody", "file", "the price list"), 40004: upload(key, "image", tinyPNG), 40006: upload(key, "file", "five!"),
	} {
		if out["errcode"] != code {
			t.Errorf("upload: got %v, want %v", out, code)
		}
	}
	r.advance(mediaLife)
	r.robotSays(40058, key, file)
}

func TestAMemberAddsARobotToAChatOfTheApp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	chat := r.newAppChat()
	if status, _ := r.do("POST", "/_sandbox/act", object{"act": "staff_adds_robot", "chat": chat}); status != 400 {
		t.Error("nobody sees the chat before its first message")
	}
	r.good("appchat/send", object{"chatid": chat, "msgtype": "text", "text": object{"content": "交班"}})
	made := r.act("staff_adds_robot", object{"chat": chat, "staff": "S02", "name": "日报"})
	r.robotSays(0, fmt.Sprint(made["key"]), robotText("a"))
	if got := r.entriesOf("robot_message"); len(got) != 1 || got[0].Chat != chat {
		t.Errorf("messages: got %+v", got)
	}
}
