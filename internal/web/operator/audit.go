package operator

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"cognate/internal/core/audit"
)

// Audit reads the record of administrative changes.
type Audit interface {
	// List answers the newest first.
	List(ctx context.Context, f audit.Filter) ([]audit.Event, error)
}

// audit answers records as JSON: ?pool=, ?user=, ?operation=, ?since= (a duration such as 24h, or a time) and ?limit=.
func (d Deps) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := audit.Filter{Pool: q.Get("pool"), User: q.Get("user"), Operation: q.Get("operation")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			writeError(w, http.StatusBadRequest, "limit: want 1 to 1000")
			return
		}
		f.Limit = n
	}
	if text := q.Get("since"); text != "" {
		ago, err := time.ParseDuration(text)
		if err == nil {
			f.Since = time.Now().Add(-ago)
		} else if f.Since, err = time.Parse(time.RFC3339, text); err != nil {
			writeError(w, http.StatusBadRequest, `since: want a duration such as "24h" or a time such as 2026-01-31T12:00:00Z`)
			return
		}
	}
	events, err := d.Audit.List(r.Context(), f)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if events == nil {
		events = []audit.Event{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"events": events})
}
