// Command release builds what is published of a commit: static binaries for
// every platform as archives with the licences of what is in them, an SBOM and
// checksums. The same commit, built by the same Go, gives the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// platforms are those that binaries are published for.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

// release is what is being built.
type release struct {
	version, commit string
	time            time.Time // of the commit, in every file
	out             string
	platforms       []platform
	run             func(env []string, name string, args ...string) (string, error)
}

type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context) error {
	r := release{run: func(env []string, name string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out)), nil
	}}
	flag.StringVar(&r.out, "out", "dist", "folder of the files")
	flag.StringVar(&r.version, "version", "", "version; default that of git describe")
	flag.StringVar(&r.commit, "commit", "", "commit; default that of the checkout")
	seconds := flag.String("time", "", "seconds since 1970 that files are dated with; default the time of the commit")
	list := flag.String("platforms", platforms, "what to build for")
	flag.Parse()
	if err := r.fromGit(*seconds); err != nil {
		return err
	}
	for _, p := range strings.Split(*list, ",") {
		system, arch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("-platforms: want os/arch, have %q", p)
		}
		r.platforms = append(r.platforms, platform{system, arch})
	}
	return r.build()
}

// fromGit fills in what no flag says.
func (r *release) fromGit(seconds string) error {
	var err error
	ask := func(into *string, args ...string) {
		if *into == "" && err == nil {
			*into, err = r.run(nil, "git", args...)
		}
	}
	ask(&r.version, "describe", "--tags", "--always", "--dirty")
	ask(&r.commit, "rev-parse", "HEAD")
	ask(&seconds, "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("-time: %w", err)
	}
	r.time = time.Unix(at, 0).UTC()
	if !strings.HasPrefix(r.version, "v") {
		r.version = "v0.0.0-" + r.version // no version was tagged yet
	}
	return nil
}

// build makes all files; what was in the folder is replaced.
func (r *release) build() error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	all := modules{}
	var names []string
	for _, p := range r.platforms {
		binary := filepath.Join(work, p.os+"-"+p.arch)
		if err := r.compile(p, binary); err != nil {
			return err
		}
		linked, err := all.read(binary)
		if err != nil {
			return err
		}
		notices, err := r.notices(linked)
		if err != nil {
			return err
		}
		name, err := r.archive(p, binary, notices)
		if err != nil {
			return err
		}
		names = append(names, name)
		fmt.Println(filepath.Join(r.out, name))
	}
	sbom, err := r.sbom(all)
	if err != nil {
		return err
	}
	return r.checksums(append(names, sbom))
}

// compile builds one static binary. Nothing of the machine gets into it: no
// paths, and the commit as it is told, not as the checkout looks.
func (r *release) compile(p platform, binary string) error {
	const to = "-X cognate/internal/base/version."
	flags := "-s -w -buildid= " + to + "release=" + r.version + " " + to + "commit=" + r.commit + " " + to + "commitTime=" + r.time.Format(time.RFC3339)
	_, err := r.run([]string{"CGO_ENABLED=0", "GOOS=" + p.os, "GOARCH=" + p.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT="},
		"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", binary, "./cmd/cognate")
	return err
}
