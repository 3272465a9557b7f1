package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"zhiyin.dev/zhiyin/spec"
)

// missing says what the sandbox lacks of an endpoint it serves, or why it does
// not serve one.
var missing = map[string]string{
	"connect.oauth2.authorize":            "a page that asks who one is, in place of the phone's silence · 用网页问“您是谁”代替手机上的静默",
	"wwopen.sso.qrConnect":                "a list of members in place of a code to scan · 用成员名单代替扫码",
	"wwlogin.sso.login":                   "a list of members in place of a code to scan · 用成员名单代替扫码",
	"get_api_domain_ip":                   "addresses of the sandbox, not Tencent's · 沙箱自己的地址",
	"getcallbackip":                       "addresses of the sandbox, not Tencent's · 沙箱自己的地址",
	"security.get_server_domain_ip":       "hosts the front stands for, not Tencent's list · 前门代表的主机",
	"security.admin_oper_log.list":        "acts of administrators only, without detail_type · 只有管理员动作，没有 detail_type",
	"security.member_oper_log.list":       "operations 1, 2, 4 and 8 only · 只有操作 1、2、4、8",
	"user.get_active_stat":                "nine tenths of the active members, by seed · 按种子取激活成员的九成",
	"idconvert.open_kfid":                 "ids are the same before and after · 前后 id 相同",
	"externalcontact.contact_list":        "groups without a customer have no name of their own · 没有非客户群的群名",
	"miniapppay.apply_mch":                "the papers are not read, only that they are there · 只看资料有没有，不看内容",
	"miniapppay.get_bill":                 "fewer columns than the bill of WeChat Pay · 比微信支付账单的列少",
	"externalpay.get_fund_flow":           "no group_list, whose meaning is not stated · 没有含义未明的 group_list",
	"finance.v1.decrypt":                  "a ciphertext of the sandbox's own: the real one is not published · 密文格式是沙箱自己的",
	"mmpaymkttransfers.sendworkwxredpack": "the member sees no message, only the journal does · 成员看不到消息，只有日志",
}

// chapters are where docs/sandbox.md tells what is in doubt, by the beginning of
// an endpoint's id; the longest that fits counts.
var chapters = map[string]string{
	"agent.": "应用消息与卡片", "appchat.": "应用消息与卡片", "message.": "应用消息与卡片", "webhook.": "应用消息与卡片", "menu.": "应用消息与卡片",
	"auth.": "客服媒体应用消息与登录", "connect.": "客服媒体应用消息与登录", "wwopen.": "客服媒体应用消息与登录", "wwlogin.": "客服媒体应用消息与登录",
	"media.": "客服媒体应用消息与登录", "media.upload_by_url": "异步上传页面录音与小程序登录", "media.get_upload_by_url_result": "异步上传页面录音与小程序登录",
	"media.get.jssdk": "异步上传页面录音与小程序登录", "miniprogram.": "异步上传页面录音与小程序登录", "media.upload_attachment": "客户朋友圈",
	"user.": "通讯录", "department.": "通讯录", "tag.": "通讯录", "batch.": "通讯录", "export.": "通讯录", "corp.": "通讯录",
	"externalcontact.": "与真服务端不同之处", "externalcontact.add_moment_task": "客户朋友圈", "externalcontact.cancel_moment_task": "客户朋友圈",
	"externalcontact.get_moment": "客户朋友圈", "externalcontact.moment_strategy": "入群欢迎语统计与规则组",
	"externalcontact.customer_strategy": "入群欢迎语统计与规则组", "externalcontact.group_welcome_template": "入群欢迎语统计与规则组",
	"externalcontact.get_user_behavior_data": "入群欢迎语统计与规则组", "externalcontact.groupchat.statistic": "入群欢迎语统计与规则组",
	"externalcontact.add_strategy_tag": "入群欢迎语统计与规则组", "externalcontact.edit_strategy_tag": "入群欢迎语统计与规则组",
	"externalcontact.del_strategy_tag": "入群欢迎语统计与规则组", "externalcontact.get_strategy_tag_list": "入群欢迎语统计与规则组",
	"externalcontact.transfer": "在职继承与离职继承", "externalcontact.resigned": "在职继承与离职继承", "externalcontact.get_unassigned_list": "在职继承与离职继承",
	"externalcontact.groupchat.transfer": "在职继承与离职继承", "externalcontact.groupchat.onjob_transfer": "在职继承与离职继承",
	"externalcontact.customer_acquisition": "获客助手商品图册敏感词与其他", "externalcontact.add_product": "获客助手商品图册敏感词与其他",
	"externalcontact.get_product": "获客助手商品图册敏感词与其他", "externalcontact.update_product": "获客助手商品图册敏感词与其他",
	"externalcontact.delete_product": "获客助手商品图册敏感词与其他", "externalcontact.add_intercept": "获客助手商品图册敏感词与其他",
	"externalcontact.get_intercept": "获客助手商品图册敏感词与其他", "externalcontact.update_intercept": "获客助手商品图册敏感词与其他",
	"externalcontact.del_intercept": "获客助手商品图册敏感词与其他", "externalcontact.check_follow_user": "获客助手商品图册敏感词与其他",
	"externalcontact.contact_list": "获客助手商品图册敏感词与其他", "externalcontact.close_temp_chat": "获客助手商品图册敏感词与其他",
	"kf.": "客服媒体应用消息与登录", "kf.knowledge": "客服知识库统计升级服务", "kf.get_": "客服知识库统计升级服务", "kf.customer.": "客服知识库统计升级服务",
	"msgaudit.": "会话内容存档", "finance.": "会话内容存档",
	"externalpay.": "对外收款", "miniapppay.": "小程序支付与开户", "mmpaymkttransfers.": "企业付款红包与付款到零钱",
	"security.": "操作日志网络名单与临时-id", "idconvert.": "操作日志网络名单与临时-id", "wxa.": "打开小程序的链接",
}

// never says why an event is not produced, by the beginning of its id.
var never = map[string]string{
	"kf.sync.":                           "a row of kf/sync_msg, no callback: acts of the customer and the servicer · kf/sync_msg 的一行，不是回调",
	"archive.msg_audit_approved":         "the same as change_external_contact.msg_audit_approved · 与前者同",
	"special_auth.":                      "provider · 服务商",
	"suite.":                             "provider · 服务商",
	"license.":                           "provider · 服务商",
	"customer_acquisition_permit_change": "acquisition component · 获客组件",
	"share_":                             "corp groups · 上下游",
	"zone.":                              "zone programmes · 专区程序",
	"aibot.":                             "smart bots · 智能机器人",
	"close_inactive_agent":               "the app is never idle · 应用从不闲置",
	"reopen_inactive_agent":              "the app is never idle · 应用从不闲置",
	"inactive_alert":                     "the app is never idle · 应用从不闲置",
	"low_active":                         "the app is never idle · 应用从不闲置",
	"active_restored":                    "the app is never idle · 应用从不闲置",
}

// longest is the value of the longest key that an id begins with.
func longest(table map[string]string, id string) string {
	best := ""
	for prefix := range table {
		if strings.HasPrefix(id, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return table[best]
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} -]`)

// checkRemarks refuses remarks about what is not there.
func checkRemarks(facts *spec.Spec) error {
	var wrong []error
	for id := range missing {
		if facts.Endpoint(id) == nil {
			wrong = append(wrong, fmt.Errorf("missing names %s, which is no endpoint", id))
		}
	}
	text, err := os.ReadFile("docs/sandbox.md")
	if err != nil {
		return fmt.Errorf("read the chapters: %w", err)
	}
	anchors := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(strings.TrimSpace(line), "#"), " "); ok && strings.HasPrefix(line, "##") {
			anchors[strings.ReplaceAll(strings.ToLower(notInAnchors.ReplaceAllString(title, "")), " ", "-")] = true
		}
	}
	for prefix, anchor := range chapters {
		if !anchors[anchor] {
			wrong = append(wrong, fmt.Errorf("chapters: %s leads to #%s, which docs/sandbox.md does not have", prefix, anchor))
		}
	}
	return errors.Join(wrong...)
}
