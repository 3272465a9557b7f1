package sandbox

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
)

// archiveKeys are the RSA keys of the archive by version. They belong to the
// corp as its secrets do: made from the seed given to New, kept over a reset.
// A key is made when the first message of its version is pulled.
type archiveKeys struct {
	seed uint64
	dir  string // where <version>.pem is written; empty = nowhere
	made map[int]*rsa.PrivateKey
}

const archiveKeyBits = 2048

func (k *archiveKeys) version(n int) (*rsa.PrivateKey, error) {
	if key := k.made[n]; key != nil {
		return key, nil
	}
	key, err := seededKey(k.seed, uint64(n))
	if err != nil {
		return nil, err
	}
	if k.dir != "" {
		if err := writeKey(filepath.Join(k.dir, fmt.Sprintf("%d.pem", n)), key); err != nil {
			return nil, err
		}
	}
	k.made[n] = key
	return key, nil
}

func writeKey(path string, key any) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return os.Chmod(path, 0o600)
}

// seededKey makes the same RSA key for the same words, which the standard
// library refuses to do. It protects nothing: the archive of this world is made
// up, and two runs of one seed must seal alike.
func seededKey(words ...uint64) (*rsa.PrivateKey, error) {
	e := big.NewInt(65537)
	one := big.NewInt(1)
	for try := range uint64(100) {
		p := seededPrime(archiveKeyBits/2, hash(append(words, try, 1)...))
		q := seededPrime(archiveKeyBits/2, hash(append(words, try, 2)...))
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || n.BitLen() != archiveKeyBits || p.Cmp(q) == 0 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		if err := key.Validate(); err != nil {
			return nil, fmt.Errorf("make an archive key: %w", err)
		}
		return key, nil
	}
	return nil, errors.New("make an archive key: no primes found")
}

// seededPrime is the first prime after a number drawn from h.
func seededPrime(bits int, h uint64) *big.Int {
	raw := make([]byte, bits/8)
	for i := 0; i < len(raw); i += 8 {
		h = mix(h + gamma)
		binary.BigEndian.PutUint64(raw[i:], h)
	}
	raw[0] |= 0xc0 // two such primes make a product of full length
	raw[len(raw)-1] |= 1
	p, two := new(big.Int).SetBytes(raw), big.NewInt(2)
	for !p.ProbablyPrime(20) {
		p.Add(p, two)
	}
	return p
}

// sealKey is RSA PKCS#1 v1.5 with padding drawn from words, so that the same
// message of the same world is sealed alike.
func sealKey(pub *rsa.PublicKey, text string, words ...uint64) []byte {
	size := pub.Size()
	padded := make([]byte, size)
	padded[1] = 2
	h := hash(words...)
	for i := 2; i < size-len(text)-1; i++ {
		h = mix(h + gamma)
		padded[i] = byte(1 + h%255)
	}
	copy(padded[size-len(text):], text)
	c := new(big.Int).Exp(new(big.Int).SetBytes(padded), big.NewInt(int64(pub.E)), pub.N)
	return c.FillBytes(make([]byte, size))
}
