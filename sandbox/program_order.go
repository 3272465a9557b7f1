package sandbox

import (
	"regexp"
	"time"
)

// programDesk is payments in a mini-program that a member sent to a customer:
// they go to an account of the corp that was opened inside WeCom.
type programDesk struct {
	orders  map[string]*programOrder // by number of the merchant
	prepaid map[string]*programOrder
	refunds map[string]*payRefund // by number of the merchant
	sent    map[string]int32      // member by scenekey
	files   map[string]*billFile
	images  map[string]time.Time // until when, by open_wx_pay_media_id
	applied map[string]*application
	list    []*programOrder

	refundSecond int64 // the second in which refundCalls are counted
	refundCalls  int
}

// programOrder is one order; it is paid once it has a bill.
type programOrder struct {
	appID, trade, description, openID, attach string
	device                                    string
	merchant                                  *merchant
	total                                     int // fen
	made, expires                             time.Time
	staff                                     int32 // who sent the mini-program; -1: nobody known
	prepayID                                  string
	closed                                    bool
	bill                                      *bill
	refunded                                  time.Time // the last try
	refunds                                   int
}

const (
	prepayLife    = 2 * time.Hour
	closeWait     = 5 * time.Minute
	refundAge     = 1 // years
	refundTries   = 50
	refundRate    = 150 // calls a second
	refundGap     = time.Minute
	programKind   = 15 // payment_type
	programChange = "支付用户零钱"
)

func programPayFamily() family {
	const base = "/cgi-bin/miniapppay/"
	return family{
		routes: []route{
			post(base+"create_order", byApp, orderCreate),
			post(base+"get_order", byApp, orderGet),
			post(base+"close_order", byApp, orderClose),
			post(base+"get_sign", byApp, orderSign),
			post(base+"refund", byApp, orderRefund),
			post(base+"get_refund_detail", byApp, refundDetail),
			post(base+"get_bill", byApp, programBill),
			post(base+"apply_mch", byApp, merchantApply).ofApplications(),
			post(base+"get_applyment_status", byApp, applicationStatus).ofApplications(),
			{path: base + "upload_image", who: byApp, raw: merchantImage},
		},
		acts: []act{
			doing("staff_sends_miniprogram", staffSendsProgram),
			doing("customer_pays_order", customerPaysOrder),
			doing("merchant_signs", merchantSigns),
			doing("wechat_rejects_application", rejectApplication),
		},
		pages: billPages(),
		build: func(s *Sandbox) {
			s.world.programs = &programDesk{
				orders: map[string]*programOrder{}, prepaid: map[string]*programOrder{}, refunds: map[string]*payRefund{},
				sent: map[string]int32{}, files: map[string]*billFile{}, images: map[string]time.Time{}, applied: map[string]*application{},
			}
		},
	}
}

type orderAmount struct {
	Total    int    `json:"total"`
	Currency string `json:"currency"`
}

type orderPayer struct {
	OpenID string `json:"openid"`
}

type orderQuery struct {
	AppID       string      `json:"appid"`
	MchID       string      `json:"mchid"`
	Trade       string      `json:"out_trade_no"`
	Description string      `json:"description"`
	Amount      orderAmount `json:"amount"`
	Payer       orderPayer  `json:"payer"`
	Expires     string      `json:"time_expire"`
	Attach      string      `json:"attach"`
	SceneKey    string      `json:"scenekey"`
	GoodsTag    string      `json:"goods_tag"`
	Scene       *struct {
		PayerIP  string `json:"payer_client_ip"`
		DeviceID string `json:"device_id"`
		Store    *struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			AreaCode string `json:"area_code"`
			Address  string `json:"address"`
		} `json:"store_info"`
	} `json:"scene_info"`
	Detail *struct {
		CostPrice int    `json:"cost_price"`
		InvoiceID string `json:"invoice_id"`
		Goods     []struct {
			MerchantID string `json:"merchant_goods_id"`
			WeChatID   string `json:"wechatpay_goods_id"`
			Name       string `json:"goods_name"`
			Quantity   int    `json:"quantity"`
			UnitPrice  int    `json:"unit_price"`
		} `json:"goods_detail"`
	} `json:"detail"`
}

var tradeForm = regexp.MustCompile(`^[0-9A-Za-z_\-/*]{6,32}$`)

// length is a text with its limits, in characters.
type length struct {
	name, text  string
	least, most int
}

func checkLengths(list ...length) error {
	for _, l := range list {
		if err := sized(l.name, l.text, l.least, l.most); err != nil {
			return err
		}
	}
	return nil
}

// check refuses what does not fit in itself.
func (q *orderQuery) check() error {
	list := []length{
		{"description", q.Description, 1, 127},
		{"payer.openid", q.Payer.OpenID, 1, 128},
		{"attach", q.Attach, 0, 128},
		{"scenekey", q.SceneKey, 0, 256},
		{"goods_tag", q.GoodsTag, 0, 32},
		{"time_expire", q.Expires, 0, 64},
	}
	if s := q.Scene; s != nil {
		list = append(list, length{"scene_info.payer_client_ip", s.PayerIP, 1, 45}, length{"scene_info.device_id", s.DeviceID, 0, 32})
		if st := s.Store; st != nil {
			list = append(list, length{"store_info.id", st.ID, 1, 32}, length{"store_info.name", st.Name, 0, 256},
				length{"store_info.area_code", st.AreaCode, 0, 32}, length{"store_info.address", st.Address, 0, 512})
		}
	}
	if d := q.Detail; d != nil {
		list = append(list, length{"detail.invoice_id", d.InvoiceID, 0, 32})
		for _, g := range d.Goods {
			list = append(list, length{"merchant_goods_id", g.MerchantID, 1, 32}, length{"wechatpay_goods_id", g.WeChatID, 0, 32},
				length{"goods_name", g.Name, 0, 256})
			if g.Quantity <= 0 || g.UnitPrice < 0 {
				return refuse(40058, "goods_detail: quantity must be positive, unit_price not negative")
			}
		}
	}
	switch {
	case !wechatAppID.MatchString(q.AppID):
		return refuse(40058, "appid %q is no id of a mini-program", q.AppID)
	case !tradeForm.MatchString(q.Trade):
		return refuse(40058, "out_trade_no %q: must be 6 to 32 letters, digits and _-/*", q.Trade)
	case q.Amount.Total <= 0:
		return refuse(40058, "amount.total %d: must be positive", q.Amount.Total)
	case q.Amount.Currency != "CNY":
		return refuse(40058, "amount.currency %q: must be CNY", q.Amount.Currency)
	}
	return checkLengths(list...)
}

type prepayReply struct {
	reply
	PrepayID string `json:"prepay_id"`
}

func orderCreate(c *call, q *orderQuery) (any, error) {
	m, err := c.programMerchant(q.MchID)
	if err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	d := c.w.programs
	o := &programOrder{
		appID: q.AppID, trade: q.Trade, description: q.Description, openID: q.Payer.OpenID, attach: q.Attach,
		merchant: m, total: q.Amount.Total, made: c.now, staff: -1,
	}
	if q.Expires != "" {
		if o.expires, err = time.Parse(time.RFC3339, q.Expires); err != nil || !o.expires.After(c.now) {
			return nil, refuse(40058, "time_expire %q: must be RFC 3339, and to come", q.Expires)
		}
	}
	if d.orders[m.id+"/"+q.Trade] != nil {
		return nil, refuse(40058, "out_trade_no %q: there is an order of that number", q.Trade)
	}
	if n, ok := d.sent[q.SceneKey]; ok {
		o.staff = n
	}
	if q.Scene != nil {
		o.device = q.Scene.DeviceID
	}
	o.prepayID = "wx" + c.now.In(Zone).Format("20060102150405") + hex32(c.w.seed, hashString(m.id+q.Trade), hashString("prepay"))[:20]
	d.orders[m.id+"/"+q.Trade], d.prepaid[o.prepayID] = o, o
	d.list = append(d.list, o)
	c.s.journal(entry{Kind: "order_created", ID: o.trade})
	return prepayReply{reply: done(), PrepayID: o.prepayID}, nil
}

// programMerchant finds an account that mini-programs may collect into.
func (c *call) programMerchant(id string) (*merchant, error) {
	m := c.w.pay.index[id]
	if m == nil || !m.inside || m.status != mchBound {
		return nil, refuse(40058, "mchid %q is no bound merchant number that WeCom issued", id)
	}
	return m, nil
}

type orderIDQuery struct {
	MchID string `json:"mchid"`
	Trade string `json:"out_trade_no"`
}

func (c *call) orderParam(mchID, trade string) (*programOrder, error) {
	if _, err := c.programMerchant(mchID); err != nil {
		return nil, err
	}
	o := c.w.programs.orders[mchID+"/"+trade]
	if o == nil {
		return nil, refuse(40058, "merchant number %s has no order %q", mchID, trade)
	}
	return o, nil
}

// state is the trade_state now, and its text.
func (o *programOrder) state(now time.Time) (string, string) {
	switch {
	case o.bill != nil && o.bill.refunded > 0:
		return "REFUND", "转入退款"
	case o.bill != nil:
		return "SUCCESS", "支付成功"
	case o.closed || !o.expires.IsZero() && !now.Before(o.expires):
		return "CLOSED", "订单已关闭"
	}
	return "NOTPAY", "订单未支付"
}

type paidAmount struct {
	Total         int    `json:"total"`
	PayerTotal    int    `json:"payer_total"`
	Currency      string `json:"currency"`
	PayerCurrency string `json:"payer_currency"`
}

func (o *programOrder) paid() paidAmount {
	return paidAmount{Total: o.total, PayerTotal: o.total, Currency: "CNY", PayerCurrency: "CNY"}
}

// orderReply has no transaction before the order is paid.
type orderReply struct {
	reply
	State       string     `json:"trade_state"`
	StateDesc   string     `json:"trade_state_desc"`
	Transaction string     `json:"transaction_id,omitempty"`
	Payer       orderPayer `json:"payer"`
	MchID       string     `json:"mchid"`
	Trade       string     `json:"out_trade_no"`
	Type        string     `json:"trade_type,omitempty"`
	Bank        string     `json:"bank_type,omitempty"`
	Attach      string     `json:"attach"`
	Success     string     `json:"success_time,omitempty"`
	Amount      paidAmount `json:"amount"`
}

func orderGet(c *call, q *orderIDQuery) (any, error) {
	o, err := c.orderParam(q.MchID, q.Trade)
	if err != nil {
		return nil, err
	}
	out := orderReply{
		reply: done(), Payer: orderPayer{o.openID}, MchID: o.merchant.id, Trade: o.trade, Attach: o.attach, Amount: o.paid(),
	}
	out.State, out.StateDesc = o.state(c.now)
	if o.bill != nil {
		out.Transaction, out.Type, out.Bank, out.Success = o.bill.transaction, "JSAPI", "OTHERS", wxTime(o.bill.at)
	}
	return out, nil
}

// orderClose closes an order that nobody paid, from five minutes on.
func orderClose(c *call, q *orderIDQuery) (any, error) {
	o, err := c.orderParam(q.MchID, q.Trade)
	switch {
	case err != nil:
		return nil, err
	case o.bill != nil:
		return nil, refuse(40058, "order %s was paid", o.trade)
	case c.now.Before(o.made.Add(closeWait)):
		return nil, refuse(40058, "order %s was made less than %s ago", o.trade, closeWait)
	}
	o.closed = true
	c.s.journal(entry{Kind: "order_closed", ID: o.trade})
	return nil, nil
}

// wxTime is a time as WeChat Pay writes it.
func wxTime(t time.Time) string { return t.In(Zone).Format(time.RFC3339) }
