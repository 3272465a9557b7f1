package sandbox

import "maps"

// wayCalls are the good calls of contact ways and of the ways into groups.
func wayCalls() map[string]func(r *rig) goodCall {
	add, update := contactWayBodies()
	made := func(r *rig) any { return r.good("externalcontact/add_contact_way", add(r))["config_id"] }
	named := func(r *rig) goodCall { return external(object{"config_id": made(r)}) }
	joined := func(r *rig) any { return r.good("externalcontact/groupchat/add_join_way", joinBody(r))["config_id"] }
	joinNamed := func(r *rig) goodCall { return external(object{"config_id": joined(r)}) }
	return map[string]func(r *rig) goodCall{
		"add_contact_way": func(r *rig) goodCall {
			c := external(add(r))
			c.lax = map[string]string{"style/enum": "a code in scene 2 has no style"}
			return c
		},
		"get_contact_way": named,
		"del_contact_way": named,
		"update_contact_way": func(r *rig) goodCall {
			body := update(r)
			body["config_id"] = made(r)
			return external(body)
		},
		"list_contact_way": func(r *rig) goodCall {
			made(r)
			now := r.Now().Unix()
			c := external(object{"start_time": now - 60, "end_time": now + 60, "cursor": "", "limit": 10})
			c.lax = map[string]string{"limit/limit": "a larger limit reads 1,000"}
			return c
		},
		"groupchat.add_join_way": func(r *rig) goodCall {
			c := external(joinBody(r))
			c.lax = map[string]string{"remark/limit": "cut, not refused"}
			return c
		},
		"groupchat.get_join_way": joinNamed,
		"groupchat.del_join_way": joinNamed,
		"groupchat.update_join_way": func(r *rig) goodCall {
			body := joinBody(r)
			body["config_id"], body["remark"] = joined(r), "换新"
			c := external(body)
			c.lax = map[string]string{"remark/limit": "cut, not refused"}
			return c
		},
	}
}

// contactWayBodies are a temp way with everything it can have, and a change of
// it.
func contactWayBodies() (add, update func(r *rig) object) {
	words := func(r *rig) object {
		return object{
			"text":  text("谢谢咨询"),
			"image": object{"media_id": r.upload("image", "a.png", tinyPNG)["media_id"]},
			"link":  object{"title": "会员日", "picurl": "https://example.com/a.png", "desc": "到店有礼", "url": "https://example.com"},
			"miniprogram": object{
				"title": "商城", "pic_media_id": r.upload("image", "b.png", tinyPNG)["media_id"], "appid": "wx8bd80126147df384", "page": "pages/index",
			},
		}
	}
	update = func(r *rig) object {
		return object{
			"remark": "门口", "skip_verify": false, "style": 2, "state": "door", "user": []string{"S03"}, "party": []int{},
			"expires_in": 3600, "chat_expires_in": 7200, "unionid": "oxTWIuGaIt6gTKsQRLau2M0AAAA", "mark_source": false, "conclusions": words(r),
		}
	}
	add = func(r *rig) object {
		out := update(r)
		maps.Copy(out, object{"type": 1, "scene": 1, "is_temp": true, "is_exclusive": false, "style": 1, "remark": "柜台", "expires_in": 86400})
		return out
	}
	return add, update
}

func joinBody(r *rig) object {
	return object{
		"scene": 2, "remark": "门店", "auto_create_room": 1, "room_base_name": "会员群", "room_base_id": 10,
		"chat_id_list": r.chats()[:2], "state": "door", "mark_source": true,
	}
}
