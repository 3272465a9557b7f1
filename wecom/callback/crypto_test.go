package callback

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

type vector struct {
	Name          string `json:"name"`
	Key           string `json:"encoding_aes_key"`
	Token         string `json:"token"`
	Timestamp     string `json:"timestamp"`
	Nonce         string `json:"nonce"`
	ReceiveID     string `json:"receiveid"`
	Random        string `json:"random16_hex"`
	Encrypt       string `json:"encrypt"`
	Signature     string `json:"msg_signature"`
	Plain         string `json:"plaintext"`
	DecryptOK     bool   `json:"expect_decrypt_ok"`
	SignatureOK   bool   `json:"expect_signature_valid"`
	ReceiverMatch *bool  `json:"expect_receiveid_match"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	b, err := os.ReadFile("../../spec/crypto-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Vectors) != 27 {
		t.Fatalf("read %d vectors, want 27", len(f.Vectors))
	}
	return f.Vectors
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			c, err := New(v.Token, v.Key, v.ReceiveID)
			if err != nil {
				t.Fatal(err)
			}
			envelope := "<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt></xml>"
			plain, openErr := c.Open(v.Signature, v.Timestamp, v.Nonce, []byte(envelope))
			echo, verifyErr := c.VerifyURL(v.Signature, v.Timestamp, v.Nonce, v.Encrypt)
			var want error
			switch {
			case !v.SignatureOK:
				want = ErrSignature
			case !v.DecryptOK:
				want = ErrPadding
			case v.ReceiverMatch != nil && !*v.ReceiverMatch:
				want = ErrReceiver
			}
			if want != nil {
				if !errors.Is(openErr, want) || !errors.Is(verifyErr, want) {
					t.Fatalf("open %v, verify %v, want %v", openErr, verifyErr, want)
				}
				if len(plain) != 0 || echo != "" {
					t.Fatal("a refused callback gave text")
				}
				return
			}
			if openErr != nil || verifyErr != nil {
				t.Fatalf("open %v, verify %v", openErr, verifyErr)
			}
			if string(plain) != v.Plain || echo != v.Plain {
				t.Fatalf("got %q and %q, want %q", plain, echo, v.Plain)
			}
			var random [16]byte
			if _, err := hex.Decode(random[:], []byte(v.Random)); err != nil {
				t.Fatal(err)
			}
			if got := c.encrypt(random, plain); got != v.Encrypt {
				t.Fatalf("encrypted again: %s, want %s", got, v.Encrypt)
			}
		})
	}
}

const (
	testToken = "QDG6eK"
	testKey   = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	testCorp  = "wx5823bf96d3bd56c7"
)

func testCrypto(t testing.TB) *Crypto {
	t.Helper()
	c, err := New(testToken, testKey, testCorp)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewNamesTheWrongSetting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ token, key, want string }{
		"no token":      {"", testKey, "token is empty"},
		"short key":     {"t", testKey[:42], "42 characters"},
		"padded key":    {"t", testKey + "=", "44 characters"},
		"strange bytes": {"t", strings.Repeat("-", 43), "letters and digits"},
	} {
		_, err := New(c.token, c.key, testCorp)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), c.key) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	c := testCrypto(t)
	for n := range 70 {
		plain := strings.Repeat("橙", n)
		sealed, err := c.Seal([]byte(plain), "1700000000", "n1")
		if err != nil {
			t.Fatal(err)
		}
		env, err := Parse(sealed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Open(env.Get("MsgSignature"), env.Get("TimeStamp"), env.Get("Nonce"), sealed)
		if err != nil || string(got) != plain {
			t.Fatalf("%d: %q, %v", n, got, err)
		}
	}
	if _, err := c.Seal(nil, "1", "]]><x>"); err == nil {
		t.Error("a nonce with markup was sealed")
	}
}

func TestOpenNamesTheFailedStep(t *testing.T) {
	t.Parallel()
	c := testCrypto(t)
	seal := func(raw []byte) string { // raw is the decrypted layout, padding included
		for len(raw)%16 != 0 {
			raw = append(raw, 0)
		}
		b := make([]byte, len(raw))
		copy(b, raw)
		cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(b, b)
		return base64.StdEncoding.EncodeToString(b)
	}
	pad := func(b []byte) []byte {
		n := padBlock - len(b)%padBlock
		return append(b, []byte(strings.Repeat(string(rune(n)), n))...)
	}
	for name, tc := range map[string]struct {
		encrypt string
		want    error
	}{
		"not base64":      {"*", ErrBase64},
		"half a block":    {base64.StdEncoding.EncodeToString(make([]byte, 17)), ErrBlockSize},
		"padding zero":    {seal(make([]byte, 32)), ErrPadding},
		"padding 33":      {seal([]byte(strings.Repeat("\x21", 48))), ErrPadding},
		"padding beyond":  {seal([]byte(strings.Repeat("\x20", 16))), ErrPadding},
		"uneven padding":  {seal(append(make([]byte, 31), 2)), ErrPadding},
		"head missing":    {seal(pad(make([]byte, 3))), ErrLength},
		"length too long": {seal(pad(append(make([]byte, 16), 0xff, 0xff, 0xff, 0xff, 'x'))), ErrLength},
		"other receiver":  {seal(pad(append(make([]byte, 20), "wwother"...))), ErrReceiver},
		"no receiver":     {seal(pad(make([]byte, 20))), ErrReceiver},
	} {
		body := "<xml><Encrypt>" + tc.encrypt + "</Encrypt></xml>"
		_, err := c.Open(c.sign("1", "n", tc.encrypt), "1", "n", []byte(body))
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	for name, body := range map[string]string{
		"empty":         "",
		"json":          `{"encrypt":"x"}`,
		"no element":    "<xml></xml>",
		"empty element": "<xml><Encrypt></Encrypt></xml>",
		"cut off":       "<xml><Encrypt>abc",
		"doctype":       `<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>`,
		"huge":          "<xml><Encrypt>" + strings.Repeat("A", MaxBody) + "</Encrypt></xml>",
	} {
		if _, err := c.Open("x", "1", "n", []byte(body)); !errors.Is(err, ErrBody) {
			t.Errorf("%s: %v, want a body error", name, err)
		}
	}
	if _, err := c.VerifyURL(c.sign("1", "n", "a+b="), "1", "n", "a b="); errors.Is(err, ErrSignature) {
		t.Error("an unescaped plus sign in the query broke the signature")
	}
}

// FuzzOpen: no envelope, however made, is accepted without its signature or
// ends in a panic.
func FuzzOpen(f *testing.F) {
	c := testCrypto(f)
	sealed, err := c.Seal([]byte("hello"), "1700000000", "n")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", sealed)
	f.Add("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", []byte("<xml><Encrypt>AAAA</Encrypt></xml>"))
	f.Fuzz(func(t *testing.T, sig string, body []byte) {
		if _, err := c.Open(sig, "1700000000", "n", body); err == nil {
			t.Fatalf("opened %q with signature %q", body, sig)
		}
		// The same with a sound signature goes further, and must end well too.
		if env, err := Parse(body); err == nil {
			encrypted := env.Get("Encrypt")
			_, _ = c.Open(c.sign("1700000000", "n", encrypted), "1700000000", "n", body)
		}
	})
}
