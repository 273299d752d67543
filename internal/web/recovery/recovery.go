package recovery

import (
	"context"
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

// Codes holds the rules; *factor.Factors does. Its errors are pool.ErrPoolNotFound, the sentinels of recovery codes,
// *factor.Weak, and the NotAuthorizedException of a token that is refused.
type Codes interface {
	MakeRecoveryCodes(ctx context.Context, poolID, accessToken string) ([]string, error)
	RecoveryCodes(ctx context.Context, poolID, accessToken string) (factor.RecoverySet, error)
	DropRecoveryCodes(ctx context.Context, poolID, accessToken string) error
}

// methods are what can be done, by their names in the log.
var methods = map[string]string{
	http.MethodPost: "MakeRecoveryCodes", http.MethodGet: "GetRecoveryCodes", http.MethodDelete: "DeleteRecoveryCodes",
}

// Routes are the recovery codes of every pool.
func Routes(codes Codes) []site.Route {
	h := &handler{codes}
	route := site.Route{
		Path: string(pool.EndpointRecoveryCodes), Methods: map[string]site.Endpoint{}, CORS: true, Refuse: refuse,
	}
	for method, operation := range methods {
		route.Methods[method] = site.Endpoint{Operation: operation, Handle: h.answer, Proof: true}
	}
	return []site.Route{route}
}

type handler struct{ codes Codes }

// refuse is what callers are told who did not reach the rules.
func refuse(ctx context.Context, status int, text string) site.Reply {
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return site.Refusal(ctx, status, "temporarily_unavailable", text)
	case status >= http.StatusInternalServerError:
		return site.Refusal(ctx, status, "server_error", text)
	}
	return site.Refusal(ctx, status, "invalid_request", text)
}

func (h *handler) answer(ctx context.Context, r *site.Request) site.Reply {
	poolID, token := r.Place.PoolID, bearer(r.Header)
	var body []byte
	var err error
	switch r.Method {
	case http.MethodPost:
		var codes []string
		if codes, err = h.codes.MakeRecoveryCodes(ctx, poolID, token); err == nil {
			body = append(rt.AppendList([]byte(`{"RecoveryCodes":`), codes, rt.AppendText), '}')
		}
	case http.MethodGet:
		var set factor.RecoverySet
		if set, err = h.codes.RecoveryCodes(ctx, poolID, token); err == nil {
			body = state(set)
		}
	case http.MethodDelete:
		err = h.codes.DropRecoveryCodes(ctx, poolID, token)
	}
	switch {
	case err != nil:
		return refused(ctx, token, err)
	case body == nil:
		return site.Empty(http.StatusNoContent)
	}
	return site.JSON(http.StatusOK, body)
}

// state renders what is known of a set; one that was never made has no date.
func state(set factor.RecoverySet) []byte {
	made, left := int64(set.Made), int64(set.Left)
	b := rt.AppendInt(&left, []byte(`{"Left":`))
	b = rt.AppendInt(&made, append(b, `,"Made":`...))
	if !set.Created.IsZero() {
		b = rt.AppendTime(new(rt.NewTime(set.Created)), append(b, `,"CreationDate":`...))
	}
	return append(b, '}')
}

// bearer is the token of a request, "" without exactly one. A query and a form are no place for it.
func bearer(h http.Header) string {
	if len(h.Values("Authorization")) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
