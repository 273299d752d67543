package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// certificateEvery is how often the files of certificates are looked at.
const certificateEvery = 2 * time.Second

// certificate is a TLS certificate in files that may change while the server runs.
type certificate struct {
	cert, key string
	host      string // which it has to name; "" where anything goes
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate] // nil until a pair could be used

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

func (c *certificate) stamp() (s stamp) {
	if info, err := os.Stat(c.cert); err == nil {
		s.certAt, s.certSize = info.ModTime(), info.Size()
	}
	if info, err := os.Stat(c.key); err == nil {
		s.keyAt, s.keySize = info.ModTime(), info.Size()
	}
	return s
}

// reload reads the files again when they have changed, or when asked to, and reports whether another pair is in use. New
// connections get the new pair; one that cannot be used is logged, once, and leaves the old one in use.
func (c *certificate) reload(asked bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.stamp()
	if now == c.tried && !asked {
		return false
	}
	c.tried = now
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		err = c.judge(pair.Leaf)
	}
	switch old := c.current.Load(); {
	case err != nil && old == nil:
		c.log.Error("the TLS certificate cannot be used", "file", c.cert, "error", err)
		return false
	case err != nil:
		c.log.Error("the new TLS certificate cannot be used, the old one stays", "file", c.cert, "error", err)
		return false
	case old == nil:
		c.log.Info("TLS certificate loaded", "file", c.cert, "names", pair.Leaf.DNSNames, "expires", pair.Leaf.NotAfter)
	default:
		c.log.Info("TLS certificate reloaded", "file", c.cert, "expires", pair.Leaf.NotAfter)
	}
	c.current.Store(&pair)
	return true
}

// judge holds that browsers would take a new certificate for what it is there for.
func (c *certificate) judge(leaf *x509.Certificate) error {
	if c.host != "" {
		if err := leaf.VerifyHostname(c.host); err != nil {
			return err
		}
	}
	if ended := leaf.NotAfter; time.Now().After(ended) {
		return fmt.Errorf("it ended at %s", ended.UTC().Format(time.RFC3339))
	}
	return nil
}

// watchCertificate reloads the certificates, if there are any, when their files change and on SIGHUP.
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
			a.domainCerts.reload(asked)
		case asked:
			a.log.Info("SIGHUP: there is nothing to reload")
		}
	}
}
