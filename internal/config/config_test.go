package config

import (
	"encoding/base64"
	"strings"
	"testing"

	"cognate/internal/base/arn"
)

// valid are settings of serve without a mistake.
func valid() Settings {
	return Settings{
		Mode: Serve, Listen: "0.0.0.0:443", PublicURL: "https://id.example.com", Data: "/var/lib/cognate",
		Region: "eu-central-1", Account: "123456789012", LogFormat: "json", LogLevel: "info",
	}
}

func TestValid(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, edit := range map[string]func(*Settings){
		"as it is":                      func(*Settings) {},
		"PostgreSQL":                    func(s *Settings) { s.Data, s.Database, s.Key = "", "postgres://db/cognate", key },
		"key of PostgreSQL in a folder": func(s *Settings) { s.Database, s.KeyFile = "postgresql://db/cognate", "/etc/cognate/kek" },
		"GovCloud":                      func(s *Settings) { s.Region = "us-gov-west-1" },
		"two regions":                   func(s *Settings) { s.Regions = []string{"us-east-1", "eu-central-1"} },
		"a region of one's own":         func(s *Settings) { s.Region, s.Regions = "xx-moon-1", []string{"xx-moon-1"} },
		"dev, in memory":                func(s *Settings) { s.Mode, s.Ephemeral, s.PublicURL = Dev, true, "http://localhost:7654" },
		"TLS":                           func(s *Settings) { s.TLSCert, s.TLSKey = "cert.pem", "key.pem" },
		"senders": func(s *Settings) {
			s.SMTP = SMTP{Host: "mail.example.com", Port: 587, From: "no-reply@example.com", TLS: "mandatory"}
			s.SMS = SMSWebhook{URL: "https://sms.example.com/", Secret: "0123456789abcdef"}
		},
		"webhook at home": func(s *Settings) {
			s.SMS = SMSWebhook{URL: "http://127.0.0.1:9000/", Secret: "0123456789abcdef", AllowPrivate: true}
		},
		"proxies": func(s *Settings) { s.TrustedProxies = []string{"10.0.0.0/8", "::1/128"} },
	} {
		s := valid()
		edit(&s)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Settings)
		want string
	}{
		"no port":            {func(s *Settings) { s.Listen = "localhost" }, "--listen"},
		"no scheme":          {func(s *Settings) { s.PublicURL = "id.example.com" }, "--public-url"},
		"trailing slash":     {func(s *Settings) { s.PublicURL += "/" }, "--public-url"},
		"other scheme":       {func(s *Settings) { s.PublicURL = "ftp://id.example.com" }, "--public-url"},
		"region":             {func(s *Settings) { s.Region = "Frankfurt" }, "--region"},
		"typing error":       {func(s *Settings) { s.Region = "eu-wst-9" }, "AWS has no region eu-wst-9"},
		"one of regions":     {func(s *Settings) { s.Regions = []string{"eu-central-1", "Mars"} }, `--regions: need regions such as us-east-1, have "Mars"`},
		"default not served": {func(s *Settings) { s.Regions = []string{"us-east-1"} }, "--regions: must contain eu-central-1"},
		"account":            {func(s *Settings) { s.Account = "1234" }, "--account"},
		"half of TLS":        {func(s *Settings) { s.TLSCert = "cert.pem" }, "--tls-cert and --tls-key"},
		"domains alone":      {func(s *Settings) { s.DomainCertificates = "certs" }, "--domain-certificates needs --tls-cert"},
		"half of root":       {func(s *Settings) { s.RootAccessKeyID = "AKIA" }, "go together"},
		"ephemeral in serve": {func(s *Settings) { s.Ephemeral = true }, "--ephemeral"},
		"no storage":         {func(s *Settings) { s.Data = "" }, "one of --data and --database"},
		"two keys":           {func(s *Settings) { s.KeyFile, s.Key = "kek", base64.StdEncoding.EncodeToString(make([]byte, 32)) }, "exclude each other"},
		"other database":     {func(s *Settings) { s.Database = "mysql://db" }, "postgres://"},
		"database, no key":   {func(s *Settings) { s.Data, s.Database = "", "postgres://db" }, "key-encryption key"},
		"short key":          {func(s *Settings) { s.Key = "AAAA" }, "--key"},
		"SMTP policy":        {func(s *Settings) { s.SMTP.TLS = "maybe" }, "--smtp-tls"},
		"SMTP sender":        {func(s *Settings) { s.SMTP.Host = "mail.example.com" }, "--smtp-from"},
		"plain webhook":      {func(s *Settings) { s.SMS = SMSWebhook{URL: "http://sms.example.com", Secret: "0123456789abcdef"} }, "--sms-webhook"},
		"short secret":       {func(s *Settings) { s.SMS = SMSWebhook{URL: "https://sms.example.com", Secret: "short"} }, "--sms-webhook-secret"},
		"proxy":              {func(s *Settings) { s.TrustedProxies = []string{"nonsense"} }, "--trusted-proxies"},
		"metrics":            {func(s *Settings) { s.MetricsListen = "9090" }, "--metrics-listen"},
		"allowed host":       {func(s *Settings) { s.AllowedHosts = []string{"http://x"} }, "--allowed-hosts"},
		"log format":         {func(s *Settings) { s.LogFormat = "xml" }, "--log-format"},
		"log level":          {func(s *Settings) { s.LogLevel = "loud" }, "--log-level"},
	} {
		s := valid()
		c.edit(&s)
		err := s.Validate()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to speak of %s", name, err, c.want)
		}
		if err != nil && strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: more than one complaint: %v", name, err)
		}
	}
}

// TestAllAtOnce: somebody who sets up a server should not have to find the mistakes one by one.
func TestAllAtOnce(t *testing.T) {
	s := Settings{Mode: Serve, SMTP: SMTP{Host: "mail"}, SMS: SMSWebhook{URL: "x"}, TLSKey: "key.pem", LogLevel: "loud", TrustedProxies: []string{"x"}}
	err := s.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--listen", "--public-url", "--region", "--account", "--tls-cert", "--data", "--smtp-from",
		"--sms-webhook:", "--sms-webhook-secret", "--log-level", "--trusted-proxies"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %s in:\n%v", want, err)
		}
	}
}

func TestServes(t *testing.T) {
	for name, c := range map[string]struct {
		mode    Mode
		regions []string
		yes, no []arn.Region
	}{
		"serve":          {Serve, nil, []arn.Region{"eu-central-1"}, []arn.Region{"eu-west-1", "", "mars"}},
		"serve, several": {Serve, []string{"eu-central-1", "eu-west-1"}, []arn.Region{"eu-central-1", "eu-west-1"}, []arn.Region{"us-east-1", ""}},
		"dev":            {Dev, nil, []arn.Region{"eu-central-1", "ap-southeast-7"}, []arn.Region{"", "mars", "us-east-1_x", "eu-wst-9"}},
		"dev, its own":   {Dev, []string{"xx-moon-1"}, []arn.Region{"xx-moon-1"}, []arn.Region{"us-east-1"}},
		"dev, one":       {Dev, []string{"eu-central-1"}, []arn.Region{"eu-central-1"}, []arn.Region{"us-east-1"}},
	} {
		s := valid()
		s.Mode, s.Regions = c.mode, c.regions
		for _, r := range c.yes {
			if !s.Serves(r) {
				t.Errorf("%s: %q is not served", name, r)
			}
		}
		for _, r := range c.no {
			if s.Serves(r) {
				t.Errorf("%s: %q is served", name, r)
			}
		}
	}
}
