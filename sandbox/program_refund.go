package sandbox

type refundAmount struct {
	Refund   int    `json:"refund"`
	Total    int    `json:"total"`
	Currency string `json:"currency"`
}

type orderRefundQuery struct {
	MchID  string       `json:"mchid"`
	AppID  string       `json:"appid"`
	Trade  string       `json:"out_trade_no"`
	No     string       `json:"out_refund_no"`
	Reason string       `json:"reason"`
	Amount refundAmount `json:"amount"`
	Funds  string       `json:"funds_account"`
}

type refundedAmount struct {
	Refund         int    `json:"refund"`
	PayerRefund    int    `json:"payer_refund"`
	DiscountRefund int    `json:"discount_refund"`
	Currency       string `json:"currency"`
}

type orderRefundReply struct {
	reply
	No     string         `json:"out_refund_no"`
	Amount refundedAmount `json:"amount"`
}

// orderRefund accepts a refund, which ends later. The same number again asks
// for the same refund: it runs again when it had failed.
func orderRefund(c *call, q *orderRefundQuery) (any, error) {
	if err := c.countRefund(); err != nil {
		return nil, err
	}
	o, err := c.orderParam(q.MchID, q.Trade)
	if err != nil {
		return nil, err
	}
	if err := c.mayRefund(o, q); err != nil {
		return nil, err
	}
	d := c.w.programs
	key := o.merchant.id + "/" + q.No
	r := d.refunds[key]
	switch {
	case r != nil && (r.bill != o.bill || r.fee != q.Amount.Refund):
		return nil, refuse(40058, "out_refund_no %q stands for another refund", q.No)
	case r != nil && r.holds():
		// Asked for again: nothing new happens.
	case q.Amount.Refund > o.bill.left():
		return nil, refuse(40058, "amount.refund %d: only %d fen of the order are left", q.Amount.Refund, o.bill.left())
	case r != nil:
		c.s.runRefund(r)
	case o.refunds >= refundTries:
		return nil, refuse(40058, "the order had %d refunds, more are not allowed", o.refunds)
	default:
		r = c.w.newRefund(o.bill, -1, q.Amount.Refund, q.Reason, c.now)
		r.no, d.refunds[key] = q.No, r
		o.refunds++
		c.s.runRefund(r)
		c.s.journal(entry{Kind: "refund_asked", ID: r.no})
	}
	o.refunded = c.now
	return orderRefundReply{reply: done(), No: r.no, Amount: refundedAmount{Refund: r.fee, PayerRefund: r.fee, Currency: "CNY"}}, nil
}

// countRefund holds the corp to so many calls a second of the world.
func (c *call) countRefund() error {
	if !c.s.on("quota.call") {
		return nil
	}
	d := c.w.programs
	if now := c.now.Unix(); now != d.refundSecond {
		d.refundSecond, d.refundCalls = now, 0
	}
	if d.refundCalls++; d.refundCalls > refundRate {
		return refuse(45009, "more than %d refunds in a second (switch quota.call)", refundRate)
	}
	return nil
}

func (c *call) mayRefund(o *programOrder, q *orderRefundQuery) error {
	switch {
	case q.AppID != o.appID:
		return refuse(40058, "appid %q is not that of the order", q.AppID)
	case o.bill == nil:
		return refuse(40058, "order %s was not paid", o.trade)
	case q.Amount.Total != o.total:
		return refuse(40058, "amount.total %d: the order has %d", q.Amount.Total, o.total)
	case q.Amount.Refund <= 0:
		return refuse(40058, "amount.refund %d: must be positive", q.Amount.Refund)
	case q.Amount.Currency != "CNY":
		return refuse(40058, "amount.currency %q: must be CNY", q.Amount.Currency)
	case q.Funds != "" && q.Funds != "AVAILABLE":
		return refuse(40058, "funds_account %q: must be AVAILABLE", q.Funds)
	case c.now.After(o.bill.at.AddDate(refundAge, 0, 0)):
		return refuse(40058, "order %s was paid more than a year ago", o.trade)
	case c.s.on("quota.call") && c.now.Before(o.refunded.Add(refundGap)):
		return refuse(45009, "an order takes one refund call a minute (switch quota.call)")
	}
	return checkLengths(length{"out_refund_no", q.No, 1, 64}, length{"reason", q.Reason, 0, 80})
}

type refundDetailQuery struct {
	MchID string `json:"mchid"`
	No    string `json:"out_refund_no"`
}

type refundDetailReply struct {
	reply
	Status      string         `json:"status"`
	Amount      refundedAmount `json:"amount"`
	No          string         `json:"out_refund_no"`
	Trade       string         `json:"out_trade_no"`
	Channel     string         `json:"channel"`
	Account     string         `json:"user_received_account"`
	Success     string         `json:"success_time,omitempty"`
	Created     string         `json:"create_time"`
	RefundID    string         `json:"refund_id"`
	Transaction string         `json:"transaction_id"`
}

func refundDetail(c *call, q *refundDetailQuery) (any, error) {
	if _, err := c.programMerchant(q.MchID); err != nil {
		return nil, err
	}
	r := c.w.programs.refunds[q.MchID+"/"+q.No]
	if r == nil {
		return nil, refuse(40058, "merchant number %s has no refund %q", q.MchID, q.No)
	}
	out := refundDetailReply{
		reply: done(), Status: "PROCESSING", Amount: refundedAmount{Refund: r.fee, PayerRefund: r.fee, Currency: "CNY"},
		No: r.no, Trade: r.bill.trade, Channel: "ORIGINAL", Account: programChange, Created: wxTime(r.at), RefundID: c.w.refundID(r),
		Transaction: r.bill.transaction,
	}
	switch r.status {
	case refundDone:
		out.Status, out.Success = "SUCCESS", wxTime(r.ended)
	case refundClosed:
		out.Status = "CLOSE"
	case refundAbnormal:
		out.Status = "ABNORMAL"
	}
	return out, nil
}

// refundID is the number WeChat Pay gives a refund.
func (w *world) refundID(r *payRefund) string {
	return "5030" + digits(24, w.seed, hashString(r.bill.transaction+"/"+r.no), hashString("refund id"))
}

// refundEnded tells the platform of a refund of an order.
func (s *Sandbox) refundEnded(o *programOrder, r *payRefund) {
	type amount struct {
		Total       int `json:"total"`
		Refund      int `json:"refund"`
		PayerTotal  int `json:"payer_total"`
		PayerRefund int `json:"payer_refund"`
	}
	status := map[int]string{refundDone: "SUCCESS", refundClosed: "CLOSED", refundAbnormal: "ABNORMAL"}[r.status]
	success := ""
	if r.status == refundDone {
		success = wxTime(r.ended)
	}
	s.sendNotice(notice{kind: "REFUND", event: "REFUND." + status, id: "pay.miniapp.refunded", key: o.trade, summary: "退款通知", resource: struct {
		MchID    string `json:"mchid"`
		Trade    string `json:"out_trade_no"`
		RefundID string `json:"refund_id"`
		No       string `json:"out_refund_no"`
		Status   string `json:"refund_status"`
		Success  string `json:"success_time,omitempty"`
		Account  string `json:"user_received_account"`
		Amount   amount `json:"amount"`
	}{o.merchant.id, o.trade, s.world.refundID(r), r.no, status, success, programChange, amount{o.total, r.fee, o.total, r.fee}}})
}

// orderPaid tells the platform of a payment.
func (s *Sandbox) orderPaid(o *programOrder) {
	state, desc := o.state(s.now())
	s.sendNotice(notice{kind: "NORMALPAY", event: "TRANSACTION.SUCCESS", id: "pay.miniapp.paid", key: o.trade, summary: "支付成功", resource: struct {
		AppID   string     `json:"appid"`
		MchID   string     `json:"mchid"`
		Trade   string     `json:"out_trade_no"`
		State   string     `json:"trade_state"`
		Desc    string     `json:"trade_state_desc"`
		Type    string     `json:"trade_type"`
		Attach  string     `json:"attach"`
		Success string     `json:"success_time"`
		Amount  paidAmount `json:"amount"`
		Payer   orderPayer `json:"payer"`
	}{o.appID, o.merchant.id, o.trade, state, desc, "JSAPI", o.attach, wxTime(o.bill.at), o.paid(), orderPayer{o.openID}}})
}

// orderOf is the order behind a bill; nil for what was paid to a member.
func (w *world) orderOf(b *bill) *programOrder {
	if o := w.programs.orders[b.merchant.id+"/"+b.trade]; o != nil && o.bill == b {
		return o
	}
	return nil
}
