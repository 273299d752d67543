package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// What the linker is told about a released binary
// (-X cognate/internal/cli.release=v1.2.3), see internal/release.
var release, commit, commitTime string

// Version is the version of the binary: what the linker was told, else the module
// version that go install names, else the commit of the checkout.
func Version() string { return buildOf().Version }

// buildInfo is how a binary was built.
type buildInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified,omitempty"`
	Compiler string `json:"go"`
	Platform string `json:"platform"`
}

func buildOf() buildInfo {
	b := buildInfo{Version: release, Commit: commit, Time: commitTime, Compiler: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		b.Version = first(b.Version, "unknown")
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "devel"
		if len(b.Commit) >= 12 {
			b.Version += "-" + b.Commit[:12]
		}
	}
	return b
}

type versionCmd struct{ output }

// Run prints the version; --output json tells everything.
func (c *versionCmd) Run(e *env) error {
	b := buildOf()
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
