package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// known finds a payment of the last 30 days.
func (c *payCall) known(kind, number string) (*payout, error) {
	p := c.w.payouts.index[kind+"/"+number]
	if p == nil || c.now.Sub(p.made) > payoutHistory {
		return nil, payFail("NOT_FOUND", "no payment %q of the last 30 days", number)
	}
	return p, nil
}

// repeated finds the payment of a number that was used before; the other
// parameters must be the same, but for the nonce and the signatures over it.
func (c *payCall) repeated(kind, number string) (*payout, error) {
	p := c.w.payouts.index[kind+"/"+number]
	if p != nil && p.sum != c.sum() {
		return nil, payFail("FATAL_ERROR", "%s was used with other parameters", number)
	}
	return p, nil
}

func (c *payCall) sum() string {
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(c.given)) {
		if name != "nonce_str" && name != "sign" && name != "workwx_sign" {
			all = fmt.Appendf(all, "%s=%q&", name, c.given[name])
		}
	}
	sum := md5.Sum(all)
	return hex.EncodeToString(sum[:])
}

// pay takes the money and keeps the payment.
func (c *payCall) pay(kind, number string, staff int32, amount int, state string) *payout {
	d := c.w.payouts
	p := &payout{
		kind: kind, number: number, sum: c.sum(), given: c.given, receiver: staff, amount: amount, state: state, made: c.now,
		listID: "1000" + digits(24, c.w.seed, hashString(kind+number)),
	}
	d.balance -= amount
	d.list, d.index[kind+"/"+number] = append(d.list, p), p
	c.s.journal(entry{Kind: map[string]string{packetKind: "red_packet_sent", pocketKind: "member_paid"}[kind], Staff: c.w.staff[staff].id, ID: number})
	return p
}

// stumbling makes a payment, unless WeChat Pay stumbles over it.
func (c *payCall) stumbling(pay func()) error {
	d := c.w.payouts
	if len(d.stumbles) == 0 {
		pay()
		return nil
	}
	next := d.stumbles[0]
	d.stumbles = d.stumbles[1:]
	if next.done {
		pay()
	}
	return payFail(next.code, "act wechat_pay_stumbles")
}

// turn moves a payment on, unless it went another way.
func (p *payout) turn(was, next string) bool {
	if p.state != was {
		return false
	}
	p.state = next
	return true
}

// payoutList is payments of one day.
type payoutList []*payout

func (d *payoutDesk) ofDay(now time.Time, kind string) payoutList {
	var out payoutList
	for _, p := range d.list {
		if p.kind == kind && today(p.made).Equal(today(now)) {
			out = append(out, p)
		}
	}
	return out
}

func (l payoutList) to(staff int32) payoutList {
	return slices.DeleteFunc(slices.Clone(l), func(p *payout) bool { return p.receiver != staff })
}

func (l payoutList) sum() int {
	n := 0
	for _, p := range l {
		n += p.amount
	}
	return n
}

// staffOfOpenID finds a serving member by openid; -1 when nobody has it.
func (w *world) staffOfOpenID(id string) int32 {
	for n := range w.staff {
		if !w.staff[n].resigned && w.staffOpenID(int32(n)) == id {
			return int32(n)
		}
	}
	return -1
}

// settleTime is how long a payment to a member is under way.
func (s *Sandbox) settleTime() time.Duration {
	return time.Duration(s.count("wxpay.settle_ms")) * time.Millisecond
}

func payoutStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Zone).Format(payoutTime)
}

type payoutBalanceQuery struct {
	Amount int `json:"amount"`
}

// setPayoutBalance says what the account for payments to members holds.
func setPayoutBalance(s *Sandbox, q *payoutBalanceQuery) (any, error) {
	if q.Amount < 0 {
		return nil, errors.New("amount must not be negative")
	}
	s.world.payouts.balance = q.Amount
	return map[string]any{"mch_id": s.world.payouts.mchID, "balance": q.Amount}, nil
}

type stumbleQuery struct {
	Code string `json:"err_code"` // default SYSTEMERROR
	Done bool   `json:"done"`     // the payment is made nevertheless
}

// wechatPayStumbles makes the next payment to a member fail: whether it was
// made the caller must find out.
func wechatPayStumbles(s *Sandbox, q *stumbleQuery) (any, error) {
	if q.Code == "" {
		q.Code = "SYSTEMERROR"
	}
	s.world.payouts.stumbles = append(s.world.payouts.stumbles, stumble{code: q.Code, done: q.Done})
	return map[string]any{"err_code": q.Code, "done": q.Done}, nil
}
