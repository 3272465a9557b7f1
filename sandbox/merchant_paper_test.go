package sandbox

import (
	"strings"
	"testing"
)

func TestPapersAreRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "miniapppay/apply_mch"
	in := func(paper string) func(object) object { return func(o object) object { return o[paper].(object) } }
	whole := func(o object) object { return o }
	for i, c := range []struct {
		of    func(object) object
		field string
		value any
		code  int
		told  string // in error_description
	}{
		{in("business_license_info"), "business_license_number", "12345", 90414, "business_license_info.business_license_number"},
		{in("business_license_info"), "merchant_name", "花", 90414, "merchant_name"},
		{in("business_license_info"), "business_time_end_time", "2018-01-01", 90414, "business_time"},
		{in("business_license_info"), "business_license_copy_open_wx_pay_media_id", "", 90414, "picture"},
		{in("business_license_info"), "business_license_copy_open_wx_pay_media_id", "V1_none", 90419, ""},
		{in("finance_institution_info"), "finance_type", "BANK", 90414, "finance_type"},
		{in("id_card_info"), "id_card_number", "1", 90414, "id_card_info.id_card_number"},
		{in("id_card_info"), "id_card_valid_time", "someday", 90414, "id_card_valid_time"},
		{in("id_card_info"), "id_doc_type", 9, 90414, "id_doc_type"},
		{in("ubo_info"), "id_card_national_open_wx_pay_media_id", "", 90414, "ubo_info"},
		{in("contact_info"), "contact_type", "67", 90414, "contact_type"},
		{in("contact_info"), "contact_type", 65, 90414, ""},
		{in("contact_info"), "contact_info", object{"id_card_name": "别人", "id_card_number": "11010119900101001X"}, 90414, "contact_info"},
		{in("contact_info"), "mobile_phone", "x", 90414, "mobile_phone"},
		{in("contact_info"), "contact_email", "x", 90414, "contact_email"},
		{in("account_info"), "account_name", "别家", 90414, "account_name"},
		{in("account_info"), "bank_account_type", 75, 90414, "bank_account_type"},
		{in("sales_scene_info"), "offline_address", "", 90414, "offline_address"},
		{in("sales_scene_info"), "type", onlinePlace, 90414, "store_url"},
		{in("sales_scene_info"), "type", 3, 90414, "sales_scene_info.type"},
		{whole, "owner", nil, 90414, "owner"},
		{whole, "ubo_info", nil, 90414, "ubo_info"},
		{whole, "userid", "S04", 90420, ""},
	} {
		body := r.application("A" + itoa(i))
		c.of(body)[c.field] = c.value
		got := r.call(path, body)
		told, _ := got["error_description"].(string)
		if got["errcode"] != float64(c.code) || !strings.Contains(told, c.told) {
			t.Errorf("%s = %v: got %v", c.field, c.value, got)
		}
	}
	r.control("switches", object{"pay.same_person": "off"})
	body := r.application("B1")
	body["userid"] = "S04"
	r.good(path, body)
	r.act("staff_changes_account", object{"staff": "S05", "account": "unverified"})
	body = r.application("B2")
	body["userid"] = "S05"
	r.refused(90418, path, body)
	// An agent shows a card and a letter of his own, an individual an account of his own.
	body = r.application("B3")
	agent := body["contact_info"].(object)
	agent["contact_type"], agent["contact_info"] = agentPerson, card("经办", agent["x"])
	r.refused(90414, path, body)
	picture := body["qualifications"].(object)["id"].([]any)[0]
	agent["contact_info"], agent["business_authorization_letter_open_wx_pay_media_id"] = card("经办", picture), picture
	r.good(path, body)
	body = r.application("B4")
	body["organization_type"], body["business_license_info"].(object)["business_license_number"] = ofIndividual, "440300123456789"
	account := body["account_info"].(object)
	account["bank_account_type"], account["account_name"] = privateBank, r.nameOf("S03")
	account["bank_card_supplement"] = object{"settlement_certificate_open_wx_pay_media_id": picture, "other_certificate_open_wx_pay_media_id": []any{picture}}
	shop := body["sales_scene_info"].(object)
	shop["type"], shop["store_url"] = onlinePlace, "https://shop.example.com/"
	r.good(path, body)
}
