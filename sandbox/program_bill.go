package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
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
	case q.Type != "" && q.Type != billAll && q.Type != billSuccess && q.Type != billBack:
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

// The columns of WeChat Pay's trade bill. Those of refunds stand in all bills
// but that of payments, when a refund was asked for and ended only in theirs.
var (
	billColumns = []string{
		"交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态", "付款银行", "货币种类",
		"应结订单金额", "代金券金额",
	}
	billRefundTimes = []string{"退款申请时间", "退款成功时间"}
	billRefund      = []string{"微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态"}
	billGoods       = []string{"商品名称", "商户数据包", "手续费", "费率", "订单金额"}
	billSums        = []string{
		"总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额",
	}
)

const (
	billAll     = "ALL"
	billSuccess = "SUCCESS"
	billBack    = "REFUND"
)

// billHead is the first line of a bill.
func billHead(kind string) []string {
	head := slices.Clone(billColumns)
	if kind == billBack {
		head = append(head, billRefundTimes...)
	}
	if kind != billSuccess {
		head = append(head, billRefund...)
	}
	head = append(head, billGoods...)
	if kind != billSuccess {
		head = append(head, "申请退款金额")
	}
	return append(head, "费率备注")
}

// billOfDay has a back-quote before every value, so that no program takes long
// numbers for figures.
func (w *world) billOfDay(m *merchant, day time.Time, kind string) []byte {
	var b bytes.Buffer
	row := func(values ...string) { b.WriteString("`" + strings.Join(values, ",`") + "\r\n") }
	b.WriteString(strings.Join(billHead(kind), ",") + "\r\n")
	rows, total, back, fees := 0, 0, 0, 0
	for _, bill := range w.pay.bills {
		if bill.merchant != m || !today(bill.at).Equal(day) || bill.kind != programKind {
			continue
		}
		of := bill
		if bill.of != nil {
			of = bill.of.bill
		}
		o := w.orderOf(of)
		if o == nil || kind == billSuccess && bill.of != nil || kind == billBack && bill.of == nil {
			continue
		}
		rows++
		if bill.of == nil {
			total, fees = total+bill.fee, fees+feeOf(bill.fee)
		} else {
			back += bill.fee
		}
		row(w.billRow(o, bill, of, kind)...)
	}
	b.WriteString(strings.Join(billSums, ",") + "\r\n")
	row(fmt.Sprint(rows), yuan(total), yuan(back), yuan(0), yuan(fees)+"000", yuan(total), yuan(back))
	return b.Bytes()
}

// billRow is one line under billHead; of is the receipt, the bill itself unless
// that is money given back.
func (w *world) billRow(o *programOrder, b, of *bill, kind string) []string {
	state, amount, fee := "SUCCESS", b.fee, feeOf(b.fee)
	times, refund, asked := []string{"", ""}, []string{"0", "0", yuan(0), yuan(0), "", ""}, yuan(0)
	if r := b.of; r != nil {
		state, amount, fee = "REFUND", 0, 0
		times = []string{r.at.In(Zone).Format(time.DateTime), b.at.In(Zone).Format(time.DateTime)}
		refund = []string{w.refundID(r), r.no, yuan(r.fee), yuan(0), "ORIGINAL", "SUCCESS"}
		asked = yuan(r.fee)
	}
	row := []string{
		b.at.In(Zone).Format(time.DateTime), o.appID, o.merchant.id, "0", o.device, of.transaction, o.trade, o.openID, "JSAPI", state,
		"OTHERS", "CNY", yuan(amount), yuan(0),
	}
	if kind == billBack {
		row = append(row, times...)
	}
	if kind != billSuccess {
		row = append(row, refund...)
	}
	row = append(row, o.description, o.attach, yuan(fee)+"000", fmt.Sprintf("%d.%d0%%", feePerMille/10, feePerMille%10), yuan(amount))
	if kind != billSuccess {
		row = append(row, asked)
	}
	return append(row, "")
}

func yuan(fen int) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

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
