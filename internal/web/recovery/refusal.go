package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

// refused renders an error of the rules. Refused tokens are challenged as RFC 6750 and RFC 9470 have it.
func refused(ctx context.Context, token string, err error) site.Reply {
	var weak *factor.Weak
	var unauthorized *cognitoidp.NotAuthorizedException
	switch {
	case errors.Is(err, pool.ErrPoolNotFound):
		return site.Refusal(ctx, http.StatusNotFound, "not_found", "User pool does not exist.")
	case errors.Is(err, factor.ErrRecoveryOff):
		return site.Refusal(ctx, http.StatusNotFound, "not_found",
			"Recovery codes are off in this user pool. The tag "+pool.TagRecoveryCodes+" switches them on.")
	case errors.As(err, &unauthorized) && token == "":
		return site.Refusal(ctx, http.StatusUnauthorized, "invalid_token", "An access token is required.").With("WWW-Authenticate", "Bearer")
	case errors.As(err, &unauthorized):
		return challenged(ctx, "invalid_token", unauthorized.Message, "")
	case errors.As(err, &weak):
		age := int(weak.MaxAge.Seconds())
		more := fmt.Sprintf(`, max_age="%d"`, age)
		if len(weak.ACR) > 0 {
			more += `, acr_values="` + strings.Join(weak.ACR, " ") + `"`
		}
		text := fmt.Sprintf("Sign in again with a second factor or a passkey; the sign-in may be %d seconds old.", age)
		return challenged(ctx, "insufficient_user_authentication", text, more)
	case errors.Is(err, factor.ErrNoSecondFactor):
		return site.Refusal(ctx, http.StatusConflict, "no_second_factor",
			"The user is asked for no second factor that recovery codes could stand in for.")
	}
	return site.Refusal(ctx, site.Failed(ctx, err), "server_error", site.TextInternal)
}

// challenged refuses a token. The texts are ours and need no escaping.
func challenged(ctx context.Context, code, text, more string) site.Reply {
	return site.Refusal(ctx, http.StatusUnauthorized, code, text).
		With("WWW-Authenticate", fmt.Sprintf(`Bearer error="%s", error_description="%s"%s`, code, text, more))
}
