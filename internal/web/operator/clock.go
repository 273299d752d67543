package operator

import (
	"encoding/json"
	"net/http"
	"time"
)

// clockView is the answer of the clock endpoint.
type clockView struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"` // how far now is ahead of the machine's clock
}

func (d Deps) clock(w http.ResponseWriter, _ *http.Request) {
	now := d.Clock.Now()
	writeJSON(w, http.StatusOK, clockView{Now: now.UTC(), Offset: d.Clock.Offset().Round(time.Millisecond).String()})
}

// moveClock accepts {"advance":"31m"} or {"reset":true}.
func (d Deps) moveClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"`
		Reset   bool   `json:"reset"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		writeError(w, http.StatusBadRequest, `want {"advance":"31m"} or {"reset":true}`)
		return
	}
	var by time.Duration
	if in.Advance != "" {
		var err error
		if by, err = time.ParseDuration(in.Advance); err != nil || by < 0 {
			writeError(w, http.StatusBadRequest, `advance: want a positive duration such as "31m" or "24h"`)
			return
		}
	}
	if in.Reset {
		d.Clock.Reset()
	}
	d.Clock.Advance(by)
	d.clock(w, r)
}
