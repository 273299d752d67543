//go:build unix

// Package pgproc starts a throw-away PostgreSQL server for tests: in a new
// temporary folder, on a unix socket, without fsync, as a user that is not
// root, and gone when the process that started it is, however that ends.
package pgproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTimeout bounds initdb and start-up on a busy machine.
const startTimeout = 90 * time.Second

// Server is a running server.
type Server struct {
	// URL is a connection URL of the superuser for the database "postgres".
	URL string

	dir     string
	cmd     *exec.Cmd
	exited  chan struct{}
	guard   *exec.Cmd
	guardIn io.WriteCloser
}

// Start makes a cluster and starts it. It needs initdb and postgres in PATH or
// in /usr/lib/postgresql/*/bin.
func Start() (*Server, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	cred, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := tempDir(cred)
	if err != nil {
		return nil, fmt.Errorf("pgproc: %w", err)
	}
	s := &Server{dir: dir}
	if err := s.start(bin, cred); err != nil {
		s.Stop()
		return nil, fmt.Errorf("pgproc: %w", err)
	}
	return s, nil
}

func binDir() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		return "", errors.New("pgproc: PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql/*/bin)")
	}
	return filepath.Dir(found[0]), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// credential is the user the server runs as when this process is root, which
// PostgreSQL refuses to be.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("pgproc: user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("pgproc: running as root and no user postgres or nobody exists")
}

// tempDir stays short, because a socket path holds about 100 bytes.
func tempDir(cred *syscall.Credential) (string, error) {
	base := os.TempDir()
	if len(base) > 60 {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "cgpg")
	if err != nil {
		return "", err
	}
	err = os.Chmod(dir, 0o755)
	if err == nil && cred != nil {
		err = os.Chown(dir, int(cred.Uid), int(cred.Gid))
	}
	return dir, err
}

func (s *Server) start(bin string, cred *syscall.Credential) error {
	attr := &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = attr, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	logFile, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	args := []string{"-D", data, "-F", "-k", s.dir, "-p", "5432"}
	for _, set := range []string{
		"listen_addresses=", "max_connections=400", "shared_buffers=64MB", "synchronous_commit=on", // -F drops the fsync
		"full_page_writes=off", "autovacuum_naptime=30s", "max_wal_size=1GB", "wal_level=minimal",
		"max_wal_senders=0", "timezone=UTC", "log_timezone=UTC", "jit=off",
	} {
		args = append(args, "-c", set)
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), args...)
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = attr, s.dir, logFile, logFile
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	s.exited = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.watch(); err != nil {
		return err
	}
	s.URL = (&url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {s.dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode(),
	}).String()
	return s.wait()
}

// watch starts a shell that outlives this process: when its input closes, it
// ends the server and removes the folder.
func (s *Server) watch() error {
	s.guard = exec.Command("/bin/sh", "-c", `trap "" INT TERM HUP; read _; kill -QUIT "$1" 2>/dev/null; sleep 0.3; rm -rf "$2"`,
		"sh", strconv.Itoa(s.cmd.Process.Pid), s.dir)
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.guard.Dir = "/"
	in, err := s.guard.StdinPipe()
	if err != nil {
		return err
	}
	s.guardIn = in
	return s.guard.Start()
}

func (s *Server) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.URL)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-s.exited:
			return fmt.Errorf("postgres ended:\n%s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w\n%s", err, s.Log())
		case <-time.After(15 * time.Millisecond):
		}
	}
}

// Log is the end of the server's log.
func (s *Server) Log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b[max(0, len(b)-4000):]))
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
	}
	if s.guardIn != nil {
		_ = s.guardIn.Close()
		_ = s.guard.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
