package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
)

// received reads the form or the document of a request, and refuses one that does not arrive; nil for all others. It comes
// before anything that others wait for: nobody keeps the server or the tries of a source busy by sending slowly.
func received(ctx context.Context, route *Route, endpoint Endpoint, r *Request) *Reply {
	_, err := r.Posted()
	if endpoint.Document {
		_, err = r.Document()
	}
	status, text := 0, ""
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, httpkit.ErrBusy):
		status, text = http.StatusServiceUnavailable, TextBusy
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		status, text = http.StatusRequestTimeout, "The request did not arrive in time."
	case errors.As(err, &tooLarge):
		status, text = http.StatusRequestEntityTooLarge, textTooLarge
	default: // what is no form is for the handler to tell
		return nil
	}
	obs.Cause(ctx, "%v", err)
	refusal := route.Refuse(ctx, status, text).With("Connection", "close") // nobody reads the rest
	return &refusal
}

// judge asks the handler, under the budget of the source where proofs are taken.
func (s *Site) judge(ctx context.Context, route *Route, endpoint Endpoint, r *Request) Reply {
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
	return route.Refuse(ctx, http.StatusTooManyRequests, TextTooMany(seconds(after))).After(after)
}

// seconds is how many whole seconds it takes until there is room.
func seconds(after time.Duration) int64 { return max(1, int64((after+time.Second-1)/time.Second)) }

// After is a refusal that tells when to try again.
func (r Reply) After(after time.Duration) Reply {
	return r.With("Retry-After", strconv.FormatInt(seconds(after), 10))
}

// TextTooMany tells people and programs when to try again.
func TextTooMany(seconds int64) string {
	return "There were too many wrong attempts from your network address. Try again " + when(seconds) + "."
}

// TextCrowded tells when to do again what too many have done of late.
func TextCrowded(what string, after time.Duration) string {
	return "There were too many " + what + ". Try again " + when(seconds(after)) + "."
}

// when is a time to come in words.
func when(seconds int64) string {
	switch {
	case seconds > 120:
		return fmt.Sprintf("in %d minutes", (seconds+59)/60)
	case seconds > 1:
		return fmt.Sprintf("in %d seconds", seconds)
	}
	return "in a second"
}
