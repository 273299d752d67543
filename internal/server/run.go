package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"cognate/docs"
	"cognate/internal/base/background"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/config"
	"cognate/internal/web/operator"
)

// Limits of the HTTP servers: slow or huge clients must not hold resources.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	shutdownTimeout   = 10 * time.Second
)

// Bounds of what connections and bodies may hold. One caller cannot take all of it; those behind a proxy that is not in
// --trusted-proxies are one caller.
const (
	maxConns          = 8192
	maxConnsPerSource = 1024
	writeTimeout      = 30 * time.Second // for the far end to take what one write sends
	streamTimeout     = 2 * time.Minute  // for an HTTP/2 stream, functions that are waited for included

	bodyGrace     = 10 * time.Second // for a usual body, and then bodyRate bytes a second
	bodyRate      = 64 << 10
	bodyFree      = 8 << 10 // bytes of every body that are not counted
	bodyTotal     = 64 << 20
	bodyPerSource = 16 << 20
)

// Run starts a server and blocks until ctx is over or the server fails. What
// people should see at the start goes to out; logs go there too.
func Run(ctx context.Context, s config.Settings, out io.Writer) error {
	choose := s.PublicURL == "" && s.Mode == config.Dev // the port may be chosen by the system
	if choose {
		s.PublicURL = "http://localhost"
		if s.TLSCert != "" {
			s.PublicURL = "https://localhost"
		}
	}
	if err := s.Validate(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w (is another server running? --listen HOST:PORT chooses another address)", err)
	}
	if err != nil {
		return err
	}
	defer listener.Close()
	if choose {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		s.PublicURL += ":" + port
	}
	log, err := logger(s, out)
	if err != nil {
		return err
	}
	if unknown := s.UnknownRegions(); len(unknown) > 0 {
		log.Warn("AWS has no such region, as far as this version knows; it is served because --regions names it", "regions", unknown)
	}
	a, err := build(ctx, s, log)
	if err != nil {
		return err
	}
	defer a.close()
	if dir := a.privateDir(); dir != "" && s.Database == "" {
		release, alone := claim(filepath.Join(dir, "lock"))
		defer release()
		if !alone {
			log.Warn("another server runs on this data folder: both work on the same data, and a reset or restored snapshot of one is the other's too", "folder", dir)
		}
	}
	return a.serve(ctx, listener, out)
}

func logger(s config.Settings, out io.Writer) (*slog.Logger, error) {
	format, err := obs.ParseFormat(s.LogFormat)
	if err != nil {
		return nil, err
	}
	level, err := obs.ParseLevel(s.LogLevel)
	if err != nil {
		return nil, err
	}
	return obs.NewLogger(out, format, level), nil
}

// serve answers on the listener until ctx is over, then lets requests finish.
func (a *app) serve(ctx context.Context, listener net.Listener, out io.Writer) error {
	handler, err := a.handler()
	if err != nil {
		return err
	}
	if err := a.prepareData(ctx); err != nil {
		return err
	}
	var metrics net.Listener
	if a.settings.MetricsListen != "" {
		if metrics, err = net.Listen("tcp", a.settings.MetricsListen); err != nil {
			return fmt.Errorf("--metrics-listen: %w", err)
		}
		defer metrics.Close()
	}
	if a.settings.TLSCert != "" {
		if a.certificate, err = newCertificate(a.settings.TLSCert, a.settings.TLSKey, a.log); err != nil {
			return err
		}
	}
	if a.settings.DomainCertificates != "" {
		if a.domainCerts, err = newDomainCerts(a.settings.DomainCertificates, a.log); err != nil {
			return err
		}
	}
	if err := a.rootKey(ctx, out); err != nil {
		return err
	}
	// What runs in the background goes on until the last request was answered.
	jobs, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJobs()
	a.Start(jobs)
	background.Start(jobs, "watch seed file", a.watchSeed)
	background.Start(jobs, "watch functions", a.watchFunctions)

	if a.certificate != nil || a.settings.Mode == config.Serve {
		background.Start(jobs, "watch TLS certificate", a.watchCertificate)
	}

	failed := make(chan error, 2)
	api := a.httpServer(handler)
	api.RegisterOnShutdown(func() { close(a.leaving) }) // of those who only wait for news
	background.Go("listener", func() {
		failed <- background.Try("listener", func() error { return a.listen(api, listener) })
	})
	var extra *http.Server
	if metrics != nil {
		metrics = a.shield().Listen(metrics)
		extra = a.httpServer(operator.Handler(operator.Deps{Ready: a.readiness.check, Metrics: a.metrics.handler()}))
		background.Go("metrics listener", func() {
			failed <- background.Try("metrics listener", func() error { return extra.Serve(metrics) })
		})
	}
	a.announce(out)
	// What takes tens of milliseconds and nobody waits for yet.
	a.made.Start(jobs)
	background.Go("warm SRP", srp.Warm)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.readiness.drain(context.WithoutCancel(ctx), a.settings.Drain)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err = api.Shutdown(stopping)
	if extra != nil {
		_ = extra.Shutdown(stopping)
	}
	return err
}

func (a *app) listen(s *http.Server, l net.Listener) error {
	l = httpkit.Gather(s, a.shield().Listen(l))
	var err error
	if a.certificate != nil {
		s.TLSConfig = (&handshakes{own: a.certificate, domains: a.domainCerts, custom: a.Pools.CustomDomain}).config()
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shield bounds the connections of one listener.
func (a *app) shield() httpkit.Shield {
	s := httpkit.Shield{Conns: maxConns, PerSource: maxConnsPerSource, Write: writeTimeout}
	if proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies); err == nil { // Validate has seen it
		s.Exempt = proxies.Trusts
	}
	return s
}

// bodies bounds the bodies of one listener's requests.
func (a *app) bodies() *httpkit.Bodies {
	b := &httpkit.Bodies{
		Free: bodyFree, Total: bodyTotal, PerSource: bodyPerSource, Grace: bodyGrace, Longest: readTimeout, Rate: bodyRate,
	}
	if proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies); err == nil {
		b.ClientIP = proxies.ClientIP
	}
	return b
}

func (a *app) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: httpkit.Streams(a.bodies().Handler(a.readiness.parting(h)), streamTimeout), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: httpkit.MaxStreams},
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

func (a *app) handler() (http.Handler, error) {
	api, err := a.apiHandler()
	if err != nil {
		return nil, err
	}
	web, err := a.site()
	if err != nil {
		return nil, err
	}
	deps := operator.Deps{Ready: a.readiness.check, PublicURL: a.settings.PublicURL, BasePath: a.addresses.BasePath(), Leaving: a.leaving}
	if a.settings.Mode == config.Dev {
		deps.Metrics, deps.Clock, deps.Inbox = a.metrics.handler(), a.clock, a.Messages
		deps.Reset, deps.Audit = a.reset, a.Audit
		deps.Snapshots = &snapshots{db: a.db, clock: a.clock, dir: a.snapshotDir(), forget: a.Forget}
		deps.Functions, deps.RemoteFunctions, deps.Origin = &functions{app: a}, a.settings.AllowLocalFunctions, a.addresses.Origin()
		deps.Pools, deps.Docs = a.shownPools, docs.Pages
		if deps.Names, err = a.settings.Names(); err != nil {
			return nil, err
		}
		if deps.Token, err = functionToken(a.settings.FunctionToken, a.privateDir()); err != nil {
			return nil, err
		}
	}
	return routes{
		addresses: a.addresses, api: api, site: web, operator: operator.Handler(deps), start: operator.Start(deps),
	}, nil
}

// privateDir is the folder in which a server keeps what is its own, "" where it writes nothing to disk.
func (a *app) privateDir() string {
	if a.settings.Ephemeral {
		return ""
	}
	return a.settings.Data
}

func (a *app) snapshotDir() string {
	if a.privateDir() == "" {
		return ""
	}
	return filepath.Join(a.settings.Data, "snapshots")
}
