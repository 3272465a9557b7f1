package sandbox

import (
	"encoding/hex"
	"strings"
)

// Ids are functions of seed, kind and number: the world needs no table to find
// a customer by id, and equal seeds give equal ids whatever the order of calls.

const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	mulA  = 0xbf58476d1ce4e5b9
	mulB  = 0x94d049bb133111eb
	gamma = 0x9e3779b97f4a7c15
)

// mix is the finaliser of splitmix64: a bijection on 64 bits.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * mulA
	x = (x ^ x>>27) * mulB
	return x ^ x>>31
}

func inverse(m uint64) uint64 {
	// Newton's iteration doubles the right bits each round.
	inv := m
	for range 6 {
		inv *= 2 - m*inv
	}
	return inv
}

func unxorshift(x uint64, n uint) uint64 {
	out := x
	for i := n; i < 64; i += n {
		out = x ^ out>>n
	}
	return out
}

func unmix(x uint64) uint64 {
	x = unxorshift(x, 31) * inverse(mulB)
	x = unxorshift(x, 27) * inverse(mulA)
	return unxorshift(x, 30)
}

// hash turns words into one number; the way to draw by seed without a stream
// whose order other calls could disturb.
func hash(words ...uint64) uint64 {
	h := uint64(gamma)
	for _, w := range words {
		h = mix(h + gamma ^ w)
	}
	return h
}

// hashString folds a text into a number for hash.
func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// chance is true with probability p for this draw.
func chance(p float64, draw uint64) bool {
	return float64(draw>>11)/(1<<53) < p
}

func base62(x uint64) string {
	var b [11]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = idAlphabet[x%62]
		x /= 62
	}
	return string(b[:])
}

func unbase62(s string) (uint64, bool) {
	var x uint64
	for i := range len(s) {
		d := strings.IndexByte(idAlphabet, s[i])
		if d < 0 {
			return 0, false
		}
		x = x*62 + uint64(d)
	}
	return x, true
}

// idSpace makes and reads the ids of one kind.
type idSpace struct {
	prefix string
	key    uint64
}

func newIDSpace(seed uint64, prefix, kind string) idSpace {
	return idSpace{prefix: prefix, key: hash(seed, hashString(kind))}
}

func (sp idSpace) make(n int) string {
	x := mix(uint64(n) ^ sp.key)
	return sp.prefix + base62(x) + base62(mix(x^sp.key))
}

// number reads an id back; false for ids of another seed, kind or length.
func (sp idSpace) number(id string) (int, bool) {
	rest, ok := strings.CutPrefix(id, sp.prefix)
	if !ok || len(rest) != 22 {
		return 0, false
	}
	x, ok := unbase62(rest[:11])
	if !ok {
		return 0, false
	}
	n := unmix(x) ^ sp.key
	if n > 1<<40 || sp.make(int(n)) != id {
		return 0, false
	}
	return int(n), true
}

// hex32 is an id of 32 hex digits, as config ids and member versions have.
func hex32(words ...uint64) string {
	a := hash(words...)
	b := mix(a + gamma)
	var raw [16]byte
	for i := range 8 {
		raw[i], raw[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	return hex.EncodeToString(raw[:])
}

// letters is n letters and digits drawn from words.
func letters(n int, words ...uint64) string {
	h := hash(words...)
	b := make([]byte, 0, n+10)
	for len(b) < n {
		h = mix(h + gamma)
		// The first digit of eleven is never large: leave it out.
		b = append(b, base62(h)[1:]...)
	}
	return string(b[:n])
}
