package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// through is a client of a program that knows the official hosts only, run with
// HTTPS_PROXY and the authority's file.
func (r *rig) through() *http.Client {
	r.t.Helper()
	file, _ := r.Ready.Front["ca_file"].(string)
	raw, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	proxy, err := url.Parse(fmt.Sprint(r.Ready.Front["proxy"]))
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func newFrontRig(t *testing.T) *rig {
	t.Helper()
	return newRig(t, func(o *Options) { o.Front, o.DataDir = "127.0.0.1:0", t.TempDir() })
}

func fetch(c *http.Client, target string) (int, string, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestAProgramWithAFixedHostRunsThroughTheFront(t *testing.T) {
	t.Parallel()
	r := newFrontRig(t)
	c := r.through()
	status, body, err := fetch(c, "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid="+r.Ready.CorpID+"&corpsecret="+r.Ready.Secrets.App)
	if err != nil {
		t.Fatal(err)
	}
	out := object{}
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 200 || out["errcode"] != 0.0 {
		t.Fatalf("gettoken: %d %s", status, body)
	}
	_, body, err = fetch(c, fmt.Sprint("https://qyapi.weixin.qq.com/cgi-bin/agent/list?access_token=", out["access_token"]))
	if err != nil || !strings.Contains(body, `"https://qyapi.weixin.qq.com/`) {
		t.Errorf("addresses in answers: %v, want the official host: %s", err, body)
	}
	if status, _, err = fetch(c, "https://qyapi.weixin.qq.com/_sandbox/state"); err != nil || status != http.StatusForbidden {
		t.Errorf("control plane through the front: %d %v, want 403", status, err)
	}
}

func TestTheFrontRefusesEveryOtherHost(t *testing.T) {
	t.Parallel()
	r := newFrontRig(t)
	c := r.through()
	for _, target := range []string{
		"https://example.test/", "https://qyapi.weixin.qq.com.example.test/", "https://mp.weixin.qq.com/", "https://qyapi.weixin.qq.com:8443/",
	} {
		if _, _, err := fetch(c, target); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("%s: got %v, want Forbidden", target, err)
		}
	}
	if status, _, err := fetch(c, fmt.Sprint(r.Ready.Front["proxy"], "/cgi-bin/gettoken")); err != nil || status != http.StatusForbidden {
		t.Errorf("a plain request: %d %v, want 403", status, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://qyapi.weixin.qq.com/cgi-bin/gettoken", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "open.weixin.qq.com"
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another host inside the connection: got %d, want 421", resp.StatusCode)
	}
	if _, err := Start(t.Context(), Options{Front: "0.0.0.0:0"}); err == nil {
		t.Error("a front beyond loopback was started")
	}
}

func TestTheAuthorityBelongsToItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	first, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "ca.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("ca.key: %v %v, want mode 0600", info.Mode(), err)
	}
	if life := first.cert.NotAfter.Sub(now); life != authorityLife || !first.cert.PermittedDNSDomainsCritical {
		t.Errorf("authority: lives %v, constrained %v", life, first.cert.PermittedDNSDomainsCritical)
	}
	again, err := openAuthority(dir, now.Add(28*24*time.Hour))
	if err != nil || !again.cert.Equal(first.cert) {
		t.Errorf("opened again: %v, want the same authority", err)
	}
	late, err := openAuthority(dir, now.Add(29*24*time.Hour+time.Minute))
	if err != nil || late.cert.Equal(first.cert) {
		t.Errorf("opened on its last day: %v, want a new authority", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(first.cert)
	for host, good := range map[string]bool{"qyapi.weixin.qq.com": true, "example.test": false} {
		leaf, err := first.certificate(host)
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now})
		if (err == nil) != good {
			t.Errorf("certificate of %s: %v", host, err)
		}
	}
}
