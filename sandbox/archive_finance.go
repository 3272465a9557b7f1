package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Codes of the finance library, which the boundary speaks.
const (
	financeBadParam  = 10000
	financeBadFile   = 10005
	financeWrongKey  = 10006
	financeDecrypted = 10008 // the step failed
	financeBadIP     = 10009
	financeExpired   = 10010
)

const (
	chatDataLimit = 1000
	mediaChunk    = 512 << 10
	sealPrefix    = "zy1:" // the cipher of this sandbox; WeCom's is not public
)

// mayFinance lets in callers on this machine, as the library's side car does,
// and others who bring the archive's secret as a bearer token.
func (c *call) mayFinance() error {
	bearer, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if ok && bearer == c.s.secrets.Archive || isLoopbackHost(callerIP(c.r)) {
		return nil
	}
	return refuse(financeBadIP, "the boundary is for callers on this machine, or with the archive's secret as a bearer token")
}

type chatDataQuery struct {
	CorpID    string  `json:"corpid"`
	Seq       *uint64 `json:"seq"`
	Limit     *uint32 `json:"limit"`
	TimeoutMS int     `json:"timeout_ms"`
}

type sealedMessage struct {
	Seq       uint64 `json:"seq"`
	MsgID     string `json:"msgid"`
	KeyVer    int    `json:"publickey_ver"`
	RandomKey string `json:"encrypt_random_key"`
	Message   string `json:"encrypt_chat_msg"`
}

type chatDataReply struct {
	reply
	ChatData []sealedMessage `json:"chatdata"`
}

func financeChatData(c *call, q *chatDataQuery) (any, error) {
	if err := firstError(c.mayFinance(), c.s.archiveOpen()); err != nil {
		return nil, err
	}
	switch {
	case q.CorpID != c.s.corpID:
		return nil, refuse(financeBadParam, "corpid %q: this corp is %s", q.CorpID, c.s.corpID)
	case q.Seq == nil || q.Limit == nil:
		return nil, refuse(financeBadParam, "seq and limit must be given")
	case *q.Limit == 0 || *q.Limit > chatDataLimit:
		return nil, refuse(financeBadParam, "limit %d: must be between 1 and %d", *q.Limit, chatDataLimit)
	case q.TimeoutMS < 0:
		return nil, refuse(financeBadParam, "timeout_ms must not be negative")
	}
	out := chatDataReply{reply: done(), ChatData: []sealedMessage{}}
	a := c.w.archive
	for i := a.oldest(c.now); i < len(a.log) && len(out.ChatData) < int(*q.Limit); i++ {
		if m := &a.log[i]; m.seq > *q.Seq {
			sealed, err := c.s.sealMessage(m)
			if err != nil {
				return nil, err
			}
			out.ChatData = append(out.ChatData, sealed)
		}
	}
	return out, nil
}

// sealMessage seals a message with a key of its own, and that key for the corp.
// Both are drawn from the message, so that it is sealed alike whenever it is
// pulled.
func (s *Sandbox) sealMessage(m *archived) (sealedMessage, error) {
	key, err := s.archiveKeys.version(m.key)
	if err != nil {
		return sealedMessage{}, err
	}
	plain, err := json.Marshal(m.view(s.world))
	if err != nil {
		return sealedMessage{}, fmt.Errorf("encode an archived message: %w", err)
	}
	random := []byte(letters(32, s.world.seed, m.seq, hashString("random key")))
	text := base64.StdEncoding.EncodeToString(random)
	nonce := []byte(letters(12, s.world.seed, m.seq, hashString("nonce")))
	box, err := messageCipher(random)
	if err != nil {
		return sealedMessage{}, err
	}
	return sealedMessage{
		Seq: m.seq, MsgID: m.id, KeyVer: m.key,
		RandomKey: base64.StdEncoding.EncodeToString(sealKey(&key.PublicKey, text, s.world.seed, m.seq, hashString("padding"))),
		Message:   sealPrefix + base64.StdEncoding.EncodeToString(box.Seal(nonce, nonce, plain, nil)),
	}, nil
}

func messageCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal an archived message: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal an archived message: %w", err)
	}
	return box, nil
}

type decryptQuery struct {
	Key     string `json:"encrypt_key"`
	Message string `json:"encrypt_msg"`
}

type decryptReply struct {
	reply
	Msg json.RawMessage `json:"msg"`
}

// financeDecrypt opens a message with the key its caller unsealed with RSA.
func financeDecrypt(c *call, q *decryptQuery) (any, error) {
	if err := c.mayFinance(); err != nil {
		return nil, err
	}
	if q.Key == "" || q.Message == "" {
		return nil, refuse(financeBadParam, "encrypt_key and encrypt_msg must be given")
	}
	text, err := base64.StdEncoding.DecodeString(q.Key)
	if err != nil {
		return nil, refuse(financeBadParam, "encrypt_key is not base64 of the unsealed bytes")
	}
	key, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(key) != 32 {
		return nil, refuse(financeWrongKey, "encrypt_key is no random key: decode base64 and open RSA first")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Message, sealPrefix))
	if err != nil || !strings.HasPrefix(q.Message, sealPrefix) || len(raw) < 12 {
		return nil, refuse(financeDecrypted, "encrypt_msg was not made by this sandbox")
	}
	box, err := messageCipher(key)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, raw[:12], raw[12:], nil)
	if err != nil {
		return nil, refuse(financeWrongKey, "this key does not open this message")
	}
	return decryptReply{reply: done(), Msg: plain}, nil
}

type financeMediaQuery struct {
	FileID   string `json:"sdkfileid"`
	IndexBuf string `json:"indexbuf"`
}

type financeMediaReply struct {
	reply
	Data     string `json:"data"`
	IndexBuf string `json:"outindexbuf"`
	Finish   bool   `json:"is_finish"`
}

// financeMedia answers one piece of a file and where the next begins.
func financeMedia(c *call, q *financeMediaQuery) (any, error) {
	if err := firstError(c.mayFinance(), c.s.archiveOpen()); err != nil {
		return nil, err
	}
	if q.FileID == "" {
		return nil, refuse(financeBadParam, "sdkfileid is missing")
	}
	f := c.w.archive.files[q.FileID]
	switch {
	case f == nil:
		return nil, refuse(financeBadFile, "no file %q", q.FileID)
	case c.now.Sub(f.made) >= archiveLife:
		return nil, refuse(financeExpired, "the file is older than 5 days")
	}
	from := 0
	if q.IndexBuf != "" {
		mark, at, _ := strings.Cut(q.IndexBuf, "-")
		n, err := strconv.Atoi(at)
		if err != nil || mark != f.mark() || n <= 0 || n >= f.size {
			return nil, refuse(financeBadParam, "indexbuf %q was not made for this file", q.IndexBuf)
		}
		from = n
	}
	to := min(from+mediaChunk, f.size)
	out := financeMediaReply{reply: done(), Data: base64.StdEncoding.EncodeToString(f.data()[from:to]), Finish: to == f.size}
	if !out.Finish {
		out.IndexBuf = f.mark() + "-" + strconv.Itoa(to)
	}
	return out, nil
}

// mark binds an index buffer to its file.
func (f *archiveFile) mark() string { return letters(12, f.draw, hashString("index")) }

type healthReply struct {
	reply
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

func financeHealth(c *call, _ *none) (any, error) {
	if err := c.mayFinance(); err != nil {
		return nil, err
	}
	return healthReply{reply: done(), Kind: "sandbox", Version: strings.TrimSuffix(sealPrefix, ":")}, nil
}
