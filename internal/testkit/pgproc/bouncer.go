//go:build unix

package pgproc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Bouncer is a running PgBouncer in transaction mode.
type Bouncer struct {
	// Address is where it listens, host:port.
	Address string

	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// StartBouncer puts a PgBouncer before the server that shares few connections among all clients. It needs pgbouncer in
// PATH or in /usr/sbin.
func (s *Server) StartBouncer(connections int) (*Bouncer, error) {
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		bin = "/usr/sbin/pgbouncer"
		if _, err := os.Stat(bin); err != nil {
			return nil, errors.New("pgproc: PgBouncer is not installed (no pgbouncer in PATH or /usr/sbin)")
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	b := &Bouncer{Address: net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), exited: make(chan struct{})}
	if b.dir, err = tempDir(s.cred); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"auth_type = any\npool_mode = transaction\ndefault_pool_size = %d\nmax_client_conn = 400\nunix_socket_dir =\n", s.portText(), port, connections)
	path := filepath.Join(b.dir, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		return nil, err
	}
	b.cmd = exec.Command(bin, "-q", path)
	b.cmd.SysProcAttr, b.cmd.Dir = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}, b.dir
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = b.cmd.Wait()
		close(b.exited)
	}()
	for end := time.Now().Add(startTimeout); ; time.Sleep(15 * time.Millisecond) {
		c, err := net.Dial("tcp", b.Address)
		if err == nil {
			return b, c.Close()
		}
		select {
		case <-b.exited:
			return nil, errors.New("pgproc: pgbouncer ended")
		default:
		}
		if time.Now().After(end) {
			b.Stop()
			return nil, fmt.Errorf("pgproc: pgbouncer does not answer: %w", err)
		}
	}
}

// Stop ends it and removes its folder.
func (b *Bouncer) Stop() {
	_ = b.cmd.Process.Kill()
	<-b.exited
	_ = os.RemoveAll(b.dir)
}
