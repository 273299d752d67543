package lambda

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/httpkit"
)

// Duration is a time.Duration written as "5s", "300ms" or "10m".
type Duration time.Duration

// UnmarshalText reads the form of time.ParseDuration; negative ones are refused.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration such as 5s or 10m", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the form of time.Duration.String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Function says how one function is reached: exactly one of Local, Lambda and
// Webhook is set.
type Function struct {
	// ARN is the function's, with or without qualifier. One that ends in * stands
	// for all with that beginning and is possible with Lambda only.
	ARN string `yaml:"arn" json:"arn"`
	// Timeout is the limit of one attempt; the Router's when zero.
	Timeout Duration  `yaml:"timeout" json:"timeout,omitzero"`
	Local   *Local    `yaml:"local" json:"local,omitempty"`
	Lambda  *Endpoint `yaml:"lambda" json:"lambda,omitempty"`
	Webhook *Webhook  `yaml:"webhook" json:"webhook,omitempty"`
}

// Local is a function that runs as processes of this machine.
type Local struct {
	// Path is a folder, a zip file or, for provided and go, an executable.
	Path string `yaml:"path" json:"path"`
	// Handler is file.function for nodejs, module.function for python. For
	// provided and go it may name the executable; default bootstrap.
	Handler string `yaml:"handler" json:"handler,omitempty"`
	// Runtime is nodejs, python, provided or go, also with AWS's versions (nodejs22.x).
	Runtime string            `yaml:"runtime" json:"runtime"`
	Env     map[string]string `yaml:"env" json:"env,omitempty"`
	// Concurrency is the largest number of processes; default 4.
	Concurrency int `yaml:"concurrency" json:"concurrency,omitzero"`
	// Idle is how long an unused process is kept; default 10m.
	Idle Duration `yaml:"idle" json:"idle,omitzero"`
	// Memory is the limit of one process in MB of resident memory; none when zero.
	Memory int `yaml:"memory" json:"memory,omitzero"`
}

// Endpoint is a function behind the Lambda Invoke API.
type Endpoint struct {
	// Endpoint is the base URL; default AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL,
	// else AWS in the function's region.
	Endpoint string `yaml:"endpoint" json:"endpoint,omitempty"`
	// Region signs the request; default that of the ARN, else AWS_REGION.
	Region string `yaml:"region" json:"region,omitempty"`
	// Function is the name to call instead of the ARN (SAM local knows names only).
	Function string `yaml:"function" json:"function,omitempty"`
	// The credentials; default AWS_ACCESS_KEY_ID and its companions.
	AccessKeyID     string `yaml:"accessKeyId" json:"accessKeyId,omitempty"`
	SecretAccessKey string `yaml:"secretAccessKey" json:"secretAccessKey,omitempty"`
	SessionToken    string `yaml:"sessionToken" json:"sessionToken,omitempty"`
}

// Webhook is a function behind an HTTPS URL of the operator's.
type Webhook struct {
	URL string `yaml:"url" json:"url"`
	// Secret is the HMAC key of the signature, at least 16 characters.
	Secret string `yaml:"secret" json:"secret"`
	// AllowPrivate permits plain http and loopback and private addresses.
	AllowPrivate bool `yaml:"allowPrivate" json:"allowPrivate,omitempty"`
}

// minSecret is the least length of a webhook's secret in bytes.
const minSecret = 16

// Limits of Local.
const (
	maxConcurrency = 1000
	maxTimeout     = 15 * time.Minute // as on AWS
)

// Validate reports every mistake of f, joined.
func (f *Function) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("function %s: "+format, append([]any{f.ARN}, args...)...))
	}
	name, pattern := strings.CutSuffix(f.ARN, "*")
	if a, err := arn.Parse(name); (err != nil || a.Service != "lambda") && !pattern {
		bad("arn: need the ARN of a Lambda function")
	}
	if pattern && f.Lambda == nil {
		bad("arn: only functions behind the Invoke API can be named by a pattern")
	}
	if n := count(f.Local != nil, f.Lambda != nil, f.Webhook != nil); n != 1 {
		bad("need exactly one of local, lambda and webhook, have %d", n)
	}
	if time.Duration(f.Timeout) > maxTimeout {
		bad("timeout: at most %v", maxTimeout)
	}
	if f.Local != nil {
		f.Local.validate(bad)
	}
	if f.Lambda != nil && f.Lambda.Endpoint != "" {
		if u, err := url.Parse(f.Lambda.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			bad("lambda.endpoint: need an http(s) URL")
		}
	}
	if f.Lambda != nil && (f.Lambda.AccessKeyID == "") != (f.Lambda.SecretAccessKey == "") {
		bad("lambda: accessKeyId and secretAccessKey go together")
	}
	if f.Webhook != nil {
		f.Webhook.validate(bad)
	}
	return errors.Join(errs...)
}

func (l *Local) validate(bad func(string, ...any)) {
	kind, err := runtimeKind(l.Runtime)
	switch {
	case err != nil:
		bad("local.runtime: %v", err)
	case (kind == nodeKind || kind == pythonKind) && !strings.Contains(l.Handler, "."):
		bad("local.handler: need file.function, have %q", l.Handler)
	}
	if l.Path == "" {
		bad("local.path is required")
	}
	if strings.HasPrefix(l.Handler, "/") || strings.Contains(l.Handler, "..") {
		bad("local.handler: must stay below the path")
	}
	if l.Concurrency < 0 || l.Concurrency > maxConcurrency {
		bad("local.concurrency: 1 to %d", maxConcurrency)
	}
	if l.Memory < 0 {
		bad("local.memory: a number of MB")
	}
	for name, value := range l.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			bad("local.env: %q cannot be a variable", name)
		}
	}
}

func (w *Webhook) validate(bad func(string, ...any)) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" {
		bad("webhook.url: need an https URL")
		return
	}
	client := httpkit.NewClient(webhookClient(w.AllowPrivate))
	defer client.Close()
	if err := client.CheckURL(u); err != nil {
		bad("webhook.url: %v", err)
	}
	if len(w.Secret) < minSecret {
		bad("webhook.secret: need at least %d characters", minSecret)
	}
}

func count(list ...bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}

// Resolve makes the paths of functions absolute, as seen from dir.
func Resolve(list []Function, dir string) {
	for i := range list {
		if l := list[i].Local; l != nil && l.Path != "" && !filepath.IsAbs(l.Path) {
			moved := *l
			moved.Path = filepath.Join(dir, l.Path)
			list[i].Local = &moved
		}
	}
}

// hidden stands in the place of secrets in listings.
const hidden = "***"

// Redacted is f without secrets, for listings: the values of variables count
// as secrets, their names do not.
func (f Function) Redacted() Function {
	hide := func(s *string) {
		if *s != "" {
			*s = hidden
		}
	}
	if f.Local != nil {
		l := *f.Local
		l.Env = make(map[string]string, len(f.Local.Env))
		for name := range f.Local.Env {
			l.Env[name] = hidden
		}
		f.Local = &l
	}
	if f.Lambda != nil {
		e := *f.Lambda
		hide(&e.SecretAccessKey)
		hide(&e.SessionToken)
		f.Lambda = &e
	}
	if f.Webhook != nil {
		w := *f.Webhook
		hide(&w.Secret)
		f.Webhook = &w
	}
	return f
}

// Transport names the way f is reached: local, lambda or webhook.
func (f *Function) Transport() string {
	switch {
	case f.Local != nil:
		return "local"
	case f.Lambda != nil:
		return "lambda"
	case f.Webhook != nil:
		return "webhook"
	}
	return ""
}

// unqualified drops the version or alias of a function ARN
// (arn:aws:lambda:region:account:function:name:qualifier).
func unqualified(name string) (string, string) {
	a, err := arn.Parse(name)
	if err != nil || a.Service != "lambda" {
		return name, ""
	}
	parts := strings.Split(a.Resource, ":")
	if len(parts) != 3 || parts[0] != "function" {
		return name, ""
	}
	a.Resource = parts[0] + ":" + parts[1]
	return a.String(), parts[2]
}

// functionName is the name inside a function ARN, or the whole text when it is none.
func functionName(name string) string {
	base, _ := unqualified(name)
	if i := strings.LastIndexByte(base, ':'); i >= 0 {
		return base[i+1:]
	}
	return base
}
