package sandbox

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// payoutDesk is WeChat Pay's side of payments to members: red packets and
// pocket money. Its calls speak XML, signed with the key of the merchant.
type payoutDesk struct {
	mchID    string
	balance  int // fen
	list     []*payout
	index    map[string]*payout // by kind and number of the merchant
	stumbles []stumble
	minute   map[string]*callMinute
}

// callMinute counts the calls of one path in a minute of the world.
type callMinute struct {
	minute int64
	calls  int
}

// payout is money that went to a member, or is on its way.
type payout struct {
	kind     string // packetKind or pocketKind
	number   string // of the merchant
	sum      string // of all parameters: a repetition must be the same
	given    map[string]string
	receiver int32
	amount   int
	state    string
	listID   string
	made     time.Time
	received time.Time
	refunded time.Time
}

// stumble is a failure that WeChat Pay answers to the next payment.
type stumble struct {
	code string
	done bool // the payment is made nevertheless
}

const (
	packetKind     = "packet"
	pocketKind     = "pocket"
	openingPayouts = 200_000_000 // fen
	payoutHistory  = 30 * 24 * time.Hour
	payoutTime     = "2006-01-02 15:04:05"
)

func payoutFamily() family {
	const base = "/mmpaymkttransfers/"
	return family{
		routes: []route{
			payRoute(base+"sendworkwxredpack", sendPacketFields, sendPacket),
			payRoute(base+"queryworkwxredpack", queryPacketFields, queryPacket),
			payRoute(base+"promotion/paywwsptrans2pocket", payPocketFields, payPocket),
			payRoute(base+"promotion/querywwsptrans2pocket", queryPocketFields, queryPocket),
		},
		acts: []act{
			doing("staff_opens_red_packet", staffOpensPacket),
			doing("admin_sets_payout_balance", setPayoutBalance),
			doing("wechat_pay_stumbles", wechatPayStumbles),
		},
		build: func(s *Sandbox) {
			s.world.payouts = &payoutDesk{
				mchID: s.payoutMerchant(), balance: openingPayouts, index: map[string]*payout{}, minute: map[string]*callMinute{},
			}
		},
	}
}

// payoutMerchant is the merchant number of the corp at WeChat Pay, and
// payoutKey the key that signs its calls. They stay over a reset.
func (s *Sandbox) payoutMerchant() string {
	return "19" + digits(8, s.opts.Seed, hashString("payout merchant"))
}

func (s *Sandbox) payoutKey() string { return hex32(s.opts.Seed, hashString("wechat pay key")) }

// payField is a parameter of a call, as the facts list it.
type payField struct {
	name     string
	most     int // characters; 0 = any
	required bool
	number   bool
	values   []string
}

// payError is a failure: its code, and whether the call itself was bad.
type payError struct {
	code, text string
	call       bool // return_code FAIL, not only result_code
}

func (e *payError) Error() string { return e.code + ": " + e.text }

func payFail(code, hint string, args ...any) error {
	return &payError{code: code, text: fmt.Sprintf(hint, args...)}
}

func payBad(code, hint string, args ...any) error {
	return &payError{code: code, text: fmt.Sprintf(hint, args...), call: true}
}

// payPair is one element of an answer; those with empty text are left out.
type payPair struct{ name, text string }

// payCall is a call of WeChat Pay under way; the world is locked.
type payCall struct {
	*call
	given map[string]string
}

func (c *payCall) number(name string) int {
	n, err := strconv.Atoi(c.given[name])
	if err != nil {
		return 0 // was checked when it was read, unless it is missing
	}
	return n
}

// payRoute registers a call of WeChat Pay.
func payRoute(path string, fields []payField, run func(c *payCall) ([]payPair, error)) route {
	return route{path: path, method: http.MethodPost, handler: run, raw: func(c *call, w http.ResponseWriter) int {
		body, err := io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxBody))
		if err != nil {
			return c.payAnswer(w, nil, payBad("XML_ERROR", "the body could not be read: %v", err))
		}
		c.s.mu.Lock()
		c.now, c.w = c.s.now(), c.s.world
		pairs, err := c.payPerform(body, fields, run)
		c.s.mu.Unlock()
		return c.payAnswer(w, pairs, err)
	}}
}

// payPerform checks form, merchant, signature and parameters in this order.
func (c *call) payPerform(body []byte, fields []payField, run func(c *payCall) ([]payPair, error)) ([]payPair, error) {
	if c.r.Method != http.MethodPost {
		return nil, payBad("HTTP_METHOD_ERROR", "the call is a POST, it was a %s", c.r.Method)
	}
	given, err := readPayXML(body)
	if err != nil {
		return nil, payBad("XML_ERROR", "%v", err)
	}
	if given["sign"] == "" || given["mch_id"] == "" {
		return nil, payBad("PARAM_ERROR", "mch_id or sign is missing")
	}
	if !c.showsMerchant(given["mch_id"]) {
		return nil, payBad("CA_ERROR", "the call brings no certificate of merchant %s (pay.cert_file of the ready line)", given["mch_id"])
	}
	if subtle.ConstantTimeCompare([]byte(paySign(given, "key", c.s.payoutKey(), nil)), []byte(given["sign"])) != 1 {
		return nil, payBad("SIGN_ERROR", "the sign does not fit the parameters and the merchant's key")
	}
	if err := checkPayFields(given, fields, c.s.on("decode.unknown")); err != nil {
		return nil, err
	}
	if err := c.w.payouts.countCall(c); err != nil {
		return nil, err
	}
	return run(&payCall{call: c, given: given})
}

const payoutRate = 1800 // calls a minute

func (d *payoutDesk) countCall(c *call) error {
	if !c.s.on("quota.call") {
		return nil
	}
	m := d.minute[c.route.path]
	if m == nil {
		m = &callMinute{}
		d.minute[c.route.path] = m
	}
	if now := c.now.Unix() / 60; now != m.minute {
		m.minute, m.calls = now, 0
	}
	if m.calls++; m.calls > payoutRate {
		return payFail("FREQ_LIMIT", "more than %d calls in a minute (switch quota.call)", payoutRate)
	}
	return nil
}

// showsMerchant is true for callers with the merchant's certificate. Only TLS
// can carry one: a call that did not come through the front needs none.
func (c *call) showsMerchant(id string) bool {
	return c.r.TLS == nil || len(c.r.TLS.PeerCertificates) > 0 && c.r.TLS.PeerCertificates[0].Subject.CommonName == id
}
