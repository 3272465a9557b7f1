package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"zhiyin.dev/zhiyin/console"
	"zhiyin.dev/zhiyin/internal/app/boxed"
	"zhiyin.dev/zhiyin/internal/auth"
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

	p, err := boxed.Start(ctx, boxed.Config{
		Box: box, Dir: filepath.Join(dir, "platform"), Listen: c.Listen, Password: password,
		CorpName: "花间集", Version: version, Console: console.Handler(), Log: log.New(os.Stderr, slog.LevelWarn),
	})
	if err != nil {
		return err
	}
	if password == "" {
		password = p.MadePassword
	}
	_, token, err := p.Auth.CreateToken(ctx, auth.NewToken{Name: "demo operator", Role: auth.Operator, Scope: web.All, By: "demo"})
	if err != nil {
		return err
	}
	if err := c.ready(p.URL, password, box.URL); err != nil {
		return err
	}
	operatorDone := make(chan struct{})
	go func() {
		defer close(operatorDone)
		op := operator{api: p.URL, token: token, world: boxed.World(box.Sandbox), zone: sandbox.Zone, log: p.Log, approve: p.Approve}
		op.run(ctx)
	}()
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	<-operatorDone
	return p.Stop(stop)
}

func (c *demoCmd) dir() (dir string, remove func(), err error) {
	if c.Data != "" {
		return c.Data, func() {}, os.MkdirAll(c.Data, 0o700)
	}
	dir, err = os.MkdirTemp("", "zhiyin-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
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

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
