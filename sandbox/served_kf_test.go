package sandbox

import (
	"fmt"
	"maps"
	"strings"
)

// firstKf is an account of the world, with a call as the kf app.
func (r *rig) firstKf() any {
	r.t.Helper()
	r.token = r.tokenOf(r.Ready.Secrets.KF)
	return ids(r.good("kf/account/list", object{})["account_list"], "open_kfid")[0]
}

// kfAsks is a customer who wrote to the account just now.
func (r *rig) kfAsks() (kf, customer any) {
	r.t.Helper()
	kf = r.firstKf()
	for {
		said := r.act("scan_contact_way", nil)
		if strings.HasPrefix(fmt.Sprint(said["customer"]), "wm") { // kf is for WeChat users
			r.act("customer_says", object{"kf": kf, "customer": said["customer"], "text": "在吗"})
			return kf, said["customer"]
		}
	}
}

func (r *rig) kbGroup(name string) any {
	r.t.Helper()
	r.firstKf()
	return r.good("kf/knowledge/add_group", object{"name": name})["group_id"]
}

func (r *rig) kbIntent() (group, id any) {
	r.t.Helper()
	group = r.kbGroup("门店")
	return group, r.good("kf/knowledge/add_intent", kbQuestion(group))["intent_id"]
}

func kbQuestion(group any) object {
	return object{
		"group_id": group, "question": kbWords("几点开门"), "similar_questions": object{"items": []object{kbWords("何时营业")}},
		"answers": []object{{"text": object{"content": "十点"}, "attachments": []object{
			{"msgtype": "link", "link": object{"title": "门店", "desc": "地图", "url": "https://example.test", "pic_url": "https://example.test/p.png"}},
		}}},
	}
}

// kfCalls are the good calls of WeChat customer service.
func kfCalls() map[string]func(r *rig) goodCall {
	account := func(r *rig) goodCall { return goodCall{body: object{"open_kfid": r.firstKf()}} }
	servicers := func(r *rig, userid string) goodCall {
		return goodCall{
			body: object{"open_kfid": r.firstKf(), "userid_list": []string{userid}, "department_id_list": []int{2}},
		}
	}
	yesterday := testStart.AddDate(0, 0, -1).Unix()
	return map[string]func(r *rig) goodCall{
		"kf.account.add": func(r *rig) goodCall {
			return goodCall{body: object{"name": "小花", "media_id": r.upload("image", "a.png", tinyPNG)["media_id"]}}
		},
		"kf.account.del": account,
		"kf.account.update": func(r *rig) goodCall {
			kf := r.firstKf()
			return goodCall{body: object{"open_kfid": kf, "name": "小花", "media_id": r.upload("image", "a.png", tinyPNG)["media_id"]}}
		},
		"kf.account.list": func(*rig) goodCall { return goodCall{body: object{"offset": 0, "limit": 100}} },
		"kf.add_contact_way": func(r *rig) goodCall {
			return goodCall{body: object{"open_kfid": r.firstKf(), "scene": "poster"}}
		},
		"kf.servicer.add": func(r *rig) goodCall { return servicers(r, "S09") },
		"kf.servicer.del": func(r *rig) goodCall {
			add := servicers(r, "S09")
			r.good("kf/servicer/add", add.body)
			return goodCall{body: add.body}
		},
		"kf.servicer.list": func(r *rig) goodCall { return goodCall{query: object{"open_kfid": r.firstKf()}} },
		"kf.service_state.get": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			return goodCall{body: object{"open_kfid": kf, "external_userid": customer}}
		},
		"kf.service_state.trans": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			return goodCall{body: object{"open_kfid": kf, "external_userid": customer, "service_state": 3, "servicer_userid": "S01"}}
		},
		"kf.sync_msg": func(r *rig) goodCall {
			kf, _ := r.kfAsks()
			r.mu.Lock()
			defer r.mu.Unlock()
			return goodCall{
				body: object{"open_kfid": kf, "cursor": "", "token": r.newKfToken(), "limit": 1000, "voice_format": 0},
				lax:  map[string]string{"limit/limit": "clamped, not refused"},
				more: map[string]string{"msg_list[].text": "parts by msgtype", "msg_list[].event": "parts by msgtype"},
			}
		},
		"kf.send_msg": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			return goodCall{body: object{"touser": customer, "open_kfid": kf, "msgid": "m1", "msgtype": "text", "text": object{"content": "在的"}}}
		},
		"kf.send_msg_on_event": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			code := r.good("kf/service_state/trans", object{"open_kfid": kf, "external_userid": customer, "service_state": 4})["msg_code"]
			return goodCall{body: object{"code": code, "msgid": "m1", "msgtype": "text", "text": object{"content": "再见"}}}
		},
		"kf.customer.batchget": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			r.act("open_kf", object{"kf": kf, "customer": customer, "scene": "poster"})
			return goodCall{body: object{"external_userid_list": []any{customer}, "need_enter_session_context": 1}}
		},
		"kf.get_corp_statistic": func(r *rig) goodCall {
			return goodCall{body: object{"open_kfid": r.firstKf(), "start_time": yesterday, "end_time": yesterday}}
		},
		"kf.get_servicer_statistic": func(r *rig) goodCall {
			return goodCall{body: object{"open_kfid": r.firstKf(), "servicer_userid": "S01", "start_time": yesterday, "end_time": yesterday}}
		},
		"kf.customer.get_upgrade_service_config": func(*rig) goodCall { return goodCall{} },
		"kf.customer.upgrade_service": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			return goodCall{body: object{
				"open_kfid": kf, "external_userid": customer, "type": 1, "member": object{"userid": "S01", "wording": "加我"},
			}}
		},
		"kf.customer.cancel_upgrade_service": func(r *rig) goodCall {
			kf, customer := r.kfAsks()
			pair := object{"open_kfid": kf, "external_userid": customer}
			advice := maps.Clone(pair)
			advice["type"], advice["member"] = 1, object{"userid": "S01", "wording": "加我"}
			r.good("kf/customer/upgrade_service", advice)
			return goodCall{body: pair}
		},
		"kf.knowledge.add_group": func(*rig) goodCall { return goodCall{body: object{"name": "门店"}} },
		"kf.knowledge.del_group": func(r *rig) goodCall { return goodCall{body: object{"group_id": r.kbGroup("门店")}} },
		"kf.knowledge.mod_group": func(r *rig) goodCall {
			return goodCall{body: object{"group_id": r.kbGroup("门店"), "name": "预约"}}
		},
		"kf.knowledge.list_group": func(r *rig) goodCall {
			return goodCall{body: object{"cursor": "", "limit": 1000, "group_id": r.kbGroup("门店")}}
		},
		"kf.knowledge.add_intent": func(r *rig) goodCall { return goodCall{body: kbQuestion(r.kbGroup("门店"))} },
		"kf.knowledge.del_intent": func(r *rig) goodCall { _, id := r.kbIntent(); return goodCall{body: object{"intent_id": id}} },
		"kf.knowledge.mod_intent": func(r *rig) goodCall {
			group, id := r.kbIntent()
			q := kbQuestion(group)
			delete(q, "group_id")
			q["intent_id"], q["question"] = id, kbWords("几点关门")
			return goodCall{body: q}
		},
		"kf.knowledge.list_intent": func(r *rig) goodCall {
			group, id := r.kbIntent()
			return goodCall{body: object{"cursor": "", "limit": 1000, "group_id": group, "intent_id": id}}
		},
	}
}

// archiveCalls are the good calls of the conversation archive.
func archiveCalls() map[string]func(r *rig) goodCall {
	sealed := func(r *rig, kind string) (*reader, object) {
		a := &reader{rig: r}
		pair := r.act("agree_archive", nil)
		a.pull(10)
		r.act("staff_sends", object{"staff": pair["staff"], "customer": pair["customer"], "msgtype": kind})
		return a, a.pull(1)[0]
	}
	return map[string]func(r *rig) goodCall{
		"msgaudit.get_permit_user_list": func(*rig) goodCall { return goodCall{body: object{"type": 1}} },
		"msgaudit.check_single_agree": func(r *rig) goodCall {
			pair := r.act("agree_archive", nil)
			return goodCall{body: object{"info": []object{{"userid": pair["staff"], "exteranalopenid": pair["customer"]}}}}
		},
		"msgaudit.check_room_agree": func(r *rig) goodCall { return goodCall{body: object{"roomid": r.world.chats[0].id}} },
		"msgaudit.groupchat.get":    func(r *rig) goodCall { return goodCall{body: object{"roomid": r.world.archive.rooms[0].id}} },
		"msgaudit.get_robot_info":   func(r *rig) goodCall { return goodCall{query: object{"robot_id": r.world.archive.robots[0].id}} },
		"finance.v1.chatdata": func(r *rig) goodCall {
			sealed(r, "text")
			return goodCall{body: object{"corpid": r.Ready.CorpID, "seq": 0, "limit": 1000, "timeout_ms": 5000}}
		},
		"finance.v1.decrypt": func(r *rig) goodCall {
			a, m := sealed(r, "text")
			return goodCall{body: object{"encrypt_key": a.randomKey(m), "encrypt_msg": m["encrypt_chat_msg"]}}
		},
		"finance.v1.media": func(r *rig) goodCall {
			a, m := sealed(r, "image")
			file := a.open(m)["image"].(map[string]any)["sdkfileid"]
			return goodCall{body: object{"sdkfileid": file, "indexbuf": ""}}
		},
		"finance.v1.health": func(*rig) goodCall { return goodCall{} },
	}
}
