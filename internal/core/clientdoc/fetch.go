package clientdoc

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/obs"
	"cognate/internal/base/shed"
)

const (
	maxBody = 5 << 10         // of a document
	timeout = 5 * time.Second // to fetch one

	// minCache and maxCache bound how long a document says that it may be kept, in seconds.
	minCache = 86_400
	maxCache = 31_556_952

	// pause is how long a document is not asked for again after it was not to be had.
	pause     = 30 * time.Second
	maxFailed = 10_000
)

// NewClient returns the client that fetches documents: by https alone, without redirects, from public addresses. Only
// AllowLocal, Allow, Resolver and TLS of the options are used.
func NewClient(o httpkit.ClientOptions) *httpkit.Client {
	return httpkit.NewClient(httpkit.ClientOptions{
		AllowLocal: o.AllowLocal, Allow: o.Allow, Resolver: o.Resolver, TLS: o.TLS, Timeout: timeout, MaxBody: maxBody,
	})
}

// fresh fetches the document of an address and keeps it. What was not to be had is not asked for again at once, a source
// can have only so many fetched, and those who want the same one at the same time wait for it together.
func (r *Room) fresh(ctx context.Context, poolID string, p *policy, address string) (*document, error) {
	key := poolID + " " + address
	if err := r.known(key); err != nil {
		return nil, err
	}
	done, err := r.Guard.Registration(ctx, poolID)
	if err != nil {
		return nil, err
	}
	f, first := r.join(key)
	defer done(first)
	if first {
		defer close(f.done)
		defer r.leave(key)
		// For all who wait, whatever becomes of the request that it is done for.
		if f.d, f.err = r.fetch(context.WithoutCancel(ctx), poolID, p, address); errors.Is(f.err, ErrDocument) {
			r.remember(key, f.err)
		}
		return f.d, f.err
	}
	select {
	case <-f.done:
		return f.d, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns what is being fetched of a key, and whether the caller is the one to fetch it.
func (r *Room) join(key string) (*flight, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.under[key]; f != nil {
		return f, false
	}
	f := &flight{done: make(chan struct{}), err: errAbandoned}
	r.under[key] = f
	return f, true
}

func (r *Room) leave(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under, key)
}

// errAbandoned is what others learn of a fetch that a panic ended.
var errAbandoned = errors.New("clientdoc: the fetch was abandoned")

// known returns why a document was not to be had a moment ago.
func (r *Room) known(key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, found := r.failed[key]
	if !found || !r.Clock.Now().Before(f.until) {
		return nil
	}
	return f.err
}

func (r *Room) remember(key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failed) >= maxFailed {
		clear(r.failed)
	}
	r.failed[key] = failure{err, r.Clock.Now().Add(pause)}
}

// fetch fetches a document and keeps it under the policy.
func (r *Room) fetch(ctx context.Context, poolID string, p *policy, address string) (*document, error) {
	body, life, err := r.get(ctx, address)
	if err != nil {
		return nil, unusable(ctx, err)
	}
	d, err := read(address, body)
	if err != nil {
		return nil, unusable(ctx, err)
	}
	if life == 0 {
		life = p.cacheSeconds()
	}
	now := r.Clock.Milli()
	row := documentRow{address: address, body: body, fetched: now, expires: now + life*1000}
	err = r.DB.Update(ctx, func(tx *db.Tx) error {
		// A policy that was deleted meanwhile keeps nothing.
		if _, err := readPolicy(tx, poolID, p.id()); err != nil {
			return err
		}
		return putDocument(tx, poolID, p.id(), row)
	})
	if err != nil && !errors.Is(err, errNoPolicy) {
		return nil, err
	}
	return d, nil
}

func unusable(ctx context.Context, err error) error {
	obs.Cause(ctx, "client metadata document: %v", err)
	return fmt.Errorf("%w: %w", ErrDocument, err)
}

// get asks for a document; life is how long it says that it may be kept, in seconds, 0 when that is not for it to say.
func (r *Room) get(ctx context.Context, address string) (body []byte, life int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept", "application/json")
	back := shed.Away(ctx) // a stranger's server may take its time: nobody else waits for it
	answer, err := r.Client.Do(req)
	back()
	switch {
	case err != nil:
		return nil, 0, err
	case answer.Status != http.StatusOK:
		return nil, 0, fmt.Errorf("it is answered with status %d", answer.Status)
	case !isJSON(answer.Header.Get("Content-Type")):
		return nil, 0, errors.New("its Content-Type is not application/json")
	}
	return answer.Body, maxAge(answer.Header), nil
}

// isJSON reports whether a media type is that of JSON, or of a kind of JSON (RFC 6839 section 3.1).
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// maxAge is max-age of Cache-Control where it lies within the bounds, else 0.
func maxAge(h http.Header) int64 {
	for _, directive := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		n, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 64)
		if err == nil && n >= minCache && n <= maxCache {
			return n
		}
		return 0
	}
	return 0
}
