package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// SessionCookie is the name of the cookie that carries a session.
const SessionCookie = "zhiyin_session"

const (
	prefix  = "/api/v1"
	maxBody = 1 << 20 // bytes of a request
)

// Credentials is what a request shows to prove who sends it.
type Credentials struct {
	Token  string // of the cookie, or of Authorization: Bearer, which wins; empty when neither is there
	Bearer bool   // it came as Authorization: Bearer
	Addr   netip.Addr
	Agent  string // what the caller's browser says of itself
}

// Check is one thing that /readyz looks at.
type Check struct {
	Name string
	Test func(ctx context.Context) error
}

// Config of the API. Log is required.
type Config struct {
	Log     *slog.Logger
	Wall    clock.Wall
	Version string
	// PublicURL is the URL under which others see the platform, with its base path (ZHIYIN_PUBLIC_URL); may be empty.
	PublicURL string
	// TrustedProxies may say in X-Forwarded-For and -Proto whom they speak for (ZHIYIN_TRUSTED_PROXIES).
	TrustedProxies []netip.Prefix
	// Identify tells who shows these credentials. It answers an errs.Unauthed error for wrong ones.
	Identify func(ctx context.Context, c Credentials) (Who, error)
	// Accessed logs a call of a route that is Personal, before it is answered; web.Asked tells which. An error withholds the answer.
	Accessed func(ctx context.Context) error
	// Shown logs whom an answer names (Show), before it leaves. An error withholds the answer.
	Shown func(ctx context.Context) error
	// Ready is looked at by /readyz.
	Ready []Check
	// Metrics is shown at /metrics; nil shows nothing.
	Metrics prometheus.Gatherer
	// Console answers every path nobody else does; nil answers 404.
	Console http.Handler
	// ImageSources are more places images may come from, for example the sandbox's address.
	ImageSources []string
}

// Route is a registered route.
type Route struct {
	Method, Path string // path below /api/v1
	Op
}

// API is the platform's HTTP side.
type API struct {
	cfg    Config
	mux    *http.ServeMux
	huma   huma.API
	base   string // of PublicURL's path, without trailing slash
	routes []Route

	specOnce sync.Once
	spec     []byte
}

// New makes the API with its own routes: health, specification. Nouns add theirs; Handler serves all.
func New(c Config) *API {
	if c.Identify == nil {
		c.Identify = func(context.Context, Credentials) (Who, error) {
			return Who{}, errs.New(errs.Unauthed, "login_required", errs.T("请先登录。", "Please log in first."))
		}
	}
	a := &API{cfg: c, mux: http.NewServeMux(), base: basePath(c.PublicURL)}
	hc := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Zhiyin", Version: c.Version},
			Servers: []*huma.Server{{URL: a.base + prefix}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: SessionCookie},
					"token":   {Type: "http", Scheme: "bearer"},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers: []huma.Transformer{func(ctx huma.Context, _ string, v any) (any, error) {
			if m, ok := v.(*huma.ErrorModel); ok {
				return fromHuma(ctx.Context(), m), nil
			}
			return v, nil
		}},
	}
	a.huma = humago.NewWithPrefix(a.mux, prefix, hc)
	a.mux.HandleFunc("GET /api/openapi.json", a.serveSpec)
	a.mux.HandleFunc("/api/", a.unknown)
	a.health()
	if c.Console != nil {
		a.mux.Handle("/", c.Console)
	} else {
		a.mux.HandleFunc("/", a.unknown)
	}
	return a
}

// Mux is for what is not API: callbacks, public pages, files.
func (a *API) Mux() *http.ServeMux { return a.mux }

// Base is the path under which the platform is seen, "" or "/something"; links start with it.
func (a *API) Base() string { return a.base }

// URL makes an absolute URL of a path ("/p/..."): with the public URL when it is known, else with the host that the
// request in ctx was sent to. Without either it answers a path.
func (a *API) URL(ctx context.Context, path string) string {
	if a.cfg.PublicURL != "" {
		return strings.TrimRight(a.cfg.PublicURL, "/") + path
	}
	if s, ok := ctx.Value(seenKey{}).(*seen); ok && s.host != "" {
		scheme := "http"
		if s.secure {
			scheme = "https"
		}
		return scheme + "://" + s.host + a.base + path
	}
	return a.base + path
}

// Routes lists what was registered.
func (a *API) Routes() []Route { return slices.Clone(a.routes) }

// Permissions lists every permission that some route asks for, sorted.
func (a *API) Permissions() []string {
	var all []string
	for _, r := range a.routes {
		if r.Permission != Public && r.Permission != SignedIn {
			all = append(all, r.Permission)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// OpenAPI is the specification as JSON, indented and stable: the console's types are made from it.
func (a *API) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, err
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	if c, ok := v["components"].(map[string]any); ok {
		if schemas, ok := c["schemas"].(map[string]any); ok { // huma's own errors, which Problem stands for here
			delete(schemas, "V2ErrorModel")
			delete(schemas, "V2ErrorDetail")
		}
	}
	return json.MarshalIndent(v, "", "  ")
}

func (a *API) serveSpec(w http.ResponseWriter, _ *http.Request) {
	a.specOnce.Do(func() {
		spec, err := a.OpenAPI()
		if err != nil {
			a.cfg.Log.Error("write the specification", "error", err)
		}
		a.spec = spec
	})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(a.spec)
}

func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	if _, pattern := a.mux.Handler(r); pattern == "/api/" {
		var allow []string
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = m
			if _, p := a.mux.Handler(other); p != "/api/" {
				allow = append(allow, m)
			}
		}
		if len(allow) > 0 {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			text := errs.T("这个地址不接受这种方法。", "This address does not take this method.")
			writeProblem(w, &Problem{
				Type: "about:blank", Title: http.StatusText(http.StatusMethodNotAllowed), Status: http.StatusMethodNotAllowed,
				Code: "method_not_allowed", Detail: text.In(langOf(r.Context())), RequestID: RequestID(r.Context()),
			})
			return
		}
	}
	WriteError(w, r, errs.New(errs.NotFound, "no_such_route", errs.T("没有这个地址。", "There is nothing at this address.")))
}

func (a *API) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}

func (a *API) identify(r *http.Request) (Who, error) {
	c := Credentials{Addr: RemoteAddr(r), Agent: r.UserAgent()}
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return Who{}, errs.New(errs.Unauthed, "bad_authorization", errs.T("Authorization 头只接受 Bearer 令牌。", "Authorization takes a Bearer token."))
		}
		c.Token, c.Bearer = strings.TrimSpace(token), true
	} else if cookie, err := r.Cookie(SessionCookie); err == nil {
		c.Token = cookie.Value
	}
	if c.Token == "" {
		return Who{Scope: Own, Lang: langOf(r.Context())}, nil
	}
	who, err := a.cfg.Identify(r.Context(), c)
	who.Lang = langOf(r.Context())
	return who, err
}

func unwrap(hc huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(hc) }

func firstPart(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// schemaName names a type in the specification by its noun: customer.Customer is Customer, kf.Session is KfSession,
// Page[customer.Customer] is CustomerPage.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	if name == "" {
		parts := strings.FieldsFunc(hint, func(r rune) bool { return r == '-' })
		for i, p := range parts {
			parts[i] = upper(p)
		}
		return strings.Join(parts, "")
	}
	if outer, inner, ok := strings.Cut(name, "["); ok {
		inner = strings.TrimSuffix(inner, "]")
		pkg, typ, found := strings.Cut(inner[strings.LastIndex(inner, "/")+1:], ".")
		if !found {
			return upper(inner) + outer
		}
		return qualified(pkg, typ) + outer
	}
	return qualified(t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:], name)
}

// qualified takes off what tells an API type from a type of the domain in Go: customerOut and StaffJSON are Customer and Staff.
func qualified(pkg, name string) string {
	name = upper(strings.TrimSuffix(strings.TrimSuffix(name, "Out"), "JSON"))
	if pkg == "" || pkg == "web" || strings.HasPrefix(strings.ToLower(name), pkg) {
		return name
	}
	return upper(pkg) + name
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
