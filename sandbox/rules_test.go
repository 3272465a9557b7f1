package sandbox

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/spec"
)

// held says how the sandbox holds one figure of the facts: with a figure of its
// own, in the check of a request's field, in a function, by a switch; or why
// not.
type held struct {
	figure any    // what the code compares with
	field  string // "endpoint field": TestEveryServedEndpoint goes beyond it
	by     string // the function that knows it
	sw     string // the switch whose values it is, or which turns it off
	why    string // it is not held
}

func figure(n any) held                { return held{figure: n} }
func field(at string) held             { return held{field: at} }
func by(function string) held          { return held{by: function} }
func switched(name string, n any) held { return held{sw: name, figure: n} }
func not(why string) held              { return held{why: why} }

// Reasons.
const (
	noFigure   = "the facts have no figure"
	riskOnly   = "risk control of WeCom: unpublished, and never seen through the server interface"
	inClient   = "a limit of the client, in which members of the sandbox do not send mass messages of their own"
	conductWhy = "what WeCom punishes, no answer of a call"
	capacity   = "worlds of a million customers are for measuring: natural adding has no limit, handover has customer.member_limit"
	notOurs    = "out of scope: see spec/scope.json"
	noCode     = "the facts name no code and no behaviour"
)

// Whole topics, by the beginning of the rule's id.
var heldTopics = map[string]held{
	"conduct.": not(conductWhy), "friend_add.": not(riskOnly), "zone.": not(notOurs), "suite.": not(notOurs), "license.": not(notOurs),
	"aibot.": not(notOurs), "id.convert_": not(notOurs), "id.pending_ttl": not(notOurs), "id.batch_pending": not(notOurs), "id.new_external": not(notOurs),
	"id.unionid.rate": not(notOurs), "pending_id.ttl": not(notOurs), "tags.idconvert": not(notOurs), "acq.once_key_ttl": not(notOurs),
	"access.provider_cut": not(notOurs), "kf.state.": by("kfMayMove"),
}

var heldRules = map[string]held{
	"customers.member_default": switched("customer.member_limit", 5000), "customers.member_max": switched("customer.member_limit", 20000),
	"customers.member_without_feature": not("every member has the feature"),
	"customers.corp_unverified":        not(capacity), "customers.corp_initial": not(capacity), "customers.corp_expand_step": not(capacity),
	"customers.free_external_scale": not(capacity), "customers.qualification": not(capacity),
	"customers.follow_user_page": figure(followUsersAPage),
	"batch.get_by_user.userids":  figure(batchUsers), "batch.get_by_user.limit": figure(batchLimit),
	"remark.remark": field("externalcontact.remark remark"), "remark.description": field("externalcontact.remark description"),
	"remark.company": field("externalcontact.remark remark_company"), "contact_list.tmp_openid_ttl": figure(contactListLife),
	"tags.corp_total": figure(tagsPerCorp), "tags.per_relation": figure(tagsPerRelation), "tags.name_len": figure(tagNameLimit), "tags.order_max": by("checkOrder"),
	"strategy.admins": figure(strategyAdmins), "strategy.range_call": figure(strategyNodes), "strategy.range_total": figure(strategyRange),
	"strategy.depth": figure(strategyDepth), "strategy.concurrency": not("the world does one call at a time: there are never two"),

	"contact_way.total": figure(waysPerCorp), "contact_way.temp_daily": figure(tempWaysADay), "contact_way.members": figure(maxWayMembers),
	"contact_way.single": by("checkWay"), "contact_way.state_len": field("externalcontact.add_contact_way state"),
	"contact_way.remark_len": field("externalcontact.add_contact_way remark"), "contact_way.qr_ttl_default": figure(tempTTL),
	"contact_way.qr_ttl_max": figure(tempTTLMax), "contact_way.chat_ttl_default": figure(chatTTL), "contact_way.chat_ttl_max": figure(tempTTLMax),
	"contact_way.temp_industry": not("the corp counts as one that may"), "contact_way.list_since": not("the world begins later"),
	"contact_way.conclusion_text":       field("externalcontact.add_contact_way conclusions.text.content"),
	"contact_way.conclusion_link_title": field("externalcontact.add_contact_way conclusions.link.title"),
	"contact_way.conclusion_link_desc":  field("externalcontact.add_contact_way conclusions.link.desc"),
	"contact_way.conclusion_mp_title":   field("externalcontact.add_contact_way conclusions.miniprogram.title"),

	"group.size_max": figure(chatLimit), "group.size_wechat_created": not("no group of the world was made in WeChat"), "group.self_join_max": figure(scanLimit),
	"group.member_default_setting": figure(scanLimit), "group.qr_ttl": not("codes of the client are not modelled"),
	"group.join_way_groups": figure(chatsPerJoinWay), "group.join_way_state": field("externalcontact.groupchat.add_join_way state"),
	"group.join_way_remark": by("cut"), "group.join_way_basename": field("externalcontact.groupchat.add_join_way room_base_name"),
	"group.list_limit": figure(chatsAPage), "group.list_owner_filter": figure(ownersAtOnce), "group.list_no_filter_cap": figure(peopleNoFilter),
	"group.create_daily": not(noFigure), "group.appchat_create_daily": figure(appChatsADay), "group.auto_create": by("roomFor"),

	"mass.per_customer_month": switched("mass.cap", "month"), "mass.per_customer_alt_week": switched("mass.cap", "week"),
	"mass.per_customer_alt_day": switched("mass.cap", "day"), "mass.client_default_day": not(inClient),
	"mass.api_single_targets": figure(massCustomersLimit), "mass.api_group_targets": figure(massChatsLimit),
	"mass.tag_list":    field("externalcontact.add_msg_template tag_filter.group_list[].tag_list"),
	"mass.attachments": figure(attachmentLimit), "mass.text": figure(textLimit), "mass.client_targets": not(inClient), "mass.client_group_targets": not(inClient),
	"mass.reminders": figure(remindersADay), "mass.list_window": by("massList"), "mass.member_confirm": by("staffConfirms"), "mass.last_talker": by("lastTalker"),
	"mass.corp_daily": not(noFigure),

	"welcome.code_ttl": figure(welcomeLife), "welcome.code_uses": by("sendWelcome"), "welcome.attachments": figure(attachmentLimit), "welcome.text": figure(textLimit),
	"welcome.group_templates": figure(groupWelcomeLimit), "welcome.group_text": figure(groupWelcomeText), "welcome.group_interval": by("greet"),

	"moment.api_month": figure(momentsAMonth), "moment.api_minute": figure(momentJobsAMinute), "moment.jobid_ttl": figure(momentJobLife),
	"moment.text": figure(momentTextLimit), "moment.images": figure(momentImages), "moment.video": by("checkMomentAttachment"), "moment.link": by("checkMomentAttachment"),
	"moment.link_title": figure(momentTitleLetters), "moment.image_px": by("mediaUploadAttachment"), "moment.senders": figure(momentSenders),
	"moment.list_window": figure(momentWindow), "moment.personal_per_customer_day": switched("moment.cap", nil),
	"moment.corp_per_customer_month": switched("moment.cap", nil), "moment.viewer_5000": not(noFigure), "moment.history_visible": not(noFigure),
	"moment.confirm": by("publishMoment"), "moment.pending_jobs": switched("moment.jobs", nil),

	"transfer.batch": figure(handoverBatch), "transfer.onjob_moves": figure(handoverMoves), "transfer.onjob_group_moves": figure(handoverMoves),
	"transfer.groups_batch": figure(handoverGroups), "transfer.groups_daily": figure(handoverGroupsDay), "transfer.wait": figure(handoverWait),
	"transfer.msg_len": figure(handoverMessage), "transfer.login_year": by("accountError"),
	"transfer.resigned_age": figure(leaverLife), "transfer.result_page": figure(handoverResults), "transfer.unassigned_page": figure(unassignedPage),
	"transfer.taker_state": by("accountError"),

	"stats.span": figure(statisticDays), "stats.history": figure(statisticHistory), "stats.userids": figure(statisticPeople), "stats.today": by("groupStatistic"),

	"acq.link_members": field("externalcontact.customer_acquisition.create_link range.user_list"), "acq.priority_users": figure(acquisitionPriority),
	"acq.link_name": figure(acquisitionName), "acq.channel_len": figure(channelLimit), "acq.links_total": switched("acquisition.links", nil),
	"acq.balance_low": figure(quotaLow), "acq.expire_warnings": by("addQuota"), "acq.chatkey_ttl": figure(chatKeyLife), "acq.msg_counts": by("acquiredSays"),
	"acq.price":  by("openAcquisitionLink"),
	"album.desc": figure(productDescription), "album.price": figure(productPrice), "album.sn": field("externalcontact.add_product_album product_sn"),
	"album.images": figure(productPictures), "album.total": switched("album.products", nil),
	"words.rules": figure(interceptRulesLimit), "words.words": figure(interceptWords), "words.word_len": by("checkWords"), "words.name_len": figure(interceptName),
	"words.range_call": figure(interceptNodes), "words.range_total": figure(interceptUsers),
	"id.tmp_convert": figure(tmpIDs),

	"media.attachment_ttl": figure(mediaLife), "media.attachment_size": figure(attachmentSize / megabyte), "media.min_size": figure(leastUpload - 1), "media.video_len": figure(momentVideo30s),
	"base.corp_min": figure(callsPerMinute), "base.corp_hour": figure(callsPerHour),
	"base.ip_min": not("twice what a corp may: one corp never reaches it"), "base.ip_hour": not("four times what a corp may: one corp never reaches it"),
	"base.debug": not("the debug mode of a call is not modelled"), "base.secret_errors": by("getToken"),
	"access.system_secret": by("whoHas"), "event.no_echo": not("a rule of what does not happen: writes through the API send no event"),

	"kf.accounts.max": figure(kfAccountLimit), "kf.accounts.unverified": not("the corp is verified"), "kf.customers.unverified": not("the corp is verified"),
	"kf.account.list.page": field("kf.account.list limit"), "kf.servicer.members": figure(kfServicerLimit), "kf.servicer.departments": figure(kfDepartmentLimit),
	"kf.servicer.add.members": field("kf.servicer.add userid_list"), "kf.servicer.add.departments": field("kf.servicer.add department_id_list"),
	"kf.scene.bytes": field("kf.add_contact_way scene"), "kf.scene_param.bytes": by("openKf"), "kf.sync.token_ttl": figure(kfTokenLife),
	"kf.sync.no_token": switched("kf.no_token_limit", nil), "kf.sync.limit": figure(kfPageLimit), "kf.sync.retention": figure(kfRetention),
	"kf.send.window": figure(kfWindow), "kf.send.count": figure(kfRepliesAllowed), "kf.send.states": by("kfSend"), "kf.send.msgid": field("kf.send_msg msgid"),
	"kf.send.business_card": not("servicers send none through the API: the msgtype is not among those of send_msg"),
	"kf.menu.items":         by("kfSend"), "kf.menu.items.on_event": by("kfSendOnEvent"),
	"kf.welcome.ttl": figure(kfWelcomeLife), "kf.welcome.once": figure(kfWindow), "kf.endcode.ttl": figure(kfEndCodeLife), "kf.replycode.ttl": figure(kfReplyCodeLife),
	"kf.event_msg.count": by("kfSendOnEvent"), "kf.recall.window": not("recall_msg is in no official page and not served"),
	"kf.session.length": figure(kfWindow), "kf.batchget.ids": field("kf.customer.batchget external_userid_list"),
	"kf.stat.span": figure(kfStatSpan), "kf.stat.history": figure(kfStatDays), "kf.kb.similar": figure(kbSimilarLimit), "kf.kb.attachments": figure(kbAttachmentLimit),
	"kf.kb.answer.chars": figure(kbAnswerLimit), "kf.kb.group.name": figure(kbGroupName), "kf.kb.question.chars": figure(kbQuestionLimit), "kf.kb.groups": figure(kbGroupLimit),
	"kf.kb.intents": figure(kbIntentsGroup), "kf.idconvert.ids": figure(kfIDs),
	"kf.media.in.image": not("customers' files of the world are small"), "kf.media.in.voice": not("customers' files of the world are small"),
	"kf.media.in.video": not("customers' files of the world are small"), "kf.media.in.file": not("customers' files of the world are small"),

	"archive.limit": figure(chatDataLimit), "archive.rate": figure("/finance/v1/chatdata"), "archive.retention": figure(archiveLife), "archive.media.chunk": by("financeMedia"),
	"archive.media.rate": figure("/finance/v1/media"), "archive.event.interval": figure(archiveNotifyGap),
	"archive.permit.rate": figure("/cgi-bin/msgaudit/get_permit_user_list"), "archive.single.rate": figure("/cgi-bin/msgaudit/check_single_agree"),
	"archive.room.rate": figure("/cgi-bin/msgaudit/check_room_agree"), "archive.groupchat.rate": figure("/cgi-bin/msgaudit/groupchat/get"),
	"archive.robot.rate": figure("/cgi-bin/msgaudit/get_robot_info"), "archive.single.items": figure(agreeQueryLimit), "archive.rsa": figure(archiveKeyBits),
	"archive.message.size": not("what the library keeps of a message; people of the world write less"),

	"pay.bill.span": by("payBills"), "pay.bill.limit": figure(billPage), "pay.flow.span": figure(flowDays), "pay.flow.limit": figure(flowPage), "pay.flow.history": figure(flowYears),
	"pay.miniapp.prepay": figure(prepayLife), "pay.miniapp.close.wait": figure(closeWait), "pay.miniapp.refund.age": figure(refundAge),
	"pay.miniapp.refund.partial": figure(refundTries), "pay.miniapp.refund.rate": figure(refundRate), "pay.miniapp.bill.history": figure(billMonths),
	"pay.mch.image":     figure(merchantImgLife),
	"wxpay.redpack.min": figure(packetLeast), "wxpay.redpack.scene": figure(packetMost), "wxpay.redpack.refund": figure(packetLife), "wxpay.redpack.rate": figure(payoutRate),
	"wxpay.redpack.day.merchant": figure(merchantADay), "wxpay.redpack.day.user": figure(packetFenADay), "wxpay.redpack.count.user": figure(packetsADay),
	"wxpay.redpack.query": figure(payoutHistory), "wxpay.pocket.user": figure(pocketMost), "wxpay.pocket.merchant": figure(pocketMerchant), "wxpay.pocket.count": figure(pocketsADay),

	"api.calls.minute": figure(callsPerMinute), "api.calls.hour": figure(callsPerHour), "jsapi_ticket.corp.hour": not("one app reaches its own limit first"), "jsapi_ticket.app.hour": figure(ticketsAnHourApp),
	"media.uploadimg.month": figure(imagesAMonth), "media.uploadimg.day": figure(imagesADay), "message.send.member.minute": figure(appMessagesAMinute),
	"message.send.member.hour": figure(appMessagesAnHour), "webhook.robot.minute": figure(robotMessages), "access_token.life": figure(tokenLife),
	"oauth.code.life": figure(codeLife), "media.life": figure(mediaLife),
}

var functionHead = regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)`)

// Every figure of the facts is held, or there is a reason.
func TestEveryRuleIsHeld(t *testing.T) {
	t.Parallel()
	facts, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range functionHead.FindAllStringSubmatch(string(source), -1) {
			functions[m[1]] = true
		}
	}
	rules, topics := maps.Clone(heldRules), map[string]bool{}
	calls, table := goodCalls(), newRig(t).routes
	for i := range facts.Rules {
		rule := &facts.Rules[i]
		h, ok := rules[rule.ID]
		delete(rules, rule.ID)
		for prefix, topic := range heldTopics {
			if !ok && strings.HasPrefix(rule.ID, prefix) {
				h, ok, topics[prefix] = topic, true, true
			}
		}
		if !ok {
			t.Errorf("%s (%v %s) is not held, and has no reason", rule.ID, rule.Value, rule.Unit)
			continue
		}
		if wrong := h.wrong(rule, facts, calls, table, functions); wrong != "" {
			t.Errorf("%s (%v %s): %s", rule.ID, rule.Value, rule.Unit, wrong)
		}
	}
	for id := range rules {
		t.Errorf("%s is no rule of the facts", id)
	}
	for prefix := range heldTopics {
		if !topics[prefix] {
			t.Errorf("no rule begins with %s", prefix)
		}
	}
}

// wrong says what of it does not fit the rule.
func (h held) wrong(rule *spec.Rule, facts *spec.Spec, calls map[string]func(*rig) goodCall, table map[string]*route, functions map[string]bool) string {
	switch {
	case h.why != "":
		return ""
	case h.by != "":
		if !functions[h.by] {
			return "there is no function " + h.by
		}
		return ""
	case h.sw != "":
		values := strings.Join(switchValues[h.sw], " ")
		if values == "" || h.figure != nil && !strings.Contains(values, fmt.Sprint(h.figure)) {
			return fmt.Sprintf("switch %s has values %q, not %v", h.sw, values, h.figure)
		}
		return ""
	case h.field != "":
		id, name, _ := strings.Cut(h.field, " ")
		e := facts.Endpoint(id)
		if e == nil || calls[id] == nil {
			return "no good call of " + id
		}
		for _, f := range e.Request {
			if f.Name == name && float64(f.Max) == rule.Value {
				return ""
			}
		}
		return fmt.Sprintf("%s has no field %s with this limit", id, name)
	}
	var own float64
	switch n := h.figure.(type) {
	case string:
		own = float64(table[n].minute)
	case int:
		own = float64(n)
	case time.Duration:
		own = map[string]float64{
			"seconds": n.Seconds(), "milliseconds": float64(n.Milliseconds()), "hours": n.Hours(), "days": n.Hours() / 24,
			"hours since last customer message": n.Hours(), "seconds after creation": n.Seconds(), "days back": n.Hours() / 24,
			"hours without customer message": n.Hours(),
		}[rule.Unit]
	}
	if own != rule.Value {
		return fmt.Sprintf("the code has %v", h.figure)
	}
	return ""
}
