package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// certificateEvery is how often the files of the certificate are looked at.
const certificateEvery = 2 * time.Second

// certificate is a TLS certificate in files that may change while the server runs.
type certificate struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]

	mu    sync.Mutex
	tried stamp // of the files that were read last, working or not
}

// stamp tells whether the files have changed.
type stamp struct {
	certAt, keyAt     time.Time
	certSize, keySize int64
}

// newCertificate reads the files; a server does not start with a broken pair.
func newCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log}
	c.tried = c.stamp()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	c.current.Store(&pair)
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil }}
}

func (c *certificate) stamp() (s stamp) {
	if info, err := os.Stat(c.cert); err == nil {
		s.certAt, s.certSize = info.ModTime(), info.Size()
	}
	if info, err := os.Stat(c.key); err == nil {
		s.keyAt, s.keySize = info.ModTime(), info.Size()
	}
	return s
}

// reload reads the files again when they have changed, or when asked to. New connections get the new pair; a broken one
// is logged, once, and leaves the old one in use.
func (c *certificate) reload(asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.stamp()
	if now == c.tried && !asked {
		return
	}
	c.tried = now
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		c.log.Error("the new TLS certificate cannot be used, the old one stays", "error", err)
		return
	}
	c.current.Store(&pair)
	c.log.Info("TLS certificate reloaded", "file", c.cert, "expires", pair.Leaf.NotAfter)
}

// watchCertificate reloads the certificate, if there is one, when its files change and on SIGHUP.
func (a *app) watchCertificate(ctx context.Context) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	tick := time.NewTicker(certificateEvery)
	defer tick.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			asked = true
		case <-tick.C:
		}
		switch {
		case a.certificate != nil:
			a.certificate.reload(asked)
		case asked:
			a.log.Info("SIGHUP: there is nothing to reload")
		}
	}
}
