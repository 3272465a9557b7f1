package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// payItem is a payment item that a member raised; several customers may pay it.
type payItem struct {
	id       string
	staff    int32
	merchant *merchant
	amount   int
	goods    string
	remark   string
	paid     []*bill
}

// payWays are the ways of paying a member, as payment_type.
var payWays = map[string]int{"chat": 0, "code": 1, "live": 2, "album": 3, "transfer": 14}

type customerPaysQuery struct {
	Staff       string     `json:"staff"`
	Customer    string     `json:"customer"`
	Amount      int        `json:"amount"` // fen
	Way         string     `json:"way"`
	MchID       string     `json:"mch_id"`
	Description string     `json:"description"`
	Quantity    int        `json:"quantity"`
	Remark      string     `json:"remark"`
	Contact     payContact `json:"contact"`
	PaymentID   string     `json:"payment_id"`
}

// customerPays is a customer paying a member, or an item that one raised.
func customerPays(s *Sandbox, q *customerPaysQuery) (any, error) {
	w := s.world
	b := &bill{at: s.now(), remark: q.Remark, contact: q.Contact}
	item := w.pay.items[q.PaymentID]
	if q.PaymentID != "" {
		if item == nil {
			return nil, unknownID("payment item", q.PaymentID)
		}
		q.Staff, q.MchID, q.Amount, q.Description = w.staff[item.staff].id, item.merchant.id, item.amount, item.goods
		b.remark = item.remark
	}
	way, ok := payWays[q.Way]
	if !ok && q.Way != "" {
		return nil, fmt.Errorf("no way %q; there are %s", q.Way, strings.Join(slices.Sorted(maps.Keys(payWays)), ", "))
	}
	if q.Amount < 0 || q.Quantity < 0 {
		return nil, errors.New("amount and quantity must not be negative")
	}
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).friends)
	if err != nil {
		return nil, err
	}
	b.kind, b.customer, b.staff = way, r.customer, r.staff
	if b.merchant, err = s.collecting(q.MchID, r.staff); err != nil {
		return nil, err
	}
	if b.fee = q.Amount; b.fee == 0 {
		b.fee = 3990 + 1000*int(w.draw(108)%47)
	}
	if q.Description == "" {
		q.Description = w.spec.Goods[w.draw(109)%uint64(len(w.spec.Goods))]
	}
	b.goods = []commodity{{q.Description, max(q.Quantity, 1)}}
	w.receive(b)
	if item != nil {
		item.paid = append(item.paid, b)
	}
	s.journal(entry{Kind: "customer_pays", Staff: w.staff[b.staff].id, Customer: w.customerID(b.customer), ID: b.trade, Detail: fmt.Sprint(b.fee)})
	return map[string]any{
		"staff": w.staff[b.staff].id, "customer": w.customerID(b.customer), "amount": b.fee,
		"out_trade_no": b.trade, "transaction_id": b.transaction,
	}, nil
}

// collecting is the merchant number a member collects with.
func (s *Sandbox) collecting(id string, staff int32) (*merchant, error) {
	if !s.on("pay.open") {
		return nil, errors.New("switch pay.open is off: the corp does not collect from customers")
	}
	m := s.world.pay.merchants[0]
	if id != "" {
		if m = s.world.pay.index[id]; m == nil {
			return nil, unknownID("merchant number", id)
		}
	}
	switch {
	case m.status != mchBound:
		return nil, fmt.Errorf("merchant number %s is not bound", m.id)
	case !s.world.mayCollect(m, staff):
		return nil, fmt.Errorf("member %s may not collect with %s", s.world.staff[staff].id, m.id)
	}
	return m, nil
}

type raisePaymentQuery struct {
	Staff       string `json:"staff"`
	Amount      int    `json:"amount"`
	Description string `json:"description"`
	Remark      string `json:"remark"`
	MchID       string `json:"mch_id"`
}

// staffRaisesPayment is a member raising a payment item in a page of the app.
func staffRaisesPayment(s *Sandbox, q *raisePaymentQuery) (any, error) {
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	m, err := s.collecting(q.MchID, staff)
	if err != nil {
		return nil, err
	}
	item := &payItem{staff: staff, merchant: m, amount: q.Amount, goods: q.Description, remark: q.Remark}
	item.id = "pay" + letters(29, w.seed, uint64(len(w.pay.items)), hashString("payment item"))
	w.pay.items[item.id] = item
	return map[string]any{"payment_id": item.id, "staff": w.staff[staff].id}, nil
}

var refundOutcomes = map[string]int{"": refundDone, "done": refundDone, "closed": refundClosed, "abnormal": refundAbnormal}

type staffRefundsQuery struct {
	Trade    string `json:"out_trade_no"`
	Staff    string `json:"staff"`
	Amount   int    `json:"amount"` // default: all that is left
	Comment  string `json:"comment"`
	Approval bool   `json:"approval"` // it needs admin_decides_refund
	Outcome  string `json:"outcome"`  // done, closed or abnormal
}

// staffRefunds is a member giving money back in the client.
func staffRefunds(s *Sandbox, q *staffRefundsQuery) (any, error) {
	w := s.world
	b := w.pay.receipt(q.Trade)
	if b == nil {
		return nil, unknownID("receipt", q.Trade)
	}
	outcome, ok := refundOutcomes[q.Outcome]
	if !ok {
		return nil, errors.New(`outcome: there are "done", "closed" and "abnormal"`)
	}
	by := b.staff
	if q.Staff != "" || by < 0 {
		n, err := w.namedOrFirst(q.Staff)
		if err != nil {
			return nil, err
		}
		by = n
	}
	left := b.left()
	if q.Amount == 0 {
		q.Amount = left
	}
	if q.Amount <= 0 || q.Amount > left {
		return nil, fmt.Errorf("amount %d: %d fen of this receipt can be given back", q.Amount, left)
	}
	r := w.newRefund(b, by, q.Amount, q.Comment, s.now())
	if o := w.orderOf(b); o != nil {
		w.programs.refunds[o.merchant.id+"/"+r.no] = r
	}
	r.outcome = outcome
	if q.Approval {
		r.status = refundApproval
	} else {
		s.runRefund(r)
	}
	s.journal(entry{Kind: "refund_asked", Staff: w.staff[by].id, ID: r.no, Detail: fmt.Sprint(r.fee)})
	return map[string]any{"out_refund_no": r.no, "amount": r.fee}, nil
}

// receipt is the newest receipt of a number.
func (d *payDesk) receipt(trade string) *bill {
	for _, b := range slices.Backward(d.bills) {
		if b.of == nil && b.trade == trade {
			return b
		}
	}
	return nil
}

// left is what of a receipt can still be given back.
func (b *bill) left() int {
	n := b.fee
	for _, r := range b.refunds {
		if r.holds() {
			n -= r.fee
		}
	}
	return n
}

// runRefund lets a refund end in its time.
func (s *Sandbox) runRefund(r *payRefund) {
	r.status = refundRunning
	s.after(time.Duration(s.count("pay.refund_ms"))*time.Millisecond, func() {
		s.world.giveBack(r, s.now())
		s.journal(entry{Kind: "refund_ended", ID: r.no, Detail: fmt.Sprint(r.status)})
		if o := s.world.orderOf(r.bill); o != nil {
			s.refundEnded(o, r)
		}
	})
}

type decideRefundQuery struct {
	No       string `json:"out_refund_no"`
	Decision string `json:"decision"` // approve, deny or cancel
}

// adminDecidesRefund ends the approval of a refund.
func adminDecidesRefund(s *Sandbox, q *decideRefundQuery) (any, error) {
	r := s.world.pay.refunds[q.No]
	if r == nil || r.status != refundApproval {
		return nil, unknownID("refund that waits for approval", q.No)
	}
	switch q.Decision {
	case "approve":
		s.runRefund(r)
	case "deny":
		r.status = refundDenied
	case "cancel":
		r.status = refundCancelled
	default:
		return nil, errors.New(`decision: there are "approve", "deny" and "cancel"`)
	}
	return map[string]any{"out_refund_no": r.no, "refund_status": r.status}, nil
}

type withdrawQuery struct {
	MchID  string `json:"mch_id"`
	Staff  string `json:"staff"`
	Amount int    `json:"amount"`
}

// adminWithdraws moves money from an account to the bank.
func adminWithdraws(s *Sandbox, q *withdrawQuery) (any, error) {
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	m, err := s.collecting(q.MchID, staff)
	switch {
	case err != nil:
		return nil, err
	case !m.inside:
		return nil, fmt.Errorf("the account of %s was not opened inside WeCom", m.id)
	case q.Amount <= 0 || q.Amount > m.balance:
		return nil, fmt.Errorf("amount %d: the account holds %d fen", q.Amount, m.balance)
	}
	w.move(&bill{merchant: m}, s.now(), staff, flowWithdraw, q.Amount, "")
	return map[string]any{"mch_id": m.id, "balance": m.balance}, nil
}

var merchantStates = map[string]int{
	"": mchBound, "bound": mchBound, "applying": mchApplying, "withdrawn": mchWithdrawn, "unbound": mchUnbound,
}

type bindMerchantQuery struct {
	MchID  string `json:"mch_id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

// adminBindsMerchant is the console binding a merchant number of WeChat Pay, or
// changing the state of one.
func adminBindsMerchant(s *Sandbox, q *bindMerchantQuery) (any, error) {
	status, ok := merchantStates[q.Status]
	switch {
	case !ok:
		return nil, errors.New(`status: there are "bound", "applying", "withdrawn" and "unbound"`)
	case !mchIDForm.MatchString(q.MchID):
		return nil, fmt.Errorf("mch_id %q: must be 1 to %d digits", q.MchID, mchIDLimit)
	}
	m := s.world.pay.index[q.MchID]
	if m == nil {
		m = s.world.pay.open(q.MchID, s.world.spec.Corp)
		m.inside = false
	}
	m.status = status
	if q.Name != "" {
		m.name = q.Name
	}
	return map[string]any{"mch_id": m.id, "status": m.status}, nil
}
