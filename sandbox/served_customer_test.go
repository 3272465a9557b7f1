package sandbox

import (
	"fmt"
	"maps"
)

// Reasons why a field is not refused.
const (
	fallsBack = "a larger limit falls back to the default"
	allOwners = "without it all owners of the visible range"
)

// customerCalls are the good calls of customer contact: customers, tags, ways,
// mass messages, Moments, handover, statistics, rule groups, acquisition,
// albums, intercept rules and the rest.
func customerCalls() map[string]func(r *rig) goodCall {
	all := map[string]func(r *rig) goodCall{}
	for _, part := range []map[string]func(r *rig) goodCall{
		momentCalls(), handoverCalls(), statisticCalls(), groupWelcomeCalls(), acquisitionCalls(), albumCalls(), interceptCalls(), contactListCalls(),
		relationCalls(), wayCalls(), massCalls(),
		strategyCalls("customer_strategy", "share_customer"), strategyCalls("moment_strategy", "send_moment"), strategyTagCalls(),
	} {
		for name, call := range part {
			id := "externalcontact." + name
			if name == "media.upload_attachment" {
				id = name
			}
			all[id] = call
		}
	}
	return all
}

// external is a good call by the secret of customer contact, which made what
// the call names.
func external(body object) goodCall { return goodCall{as: AreaExternal, body: body} }

// paged is external for calls whose limit is clamped.
func paged(body object) goodCall {
	c := external(body)
	c.lax = map[string]string{"limit/limit": fallsBack}
	return c
}

func momentCalls() map[string]func(r *rig) goodCall {
	made := func(r *rig) any {
		return r.moment(object{"text": text("春日护理"), "visible_range": object{"sender_list": object{"user_list": []string{"S03"}}}})["moment_id"]
	}
	published := func(r *rig) any {
		id := made(r)
		r.act("publish_moment", object{"moment": id})
		return id
	}
	return map[string]func(r *rig) goodCall{
		"media.upload_attachment": func(*rig) goodCall {
			return goodCall{query: object{"media_type": "image", "attachment_type": forMoments}, name: "a.png", file: png1x1}
		},
		"add_moment_task": func(r *rig) goodCall {
			return external(object{
				"text": text("春日护理"),
				"attachments": []object{{"msgtype": "link", "link": object{
					"title": "会员日", "url": "https://example.com", "media_id": r.attach("image", forMoments, "a.png", png1x1),
				}}},
				"visible_range": object{
					"sender_list":           object{"user_list": []string{"S03"}, "department_list": []int{2}},
					"external_contact_list": object{"tag_list": []string{r.world.tags[0].id}},
				},
			})
		},
		"get_moment_task_result": func(r *rig) goodCall {
			job := r.good(addPost, object{"text": text("a"), "visible_range": object{"sender_list": object{"user_list": []string{"S03", "nobody"}}}})["jobid"]
			r.advance(settleTime)
			return goodCall{query: object{"jobid": job}}
		},
		"cancel_moment_task": func(r *rig) goodCall { return external(object{"moment_id": made(r)}) },
		"get_moment_list": func(r *rig) goodCall {
			published(r)
			r.act("publish_moment", object{"staff": "S03", "location": object{"latitude": "30.1", "longitude": "120.2", "name": "店"}})
			now := r.Now().Unix()
			return paged(object{"start_time": now - 60, "end_time": now + 60, "creator": "S03", "filter_type": 2, "limit": 20, "cursor": ""})
		},
		"get_moment_task": func(r *rig) goodCall { return paged(object{"moment_id": published(r), "limit": 10, "cursor": ""}) },
		"get_moment_customer_list": func(r *rig) goodCall {
			return paged(object{"moment_id": published(r), "userid": "S03", "limit": 10, "cursor": ""})
		},
		"get_moment_send_result": func(r *rig) goodCall {
			return paged(object{"moment_id": published(r), "userid": "S03", "limit": 10, "cursor": ""})
		},
		"get_moment_comments": func(r *rig) goodCall {
			id := published(r)
			r.act("like_moment", object{"moment": id})
			r.act("comment_moment", object{"moment": id, "by_staff": true})
			return external(object{"moment_id": id, "userid": "S03"})
		},
	}
}

func handoverCalls() map[string]func(r *rig) goodCall {
	pair := func(more object) object {
		out := object{"handover_userid": "S03", "takeover_userid": "S04"}
		maps.Copy(out, more)
		return out
	}
	started := func(r *rig, path string) {
		r.handOver(path, "S03", "S04", r.only("S03", "S04"))
	}
	return map[string]func(r *rig) goodCall{
		"transfer_customer": func(r *rig) goodCall {
			return external(pair(object{"external_userid": []string{r.only("S03", "S04")}, "transfer_success_msg": "我来接手"}))
		},
		"transfer_result": func(r *rig) goodCall {
			started(r, handOverPath)
			return external(pair(object{"cursor": ""}))
		},
		"resigned.transfer_customer": func(r *rig) goodCall {
			id := r.only("S03", "S04")
			r.act("staff_resigns", object{"staff": "S03"})
			return external(pair(object{"external_userid": []string{id}}))
		},
		"resigned.transfer_result": func(r *rig) goodCall {
			id := r.only("S03", "S04")
			r.act("staff_resigns", object{"staff": "S03"})
			r.handOver("externalcontact/resigned/transfer_customer", "S03", "S04", id)
			return external(pair(object{"cursor": ""}))
		},
		"get_unassigned_list": func(r *rig) goodCall {
			r.act("staff_resigns", object{"staff": "S03"})
			return external(object{"page_size": 2, "page_id": 0, "cursor": ""})
		},
		"groupchat.onjob_transfer": func(r *rig) goodCall {
			return external(object{"chat_id_list": []string{r.chats()[0], "wrNone"}, "new_owner": "S05"})
		},
		"groupchat.transfer": func(r *rig) goodCall {
			chat := r.chats()[0]
			r.act("staff_resigns", object{"staff": r.chat(chat)["owner"]})
			return external(object{"chat_id_list": []string{chat, "wrNone"}, "new_owner": "S05"})
		},
	}
}

func statisticCalls() map[string]func(r *rig) goodCall {
	owners := object{"userid_list": []string{"S01", "S02"}}
	lax := map[string]string{"owner_filter/absent": allOwners, "owner_filter.userid_list/absent": allOwners}
	return map[string]func(r *rig) goodCall{
		"get_user_behavior_data": func(r *rig) goodCall {
			r.act("customer_says", object{"staff": "S03"})
			return external(object{"userid": []string{"S03"}, "partyid": []int{2}, "start_time": day(testStart), "end_time": day(testStart)})
		},
		"groupchat.statistic": func(*rig) goodCall {
			c := external(object{
				"day_begin_time": day(testStart.AddDate(0, 0, -2)), "day_end_time": day(testStart.AddDate(0, 0, -1)), "owner_filter": owners,
				"order_by": 2, "order_asc": 1, "offset": 0, "limit": 10,
			})
			c.lax = lax
			return c
		},
		"groupchat.statistic_group_by_day": func(*rig) goodCall {
			c := external(object{
				"day_begin_time": day(testStart.AddDate(0, 0, -2)), "day_end_time": day(testStart.AddDate(0, 0, -1)), "owner_filter": owners,
			})
			c.lax = lax
			return c
		},
	}
}

func groupWelcomeCalls() map[string]func(r *rig) goodCall {
	link := object{"title": "会员日", "url": "https://example.com", "picurl": "https://example.com/a.png", "desc": "到店有礼"}
	made := func(r *rig) any {
		return r.good(welcomeTemplate+"add", object{"text": text("欢迎"), "link": link})["template_id"]
	}
	return map[string]func(r *rig) goodCall{
		"group_welcome_template.add": func(*rig) goodCall {
			return external(object{"text": text("欢迎"), "link": link, "agentid": 1, "notify": 0})
		},
		"group_welcome_template.edit": func(r *rig) goodCall {
			return external(object{"template_id": made(r), "text": text("欢迎光临"), "link": link, "agentid": 1})
		},
		"group_welcome_template.get": func(r *rig) goodCall { return external(object{"template_id": made(r)}) },
		"group_welcome_template.del": func(r *rig) goodCall { return external(object{"template_id": made(r), "agentid": 1}) },
	}
}

func acquisitionCalls() map[string]func(r *rig) goodCall {
	byTheApp := func(body object) goodCall { return goodCall{as: AreaApp, body: body} }
	linked := func(r *rig) any { return asApp(r).link("S03")["link_id"] }
	whole := func(r *rig, id any) object {
		r.control("switches", object{"acquisition.priority": "on"})
		out := object{
			"link_name": "春季", "range": object{"user_list": []string{"S03"}, "department_list": []int{2}}, "skip_verify": true, "mark_source": true,
			"priority_option": object{"priority_type": 2, "priority_userid_list": []string{"S03"}},
		}
		if id != nil {
			out["link_id"] = id
		}
		return out
	}
	came := func(r *rig) any {
		id := linked(r)
		one := r.act("open_acquisition_link", object{"link": id, "channel": "a"})
		for range 3 {
			r.act("customer_says", object{"staff": "S03", "customer": one["customer"]})
		}
		return id
	}
	const base = "customer_acquisition."
	return map[string]func(r *rig) goodCall{
		base + "create_link": func(r *rig) goodCall { return byTheApp(whole(r, nil)) },
		base + "update_link": func(r *rig) goodCall { return byTheApp(whole(r, linked(r))) },
		base + "get":         func(r *rig) goodCall { return byTheApp(object{"link_id": linked(r)}) },
		base + "delete_link": func(r *rig) goodCall { return byTheApp(object{"link_id": linked(r)}) },
		base + "list_link": func(r *rig) goodCall {
			linked(r)
			c := byTheApp(object{"limit": 10, "cursor": ""})
			c.lax = map[string]string{"limit/limit": fallsBack}
			return c
		},
		base + "customer": func(r *rig) goodCall {
			c := byTheApp(object{"link_id": came(r), "limit": 10, "cursor": ""})
			c.lax = map[string]string{"limit/limit": fallsBack}
			return c
		},
		base + "statistic": func(r *rig) goodCall {
			return byTheApp(object{"link_id": came(r), "start_time": day(testStart), "end_time": day(testStart)})
		},
		base + "get_chat_info": func(r *rig) goodCall {
			came(r)
			for key := range r.world.acquisition.keys {
				return byTheApp(object{"chat_key": key})
			}
			return goodCall{}
		},
		"customer_acquisition_quota": func(*rig) goodCall { return goodCall{} },
	}
}

func albumCalls() map[string]func(r *rig) goodCall {
	whole := func(r *rig) object {
		return object{
			"description": "面膜", "price": 9900, "product_sn": "SN1",
			"attachments": []object{{"type": "image", "image": object{"media_id": r.attach("image", forAlbum, "a.png", png1x1)}}},
		}
	}
	made := func(r *rig) any { return r.good("externalcontact/add_product_album", whole(r))["product_id"] }
	return map[string]func(r *rig) goodCall{
		"add_product_album": func(r *rig) goodCall {
			c := external(whole(r))
			c.lax = map[string]string{"attachments[].image.media_id/absent": "40007 as everywhere, which the facts do not list here"}
			return c
		},
		"get_product_album": func(r *rig) goodCall { return external(object{"product_id": made(r)}) },
		"get_product_album_list": func(r *rig) goodCall {
			made(r)
			return paged(object{"limit": 10, "cursor": ""})
		},
		"update_product_album": func(r *rig) goodCall {
			body := whole(r)
			body["product_id"] = made(r)
			return external(body)
		},
		"delete_product_album": func(r *rig) goodCall { return external(object{"product_id": made(r)}) },
	}
}

func interceptCalls() map[string]func(r *rig) goodCall {
	whole := func() object {
		return object{
			"rule_name": "收款", "word_list": []string{"转我微信"}, "semantics_list": []int{1}, "intercept_type": 1,
			"applicable_range": object{"user_list": []string{"S03"}, "department_list": []int{2}},
		}
	}
	made := func(r *rig) any { return r.good(fmt.Sprintf(rulePath, "add"), whole())["rule_id"] }
	return map[string]func(r *rig) goodCall{
		"add_intercept_rule": func(*rig) goodCall { return external(whole()) },
		"get_intercept_rule_list": func(r *rig) goodCall {
			made(r)
			return external(nil)
		},
		"get_intercept_rule": func(r *rig) goodCall { return external(object{"rule_id": made(r)}) },
		"update_intercept_rule": func(r *rig) goodCall {
			return external(object{
				"rule_id": made(r), "rule_name": "新名", "word_list": []string{"返现"}, "extra_rule": object{"semantics_list": []int{2}}, "intercept_type": 2,
				"add_applicable_range":    object{"user_list": []string{"S04"}, "department_list": []int{3}},
				"remove_applicable_range": object{"user_list": []string{"S03"}, "department_list": []int{2}},
			})
		},
		"del_intercept_rule": func(r *rig) goodCall { return external(object{"rule_id": made(r)}) },
	}
}

func contactListCalls() map[string]func(r *rig) goodCall {
	return map[string]func(r *rig) goodCall{
		"contact_list": func(*rig) goodCall {
			return goodCall{body: object{"limit": 100, "cursor": ""}, lax: map[string]string{"limit/limit": fallsBack}}
		},
		"check_follow_user": func(*rig) goodCall {
			return external(object{"userid": []string{"S03", "nobody"}, "partyid": []int{2, 999}})
		},
		"opengid_to_chatid": func(r *rig) goodCall {
			return external(object{"opengid": r.act("customer_opens_miniprogram", nil)["opengid"]})
		},
		"convert_to_openid": func(r *rig) goodCall {
			_, customer := r.someCustomer()
			return external(object{"external_userid": customer})
		},
		"close_temp_chat": func(r *rig) goodCall {
			return external(object{"userid": "S03", "external_userid": r.tempWay(nil)["customer"]})
		},
	}
}

func strategyCalls(kind, right string) map[string]func(r *rig) goodCall {
	path := "externalcontact/" + kind + "/"
	nodes := []object{node(1, "S03"), node(2, 2)}
	made := func(r *rig) any { return r.strategy(path, 0, nodes...) }
	return map[string]func(r *rig) goodCall{
		kind + ".list": func(r *rig) goodCall {
			made(r)
			return paged(object{"limit": 10, "cursor": ""})
		},
		kind + ".get":       func(r *rig) goodCall { return external(object{"strategy_id": made(r)}) },
		kind + ".get_range": func(r *rig) goodCall { return paged(object{"strategy_id": made(r), "limit": 10, "cursor": ""}) },
		kind + ".create": func(r *rig) goodCall {
			return external(object{
				"parent_id": made(r), "strategy_name": "华东", "admin_list": []string{"S01"}, "privilege": object{right: false}, "range": nodes,
			})
		},
		kind + ".edit": func(r *rig) goodCall {
			return external(object{
				"strategy_id": made(r), "strategy_name": "华南", "admin_list": []string{"S01"}, "privilege": object{right: false},
				"range_add": []object{node(1, "S04")}, "range_del": []object{node(1, "S03")},
			})
		},
		kind + ".del": func(r *rig) goodCall { return external(object{"strategy_id": made(r)}) },
	}
}

func strategyTagCalls() map[string]func(r *rig) goodCall {
	made := func(r *rig) (group, tag any) {
		id := r.strategy("externalcontact/customer_strategy/", 0, node(1, "S03"))
		g := r.good("externalcontact/add_strategy_tag", object{"strategy_id": id, "group_name": "意向", "tag": []object{{"name": "高"}}})["tag_group"].(map[string]any)
		return g["group_id"], list(g["tag"])[0].(map[string]any)["id"]
	}
	return map[string]func(r *rig) goodCall{
		"get_strategy_tag_list": func(r *rig) goodCall {
			group, tag := made(r)
			return external(object{"strategy_id": 1, "group_id": []any{group}, "tag_id": []any{tag}})
		},
		"add_strategy_tag": func(r *rig) goodCall {
			return external(object{
				"strategy_id": r.strategy("externalcontact/customer_strategy/", 0, node(1, "S03")), "group_name": "意向", "order": 1,
				"tag": []object{{"name": "高", "order": 2}},
			})
		},
		"edit_strategy_tag": func(r *rig) goodCall {
			_, tag := made(r)
			c := external(object{"id": tag, "name": "低", "order": 3})
			c.lax = map[string]string{"name/limit": "40072 as add_strategy_tag, which the facts list for that call only"}
			return c
		},
		"del_strategy_tag": func(r *rig) goodCall {
			group, tag := made(r)
			return external(object{"group_id": []any{group}, "tag_id": []any{tag}})
		},
	}
}
