package operator

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"

	"cognate/internal/base/clock"
	"cognate/internal/base/httpkit"
	"cognate/internal/web/site"
)

// Snapshots saves and restores the whole state of a dev server by name.
type Snapshots interface {
	// Save replaces the snapshot of that name.
	Save(ctx context.Context, name string) error
	// Restore puts the saved state back; ErrNoSnapshot when there is none.
	Restore(ctx context.Context, name string) error
	// Names lists what was saved, sorted.
	Names(ctx context.Context) ([]string, error)
}

// Deps are what the handlers need. Metrics is nil where it is served elsewhere;
// Clock, Inbox, Snapshots, Audit and Functions are nil outside dev.
type Deps struct {
	Ready     func(context.Context) error // nil error = the server can serve
	Metrics   http.Handler
	Clock     *clock.Clock
	Inbox     Inbox
	Snapshots Snapshots
	Reset     func(context.Context) error // takes a dev server back to its first start
	Audit     Audit

	// Names are the hosts that dev is known by; Origin is that of the public URL,
	// which a proxy may hide from Host.
	Names  httpkit.Names
	Origin string

	// PublicURL is what people are shown, and BasePath its path, "" or "/...".
	PublicURL, BasePath string
	// Pools is what the start page shows; nil outside dev.
	Pools Pools
	// Docs are the guides, by file name; nil outside dev.
	Docs fs.FS
	// Leaving is closed when the server stops; nil: never.
	Leaving <-chan struct{}

	// Functions is nil outside dev. Token lets their owner in, "" for nobody's;
	// RemoteFunctions permits changing them from other machines.
	Functions       Functions
	Token           string
	RemoteFunctions bool
}

// Handler serves everything below /_cognate/. Probes and scrapers reach health,
// readiness and metrics by whatever name or address.
func Handler(d Deps) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_cognate/health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /_cognate/ready", d.ready)
	if d.Metrics != nil {
		mux.Handle("GET /_cognate/metrics", d.Metrics)
	}
	mux.Handle("/_cognate/", d.guard(d.tools()))
	return mux
}

// tools are what dev offers to people and tests.
func (d Deps) tools() *http.ServeMux {
	mux := http.NewServeMux()
	if d.Inbox != nil {
		d.inboxRoutes(mux)
	}
	if d.Clock != nil {
		mux.HandleFunc("GET /_cognate/clock", d.clock)
		mux.HandleFunc("POST /_cognate/clock", d.moveClock)
	}
	if d.Audit != nil {
		mux.HandleFunc("GET /_cognate/audit", d.audit)
	}
	if d.Snapshots != nil {
		mux.HandleFunc("GET /_cognate/snapshots", d.listSnapshots)
		mux.HandleFunc("POST /_cognate/snapshots/{name}", d.save)
		mux.HandleFunc("POST /_cognate/snapshots/{name}/restore", d.restore)
	}
	if d.Reset != nil {
		mux.HandleFunc("POST /_cognate/reset", d.reset)
	}
	if d.Functions != nil {
		d.functionRoutes(mux)
	}
	if d.Pools != nil {
		mux.HandleFunc("GET "+CallbackPath, d.callback)
	}
	if d.Docs != nil {
		mux.HandleFunc("GET "+docsPath+"{$}", d.showGuides)
		mux.HandleFunc("GET "+docsPath+"{name}", d.showGuide)
	}
	mux.HandleFunc("GET /_cognate/assets/{name}", d.asset)
	mux.HandleFunc("/_cognate/", d.showTools)
	return mux
}

func (d Deps) ready(w http.ResponseWriter, r *http.Request) {
	if err := d.Ready(r.Context()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// writeError refuses in the one form that all pages and endpoints outside the AWS APIs have: a code, and a text for people.
func writeError(w http.ResponseWriter, status int, text string) {
	code := "invalid_request"
	switch {
	case status == http.StatusNotFound:
		code = "not_found"
	case status == http.StatusForbidden:
		code = "access_denied"
	case status >= http.StatusInternalServerError:
		code = "server_error"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(site.RefusalBody(code, text))
}
