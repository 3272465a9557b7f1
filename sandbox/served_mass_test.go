package sandbox

import (
	"maps"
	"slices"
)

// massCalls are the good calls of mass messages and welcomes.
func massCalls() map[string]func(r *rig) goodCall {
	sent := func(r *rig) any {
		id := r.good("externalcontact/add_msg_template", object{"sender": "S03", "text": text("上新")})["msgid"]
		r.advance(settleTime)
		return id
	}
	confirmed := func(r *rig) any {
		id := sent(r)
		r.act("staff_confirms", object{"staff": "S03", "msgid": id})
		return id
	}
	named := func(r *rig) goodCall { return external(object{"msgid": sent(r)}) }
	return map[string]func(r *rig) goodCall{
		"add_msg_template": func(r *rig) goodCall {
			body := attached(r)
			maps.Copy(body, object{
				"chat_type": "single", "external_userid": []string{r.only("S03", "S04")}, "chat_id_list": []string{r.chats()[0]}, "sender": "S03", "allow_select": true,
				"tag_filter": object{"group_list": []object{{"tag_list": []string{r.world.tags[0].id}}}},
			})
			return external(body)
		},
		"get_groupmsg_list_v2": func(r *rig) goodCall {
			sent(r)
			now := r.Now().Unix()
			c := paged(object{
				"chat_type": "single", "start_time": now - 60, "end_time": now + 60, "creator": "S03", "filter_type": 2, "limit": 10, "cursor": "",
			})
			c.lax["end_time/limit"] = "a month after start_time, not a number"
			return c
		},
		"get_groupmsg_task": func(r *rig) goodCall { return paged(object{"msgid": confirmed(r), "limit": 10, "cursor": ""}) },
		"get_groupmsg_send_result": func(r *rig) goodCall {
			return paged(object{"msgid": confirmed(r), "userid": "S03", "limit": 10, "cursor": ""})
		},
		"remind_groupmsg_send": named,
		"cancel_groupmsg_send": named,
		"send_welcome_msg": func(r *rig) goodCall {
			body := attached(r)
			r.act("scan_contact_way", nil)
			r.mu.Lock()
			defer r.mu.Unlock()
			body["welcome_code"] = slices.Collect(maps.Keys(r.world.welcomes))[0]
			c := external(body)
			c.lax = map[string]string{"welcome_code/limit": "20 s is its life, not its length"}
			return c
		},
	}
}

// attached is a message with one attachment of each kind, a link first.
func attached(r *rig) object {
	image := r.upload("image", "a.png", tinyPNG)["media_id"]
	return object{
		"text": text("欢迎"),
		"attachments": []object{
			{"msgtype": "link", "link": object{"title": "会员日", "picurl": "https://example.com/a.png", "desc": "到店有礼", "url": "https://example.com"}},
			{"msgtype": "image", "image": object{"media_id": image}},
			{"msgtype": "image", "image": object{"pic_url": r.form("media/uploadimg?type=image", "media", "a.png", tinyPNG)["url"]}},
			{"msgtype": "miniprogram", "miniprogram": object{"title": "商城", "pic_media_id": image, "appid": "wx8bd80126147df384", "page": "pages/index"}},
			{"msgtype": "video", "video": object{"media_id": r.upload("video", "a.mp4", "....ftypmp42....")["media_id"]}},
			{"msgtype": "file", "file": object{"media_id": r.upload("file", "a.txt", "价目表")["media_id"]}},
		},
	}
}
