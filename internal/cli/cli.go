package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"cognate/internal/base/background"
)

// root is the command line. Every flag can also be set by a COGNATE_* variable
// (COGNATE_LISTEN for --listen) or by a key of the same name in the YAML file
// given with --config; the command line wins over the environment, and that
// over the file.
type root struct {
	Config   kong.ConfigFlag  `help:"YAML file with settings, keys named like the flags." placeholder:"FILE" env:"COGNATE_CONFIG"`
	Dev      devCmd           `cmd:"" help:"Run a server for a laptop or CI: relaxed caller checks, inbox, clock, demo data."`
	Serve    serveCmd         `cmd:"" help:"Run a server in production: strict checks, explicit configuration."`
	Function functionCmd      `cmd:"" help:"Look at and change the trigger functions of a running dev server."`
	Keys     keysCmd          `cmd:"" help:"Operate the keys that seal secrets at rest."`
	Version  kong.VersionFlag `help:"Print the version."`
}

// env is what commands get from the outside.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
}

// Main runs the command line args and returns the exit status: 0 for success,
// 1 for a failure, 2 for wrong usage.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	background.Go("second signal", func() { // ends at once what the first one ends in order
		<-ctx.Done()
		stop()
	})
	var r root
	exited, status := false, 0
	parser, err := newParser(&r, stdout, stderr, func(code int) { exited, status = true, code })
	if err != nil {
		fmt.Fprintln(stderr, "cognate:", err)
		return 1
	}
	kctx, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintln(stderr, "cognate:", err)
		return 2
	}
	err = kctx.Run(&env{ctx: ctx, stdout: stdout, stderr: stderr})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "cognate:", err)
		return 1
	}
	return 0
}

// newParser reads command lines into r. exit is called for --help and --version.
func newParser(r *root, stdout, stderr io.Writer, exit func(code int)) (*kong.Kong, error) {
	return kong.New(r,
		kong.Name("cognate"),
		kong.Description("Amazon Cognito that anyone can run."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.DefaultEnvars("COGNATE"),
		kong.Configuration(yamlSettings),
		kong.Vars{"version": Version()},
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
	)
}
