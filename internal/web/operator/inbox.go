package operator

import (
	"embed"
	"html/template"
	"net/http"
	"strings"
	"time"

	"cognate/internal/core/message"
)

//go:embed inbox.html invocations.html
var pages embed.FS

var inboxPage = template.Must(template.ParseFS(pages, "inbox.html"))

// inbox shows sent messages, newest first, as a page, as JSON (Accept:
// application/json or ?format=json) or, with ?format=code, just the code of
// the newest one, for shell scripts.
func (d Deps) inbox(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("format") == "code" {
		d.inboxCode(w, r)
		return
	}
	messages, err := d.Inbox.Inbox(r.Context(), q.Get("to"), q.Get("userPoolId"))
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if messages == nil {
		messages = []message.InboxMessage{}
	}
	switch {
	case q.Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json"):
		writeJSON(w, http.StatusOK, map[string]any{"messages": messages})
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = inboxPage.Execute(w, map[string]any{
			"Messages": messages, "To": q.Get("to"), "Pool": q.Get("userPoolId"), "Now": time.Now().UTC(),
		})
	}
}

func (d Deps) inboxCode(w http.ResponseWriter, r *http.Request) {
	code, err := d.Inbox.InboxCode(r.Context(), r.URL.Query().Get("to"), r.URL.Query().Get("userPoolId"))
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if code != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(code + "\n"))
		return
	}
	writeError(w, http.StatusNotFound, "no message with a code")
}
