package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/doctor"
)

type doctorCmd struct {
	config.Flags
	Lang string `help:"zh or en; default by LANG." enum:"zh,en," default:""`
}

// Run looks at everything a connection to WeCom needs, in the order in which a person would, and says what to do.
func (c *doctorCmd) Run(ctx context.Context) error {
	lang := c.Lang
	if lang == "" && !strings.HasPrefix(os.Getenv("LANG"), "zh") {
		lang = "en"
	}
	return withApp(ctx, c.Flags, func(a *app.App) error {
		report := a.Doctor.Examine(ctx)
		for _, f := range report.Findings {
			fmt.Printf("%-8s %s: %s\n", f.State, f.Title.In(lang), f.Detail.In(lang))
			if out := f.WayOut.In(lang); out != "" {
				fmt.Printf("         -> %s\n", out)
			}
		}
		if report.Worst() == doctor.Bad {
			return errors.New("something does not work")
		}
		return nil
	})
}
