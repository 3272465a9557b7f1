package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// OfficialURL is where WeCom's API lives.
const OfficialURL = "https://qyapi.weixin.qq.com"

const (
	maxReply    = 64 << 20 // bytes; a reply with everybody in it stays far below
	callTimeout = 30 * time.Second
)

// Area is a part of the API with a secret of its own.
type Area string

// The areas.
const (
	AreaContact  Area = "contact"  // the contacts sync helper
	AreaExternal Area = "external" // customer contact
	AreaApp      Area = "app"      // the corp's own app
	AreaKf       Area = "kf"       // WeChat customer service
	AreaArchive  Area = "archive"  // conversation archive
)

// Secrets holds one secret an area. An empty External or Kf means the app's,
// as for every corp that joined after 2023-12-01; the app's also serves for
// reading staff when Contact is empty, and Contact when App is.
type Secrets struct {
	Contact, External, App, Kf, Archive string
}

// Clock tells the corp's time.
type Clock func() time.Time

// Config describes a client. Only CorpID and a secret are required.
type Config struct {
	BaseURL    string       // "" means OfficialURL
	CorpID     string       // "ww..."
	AgentID    int          // of the app, for messages to staff and Agent
	Secrets    Secrets      // see there
	HTTPClient *http.Client // nil means one with a limit of 30 s a call; redirects are never followed
	Clock      Clock        // nil means the system's
	Logger     *slog.Logger // nil means silent
	Leaser     Leaser       // nil means that no other node shares the corp
	InFlight   int          // calls at the same time, all together; 0 means 16

	// Observer, when set, is told of every answer: the endpoint, its errcode
	// (NoAnswer when none came) and how long it took in wall time. It must
	// be quick and safe for concurrent use.
	Observer func(op string, code int, took time.Duration)
}

// NoAnswer is the code an Observer sees for a call that was not answered.
const NoAnswer = -2

// Client calls WeCom for one corp. It is safe for concurrent use and needs no
// closing.
type Client struct {
	base    string
	corp    string
	agent   int
	http    *http.Client
	clock   Clock
	log     *slog.Logger
	observe func(op string, code int, took time.Duration)
	slots   *slots
	rates   *rates

	mu      sync.Mutex
	secrets map[Area]string
	tokens  map[string]*tokens // by secret
}

// New makes a client. It makes no call.
func New(cfg Config) (*Client, error) {
	if cfg.CorpID == "" {
		return nil, errors.New("wecom: the corp id is empty")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = OfficialURL
	}
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("wecom: the base URL %q is not a http or https URL", cfg.BaseURL)
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: callTimeout, Transport: transport()}
	}
	client := *cfg.HTTPClient
	// A redirect would carry the access token in the URL to another host.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Leaser == nil {
		cfg.Leaser = everything{}
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 16
	}
	if cfg.Observer == nil {
		cfg.Observer = func(string, int, time.Duration) {}
	}
	return &Client{
		base: strings.TrimRight(cfg.BaseURL, "/"), corp: cfg.CorpID, agent: cfg.AgentID, http: &client,
		clock: cfg.Clock, log: cfg.Logger, observe: cfg.Observer,
		slots: newSlots(cfg.InFlight, cfg.Leaser), rates: newRates(cfg.Clock, cfg.Leaser),
		secrets: map[Area]string{
			AreaContact: cfg.Secrets.Contact, AreaExternal: cfg.Secrets.External, AreaApp: cfg.Secrets.App,
			AreaKf: cfg.Secrets.Kf, AreaArchive: cfg.Secrets.Archive,
		},
		tokens: map[string]*tokens{},
	}, nil
}

// transport keeps enough connections for the slots; the standard one keeps 2 a host.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one since Go 1.0
	t.MaxIdleConnsPerHost = 32
	return t
}

// CorpID is the corp this client calls for.
func (c *Client) CorpID() string { return c.corp }

// SetSecret changes the secret of an area. A secret that was refused is tried
// again only when it is another one.
func (c *Client) SetSecret(area Area, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[area] = secret
	used := map[string]bool{}
	for s := range maps.Values(c.secrets) {
		used[s] = true
	}
	maps.DeleteFunc(c.tokens, func(s string, _ *tokens) bool { return !used[s] })
}

// Check gets a token for area, to learn whether the secret is right.
func (c *Client) Check(ctx context.Context, area Area) error {
	t, err := c.source(area)
	if err != nil {
		return err
	}
	_, err = t.get(ctx, area)
	return err
}

func (c *Client) source(area Area) (*tokens, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	secret := c.secrets[area]
	if secret == "" {
		switch area {
		case AreaExternal, AreaKf, AreaContact:
			secret = c.secrets[AreaApp]
		case AreaApp:
			secret = c.secrets[AreaContact]
		case AreaArchive:
		}
	}
	if secret == "" {
		return nil, &SecretError{Area: area}
	}
	t := c.tokens[secret]
	if t == nil {
		t = &tokens{secret: secret, clock: c.clock, fetch: c.fetchToken}
		c.tokens[secret] = t
	}
	return t, nil
}

// fetchToken asks for an access token.
// https://developer.work.weixin.qq.com/document/path/91039
func (c *Client) fetchToken(ctx context.Context, secret string) (string, time.Duration, error) {
	const op = "gettoken"
	if err := c.rates.take(ctx, op); err != nil {
		return "", 0, err
	}
	var r struct {
		head
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	query := url.Values{"corpid": {c.corp}, "corpsecret": {secret}}
	err := c.once(ctx, wire.Call{Op: op, Query: query}, nil, &r)
	if codeOf(err) == codeFrequency {
		err = &LimitError{Op: op, Until: c.rates.refused(op, false), Cause: err}
	}
	if err == nil && r.AccessToken == "" {
		err = fmt.Errorf("wecom: %s: the answer holds no token", op)
	}
	return r.AccessToken, time.Duration(r.ExpiresIn) * time.Second, err
}

type interactive struct{}

// Interactive marks calls under ctx as waited for by somebody: they use the
// slots that bulk work may not take.
func Interactive(ctx context.Context) context.Context {
	return context.WithValue(ctx, interactive{}, true)
}

// Do makes one call, with its repeats. Only packages below wecom can: they
// alone can name the type of call. in is the JSON body, nil for GET; out takes
// the answer.
func (c *Client) Do(ctx context.Context, call wire.Call, in any, out Reply) error {
	if ctx.Value(interactive{}) != nil {
		call.Fast = true
	}
	if call.Fast {
		call.Family += " fast"
	}
	area := Area(call.Area)
	renewed := false
	for try := 0; ; try++ {
		tokens, err := c.source(area)
		if err != nil {
			return err
		}
		access, err := tokens.get(ctx, area)
		if err != nil {
			return fmt.Errorf("wecom: %s: get a token: %w", call.Op, err)
		}
		err = c.guarded(ctx, call, access, in, out)
		code := codeOf(err)
		switch {
		case err == nil:
			return nil
		case code == codeBadToken || code == codeExpired:
			tokens.drop(access)
			if renewed {
				return err
			}
			renewed = true
			c.log.InfoContext(ctx, "renew the access token", "op", call.Op, "code", code)
			continue
		case code == codeBadSecret:
			tokens.drop(access)
			return err
		case code == codeFrequency || code == codeAbnormal:
			until := c.rates.refused(call.Op, call.Fast)
			c.log.WarnContext(ctx, "limit used up", "op", call.Op, "code", code, "until", until)
			return &LimitError{Op: call.Op, Until: until, Cause: err}
		case !again(err, code, call.Once, try):
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// again tells whether a refused or unanswered call is made once more.
func again(err error, code int, once bool, try int) bool {
	switch {
	case code == codeConcurrency:
		return try < 6 // it was not carried out; the slots have shrunk meanwhile
	case once || try >= 3:
		return false
	case code == codeBusy:
		return true
	default:
		var reach *unreachable
		var status *HTTPError
		return try < 2 && (errors.As(err, &reach) || errors.As(err, &status) && status.Status >= 500)
	}
}

// pause waits between two tries: 50 ms doubled each time, half of it by chance.
func pause(ctx context.Context, try int) error {
	d := 50 * time.Millisecond << try
	t := time.NewTimer(d/2 + rand.N(d/2)) //nolint:gosec // spreads load, guards nothing
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// guarded makes one request within the limits.
func (c *Client) guarded(ctx context.Context, call wire.Call, access string, in any, out Reply) error {
	if err := c.rates.take(ctx, call.Op); err != nil {
		return err
	}
	if err := c.slots.acquire(ctx, call.Family, call.Fast); err != nil {
		return fmt.Errorf("wecom: %s: wait for a slot: %w", call.Op, err)
	}
	query := url.Values{"access_token": {access}}
	maps.Copy(query, call.Query)
	call.Query = query
	begun := time.Now() //nolint:forbidigo // wall time, compared with wall time
	crowded := false
	defer func() { c.slots.release(call.Family, crowded, begun) }()
	err := c.once(ctx, call, in, out)
	crowded = codeOf(err) == codeConcurrency
	if err == nil {
		c.rates.worked(call.Op)
	}
	return err
}

// once sends one request and reads its answer.
func (c *Client) once(ctx context.Context, call wire.Call, in any, out Reply) (err error) {
	begun := time.Now() //nolint:forbidigo // wall time of a request
	defer func() {
		code := codeOf(err)
		if err != nil && code == 0 {
			code = NoAnswer
		}
		took := time.Since(begun) //nolint:forbidigo // wall time of a request
		c.observe(call.Op, code, took)
		c.log.DebugContext(ctx, "wecom call", "op", call.Op, "code", code, "took", took)
	}()
	req, err := c.request(ctx, call, in)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, call.Op, err)
	}
	defer resp.Body.Close()
	if raw, ok := out.(*Media); ok && !isJSON(resp) {
		return c.readMedia(ctx, call.Op, resp, raw)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return c.unreachable(ctx, call.Op, err)
	}
	if len(body) > maxReply {
		return fmt.Errorf("wecom: %s: the answer is larger than %d bytes", call.Op, maxReply)
	}
	out.reset()
	if err := decode(body, out); err != nil {
		if resp.StatusCode != http.StatusOK || !json.Valid(body) {
			return &HTTPError{Op: call.Op, Status: resp.StatusCode}
		}
		return fmt.Errorf("wecom: %s: read the answer: %w", call.Op, err)
	}
	if code, msg := out.status(); code != 0 {
		return newError(call.Op, code, c.redact(msg))
	}
	if resp.StatusCode != http.StatusOK {
		return &HTTPError{Op: call.Op, Status: resp.StatusCode}
	}
	return nil
}

func isJSON(resp *http.Response) bool {
	t := resp.Header.Get("Content-Type")
	return resp.StatusCode >= 400 || strings.HasPrefix(t, "application/json") || strings.HasPrefix(t, "text/plain")
}

func (c *Client) request(ctx context.Context, call wire.Call, in any) (*http.Request, error) {
	target := c.base + "/cgi-bin/" + call.Op
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	method, contentType := http.MethodGet, ""
	var body io.Reader
	switch {
	case call.File != nil:
		var buf bytes.Buffer
		form := multipart.NewWriter(&buf)
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="media"; filename=%q; filelength=%d`, call.File.Name, len(call.File.Content)))
		h.Set("Content-Type", call.File.Type)
		part, err := form.CreatePart(h)
		if err != nil {
			return nil, fmt.Errorf("wecom: %s: build the upload: %w", call.Op, err)
		}
		if _, err := part.Write(call.File.Content); err != nil {
			return nil, fmt.Errorf("wecom: %s: build the upload: %w", call.Op, err)
		}
		if err := form.Close(); err != nil {
			return nil, fmt.Errorf("wecom: %s: build the upload: %w", call.Op, err)
		}
		method, contentType, body = http.MethodPost, form.FormDataContentType(), &buf
	case in != nil:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false) // customers' words stay as they are
		if err := enc.Encode(in); err != nil {
			return nil, fmt.Errorf("wecom: %s: encode the request: %w", call.Op, err)
		}
		method, contentType, body = http.MethodPost, "application/json", &buf
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("wecom: %s: build the request: %w", call.Op, bare(err))
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

// unreachable tells why no answer came, without the URL and the token in it.
func (c *Client) unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wecom: %s: %w", op, ctx.Err())
	}
	err = bare(err)
	if msg := err.Error(); c.redact(msg) != msg {
		err = errors.New(c.redact(msg))
	}
	return &unreachable{op: op, err: err}
}

// bare takes the URL off an error of net/http.
func bare(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// redact cuts secrets and tokens out of a text that came from outside.
func (c *Client) redact(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for secret, t := range c.tokens {
		s = strings.ReplaceAll(s, secret, "***")
		if v := t.value(); v != "" {
			s = strings.ReplaceAll(s, v, "***")
		}
	}
	return s
}

func codeOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}
