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

// root is the command line, and the one table of commands: a command is a
// field with its help and an example. Every flag can also be set by a COGNATE_*
// variable (COGNATE_LISTEN for --listen), by a file that a variable names
// (COGNATE_DATABASE_FILE for --database) or by a key of the same name in the YAML
// file given with --config; the command line wins over the environment, and that
// over the file.
type root struct {
	Config kong.ConfigFlag `help:"YAML file with settings, keys named like the flags." placeholder:"FILE" env:"COGNATE_CONFIG"`

	Dev   devCmd   `cmd:"" group:"Run a server" help:"Run a server for a laptop or CI: relaxed caller checks, inbox, clock, demo data." example:"cognate dev --ephemeral"`
	Serve serveCmd `cmd:"" group:"Run a server" help:"Run a server in production: strict checks, explicit configuration." example:"cognate serve --listen :8443 --public-url https://id.example.com --region eu-west-1 --account 123456789012 --data /var/lib/cognate"`
	Wait  waitCmd  `cmd:"" group:"Run a server" help:"Wait until a server is ready." example:"cognate wait --timeout 30s && npm test"`

	Pool   poolCmd   `cmd:"" group:"Manage what a server has" help:"User pools." example:"cognate pool list"`
	Client clientCmd `cmd:"" group:"Manage what a server has" help:"App clients of a user pool." example:"cognate client list"`
	User   userCmd   `cmd:"" group:"Manage what a server has" help:"Users of a user pool." example:"cognate user list"`
	Group  groupCmd  `cmd:"" group:"Manage what a server has" help:"Groups of a user pool." example:"cognate group list"`
	Token  tokenCmd  `cmd:"" group:"Manage what a server has" help:"Get, decode and verify tokens." example:"cognate token verify \"$ACCESS_TOKEN\""`

	Branding brandingCmd `cmd:"" group:"Manage what a server has" help:"The look of the pages that people sign in on." example:"cognate branding preview"`

	Code     codeCmd     `cmd:"" group:"Use a dev server" help:"Print the newest code that was sent to an address." example:"cognate code ana@example.com --wait 10s"`
	Snapshot snapshotCmd `cmd:"" group:"Use a dev server" help:"Save and restore the whole state." example:"cognate snapshot save before-tests"`
	Reset    resetCmd    `cmd:"" group:"Use a dev server" help:"Take a dev server back to its first start: the seed file or the demo pool, an empty inbox, the real time." example:"cognate reset"`
	Function functionCmd `cmd:"" group:"Use a dev server" help:"Look at and change the trigger functions." example:"cognate function list"`
	Env      envCmd      `cmd:"" group:"Use a dev server" help:"Print what points AWS's tools at a server." example:"eval \"$(cognate env)\""`

	Seed    seedCmd    `cmd:"" group:"Operate" help:"Move user pools between servers." example:"cognate seed export --data /var/lib/cognate --with-secrets --out moved.yaml"`
	Keys    keysCmd    `cmd:"" group:"Operate" help:"Operate the keys that seal secrets at rest." example:"cognate keys rotate --data /var/lib/cognate"`
	Audit   auditCmd   `cmd:"" group:"Operate" help:"Read the record of administrative changes." example:"cognate audit list --data /var/lib/cognate"`
	Backup  backupCmd  `cmd:"" group:"Operate" help:"Write the whole database into one encrypted file, while servers run." example:"cognate backup /backup/cognate.age --data /var/lib/cognate"`
	Restore restoreCmd `cmd:"" group:"Operate" help:"Put a backup into an empty data folder or database." example:"cognate restore /backup/cognate.age --data /var/lib/cognate"`
	RootKey rootKeyCmd `cmd:"" name:"root-key" group:"Operate" help:"Look after the access key of the account's root user." example:"cognate root-key renew --data /var/lib/cognate"`
	Doctor  doctorCmd  `cmd:"" group:"Operate" help:"Check what serve would run with: settings, files, keys, database, TLS, ports, clock, mail." example:"cognate --config /etc/cognate/cognate.yaml doctor --mail-to ops@example.com"`

	Completion completionCmd `cmd:"" group:"About this program" help:"Print a completion script." example:"source <(cognate completion bash)"`
	Version    versionCmd    `cmd:"" group:"About this program" help:"Print the version and how it was built." example:"cognate version"`

	VersionFlag kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
	Complete    completeCmd      `cmd:"" name:"__complete" hidden:""`
}

// env is what commands get from the outside.
type env struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	parser         *kong.Kong
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
		if unfinished(err) {
			_, _ = parser.Parse(append(args, "--help"))
			return 0
		}
		complain(stderr, err, "cognate"+path(err)+" --help")
		return 2
	}
	err = kctx.Run(&env{ctx: ctx, stdin: os.Stdin, stdout: stdout, stderr: stderr, parser: parser})
	if err != nil && !errors.Is(err, context.Canceled) {
		complain(stderr, err, "")
		return 1
	}
	return 0
}

// newParser reads command lines into r. exit is called for --help and --version.
func newParser(r *root, stdout, stderr io.Writer, exit func(code int)) (*kong.Kong, error) {
	parser, err := kong.New(r,
		kong.Name("cognate"),
		kong.Description("Amazon Cognito that anyone can run."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.DefaultEnvars("COGNATE"),
		kong.Configuration(yamlSettings),
		kong.Resolvers(&envFiles{}),
		kong.Vars{"version": "cognate " + Version()},
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
	)
	if err != nil {
		return nil, err
	}
	showExamples(parser.Model.Node)
	return parser, nil
}
