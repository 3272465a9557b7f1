package sandbox

import (
	"fmt"
	"net/url"
	"time"
)

const tinyPNG = "\x89PNG\r\n\x1a\n and what follows"

// appCalls are the good calls of logins, media, messages and settings of the app.
func appCalls() map[string]func(r *rig) goodCall {
	return map[string]func(r *rig) goodCall{
		"gettoken": func(r *rig) goodCall {
			return goodCall{query: object{"corpid": r.Ready.CorpID, "corpsecret": r.Ready.Secrets.App}}
		},
		"get_api_domain_ip": func(*rig) goodCall { return goodCall{} },
		"getcallbackip":     func(*rig) goodCall { return goodCall{} },
		"get_jsapi_ticket":  func(*rig) goodCall { return goodCall{} },
		"ticket.get":        func(*rig) goodCall { return goodCall{query: object{"type": "agent_config"}} },
		"auth.getuserinfo":  func(r *rig) goodCall { return goodCall{query: object{"code": r.staffCode(false)}} },
		"user.getuserinfo":  func(r *rig) goodCall { return goodCall{query: object{"code": r.staffCode(false)}} },
		"auth.getuserdetail": func(r *rig) goodCall {
			r.token = r.tokenOf(r.Ready.Secrets.App)
			got := r.good("auth/getuserinfo", url.Values{"code": {r.staffCode(true)}})
			return goodCall{body: object{"user_ticket": got["user_ticket"]}}
		},
		"agent.get": func(r *rig) goodCall { return goodCall{query: object{"agentid": r.Ready.AgentID}} },
		"agent.set": func(r *rig) goodCall {
			r.as(AreaApp)
			return goodCall{body: object{
				"agentid": r.Ready.AgentID, "report_location_flag": 1, "logo_mediaid": r.upload("image", "a.png", tinyPNG)["media_id"],
				"name": "助手", "description": "客户运营助手", "redirect_domain": "127.0.0.1:1", "isreportenter": 0, "home_url": "http://127.0.0.1:1/",
			}}
		},
		"agent.set_workbench_template": func(r *rig) goodCall {
			return goodCall{body: object{
				"agentid": r.Ready.AgentID, "type": "keydata", "replace_user_data": true, "keydata": keyData("3"),
				"image": object{"url": "https://example.com/a.png", "jump_url": "https://example.com", "pagepath": "a"},
				"list":  object{"items": []object{{"title": "a"}}}, "webview": object{"url": "https://example.com"},
			}, lax: map[string]string{"list.items[].title/limit": "only the part of the type counts"}}
		},
		"agent.get_workbench_template": func(r *rig) goodCall {
			r.newTemplate()
			return goodCall{body: object{"agentid": r.Ready.AgentID}}
		},
		"agent.set_workbench_data": func(r *rig) goodCall {
			r.newTemplate()
			return goodCall{body: object{
				"agentid": r.Ready.AgentID, "userid": "S01", "type": "keydata", "keydata": keyData("4"), "list": object{}, "webview": object{},
				"image": object{"url": "https://example.com/a.png", "jump_url": "https://example.com", "pagepath": "a"},
			}}
		},
		"agent.get_workbench_data": func(r *rig) goodCall {
			r.newTemplate()
			return goodCall{body: object{"agentid": r.Ready.AgentID, "userid": "S01"}}
		},
		"agent.batch_set_workbench_data": func(r *rig) goodCall {
			r.newTemplate()
			return goodCall{body: object{"agentid": r.Ready.AgentID, "userid_list": []string{"S01", "S02"}, "data": object{
				"type": "keydata", "keydata": keyData("4"), "image": object{}, "list": object{}, "webview": object{},
			}}}
		},
		"agent.list": func(*rig) goodCall { return goodCall{} },
		"menu.create": func(r *rig) goodCall {
			return goodCall{query: object{"agentid": r.Ready.AgentID}, body: object{"button": []object{
				{"type": "click", "name": "今日", "key": "today"},
				{"name": "更多", "sub_button": []object{{"type": "view", "name": "官网", "url": "http://127.0.0.1/"}}},
			}}}
		},
		"menu.get":    func(r *rig) goodCall { r.newMenu(); return goodCall{query: object{"agentid": r.Ready.AgentID}} },
		"menu.delete": func(r *rig) goodCall { r.newMenu(); return goodCall{query: object{"agentid": r.Ready.AgentID}} },
		"media.upload": func(*rig) goodCall {
			return goodCall{query: object{"type": "image"}, name: "a.png", file: tinyPNG}
		},
		"media.uploadimg": func(*rig) goodCall { return goodCall{name: "a.png", file: tinyPNG} },
		"media.get": func(r *rig) goodCall {
			return goodCall{query: object{"media_id": r.upload("image", "a.png", tinyPNG)["media_id"]}, binary: true}
		},
		"security.member_oper_log.list": func(r *rig) goodCall {
			return goodCall{body: logQuery(1, r.act("scan_contact_way", nil)["staff"])}
		},
		"security.admin_oper_log.list": func(r *rig) goodCall {
			r.act("admin_buys_quota", object{"amount": 1})
			return goodCall{body: logQuery(13, "S01")}
		},
		"security.get_server_domain_ip": func(*rig) goodCall { return goodCall{} },
		"idconvert.convert_tmp_external_userid": func(r *rig) goodCall {
			id := r.act("customer_joins_form", nil)["tmp_external_userid"]
			return goodCall{body: object{"business_type": 2, "user_type": 1, "tmp_external_userid_list": []any{id}}}
		},
		"idconvert.open_kfid": func(r *rig) goodCall { return goodCall{body: object{"open_kfid_list": []any{r.firstKf(), "none"}}} },
		"miniprogram.jscode2session": func(r *rig) goodCall {
			return goodCall{query: object{"js_code": r.act("staff_opens_miniprogram", nil)["js_code"], "grant_type": "authorization_code"}}
		},
		"wxa.generatescheme": func(r *rig) goodCall {
			return ofProgram(r, object{
				"jump_wxa":  object{"path": "pages/index", "query": "from=sms", "env_version": "release"},
				"is_expire": true, "expire_type": 1, "expire_interval": 7, "expire_time": r.Now().Unix() + 3600,
			})
		},
		"wxa.generate_urllink": func(r *rig) goodCall {
			return ofProgram(r, object{"path": "pages/index", "query": "from=sms", "expire_type": 1, "expire_interval": 7})
		},
		"wxa.genwxashortlink": func(r *rig) goodCall {
			return ofProgram(r, object{"page_url": "pages/index?from=chat", "page_title": "商城", "is_permanent": true})
		},
		"media.get.jssdk": func(r *rig) goodCall {
			return goodCall{query: object{"media_id": r.act("staff_records_voice", nil)["media_id"]}, binary: true}
		},
		"media.upload_by_url": func(r *rig) goodCall {
			return goodCall{as: AreaExternal, body: uploadOf(r.offer("a film"), "a film")}
		},
		"media.get_upload_by_url_result": func(r *rig) goodCall {
			job := r.as(AreaExternal).good("media/upload_by_url", uploadOf(r.offer("a film"), "a film"))["jobid"]
			r.advance(time.Minute)
			return goodCall{as: AreaExternal, body: object{"jobid": job}}
		},
		"message.send": func(r *rig) goodCall {
			return goodCall{body: object{
				"touser": "S01|S02", "toparty": "2", "msgtype": "text", "agentid": r.Ready.AgentID, "safe": 0,
				"enable_id_trans": 0, "enable_duplicate_check": 0, "duplicate_check_interval": 1800, "text": object{"content": "内测"},
			}, lax: map[string]string{"text.content/limit": "cut, not refused"}}
		},
		"message.update_template_card": func(r *rig) goodCall {
			sent := r.as(AreaApp).good("message/send", r.card("t1"))
			return goodCall{body: object{
				"userids": []string{"S01", "nobody"}, "partyids": []int{2}, "atall": 0, "agentid": r.Ready.AgentID,
				"response_code": sent["response_code"], "enable_id_trans": 0, "button": object{"replace_name": "已办"},
			}}
		},
		"message.update_taskcard": func(r *rig) goodCall {
			r.as(AreaApp).good("message/send", object{
				"touser": "S01", "agentid": r.Ready.AgentID, "msgtype": "taskcard", "taskcard": object{
					"title": "审批", "description": "请假", "task_id": "t1", "btn": []object{{"key": "yes", "name": "同意"}},
				},
			})
			return goodCall{body: object{"userids": []string{"S01", "nobody"}, "agentid": r.Ready.AgentID, "task_id": "t1", "clicked_key": "yes"}}
		},
		"message.get_statistics": func(r *rig) goodCall {
			r.as(AreaApp).good("message/send", r.appText("S01|S02", "内测"))
			return goodCall{body: object{"time_type": 0}}
		},
		"appchat.create": func(*rig) goodCall {
			return goodCall{body: object{"name": "值班", "owner": "S02", "userlist": []string{"S01", "S02"}, "chatid": "duty1"}}
		},
		"appchat.get": func(r *rig) goodCall { return goodCall{query: object{"chatid": r.newAppChat()}} },
		"appchat.update": func(r *rig) goodCall {
			return goodCall{body: object{
				"chatid": r.newAppChat(), "name": "白班", "owner": "S03", "add_user_list": []string{"S03"}, "del_user_list": []string{"S01"},
			}}
		},
		"appchat.send": func(r *rig) goodCall {
			return goodCall{
				body: object{"chatid": r.newAppChat(), "msgtype": "text", "safe": 0, "text": object{"content": "交班"}},
				lax:  map[string]string{"text.content/limit": "cut, not refused"},
			}
		},
		"webhook.send": func(r *rig) goodCall {
			key, _ := r.newRobot()
			return goodCall{query: object{"key": key}, body: object{
				"msgtype": "text", "text": object{"content": "到货", "mentioned_list": []string{"S01"}, "mentioned_mobile_list": []string{"@all"}},
				"markdown": object{"content": "a"}, "image": picture(tinyPNG), "template_card": object{"card_type": "text_notice"},
				"markdown_v2": object{"content": "a"}, "file": object{"media_id": "a"}, "voice": object{"media_id": "a"},
				"news": object{"articles": []object{{"title": "a", "description": "a", "url": "https://example.com", "picurl": "https://example.com"}}},
			}, lax: map[string]string{
				"news.articles[].url/absent": "only the part of the msgtype counts", "markdown.content/limit": "the same",
				"markdown_v2.content/limit": "the same", "news.articles/limit": "the same", "news.articles[].title/limit": "the same",
				"news.articles[].description/limit": "the same", "image.base64/limit": "the same",
			}}
		},
		"webhook.upload_media": func(r *rig) goodCall {
			key, _ := r.newRobot()
			return goodCall{query: object{"key": key, "type": "file"}, name: "a.txt", file: "a price list"}
		},
		"message.recall": func(r *rig) goodCall {
			r.token = r.tokenOf(r.Ready.Secrets.App)
			return goodCall{body: object{"msgid": r.good("message/send", r.appText("S01", "内测"))["msgid"]}}
		},
	}
}

// staffCode is a login code of the first member; with private fields when the
// member consented to show them.
func (r *rig) staffCode(private bool) string {
	r.t.Helper()
	q := r.authorize()
	q.Set("as", "S01")
	if private {
		q.Set("scope", "snsapi_privateinfo")
	}
	resp, _ := r.visit("/connect/oauth2/authorize", q)
	return r.codeOf(resp)
}

func keyData(value string) object {
	return object{"items": []object{{"key": "待办", "data": value, "jump_url": "https://example.com", "pagepath": "a"}}}
}

// ofProgram is a call by the token of a mini-program.
func ofProgram(r *rig, body object) goodCall {
	return goodCall{query: object{"access_token": r.act("program_gets_token", nil)["access_token"]}, body: body}
}

func (r *rig) newTemplate() {
	r.t.Helper()
	r.as(AreaApp).good("agent/set_workbench_template", object{"agentid": r.Ready.AgentID, "type": "keydata", "keydata": keyData("3")})
}

// newAppChat is a chat of the app with S01, its owner, and S02.
func (r *rig) newAppChat() string {
	r.t.Helper()
	made := r.as(AreaApp).good("appchat/create", object{"name": "值班", "owner": "S01", "userlist": []string{"S01", "S02"}})
	return fmt.Sprint(made["chatid"])
}

func (r *rig) newMenu() {
	r.t.Helper()
	token := r.tokenOf(r.Ready.Secrets.App)
	_, out := r.do("POST", fmt.Sprintf("/cgi-bin/menu/create?access_token=%s&agentid=%d", token, r.Ready.AgentID),
		object{"button": []object{{"type": "click", "name": "今日", "key": "today"}}})
	if out["errcode"] != 0.0 {
		r.t.Fatalf("menu/create: %v", out)
	}
}

func logQuery(kind int, who any) object {
	return object{"start_time": testStart.AddDate(0, 0, -1).Unix(), "end_time": testStart.Unix(), "oper_type": kind, "userid": who, "cursor": "", "limit": 10}
}
