package sandbox

import "strings"

// contactCalls are the good calls of departments, members, their tags, imports
// and exports.
func contactCalls() map[string]func(r *rig) goodCall {
	return map[string]func(r *rig) goodCall{
		"department.list":       func(*rig) goodCall { return goodCall{query: object{"id": 1}} },
		"department.simplelist": func(*rig) goodCall { return goodCall{query: object{"id": 2}} },
		"department.get":        func(*rig) goodCall { return goodCall{query: object{"id": 1}} },
		"department.create": func(*rig) goodCall {
			return goodCall{body: object{"name": "研发", "name_en": "R and D", "parentid": 1, "order": 7, "id": 50}}
		},
		"department.update": func(*rig) goodCall {
			return goodCall{body: object{"id": 3, "name": "夏荷二店", "name_en": "Lotus", "parentid": 2, "order": 7}}
		},
		"department.delete": func(r *rig) goodCall {
			r.as(AreaContact).good("department/create", object{"name": "空", "parentid": 1, "id": 50})
			return goodCall{query: object{"id": 50}}
		},
		"user.get":        func(*rig) goodCall { return goodCall{query: object{"userid": "s01"}} },
		"user.list":       membersOfOne,
		"user.simplelist": membersOfOne,
		"user.list_id":    func(*rig) goodCall { return goodCall{body: object{"cursor": "", "limit": 5}} },
		"user.create": func(r *rig) goodCall {
			body := r.fullMember()
			body["userid"] = "new.member"
			return goodCall{body: body}
		},
		"user.update": func(r *rig) goodCall {
			body := r.fullMember()
			r.as(AreaContact).good("user/create", object{"userid": "old", "name": "旧", "mobile": "13900000001", "biz_mail": "new@corp.example.com"})
			body["userid"] = "old"
			body["biz_mail_alias"] = object{"item": []string{"alias@corp.example.com"}}
			delete(body, "to_invite")
			return goodCall{body: body}
		},
		"user.delete": func(*rig) goodCall { return goodCall{query: object{"userid": "S09"}} },
		"user.batchdelete": func(*rig) goodCall {
			return goodCall{body: object{"useridlist": []string{"S08", "S09"}}}
		},
		"user.getuserid": func(r *rig) goodCall {
			r.newMember("a")
			return goodCall{body: object{"mobile": "13900000002"}}
		},
		"user.get_userid_by_email": func(r *rig) goodCall {
			r.newMember("a")
			return goodCall{body: object{"email": "a@example.com", "email_type": 2}}
		},
		"user.convert_to_openid": func(r *rig) goodCall {
			return goodCall{body: object{"userid": "S01", "agentid": r.Ready.AgentID}}
		},
		"user.convert_to_userid": func(r *rig) goodCall {
			return goodCall{body: object{"openid": r.good("user/convert_to_openid", object{"userid": "S02"})["openid"]}}
		},
		"user.get_active_stat": func(*rig) goodCall { return goodCall{body: object{"date": "2026-03-09"}} },
		"corp.get_join_qrcode": func(*rig) goodCall { return goodCall{query: object{"size_type": 3}} },
		"user.authsucc":        func(r *rig) goodCall { return goodCall{query: object{"userid": r.underVerification("a")["staff"]}} },
		"auth.get_tfa_info":    func(r *rig) goodCall { return goodCall{body: object{"code": r.underVerification("a")["code"]}} },
		"user.tfa_succ": func(r *rig) goodCall {
			got := r.as(AreaApp).good("auth/get_tfa_info", object{"code": r.underVerification("a")["code"]})
			return goodCall{body: object{"userid": got["userid"], "tfa_code": got["tfa_code"]}}
		},
		"tag.create": func(*rig) goodCall { return goodCall{as: AreaApp, body: object{"tagname": "店长", "tagid": 9}} },
		"tag.update": func(r *rig) goodCall {
			return goodCall{as: AreaContact, body: object{"tagid": r.newStaffTag(), "tagname": "新名"}}
		},
		"tag.delete": func(r *rig) goodCall { return goodCall{as: AreaContact, query: object{"tagid": r.newStaffTag()}} },
		"tag.get":    func(r *rig) goodCall { return goodCall{query: object{"tagid": r.newStaffTag()}} },
		"tag.list":   func(r *rig) goodCall { r.newStaffTag(); return goodCall{} },
		"tag.addtagusers": func(r *rig) goodCall {
			return goodCall{as: AreaContact, body: object{"tagid": r.newStaffTag(), "userlist": []string{"S01", "nobody"}, "partylist": []int{2, 99}}}
		},
		"tag.deltagusers": func(r *rig) goodCall {
			return goodCall{as: AreaContact, body: object{"tagid": r.newStaffTag(), "userlist": []string{"S03", "nobody"}, "partylist": []int{2, 99}}}
		},
		"batch.syncuser": func(r *rig) goodCall {
			return goodCall{body: object{"media_id": r.csv(memberCSV), "to_invite": true, "callback": r.jobCallback()}}
		},
		"batch.replaceuser": func(r *rig) goodCall {
			return goodCall{body: object{"media_id": r.csv(memberCSV), "to_invite": false, "callback": r.jobCallback()}}
		},
		"batch.replaceparty": func(r *rig) goodCall {
			return goodCall{body: object{"media_id": r.csv("部门名称,部门ID,父部门ID,排序\n夏荷,3,1,5\n研发,60,1,4\n"), "callback": r.jobCallback()}}
		},
		"batch.getresult": func(r *rig) goodCall {
			got := r.as(AreaContact).good("batch/syncuser", object{"media_id": r.csv(memberCSV)})
			r.advance(3e9)
			return goodCall{query: object{"jobid": got["jobid"]}}
		},
		"batch.invite": func(r *rig) goodCall {
			r.newMember("new")
			return goodCall{body: object{"user": []string{"S01", "new", "nobody"}, "party": []int{1, 99}, "tag": []int{r.newStaffTag(), 99}}}
		},
		"export.simple_user": exportCall,
		"export.user":        exportCall,
		"export.department":  exportCall,
		"export.taguser": func(r *rig) goodCall {
			c := exportCall(r)
			c.body["tagid"] = r.newStaffTag()
			return c
		},
		"export.get_result": func(r *rig) goodCall {
			got := r.as(AreaApp).good("export/user", exportCall(r).body)
			r.advance(3e9)
			return goodCall{as: AreaApp, query: object{"jobid": got["jobid"]}}
		},
	}
}

const memberCSV = "\ufeff姓名,帐号,手机号,所在部门,职位,性别\n成员甲,a1,13900000011,2;3,店员,女\n成员乙,a2,13900000012,77,店员,男\n" +
	"成员丙,S03,,2,店长,女\n成员丁,S02,,1,运营,女\n成员戊,S04,,2,店员,女\n成员己,S05,,2,店员,女\n"

// as makes the rig call with the token of an area.
func (r *rig) as(a Area) *rig {
	s := r.Ready.Secrets
	r.token = r.tokenOf(map[Area]string{
		AreaApp: s.App, AreaContact: s.Contact, AreaExternal: s.External, AreaKF: s.KF, AreaArchive: s.Archive,
	}[a])
	return r
}

func membersOfOne(*rig) goodCall {
	return goodCall{
		query: object{"department_id": 1, "fetch_child": 1},
		lax:   map[string]string{"fetch_child/enum": "no longer on the page: to be accepted leniently"},
	}
}

// fullMember is a member with every field.
func (r *rig) fullMember() object {
	r.token = r.tokenOf(r.Ready.Secrets.App)
	avatar := r.upload("image", "a.png", tinyPNG)["media_id"]
	return object{
		"name": "新成员", "alias": "新", "mobile": "13900000000", "department": []int{2, 3}, "order": []int{1, 2}, "position": "店员",
		"gender": "2", "email": "new@example.com", "biz_mail": "new@corp.example.com", "telephone": "020-123", "is_leader_in_dept": []int{0, 1},
		"direct_leader": []string{"S01"}, "avatar_mediaid": avatar, "enable": 1, "address": "春溪路", "main_department": 3, "nickname": "号",
		"to_invite": false,
		"extattr":   object{"attrs": []object{{"type": 0, "name": "爱好", "text": object{"value": "读书"}}}},
		"external_profile": object{
			"external_corp_name": "花间集", "wechat_channels": object{"nickname": "号", "status": 0},
			"external_attr": []object{{"type": 0, "name": "职称", "text": object{"value": "顾问"}}},
		},
		"external_position": "顾问",
	}
}

// newMember is a member who has not logged in yet.
func (r *rig) newMember(id string) {
	r.t.Helper()
	token := r.token
	r.as(AreaContact).good("user/create", object{"userid": id, "name": strings.ToUpper(id), "mobile": "13900000002", "email": id + "@example.com"})
	r.token = token
}

func (r *rig) underVerification(id string) object {
	r.t.Helper()
	r.newMember(id)
	return r.act("staff_verifies_again", object{"staff": id})
}

// newStaffTag is a tag of the contacts helper with a member and a department.
func (r *rig) newStaffTag() int {
	r.t.Helper()
	token := r.token
	got := r.as(AreaContact).good("tag/create", object{"tagname": "内训"})
	id := int(got["tagid"].(float64))
	r.good("tag/addtagusers", object{"tagid": id, "userlist": []string{"S03"}, "partylist": []int{2}})
	r.token = token
	return id
}

// csv uploads a file for an import.
func (r *rig) csv(content string) any {
	r.t.Helper()
	r.as(AreaContact)
	return r.upload("file", "a.csv", content)["media_id"]
}

func (r *rig) jobCallback() object {
	s := r.Ready.Callback
	return object{"url": "http://127.0.0.1:1/job", "token": s.Token, "encodingaeskey": s.AESKey}
}

func exportCall(*rig) goodCall {
	return goodCall{as: AreaApp, body: object{"encoding_aeskey": strings.Repeat("a", 43), "block_size": 10000}}
}
