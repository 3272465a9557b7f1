package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
)

type worldFlags struct {
	World     string  `help:"Name of a built-in world, or a world file." default:"huajian"`
	Staff     int     `help:"Members of staff; 0 = the world's own number."`
	Customers int     `help:"Distinct people with a live relation at the start; 0 = the world's own number."`
	Groups    int     `help:"Customer groups; 0 = the world's own number."`
	Seed      uint64  `help:"Makes the world: equal seeds and scripts give equal worlds." default:"1"`
	Start     string  `help:"First instant of the world, RFC 3339."`
	Speed     float64 `help:"World seconds a second." default:"1"`
}

func (w worldFlags) options() (sandbox.Options, error) {
	o := sandbox.Options{World: w.World, Staff: w.Staff, Customers: w.Customers, Groups: w.Groups, Seed: w.Seed, Speed: w.Speed}
	o.Paused = w.Speed == 0
	if w.Start != "" {
		t, err := time.Parse(time.RFC3339, w.Start)
		if err != nil {
			return o, fmt.Errorf("--start: want RFC 3339, such as 2026-11-24T10:00:00+08:00")
		}
		o.Start = t
	}
	return o, nil
}

const (
	defaultFront = "127.0.0.1:8422"
	anyFront     = "127.0.0.1:0"
)

type sandboxCmd struct {
	worldFlags
	Listen       string `help:"Address to serve on; beyond loopback it needs --control-token." default:"127.0.0.1:8421"`
	Front        string `help:"Loopback address of the proxy that stands for the official hosts (HTTPS_PROXY and a CA file); empty for none. When the default address is taken, a free port serves." default:"127.0.0.1:8422"`
	Corp         string `help:"new (kf and customer-contact secrets repeat the app's) or old." enum:"new,old" default:"new"`
	Callback     string `help:"URL that callbacks of every area go to."`
	Data         string `help:"Directory for keys and certificates; default a temporary one." type:"path"`
	ReadyFile    string `help:"Also write the ready line to this file (mode 0600)." type:"path"`
	ControlToken string `help:"Demanded as a bearer token on the control plane." env:"ZHIYIN_SANDBOX_CONTROL_TOKEN"`
	Life         bool   `help:"Let the population act by itself from the start."`

	Patience time.Duration `help:"Wait at least so long, in wall time, for a platform that is slow: for machines under load."`

	AllowCallback []string          `help:"Host beyond loopback that callbacks may go to; repeatable."`
	Switch        map[string]string `help:"Named behaviour, as in docs/sandbox.md: --switch callback.repeat=any; repeatable."`
}

func (c *sandboxCmd) Run(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	o.Corp, o.Callback, o.DataDir, o.ControlToken, o.Life = c.Corp, c.Callback, c.Data, c.ControlToken, c.Life
	o.AllowCallback, o.Switches, o.Patience = c.AllowCallback, c.Switch, c.Patience
	if o.DataDir == "" {
		if o.DataDir, err = os.MkdirTemp("", "zhiyin-sandbox-"); err != nil {
			return fmt.Errorf("make a directory for keys: %w", err)
		}
		defer func() { _ = os.RemoveAll(o.DataDir) }() // keys of a world that is gone
	}
	o.Front = c.front(ctx)
	srv, err := sandbox.Listen(ctx, c.Listen, o)
	if errors.Is(err, syscall.EADDRINUSE) && o.Front == defaultFront { // another sandbox took it while this one's world was made
		o.Front = anyFront
		srv, err = sandbox.Listen(ctx, c.Listen, o)
	}
	if err != nil {
		return err
	}
	defer func() { _ = srv.Close() }()
	line, err := json.Marshal(srv.Ready)
	if err != nil {
		return err
	}
	if c.ReadyFile != "" {
		if err := os.WriteFile(c.ReadyFile, append(line, '\n'), 0o600); err != nil {
			return fmt.Errorf("write the ready file: %w", err)
		}
	}
	if _, err := fmt.Println(string(line)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// front is the address of the front: a second sandbox beside one that has the
// default address takes a free port.
func (c *sandboxCmd) front(ctx context.Context) string {
	if c.Front != defaultFront {
		return c.Front
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Front)
	if err != nil {
		return anyFront
	}
	_ = l.Close() // it was free; nothing was accepted
	return c.Front
}
