package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognate/internal/config"
)

// parse reads a command line without running it.
func parse(t *testing.T, args ...string) (root, error) {
	t.Helper()
	var r root
	parser, err := newParser(&r, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return r, err
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cognate.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDevDefaults(t *testing.T) {
	r, err := parse(t, "dev")
	if err != nil {
		t.Fatal(err)
	}
	d := r.Dev
	if d.Listen != "127.0.0.1:7654" || filepath.Base(d.Data) != ".cognate" || d.Ephemeral || d.Region != "us-east-1" ||
		d.Account != "000000000000" || d.PublicURL != "" || d.Seed != "" || d.settings(config.Dev).LogFormat != "text" || d.LogLevel != "info" {
		t.Errorf("defaults %+v", d)
	}
}

// TestSources: the command line wins over the environment, and that over the file.
func TestSources(t *testing.T) {
	yaml := file(t, "listen: 127.0.0.1:1\nregion: eu-west-1\naccount: \"111111111111\"\nsmtp_port: 25\ntrusted-proxies: [10.0.0.0/8, \"::1/128\"]\nephemeral: true\n")
	t.Setenv("COGNATE_REGION", "eu-west-2")
	t.Setenv("COGNATE_ACCOUNT", "222222222222")
	t.Setenv("COGNATE_ROOT_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("COGNATE_ROOT_SECRET_ACCESS_KEY", "secret")
	t.Setenv("COGNATE_SMTP_HOST", "mail.example.com")
	r, err := parse(t, "--config", yaml, "dev", "--account", "333333333333")
	if err != nil {
		t.Fatal(err)
	}
	d := r.Dev
	if d.Listen != "127.0.0.1:1" || d.Region != "eu-west-2" || d.Account != "333333333333" || d.SMTPPort != 25 || !d.Ephemeral {
		t.Errorf("%+v", d)
	}
	s := d.settings(config.Dev)
	if s.RootAccessKeyID != "AKIAEXAMPLE" || s.RootSecretAccessKey != "secret" || s.SMTP.Host != "mail.example.com" {
		t.Errorf("%+v", s)
	}
	if len(s.Regions) != 0 {
		t.Errorf("regions %v", s.Regions)
	}
	if !slices.Equal(s.TrustedProxies, []string{"10.0.0.0/8", "::1/128"}) {
		t.Errorf("proxies %v", s.TrustedProxies)
	}
	yaml = file(t, "regions: [eu-west-1, us-east-1]\n")
	if r, err = parse(t, "--config", yaml, "dev"); err != nil || !slices.Equal(r.Dev.settings(config.Dev).Regions, []string{"eu-west-1", "us-east-1"}) {
		t.Errorf("regions of the file: %v, %v", r.Dev.Regions, err)
	}
	t.Setenv("COGNATE_REGIONS", "eu-west-2,eu-west-3")
	if r, err = parse(t, "--config", yaml, "dev"); err != nil || !slices.Equal(r.Dev.settings(config.Dev).Regions, []string{"eu-west-2", "eu-west-3"}) {
		t.Errorf("regions of the environment: %v, %v", r.Dev.Regions, err)
	}
	t.Setenv("COGNATE_CONFIG", file(t, "listen: 127.0.0.1:2\n"))
	if r, err = parse(t, "dev"); err != nil || r.Dev.Listen != "127.0.0.1:2" {
		t.Errorf("file of the environment: %v, %v", r.Dev.Listen, err)
	}
}

// TestRootSecretNames: the flag's own variable and the one in the style of AWS.
func TestRootSecretNames(t *testing.T) {
	t.Setenv("COGNATE_ROOT_ACCESS_KEY_SECRET", "other")
	r, err := parse(t, "dev")
	if err != nil || r.Dev.RootSecret != "other" {
		t.Errorf("%q, %v", r.Dev.RootSecret, err)
	}
}

func TestCommandLine(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string // on either stream
	}{
		"help":           {[]string{"--help"}, 0, "dev"},
		"help of dev":    {[]string{"dev", "--help"}, 0, "127.0.0.1:7654"},
		"version":        {[]string{"--version"}, 0, "cognate"},
		"nothing":        {nil, 0, "Usage"},
		"unknown":        {[]string{"fly"}, 2, "fly"},
		"unknown flag":   {[]string{"dev", "--fly"}, 2, "--fly"},
		"serve, bare":    {[]string{"serve"}, 2, "--listen"},
		"serve, memory":  {[]string{"serve", "--ephemeral"}, 2, "--ephemeral"},
		"unknown key":    {[]string{"--config", file(t, "listen: 127.0.0.1:1\nlisten-on: x\n"), "dev"}, 2, `unknown key "listen-on"`},
		"broken file":    {[]string{"--config", file(t, "listen: ["), "dev"}, 2, "configuration file"},
		"no file":        {[]string{"--config", "/nonexistent/cognate.yaml", "dev"}, 2, "cognate.yaml"},
		"no seed":        {[]string{"dev", "--seed", "/nonexistent/seed.yaml"}, 2, "seed.yaml"},
		"choice":         {[]string{"dev", "--log-level", "loud"}, 2, "loud"},
		"bad listen":     {[]string{"dev", "--ephemeral", "--listen", "nowhere"}, 1, "--listen"},
		"all mistakes":   {[]string{"dev", "--ephemeral", "--region", "x", "--account", "y", "--tls-cert", "z"}, 1, "--tls-cert and --tls-key"},
		"export of what": {[]string{"seed", "export"}, 2, "--data or --database"},
		"export nothing": {[]string{"seed", "export", "--data", "/nonexistent/cognate"}, 1, "there is no database"},
		"keys of what":   {[]string{"keys", "rotate"}, 2, "--data or --database"},
		"rewrap what":    {[]string{"keys", "rewrap", "--new-key-file", "x"}, 2, "--data or --database"},
		"no key":         {[]string{"keys", "rotate", "--database", "postgres://localhost/x"}, 2, "--key-file"},
		"no database":    {[]string{"keys", "rotate", "--data", "/nonexistent/cognate"}, 1, "there is no database"},
		"serve, no data": {[]string{"serve", "--listen", "127.0.0.1:0", "--public-url", "https://x", "--region", "us-east-1", "--account", "123456789012"}, 1, "--data"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := Main(c.args, &out, &errs); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if !strings.Contains(out.String()+errs.String(), c.want) {
				t.Errorf("output lacks %q:\n%s%s", c.want, &out, &errs)
			}
		})
	}
}

// TestEnvFiles: files stand for variables; the variable itself wins, both win
// over the configuration file, and --key-file keeps its own variable.
func TestEnvFiles(t *testing.T) {
	yaml := file(t, "database: postgres://yaml/x\nsmtp-password: yaml\n")
	secret := file(t, "postgres://secret/x\n")
	t.Setenv("COGNATE_DATABASE_FILE", secret)
	t.Setenv("COGNATE_SMTP_PASSWORD_FILE", secret)
	t.Setenv("COGNATE_SMTP_PASSWORD", "variable")
	t.Setenv("COGNATE_KEY_FILE", "/etc/cognate/kek")
	t.Setenv("COGNATE_ROOT_ACCESS_KEY_SECRET_FILE", secret)
	r, err := parse(t, "--config", yaml, "serve", "--listen", ":1", "--public-url", "https://x", "--region", "us-east-1", "--account", "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	s := r.Serve.serving()
	if s.Database != "postgres://secret/x" || s.SMTP.Password != "variable" || s.KeyFile != "/etc/cognate/kek" || s.Key != "" || s.RootSecretAccessKey != "postgres://secret/x" {
		t.Errorf("%+v", s)
	}
	t.Setenv("COGNATE_PUBLIC_URL_FILE", secret) // required flags count as given
	if r, err = parse(t, "serve", "--listen", ":1", "--region", "us-east-1", "--account", "000000000000"); err != nil || r.Serve.PublicURL != "postgres://secret/x" {
		t.Errorf("%q, %v", r.Serve.PublicURL, err)
	}
	t.Setenv("COGNATE_DATABASE_FILE", "/nonexistent/secret")
	if _, err = parse(t, "dev"); err == nil || !strings.Contains(err.Error(), "COGNATE_DATABASE_FILE") {
		t.Errorf("missing file: %v", err)
	}
}
