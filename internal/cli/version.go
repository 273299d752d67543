package cli

import (
	"fmt"

	"cognate/internal/base/version"
)

// Version is the version of the binary.
func Version() string { return version.String() }

type versionCmd struct{ output }

// Run prints the version; --output json tells everything.
func (c *versionCmd) Run(e *env) error {
	b := version.Info()
	if c.Output == "json" {
		return printJSON(e.stdout, b)
	}
	state := ""
	if b.Modified {
		state = " (modified)"
	}
	fmt.Fprintf(e.stdout, "cognate %s\n", b.Version)
	return c.print(e.stdout, "", filled([][]string{
		{"commit", trimmed(b.Commit, state)}, {"time", b.Time}, {"go", b.Compiler}, {"platform", b.Platform},
	}), nil)
}

// trimmed adds state to a commit that is known.
func trimmed(commit, state string) string {
	if commit == "" {
		return ""
	}
	return commit + state
}
