package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/config"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Compute the whole log again and compare it with what is stored and signed, and with the ledger."`
	Head   auditHeadCmd   `cmd:"" help:"Print the signed head of the log: keep it where nobody who can write the database can."`
}

type auditVerifyCmd struct {
	config.Flags
	Against string `help:"File with a head that was printed before (- reads it from the input): the log must still begin with it." placeholder:"FILE"`
	Lang    string `help:"zh or en; default by LANG." enum:"zh,en," default:""`
}

// Run changes nothing, and runs beside a platform that writes. Exit 1 when anything is not as it was written.
func (c *auditVerifyCmd) Run(ctx context.Context) error {
	lang := c.Lang
	if lang == "" && !strings.HasPrefix(os.Getenv("LANG"), "zh") {
		lang = "en"
	}
	against, err := readKept(c.Against)
	if err != nil {
		return err
	}
	return withApp(ctx, c.Flags, func(a *app.App) error {
		r, err := a.Audit.Verify(ctx, against)
		if err != nil {
			return err
		}
		for _, p := range r.Problems {
			fmt.Println(p.Text.In(lang))
		}
		fmt.Printf("%d leaves, %d waiting, %d signed heads, %d touches (%d older than the log), root %s, %d problems\n",
			r.Leaves, r.Waiting, r.Heads, r.Touches, r.Older, r.Root, len(r.Problems))
		if !r.OK() {
			return errors.New("the audit log or the ledger was changed by other hands; keep this database as it is, and compare it with a backup")
		}
		return nil
	})
}

func readKept(name string) (string, error) {
	switch name {
	case "":
		return "", nil
	case "-":
		b, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
		return string(b), err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read the head that was kept (--against): %w", err)
	}
	return string(b), nil
}

type auditHeadCmd struct {
	config.Flags
	Key bool `help:"Print the public key instead, with which anybody can check the signature (golang.org/x/mod/sumdb/note)."`
}

func (c *auditHeadCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.Flags, func(a *app.App) error {
		note, key, err := a.Audit.SignedHead(ctx)
		if err != nil {
			return err
		}
		if c.Key {
			note = key + "\n"
		}
		if note == "" {
			return errors.New("the audit log is empty yet")
		}
		_, err = fmt.Print(note)
		return err
	})
}
