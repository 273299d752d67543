//go:build unix

package pgproc

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// StartTCP is Start with a server that also listens on a free port of the loopback interface and can have a standby.
func StartTCP() (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return start(port, (*Server).initialize)
}

// Address is where the server listens, host:port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", s.portText()) }

// standbyName is by which the primary knows its standby.
const standbyName = "standby"

// StartStandby makes a streaming copy of the server and starts it. With synchronous the primary acknowledges nothing
// that the copy has not got.
func (s *Server) StartStandby(synchronous bool) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	standby, err := start(port, func(copied *Server) error {
		out, err := copied.command("pg_basebackup", "-D", copied.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync",
			"-d", "host=127.0.0.1 port="+s.portText()+" user=postgres application_name="+standbyName).CombinedOutput()
		if err != nil {
			return fmt.Errorf("pg_basebackup: %w\n%s", err, out)
		}
		return nil
	})
	if err != nil || !synchronous {
		return standby, err
	}
	for _, sql := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = '" + standbyName + "'", "SELECT pg_reload_conf()",
	} {
		if err := s.Exec(sql); err != nil {
			standby.Stop()
			return nil, err
		}
	}
	return standby, nil
}

// Promote makes a standby a primary that waits for no other, and returns when it takes writes.
func (s *Server) Promote() error {
	for _, sql := range []string{
		"ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()", "SELECT pg_promote(true, 60)",
	} {
		if err := s.Exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, sql, args...)
	return err
}

// Freeze suspends all processes of the server, as a suspended machine does: connections stay, nothing answers.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets them go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

// Kill ends all processes of the server at once. Restart starts it again.
func (s *Server) Kill() {
	s.signal(syscall.SIGKILL)
	<-s.exited
}

// Restart starts a killed server on its data.
func (s *Server) Restart() error {
	if s.guardIn != nil { // it watches the process of before
		if err := s.guard.Process.Kill(); err != nil {
			return err
		}
		_ = s.guardIn.Close()
		_ = s.guard.Wait()
	}
	return s.start()
}

// signal reaches the postmaster first, so that it starts no more children.
func (s *Server) signal(sig syscall.Signal) {
	parent := s.cmd.Process.Pid
	_ = syscall.Kill(parent, sig)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		// The name in parentheses may hold spaces; state and parent follow it.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			_ = syscall.Kill(pid, sig)
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
