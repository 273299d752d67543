package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

const (
	methods = "GET, POST, DELETE, OPTIONS"
	// preflightAge is how long browsers may keep a preflight answer, in seconds.
	preflightAge = "172800"
	// maxHeader bounds the header names that a preflight answer repeats.
	maxHeader = 1024
)

// preflight answers a browser's question whether it may call: everyone may, since nothing here depends on cookies.
func preflight(header http.Header, r *http.Request) answer {
	names := r.Header.Get("Access-Control-Request-Headers")
	if names == "" || len(names) > maxHeader {
		names = "Authorization, Content-Type"
	}
	header.Set("Access-Control-Allow-Methods", methods)
	header.Set("Access-Control-Allow-Headers", names)
	header.Set("Access-Control-Max-Age", preflightAge)
	return answer{status: http.StatusNoContent}
}

// refused renders an error of the rules. Refused tokens are challenged as RFC 6750 and RFC 9470 have it.
func refused(ctx context.Context, header http.Header, token string, err error) answer {
	var weak *factor.Weak
	var unauthorized *cognitoidp.NotAuthorizedException
	switch {
	case errors.Is(err, pool.ErrPoolNotFound):
		return failed(ctx, http.StatusNotFound, "not_found", "User pool does not exist.")
	case errors.Is(err, factor.ErrRecoveryOff):
		return failed(ctx, http.StatusNotFound, "not_found",
			"Recovery codes are off in this user pool. The tag "+pool.TagRecoveryCodes+" switches them on.")
	case errors.As(err, &unauthorized) && token == "":
		header.Set("WWW-Authenticate", "Bearer")
		return failed(ctx, http.StatusUnauthorized, "invalid_token", "An access token is required.")
	case errors.As(err, &unauthorized):
		return challenged(ctx, header, "invalid_token", unauthorized.Message, "")
	case errors.As(err, &weak):
		age := int(weak.MaxAge.Seconds())
		more := fmt.Sprintf(`, max_age="%d"`, age)
		if len(weak.ACR) > 0 {
			more += `, acr_values="` + strings.Join(weak.ACR, " ") + `"`
		}
		text := fmt.Sprintf("Sign in again with a second factor or a passkey; the sign-in may be %d seconds old.", age)
		return challenged(ctx, header, "insufficient_user_authentication", text, more)
	case errors.Is(err, factor.ErrNoSecondFactor):
		return failed(ctx, http.StatusConflict, "no_second_factor",
			"The user is asked for no second factor that recovery codes could stand in for.")
	}
	obs.Cause(ctx, "%v", err)
	return failed(ctx, http.StatusInternalServerError, "server_error", "Something went wrong")
}

// challenged refuses a token. The texts are ours and need no escaping.
func challenged(ctx context.Context, header http.Header, code, text, more string) answer {
	header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="%s", error_description="%s"%s`, code, text, more))
	return failed(ctx, http.StatusUnauthorized, code, text)
}

func failed(ctx context.Context, status int, code, text string) answer {
	obs.From(ctx).Outcome = code
	b := rt.AppendString([]byte(`{"error":`), code)
	b = rt.AppendString(append(b, `,"error_description":`...), text)
	return answer{status, append(b, '}')}
}

// send writes an answer and returns its status.
func send(w http.ResponseWriter, a answer) int {
	if a.body != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.body != nil {
		_, _ = w.Write(a.body) // a reader that went away is no failure of ours
	}
	return a.status
}
