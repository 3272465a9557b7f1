package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Ready is what a platform needs to use the sandbox: the line that `zhiyin
// sandbox` prints when it serves.
type Ready struct {
	Ready    bool           `json:"ready"`
	Base     string         `json:"base"`
	Open     string         `json:"open"`
	CorpID   string         `json:"corp_id"`
	AgentID  int            `json:"agent_id"`
	Secrets  ReadySecrets   `json:"secrets"`
	Callback ReadyCallback  `json:"callback"`
	Front    map[string]any `json:"front,omitempty"`
	Archive  map[string]any `json:"archive,omitempty"`
	Pay      map[string]any `json:"pay,omitempty"`
}

// ReadySecrets are the secrets of the five areas. In a new corp External and
// KF repeat App.
type ReadySecrets struct {
	Contact  string `json:"contact"`
	External string `json:"external"`
	App      string `json:"app"`
	KF       string `json:"kf"`
	Archive  string `json:"archive"`
}

// ReadyCallback is the pair that signs and seals callbacks.
type ReadyCallback struct {
	Token  string `json:"token"`
	AESKey string `json:"aes_key"`
}

// Secrets are the credentials of the corp, made from the seed.
type Secrets struct {
	ReadySecrets
	CallbackToken, CallbackAESKey string
}

func makeSecrets(o Options) Secrets {
	secret := func(area string) string { return letters(43, o.Seed, hashString("secret"), hashString(area)) }
	s := Secrets{
		ReadySecrets: ReadySecrets{
			Contact: secret("contact"), External: secret("external"), App: secret("app"),
			KF: secret("kf"), Archive: secret("archive"),
		},
		CallbackToken:  letters(24, o.Seed, hashString("callback token")),
		CallbackAESKey: letters(43, o.Seed, hashString("callback key")),
	}
	if o.Corp == "new" {
		s.External, s.KF = s.App, s.App
	}
	return s
}

// Ready describes the sandbox as reached under base, such as
// "http://127.0.0.1:8421".
func (s *Sandbox) Ready(base string) Ready {
	r := Ready{
		Ready: true, Base: base, Open: base, CorpID: s.corpID, AgentID: s.agentID,
		Secrets:  s.secrets.ReadySecrets,
		Callback: ReadyCallback{Token: s.secrets.CallbackToken, AESKey: s.secrets.CallbackAESKey},
	}
	r.Pay = map[string]any{"url": base, "mch_id": s.payoutMerchant(), "key": s.payoutKey()}
	if dir := s.archiveKeys.dir; dir != "" {
		r.Archive = map[string]any{"url": base, "keys_dir": dir}
	}
	if s.payCert != "" {
		r.Pay["cert_file"], r.Pay["key_file"] = s.payCert, s.payCertKey
	}
	if s.frontProxy != "" {
		r.Front = map[string]any{"proxy": s.frontProxy, "ca_file": s.frontCA}
	}
	return r
}

// Server is a sandbox that listens.
type Server struct {
	*Sandbox
	// URL is the base of all paths, without a trailing slash.
	URL string
	// Ready is the ready line.
	Ready Ready

	http  *http.Server
	disk  *disk
	front *front // nil when there is none
	done  chan struct{}
}

// Start serves a new sandbox on a free loopback port until ctx ends or Close
// is called.
func Start(ctx context.Context, opts Options) (*Server, error) {
	return Listen(ctx, "127.0.0.1:0", opts)
}

// Listen is Start on addr. An address beyond loopback needs a control token.
func Listen(ctx context.Context, addr string, opts Options) (*Server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	if !isLoopbackHost(host) && opts.ControlToken == "" {
		return nil, fmt.Errorf("listen on %q: an address beyond loopback needs a control token", addr)
	}
	s, err := New(opts)
	if err != nil {
		return nil, err
	}
	files, err := s.openFiles()
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		_, _ = s.Close(), files.close()
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	srv := &Server{
		Sandbox: s, URL: "http://" + l.Addr().String(), done: make(chan struct{}), disk: files,
		http: &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute},
	}
	if opts.Front != "" {
		if srv.front, err = s.startFront(ctx, files); err != nil {
			_, _, _ = l.Close(), s.Close(), files.close()
			return nil, err
		}
	}
	srv.Ready = s.Ready(srv.URL)
	go func() {
		defer close(srv.done)
		_ = srv.http.Serve(l) // always ends with ErrServerClosed, by Close
	}()
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	return srv, nil
}

// openFiles opens the directory of keys. In a data directory of its own the
// first archive key is made at once; else when somebody first needs it, which
// spares tests the time.
func (s *Sandbox) openFiles() (*disk, error) {
	d, err := openDisk(s.opts.DataDir)
	if err != nil {
		return nil, err
	}
	if s.archiveKeys.dir, err = d.sub("archive"); err == nil && !d.temp {
		_, err = s.archiveKeys.version(1)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// Close stops serving, ends the sandbox and removes the keys that have no data
// directory.
func (srv *Server) Close() error {
	err := errors.Join(srv.http.Close(), srv.front.close())
	<-srv.done
	return errors.Join(err, srv.Sandbox.Close(), srv.disk.close())
}
