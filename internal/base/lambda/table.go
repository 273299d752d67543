package lambda

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// ErrLocalForbidden refuses functions that run as processes where that was not permitted.
var ErrLocalForbidden = errors.New("local functions are not permitted here")

// Status is a configured function as listings show it, without secrets.
type Status struct {
	Function
	// Source is who configured it, the argument of Replace or Put.
	Source string `json:"source"`
	// Processes and Idle count the processes of a local function.
	Processes int `json:"processes,omitzero"`
	Idle      int `json:"idle,omitzero"`
}

// Replace makes list all functions that come from source. What another source
// declared under the same ARN is replaced too. Functions whose configuration
// stays the same keep their processes. Nothing changes when one is wrong.
func (r *Router) Replace(source string, list []Function) error {
	if err := r.check(list); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keep := map[string]bool{}
	for _, f := range list {
		keep[f.ARN] = true
		if err := r.put(source, f); err != nil {
			return err
		}
	}
	for name, e := range r.entries {
		if e.source == source && !keep[name] {
			r.drop(name)
		}
	}
	r.index()
	return nil
}

// Put adds or replaces one function.
func (r *Router) Put(source string, f Function) error {
	if err := r.check([]Function{f}); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.index()
	return r.put(source, f)
}

// Remove takes a function out; ErrUnknownFunction when there is none. What is
// under way is finished.
func (r *Router) Remove(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries[name] == nil {
		return fmt.Errorf("%w: %s", ErrUnknownFunction, name)
	}
	r.drop(name)
	r.index()
	return nil
}

// List shows the configured functions, sorted by ARN.
func (r *Router) List() []Status {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]Status, 0, len(r.entries))
	for _, e := range r.entries {
		s := Status{Function: e.function.Redacted(), Source: e.source}
		if e.pool != nil {
			s.Processes, s.Idle = e.pool.status()
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.ARN, b.ARN) })
	return out
}

// Functions are those of one source with their secrets, sorted by ARN, for
// writing them down.
func (r *Router) Functions(source string) []Function {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := []Function{}
	for _, name := range slices.Sorted(maps.Keys(r.entries)) {
		if e := r.entries[name]; e.source == source {
			out = append(out, e.function)
		}
	}
	return out
}

// Logs are the last lines that a local function printed, oldest first. The
// other transports have none.
func (r *Router) Logs(name string) ([]LogLine, error) {
	e := r.find(name)
	if e == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownFunction, name)
	}
	if e.pool == nil {
		return []LogLine{}, nil
	}
	return e.pool.out.list(), nil
}

func (r *Router) check(list []Function) error {
	var errs []error
	seen := map[string]bool{}
	for _, f := range list {
		errs = append(errs, f.Validate())
		if seen[f.ARN] {
			errs = append(errs, fmt.Errorf("function %s: declared twice", f.ARN))
		}
		seen[f.ARN] = true
		if f.Local != nil && !r.o.AllowLocal {
			errs = append(errs, fmt.Errorf("function %s: %w", f.ARN, ErrLocalForbidden))
		}
	}
	return errors.Join(errs...)
}

// put adds a checked function. r.mu is held.
func (r *Router) put(source string, f Function) error {
	if r.closed {
		return errClosed
	}
	old := r.entries[f.ARN]
	if old != nil && reflect.DeepEqual(old.function, f) {
		old.source = source
		return nil
	}
	e, err := r.reach(f)
	if err != nil {
		return err
	}
	e.source = source
	if old != nil {
		old.close()
	}
	r.entries[f.ARN] = e
	return nil
}

// drop takes a function out. r.mu is held.
func (r *Router) drop(name string) {
	r.entries[name].close()
	delete(r.entries, name)
}

// index collects the patterns. r.mu is held.
func (r *Router) index() {
	r.pattern = nil
	for name, e := range r.entries {
		if strings.HasSuffix(name, "*") {
			r.pattern = append(r.pattern, e)
		}
	}
	sortPatterns(r.pattern)
}

func matches(pattern, name string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(pattern, "*"))
}

// reach builds the transport of a function. r.mu is held.
func (r *Router) reach(f Function) (*entry, error) {
	e := &entry{function: f}
	switch {
	case f.Lambda != nil:
		e.invoker = &endpoint{conf: *f.Lambda, getenv: r.o.Getenv, client: r.endpoint, now: r.o.Now, tail: r.o.Tail}
	case f.Webhook != nil:
		client := r.strict
		if f.Webhook.AllowPrivate {
			client = r.private
		}
		e.invoker = &webhook{conf: *f.Webhook, client: client, now: r.o.Now}
	default:
		if r.host == nil {
			host, err := NewHost(r.o.Host)
			if err != nil {
				return nil, err
			}
			r.host = host
		}
		pool, err := r.host.newPool(f)
		if err != nil {
			return nil, err
		}
		e.pool, e.invoker = pool, pool
	}
	return e, nil
}
