package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Handler is everything the platform serves, inside its guards.
func (a *API) Handler() http.Handler {
	origin := http.NewCrossOriginProtection()
	if u, err := url.Parse(a.cfg.PublicURL); err == nil && u.Host != "" {
		if err := origin.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			a.cfg.Log.Warn("the public URL is not usable as an origin", "error", err)
		}
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, errs.New(errs.Forbidden, "cross_origin", errs.T("浏览器从别的网站发来了这个请求，已拒绝。",
			"A browser sent this request from another site; it was refused.")))
	}))
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { // also when the handler panics
			if s, ok := r.Context().Value(seenKey{}).(*seen); ok {
				s.pattern = r.Pattern
			}
		}()
		a.mux.ServeHTTP(w, r)
	})
	h = origin.Handler(h)
	h = a.stripBase(h)
	h = a.headers(h)
	return a.outermost(h)
}

type seenKey struct{}

// seen is what the outermost layer needs to know of a request after it was served.
type seen struct {
	pattern string
	id      string
	addr    netip.Addr
	secure  bool
	host    string
}

// RequestID names the request in answers and in the log; empty outside of one.
func RequestID(ctx context.Context) string {
	if s, ok := ctx.Value(seenKey{}).(*seen); ok {
		return s.id
	}
	return ""
}

// RemoteAddr is the address of the caller, behind trusted proxies too.
func RemoteAddr(r *http.Request) netip.Addr {
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok {
		return s.addr
	}
	return peer(r)
}

// Secure says whether the caller came by TLS, behind trusted proxies too: cookies are marked by it.
func Secure(ctx context.Context) bool {
	s, ok := ctx.Value(seenKey{}).(*seen)
	return ok && s.secure
}

// Addr is the caller's address inside a route.
func Addr(ctx context.Context) netip.Addr {
	if s, ok := ctx.Value(seenKey{}).(*seen); ok {
		return s.addr
	}
	return netip.Addr{}
}

// outermost names the request, writes the access log and survives panics. The log holds the route's pattern, not the
// path: paths and queries hold customers' ids and words.
func (a *API) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.cfg.Wall.Now()
		s := &seen{id: newRequestID(), host: r.Host}
		s.addr, s.secure = a.origin(r)
		ctx := context.WithValue(r.Context(), seenKey{}, s)
		ctx = context.WithValue(ctx, langKey{}, acceptedLang(r.Header.Get("Accept-Language")))
		rec := &recorder{ResponseWriter: w}
		rec.Header().Set("X-Request-Id", s.id)
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p) //nolint:forbidigo // net/http closes the connection on it, as was asked for
				}
				a.cfg.Log.Error("panic in a handler", "request_id", s.id, "pattern", s.pattern, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					writeProblem(rec, problem(ctx, errors.New("panic")))
				}
			}
			level := slog.LevelInfo
			if strings.HasPrefix(s.pattern, "GET /healthz") || strings.HasPrefix(s.pattern, "GET /readyz") ||
				strings.HasPrefix(s.pattern, "POST /callback/") { // thousands a second; metrics count them
				level = slog.LevelDebug
			}
			a.cfg.Log.Log(ctx, level, "request", "method", r.Method, "pattern", s.pattern, "status", rec.code(), "bytes", rec.bytes,
				"took_ms", a.cfg.Wall.Now().Sub(began).Milliseconds(), "request_id", s.id, "addr", s.addr.String())
		}()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

// headers sets what protects the browser. Inline styles are allowed because the console's component library writes them.
func (a *API) headers(next http.Handler) http.Handler {
	images := strings.Join(append([]string{"img-src 'self' data: blob: https:"}, a.cfg.ImageSources...), " ")
	csp := "default-src 'self'; " + images + "; style-src 'self' 'unsafe-inline'; font-src 'self' data:; connect-src 'self'; " +
		"object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if Secure(r.Context()) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, a.base+"/api/") || strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// stripBase takes the public base path off, for proxies that pass it on.
func (a *API) stripBase(next http.Handler) http.Handler {
	if a.base == "" {
		return next
	}
	stripped := http.StripPrefix(a.base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == a.base:
			http.Redirect(w, r, a.base+"/", http.StatusPermanentRedirect)
		case strings.HasPrefix(r.URL.Path, a.base+"/"):
			stripped.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// origin finds whom the request comes from. X-Forwarded-For is believed from right to left, as far as the speakers are
// trusted proxies.
func (a *API) origin(r *http.Request) (netip.Addr, bool) {
	addr, secure := peer(r), r.TLS != nil
	if !a.trusted(addr) {
		return addr, secure
	}
	if p := r.Header.Get("X-Forwarded-Proto"); p != "" {
		secure = strings.EqualFold(p, "https")
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(hops) {
		hop, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		addr = hop.Unmap()
		if !a.trusted(addr) {
			break
		}
	}
	return addr, secure
}

func (a *API) trusted(addr netip.Addr) bool {
	for _, p := range a.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func basePath(public string) string {
	u, err := url.Parse(public)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
