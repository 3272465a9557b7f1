package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	authorityLife  = 30 * 24 * time.Hour
	authorityRenew = 24 * time.Hour // before its end a new one is made
)

// authority is the certificate authority of one data directory. Its name
// constraints keep a leaked key from vouching for any other host. It lives in
// wall time: the programs that check it know no other.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // of the certificate, for clients

	mu   sync.Mutex
	made map[string]*tls.Certificate
}

// openAuthority reads the authority of a directory, or makes one when there is
// none that lives on.
func openAuthority(dir string, now time.Time) (*authority, error) {
	a := &authority{file: filepath.Join(dir, "ca.pem"), made: map[string]*tls.Certificate{}}
	keyFile := filepath.Join(dir, "ca.key")
	if pair, err := tls.LoadX509KeyPair(a.file, keyFile); err == nil {
		key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
		cert, err := x509.ParseCertificate(pair.Certificate[0])
		if ok && err == nil && now.Add(authorityRenew).Before(cert.NotAfter) && now.After(cert.NotBefore) {
			a.cert, a.key = cert, key
			return a, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the front's authority: %w", err)
	}
	shape := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Zhiyin sandbox front", Organization: []string{"made on this machine, for this machine"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: officialHosts,
	}
	a.key = key
	if a.cert, err = sign(shape, shape, &key.PublicKey, key); err != nil {
		return nil, fmt.Errorf("make the front's authority: %w", err)
	}
	return a, errors.Join(writeKey(keyFile, key), writeCert(a.file, a.cert))
}

// sign makes a certificate with a serial number of its own.
func sign(shape, parent *x509.Certificate, pub *ecdsa.PublicKey, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	shape.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, shape, parent, pub, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func writeCert(path string, cert *x509.Certificate) error {
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	return nil
}

// certificate is the one of an official host, made when it is first asked for.
func (a *authority) certificate(host string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.made[host]; c != nil {
		return c, nil
	}
	c, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		a.made[host] = c
	}
	return c, err
}

// issue signs a certificate that lives as long as the authority.
func (a *authority) issue(shape *x509.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	shape.NotBefore, shape.NotAfter, shape.KeyUsage = a.cert.NotBefore, a.cert.NotAfter, x509.KeyUsageDigitalSignature
	cert, err := sign(shape, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// merchant writes the certificate by which a merchant shows itself to WeChat
// Pay, and answers its files.
func (a *authority) merchant(dir, mchID string) (cert, key string, err error) {
	cert, key = filepath.Join(dir, "merchant.pem"), filepath.Join(dir, "merchant.key")
	made, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: mchID}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", "", err
	}
	return cert, key, errors.Join(writeKey(key, made.PrivateKey), writeCert(cert, made.Leaf))
}
