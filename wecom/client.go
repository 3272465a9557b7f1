package wecom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// OfficialURL is where WeCom's API lives.
const OfficialURL = "https://qyapi.weixin.qq.com"

const callTimeout = 30 * time.Second

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
		cfg.Clock = time.Now //nolint:forbidigo // alone, the corp's time is the system's
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
