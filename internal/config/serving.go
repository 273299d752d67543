package config

import (
	"errors"
	"fmt"
	"net"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
)

// validateServing checks what would otherwise stop a server half-way through its
// start.
func (s *Settings) validateServing() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.MetricsListen != "" {
		if _, _, err := net.SplitHostPort(s.MetricsListen); err != nil {
			bad("--metrics-listen: need host:port, have %q", s.MetricsListen)
		}
	}
	if s.Drain < 0 {
		bad("--drain: must not be negative")
	}
	if _, err := httpkit.ParseProxies(s.TrustedProxies); err != nil {
		bad("--trusted-proxies: %w", err)
	}
	if s.Key != "" {
		if _, err := keyring.ParseKEK(s.Key); err != nil {
			bad("--key: %w", err)
		}
	}
	if _, err := obs.ParseFormat(s.LogFormat); err != nil {
		bad("--log-format: %w", err)
	}
	if _, err := obs.ParseLevel(s.LogLevel); err != nil {
		bad("--log-level: %w", err)
	}
	return errors.Join(errs...)
}
