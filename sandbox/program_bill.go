package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// billFile is the bill of a day, ready to be fetched once asked for.
type billFile struct {
	data  []byte
	gzip  bool
	auth  string
	until time.Time
}

const (
	billLife   = 30 * time.Second
	billMonths = 3 // back
)

func billPages() map[string]func(*Sandbox, http.ResponseWriter, *http.Request) {
	return map[string]func(*Sandbox, http.ResponseWriter, *http.Request){"GET /v3/billdownload/file": serveBill}
}

type programBillQuery struct {
	Date  string `json:"bill_date"`
	MchID string `json:"mchid"`
	Type  string `json:"bill_type"`
	Tar   string `json:"tar_type"`
}

type programBillReply struct {
	reply
	URL      string `json:"download_url"`
	HashType string `json:"hash_type"`
	Hash     string `json:"hash_value"`
	Auth     string `json:"auth"`
}

// programBill makes the bill of a day that is over.
func programBill(c *call, q *programBillQuery) (any, error) {
	m, err := c.programMerchant(q.MchID)
	if err != nil {
		return nil, err
	}
	day, err := time.ParseInLocation(time.DateOnly, q.Date, Zone)
	switch {
	case err != nil:
		return nil, refuse(40058, "bill_date %q: must be yyyy-MM-dd", q.Date)
	case !day.Before(today(c.now)) || day.Before(today(c.now).AddDate(0, -billMonths, 0)):
		return nil, refuse(40058, "bill_date %q: must be a day of the last %d months that is over", q.Date, billMonths)
	case q.Type != "" && q.Type != "ALL" && q.Type != "SUCCESS" && q.Type != "REFUND":
		return nil, refuse(40058, "bill_type %q: must be ALL, SUCCESS or REFUND", q.Type)
	case q.Tar != "" && q.Tar != "GZIP":
		return nil, refuse(40058, "tar_type %q: must be GZIP", q.Tar)
	}
	d := c.w.programs
	f := &billFile{data: c.w.billOfDay(m, day, q.Type), gzip: q.Tar != "", until: c.now.Add(billLife)}
	token := letters(32, c.w.seed, uint64(len(d.files)), hashString("bill token"))
	f.auth = fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="%s"`, m.id, letters(32, hashString(token)))
	d.files[token] = f
	sum := sha1.Sum(f.data)
	return programBillReply{
		reply: done(), URL: c.base + "/v3/billdownload/file?token=" + token, HashType: "SHA1", Hash: hex.EncodeToString(sum[:]), Auth: f.auth,
	}, nil
}

var (
	billColumns = []string{
		"交易时间", "公众账号ID", "商户号", "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态", "付款银行", "货币种类", "订单金额",
		"微信退款单号", "商户退款单号", "退款金额", "退款状态", "商品名称", "商户数据包",
	}
	billSums = []string{"总交易单数", "订单总金额", "退款总金额"}
)

// billOfDay has a back-quote before every value, so that no program takes long
// numbers for figures.
func (w *world) billOfDay(m *merchant, day time.Time, kind string) []byte {
	var b bytes.Buffer
	row := func(values ...string) { b.WriteString("`" + strings.Join(values, ",`") + "\r\n") }
	yuan := func(fen int) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }
	b.WriteString(strings.Join(billColumns, ",") + "\r\n")
	rows, total, back := 0, 0, 0
	for _, bill := range w.pay.bills {
		if bill.merchant != m || !today(bill.at).Equal(day) || bill.kind != programKind {
			continue
		}
		of, refund := bill, []string{"", "", yuan(0), ""}
		state, amount := "SUCCESS", bill.fee
		if r := bill.of; r != nil {
			of, state, amount = r.bill, "REFUND", 0
			refund = []string{w.refundID(r), r.no, yuan(r.fee), "SUCCESS"}
		}
		o := w.orderOf(of)
		if o == nil || kind == "SUCCESS" && bill.of != nil || kind == "REFUND" && bill.of == nil {
			continue
		}
		rows, total = rows+1, total+amount
		if bill.of != nil {
			back += bill.fee
		}
		row(append([]string{
			bill.at.In(Zone).Format(time.DateTime), o.appID, m.id, of.transaction, o.trade, o.openID, "JSAPI", state, "OTHERS", "CNY", yuan(amount),
		}, append(refund, o.description, o.attach)...)...)
	}
	b.WriteString(strings.Join(billSums, ",") + "\r\n")
	row(fmt.Sprint(rows), yuan(total), yuan(back))
	return b.Bytes()
}

// serveBill hands out a file for half a minute, to whom brings its auth.
func serveBill(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.world.programs.files[r.URL.Query().Get("token")]
	live := f != nil && s.now().Before(f.until)
	s.mu.Unlock()
	switch {
	case !live:
		http.NotFound(w, r)
		return
	case r.Header.Get("Authorization") != f.auth:
		http.Error(w, "the Authorization header is not the auth of get_bill", http.StatusUnauthorized)
		return
	}
	if !f.gzip {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		_, _ = w.Write(f.data) // a reader that went away is not our error
		return
	}
	w.Header().Set("Content-Type", "application/x-gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(f.data) // a reader that went away is not our error
	_ = z.Close()
}
