package sandbox

// relationCalls are the good calls of customers, their groups and corp tags.
func relationCalls() map[string]func(r *rig) goodCall {
	all := corpTagCalls()
	relation := func(r *rig, more object) object {
		staff, customer := r.someCustomer()
		more["userid"], more["external_userid"] = staff, customer
		return more
	}
	all["get_follow_user_list"] = func(*rig) goodCall { return external(nil) }
	all["list"] = func(*rig) goodCall { return goodCall{as: AreaExternal, query: object{"userid": "S03"}} }
	all["get"] = func(r *rig) goodCall {
		_, customer := r.someCustomer()
		return goodCall{as: AreaExternal, query: object{"external_userid": customer, "cursor": ""}}
	}
	all["batch.get_by_user"] = func(*rig) goodCall {
		c := external(object{"userid_list": []string{"S03", "S04"}, "cursor": "", "limit": 50})
		c.lax = map[string]string{"limit/limit": "a larger limit reads 100"}
		return c
	}
	all["remark"] = func(r *rig) goodCall {
		return external(relation(r, object{
			"remark": "李姐", "description": "敏感肌", "remark_company": "花店", "remark_mobiles": []string{"13800000001"},
			"remark_pic_mediaid": r.upload("image", "a.png", tinyPNG)["media_id"],
		}))
	}
	all["mark_tag"] = func(r *rig) goodCall {
		return external(relation(r, object{"add_tag": []string{r.newTag()}, "remove_tag": []string{r.world.tags[0].id}}))
	}
	all["groupchat.list"] = func(*rig) goodCall {
		return external(object{
			"status_filter": 0, "owner_filter": object{"userid_list": []string{"S01", "S02", "S03"}}, "cursor": "", "limit": 10,
		})
	}
	all["groupchat.get"] = func(r *rig) goodCall { return external(object{"chat_id": r.chats()[0], "need_name": 1}) }
	return all
}

func corpTagCalls() map[string]func(r *rig) goodCall {
	return map[string]func(r *rig) goodCall{
		"get_corp_tag_list": func(r *rig) goodCall {
			return external(object{"tag_id": []string{r.newTag()}, "group_id": []string{r.world.tagGroups[0].id}})
		},
		"add_corp_tag": func(*rig) goodCall {
			return external(object{"group_name": "渠道", "order": 3, "tag": []object{{"name": "门店", "order": 1}}, "agentid": 1})
		},
		"edit_corp_tag": func(r *rig) goodCall {
			return external(object{"id": r.newTag(), "name": "新名", "order": 9, "agentid": 1})
		},
		"del_corp_tag": func(r *rig) goodCall {
			return external(object{"tag_id": []string{r.newTag()}, "group_id": []string{}, "agentid": 1})
		},
	}
}

// newTag is the id of a tag that customer contact made.
func (r *rig) newTag() string {
	r.t.Helper()
	r.fresh()
	made := r.good("externalcontact/add_corp_tag", object{"group_name": "意向", "tag": []object{{"name": "高"}}})
	return ids(made["tag_group"].(map[string]any)["tag"], "id")[0]
}
