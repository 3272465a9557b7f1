// Package boxed runs a platform that lives in a sandbox of its own process and shares its clock: demo and experiment do.
// It is the same platform that serve runs, made by the same app.New; only where WeCom is and who keeps the time differ.
// It is not for serve, which must not carry an emulator it could fall into.
package boxed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/sandbox"
)

// Config says what a boxed platform is made of.
type Config struct {
	Box      *sandbox.Server
	Dir      string // of the platform's data
	Listen   string // loopback address; port 0 = any free one
	Password string // of the first user; empty = one is made
	CorpName string
	Version  string
	Console  http.Handler // nil = none
	Log      *slog.Logger
}

// Platform is a platform that runs, and the server it is reached by.
type Platform struct {
	*app.App
	URL string

	server   *http.Server
	unfollow func()
}

// secondPerson is the member who looks at what needs one, in the scripted shops that run in a box.
const secondPerson = "S01"

// Approve lets the shop's manager approve a mass message that waits for a second person.
func (p *Platform) Approve(ctx context.Context, id string, reachable int) error {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return fmt.Errorf("approve mass message %q: %w", id, err)
	}
	_, err = p.Broadcasts.Approve(ctx, n, secondPerson, reachable)
	return err
}

// Start makes the platform, lets the sandbox send its callbacks there, and shares the clock. Stop ends it.
func Start(ctx context.Context, c Config) (*Platform, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("serve on %s: %w (another program may have the port: --listen chooses another)", c.Listen, err)
	}
	at := listener.Addr().String()
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && port == "0" {
		c.Listen = at
	}
	a, err := New(ctx, c)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	p := &Platform{App: a, URL: "http://" + at, server: &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second}, unfollow: func() {}}
	go func() { _ = p.server.Serve(listener) }()
	r := c.Box.Ready
	if err := c.Box.SetCallback("", p.URL+"/callback/wecom", r.Callback.Token, r.Callback.AESKey); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	if err := admit(ctx, a); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	if err := tell(ctx, a); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	p.unfollow = c.Box.Follow(&follower{ctx: ctx, app: a})
	return p, nil
}

// admit answers the questions for a corp that exists in a sandbox only, marked as nobody's answers.
func admit(ctx context.Context, a *app.App) error {
	said, err := a.Governor.AdmissionOf(ctx, a.DB.Read(), a.CorpID)
	if err != nil || said != nil {
		return err
	}
	_, err = a.Governor.Answer(ctx, a.CorpID, "demo", governance.NoneOfIt(), nil, true)
	return err
}

// New makes the platform without starting it.
func New(ctx context.Context, c Config) (*app.App, error) {
	cfg, err := config.Load(config.Sources{Env: c.environment()})
	if err != nil {
		return nil, err
	}
	return app.New(ctx, app.Config{Config: cfg, World: World(c.Box.Sandbox), Log: c.Log, CorpName: c.CorpName, Version: c.Version, Console: c.Console})
}

// Stop ends the platform; the sandbox goes on without it.
func (p *Platform) Stop(ctx context.Context) error {
	p.unfollow()
	p.Live.Close() // long streams first: they would keep the server from ending
	return errors.Join(p.server.Shutdown(ctx), p.App.Stop(ctx))
}

// environment is what serve would be given to reach this sandbox.
func (c Config) environment() []string {
	r := c.Box.Ready
	return []string{
		"ZHIYIN_LISTEN=" + c.Listen, "ZHIYIN_PUBLIC_URL=http://" + c.Listen, "ZHIYIN_DATA=" + c.Dir, "ZHIYIN_ADMIN_PASSWORD=" + c.Password,
		"ZHIYIN_WECOM_BASE_URL=" + c.Box.URL, "ZHIYIN_WECOM_OPEN_URL=" + r.Open, "ZHIYIN_WECOM_LOGIN_URL=" + r.Open,
		"ZHIYIN_WECOM_CORP_ID=" + r.CorpID, "ZHIYIN_WECOM_AGENT_ID=" + strconv.Itoa(r.AgentID),
		"ZHIYIN_WECOM_CONTACT_SECRET=" + r.Secrets.Contact, "ZHIYIN_WECOM_EXTERNAL_SECRET=" + r.Secrets.External,
		"ZHIYIN_WECOM_APP_SECRET=" + r.Secrets.App, "ZHIYIN_WECOM_KF_SECRET=" + r.Secrets.KF,
		"ZHIYIN_WECOM_CALLBACK_TOKEN=" + r.Callback.Token, "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + r.Callback.AESKey,
	}
}

// World is the sandbox's clock as a platform's world.
func World(box *sandbox.Sandbox) clock.World { return world{box} }

type world struct{ box *sandbox.Sandbox }

func (w world) Now() clock.Time { return clock.At(w.box.Now()) }

// Wait looks every few milliseconds: the world may jump.
func (w world) Wait(ctx context.Context, t clock.Time) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for w.Now() < t {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// follower tells the sandbox whether the platform has work that is due, so that the world waits for it. The sandbox asks
// both questions one after the other; the second is answered from the first, because each is read from the database.
type follower struct {
	ctx context.Context //nolint:containedctx // the interface of the sandbox has none, and this lives as long as the platform
	app *app.App

	mu    sync.Mutex
	asked time.Time
	next  clock.Time
}

func (f *follower) Busy(now time.Time) bool {
	busy, next := f.app.Bus.Idle(f.ctx, clock.At(now))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.next = now, next
	return busy
}

func (f *follower) Next(now time.Time) (time.Time, bool) {
	f.mu.Lock()
	asked, next := f.asked, f.next
	f.mu.Unlock()
	if !asked.Equal(now) {
		_, next = f.app.Bus.Idle(f.ctx, clock.At(now))
	}
	return next.In(sandbox.Zone), next != 0 && next > clock.At(now)
}
