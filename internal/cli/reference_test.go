package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "rewrite docs/cli.md")

const reference = "../../docs/cli.md"

// TestReference holds docs/cli.md to the help texts. -update rewrites it.
func TestReference(t *testing.T) {
	var r root
	parser, err := newParser(&r, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(referenceIntro)
	group := ""
	for _, n := range parser.Model.Children {
		if n.Hidden {
			continue
		}
		if n.Group == nil || n.Tag.Get("example") == "" {
			t.Errorf("%s: needs a group and an example", n.Name)
			continue
		}
		if n.Group.Title != group {
			group = n.Group.Title
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		describe(t, &b, n)
	}
	want, _ := os.ReadFile(reference)
	if b.String() == string(want) {
		return
	}
	if *update {
		if err := os.WriteFile(reference, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("docs/cli.md is not what the help says; go test ./internal/cli -run TestReference -update")
}

const referenceIntro = `# Command line

Made from the help texts (` + "`go test ./internal/cli -run TestReference -update`" + `); ` + "`cognate COMMAND --help`" + ` shows the same.

Every flag of ` + "`dev`" + ` and ` + "`serve`" + ` is also a variable (` + "`--public-url`" + ` is ` + "`COGNATE_PUBLIC_URL`" + `) and a key of the YAML file given with
` + "`--config`" + `; flags of other commands that have a variable name it. The command line wins over the environment, and that over the file.
Exit status: 0 for success, 1 for a failure, 2 for wrong usage. Errors are one line on the standard error, with a hint in brackets.

Commands that manage what a server has sign their requests like the AWS CLI: with ` + "`AWS_ACCESS_KEY_ID`" + ` and
` + "`AWS_SECRET_ACCESS_KEY`" + `, else with a profile of ` + "`~/.aws`" + ` (` + "`--profile`" + `, ` + "`AWS_PROFILE`" + `, the default one), else, on this machine, with the key
that ` + "`dev`" + ` accepts. They go to http://localhost:7654 when nothing else is said, never to AWS by themselves. ` + "`--output json`" + ` prints
AWS's own members.
`

// describe writes a command and those below it.
func describe(t *testing.T, b *strings.Builder, n *kong.Node) {
	if n.Help == "" || n.Tag.Get("example") == "" {
		t.Errorf("%s: needs help and an example", n.FullPath())
	}
	if !n.Leaf() {
		fmt.Fprintf(b, "\n### cognate %s\n\n%s\n", n.Path(), n.Help)
		for _, child := range n.Children {
			describe(t, b, child)
		}
		return
	}
	fmt.Fprintf(b, "\n#### cognate %s\n\n%s\n\n```sh\n%s\n```\n", n.Summary(), n.Help, n.Tag.Get("example"))
	if len(n.Positional) > 0 || len(n.Flags) > 0 {
		b.WriteString("\n")
	}
	for _, p := range n.Positional {
		fmt.Fprintf(b, "- `%s`: %s\n", p.Summary(), p.Help)
	}
	if n.Path() == "doctor" {
		b.WriteString("- the flags of `cognate serve`, and:\n")
	}
	for _, f := range n.Flags {
		if n.Path() == "doctor" && f.Name != "mail-to" && f.Name != "ntp-server" && f.Name != "output" {
			continue
		}
		fmt.Fprintf(b, "- `%s`: %s", strings.TrimSpace(f.String()), f.Help)
		if n.Path() != "dev" && n.Path() != "serve" && len(f.Envs) > 0 {
			fmt.Fprintf(b, " (`%s`)", strings.Join(f.Envs, "`, `"))
		}
		b.WriteString("\n")
	}
}
