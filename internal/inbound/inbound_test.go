package inbound_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/wecom/callback"
)

const (
	corp   = "ww1"
	secret = "tok"
)

var (
	aesKey = strings.Repeat("A", 43)
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

// door is an Inbound behind a real HTTP server.
type door struct {
	t      testing.TB
	db     *db.DB
	url    string
	crypto *callback.Crypto
	client *http.Client
}

func open(t testing.TB, d *db.DB, token, key, receiver string, tune ...func(*inbound.Config)) *door {
	t.Helper()
	world := clock.NewManual(noon)
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	crypto, err := callback.New(token, key, receiver)
	if err != nil {
		t.Fatal(err)
	}
	cfg := inbound.Config{DB: d, Bus: b, World: world, Log: log.Discard(), CorpID: corp, Crypto: func(area string) (*callback.Crypto, error) {
		if area == "archive" {
			return nil, errors.New("ZHIYIN_WECOM_ARCHIVE_TOKEN is not set")
		}
		return crypto, nil
	}}
	for _, f := range tune {
		f(&cfg)
	}
	in := inbound.New(cfg)
	mux := http.NewServeMux()
	in.Register(mux)
	in.Start(t.Context())
	srv := httptest.NewUnstartedServer(mux)
	srv.Config.ErrorLog = nil
	srv.Start()
	t.Cleanup(func() { srv.Close(); in.Stop() })
	return &door{t: t, db: d, url: srv.URL + "/callback/wecom", crypto: crypto, client: srv.Client()}
}

// sign is WeCom's signature, written apart from the code under test.
func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// post sends an envelope and answers status and body; status 0 means that the connection was closed without an answer.
func (d *door) post(sig, ts, nonce string, body []byte) (int, string) {
	d.t.Helper()
	q := url.Values{"msg_signature": {sig}, "timestamp": {ts}, "nonce": {nonce}}
	resp, err := d.client.Post(d.url+"?"+q.Encode(), "text/xml", strings.NewReader(string(body)))
	if err != nil {
		if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			d.t.Errorf("post: %v", err)
		}
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Error(err)
	}
	return resp.StatusCode, string(answer)
}

// send seals and posts an event that happened now.
func (d *door) send(plain string) (int, string) {
	d.t.Helper()
	ts := strconv.FormatInt(noon.Unix(), 10)
	body, err := d.crypto.Seal([]byte(plain), ts, "n1")
	if err != nil {
		d.t.Error(err)
		return 0, ""
	}
	return d.post(sign(secret, ts, "n1", between(string(body), "<Encrypt>", "</Encrypt>")), ts, "n1", body)
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	s = strings.TrimPrefix(s, "<![CDATA[")
	return strings.TrimSuffix(s, "]]>")
}

type stored struct{ Kind, OrderKey, Payload string }

func (d *door) stored() []stored {
	d.t.Helper()
	var rows []stored
	if err := d.db.Read().NewRaw("SELECT kind, order_key, payload FROM work WHERE corp_id = ? AND lane = 'inbox' ORDER BY id", corp).Scan(d.t.Context(), &rows); err != nil {
		d.t.Fatal(err)
	}
	return rows
}

func added(customer string) string {
	return "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName>sys</FromUserName><CreateTime>1795521600</CreateTime><MsgType>event</MsgType>" +
		"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>S01</UserID><ExternalUserID>" + customer + "</ExternalUserID></xml>"
}

// Every published and every damaged callback gets the answer that it deserves; nothing that is refused is stored.
func TestEveryVector(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../spec/crypto-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name, Token, Timestamp, Nonce, Encrypt, Plaintext, Receiveid, Kind string
			Key                                                                string `json:"encoding_aes_key"`
			Signature                                                          string `json:"msg_signature"`
			SignatureValid                                                     bool   `json:"expect_signature_valid"`
			DecryptOK                                                          bool   `json:"expect_decrypt_ok"`
			ReceiverOK                                                         *bool  `json:"expect_receiveid_match"`
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, v := range file.Vectors {
		good := v.SignatureValid && v.DecryptOK && (v.ReceiverOK == nil || *v.ReceiverOK)
		d := open(t, dbtest.SQLite(t), v.Token, v.Key, v.Receiveid)
		status, answer := d.post(v.Signature, v.Timestamp, v.Nonce, []byte("<xml><Encrypt><![CDATA["+v.Encrypt+"]]></Encrypt></xml>"))
		// A good one is refused too, as the vectors are years old: only then the clock is asked.
		if status != http.StatusForbidden || strings.Contains(answer, "off the corp's clock") != good {
			t.Errorf("%s: %d %s", v.Name, status, answer)
		}
		if n := len(d.stored()); n != 0 {
			t.Errorf("%s: %d events are stored", v.Name, n)
		}
		if !good {
			refused++
		}
		q := url.Values{"msg_signature": {v.Signature}, "timestamp": {v.Timestamp}, "nonce": {v.Nonce}, "echostr": {v.Encrypt}}
		resp, err := d.client.Get(d.url + "?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		echo, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || (resp.StatusCode == http.StatusOK) != good || (good && string(echo) != v.Plaintext) {
			t.Errorf("%s as the check of an address: %d %q, %v", v.Name, resp.StatusCode, echo, err)
		}
	}
	if refused < 5 {
		t.Fatalf("only %d vectors are bad", refused)
	}
}

func TestWhatIsRefusedIsNotStored(t *testing.T) {
	t.Parallel()
	d := open(t, dbtest.SQLite(t), secret, aesKey, corp)
	ts := strconv.FormatInt(noon.Unix(), 10)
	seal := func(c *callback.Crypto, plain, ts string) ([]byte, string) {
		body, err := c.Seal([]byte(plain), ts, "n1")
		if err != nil {
			t.Fatal(err)
		}
		return body, sign(secret, ts, "n1", between(string(body), "<Encrypt>", "</Encrypt>"))
	}
	stranger, err := callback.New(secret, aesKey, "ww2")
	if err != nil {
		t.Fatal(err)
	}
	encrypted := func(text string) ([]byte, string) {
		return []byte("<xml><Encrypt>" + text + "</Encrypt></xml>"), sign(secret, ts, "n1", text)
	}
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><MsgType>event</MsgType><Event>&b;</Event></xml>`
	deep := strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000)
	for _, tt := range []struct {
		name string
		make func() (body []byte, sig, ts string)
		want int
	}{
		{"bad signature", func() ([]byte, string, string) {
			b, _ := seal(d.crypto, added("wm1"), ts)
			return b, strings.Repeat("0", 40), ts
		}, 403},
		{"no signature", func() ([]byte, string, string) { b, _ := seal(d.crypto, added("wm1"), ts); return b, "", ts }, 403},
		{"another corp", func() ([]byte, string, string) { b, s := seal(stranger, added("wm1"), ts); return b, s, ts }, 403},
		{"not base64", func() ([]byte, string, string) { b, s := encrypted("!!!"); return b, s, ts }, 403},
		{"no whole blocks", func() ([]byte, string, string) {
			b, s := encrypted(base64.StdEncoding.EncodeToString([]byte("abc")))
			return b, s, ts
		}, 403},
		{"bad padding", func() ([]byte, string, string) {
			b, s := encrypted(base64.StdEncoding.EncodeToString(make([]byte, 64)))
			return b, s, ts
		}, 403},
		{"no envelope", func() ([]byte, string, string) { return []byte("hello"), "", ts }, 403},
		{"stale", func() ([]byte, string, string) {
			x := strconv.FormatInt(noon.Unix()-601, 10)
			b, s := seal(d.crypto, added("wm1"), x)
			return b, s, x
		}, 403},
		{"from the future", func() ([]byte, string, string) {
			x := strconv.FormatInt(noon.Unix()+601, 10)
			b, s := seal(d.crypto, added("wm1"), x)
			return b, s, x
		}, 403},
		{"no number as time", func() ([]byte, string, string) { b, s := seal(d.crypto, added("wm1"), "soon"); return b, s, "soon" }, 403},
		{"no XML inside", func() ([]byte, string, string) { b, s := seal(d.crypto, "{}", ts); return b, s, ts }, 400},
		{"XML bomb", func() ([]byte, string, string) { b, s := seal(d.crypto, bomb, ts); return b, s, ts }, 400},
		{"XML too deep", func() ([]byte, string, string) { b, s := seal(d.crypto, deep, ts); return b, s, ts }, 400},
		{"XML bomb outside", func() ([]byte, string, string) { return []byte(bomb), "", ts }, 403},
		{"over 1 MiB", func() ([]byte, string, string) { return make([]byte, callback.MaxBody+1), "", ts }, 413},
	} {
		body, sig, ts := tt.make()
		if status, answer := d.post(sig, ts, "n1", body); status != tt.want || strings.Contains(answer, secret) || strings.Contains(answer, aesKey) {
			t.Errorf("%s: %d %s, want %d", tt.name, status, answer, tt.want)
		}
		if rows := d.stored(); len(rows) != 0 {
			t.Errorf("%s: stored %v", tt.name, rows)
		}
	}
	d.url += "/archive"
	if status, answer := d.send(added("wm1")); status != 503 || !strings.Contains(answer, "ARCHIVE") {
		t.Errorf("an area without keys: %d %s", status, answer)
	}
}

func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *db.DB) {
		d := open(t, db, secret, aesKey, corp)
		const head = "<xml><ToUserName>ww1</ToUserName><FromUserName>S02</FromUserName><CreateTime>1795521600</CreateTime>"
		for _, plain := range []string{
			added("wm1"),
			added("wm2"), // the same second, another person
			head + "<MsgType>text</MsgType><Content>你好</Content><MsgId>1</MsgId></xml>",
			head + "<MsgType>event</MsgType><Event>made_up_tomorrow</Event><New>1</New></xml>",
			head + "<MsgType>event</MsgType><Event>change_external_chat</Event><ChatId>wr1</ChatId><ChangeType>update</ChangeType>" +
				"<UpdateDetail>add_member</UpdateDetail><MemChangeList><Item>wm1</Item><Item>wm2</Item></MemChangeList></xml>",
			head + "<MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>T</Token><OpenKfId>wk1</OpenKfId></xml>",
			head + "<MsgType>event</MsgType><Event>e</Event><List><Item><A>1</A></Item><Item><A>2</A></Item></List></xml>",
		} {
			for try := range 3 { // WeCom tries again when an answer was lost
				if status, answer := d.send(plain); status != 200 || answer != "success" {
					t.Fatalf("try %d: %d %s", try, status, answer)
				}
			}
		}
		rows := d.stored()
		var kinds []string
		for _, r := range rows {
			kinds = append(kinds, r.Kind+" "+r.OrderKey)
		}
		want := []string{
			"change_external_contact.add_external_contact customer/wm1", "change_external_contact.add_external_contact customer/wm2",
			"message.text staff/S02", "made_up_tomorrow staff/S02", "change_external_chat.update chat/wr1", "kf_msg_or_event kf/wk1", "e staff/S02",
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Fatalf("stored (-want +got):\n%s", diff)
		}
		for i, says := range map[int]string{ // what is read later, and nothing else: no words, nobody's id beside
			2: `{"ToUserName":"ww1","FromUserName":"S02","CreateTime":"1795521600","MsgType":"text"}`,
			4: `{"ToUserName":"ww1","FromUserName":"S02","CreateTime":"1795521600","MsgType":"event","Event":"change_external_chat","ChatId":"wr1","ChangeType":"update","UpdateDetail":"add_member"}`,
			6: `{"ToUserName":"ww1","FromUserName":"S02","CreateTime":"1795521600","MsgType":"event","Event":"e"}`,
		} {
			if rows[i].Payload != says {
				t.Errorf("stored %s, want %s", rows[i].Payload, says)
			}
		}
	})
}

// WeCom tries again only when it got no answer: not even an error.
func TestWhatCannotBeStoredIsNotAnswered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *db.DB) {
		d := open(t, db, secret, aesKey, corp)
		if status, _ := d.send(added("wm1")); status != 200 {
			t.Fatal(status)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if status, answer := d.send(added("wm2")); status != 0 {
			t.Fatalf("answered %d %q without a database", status, answer)
		}
	})
}

func TestFiveHundredAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *db.DB) {
		d := open(t, db, secret, aesKey, corp)
		d.client.Transport.(*http.Transport).MaxConnsPerHost = 64
		const n = 500
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if status, answer := d.send(added(fmt.Sprint("wm", i/2))); status != 200 || answer != "success" { // each twice
					t.Errorf("%d %s", status, answer)
				}
			})
		}
		wg.Wait()
		if rows := d.stored(); len(rows) != n/2 {
			t.Fatalf("%d rows for %d events", len(rows), n/2)
		}
	})
}
