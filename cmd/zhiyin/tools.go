package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/web"
)

type migrateCmd struct{ config.Flags }

func (c *migrateCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Sources(os.Environ()))
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, cfg.DatabaseURL.Reveal(), cfg.Data)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	_, err = fmt.Println("the schema is up to date")
	return err
}

// withApp makes a platform that does not start: for commands that read or write beside a running one.
func withApp(ctx context.Context, f config.Flags, do func(a *app.App) error) error {
	cfg, err := read(f)()
	if err != nil {
		return err
	}
	world, _, err := worldOf(ctx, cfg)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Config{Config: cfg, World: world, Log: log.Discard(), Version: version, Beside: true})
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Stop(ctx))
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token and print it once."`
}

type tokenCreateCmd struct {
	config.Flags
	Name  string        `arg:"" help:"What it is for."`
	Role  string        `help:"owner, manager, operator, staff or auditor." default:"operator"`
	Scope string        `help:"own, department or all." default:"all"`
	For   time.Duration `help:"How long it is good for; 0 = until it is deleted." default:"0s"`
}

func (c *tokenCreateCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) error {
		n := auth.NewToken{Name: c.Name, Role: auth.Role(c.Role), Scope: web.Scope(c.Scope), By: "command line"}
		if c.For > 0 {
			n.ExpiresAt = time.Now().Add(c.For)
		}
		_, secret, err := a.Auth.CreateToken(ctx, n)
		if err != nil {
			return err
		}
		_, err = fmt.Println(secret)
		return err
	})
}

type openAPICmd struct{}

// Run prints the specification without a database or a corp: the routes are the same everywhere.
func (openAPICmd) Run(ctx context.Context) error {
	spec, err := app.OpenAPI(ctx, version)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(spec))
	return err
}

type recountCmd struct{ config.Flags }

// Run counts every number of the charts again from single rows. Exit 1 when one differs, or when there was nothing to count.
func (c *recountCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) error {
		r, err := a.Stats.Recount(ctx)
		if err != nil {
			return err
		}
		for _, d := range r.Differences {
			fmt.Printf("%s %s: shown %d, counted %d\n", d.Date, d.Metric, d.Shown, d.Counted)
		}
		fmt.Printf("%d metrics, %d rows, %d differences\n", r.Metrics, r.Rows, len(r.Differences))
		if len(r.Differences) > 0 || r.Metrics == 0 || r.Rows == 0 {
			return errors.New("the recount found differences, or nothing to count")
		}
		return nil
	})
}
