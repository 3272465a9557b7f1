package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/console"
	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/sandbox"
)

type demoCmd struct {
	worldFlags
	Listen        string `help:"Address of the platform; beyond loopback it needs ZHIYIN_ADMIN_PASSWORD." default:"127.0.0.1:8420"`
	SandboxListen string `help:"Address of the sandbox." default:"127.0.0.1:8421"`
	Data          string `help:"Directory for both; default a temporary one that is removed at the end." type:"path"`
	JSON          bool   `name:"json" help:"Print one JSON line when ready."`
}

func (c *demoCmd) Run(ctx context.Context) error {
	password := os.Getenv("ZHIYIN_ADMIN_PASSWORD")
	if host, _, err := net.SplitHostPort(c.Listen); err != nil || (!loopback(host) && password == "") {
		return fmt.Errorf("--listen %s: an address beyond loopback needs ZHIYIN_ADMIN_PASSWORD", c.Listen)
	}
	dir, remove, err := c.dir()
	if err != nil {
		return err
	}
	defer remove()
	o, err := c.options()
	if err != nil {
		return err
	}
	if o.Start.IsZero() { // 10:00 of today: the people are awake, and so is the send window
		now := time.Now().In(sandbox.Zone)
		o.Start = time.Date(now.Year(), now.Month(), now.Day(), 10, 0, 0, 0, sandbox.Zone)
	}
	o.DataDir, o.Life = filepath.Join(dir, "sandbox"), true
	box, err := sandbox.Listen(ctx, c.SandboxListen, o)
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()

	a, err := c.platform(ctx, box, filepath.Join(dir, "platform"), password)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("serve on %s: %w (another program may have the port: --listen chooses another)", c.Listen, err)
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if err := box.SetCallback("", url+"/callback/wecom", box.Ready.Callback.Token, box.Ready.Callback.AESKey); err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	if password == "" {
		password = a.MadePassword
	}
	_, token, err := a.Auth.CreateToken(ctx, auth.NewToken{Name: "demo operator", Role: auth.Operator, Scope: web.All, By: "demo"})
	if err != nil {
		return err
	}
	stopFollow := box.Follow(inProcess{ctx, a})
	defer stopFollow()
	if err := c.ready(url, password, box.URL); err != nil {
		return err
	}
	operatorDone := make(chan struct{})
	go func() {
		defer close(operatorDone)
		op := operator{api: url, token: token, world: shared{box.Sandbox}, zone: sandbox.Zone, log: a.Log}
		op.run(ctx)
	}()
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	<-operatorDone
	a.Live.Close() // long streams first: they would keep the server from ending
	return errors.Join(server.Shutdown(stop), a.Stop(stop))
}

func (c *demoCmd) dir() (dir string, remove func(), err error) {
	if c.Data != "" {
		return c.Data, func() {}, os.MkdirAll(c.Data, 0o700)
	}
	dir, err = os.MkdirTemp("", "zhiyin-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// platform makes a platform that shares the sandbox's clock.
func (c *demoCmd) platform(ctx context.Context, box *sandbox.Server, dir, password string) (*app.App, error) {
	r := box.Ready
	cfg, err := config.Load(config.Sources{Env: []string{
		"ZHIYIN_LISTEN=" + c.Listen, "ZHIYIN_PUBLIC_URL=http://" + c.Listen, "ZHIYIN_DATA=" + dir, "ZHIYIN_ADMIN_PASSWORD=" + password,
		"ZHIYIN_WECOM_BASE_URL=" + box.URL, "ZHIYIN_WECOM_OPEN_URL=" + r.Open, "ZHIYIN_WECOM_LOGIN_URL=" + r.Open,
		"ZHIYIN_WECOM_CORP_ID=" + r.CorpID, "ZHIYIN_WECOM_AGENT_ID=" + strconv.Itoa(r.AgentID),
		"ZHIYIN_WECOM_CONTACT_SECRET=" + r.Secrets.Contact, "ZHIYIN_WECOM_EXTERNAL_SECRET=" + r.Secrets.External,
		"ZHIYIN_WECOM_APP_SECRET=" + r.Secrets.App, "ZHIYIN_WECOM_KF_SECRET=" + r.Secrets.KF,
		"ZHIYIN_WECOM_CALLBACK_TOKEN=" + r.Callback.Token, "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + r.Callback.AESKey,
	}})
	if err != nil {
		return nil, err
	}
	return app.New(ctx, app.Config{
		Config: cfg, World: shared{box.Sandbox}, Log: log.New(os.Stderr, slog.LevelWarn), CorpName: "花间集", Version: version, Console: console.Handler(),
	})
}

func (c *demoCmd) ready(url, password, box string) error {
	if c.JSON {
		line, err := json.Marshal(map[string]any{"ready": true, "url": url, "user": "admin", "password": password, "sandbox": box})
		if err != nil {
			return err
		}
		_, err = fmt.Println(string(line))
		return err
	}
	_, err := fmt.Printf("\n  知音 Zhiyin\n\n  %s\n  用户 user      admin\n  密码 password  %s\n  沙箱 sandbox   %s\n\n  Ctrl+C 结束 ends it\n\n", url, password, box)
	return err
}

// shared is the sandbox's clock as the platform's world.
type shared struct{ box *sandbox.Sandbox }

func (s shared) Now() clock.Time { return clock.At(s.box.Now()) }

// Wait looks every few milliseconds: the world may jump.
func (s shared) Wait(ctx context.Context, t clock.Time) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.Now() < t {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// inProcess tells the sandbox whether the platform has work that is due, so that the world waits for it.
type inProcess struct {
	ctx context.Context //nolint:containedctx // the interface of the sandbox has none, and this lives as long as the command
	app *app.App
}

func (f inProcess) Busy(now time.Time) bool {
	busy, _ := f.app.Bus.Idle(f.ctx, clock.At(now))
	return busy
}

func (f inProcess) Next(now time.Time) (time.Time, bool) {
	_, next := f.app.Bus.Idle(f.ctx, clock.At(now))
	return next.In(sandbox.Zone), next != 0 && next > clock.At(now)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
