// Command zhiyin is the whole platform in one binary: the server, the sandbox, a demonstration of both, and the tools an
// operator needs. Each command takes --help. Exit codes: 0 good, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the build.
var version = "dev"

type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run the platform."`
	Sandbox    sandboxCmd    `cmd:"" help:"Run WeCom in a box: an emulator that any WeCom SDK can be tested against."`
	Demo       demoCmd       `cmd:"" help:"Run sandbox and platform together, with a population that lives and an operator who plans."`
	Experiment experimentCmd `cmd:"" help:"Play one sending plan through the platform and by a blind sender, in the same simulated world."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to the newest schema."`
	Doctor     doctorCmd     `cmd:"" help:"Check the connection to WeCom step by step."`
	Token      tokenCmd      `cmd:"" help:"Make a token for the API."`
	Recount    recountCmd    `cmd:"" help:"Count every number of the charts again from single rows, and compare."`
	Export     exportCmd     `cmd:"" help:"Write everything that is stored of one person, as JSON."`
	Erasures   erasuresCmd   `cmd:"" help:"Who was erased, as keyed hashes; and erase again after a backup was restored."`
	Audit      auditCmd      `cmd:"" help:"Verify the audit log, and print its signed head."`
	Incident   incidentCmd   `cmd:"" help:"List leaks of personal data, and whom one concerns."`
	Guard      guardCmd      `cmd:"" help:"Train and measure the classifier of texts."`
	Bench      benchCmd      `cmd:"" help:"Measure this machine: loopback only, bounded."`
	OpenAPI    openAPICmd    `cmd:"" name:"openapi" help:"Print the specification of the API."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

func (versionCmd) Run() error {
	_, err := fmt.Println(version)
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("zhiyin"), kong.Description("知音: look after customers on WeCom, and harass nobody."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.Exit(func(code int) { os.Exit(min(code, 2)) }))
	if err != nil {
		fmt.Fprintln(os.Stderr, "zhiyin:", err)
		return 1
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "zhiyin:", err, "(zhiyin --help shows the commands)")
		return 2
	}
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "zhiyin:", err)
		return 1
	}
	return 0
}
