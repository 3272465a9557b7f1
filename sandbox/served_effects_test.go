package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

const aDay = 24*time.Hour + time.Minute

// effects says of each write of the scope where it is seen.
func effects() map[string]effect {
	all := map[string]effect{}
	for _, part := range []map[string]effect{contactEffects(), appEffects(), relationEffects(), massEffects(), kfEffects(), payEffects()} {
		maps.Copy(all, part)
	}
	return all
}

func read(id string) effect { return effect{read: id} }

// whole is a read without fields.
func whole(id string) effect { return effect{read: id, with: object{}} }

func contactEffects() map[string]effect {
	departments := whole("department.list")
	members := effect{read: "user.list_id", with: object{"limit": 1000}}
	afterJob := func(e effect) effect { e.wait = time.Minute; return e }
	exported := effect{read: "export.get_result", wait: time.Minute}
	labels := whole("tag.list")
	return map[string]effect{
		"department.create": departments, "department.update": departments, "department.delete": departments,
		"batch.replaceparty": afterJob(departments), "batch.replaceuser": afterJob(members), "batch.syncuser": afterJob(members),
		"batch.invite":      journalled("staff_invited"),
		"export.department": exported, "export.user": exported, "export.simple_user": exported, "export.taguser": exported,
		"user.create": read("user.get"), "user.update": read("user.get"), "user.delete": members, "user.batchdelete": members,
		"user.authsucc": read("user.get"), "user.tfa_succ": read("user.get"),
		"tag.create": labels, "tag.update": labels, "tag.delete": labels,
		"tag.addtagusers": read("tag.get"), "tag.deltagusers": read("tag.get"),
	}
}

func appEffects() map[string]effect {
	tile := read("agent.get_workbench_data")
	opened := func(field string) effect { return actTakes("customer_opens_program_link", "link", field) }
	return map[string]effect{
		"agent.set": read("agent.get"), "agent.set_workbench_template": read("agent.get_workbench_template"), "agent.set_workbench_data": tile,
		"agent.batch_set_workbench_data": {read: tile.read, from: map[string]string{"userid": "userid_list[]"}},
		"menu.create":                    read("menu.get"), "menu.delete": read("menu.get"),
		"appchat.create": read("appchat.get"), "appchat.update": read("appchat.get"), "appchat.send": journalled("app_chat_message"),
		"message.send":                 {read: "message.get_statistics", with: object{"time_type": 0}},
		"message.recall":               journalled("app_message_recalled"),
		"message.update_taskcard":      journalled("app_card_updated"),
		"message.update_template_card": journalled("app_card_updated"),
		"webhook.send":                 journalled("robot_message"), "webhook.upload_media": kept(),
		"media.upload":            read("media.get"),
		"media.upload_attachment": kept(),
		"media.upload_by_url":     {read: "media.get_upload_by_url_result", wait: time.Minute},
		"media.uploadimg": {seen: func(x *examiner, answer object) string {
			if status, _, body := x.raw(http.MethodGet, fmt.Sprint(answer["url"]), nil); status != http.StatusOK || string(body) != tinyPNG {
				return fmt.Sprintf("the address answers HTTP %d, not the picture", status)
			}
			return ""
		}},
		"wxa.generatescheme": opened("openlink"), "wxa.generate_urllink": opened("url_link"), "wxa.genwxashortlink": opened("link"),
	}
}

func relationEffects() map[string]effect {
	all := map[string]effect{}
	set := func(e effect, names ...string) {
		for _, name := range names {
			all["externalcontact."+name] = e
		}
	}
	of := func(name string) string { return "externalcontact." + name }
	set(read(of("get_contact_way")), "add_contact_way", "update_contact_way", "del_contact_way")
	set(read(of("groupchat.get_join_way")), "groupchat.add_join_way", "groupchat.update_join_way", "groupchat.del_join_way")
	set(whole(of("get_corp_tag_list")), "add_corp_tag", "edit_corp_tag", "del_corp_tag")
	set(whole(of("get_strategy_tag_list")), "add_strategy_tag", "edit_strategy_tag", "del_strategy_tag")
	set(read(of("get")), "remark", "mark_tag", "close_temp_chat")
	set(whole(of("get_intercept_rule_list")), "add_intercept_rule", "del_intercept_rule")
	set(read(of("get_intercept_rule")), "update_intercept_rule")
	set(read(of("get_product_album")), "add_product_album", "update_product_album", "delete_product_album")
	set(whole(of("customer_acquisition.list_link")), "customer_acquisition.create_link", "customer_acquisition.delete_link")
	set(read(of("customer_acquisition.get")), "customer_acquisition.update_link")
	for _, kind := range []string{"customer_strategy", "moment_strategy"} {
		set(whole(of(kind+".list")), kind+".create", kind+".del")
		set(read(of(kind+".get")), kind+".edit")
	}
	set(read(of("group_welcome_template.get")), "group_welcome_template.add", "group_welcome_template.edit", "group_welcome_template.del")
	set(read(of("transfer_result")), "transfer_customer")
	set(read(of("resigned.transfer_result")), "resigned.transfer_customer")
	set(effect{read: of("groupchat.get"), from: map[string]string{"chat_id": "chat_id_list[]"}, wait: aDay}, "groupchat.onjob_transfer", "groupchat.transfer")
	return all
}

func massEffects() map[string]effect {
	return map[string]effect{
		"externalcontact.add_msg_template":     {read: "externalcontact.get_groupmsg_task", wait: settleTime},
		"externalcontact.cancel_groupmsg_send": actRefuses("staff_confirms", "msgid", "msgid"),
		"externalcontact.remind_groupmsg_send": journalled("mass_reminded"),
		"externalcontact.send_welcome_msg":     reached("welcome"),
		"externalcontact.add_moment_task":      {read: "externalcontact.get_moment_task_result", wait: settleTime},
		"externalcontact.cancel_moment_task":   actRefuses("publish_moment", "moment", "moment_id"),
	}
}

func kfEffects() map[string]effect {
	accounts := whole("kf.account.list")
	groups, intents := whole("kf.knowledge.list_group"), whole("kf.knowledge.list_intent")
	return map[string]effect{
		"kf.account.add": accounts, "kf.account.update": accounts, "kf.account.del": accounts,
		"kf.servicer.add": read("kf.servicer.list"), "kf.servicer.del": read("kf.servicer.list"),
		"kf.add_contact_way":     actTakes("open_kf", "link", "url"),
		"kf.service_state.trans": read("kf.service_state.get"),
		"kf.send_msg":            reached("kf"), "kf.send_msg_on_event": reached("kf"),
		"kf.knowledge.add_group": groups, "kf.knowledge.mod_group": groups, "kf.knowledge.del_group": groups,
		"kf.knowledge.add_intent": intents, "kf.knowledge.mod_intent": intents, "kf.knowledge.del_intent": intents,
		"kf.customer.upgrade_service":        recommends(http.StatusOK),
		"kf.customer.cancel_upgrade_service": recommends(http.StatusBadRequest),
	}
}

// recommends lets the servicer pass the recommendation on: whether there is one
// shows in what the act answers.
func recommends(want int) effect {
	return effect{seen: func(x *examiner, _ object) string {
		pair := object{"open_kfid": x.good.body["open_kfid"], "external_userid": x.good.body["external_userid"]}
		talk := maps.Clone(pair)
		talk["service_state"], talk["servicer_userid"] = 3, "S01"
		x.as(AreaKF).good("kf/service_state/trans", talk)
		status, out := x.do(http.MethodPost, "/_sandbox/act", object{"act": "servicer_upgrades", "kf": pair["open_kfid"], "customer": pair["external_userid"]})
		if status != want {
			return fmt.Sprintf("servicer_upgrades answers %d %v, want %d", status, out, want)
		}
		return ""
	}}
}

func payEffects() map[string]effect {
	paid := func(path, field, number string) effect {
		return effect{seen: func(x *examiner, _ object) string {
			out := x.payWell(path, x.payQuery(field, x.good.body[number]))
			if out["status"] == "" {
				return fmt.Sprintf("the query answers %v", out)
			}
			return ""
		}}
	}
	return map[string]effect{
		"externalpay.set_mch_use_scope": read("externalpay.getmerchant"),
		"miniapppay.create_order":       read("miniapppay.get_order"), "miniapppay.close_order": read("miniapppay.get_order"),
		"miniapppay.refund":                               read("miniapppay.get_refund_detail"),
		"miniapppay.apply_mch":                            read("miniapppay.get_applyment_status"),
		"miniapppay.upload_image":                         kept(),
		"mmpaymkttransfers.sendworkwxredpack":             paid("queryworkwxredpack", "mch_billno", "mch_billno"),
		"mmpaymkttransfers.promotion.paywwsptrans2pocket": paid("promotion/querywwsptrans2pocket", "partner_trade_no", "partner_trade_no"),
	}
}
