package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// resource opens what a notice of an order holds.
func (in *inbox) resource(doc string) object {
	in.t.Helper()
	block, err := aes.NewCipher(in.sealer.key)
	if err != nil {
		in.t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		in.t.Fatal(err)
	}
	sealed, err := base64.StdEncoding.DecodeString(elementText(doc, "ciphertext"))
	if err != nil {
		in.t.Fatal(err)
	}
	plain, err := gcm.Open(nil, []byte(elementText(doc, "nonce")), sealed, []byte(elementText(doc, "associated_data")))
	if err != nil {
		in.t.Fatalf("resource of %s does not open: %v", doc, err)
	}
	out := object{}
	if err := json.Unmarshal(plain, &out); err != nil {
		in.t.Fatal(err)
	}
	return out
}

func TestAnOrderIsPaidToldAndGivenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	customer := r.customersOf("S03")[0]
	openID := r.good("externalcontact/convert_to_openid", object{"external_userid": customer})["openid"]
	r.as(AreaApp)
	body := r.orderBody("ORDER0001")
	body["payer"], body["scenekey"] = object{"openid": openID}, r.act("staff_sends_miniprogram", object{"staff": "S03"})["scenekey"]
	prepay := r.good("miniapppay/create_order", body)["prepay_id"]
	id := object{"mchid": r.mch(), "out_trade_no": "ORDER0001"}
	if o := r.good("miniapppay/get_order", id); o["trade_state"] != "NOTPAY" || o["transaction_id"] != nil || o["success_time"] != nil {
		t.Errorf("unpaid order: %v", o)
	}
	sign := func(nonce string) any {
		return r.good("miniapppay/get_sign", object{"appid": testProgram, "prepay_id": prepay, "nonce": nonce, "timestamp": testStart.Unix()})["pay_sign"]
	}
	pay := object{"act": "customer_pays_order", "out_trade_no": "ORDER0001", "nonce": "n1", "timestamp": testStart.Unix(), "pay_sign": sign("n2")}
	if status, out := r.do("POST", "/_sandbox/act", pay); status != 400 {
		t.Errorf("paid with the signature of another nonce: %v", out)
	}
	pay["pay_sign"] = sign("n1")
	paid := r.act("customer_pays_order", pay)
	if paid["customer"] != customer {
		t.Errorf("who paid: got %v, want the owner of the openid", paid)
	}
	o := r.good("miniapppay/get_order", id)
	if o["trade_state"] != "SUCCESS" || o["transaction_id"] != paid["transaction_id"] || o["success_time"] != "2026-03-10T10:00:00+08:00" ||
		fmt.Sprint(o["amount"]) != "map[currency:CNY payer_currency:CNY payer_total:1000 total:1000]" {
		t.Errorf("paid order: %v", o)
	}
	doc := in.wait(1)[0]
	if got := in.resource(doc); elementText(doc, "event_type") != "TRANSACTION.SUCCESS" || got["out_trade_no"] != "ORDER0001" ||
		got["trade_state"] != "SUCCESS" || fmt.Sprint(got["payer"]) != fmt.Sprintf("map[openid:%v]", openID) {
		t.Errorf("notice: %s with %v", doc, got)
	}
	b := r.billOf("ORDER0001")
	if b["payment_type"] != 15.0 || b["payee_userid"] != "S03" || b["external_userid"] != customer ||
		fmt.Sprint(b["miniprogram_info"]) != "map[appid:"+testProgram+" name:花间集]" {
		t.Errorf("bill: %v", b)
	}
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	which := object{"mchid": r.mch(), "out_refund_no": "REFUND1"}
	if got := r.good("miniapppay/get_refund_detail", which); got["status"] != "PROCESSING" || got["success_time"] != nil {
		t.Errorf("refund under way: %v", got)
	}
	r.advance(time.Minute)
	if got := r.good("miniapppay/get_refund_detail", which); got["status"] != "SUCCESS" || got["success_time"] != "2026-03-10T10:00:02+08:00" {
		t.Errorf("refund: %v", got)
	}
	if got := r.good("miniapppay/get_order", id); got["trade_state"] != "REFUND" {
		t.Errorf("order given back in part: %v", got)
	}
	doc = in.wait(1)[1]
	if got := in.resource(doc); elementText(doc, "event_type") != "REFUND.SUCCESS" || got["out_refund_no"] != "REFUND1" ||
		fmt.Sprint(got["amount"]) != "map[payer_refund:300 payer_total:1000 refund:300 total:1000]" {
		t.Errorf("notice: %s with %v", doc, got)
	}
	// The same number again is the same refund, and takes nothing.
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	r.advance(time.Minute)
	if got := r.billOf("ORDER0001"); got["total_refund_fee"] != 300.0 {
		t.Errorf("after asking twice: %v", got)
	}
}

func TestARefundThatFailedRunsAgainUnderItsNumber(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.paidOrder("ORDER0001")
	setBalance := func(fen int) {
		r.Sandbox.mu.Lock()
		defer r.Sandbox.mu.Unlock()
		r.world.pay.merchants[0].balance = fen
	}
	status := func() any {
		return r.good("miniapppay/get_refund_detail", object{"mchid": r.mch(), "out_refund_no": "REFUND1"})["status"]
	}
	setBalance(10)
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	r.advance(time.Minute)
	if got := status(); got != "ABNORMAL" {
		t.Errorf("without money: %v", got)
	}
	setBalance(300)
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	r.advance(time.Minute)
	if got := status(); got != "SUCCESS" {
		t.Errorf("with money: %v", got)
	}
}

func TestOrdersCloseAndExpire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	prepay := r.order("ORDER0001")
	r.order("ORDER0002")
	first, second := object{"mchid": r.mch(), "out_trade_no": "ORDER0001"}, object{"mchid": r.mch(), "out_trade_no": "ORDER0002"}
	r.refused(40058, "miniapppay/close_order", first)
	r.advance(5 * time.Minute)
	r.good("miniapppay/close_order", first)
	if got := r.good("miniapppay/get_order", first)["trade_state"]; got != "CLOSED" {
		t.Errorf("closed: %v", got)
	}
	if status, out := r.do("POST", "/_sandbox/act", object{"act": "customer_pays_order", "out_trade_no": "ORDER0001"}); status != 400 {
		t.Errorf("a closed order was paid: %v", out)
	}
	r.advance(2 * time.Hour)
	r.as(AreaApp)
	r.refused(40058, "miniapppay/get_sign", object{"appid": testProgram, "prepay_id": prepay, "nonce": "n", "timestamp": 1})
	if got := r.good("miniapppay/get_order", second)["trade_state"]; got != "NOTPAY" {
		t.Errorf("before time_expire: %v", got)
	}
	r.advance(48 * time.Hour)
	r.as(AreaApp)
	if got := r.good("miniapppay/get_order", second)["trade_state"]; got != "CLOSED" {
		t.Errorf("after time_expire: %v", got)
	}
}

func TestTheBillOfADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.paidOrder("ORDER0001")
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	r.refused(40058, "miniapppay/get_bill", object{"bill_date": "2026-03-10", "mchid": r.mch()})
	r.advance(24 * time.Hour)
	r.as(AreaApp)
	read := func(more object) string {
		more["bill_date"], more["mchid"] = "2026-03-10", r.mch()
		got := r.good("miniapppay/get_bill", more)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprint(got["download_url"]), nil)
		if err != nil {
			t.Fatal(err)
		}
		get := func() (int, []byte) {
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return resp.StatusCode, raw
		}
		if status, _ := get(); status != http.StatusUnauthorized {
			t.Errorf("without the auth: status %d", status)
		}
		req.Header.Set("Authorization", fmt.Sprint(got["auth"]))
		_, raw := get()
		if more["tar_type"] != nil {
			z, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if sum := sha1.Sum(raw); hex.EncodeToString(sum[:]) != got["hash_value"] {
			t.Errorf("hash of %q is not %v", raw, got["hash_value"])
		}
		r.advance(30 * time.Second)
		if status, _ := get(); status != http.StatusNotFound {
			t.Errorf("after 30 seconds: status %d", status)
		}
		return string(raw)
	}
	all := strings.Split(strings.TrimSpace(read(object{})), "\r\n")
	for i, want := range []string{
		"交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额," +
			"充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注",
		"`2026-03-10 10:00:00,`" + testProgram + ",`" + r.mch() + ",`0,`1,`" + r.billOf("ORDER0001")["transaction_id"].(string) +
			",`ORDER0001,`oNobodyKnown,`JSAPI,`SUCCESS,`OTHERS,`CNY,`10.00,`0.00,`0,`0,`0.00,`0.00,`,`,`保湿面膜,`备注,`0.06000,`0.60%,`10.00,`0.00,`",
		"", // the refund, below
		"总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额",
		"`2,`10.00,`3.00,`0.00,`0.06000,`10.00,`3.00",
	} {
		if want != "" && all[i] != want {
			t.Errorf("line %d of the bill: got %q, want %q", i, all[i], want)
		}
	}
	if !strings.Contains(all[2], ",`REFUND1,`3.00,`0.00,`ORIGINAL,`SUCCESS,`") || strings.Count(all[2], ",`") != 26 {
		t.Errorf("refund in the bill: %q", all[2])
	}
	if got := strings.Split(read(object{"bill_type": "SUCCESS", "tar_type": "GZIP"}), "\r\n"); len(got) != 5 || strings.Count(got[1], ",`") != 19 ||
		strings.Count(got[0], ",") != 19 {
		t.Errorf("payments only: %q", got)
	}
	if got := strings.Split(read(object{"bill_type": "REFUND"}), "\r\n"); got[3] != "`1,`0.00,`3.00,`0.00,`0.00000,`0.00,`3.00" ||
		strings.Count(got[1], ",`") != 28 || strings.Count(got[0], ",") != 28 || !strings.Contains(got[1], ",`2026-03-10 10:00:00,`2026-03-10 10:00:02,`") {
		t.Errorf("refunds only: %q", got)
	}
}

func TestOrdersRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.order("ORDER0001")
	r.refused(40058, "miniapppay/create_order", r.orderBody("ORDER0001"))
	r.refused(40058, "miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	for field, bad := range map[string]any{
		"mchid": "1", "appid": "x", "out_trade_no": "a b c d", "amount": object{"total": 0, "currency": "CNY"}, "time_expire": "2026-03-10T09:00:00+08:00",
		"scene_info": object{"device_id": "1"},
	} {
		body := r.orderBody("ORDER0002")
		body[field] = bad
		r.refused(40058, "miniapppay/create_order", body)
	}
	r.act("customer_pays_order", object{"out_trade_no": "ORDER0001"})
	r.refused(40058, "miniapppay/close_order", object{"mchid": r.mch(), "out_trade_no": "ORDER0001"})
	r.refused(40058, "miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 1001))
	r.good("miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 300))
	r.refused(45009, "miniapppay/refund", r.refundBody("ORDER0001", "REFUND2", 300))
	r.advance(time.Minute)
	r.refused(40058, "miniapppay/refund", r.refundBody("ORDER0001", "REFUND1", 301))
	r.refused(40058, "miniapppay/refund", r.refundBody("ORDER0001", "REFUND2", 701))
	r.refused(40058, "miniapppay/get_refund_detail", object{"mchid": r.mch(), "out_refund_no": "none"})
	r.refused(40058, "miniapppay/get_bill", object{"bill_date": "2025-12-09", "mchid": r.mch()})
}

func TestAnAccountIsAppliedForSignedAndUsed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "miniapppay/apply_mch"
	r.as(AreaApp).good(path, r.application("APPLY1"))
	r.refused(90410, path, r.application("APPLY1"))
	state := func() string {
		got := r.good("miniapppay/get_applyment_status", object{"out_request_no": "APPLY1"})
		s := got["status"].(map[string]any)
		return fmt.Sprintf("%v %v %v %v", s["applyment_state"], s["sign_state"], got["apply_state"], got["real_sign_state"])
	}
	for _, want := range []string{"CHECKING NOT_SIGNABLE 1 0", "AUDITING NOT_SIGNABLE 1 0", "NEED_SIGN UNSIGNED 1 1"} {
		if got := state(); got != want {
			t.Errorf("state %q, want %q", got, want)
		}
		r.advance(2 * time.Second)
	}
	sub := r.act("merchant_signs", object{"out_request_no": "APPLY1"})["sub_mchid"]
	if got := state(); got != "FINISH SIGNED 2 2" {
		t.Errorf("signed: %q", got)
	}
	if got := r.good("externalpay/getmerchant", object{"mch_id": sub}); got["merchant_name"] != "花间集" || got["bind_status"] != 2.0 {
		t.Errorf("new account: %v", got)
	}
	body := r.orderBody("ORDER0001")
	body["mchid"] = sub
	r.good("miniapppay/create_order", body)
	r.good(path, r.application("APPLY2"))
	r.act("wechat_rejects_application", object{"out_request_no": "APPLY2", "param": "account_info", "reason": "账号有误"})
	got := r.good("miniapppay/get_applyment_status", object{"out_request_no": "APPLY2"})
	if fmt.Sprint(got["status"].(map[string]any)["audit_detail"]) != "[map[param_name:account_info reject_reason:账号有误]]" || got["apply_state"] != 4.0 {
		t.Errorf("rejected: %v", got)
	}
	r.good(path, r.application("APPLY2"))
	r.refused(90415, "miniapppay/get_applyment_status", object{"out_request_no": "none"})
	bad := r.application("APPLY3")
	bad["userid"] = "nobody"
	r.refused(660003, path, bad)
	bad = r.application("APPLY3")
	bad["qualifications"] = object{"id": []string{"none"}}
	r.refused(90419, path, bad)
	for kind, code := range map[string]float64{"GIF89a and more": 90405, "x": 90406} {
		if got := r.form("miniapppay/upload_image?debug=0", "media", "a.gif", kind); got["errcode"] != code {
			t.Errorf("picture %q: got %v, want %v", kind, got, code)
		}
	}
}

func TestRefundsASecond(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	nobody := r.refundBody("T0", "R0", 1)
	for range refundRate {
		r.refused(40058, "miniapppay/refund", nobody)
	}
	r.refused(45009, "miniapppay/refund", nobody)
	r.advance(time.Second)
	r.refused(40058, "miniapppay/refund", nobody)
	r.control("switches", object{"quota.call": "off"})
	for range 2 * refundRate {
		r.refused(40058, "miniapppay/refund", nobody)
	}
}
