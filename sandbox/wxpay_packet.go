package sandbox

import (
	"slices"
	"strconv"
	"time"
)

var sendPacketFields = []payField{
	{name: "nonce_str", most: 32, required: true},
	{name: "sign", most: 32, required: true},
	{name: "mch_billno", most: 28, required: true},
	{name: "mch_id", most: 32, required: true},
	{name: "wxappid", most: 32, required: true},
	{name: "sender_name", most: 128},
	{name: "agentid", number: true},
	{name: "sender_header_media_id", most: 128},
	{name: "re_openid", most: 32, required: true},
	{name: "total_amount", required: true, number: true},
	{name: "wishing", most: 128, required: true},
	{name: "act_name", most: 32, required: true},
	{name: "remark", most: 256, required: true},
	{name: "scene_id", values: []string{
		"PRODUCT_1", "PRODUCT_2", "PRODUCT_3", "PRODUCT_4", "PRODUCT_5", "PRODUCT_6", "PRODUCT_7", "PRODUCT_8",
	}},
	{name: "workwx_sign", most: 32, required: true},
}

var queryPacketFields = []payField{
	{name: "nonce_str", most: 32, required: true},
	{name: "sign", most: 32, required: true},
	{name: "mch_billno", most: 28, required: true},
	{name: "mch_id", most: 32, required: true},
	{name: "appid", most: 32, required: true},
}

// packetSigned are the parameters under workwx_sign of a red packet.
var packetSigned = []string{"act_name", "mch_billno", "mch_id", "nonce_str", "re_openid", "total_amount", "wxappid"}

const (
	packetLeast    = 100 // fen, without a scene
	packetMost     = 20_000
	packetLife     = 24 * time.Hour
	packetsADay    = 10 // for one receiver
	packetFenADay  = 100_000
	merchantADay   = 100_000_000
	stateSending   = "SENDING"
	stateSent      = "SENT"
	stateReceived  = "RECEIVED"
	stateReturning = "RFUND_ING" // spelt so by WeChat Pay
	stateReturned  = "REFUND"
)

// sendPacket sends a red packet to a member. The same number with the same
// parameters asks for the same packet.
func sendPacket(c *payCall) ([]payPair, error) {
	g, d := c.given, c.w.payouts
	amount := c.number("total_amount")
	switch {
	case g["mch_id"] != d.mchID:
		return nil, payFail("NO_AUTH", "merchant number %s is not bound to the corp", g["mch_id"])
	case g["wxappid"] != c.s.corpID:
		return nil, payFail("ILLEGAL_APPID", "wxappid %s is not the corp", g["wxappid"])
	case (g["sender_name"] == "") == (g["agentid"] == ""):
		return nil, payBad("PARAM_ERROR", "one of sender_name and agentid, not both")
	case g["agentid"] != "" && c.number("agentid") != c.s.agentID:
		return nil, payBad("PARAM_ERROR", "the corp has no app %s", g["agentid"])
	case g["workwx_sign"] != paySign(g, "secret", c.s.secrets.App, packetSigned):
		return nil, payBad("SIGN_ERROR", "workwx_sign does not fit the parameters and the secret of the app")
	case c.s.switches["wxpay.billno"] == "form" && !billNumber(g["mch_billno"], d.mchID):
		return nil, payBad("PARAM_ERROR", "mch_billno must be mch_id, yyyymmdd and 10 digits (switch wxpay.billno)")
	case amount < 1:
		return nil, payBad("PARAM_ERROR", "total_amount %d: must be positive", amount)
	case g["scene_id"] == "" && (amount < packetLeast || amount > packetMost):
		return nil, payFail("MONEY_LIMIT", "%d fen need a scene_id: without one %d to %d", amount, packetLeast, packetMost)
	}
	answer := func(p *payout) []payPair {
		return []payPair{
			{"mch_billno", p.number},
			{"mch_id", d.mchID},
			{"wxappid", c.s.corpID},
			{"re_openid", g["re_openid"]},
			{"total_amount", strconv.Itoa(p.amount)},
			{"send_listid", p.listID},
			{"sender_name", g["sender_name"]},
			{"sender_header_media_id", g["sender_header_media_id"]},
		}
	}
	if p, err := c.repeated(packetKind, g["mch_billno"]); p != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return answer(p), nil
	}
	staff := c.w.staffOfOpenID(g["re_openid"])
	if staff < 0 {
		return nil, payFail("OPENID_ERROR", "re_openid %s is no member", g["re_openid"])
	}
	today := d.ofDay(c.now, packetKind)
	switch mine := today.to(staff); {
	case len(mine) >= packetsADay:
		return nil, payFail("SENDNUM_LIMIT", "the member got %d packets today", len(mine))
	case mine.sum()+amount > packetFenADay:
		return nil, payFail("RCVDAMOUNT_LIMIT", "the member would get more than %d fen today", packetFenADay)
	case today.sum()+amount > merchantADay:
		return nil, payFail("SENDAMOUNT_LIMIT", "the merchant would pay out more than %d fen today", merchantADay)
	case amount > d.balance:
		return nil, payFail("NOTENOUGH", "the account holds %d fen", d.balance)
	}
	var p *payout
	err := c.stumbling(func() {
		p = c.pay(packetKind, g["mch_billno"], staff, amount, stateSending)
		c.s.after(c.s.settleTime(), func() { p.turn(stateSending, stateSent) })
		c.s.after(packetLife, func() { c.s.returnPacket(p) })
	})
	if err != nil {
		return nil, err
	}
	return answer(p), nil
}

// billNumber is true for merchant number, day and ten digits.
func billNumber(no, mchID string) bool {
	if len(no) != len(mchID)+18 || no[:len(mchID)] != mchID || !mchIDForm.MatchString(no) {
		return false
	}
	_, err := time.Parse("20060102", no[len(mchID):len(mchID)+8])
	return err == nil
}

// returnPacket takes back what nobody opened for a day.
func (s *Sandbox) returnPacket(p *payout) {
	if !p.turn(stateSent, stateReturning) {
		return
	}
	s.after(s.settleTime(), func() {
		p.state, p.refunded = stateReturned, s.now()
		s.world.payouts.balance += p.amount
		s.journal(entry{Kind: "red_packet_returned", Staff: s.world.staff[p.receiver].id, ID: p.number})
	})
}

func queryPacket(c *payCall) ([]payPair, error) {
	g, d := c.given, c.w.payouts
	if g["appid"] != c.s.corpID {
		return nil, payBad("PARAM_ERROR", "appid %s is not the corp", g["appid"])
	}
	if g["mch_id"] != d.mchID {
		return nil, payFail("NO_AUTH", "merchant number %s is not bound to the corp", g["mch_id"])
	}
	p, err := c.known(packetKind, g["mch_billno"])
	if err != nil {
		return nil, err
	}
	out := []payPair{
		{"mch_billno", p.number},
		{"mch_id", d.mchID},
		{"detail_id", p.listID},
		{"status", p.state},
		{"send_type", "API"},
		{"total_amount", strconv.Itoa(p.amount)},
		{"send_time", payoutStamp(p.made)},
		{"refund_time", payoutStamp(p.refunded)},
	}
	if p.state == stateReturned {
		out = append(out, payPair{"refund_amount", strconv.Itoa(p.amount)})
	}
	out = append(out, payPair{"wishing", p.given["wishing"]}, payPair{"remark", p.given["remark"]}, payPair{"act_name", p.given["act_name"]})
	if p.state == stateReceived {
		out = append(out, payPair{"openid", p.given["re_openid"]}, payPair{"amount", strconv.Itoa(p.amount)}, payPair{"rcv_time", payoutStamp(p.received)})
	}
	return append(out, payPair{"sender_name", p.given["sender_name"]}, payPair{"sender_header_media_id", p.given["sender_header_media_id"]}), nil
}

type openPacketQuery struct {
	Staff  string `json:"staff"`
	Number string `json:"mch_billno"`
}

// staffOpensPacket is a member opening a red packet, the oldest unless named.
func staffOpensPacket(s *Sandbox, q *openPacketQuery) (any, error) {
	w := s.world
	i := slices.IndexFunc(w.payouts.list, func(p *payout) bool {
		return p.kind == packetKind && p.state == stateSent && (q.Number == "" || p.number == q.Number) &&
			(q.Staff == "" || w.staff[p.receiver].id == q.Staff)
	})
	if i < 0 {
		return nil, unknownID("red packet that waits", q.Number)
	}
	p := w.payouts.list[i]
	p.state, p.received = stateReceived, s.now()
	s.journal(entry{Kind: "red_packet_opened", Staff: w.staff[p.receiver].id, ID: p.number})
	return map[string]any{"staff": w.staff[p.receiver].id, "mch_billno": p.number, "amount": p.amount}, nil
}
