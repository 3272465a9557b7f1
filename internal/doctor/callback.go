package doctor

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// callback seals a test text as WeCom does when the address is saved, and calls our own handler with it.
func (d *Doctor) callback(ctx context.Context, area string) Result {
	pair, tokenVar, keyVar := d.Settings().CallbackPair(area)
	for _, m := range []struct {
		set  bool
		name string
	}{{pair.Token != "", tokenVar}, {pair.AESKey != "", keyVar}} {
		if !m.set {
			return failed(Bad, errs.Tf("%s 没有设置", "%s is not set", m.name),
				errs.T("在管理后台的“接收消息”页随机生成，填到这里或设置页，再保存管理后台那一页。",
					"Generate it on the page for receiving messages in the admin console, set it there or in Settings, then save that page."))
		}
	}
	crypto, err := callback.New(pair.Token.Reveal(), pair.AESKey.Reveal(), d.CorpID)
	if err != nil {
		return failed(Bad, errs.Tf("%s 不是 EncodingAESKey", "%s is no EncodingAESKey", keyVar), errs.T("从管理后台重新复制，43 个字符。", "Copy it again from the admin console: 43 characters."))
	}
	const plain = "zhiyin doctor"
	query, err := sealed(crypto, plain, strconv.FormatInt(d.World.Now().Unix(), 10))
	if err != nil {
		return failed(Bad, errs.T("加密失败", "sealing failed"), errs.Text{})
	}
	path := strings.TrimSuffix("/callback/wecom/"+area, "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return failed(Bad, errs.T("加密失败", "sealing failed"), errs.Text{})
	}
	answer := &answer{header: http.Header{}}
	d.Callbacks.ServeHTTP(answer, req)
	if answer.code == http.StatusOK && answer.body.String() == plain {
		return good(errs.Tf("%s 自测通过：验签、解密、原样返回", "%s passed its own test: signature, decryption, plain answer", path))
	}
	return failed(Bad, errs.Tf("%s 自测失败（%d）：%s", "%s failed its own test (%d): %s", path, answer.code, strings.TrimSpace(answer.body.String())),
		errs.Tf("核对 %s 和 %s；若刚改过，重启后再试。", "Check %s and %s; restart when they were just changed.", tokenVar, keyVar))
}

// sealed makes the query of WeCom's verification.
func sealed(c *callback.Crypto, plain, ts string) (url.Values, error) {
	const nonce = "doctor"
	raw, err := c.Seal([]byte(plain), ts, nonce)
	if err != nil {
		return nil, err
	}
	var envelope struct {
		Encrypt      string
		MsgSignature string
	}
	if err := xml.Unmarshal(raw, &envelope); err != nil {
		return nil, fmt.Errorf("read the sealed text: %w", err)
	}
	return url.Values{"msg_signature": {envelope.MsgSignature}, "timestamp": {ts}, "nonce": {nonce}, "echostr": {envelope.Encrypt}}, nil
}

// answer records what a handler answers.
type answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) {
	if a.code == 0 {
		a.code = code
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// steps says what a failed step of opening a callback means.
var steps = map[callback.Step]errs.Text{
	callback.StepBody:      errs.T("请求内容不是企业微信的格式：多半不是企业微信发来的", "the body is not WeCom's: most likely somebody else sent it"),
	callback.StepSignature: errs.T("验签失败：两边的 Token 不同，或代理改动了参数", "the signature does not fit: the Tokens differ, or a proxy changed the parameters"),
	callback.StepBase64:    errs.T("密文不是 base64：代理可能把 + 变成了空格", "the ciphertext is not base64: a proxy may have turned + into spaces"),
	callback.StepBlockSize: errs.T("密文不完整：代理可能截断了请求", "the ciphertext is not whole: a proxy may have cut the request"),
	callback.StepPadding:   errs.T("解密失败：两边的 EncodingAESKey 不同", "decryption failed: the EncodingAESKeys differ"),
	callback.StepLength:    errs.T("解密后的长度不对：两边的 EncodingAESKey 不同", "the length inside is wrong: the EncodingAESKeys differ"),
	callback.StepReceiver:  errs.T("消息是发给别的企业的：核对 ZHIYIN_WECOM_CORP_ID", "it is for another corp: check ZHIYIN_WECOM_CORP_ID"),
	callback.StepXML:       errs.T("解密后不是 XML", "what was decrypted is no XML"),
}

// received tells of the last callbacks: the last stored one from the database, the last refused one from this process.
func (d *Doctor) received(ctx context.Context) Result {
	var last clock.Time
	err := d.DB.Read().NewRaw("SELECT COALESCE(MAX(created_at), 0) FROM work WHERE corp_id = ? AND lane = 'inbox'", d.CorpID).Scan(ctx, &last)
	if err != nil {
		return failed(Bad, errs.T("读不出收件箱", "the inbox cannot be read"), errs.T("见数据库一项。", "See the database."))
	}
	d.mu.Lock()
	bad := d.bad
	d.mu.Unlock()
	zone := d.Settings().Zone
	if bad.Err != nil && bad.At > last {
		why := errs.Tf("%s", "%s", bad.Err.Error())
		if e, ok := errors.AsType[*callback.Error](bad.Err); ok {
			why = steps[e.Step]
		}
		return failed(Bad, errs.Text{ZH: "最近一次回调被拒绝：" + why.ZH, EN: "the last callback was refused: " + why.EN},
			errs.T("改好后在管理后台的“接收消息”页重新保存一次，再看这里。", "Mend it, save the page for receiving messages in the admin console again, and look here."))
	}
	if last.IsZero() {
		return failed(Warn, errs.T("三天内没有收到过回调", "no callback came within three days"),
			errs.T("在管理后台的“接收消息”页填入设置页显示的回调地址并保存；外网要能访问它。",
				"Enter the callback address that Settings shows on the page for receiving messages in the admin console; it must be reachable from outside."))
	}
	at := last.In(zone).Format("01-02 15:04:05")
	return good(errs.Tf("最近一次在 %s", "the last one at %s", at))
}

const (
	offsetWarn = time.Minute
	offsetBad  = 5 * time.Minute
)

// clock compares the times that WeCom wrote into the latest events with our clock when they came.
func (d *Doctor) clock(ctx context.Context) Result {
	offset, n, err := d.offset(ctx)
	if err != nil {
		return failed(Bad, errs.T("读不出收件箱", "the inbox cannot be read"), errs.T("见数据库一项。", "See the database."))
	}
	if n == 0 {
		return skip(errs.T("还没有回调可比较", "no callback to compare with yet"))
	}
	sec := offset.Round(time.Second)
	detail := errs.Tf("回调时间与企业时钟相差 %s", "callbacks are %s off the corp's clock", sec)
	wayOut := errs.T("让本机与网络时间同步（NTP）；相差超过 ZHIYIN_CALLBACK_SKEW 的回调会被拒绝。",
		"Synchronise this machine's clock (NTP); callbacks further off than ZHIYIN_CALLBACK_SKEW are refused.")
	switch {
	case offset.Abs() > offsetBad:
		return failed(Bad, detail, wayOut)
	case offset.Abs() > offsetWarn:
		return failed(Warn, detail, wayOut)
	}
	return good(detail)
}
