package operator

import (
	"context"
	"errors"
	"net/http"
	"regexp"
)

// ErrNoSnapshot means that nothing was saved under a name.
var ErrNoSnapshot = errors.New("operator: no such snapshot")

var snapshotName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func (d Deps) listSnapshots(w http.ResponseWriter, r *http.Request) {
	names, err := d.Snapshots.Names(r.Context())
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if names == nil {
		names = []string{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"snapshots": names})
}

func (d Deps) save(w http.ResponseWriter, r *http.Request) { d.snapshot(w, r, d.Snapshots.Save) }

func (d Deps) restore(w http.ResponseWriter, r *http.Request) {
	d.snapshot(w, r, d.Snapshots.Restore)
}

func (d Deps) snapshot(w http.ResponseWriter, r *http.Request, do func(context.Context, string) error) {
	name := r.PathValue("name")
	if !snapshotName.MatchString(name) {
		writeError(w, http.StatusBadRequest, "a snapshot name is 1 to 64 of A-Z a-z 0-9 _ . -")
		return
	}
	switch err := do(r.Context(), name); {
	case errors.Is(err, ErrNoSnapshot):
		writeError(w, http.StatusNotFound, "no snapshot of that name")
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	default:
		writeJSON(w, http.StatusOK, map[string]string{"snapshot": name})
	}
}

// reset takes everything back to the first start.
func (d Deps) reset(w http.ResponseWriter, r *http.Request) {
	if err := d.Reset(r.Context()); err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]bool{"reset": true})
}
