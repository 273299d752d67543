package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
)

// judge asks the handler, under the budget of the source where proofs are taken. A form is read before a try is reserved, so
// that nobody keeps the tries of a source busy by sending slowly.
func (s *Site) judge(ctx context.Context, route *Route, endpoint Endpoint, r *Request) Reply {
	if _, err := r.Posted(); errors.Is(err, httpkit.ErrBusy) {
		obs.Cause(ctx, "%v", err)
		return route.Refuse(ctx, http.StatusServiceUnavailable, TextBusy).With("Connection", "close") // nobody reads the rest
	}
	if s.Guard == nil || !endpoint.Proof {
		return endpoint.Handle(ctx, r)
	}
	ctx, done, err := s.Guard.Present(ctx, r.Place.PoolID)
	defer done()
	var over *limit.Over
	if errors.As(err, &over) && endpoint.Known != nil {
		known, fault := endpoint.Known(ctx, r)
		if fault != nil || known {
			err = fault
		}
	}
	switch {
	case err == nil:
		return endpoint.Handle(ctx, r)
	case errors.As(err, &over):
		return tooMany(ctx, route, over.After)
	}
	return route.Refuse(ctx, Failed(ctx, err), TextInternal)
}

// tooMany refuses a source until there is room for a try.
func tooMany(ctx context.Context, route *Route, after time.Duration) Reply {
	if obs.From(ctx).Outcome == "" {
		obs.From(ctx).Outcome = "too_many"
	}
	seconds := max(1, int64((after+time.Second-1)/time.Second))
	return route.Refuse(ctx, http.StatusTooManyRequests, TextTooMany(seconds)).With("Retry-After", strconv.FormatInt(seconds, 10))
}

// TextTooMany tells people and programs when to try again.
func TextTooMany(seconds int64) string {
	when := "in a second"
	switch {
	case seconds > 120:
		when = fmt.Sprintf("in %d minutes", (seconds+59)/60)
	case seconds > 1:
		when = fmt.Sprintf("in %d seconds", seconds)
	}
	return "There were too many wrong attempts from your network address. Try again " + when + "."
}
