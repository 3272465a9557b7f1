package sandbox

import (
	"fmt"
	"maps"
	"time"
)

// payCalls are the good calls of payments.
func payCalls() map[string]func(r *rig) goodCall {
	since := testStart.AddDate(0, 0, -20).Unix()
	return map[string]func(r *rig) goodCall{
		"externalpay.get_bill_list": func(r *rig) goodCall {
			paid := r.act("customer_pays", object{"staff": "S03", "contact": object{"name": "收件人"}})
			r.act("staff_refunds", object{"out_trade_no": paid["out_trade_no"]})
			r.advance(time.Minute)
			return goodCall{body: object{
				"begin_time": since, "end_time": testStart.AddDate(0, 0, 1).Unix(), "payee_userid": "S03", "cursor": "", "limit": 10,
			}}
		},
		"externalpay.get_payment_info": func(r *rig) goodCall {
			item := r.act("staff_raises_payment", nil)
			r.act("customer_pays", object{"payment_id": item["payment_id"]})
			return goodCall{body: object{"payment_id": item["payment_id"]}}
		},
		"externalpay.get_fund_flow": func(r *rig) goodCall {
			return goodCall{body: object{"begin_time": since, "end_time": testStart.Unix(), "mch_id": r.mch(), "cursor": "", "limit": 10}}
		},
		"externalpay.getmerchant": func(r *rig) goodCall { return goodCall{body: object{"mch_id": r.mch()}} },
		"externalpay.set_mch_use_scope": func(r *rig) goodCall {
			return goodCall{body: object{"mch_id": r.mch(), "allow_use_scope": object{
				"user": []string{"S03"}, "partyid": []int{2}, "tagid": []int{r.newStaffTag()},
			}}}
		},
		"miniapppay.create_order": func(r *rig) goodCall {
			o := r.orderBody("ORDER0001")
			o["scenekey"] = r.act("staff_sends_miniprogram", nil)["scenekey"]
			return goodCall{body: o}
		},
		"miniapppay.get_order": func(r *rig) goodCall {
			r.paidOrder("ORDER0001")
			return goodCall{body: object{"mchid": r.mch(), "out_trade_no": "ORDER0001"}}
		},
		"miniapppay.close_order": func(r *rig) goodCall {
			r.order("ORDER0001")
			r.advance(closeWait)
			return goodCall{body: object{"mchid": r.mch(), "out_trade_no": "ORDER0001"}}
		},
		"miniapppay.get_sign": func(r *rig) goodCall {
			return goodCall{body: object{
				"appid": testProgram, "prepay_id": r.order("ORDER0001"), "sign_type": "RSA", "nonce": "abc123", "timestamp": testStart.Unix(),
			}}
		},
		"miniapppay.refund": func(r *rig) goodCall {
			r.paidOrder("ORDER0001")
			return goodCall{body: r.refundBody("ORDER0001", "REFUND1", 300)}
		},
		"miniapppay.get_refund_detail": func(r *rig) goodCall {
			r.paidOrder("ORDER0001")
			r.as(AreaApp).good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
			r.advance(time.Minute)
			return goodCall{body: object{"mchid": r.mch(), "out_refund_no": "REFUND1"}}
		},
		"miniapppay.get_bill": func(r *rig) goodCall {
			return goodCall{body: object{"bill_date": "2026-03-09", "mchid": r.mch(), "bill_type": "ALL", "tar_type": "GZIP"}}
		},
		"miniapppay.upload_image": func(*rig) goodCall { return goodCall{name: "a.png", file: tinyPNG} },
		"miniapppay.apply_mch":    func(r *rig) goodCall { return goodCall{body: r.application("APPLY1")} },
		"miniapppay.get_applyment_status": func(r *rig) goodCall {
			r.as(AreaApp).good("miniapppay/apply_mch", r.application("APPLY1"))
			r.act("wechat_rejects_application", object{"out_request_no": "APPLY1", "param": "account_info", "reason": "账号有误"})
			return goodCall{body: object{"out_request_no": "APPLY1"}}
		},
		"mmpaymkttransfers.sendworkwxredpack": func(r *rig) goodCall {
			c := r.payCall(r.packetBody("S03", 1, 100))
			c.body["scene_id"], c.body["sender_header_media_id"] = "PRODUCT_4", "1"
			return c
		},
		"mmpaymkttransfers.queryworkwxredpack": func(r *rig) goodCall {
			body := r.packetBody("S03", 1, 100)
			r.payWell("sendworkwxredpack", body)
			r.advance(time.Minute)
			r.act("staff_opens_red_packet", nil)
			return r.payCall(r.payQuery("mch_billno", body["mch_billno"]))
		},
		"mmpaymkttransfers.promotion.paywwsptrans2pocket": func(r *rig) goodCall {
			c := r.payCall(r.pocketBody("S03", "P1", 100))
			maps.Copy(c.body, object{
				"device_info": "1", "check_name": "FORCE_CHECK", "re_user_name": "S03", "ww_msg_type": "APPROVAL_MSG",
				"approval_number": "1", "approval_type": 1, "agentid": r.Ready.AgentID,
			})
			return c
		},
		"mmpaymkttransfers.promotion.querywwsptrans2pocket": func(r *rig) goodCall {
			r.payWell("promotion/paywwsptrans2pocket", r.pocketBody("S03", "P1", 100))
			return r.payCall(r.payQuery("partner_trade_no", "P1"))
		},
	}
}

// payCodes are the codes that the facts list for calls of WeChat Pay and that a
// wrong parameter may bring.
var payCodes = []string{
	"PARAM_ERROR", "SIGN_ERROR", "WORKWX_SIGN_ERROR", "XML_ERROR", "NO_AUTH", "ILLEGAL_APPID", "WORKWX_MCHID_ERROR", "OPENID_ERROR",
	"MONEY_LIMIT", "AMOUNT_LIMIT",
}

const testProgram = "wx0123456789abcdef"

// orderBody is an order with every field.
func (r *rig) orderBody(trade string) object {
	return object{
		"appid": testProgram, "mchid": r.mch(), "out_trade_no": trade, "description": "保湿面膜",
		"amount": object{"total": 1000, "currency": "CNY"}, "payer": object{"openid": "oNobodyKnown"},
		"time_expire": testStart.Add(48 * time.Hour).Format(time.RFC3339), "attach": "备注", "goods_tag": "WXG",
		"scene_info": object{
			"payer_client_ip": "127.0.0.1", "device_id": "1",
			"store_info": object{"id": "2", "name": "春溪店", "area_code": "440305", "address": "路"},
		},
		"detail": object{"cost_price": 1000, "invoice_id": "I1", "goods_detail": []object{
			{"merchant_goods_id": "G1", "wechatpay_goods_id": "1001", "goods_name": "面膜", "quantity": 1, "unit_price": 1000},
		}},
	}
}

// order makes an order and answers its prepay_id.
func (r *rig) order(trade string) any {
	r.t.Helper()
	return r.as(AreaApp).good("miniapppay/create_order", r.orderBody(trade))["prepay_id"]
}

func (r *rig) paidOrder(trade string) object {
	r.t.Helper()
	r.order(trade)
	return r.act("customer_pays_order", object{"out_trade_no": trade})
}

func (r *rig) refundBody(trade, no string, fen int) object {
	return object{
		"mchid": r.mch(), "appid": testProgram, "out_trade_no": trade, "out_refund_no": no, "reason": "不想要了", "funds_account": "AVAILABLE",
		"amount": object{"refund": fen, "total": 1000, "currency": "CNY"},
	}
}

// application is one with every field.
func (r *rig) application(no string) object {
	r.t.Helper()
	r.as(AreaApp)
	picture := r.form("miniapppay/upload_image?debug=0", "media", "a.png", tinyPNG)["open_wx_pay_media_id"]
	return object{
		"out_request_no": no, "organization_type": 0, "business_license_info": object{
			"business_license_copy_open_wx_pay_media_id": picture, "business_license_number": "91440300MA5EXAMPLE", "merchant_name": "花间集",
			"legal_person": r.nameOf("S03"), "business_time_begin_time": "2019-01-01", "business_time_end_time": longTerm,
		},
		"finance_institution_info": object{"finance_type": "OTHER", "finance_license_pics_open_wx_pay_media_id": []any{picture}},
		"merchant_short_name":      "花间集", "id_card_info": card(r.nameOf("S03"), picture), "owner": false, "ubo_info": card("受益人", picture),
		"contact_info": object{
			"contact_type": legalPerson, "contact_info": object{"id_card_name": r.nameOf("S03"), "id_card_number": "11010119900101001X"},
			"mobile_phone": "13800000000", "contact_email": "pay@example.com",
		},
		"account_info": object{
			"bank_account_type": publicBank, "account_bank": "工商银行", "account_name": "花间集", "bank_address_code": "440300", "account_number": "4000020000000000",
		},
		"sales_scene_info": object{
			"type": shopPlace, "address_code": "440305", "offline_address": "春溪路 1 号",
			"entrance_pic_open_wx_pay_media_id": picture, "indoor_pic_open_wx_pay_media_id": picture,
		},
		"business_id": 1, "qualifications": object{"id": []any{picture}}, "business_addition_pics": object{"id": []any{picture}}, "userid": "S03",
	}
}

// card is the card of a person, with every field.
func card(name string, picture any) object {
	return object{
		"id_card_copy_open_wx_pay_media_id": picture, "id_card_national_open_wx_pay_media_id": picture, "id_card_name": name,
		"id_card_number": "11010119900101001X", "id_card_address": "春溪路 2 号", "id_card_valid_time_begin": "2015-01-01", "id_card_valid_time": "2035-01-01",
		"id_doc_type": 0,
	}
}

func (r *rig) nameOf(userid string) string {
	r.Sandbox.mu.Lock()
	defer r.Sandbox.mu.Unlock()
	n, _ := r.world.staffByID(userid)
	return r.world.staff[n].name
}

// mch is the merchant number the corp begins with.
func (r *rig) mch() string {
	r.Sandbox.mu.Lock()
	defer r.Sandbox.mu.Unlock()
	return fmt.Sprint(r.world.pay.merchants[0].id)
}
