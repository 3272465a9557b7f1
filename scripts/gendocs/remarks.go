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
	"security.admin_oper_log.list": "detail_type only where its number is known (14 adding a member, and what an act names), else 0 · detail_type 只有已知的编号（14 新增成员，以及动作里写明的），其余为 0",
}

// differs says in what a served endpoint is not the real one by its nature: no
// program can depend on it.
var differs = map[string]string{
	"connect.oauth2.authorize":      "a page asks once who one is, in place of the phone that knows · 用网页问一次“您是谁”，代替知道是谁的手机",
	"wwopen.sso.qrConnect":          "a list of members in place of a code to scan · 用成员名单代替扫码",
	"wwlogin.sso.login":             "a list of members in place of a code to scan · 用成员名单代替扫码",
	"get_api_domain_ip":             "addresses of the sandbox, not Tencent's · 沙箱自己的地址",
	"getcallbackip":                 "addresses of the sandbox, not Tencent's · 沙箱自己的地址",
	"security.get_server_domain_ip": "hosts the front stands for, not Tencent's list · 前门代表的主机",
	"finance.v1.decrypt":            "a ciphertext of the sandbox's own: the real one is not published, and callers pass it on unread · 密文格式是沙箱自己的：真的没有公开，调用方也只是原样传递",
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
	for _, table := range []map[string]string{missing, differs} {
		for id := range table {
			if facts.Endpoint(id) == nil {
				wrong = append(wrong, fmt.Errorf("a remark names %s, which is no endpoint", id))
			}
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
