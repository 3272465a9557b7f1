package sandbox

import (
	"time"
)

// bill is money that came from a customer, or went back to one.
type bill struct {
	of          *payRefund // what went back; nil for a receipt
	at          time.Time
	transaction string
	trade       string // out_trade_no
	customer    int32
	staff       int32 // -1: nobody, for orders of a mini-program
	fee         int   // fen
	refunded    int
	kind        int // payment_type
	merchant    *merchant
	remark      string
	goods       []commodity
	contact     payContact
	program     *payProgram
	refunds     []*payRefund
}

// payRefund is a refund of a receipt, from its asking on.
type payRefund struct {
	bill    *bill
	no      string
	by      int32
	comment string
	at      time.Time
	status  int
	fee     int
	outcome int // status it will end with
	ended   time.Time
}

const (
	refundRunning   = 1
	refundDone      = 2
	refundClosed    = 3
	refundAbnormal  = 4
	refundApproval  = 5
	refundDenied    = 6
	refundCancelled = 7
)

// holds is true while a refund takes from what can be given back.
func (r *payRefund) holds() bool { return r.status <= refundDone || r.status == refundApproval }

type commodity struct {
	Description string `json:"description"`
	Amount      int    `json:"amount"` // pieces
}

type payContact struct {
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	Address string `json:"address"`
}

type payProgram struct {
	AppID string `json:"appid"`
	Name  string `json:"name"`
}

// fundFlow is one movement of an account that was opened inside WeCom.
type fundFlow struct {
	at       time.Time
	request  string
	kind     int // as flowRefund
	in       bool
	amount   int
	balance  int // afterwards
	trade    string
	merchant *merchant
	staff    int32
	remark   string
}

const (
	flowRefund   = 1
	flowFee      = 2
	flowReceipt  = 3
	flowWithdraw = 4
)

// receive books a receipt; its numbers are made unless it has them.
func (w *world) receive(b *bill) {
	d := w.pay
	if b.trade == "" {
		b.trade = b.merchant.id + d.number(18, w.seed, "trade")
	}
	if b.transaction == "" {
		b.transaction = "4200" + d.number(24, w.seed, "transaction")
	}
	d.bills = append(d.bills, b)
	w.move(b, b.at, b.staff, flowReceipt, b.fee, b.remark)
	if fee := feeOf(b.fee); fee > 0 {
		w.move(b, b.at, b.staff, flowFee, fee, "")
	}
}

// feeOf is what the account is charged for a receipt.
func feeOf(fen int) int { return (fen*feePerMille + 500) / 1000 }

// move books a movement of the account; those opened elsewhere have none here.
func (w *world) move(b *bill, at time.Time, staff int32, kind, amount int, remark string) {
	m := b.merchant
	if !m.inside {
		return
	}
	in := kind == flowReceipt
	if in {
		m.balance += amount
	} else {
		m.balance -= amount
	}
	w.pay.flows = append(w.pay.flows, &fundFlow{
		at: at, request: w.pay.number(28, w.seed, "flow"), kind: kind, in: in, amount: amount, balance: m.balance,
		trade: b.trade, merchant: m, staff: staff, remark: remark,
	})
}

// newRefund begins a refund.
func (w *world) newRefund(b *bill, by int32, fee int, comment string, at time.Time) *payRefund {
	r := &payRefund{
		bill: b, no: b.merchant.id + w.pay.number(18, w.seed, "refund"), by: by, comment: comment, at: at,
		status: refundRunning, fee: fee, outcome: refundDone,
	}
	b.refunds = append(b.refunds, r)
	w.pay.refunds[r.no] = r
	return r
}

// giveBack ends a refund. What the account does not hold cannot go back.
func (w *world) giveBack(r *payRefund, at time.Time) {
	b := r.bill
	r.status, r.ended = r.outcome, at
	if r.status == refundDone && b.merchant.inside && b.merchant.balance < r.fee {
		r.status = refundAbnormal
	}
	if r.status != refundDone {
		return
	}
	b.refunded += r.fee
	w.pay.bills = append(w.pay.bills, &bill{
		of: r, at: at, transaction: b.transaction, trade: b.trade, customer: b.customer, staff: r.by, fee: r.fee,
		kind: b.kind, merchant: b.merchant, remark: r.comment, program: b.program,
	})
	w.move(b, at, r.by, flowRefund, r.fee, r.comment)
}

type billQuery struct {
	BeginTime int64  `json:"begin_time"`
	EndTime   int64  `json:"end_time"`
	Payee     string `json:"payee_userid"`
	Cursor    string `json:"cursor"`
	Limit     int    `json:"limit"`
}

type refundView struct {
	No      string `json:"out_refund_no"`
	By      string `json:"refund_userid"`
	Comment string `json:"refund_comment"`
	At      int64  `json:"refund_reqtime"`
	Status  int    `json:"refund_status"`
	Fee     int    `json:"refund_fee"`
}

// billView has, of a refund, neither goods nor refunds nor contact.
type billView struct {
	TransactionID  string       `json:"transaction_id"`
	BillType       int          `json:"bill_type"`
	TradeState     int          `json:"trade_state,omitempty"`
	PayTime        int64        `json:"pay_time"`
	OutTradeNo     string       `json:"out_trade_no"`
	OutRefundNo    string       `json:"out_refund_no,omitempty"`
	ExternalUserID string       `json:"external_userid"`
	TotalFee       int          `json:"total_fee"`
	PayeeUserID    string       `json:"payee_userid"`
	PaymentType    int          `json:"payment_type"`
	MchID          string       `json:"mch_id"`
	Remark         string       `json:"remark"`
	Goods          []commodity  `json:"commodity_list,omitzero"`
	Refunded       *int         `json:"total_refund_fee,omitempty"`
	Refunds        []refundView `json:"refund_list,omitzero"`
	Contact        *payContact  `json:"contact_info,omitempty"`
	Program        *payProgram  `json:"miniprogram_info,omitempty"`
}

type billReply struct {
	reply
	NextCursor string     `json:"next_cursor,omitempty"`
	List       []billView `json:"bill_list"`
}

const (
	billPage   = 1000
	billCursor = 64
	flowPage   = 200
)

// payBills lists receipts and refunds by time.
func payBills(c *call, q *billQuery) (any, error) {
	staff := int32(-1)
	if q.Payee != "" {
		n, ok := c.w.anyStaff(q.Payee)
		if !ok {
			return nil, refuse(660002, "payee_userid %q is no member", q.Payee)
		}
		if !c.w.appSees(n) {
			return nil, refuse(60011, "payee_userid %q is outside the visible range", q.Payee)
		}
		staff = n
	}
	switch {
	case !c.s.on("pay.open"):
		return nil, refuse(660013, "switch pay.open is off: the corp does not collect from customers")
	case q.BeginTime <= 0 || q.EndTime < q.BeginTime:
		return nil, refuse(40058, "begin_time and end_time are required, in this order")
	case time.Unix(q.EndTime, 0).In(Zone).After(time.Unix(q.BeginTime, 0).In(Zone).AddDate(0, 1, 0)):
		return nil, refuse(40058, "end_time is more than a month after begin_time")
	case q.Limit < 0 || q.Limit > billPage:
		return nil, refuse(40058, "limit %d: at most %d", q.Limit, billPage)
	case len(q.Cursor) > billCursor:
		return nil, refuse(40058, "cursor has %d bytes, at most %d are allowed", len(q.Cursor), billCursor)
	}
	filter := hash(uint64(q.BeginTime), uint64(q.EndTime), uint64(staff), 171)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, billPage, billPage)
	out := billReply{reply: done(), List: []billView{}}
	bills, next := payPage(c.w.pay.bills, at, limit, func(b *bill) bool {
		t := b.at.Unix()
		return t >= q.BeginTime && t <= q.EndTime && (staff < 0 || b.staff == staff)
	})
	for _, b := range bills {
		// What the app may not see is left out of its page, which is then short.
		if b.staff < 0 || c.w.appSees(b.staff) {
			out.List = append(out.List, c.w.viewBill(b))
		}
	}
	if next >= 0 {
		out.NextCursor = makeCursor(filter, next)
	}
	return out, nil
}

// payPage takes those that fit from at on, and answers where the next page
// begins: -1 when nothing more fits.
func payPage[T any](all []T, at, limit int, fits func(T) bool) (page []T, next int) {
	for ; at < len(all); at++ {
		if !fits(all[at]) {
			continue
		}
		if len(page) == limit {
			return page, at
		}
		page = append(page, all[at])
	}
	return page, -1
}

func (w *world) viewBill(b *bill) billView {
	v := billView{
		TransactionID: b.transaction, PayTime: b.at.Unix(), OutTradeNo: b.trade, TotalFee: b.fee,
		PayeeUserID: w.staffName(b.staff), PaymentType: b.kind, MchID: b.merchant.id, Remark: b.remark, Program: b.program,
	}
	if b.customer >= 0 && w.customers[b.customer].first != 0 {
		v.ExternalUserID = w.customerID(b.customer)
	}
	if b.of != nil {
		v.BillType, v.OutRefundNo = 1, b.of.no
		return v
	}
	v.TradeState = 1
	if b.refunded > 0 {
		v.TradeState = 3
	}
	contact, refunded := b.contact, b.refunded
	v.Goods, v.Refunds, v.Contact, v.Refunded = copied(b.goods), []refundView{}, &contact, &refunded
	for _, r := range b.refunds {
		v.Refunds = append(v.Refunds, refundView{
			No: r.no, By: w.staffName(r.by), Comment: r.comment, At: r.at.Unix(), Status: r.status, Fee: r.fee,
		})
	}
	return v
}
