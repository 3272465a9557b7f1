package callback

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" // the protocol prescribes it
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	keyLength = 43 // characters of an EncodingAESKey
	padBlock  = 32 // WeCom pads to 32 bytes although AES blocks have 16
	headBytes = 20 // 16 random bytes and a four-byte length

	// MaxBody is the largest envelope that Open reads, in bytes.
	MaxBody = 1 << 20
)

// Crypto opens and seals the callbacks of one token, key and receiver. It is
// safe for concurrent use.
type Crypto struct {
	token     string
	receiveID string
	block     cipher.Block
	iv        [aes.BlockSize]byte
}

// New makes a Crypto. encodingAESKey is the 43 characters shown by WeCom's
// console; receiveID is the corp id for a corp's own callbacks.
func New(token, encodingAESKey, receiveID string) (*Crypto, error) {
	if token == "" {
		return nil, fmt.Errorf("callback: the token is empty")
	}
	if n := len(encodingAESKey); n != keyLength {
		return nil, fmt.Errorf("callback: the EncodingAESKey has %d characters, it must have %d", n, keyLength)
	}
	// Some published keys have bits set that base64 does not use; the decoder
	// is the tolerant one on purpose.
	key, err := base64.StdEncoding.DecodeString(encodingAESKey + "=")
	if err != nil {
		return nil, fmt.Errorf("callback: the EncodingAESKey may hold only letters and digits")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("callback: use the EncodingAESKey: %w", err)
	}
	c := &Crypto{token: token, receiveID: receiveID, block: block}
	copy(c.iv[:], key)
	return c, nil
}

// VerifyURL answers the check that WeCom makes when a callback URL is saved:
// the caller sends plain back, alone and unquoted.
func (c *Crypto) VerifyURL(sig, ts, nonce, echostr string) (plain string, err error) {
	// A sender that forgot to escape '+' arrives here with blanks; base64 has none.
	echostr = strings.ReplaceAll(echostr, " ", "+")
	if !c.signed(sig, ts, nonce, echostr) {
		return "", &Error{Step: StepSignature}
	}
	b, err := c.decrypt(echostr)
	return string(b), err
}

// Open verifies and decrypts the XML envelope of a POST.
func (c *Crypto) Open(sig, ts, nonce string, body []byte) (plain []byte, err error) {
	if len(body) > MaxBody {
		return nil, &Error{Step: StepBody, Detail: "larger than 1 MiB"}
	}
	env, err := scan(string(body))
	if err != nil {
		return nil, &Error{Step: StepBody, Detail: err.Error()}
	}
	encrypted := Event{Fields: env}.Get("Encrypt")
	if encrypted == "" {
		return nil, &Error{Step: StepBody, Detail: "no Encrypt element"}
	}
	if !c.signed(sig, ts, nonce, encrypted) {
		return nil, &Error{Step: StepSignature}
	}
	return c.decrypt(encrypted)
}

// Seal encrypts and signs a passive reply. ts (unix seconds) and nonce are the
// sender's choice; WeCom's own are usually sent back.
func (c *Crypto) Seal(plain []byte, ts, nonce string) (xml []byte, err error) {
	if strings.ContainsAny(ts+nonce, "<>&]") {
		return nil, fmt.Errorf("callback: seal a reply: timestamp or nonce holds markup")
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("callback: seal a reply: %w", err)
	}
	encrypted := c.encrypt(random, plain)
	return fmt.Appendf(nil, "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"+
		"<TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>",
		encrypted, c.sign(ts, nonce, encrypted), ts, nonce), nil
}

func (c *Crypto) signed(sig, ts, nonce, encrypted string) bool {
	want := c.sign(ts, nonce, encrypted)
	return subtle.ConstantTimeCompare([]byte(sig), []byte(want)) == 1
}

// sign is the lower-case hex SHA-1 of the four strings sorted bytewise.
func (c *Crypto) sign(ts, nonce, encrypted string) string {
	p := [4]string{c.token, ts, nonce, encrypted}
	for i := 1; i < len(p); i++ {
		for j := i; j > 0 && p[j] < p[j-1]; j-- {
			p[j], p[j-1] = p[j-1], p[j]
		}
	}
	buf := make([]byte, 0, len(p[0])+len(p[1])+len(p[2])+len(p[3]))
	for _, s := range p {
		buf = append(buf, s...)
	}
	sum := sha1.Sum(buf)
	return hex.EncodeToString(sum[:])
}

func (c *Crypto) decrypt(encrypted string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return nil, &Error{Step: StepBase64}
	}
	if len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, &Error{Step: StepBlockSize, Detail: fmt.Sprintf("%d bytes", len(b))}
	}
	cipher.NewCBCDecrypter(c.block, c.iv[:]).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	if pad < 1 || pad > padBlock || pad > len(b) {
		return nil, &Error{Step: StepPadding}
	}
	for _, x := range b[len(b)-pad:] {
		if int(x) != pad {
			return nil, &Error{Step: StepPadding}
		}
	}
	b = b[:len(b)-pad]
	if len(b) < headBytes {
		return nil, &Error{Step: StepLength, Detail: "shorter than its head"}
	}
	n := uint64(binary.BigEndian.Uint32(b[16:headBytes]))
	rest := b[headBytes:]
	if n > uint64(len(rest)) {
		return nil, &Error{Step: StepLength, Detail: fmt.Sprintf("%d bytes announced, %d there", n, len(rest))}
	}
	if subtle.ConstantTimeCompare(rest[n:], []byte(c.receiveID)) != 1 {
		return nil, &Error{Step: StepReceiver, Detail: fmt.Sprintf("sent to %.64q", rest[n:])}
	}
	return rest[:n:n], nil
}

func (c *Crypto) encrypt(random [16]byte, plain []byte) string {
	size := headBytes + len(plain) + len(c.receiveID)
	pad := padBlock - size%padBlock
	b := make([]byte, 0, size+pad)
	b = append(b, random[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(plain)))
	b = append(b, plain...)
	b = append(b, c.receiveID...)
	for range pad {
		b = append(b, byte(pad))
	}
	cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b)
}
