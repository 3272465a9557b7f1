package sandbox

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

type vector struct {
	Name      string `json:"name"`
	Key       string `json:"encoding_aes_key"`
	Token     string `json:"token"`
	Receiver  string `json:"receiveid"`
	Timestamp string `json:"timestamp"`
	Nonce     string `json:"nonce"`
	Encrypt   string `json:"encrypt"`
	Signature string `json:"msg_signature"`
	Plaintext string `json:"plaintext"`
	Random    string `json:"random16_hex"`
	DecryptOK bool   `json:"expect_decrypt_ok"`
	SignedOK  bool   `json:"expect_signature_valid"`
	MatchOK   *bool  `json:"expect_receiveid_match"` // nil = true
}

func TestTheVectorsOfTheProtocolHold(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../spec/crypto-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			k, err := newSealer(v.Token, v.Key, v.Receiver)
			if err != nil {
				if v.DecryptOK {
					t.Fatal(err)
				}
				return
			}
			if got := k.sign(v.Timestamp, v.Nonce, v.Encrypt) == v.Signature; got != v.SignedOK {
				t.Errorf("signature valid: got %v, want %v", got, v.SignedOK)
			}
			msg, receiver, err := k.decrypt(v.Encrypt)
			if (err == nil) != v.DecryptOK {
				t.Fatalf("decrypts: got %v, want %v", err, v.DecryptOK)
			}
			if err != nil {
				return
			}
			match := v.MatchOK == nil || *v.MatchOK
			if (receiver == v.Receiver) != match {
				t.Errorf("receiver %q is %q: got %v, want %v", receiver, v.Receiver, !match, match)
			}
			if !match {
				return
			}
			if string(msg) != v.Plaintext {
				t.Errorf("plaintext: got %q, want %q", msg, v.Plaintext)
			}
			var random [16]byte
			if n, err := hex.Decode(random[:], []byte(v.Random)); err != nil || n != 16 {
				return // vectors without known random bytes cannot be sealed again
			}
			if got := k.seal(random, msg); got != v.Encrypt {
				t.Errorf("sealed again: got %q", got)
			}
		})
	}
}
