package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Parameters of argon2id for new passwords: 19 MiB, two passes, one thread (OWASP's first choice for servers).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32 // bytes
	argonSalt    = 16
)

// hashing limits how many passwords are hashed at once: each takes 19 MiB and a core.
type hashing struct{ slots chan struct{} }

func newHashing() hashing { return hashing{slots: make(chan struct{}, 4)} }

func (h hashing) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// make hashes a password with a new salt.
func (h hashing) make(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// check compares a password with a stored hash, in a time that does not depend on where they differ.
func (h hashing) check(ctx context.Context, stored, password string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("stored password: not an argon2id hash")
	}
	var version int
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errors.New("stored password: unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, errors.New("stored password: unreadable parameters")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errors.New("stored password: unreadable salt")
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, errors.New("stored password: unreadable key")
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// weak lists passwords that are tried first by everybody.
var weak = []string{"password", "12345678", "123456789", "1234567890", "admin123", "adminadmin", "zhiyin123", "qwertyui", "qwerty123", "11111111", "changeme"}

// CheckPassword refuses a password that is too short, too long or known to everybody.
func CheckPassword(password string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < 8:
		return errs.Bad("new", "password.short", errs.T("密码至少 8 个字符。", "A password has at least 8 characters."))
	case len(password) > 256:
		return errs.Bad("new", "password.long", errs.T("密码最多 256 字节。", "A password has at most 256 bytes."))
	}
	for _, w := range weak {
		if strings.EqualFold(password, w) {
			return errs.Bad("new", "password.weak", errs.T("这个密码太常见，请换一个。", "This password is too common. Choose another."))
		}
	}
	return nil
}

// newPassword makes a password that a person can type: 20 characters, 100 bits.
func newPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789x" // 32, without those that look alike
	b := make([]byte, 20)
	_, _ = rand.Read(b)
	for i, c := range b {
		b[i] = letters[c%32]
	}
	return string(b)
}
