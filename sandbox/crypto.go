package sandbox

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
)

// sealer signs and encrypts callbacks of one (token, key, receiver).
type sealer struct {
	token    string
	receiver string
	key      []byte
	block    cipher.Block
}

// newSealer reads the 43-character key. Published keys carry trailing bits that
// a strict base64 reader refuses, so they are ignored.
func newSealer(token, aesKey, receiver string) (*sealer, error) {
	if len(aesKey) != 43 {
		return nil, fmt.Errorf("callback key has %d characters, must have 43", len(aesKey))
	}
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		return nil, fmt.Errorf("read callback key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("read callback key: %w", err)
	}
	return &sealer{token: token, receiver: receiver, key: key, block: block}, nil
}

// padBlock is the block size of the padding, twice that of AES.
const padBlock = 32

// seal encrypts msg behind the 16 given bytes and answers base64.
func (k *sealer) seal(random [16]byte, msg []byte) string {
	n := 16 + 4 + len(msg) + len(k.receiver)
	pad := padBlock - n%padBlock
	plain := make([]byte, 0, n+pad)
	plain = append(plain, random[:]...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(msg)))
	plain = append(plain, msg...)
	plain = append(plain, k.receiver...)
	for range pad {
		plain = append(plain, byte(pad))
	}
	cipher.NewCBCEncrypter(k.block, k.key[:16]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain)
}

// sign is the hex SHA-1 over the four texts in byte order.
func (k *sealer) sign(timestamp, nonce, encrypted string) string {
	parts := []string{k.token, timestamp, nonce, encrypted}
	sort.Strings(parts)
	h := sha1.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

var errSealed = errors.New("not a message sealed with this key")

// open decrypts a passive reply after checking its signature.
func (k *sealer) open(signature, timestamp, nonce, encrypted string) ([]byte, error) {
	if subtle.ConstantTimeCompare([]byte(k.sign(timestamp, nonce, encrypted)), []byte(signature)) != 1 {
		return nil, errors.New("wrong signature")
	}
	msg, receiver, err := k.decrypt(encrypted)
	if err != nil {
		return nil, err
	}
	if receiver != k.receiver {
		return nil, fmt.Errorf("sealed for %q, not for %q", receiver, k.receiver)
	}
	return msg, nil
}

// decrypt undoes seal.
func (k *sealer) decrypt(encrypted string) (msg []byte, receiver string, err error) {
	raw, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil || len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, "", errSealed
	}
	cipher.NewCBCDecrypter(k.block, k.key[:16]).CryptBlocks(raw, raw)
	pad := int(raw[len(raw)-1])
	if pad < 1 || pad > padBlock || pad > len(raw) ||
		!bytes.Equal(raw[len(raw)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, "", errSealed
	}
	raw = raw[:len(raw)-pad]
	if len(raw) < 20 {
		return nil, "", errSealed
	}
	n := int64(binary.BigEndian.Uint32(raw[16:20]))
	if n > int64(len(raw)-20) {
		return nil, "", errSealed
	}
	return raw[20 : 20+n], string(raw[20+n:]), nil
}
