package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const welcomeTemplate = "externalcontact/group_welcome_template/"

func TestAGroupGreetsThoseWhoJoin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	image := r.upload("image", "a.png", png1x1)["media_id"]
	id := r.good(welcomeTemplate+"add", object{"text": text("欢迎 %NICKNAME%！"), "image": object{"media_id": image}})["template_id"]
	got := r.good(welcomeTemplate+"get", object{"template_id": id})
	picture := fmt.Sprint(got["image"].(map[string]any)["pic_url"])
	if got["text"].(map[string]any)["content"] != "欢迎 %NICKNAME%！" || !strings.HasPrefix(picture, r.URL+"/wwpic/") ||
		got["image"].(map[string]any)["media_id"] != nil || got["link"] != nil {
		t.Errorf("template: got %v", got)
	}
	r.good(welcomeTemplate+"edit", object{"template_id": id, "text": text("你好 %NICKNAME%"), "image": object{"pic_url": picture}})
	chat := r.chats()[1]
	r.act("staff_sets_group_welcome", object{"chat": chat, "template": id})
	way := r.good("externalcontact/groupchat/add_join_way", object{"scene": 2, "auto_create_room": 0, "chat_id_list": []any{chat}})
	first := r.act("scan_join_way", object{"config_id": way["config_id"]})["customer"]
	r.advance(greetingGap / 2)
	second := r.act("scan_join_way", object{"config_id": way["config_id"]})["customer"]
	if rows := r.Deliveries(0); len(rows) != 0 {
		t.Errorf("greeted at once: %+v", rows)
	}
	r.advance(greetingGap)
	name := func(id any) string {
		n, _ := r.world.customerByID(fmt.Sprint(id))
		return customerName(n)
	}
	rows := r.Deliveries(0)
	if len(rows) != 1 || rows[0].Kind != "group_welcome" || rows[0].Channel != "group" || rows[0].Chat != chat || rows[0].Task != id ||
		rows[0].Text != "你好 "+name(first)+"、"+name(second)+"[image]" {
		t.Fatalf("greeting: got %+v", rows)
	}
	r.good(welcomeTemplate+"del", object{"template_id": id})
	r.refused(40037, welcomeTemplate+"get", object{"template_id": id})
	r.act("scan_join_way", object{"config_id": way["config_id"]})
	r.advance(2 * greetingGap)
	if rows := r.Deliveries(1); len(rows) != 0 {
		t.Errorf("a deleted template greets: %+v", rows)
	}
}

func TestGroupWelcomeTemplatesRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const add = welcomeTemplate + "add"
	r.refused(40058, add, object{})
	r.refused(40058, add, object{"text": text(strings.Repeat("a", groupWelcomeText+1))})
	r.refused(40007, add, object{"image": object{"media_id": "none"}})
	r.refused(40007, add, object{"file": object{"media_id": "none"}})
	r.refused(40058, add, object{"image": object{"pic_url": "https://example.com/a.png"}})
	r.refused(40058, add, object{"text": text("a"), "notify": 2})
	r.refused(41016, add, object{"link": object{"url": "https://example.com"}})
	both := r.good(add, object{"link": object{"title": "a", "url": "https://example.com"}, "file": object{"media_id": "none"}})["template_id"]
	if got := r.good(welcomeTemplate+"get", object{"template_id": both}); got["file"] != nil || got["link"] == nil {
		t.Errorf("of several kinds the first counts: got %v", got)
	}
	for _, path := range []string{"edit", "get", "del"} {
		r.refused(40036, welcomeTemplate+path, object{"template_id": "msg"})
		r.refused(40037, welcomeTemplate+path, object{"template_id": "msg" + strings.Repeat("0", 29)})
	}
	for range groupWelcomeLimit - 1 {
		r.good(add, object{"text": text("a")})
	}
	r.refused(41055, add, object{"text": text("a")})
}

func TestAnExpiredPictureKeepsAGroupFromGreeting(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	image := r.upload("image", "a.png", png1x1)["media_id"]
	id := r.good(welcomeTemplate+"add", object{"text": text("欢迎"), "image": object{"media_id": image}})["template_id"]
	chat := r.chats()[1]
	r.act("staff_sets_group_welcome", object{"chat": chat, "template": id})
	way := r.good("externalcontact/groupchat/add_join_way", object{"scene": 2, "auto_create_room": 0, "chat_id_list": []any{chat}})
	r.advance(mediaLife + time.Second)
	r.act("scan_join_way", object{"config_id": way["config_id"]})
	r.advance(2 * greetingGap)
	if rows := r.Deliveries(0); len(rows) != 0 {
		t.Errorf("greeted with expired media: %+v", rows)
	}
}
