package sandbox

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

type sendProgramQuery struct {
	Staff string `json:"staff"`
}

// staffSendsProgram is a member sending a mini-program to WeChat; its URL
// carries the scenekey answered.
func staffSendsProgram(s *Sandbox, q *sendProgramQuery) (any, error) {
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	key := letters(32, w.seed, uint64(len(w.programs.sent)), hashString("scenekey"))
	w.programs.sent[key] = staff
	return map[string]any{"staff": w.staff[staff].id, "scenekey": key}, nil
}

type payOrderQuery struct {
	Order    string `json:"out_trade_no"`
	MchID    string `json:"mch_id"`
	Customer string `json:"customer"` // default: whose openid the order names
	// What the mini-program hands to the payment window; checked when given.
	Nonce     string `json:"nonce"`
	Timestamp int64  `json:"timestamp"`
	Sign      string `json:"pay_sign"`
}

// customerPaysOrder is a customer paying an order in the mini-program.
func customerPaysOrder(s *Sandbox, q *payOrderQuery) (any, error) {
	w, now := s.world, s.now()
	if q.MchID == "" {
		q.MchID = w.pay.merchants[0].id
	}
	o := w.programs.orders[q.MchID+"/"+q.Order]
	if o == nil {
		return nil, unknownID("order", q.Order)
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	if cust < 0 {
		cust = w.customerOfOpenID(o.openID)
	}
	switch state, _ := o.state(now); {
	case state != "NOTPAY":
		return nil, fmt.Errorf("order %s is %s", o.trade, state)
	case !now.Before(o.made.Add(prepayLife)):
		return nil, errors.New("the prepay_id is older than two hours")
	}
	if q.Sign != "" {
		want, err := s.paySign(o, q.Timestamp, q.Nonce)
		if err != nil {
			return nil, err
		}
		if want != q.Sign {
			return nil, errors.New("pay_sign does not fit the order, timestamp and nonce")
		}
	}
	o.bill = &bill{
		at: now, trade: o.trade, customer: cust, staff: o.staff, fee: o.total, kind: programKind, merchant: o.merchant,
		goods: []commodity{{o.description, 1}}, program: &payProgram{AppID: o.appID, Name: w.spec.Corp},
	}
	w.receive(o.bill)
	e := entry{Kind: "order_paid", ID: o.trade}
	if cust >= 0 {
		e.Customer = w.customerID(cust)
	}
	s.journal(e)
	s.orderPaid(o)
	return map[string]any{"out_trade_no": o.trade, "transaction_id": o.bill.transaction, "customer": e.Customer, "amount": o.total}, nil
}

// customerOfOpenID finds a person by openid; -1 when nobody has it.
func (w *world) customerOfOpenID(id string) int32 {
	for n := range w.customers {
		if w.customerOpenID(int32(n)) == id {
			return int32(n)
		}
	}
	return -1
}

type signQuery struct {
	AppID     string `json:"appid"`
	PrepayID  string `json:"prepay_id"`
	Type      string `json:"sign_type"`
	Nonce     string `json:"nonce"`
	Timestamp int64  `json:"timestamp"`
}

type signReply struct {
	reply
	Sign string `json:"pay_sign"`
}

var nonceForm = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)

func orderSign(c *call, q *signQuery) (any, error) {
	o := c.w.programs.prepaid[q.PrepayID]
	switch {
	case o == nil || o.appID != q.AppID:
		return nil, refuse(40058, "no prepay_id %q of appid %q", q.PrepayID, q.AppID)
	case !c.now.Before(o.made.Add(prepayLife)):
		return nil, refuse(40058, "the prepay_id is older than two hours")
	case q.Type != "" && q.Type != "RSA":
		return nil, refuse(40058, "sign_type %q: must be RSA", q.Type)
	case !nonceForm.MatchString(q.Nonce):
		return nil, refuse(40058, "nonce %q: must be 1 to 32 letters and digits", q.Nonce)
	case q.Timestamp <= 0:
		return nil, refuse(40058, "timestamp is missing")
	}
	sign, err := c.s.paySign(o, q.Timestamp, q.Nonce)
	if err != nil {
		return nil, err
	}
	return signReply{reply: done(), Sign: sign}, nil
}

// paySign signs what the payment window of WeChat is given, with the key of the
// corp's account, as WeChat Pay's version 3 does.
func (s *Sandbox) paySign(o *programOrder, timestamp int64, nonce string) (string, error) {
	d := s.world.pay
	if d.key == nil {
		key, err := seededKey(s.world.seed, hashString("merchant key"))
		if err != nil {
			return "", err
		}
		d.key = key
	}
	text := o.appID + "\n" + strconv.FormatInt(timestamp, 10) + "\n" + nonce + "\nprepay_id=" + o.prepayID + "\n"
	sum := sha256.Sum256([]byte(text))
	raw, err := rsa.SignPKCS1v15(rand.Reader, d.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign an order: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// notice is what the platform is told of an order: an outer document in the
// usual envelope, and in it a resource sealed once more.
type notice struct {
	kind, event, id, key, summary string
	resource                      any
}

// sendNotice seals the resource with AES-256-GCM and the key of the callbacks.
func (s *Sandbox) sendNotice(n notice) {
	plain, err := json.Marshal(n.resource)
	if err != nil {
		panic("sandbox: encode a notice: " + err.Error()) // plain structs
	}
	seq := uint64(s.world.entries.next() - 1)
	nonce, associated := letters(12, s.world.seed, seq, hashString("notice nonce")), "transaction"
	if n.kind == "REFUND" {
		associated = "refund"
	}
	sealed := ""
	if k, err := newSealer("", s.targets[AreaApp].aesKey, s.corpID); err == nil {
		block, err := aes.NewCipher(k.key)
		if err != nil {
			panic("sandbox: key of a notice: " + err.Error()) // 32 bytes
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			panic("sandbox: seal a notice: " + err.Error()) // a block of 16 bytes
		}
		sealed = base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte(associated)))
	}
	e := &event{area: AreaApp, key: "order/" + n.key, kind: n.id}
	e.b.WriteString("<xml>")
	e.text("notify_type", n.kind).text("id", letters(32, s.world.seed, seq, hashString("notice"))).
		text("create_time", wxTime(s.now())).text("event_type", n.event).text("resource_type", "encrypt-resource")
	e.within("resource", func() {
		e.text("algorithm", "AEAD_AES_256_GCM").text("ciphertext", sealed).text("nonce", nonce).text("associated_data", associated)
	})
	e.text("summary", n.summary)
	s.send(e)
}
