//go:build unix

package server

import (
	"context"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"cognate/internal/base/obs"
	"cognate/internal/config"
)

// production are settings of serve on an existing folder that everybody may look into.
func production(t *testing.T) config.Settings {
	t.Helper()
	s := devSettings()
	s.Mode, s.Ephemeral, s.Data, s.LogLevel = config.Serve, false, filepath.Join(t.TempDir(), "data"), "debug"
	s.KeyFile = filepath.Join(s.Data, "kek")
	if err := os.Mkdir(s.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// serving runs a server until what it printed contains the text, then stops it and returns all that it printed.
func serving(t *testing.T, s config.Settings, until string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, done := &output{}, make(chan error, 1)
	go func() { done <- Run(ctx, s, out) }()
	waitFor(t, until, func() bool { return strings.Contains(out.String(), until) })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return out.String()
}

var secretLine = regexp.MustCompile(`AWS_SECRET_ACCESS_KEY=(\S+)`)

// TestRootKeyIsHandedOver: into a file of the data folder, once, and never into what a pipe or a log keeps.
func TestRootKeyIsHandedOver(t *testing.T) {
	s := production(t)
	file := filepath.Join(s.Data, rootKeyFile)
	printed := serving(t, s, "cognate serves")
	text, err := os.ReadFile(file)
	found := secretLine.FindSubmatch(text)
	if err != nil || found == nil {
		t.Fatalf("%v: %s", err, text)
	}
	if strings.Contains(printed, string(found[1])) || !strings.Contains(printed, file) {
		t.Errorf("printed:\n%s", printed)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	serving(t, s, "cognate serves")
	if _, err := os.Stat(file); err == nil {
		t.Error("another key was made at the second start")
	}
	var id, renewed output
	command := config.Settings{Mode: config.Dev, PublicURL: "http://localhost", Region: "us-east-1", Account: "000000000000", Data: s.Data}
	if err := ShowRootKeyID(t.Context(), command, "", &id); err != nil || !strings.Contains(string(text), "AWS_ACCESS_KEY_ID="+id.String()) {
		t.Errorf("id %q, %v", id.String(), err)
	}
	if err := RenewRootKey(t.Context(), command, "", "", &renewed); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(fresh), strings.TrimSpace(id.String())) || secretLine.Match([]byte(renewed.String())) {
		t.Errorf("renewed: %v\n%s", err, renewed.String())
	}
}

// TestRootKeyComesLast: a start that fails makes no root key, so that none is lost.
func TestRootKeyComesLast(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, spoil := range map[string]func(*config.Settings){
		"listener":      func(s *config.Settings) { s.Listen = taken.Addr().String() },
		"metrics":       func(s *config.Settings) { s.MetricsListen = taken.Addr().String() },
		"certificate":   func(s *config.Settings) { s.TLSCert, s.TLSKey = "/nonexistent/cert", "/nonexistent/key" },
		"seed":          func(s *config.Settings) { s.Seed = "/nonexistent/seed.yaml" },
		"no place left": func(s *config.Settings) { s.Data = "/dev/null/data" },
	} {
		s := production(t)
		folder := s.Data
		spoil(&s)
		if err := Run(t.Context(), s, io.Discard); err == nil {
			t.Errorf("%s: it started", name)
		}
		if files, _ := filepath.Glob(filepath.Join(folder, "*root-key*")); len(files) > 0 {
			t.Errorf("%s: %v", name, files)
		}
	}
}

// TestFilesArePrivate: whatever the umask and the folder, and whatever they were before.
func TestFilesArePrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	s := devSettings()
	s.Ephemeral, s.Data = false, filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(s.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	private := func(when string) {
		t.Helper()
		n := 0
		err := filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == s.Data {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %s has mode %v", when, path, info.Mode())
			}
			n++
			return err
		})
		if err != nil || n < 4 {
			t.Errorf("%s: %d files, %v", when, n, err)
		}
	}
	use := func() {
		t.Helper()
		a, url := started(t, s)
		if err := (&functions{app: a}).save(); err != nil {
			t.Fatal(err)
		}
		if status, body := send(t, "POST", url+"/_cognate/snapshots/one", ""); status != 200 {
			t.Fatalf("snapshot: %d %s", status, body)
		}
		private("running")
		a.close()
		private("stopped")
	}
	use()
	err := filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "kek" {
			return err
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	private("opened by more than their user before")
}
