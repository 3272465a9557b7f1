package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/config"
)

type erasuresCmd struct {
	List  erasuresListCmd  `cmd:"" help:"Print a keyed hash for everybody who was erased: keep it beside the backups, it tells nobody who they were."`
	Apply erasuresApplyCmd `cmd:"" help:"After a backup was restored: erase again whom it brought back."`
}

type erasuresListCmd struct {
	config.Flags
}

// Run changes nothing, and runs beside a running platform.
func (c *erasuresListCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) error {
		hashes, err := a.Privacy.ErasedHashes(ctx)
		for _, h := range hashes {
			fmt.Println(h)
		}
		return err
	})
}

type erasuresApplyCmd struct {
	config.Flags
	File string `arg:"" help:"What list printed before the backup was restored; - reads it from the input."`
}

// Run puts the erasures on the table; the platform does them when it runs.
func (c *erasuresApplyCmd) Run(ctx context.Context) error {
	hashes, err := readHashes(c.File)
	if err != nil {
		return err
	}
	return withApp(ctx, c.Flags, func(a *app.App) error {
		n, err := a.Privacy.EraseAgain(ctx, hashes, "command line")
		if err != nil {
			return err
		}
		fmt.Printf("%d hashes, %d persons are erased again as soon as the platform runs\n", len(hashes), n)
		return nil
	})
}

func readHashes(name string) (hashes []string, err error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read who was erased: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			hashes = append(hashes, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read who was erased: %w", err)
	}
	return hashes, nil
}
