package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Mode is how a server was started.
type Mode string

// The two modes of design section 1.
const (
	Dev   Mode = "dev"   // one process, everything on, relaxed caller checks
	Serve Mode = "serve" // strict, explicit configuration
)

// Settings is everything a server is told from outside.
type Settings struct {
	Mode Mode

	Listen        string // host:port of the API
	MetricsListen string // host:port of metrics in serve; empty = no metrics listener
	PublicURL     string // what clients reach the server by, no trailing slash
	LoginDomain   string // the domain below which pages of pools have their prefixes; empty: none has
	TLSCert       string // PEM files; both or neither
	TLSKey        string

	DomainCertificates string // folder of the certificates of custom domains; empty: they share that of TLSCert

	Drain time.Duration // how long requests are answered after ready has turned 503

	Data      string // folder of the SQLite file and keys
	Database  string // postgres:// URL instead of SQLite
	Ephemeral bool   // dev: nothing is written to disk

	Region  string   // the default, of seeds and of what no request asks for
	Regions []string // those served; empty: every one in dev, Region in serve
	Account string
	Seed    string // YAML file; dev watches it

	Functions           string // YAML file of functions; dev watches it
	FunctionToken       string // dev: what the owner of functions proves to be it with; "" for one in Data
	AllowLocalFunctions bool   // serve: functions may run as processes; dev: they may be put from other machines

	KeyFile string // file of the key-encryption key; default <data>/kek
	Key     string // base64 of the 32-byte key-encryption key itself
	// PreviousKeyFiles hold other key-encryption keys that the database still needs, or will need: before and while the
	// key is changed, every node knows both.
	PreviousKeyFiles []string

	AuditRetention time.Duration // of records of administrative changes; 0 chooses

	RootAccessKeyID     string
	RootSecretAccessKey string

	Limits         Limits
	SMTP           SMTP
	SMS            SMSWebhook
	StyleNeeded    bool   // managed login shows no pages for a client without a style, as at AWS
	Pages          string // folder of templates and texts of sign-in pages; dev watches it; empty: those that the server comes with
	MessageTexts   string // folder of texts of messages, by language; empty: those that the server comes with
	AWS            AWS
	TrustedProxies []string // CIDRs whose X-Forwarded-For is believed
	Version        string   // of the build
	AllowedHosts   []string // dev: hosts that it is reached by and whose pages it trusts, besides this machine and that of PublicURL
	LogFormat      string   // text or json
	LogLevel       string   // debug, info, warn, error
}

// SMTP is the e-mail transport of serve; an empty Host means none.
type SMTP struct {
	Host     string
	Port     int
	Username string
	Password string
	From     string
	TLS      string // mandatory, opportunistic, implicit or none
}

// SMSWebhook is the SMS transport: every message is POSTed there, signed.
type SMSWebhook struct {
	URL          string
	Secret       string
	AllowPrivate bool // permit loopback and private addresses
}

var accountForm = regexp.MustCompile(`^\d{12}$`)

// Validate reports every mistake of the settings, joined.
func (s *Settings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		bad("--listen: need host:port, have %q", s.Listen)
	}
	if u, err := url.Parse(s.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.HasSuffix(s.PublicURL, "/") {
		bad("--public-url: need http(s)://host[:port] without a trailing slash, have %q", s.PublicURL)
	}
	if !accountForm.MatchString(s.Account) {
		bad("--account: need twelve digits, have %q", s.Account)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		bad("--tls-cert and --tls-key go together")
	}
	if s.DomainCertificates != "" && s.TLSCert == "" {
		bad("--domain-certificates needs --tls-cert and --tls-key, for all other names")
	}
	if (s.RootAccessKeyID == "") != (s.RootSecretAccessKey == "") {
		bad("COGNATE_ROOT_ACCESS_KEY_ID and COGNATE_ROOT_SECRET_ACCESS_KEY go together")
	}
	errs = append(errs, s.validateRegions(), s.validateServing(), s.validateLimits(), s.validateStorage(), s.validateSenders(), s.validateAWS())
	return errors.Join(errs...)
}

func (s *Settings) validateStorage() error {
	var errs []error
	bad := func(text string) { errs = append(errs, errors.New(text)) }
	if s.Mode == Serve {
		if s.Ephemeral {
			bad("--ephemeral is not offered by serve")
		}
		if s.Data == "" && s.Database == "" {
			bad("one of --data and --database is required")
		}
	}
	if s.AuditRetention < 0 {
		bad("--audit-retention: need a positive duration")
	}
	if s.KeyFile != "" && s.Key != "" {
		bad("--key-file and --key exclude each other")
	}
	if s.Database != "" {
		if !strings.HasPrefix(s.Database, "postgres://") && !strings.HasPrefix(s.Database, "postgresql://") {
			bad("--database: need a postgres:// URL")
		}
		if s.Mode == Serve && s.Data == "" && s.Key == "" && s.KeyFile == "" {
			bad("--database needs a key-encryption key: --key-file, --key or --data")
		}
	}
	return errors.Join(errs...)
}

func (s *Settings) validateSenders() error {
	var errs []error
	switch s.SMTP.TLS {
	case "", "mandatory", "opportunistic", "implicit", "none":
	default:
		errs = append(errs, fmt.Errorf("--smtp-tls: mandatory, opportunistic, implicit or none, have %q", s.SMTP.TLS))
	}
	if s.SMTP.Host != "" && s.SMTP.From == "" {
		errs = append(errs, errors.New("--smtp-from is required with --smtp-host"))
	}
	if s.SMS.URL != "" {
		u, err := url.Parse(s.SMS.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && !(s.SMS.AllowPrivate && u.Scheme == "http") {
			errs = append(errs, fmt.Errorf("--sms-webhook: need an https:// URL, have %q", s.SMS.URL))
		}
		if len(s.SMS.Secret) < 16 {
			errs = append(errs, errors.New("--sms-webhook-secret: need at least 16 characters"))
		}
	}
	return errors.Join(errs...)
}
