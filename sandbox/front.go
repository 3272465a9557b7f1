package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// officialHosts are the hosts the front stands for; it refuses every other.
var officialHosts = []string{
	"qyapi.weixin.qq.com", "open.weixin.qq.com", "open.work.weixin.qq.com", "login.work.weixin.qq.com", "work.weixin.qq.com",
	"api.mch.weixin.qq.com", "api.weixin.qq.com", "res.wx.qq.com",
}

// payHost asks its callers for the merchant's certificate.
const payHost = "api.mch.weixin.qq.com"

// front is a proxy that answers CONNECT for the official hosts itself, over TLS
// with certificates of its own authority. A program with a fixed host runs
// against the sandbox through HTTPS_PROXY and the authority's file.
type front struct {
	ca    *authority
	addr  string
	proxy *http.Server
	inner *http.Server
	conns *handedOver
	done  sync.WaitGroup
}

// startFront serves the front of Options.Front, with an authority kept among
// the sandbox's files.
func (s *Sandbox) startFront(ctx context.Context, files *disk) (*front, error) {
	dir, err := files.sub("front")
	if err != nil {
		return nil, err
	}
	f, err := newFront(ctx, s.opts.Front, dir, s.Handler())
	if err != nil {
		return nil, err
	}
	s.frontProxy, s.frontCA = "http://"+f.addr, f.ca.file
	if s.payCert, s.payCertKey, err = f.ca.merchant(dir, s.payoutMerchant()); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// newFront serves a front on addr, with an authority kept in dir.
func newFront(ctx context.Context, addr, dir string, handler http.Handler) (*front, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("front on %q: %w", addr, err)
	}
	if !isLoopbackHost(host) {
		return nil, fmt.Errorf("front on %q: it stands for other people's hosts, so it listens on loopback only", addr)
	}
	ca, err := openAuthority(dir, time.Now())
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("front on %q: %w", addr, err)
	}
	f := &front{ca: ca, addr: l.Addr().String(), conns: newHandedOver(l.Addr())}
	f.proxy = &http.Server{Handler: http.HandlerFunc(f.connect), ReadHeaderTimeout: 10 * time.Second}
	f.inner = &http.Server{
		Handler: onlyOfficial(handler), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: f.configFor},
	}
	f.done.Go(func() { _ = f.proxy.Serve(l) })                  // always ends with ErrServerClosed, by close
	f.done.Go(func() { _ = f.inner.ServeTLS(f.conns, "", "") }) // the same
	return f, nil
}

func isOfficial(host string) bool {
	for _, h := range officialHosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// connect hands a connection to an official host over to the TLS server.
func (f *front) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || port != "443" || !isOfficial(host) {
		writeJSON(w, http.StatusForbidden, map[string]string{
			"error": fmt.Sprintf("the front stands for %s, port 443, and nothing else; this was %s %s", strings.Join(officialHosts, ", "), r.Method, r.Host),
		})
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "the connection cannot be handed over", http.StatusInternalServerError)
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil || !f.conns.give(conn) {
		_ = conn.Close()
	}
}

// configFor is the certificate of the host a client asks for. WeChat Pay's host
// takes a certificate of the client, which the calls look at.
func (f *front) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if !isOfficial(hello.ServerName) {
		return nil, fmt.Errorf("the front does not stand for %q", hello.ServerName)
	}
	cert, err := f.ca.certificate(strings.ToLower(hello.ServerName))
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}, NextProtos: []string{"http/1.1"}}
	if strings.EqualFold(hello.ServerName, payHost) {
		c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
		c.ClientCAs.AddCert(f.ca.cert)
	}
	return c, nil
}

// onlyOfficial refuses requests that name another host than they came for.
func onlyOfficial(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.TrimSuffix(r.Host, ":443")
		if !isOfficial(host) || r.TLS != nil && !strings.EqualFold(host, r.TLS.ServerName) {
			writeJSON(w, http.StatusMisdirectedRequest, map[string]string{"error": fmt.Sprintf("the front does not stand for %q", r.Host)})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *front) close() error {
	if f == nil {
		return nil
	}
	err := errors.Join(f.proxy.Close(), f.inner.Close())
	f.done.Wait()
	return err
}

// handedOver is a listener of connections that the proxy accepted.
type handedOver struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandedOver(addr net.Addr) *handedOver {
	return &handedOver{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *handedOver) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	}
}

// Accept implements net.Listener.
func (h *handedOver) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handedOver) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *handedOver) Addr() net.Addr { return h.addr }
