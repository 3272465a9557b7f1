package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/config"
)

type exportCmd struct {
	config.Flags
	Customer string `help:"External userid of the person." required:"" placeholder:"ID"`
	Out      string `help:"File to write; it must not be there yet. Default: the output." placeholder:"FILE"`
	Lang     string `help:"zh or en; default by LANG." enum:"zh,en," default:""`
}

// Run writes everything that is stored of one person as JSON (the schema PrivacyCopy of the API), beside a running platform.
func (c *exportCmd) Run(ctx context.Context) (err error) {
	lang := c.Lang
	if lang == "" && !strings.HasPrefix(os.Getenv("LANG"), "zh") {
		lang = "en"
	}
	return withApp(ctx, c.Flags, func(a *app.App) error {
		data, err := a.Privacy.CopyOf(ctx, c.Customer, lang)
		if err != nil {
			return err
		}
		if err := a.Privacy.Copied(ctx, c.Customer, "command line"); err != nil {
			return err
		}
		raw, err := json.MarshalIndent(data, "", "  ")
		if err != nil {
			return fmt.Errorf("write the copy: %w", err)
		}
		raw = append(raw, '\n')
		if c.Out == "" {
			_, err = os.Stdout.Write(raw)
			return err
		}
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("write the copy (--out): %w", err)
		}
		if _, err := f.Write(raw); err != nil {
			_ = f.Close()
			return fmt.Errorf("write the copy (--out): %w", err)
		}
		return f.Close()
	})
}
