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
	"runtime"
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
	bin     string
	cred    *syscall.Credential
	port    int // TCP on the loopback interface; 0: the socket alone
	cmd     *exec.Cmd
	exited  chan struct{}
	guard   *exec.Cmd
	guardIn io.WriteCloser
}

// Start makes a cluster and starts it. It needs initdb and postgres in PATH or
// in /usr/lib/postgresql/*/bin.
func Start() (*Server, error) { return start(0, (*Server).initialize) }

// start makes a folder, has it filled and starts the server.
func start(port int, fill func(*Server) error) (*Server, error) {
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
	s := &Server{dir: dir, bin: bin, cred: cred, port: port}
	err = fill(s)
	if err == nil {
		err = s.start()
	}
	if err != nil {
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

// command is one of PostgreSQL's programs, run as the user of the server.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}, s.dir
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) initialize() error {
	out, err := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) start() error {
	logFile, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer logFile.Close()
	args := []string{"-D", s.data(), "-F", "-k", s.dir, "-p", s.portText()}
	for _, set := range append(s.settings(), "max_connections=400", "shared_buffers=64MB", "synchronous_commit=on", // -F drops the fsync
		"full_page_writes=off", "autovacuum_naptime=30s", "max_wal_size=1GB", "timezone=UTC", "log_timezone=UTC", "jit=off",
	) {
		args = append(args, "-c", set)
	}
	s.cmd = s.command("postgres", args...)
	s.cmd.Stdout, s.cmd.Stderr = logFile, logFile
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	exited, cmd := make(chan struct{}), s.cmd
	s.exited = exited
	go func() {
		_ = cmd.Wait()
		close(exited)
		runtime.KeepAlive(s) // whose guard would end the server when nobody held it
	}()
	if err := s.watch(); err != nil {
		return err
	}
	s.URL = (&url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {s.dir}, "port": {s.portText()}, "sslmode": {"disable"}}.Encode(),
	}).String()
	return s.wait()
}

func (s *Server) portText() string {
	if s.port == 0 {
		return "5432"
	}
	return strconv.Itoa(s.port)
}

// settings are those that differ between a server by itself and one of a pair.
func (s *Server) settings() []string {
	if s.port == 0 {
		return []string{"listen_addresses=", "wal_level=minimal", "max_wal_senders=0"}
	}
	return []string{"listen_addresses=127.0.0.1", "wal_level=replica", "max_wal_senders=4", "wal_keep_size=256MB", "wal_receiver_status_interval=1s"}
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
		s.Thaw()
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exited
	}
	if s.guardIn != nil {
		_ = s.guardIn.Close()
		_ = s.guard.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
