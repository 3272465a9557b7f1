package sandbox

import (
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// payXML writes a body as SDKs do: first workwx_sign where the call has one,
// then sign, over everything. Values other than "auto" stay as they are.
func (r *rig) payXML(body object) string {
	body = maps.Clone(body)
	md := func(names []string, last string) string {
		slices.Sort(names)
		var parts []string
		for _, n := range names {
			if v := body[n]; v != nil && fmt.Sprint(v) != "" && n != "sign" {
				parts = append(parts, n+"="+fmt.Sprint(v))
			}
		}
		sum := md5.Sum([]byte(strings.Join(append(parts, last), "&")))
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	if body["workwx_sign"] == "auto" {
		names := []string{"act_name", "mch_billno", "mch_id", "nonce_str", "re_openid", "total_amount", "wxappid"}
		if body["partner_trade_no"] != nil || body["openid"] != nil {
			names = []string{"amount", "appid", "desc", "mch_id", "nonce_str", "openid", "partner_trade_no", "ww_msg_type"}
		}
		body["workwx_sign"] = md(names, "secret="+r.Ready.Secrets.App)
	}
	if body["sign"] == "auto" {
		body["sign"] = md(slices.Collect(maps.Keys(body)), fmt.Sprintf("key=%v", r.Ready.Pay["key"]))
	}
	var b strings.Builder
	b.WriteString("<xml>")
	for name, v := range body {
		switch v := v.(type) {
		case object, map[string]any:
			fmt.Fprintf(&b, "<%s><x>1</x></%s>", name, name)
		default:
			fmt.Fprintf(&b, "<%s><![CDATA[%v]]></%s>", name, v, name)
		}
	}
	return b.String() + "</xml>"
}

var payElement = regexp.MustCompile(`<(\w+)><!\[CDATA\[(.*?)\]\]></`)

// payReply reads an answer of WeChat Pay; errcode is 0 when all went well.
func payReply(doc string) object {
	out := object{"errcode": 1.0}
	for _, m := range payElement.FindAllStringSubmatch(doc, -1) {
		out[m[1]] = m[2]
	}
	if out["return_code"] == "SUCCESS" && out["result_code"] == "SUCCESS" {
		out["errcode"] = 0.0
	}
	return out
}

func (r *rig) payCall(body object) goodCall {
	return goodCall{body: body, xml: r.payXML, codes: payCodes}
}

// pay makes a call of WeChat Pay.
func (r *rig) pay(path string, body object) object {
	r.t.Helper()
	return r.payRaw(path, r.payXML(body))
}

func (r *rig) payRaw(path, doc string) object {
	r.t.Helper()
	_, _, raw := r.raw(http.MethodPost, r.URL+"/mmpaymkttransfers/"+path, strings.NewReader(doc))
	return payReply(string(raw))
}

func (r *rig) payWell(path string, body object) object {
	r.t.Helper()
	out := r.pay(path, body)
	if out["errcode"] != 0.0 {
		r.t.Fatalf("%s %v: %v", path, body, out)
	}
	return out
}

func (r *rig) payRefused(code, path string, body object) {
	r.t.Helper()
	if out := r.pay(path, body); out["err_code"] != code || out["result_code"] != "FAIL" {
		r.t.Errorf("%s %v: got %v, want %s", path, body, out, code)
	}
}

func (r *rig) openIDOf(staff string) any {
	r.t.Helper()
	return r.as(AreaApp).good("user/convert_to_openid", object{"userid": staff})["openid"]
}

// packetBody is a red packet; n makes its number.
func (r *rig) packetBody(staff string, n, fen int) object {
	r.t.Helper()
	return object{
		"nonce_str": "abc", "sign": "auto", "mch_billno": fmt.Sprintf("%v20260310%010d", r.Ready.Pay["mch_id"], n), "mch_id": r.Ready.Pay["mch_id"],
		"wxappid": r.Ready.CorpID, "agentid": r.Ready.AgentID, "re_openid": r.openIDOf(staff), "total_amount": fen,
		"wishing": "节日快乐", "act_name": "三八", "remark": "福利", "workwx_sign": "auto",
	}
}

func (r *rig) pocketBody(staff, no string, fen int) object {
	r.t.Helper()
	return object{
		"appid": r.Ready.CorpID, "mch_id": r.Ready.Pay["mch_id"], "nonce_str": "abc", "sign": "auto", "partner_trade_no": no,
		"openid": r.openIDOf(staff), "check_name": "NO_CHECK", "amount": fen, "desc": "奖励", "spbill_create_ip": "127.0.0.1",
		"workwx_sign": "auto", "ww_msg_type": "NORMAL_MSG", "act_name": "三月",
	}
}

func (r *rig) payQuery(field string, number any) object {
	return object{"nonce_str": "abc", "sign": "auto", field: number, "mch_id": r.Ready.Pay["mch_id"], "appid": r.Ready.CorpID}
}

func (r *rig) payoutBalance() int {
	r.Sandbox.mu.Lock()
	defer r.Sandbox.mu.Unlock()
	return r.world.payouts.balance
}

const (
	sendPath, queryPath = "sendworkwxredpack", "queryworkwxredpack"
	payPath, askPath    = "promotion/paywwsptrans2pocket", "promotion/querywwsptrans2pocket"
)

func TestARedPacketIsSentOpenedOrTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.payoutBalance()
	one, two := r.packetBody("S03", 1, 500), r.packetBody("S03", 2, 700)
	sent := r.payWell(sendPath, one)
	if sent["send_listid"] == nil || sent["total_amount"] != "500" || sent["re_openid"] != one["re_openid"] {
		t.Errorf("sent: %v", sent)
	}
	query := func(body object) object { return r.payWell(queryPath, r.payQuery("mch_billno", body["mch_billno"])) }
	if got := query(one); got["status"] != "SENDING" || got["send_type"] != "API" || got["rcv_time"] != nil || got["send_time"] != "2026-03-10 10:00:00" {
		t.Errorf("under way: %v", got)
	}
	r.payWell(sendPath, two)
	r.advance(time.Minute)
	if got := query(one); got["status"] != "SENT" {
		t.Errorf("there: %v", got)
	}
	// The same number asks for the same packet; with other parameters it is an error.
	again := maps.Clone(one)
	again["nonce_str"] = "other"
	if got := r.payWell(sendPath, again); got["send_listid"] != sent["send_listid"] || r.payoutBalance() != before-1200 {
		t.Errorf("repeated: %v, balance %d of %d", got, r.payoutBalance(), before)
	}
	again["total_amount"] = 501
	r.payRefused("FATAL_ERROR", sendPath, again)
	r.act("staff_opens_red_packet", object{"mch_billno": one["mch_billno"]})
	if got := query(one); got["status"] != "RECEIVED" || got["amount"] != "500" || got["openid"] != one["re_openid"] || got["rcv_time"] != "2026-03-10 10:01:00" {
		t.Errorf("opened: %v", got)
	}
	r.advance(24*time.Hour - time.Minute)
	if got := query(two); got["status"] != "RFUND_ING" {
		t.Errorf("after a day: %v", got)
	}
	r.advance(time.Minute)
	if got := query(two); got["status"] != "REFUND" || got["refund_amount"] != "700" || r.payoutBalance() != before-500 {
		t.Errorf("taken back: %v, balance %d of %d", got, r.payoutBalance(), before)
	}
	r.advance(30 * 24 * time.Hour)
	r.payRefused("NOT_FOUND", queryPath, r.payQuery("mch_billno", one["mch_billno"]))
}

func TestRedPacketsHaveLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.payRefused("MONEY_LIMIT", sendPath, r.packetBody("S03", 1, 99))
	r.payRefused("MONEY_LIMIT", sendPath, r.packetBody("S03", 1, 20_001))
	large := r.packetBody("S03", 1, 95_000)
	large["scene_id"] = "PRODUCT_4"
	r.payWell(sendPath, large)
	r.payRefused("RCVDAMOUNT_LIMIT", sendPath, r.packetBody("S03", 2, 5001))
	for n := range 9 {
		r.payWell(sendPath, r.packetBody("S03", 10+n, 100))
	}
	r.payRefused("SENDNUM_LIMIT", sendPath, r.packetBody("S03", 20, 100))
	r.act("admin_sets_payout_balance", object{"amount": 99})
	r.payRefused("NOTENOUGH", sendPath, r.packetBody("S04", 21, 100))
	r.act("admin_sets_payout_balance", object{"amount": 10_000})
	r.payWell(sendPath, r.packetBody("S04", 21, 100))
	r.advance(24 * time.Hour)
	r.payWell(sendPath, r.packetBody("S03", 22, 100))
}

func TestAPaymentOfUnknownOutcomeIsFoundOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lost, made := r.packetBody("S03", 1, 100), r.packetBody("S03", 2, 100)
	r.act("wechat_pay_stumbles", nil)
	r.act("wechat_pay_stumbles", object{"done": true})
	r.payRefused("SYSTEMERROR", sendPath, lost)
	r.payRefused("SYSTEMERROR", sendPath, made)
	r.payRefused("NOT_FOUND", queryPath, r.payQuery("mch_billno", lost["mch_billno"]))
	if got := r.payWell(queryPath, r.payQuery("mch_billno", made["mch_billno"])); got["status"] != "SENDING" {
		t.Errorf("made nevertheless: %v", got)
	}
	before := r.payoutBalance()
	r.payWell(sendPath, made)
	r.payWell(sendPath, lost)
	if got := r.payoutBalance(); got != before-100 {
		t.Errorf("balance %d of %d: one packet was made before", got, before)
	}
}

func TestPocketMoneyHasRules(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	paid := r.payWell(payPath, r.pocketBody("S03", "P1", 100))
	if paid["payment_no"] == nil || paid["payment_time"] != "2026-03-10 10:00:00" {
		t.Errorf("paid: %v", paid)
	}
	ask := func() object { return r.payWell(askPath, r.payQuery("partner_trade_no", "P1")) }
	if got := ask(); got["status"] != "PROCESSING" || got["payment_amount"] != "100" || got["transfer_name"] != "S03" || got["desc"] != "奖励" {
		t.Errorf("under way: %v", got)
	}
	r.payRefused("SENDNUM_LIMIT", payPath, r.pocketBody("S03", "P2", 100))
	r.advance(15 * time.Second)
	if got := ask(); got["status"] != "SUCCESS" {
		t.Errorf("done: %v", got)
	}
	r.payWell(payPath, r.pocketBody("S03", "P2", 100))
	r.payRefused("AMOUNT_LIMIT", payPath, r.pocketBody("S04", "P3", 99))
	r.payRefused("AMOUNT_LIMIT", payPath, r.pocketBody("S04", "P3", 20_001))
	r.advance(15 * time.Second)
	r.payRefused("AMOUNT_LIMIT", payPath, r.pocketBody("S03", "P3", 19_801))
	named := r.pocketBody("S04", "P4", 100)
	named["check_name"] = "FORCE_CHECK"
	r.payRefused("PARAM_ERROR", payPath, named)
	named["re_user_name"] = "S05"
	r.payRefused("NAME_MISMATCH", payPath, named)
	named["re_user_name"] = "S04"
	r.payWell(payPath, named)
	approval := r.pocketBody("S06", "P5", 100)
	approval["ww_msg_type"] = "APPROVAL_MSG"
	r.payRefused("PARAM_ERROR", payPath, approval)
	r.act("staff_changes_account", object{"staff": "S05", "account": "unverified"})
	r.payRefused("V2_ACCOUNT_SIMPLE_BAN", payPath, r.pocketBody("S05", "P6", 100))
	r.payRefused("NOT_FOUND", askPath, r.payQuery("partner_trade_no", "P6"))
	r.control("switches", object{"wxpay.pocket": "closed"})
	r.payRefused("NOAUTH", payPath, r.pocketBody("S07", "P7", 100))
}

func TestWeChatPayRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if got := r.payRaw(sendPath, "<xml><a>"); got["err_code"] != "XML_ERROR" || got["return_code"] != "FAIL" {
		t.Errorf("half a document: %v", got)
	}
	for field, bad := range map[string][2]any{
		"sign":        {"0123456789ABCDEF0123456789ABCDEF", "SIGN_ERROR"},
		"workwx_sign": {"0123456789ABCDEF0123456789ABCDEF", "SIGN_ERROR"},
		"mch_id":      {"1900000109", "NO_AUTH"},
		"wxappid":     {"ww0000000000000000", "ILLEGAL_APPID"},
		"re_openid":   {"oNobody", "OPENID_ERROR"},
		"mch_billno":  {"1", "PARAM_ERROR"},
		"sender_name": {"both", "PARAM_ERROR"},
		"unknown":     {"1", "PARAM_ERROR"},
	} {
		body := r.packetBody("S03", 1, 100)
		body[field] = bad[0]
		r.payRefused(fmt.Sprint(bad[1]), sendPath, body)
	}
	r.control("switches", object{"wxpay.billno": "any"})
	body := r.packetBody("S03", 1, 100)
	body["mch_billno"] = "1"
	r.payWell(sendPath, body)
	wrong := r.pocketBody("S03", "P1", 100)
	wrong["workwx_sign"] = "x"
	r.payRefused("WORKWX_SIGN_ERROR", payPath, wrong)
	other := r.pocketBody("S03", "P1", 100)
	other["mch_id"] = "1900000109"
	r.payRefused("WORKWX_MCHID_ERROR", payPath, other)
	for range payoutRate - 1 {
		r.Sandbox.mu.Lock()
		_ = r.world.payouts.countCall(&call{s: r.Sandbox, route: r.routes["/mmpaymkttransfers/"+queryPath], now: r.Sandbox.now()})
		r.Sandbox.mu.Unlock()
	}
	r.payWell(queryPath, r.payQuery("mch_billno", "1"))
	r.payRefused("FREQ_LIMIT", queryPath, r.payQuery("mch_billno", "1"))
}

func TestThroughTheFrontAMerchantShowsItsCertificate(t *testing.T) {
	t.Parallel()
	r := newFrontRig(t)
	ask := func(client *http.Client) object {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+payHost+"/mmpaymkttransfers/"+queryPath,
			strings.NewReader(r.payXML(r.payQuery("mch_billno", "1"))))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return payReply(string(raw))
	}
	if got := ask(r.through()); got["err_code"] != "CA_ERROR" {
		t.Errorf("without a certificate: %v", got)
	}
	pair, err := tls.LoadX509KeyPair(fmt.Sprint(r.Ready.Pay["cert_file"]), fmt.Sprint(r.Ready.Pay["key_file"]))
	if err != nil {
		t.Fatal(err)
	}
	client := r.through()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	if got := ask(client); got["err_code"] != "NOT_FOUND" {
		t.Errorf("with the certificate: %v", got)
	}
}
