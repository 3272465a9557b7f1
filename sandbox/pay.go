package sandbox

import (
	"crypto/rsa"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// payDesk is what customers pay the corp (对外收款): merchant numbers, bills and
// the movements of each account.
type payDesk struct {
	merchants []*merchant
	index     map[string]*merchant
	bills     []*bill // by time
	refunds   map[string]*payRefund
	flows     []*fundFlow // by time
	items     map[string]*payItem
	groups    []*payGroup
	seq       uint64
	key       *rsa.PrivateKey // signs orders of mini-programs; made when first needed
}

// merchant is a merchant number. WeCom knows the movements only of those that
// were opened inside it.
type merchant struct {
	id, name string
	status   int // as merchantStates
	inside   bool
	balance  int // fen
	scope    mchScope
}

// mchScope is who may collect with a merchant number.
type mchScope struct {
	Users   []string `json:"user"`
	Parties []int    `json:"partyid"`
	Tags    []int    `json:"tagid"`
}

const (
	mchApplying  = 1
	mchBound     = 2
	mchWithdrawn = 3
	mchUnbound   = 4 // no value of bind_status: the calls answer 660011

	mchIDLimit    = 32
	feePerMille   = 6 // what the account is charged for a receipt
	historyBills  = 2000
	openingOfFund = 1_000_000 // fen, what an account had before the history
)

func payFamily() family {
	const base = "/cgi-bin/externalpay/"
	return family{
		routes: []route{
			post(base+"get_bill_list", byApp, payBills),
			post(base+"get_payment_info", byApp, paymentInfo),
			post(base+"get_fund_flow", byApp, payFlows),
			post(base+"getmerchant", byApp, merchantGet),
			post(base+"set_mch_use_scope", byApp, merchantScope),
		},
		acts: []act{
			doing("customer_pays", customerPays),
			doing("pay", customerPays),
			doing("staff_raises_payment", staffRaisesPayment),
			doing("staff_refunds", staffRefunds),
			doing("admin_decides_refund", adminDecidesRefund),
			doing("admin_withdraws", adminWithdraws),
			doing("admin_binds_merchant", adminBindsMerchant),
			doing("admin_sets_payment_group", adminSetsPayGroup),
		},
		build: func(s *Sandbox) { s.world.buildPay() },
	}
}

// buildPay opens the account of the corp and gives it a past.
func (w *world) buildPay() {
	d := &payDesk{
		index: map[string]*merchant{}, refunds: map[string]*payRefund{}, items: map[string]*payItem{},
	}
	w.pay = d
	m := d.open("16"+digits(8, w.seed, hashString("merchant")), w.spec.Corp)
	m.balance = openingOfFund
	w.payHistory(m)
}

// open adds a merchant number that WeCom issued, for everybody to collect with.
func (d *payDesk) open(id, name string) *merchant {
	m := &merchant{id: id, name: name, status: mchBound, inside: true, scope: mchScope{Parties: []int{1}}}
	d.merchants = append(d.merchants, m)
	d.index[id] = m
	return m
}

// payHistory makes bills of the days before the start, one in eight of them
// given back a day later.
func (w *world) payHistory(m *merchant) {
	n := min(len(w.customers)/20+8, historyBills)
	if len(w.relations) == 0 {
		n = 0
	}
	type past struct {
		at time.Time
		do func()
	}
	var all []past
	for i := range n {
		draw := hash(w.seed, uint64(i), hashString("bill"))
		r := &w.relations[draw%uint64(len(w.relations))]
		at := time.Unix(r.addedAt+int64(mix(draw)%uint64(max(w.began.Unix()-r.addedAt, 1))), 0)
		b := &bill{
			at: at, customer: r.customer, staff: r.staff, fee: 3990 + 1000*int(draw%47), kind: []int{0, 0, 0, 1, 1, 2, 3, 14}[mix(draw+1)%8],
			merchant: m, goods: []commodity{{w.spec.Goods[mix(draw+2)%uint64(len(w.spec.Goods))], 1}},
		}
		all = append(all, past{at, func() { w.receive(b) }})
		if back := at.AddDate(0, 0, 1); mix(draw+3)%8 == 0 && back.Before(w.began) {
			all = append(all, past{back, func() { w.giveBack(w.newRefund(b, b.staff, b.fee, "不想要了", at), back) }})
		}
	}
	slices.SortStableFunc(all, func(a, b past) int { return a.at.Compare(b.at) })
	for _, p := range all {
		p.do()
	}
}

// number makes a number of n digits that no other has.
func (d *payDesk) number(n int, seed uint64, kind string) string {
	d.seq++
	return digits(n, seed, d.seq, hashString(kind))
}

// digits is n digits drawn from words.
func digits(n int, words ...uint64) string {
	h := hash(words...)
	b := make([]byte, 0, n+18)
	for len(b) < n {
		h = mix(h + gamma)
		b = fmt.Appendf(b, "%018d", h%1e18)
	}
	return string(b[:n])
}

var mchIDForm = regexp.MustCompile(`^[0-9]{1,32}$`)

// merchantParam finds a merchant number.
func (c *call) merchantParam(id string) (*merchant, error) {
	m := c.w.pay.index[id]
	if m == nil {
		return nil, refuse(660006, "no merchant number %q", id)
	}
	return m, nil
}

type merchantQuery struct {
	MchID string `json:"mch_id"`
}

type merchantReply struct {
	reply
	MchID  string   `json:"mch_id"`
	Name   string   `json:"merchant_name"`
	Status int      `json:"bind_status"`
	Scope  mchScope `json:"allow_use_scope"`
}

func merchantGet(c *call, q *merchantQuery) (any, error) {
	if !mchIDForm.MatchString(q.MchID) {
		return nil, refuse(660001, "mch_id %q: must be 1 to %d digits", q.MchID, mchIDLimit)
	}
	m, err := c.merchantParam(q.MchID)
	if err != nil {
		return nil, err
	}
	if m.status == mchUnbound {
		return nil, refuse(660011, "merchant number %s is not bound", m.id)
	}
	scope := mchScope{Users: copied(m.scope.Users), Parties: copied(m.scope.Parties), Tags: copied(m.scope.Tags)}
	return merchantReply{reply: done(), MchID: m.id, Name: m.name, Status: m.status, Scope: scope}, nil
}

type mchScopeQuery struct {
	MchID string    `json:"mch_id"`
	Scope *mchScope `json:"allow_use_scope"`
}

// merchantScope replaces the scope as a whole.
func merchantScope(c *call, q *mchScopeQuery) (any, error) {
	m, err := c.merchantParam(q.MchID)
	switch {
	case err != nil:
		return nil, err
	case m.status == mchUnbound:
		return nil, refuse(660006, "merchant number %s is not bound", m.id)
	case q.Scope == nil:
		return nil, refuse(40058, "allow_use_scope is missing")
	}
	for _, id := range q.Scope.Users {
		if n, ok := c.w.staffByID(id); !ok || !c.w.appSees(n) {
			return nil, refuse(660003, "user names %q, who is no member in the visible range", id)
		}
	}
	for _, p := range q.Scope.Parties {
		if !c.w.appSeesParty(p) {
			return nil, refuse(660004, "partyid names %d, which is no department in the visible range", p)
		}
	}
	for _, t := range q.Scope.Tags {
		if c.w.staffTag(t) == nil || !c.w.app.visible.whole() && !slices.Contains(c.w.app.visible.tags, t) {
			return nil, refuse(660005, "tagid names %d, which is no tag in the visible range", t)
		}
	}
	m.scope = mchScope{Users: slices.Clone(q.Scope.Users), Parties: slices.Clone(q.Scope.Parties), Tags: slices.Clone(q.Scope.Tags)}
	return nil, nil
}

// mayCollect reports whether a member is in the scope of a merchant number.
func (w *world) mayCollect(m *merchant, staff int32) bool {
	users, parties := slices.Clone(m.scope.Users), slices.Clone(m.scope.Parties)
	for _, id := range m.scope.Tags {
		if t := w.staffTag(id); t != nil {
			if slices.Contains(t.staff, staff) {
				return true
			}
			parties = append(parties, t.parties...)
		}
	}
	parties = slices.DeleteFunc(parties, func(p int) bool { return w.department(p) == nil })
	return slices.Contains(w.linkMembers(users, parties), staff)
}

// sized refuses a text that is missing or too long.
func sized(name, text string, least, most int) error {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return refuse(40058, "%s has %d characters: must be between %d and %d", name, n, least, most)
	}
	return nil
}
