package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"cognate/internal/base/lambda"
	"cognate/internal/config"
)

// functionHistory is how many invocations a dev server remembers. serve keeps
// none: events hold passwords and codes.
const functionHistory = 200

// Who configured a function: the file of --functions, or `cognate function put`.
const (
	fromFile    = "file"
	fromCommand = "command"
)

// functionOptions are the policy and the environment of functions.
func (a *app) functionOptions() lambda.Options {
	s := a.settings
	dev := s.Mode == config.Dev
	o := lambda.Options{
		AllowLocal: dev || s.AllowLocalFunctions, Tail: dev, Log: a.log,
		Host: lambda.HostOptions{Region: s.Region, Env: functionEnv(s, os.Environ()), Watch: dev, Log: a.log},
	}
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "cognate_function_seconds",
		Help:    "Time of one attempt to invoke a function, by how it is reached and how it ended.",
		Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
	}, []string{"transport", "outcome"})
	a.metrics.registry.MustRegister(seconds)
	o.Observe = func(r lambda.Record) {
		seconds.WithLabelValues(r.Transport, r.Outcome).Observe(r.Took.Seconds())
	}
	if dev {
		o.History = functionHistory
	}
	return o
}

// functionEnv is what all local functions get besides their own variables: the
// endpoints that this server stands for, and those that it was told itself. In
// dev any access key is good enough for the server's own APIs.
func functionEnv(s config.Settings, environ []string) map[string]string {
	env := map[string]string{
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": s.PublicURL,
		"AWS_ENDPOINT_URL_KMS":                       s.PublicURL,
	}
	if s.Mode == config.Dev {
		env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "function", "function"
	}
	if s.AWS.KMSEndpoint != "" {
		env["AWS_ENDPOINT_URL_KMS"] = s.AWS.KMSEndpoint
	}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			env[name] = value
		}
	}
	return env
}

// replaceFunctions makes list all functions of source. Paths are relative to
// the folder of file.
func (a *app) replaceFunctions(source string, list []lambda.Function, file string) error {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	lambda.Resolve(list, dir)
	err = a.functions.Replace(source, list)
	if errors.Is(err, lambda.ErrLocalForbidden) {
		return fmt.Errorf("%w; start with --allow-local-functions to permit them", err)
	}
	if err == nil {
		a.warnOfMissing(list)
	}
	return err
}

// warnOfMissing tells which functions have no code yet: sign-in would fail much later, and look like something else.
func (a *app) warnOfMissing(list []lambda.Function) {
	for _, f := range list {
		if f.Local == nil {
			continue
		}
		if missing := f.Local.Missing(); missing != "" {
			a.log.Warn("the code of a function is not there yet", "function", f.ARN, "missing", missing)
		}
	}
}

// loadFunctions applies the file of --functions, and in dev what was put by
// commands before the last stop. A mistake in the latter is only reported.
func (a *app) loadFunctions() error {
	if a.settings.Functions != "" {
		if err := a.applyFunctionFile(); err != nil {
			return err
		}
	}
	store := a.functionStore()
	text, err := os.ReadFile(store)
	if store == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []lambda.Function
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err == nil {
		err = a.functions.Replace(fromCommand, list)
	}
	if err == nil {
		a.warnOfMissing(list)
	} else {
		a.log.Error("functions of earlier commands are left out", "file", store, "error", err)
	}
	return nil
}

func (a *app) applyFunctionFile() error {
	a.functionsApplied = modified(a.settings.Functions)
	text, err := os.ReadFile(a.settings.Functions)
	if err != nil {
		return fmt.Errorf("functions file: %w", err)
	}
	var f struct {
		Functions []lambda.Function `yaml:"functions"`
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && len(strings.TrimSpace(string(text))) > 0 {
		return fmt.Errorf("functions file: %w", err)
	}
	if err := a.replaceFunctions(fromFile, f.Functions, a.settings.Functions); err != nil {
		return fmt.Errorf("functions file: %w", err)
	}
	return nil
}

// watchFunctions applies edits of the functions file in dev until ctx is over.
// A broken edit is reported and leaves everything as it is.
func (a *app) watchFunctions(ctx context.Context) {
	file := a.settings.Functions
	if a.settings.Mode != config.Dev || file == "" {
		return
	}
	a.every(ctx, watchEvery, "functions file", func(context.Context) error {
		a.dataLock.Lock()
		defer a.dataLock.Unlock()
		now := modified(file)
		if now.Equal(a.functionsApplied) || now.IsZero() {
			return nil
		}
		return a.applyFunctionFile()
	})
}

// functionStore is where functions that were put by commands are kept, "" when
// they are not.
func (a *app) functionStore() string {
	s := a.settings
	if s.Mode != config.Dev || s.Ephemeral || s.Data == "" {
		return ""
	}
	return filepath.Join(s.Data, "functions.json")
}

// functions is what the operator's pages may do with the functions of a dev
// server; it implements operator.Functions.
type functions struct {
	app *app
	mu  sync.Mutex // one writer of the store
}

// List implements operator.Functions.
func (f *functions) List() []lambda.Status { return f.app.functions.List() }

// Invoke implements operator.Functions.
func (f *functions) Invoke(ctx context.Context, in lambda.Invocation) (*lambda.Result, error) {
	return f.app.functions.Invoke(ctx, in)
}

// Logs implements operator.Functions.
func (f *functions) Logs(name string) ([]lambda.LogLine, error) { return f.app.functions.Logs(name) }

// Invocations implements operator.Functions.
func (f *functions) Invocations(name string) []lambda.Record {
	return f.app.functions.Invocations(name)
}

// Put implements operator.Functions.
func (f *functions) Put(fn lambda.Function) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fn.Local != nil && !filepath.IsAbs(fn.Local.Path) {
		return fmt.Errorf("function %s: local.path must be absolute here", fn.ARN)
	}
	if err := f.app.functions.Put(fromCommand, fn); err != nil {
		return err
	}
	return f.save()
}

// Remove implements operator.Functions. A function of a file comes back with
// the file's next change.
func (f *functions) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.app.functions.Remove(name); err != nil {
		return err
	}
	return f.save()
}

// save writes what commands configured, with secrets, for this user only.
func (f *functions) save() error {
	store := f.app.functionStore()
	if store == "" {
		return nil
	}
	text, err := json.MarshalIndent(f.app.functions.Functions(fromCommand), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(store+".part", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(store+".part", store)
}
