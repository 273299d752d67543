package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
)

// Names are the hosts that a dev server is known by: this machine, the public URL's and those of AllowedHosts.
func (s *Settings) Names() (httpkit.Names, error) {
	list := s.AllowedHosts
	if u, err := url.Parse(s.PublicURL); err == nil {
		if _, err := httpkit.NewNames(u.Hostname()); err == nil {
			list = append([]string{u.Hostname()}, list...)
		}
	}
	return httpkit.NewNames(list...)
}

var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

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
	if s.LoginDomain != "" && !domainForm.MatchString(s.LoginDomain) {
		bad("--login-domain: need a domain such as auth.example.com in lower case, without scheme and port, have %q", s.LoginDomain)
	}
	if _, err := httpkit.ParseProxies(s.TrustedProxies); err != nil {
		bad("--trusted-proxies: %w", err)
	}
	if _, err := s.Names(); err != nil {
		bad("--allowed-hosts: %w", err)
	}
	if n := len(s.FunctionToken); n > 0 && n < 16 {
		bad("--function-token: need at least 16 characters")
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
