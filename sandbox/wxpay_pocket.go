package sandbox

import (
	"regexp"
	"strconv"
	"time"
)

var payPocketFields = []payField{
	{name: "appid", most: 128, required: true},
	{name: "mch_id", most: 32, required: true},
	{name: "device_info", most: 32},
	{name: "nonce_str", most: 32, required: true},
	{name: "sign", most: 32, required: true},
	{name: "partner_trade_no", most: 32, required: true},
	{name: "openid", most: 64, required: true},
	{name: "check_name", required: true, values: []string{"NO_CHECK", "FORCE_CHECK"}},
	{name: "re_user_name", most: 64},
	{name: "amount", required: true, number: true},
	{name: "desc", most: 81, required: true},
	{name: "spbill_create_ip", most: 32, required: true},
	{name: "workwx_sign", most: 128, required: true},
	{name: "ww_msg_type", required: true, values: []string{"NORMAL_MSG", "APPROVAL_MSG"}},
	{name: "approval_number"},
	{name: "approval_type", number: true, values: []string{"1"}},
	{name: "act_name", most: 50, required: true},
	{name: "agentid", number: true},
}

var queryPocketFields = []payField{
	{name: "nonce_str", most: 32, required: true},
	{name: "sign", most: 32, required: true},
	{name: "partner_trade_no", most: 28, required: true},
	{name: "mch_id", most: 32, required: true},
	{name: "appid", most: 128, required: true},
}

// pocketSigned are the parameters under workwx_sign of a payment.
var pocketSigned = []string{"amount", "appid", "desc", "mch_id", "nonce_str", "openid", "partner_trade_no", "ww_msg_type"}

const (
	pocketLeast     = 100 // fen
	pocketMost      = 20_000
	pocketsADay     = 10 // for one receiver
	pocketGap       = 15 * time.Second
	pocketMerchant  = 10_000_000 // fen a day
	stateProcessing = "PROCESSING"
	stateSuccess    = "SUCCESS"
)

var pocketNumber = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)

// payPocket pays a member into the pocket of WeChat.
func payPocket(c *payCall) ([]payPair, error) {
	g, d := c.given, c.w.payouts
	amount := c.number("amount")
	switch {
	case c.s.switches["wxpay.pocket"] == "closed":
		return nil, payFail("NOAUTH", "switch wxpay.pocket is closed: new merchants do not get this function")
	case g["mch_id"] != d.mchID:
		return nil, payFail("WORKWX_MCHID_ERROR", "merchant number %s is not bound to the corp", g["mch_id"])
	case g["appid"] != c.s.corpID:
		return nil, payBad("PARAM_ERROR", "appid %s is not the corp", g["appid"])
	case g["agentid"] != "" && c.number("agentid") != c.s.agentID:
		return nil, payBad("PARAM_ERROR", "the corp has no app %s", g["agentid"])
	case g["workwx_sign"] != paySign(g, "secret", c.s.secrets.App, pocketSigned):
		return nil, payBad("WORKWX_SIGN_ERROR", "workwx_sign does not fit the parameters and the secret of the app")
	case !pocketNumber.MatchString(g["partner_trade_no"]):
		return nil, payBad("PARAM_ERROR", "partner_trade_no %q: letters and digits only", g["partner_trade_no"])
	case g["check_name"] == "FORCE_CHECK" && g["re_user_name"] == "":
		return nil, payBad("PARAM_ERROR", "re_user_name is missing, which FORCE_CHECK needs")
	case g["ww_msg_type"] == "APPROVAL_MSG" && (g["approval_number"] == "" || g["approval_type"] == ""):
		return nil, payBad("PARAM_ERROR", "approval_number or approval_type is missing, which APPROVAL_MSG needs")
	case amount < pocketLeast || amount > pocketMost:
		return nil, payFail("AMOUNT_LIMIT", "amount %d: must be between %d and %d fen", amount, pocketLeast, pocketMost)
	}
	answer := func(p *payout) []payPair {
		return []payPair{
			{"appid", c.s.corpID},
			{"mch_id", d.mchID},
			{"device_info", g["device_info"]},
			{"partner_trade_no", p.number},
			{"payment_no", p.listID},
			{"payment_time", payoutStamp(p.made)},
		}
	}
	if p, err := c.repeated(pocketKind, g["partner_trade_no"]); p != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return answer(p), nil
	}
	staff := c.w.staffOfOpenID(g["openid"])
	if err := c.mayGetPocket(staff, amount); err != nil {
		return nil, err
	}
	var p *payout
	err := c.stumbling(func() {
		p = c.pay(pocketKind, g["partner_trade_no"], staff, amount, stateProcessing)
		c.s.after(c.s.settleTime(), func() { p.turn(stateProcessing, stateSuccess) })
	})
	if err != nil {
		return nil, err
	}
	return answer(p), nil
}

func (c *payCall) mayGetPocket(staff int32, amount int) error {
	d := c.w.payouts
	today := d.ofDay(c.now, pocketKind)
	mine := today.to(staff)
	switch {
	case staff < 0:
		return payFail("OPENID_ERROR", "openid %s is no member", c.given["openid"])
	case c.w.staff[staff].unfit == accounts["unverified"]:
		return payFail("V2_ACCOUNT_SIMPLE_BAN", "the member has no verified identity (act staff_changes_account)")
	case c.given["check_name"] == "FORCE_CHECK" && c.given["re_user_name"] != c.w.staff[staff].name:
		return payFail("NAME_MISMATCH", "the member is not called %q", c.given["re_user_name"])
	case len(mine) >= pocketsADay:
		return payFail("SENDNUM_LIMIT", "the member got %d payments today", len(mine))
	case len(mine) > 0 && c.now.Before(mine[len(mine)-1].made.Add(pocketGap)):
		return payFail("SENDNUM_LIMIT", "the member got a payment less than %s ago", pocketGap)
	case mine.sum()+amount > pocketMost:
		return payFail("AMOUNT_LIMIT", "the member would get more than %d fen today", pocketMost)
	case today.sum()+amount > pocketMerchant:
		return payFail("AMOUNT_LIMIT", "the merchant would pay out more than %d fen today", pocketMerchant)
	case amount > d.balance:
		return payFail("NOTENOUGH", "the account holds %d fen", d.balance)
	}
	return nil
}

func queryPocket(c *payCall) ([]payPair, error) {
	g, d := c.given, c.w.payouts
	if g["appid"] != c.s.corpID {
		return nil, payBad("PARAM_ERROR", "appid %s is not the corp", g["appid"])
	}
	if g["mch_id"] != d.mchID {
		return nil, payFail("WORKWX_MCHID_ERROR", "merchant number %s is not bound to the corp", g["mch_id"])
	}
	p, err := c.known(pocketKind, g["partner_trade_no"])
	if err != nil {
		return nil, err
	}
	return []payPair{
		{"partner_trade_no", p.number},
		{"mch_id", d.mchID},
		{"detail_id", p.listID},
		{"status", p.state},
		{"openid", p.given["openid"]},
		{"transfer_name", c.w.staff[p.receiver].name},
		{"payment_amount", strconv.Itoa(p.amount)},
		{"transfer_time", payoutStamp(p.made)},
		{"desc", p.given["desc"]},
	}, nil
}
