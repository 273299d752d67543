// Package version tells how the running binary was built.
package version

import (
	"runtime"
	"runtime/debug"
)

// What the linker is told about a released binary (-X cognate/internal/base/version.release=v1.2.3), see internal/release.
var release, commit, commitTime string

// Build is how a binary was built.
type Build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified,omitempty"`
	Compiler string `json:"go"`
	Platform string `json:"platform"`
}

// String is the version of the binary: what the linker was told, else the module version that go install names, else the
// commit of the checkout.
func String() string { return Info().Version }

// UserAgent names this program and its version to servers that it calls.
func UserAgent() string { return "cognate/" + String() }

// Info reads what linker and compiler have put into the binary.
func Info() Build {
	b := Build{Version: release, Commit: commit, Time: commitTime, Compiler: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		if b.Version == "" {
			b.Version = "unknown"
		}
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
