package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/config"
)

type incidentCmd struct {
	List     incidentListCmd     `cmd:"" help:"List the leaks on record, the newest first."`
	Affected incidentAffectedCmd `cmd:"" help:"Write whom a leak concerns, computed from the audit log and the exports, as CSV."`
}

type incidentListCmd struct{ config.Flags }

func (c *incidentListCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) error {
		rows, err := a.Incidents.List(ctx)
		if err != nil {
			return err
		}
		for _, i := range rows {
			fmt.Printf("%d  %s  %s  %s\n", i.ID, i.Since.In(a.Zone).Format("2006-01-02 15:04"), i.Kind, i.Title)
		}
		return nil
	})
}

type incidentAffectedCmd struct {
	config.Flags
	ID  int64  `name:"id" required:"" help:"Of the leak, as zhiyin incident list shows it."`
	Out string `help:"File to write, readable by you alone; default: the output." placeholder:"FILE"`
}

// Run writes the list to the output and how many it holds beside it. That it was read is logged; it runs beside a platform that writes.
func (c *incidentAffectedCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) (err error) {
		var w io.Writer = os.Stdout
		if c.Out != "" {
			f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fmt.Errorf("make the file of the list (--out): %w", err)
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			w = f
		}
		found, err := a.WriteAffected(ctx, w, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%d persons\n", len(found.People))
		if found.Unrecorded {
			fmt.Fprintln(os.Stderr, "the log cannot tell exactly for the whole time: everybody is on the list")
		}
		return nil
	})
}
