package recovery

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/core/factor"
)

// Codes holds the rules; *factor.Factors does. Its errors are pool.ErrPoolNotFound, the sentinels of recovery codes,
// *factor.Weak, and the NotAuthorizedException of a token that is refused.
type Codes interface {
	MakeRecoveryCodes(ctx context.Context, poolID, accessToken string) ([]string, error)
	RecoveryCodes(ctx context.Context, poolID, accessToken string) (factor.RecoverySet, error)
	DropRecoveryCodes(ctx context.Context, poolID, accessToken string) error
}

// Deps are what the handler is made of. Log, ClientIP and Now may be nil.
type Deps struct {
	Codes Codes
	// PublicURL is the address of the server, below which every pool has its resource.
	PublicURL string
	Log       *slog.Logger
	ClientIP  func(*http.Request) netip.Addr
	Now       func() time.Time // measures durations
}

type handler struct {
	Deps
	prefix string // the path of PublicURL, "" or "/..."
}

// Handler serves the recovery codes of all pools.
func Handler(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = obs.Discard()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &handler{Deps: d, prefix: httpkit.BasePath(d.PublicURL)}
}

// resource is the name of the resource below an issuer.
const resource = "recovery-codes"

// Serves reports whether a path is that of the resource, whatever the pool is.
func Serves(path string) bool { return strings.HasSuffix(path, "/"+resource) }

// operations are the names of what the handler does, by method.
var operations = map[string]string{
	http.MethodPost: "MakeRecoveryCodes", http.MethodGet: "GetRecoveryCodes", http.MethodDelete: "DeleteRecoveryCodes",
	http.MethodOptions: "preflight",
}

// ServeHTTP implements http.Handler; it writes the one log event of the request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := &obs.Request{ID: id.UUID(), Operation: operations[r.Method], UserAgent: cut(r.UserAgent(), 256), Start: h.Now()}
	if h.ClientIP != nil {
		req.ClientIP = h.ClientIP(r)
	}
	ctx := obs.With(r.Context(), req)
	header := w.Header()
	header.Set("X-Amzn-RequestId", req.ID)
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "X-Amzn-RequestId, WWW-Authenticate")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	status := send(w, h.answer(ctx, header, r))
	obs.LogRequest(ctx, h.Log, req, status, h.Now().Sub(req.Start))
}

// answer is a status and a body of JSON, nil for none.
type answer struct {
	status int
	body   []byte
}

func (h *handler) answer(ctx context.Context, header http.Header, r *http.Request) answer {
	poolID, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, h.prefix), "/"), "/")
	switch {
	case rest != resource:
		return failed(ctx, http.StatusNotFound, "not_found", "There is no such resource.")
	case r.Method == http.MethodOptions:
		return preflight(header, r)
	case operations[r.Method] == "":
		header.Set("Allow", methods)
		return failed(ctx, http.StatusMethodNotAllowed, "invalid_request", "Method not allowed.")
	}
	obs.From(ctx).Pool = cut(poolID, 64)
	token := bearer(r.Header)
	var body []byte
	var err error
	switch r.Method {
	case http.MethodPost:
		var codes []string
		if codes, err = h.Codes.MakeRecoveryCodes(ctx, poolID, token); err == nil {
			body = append(rt.AppendList([]byte(`{"RecoveryCodes":`), codes, rt.AppendText), '}')
		}
	case http.MethodGet:
		var set factor.RecoverySet
		if set, err = h.Codes.RecoveryCodes(ctx, poolID, token); err == nil {
			body = state(set)
		}
	case http.MethodDelete:
		err = h.Codes.DropRecoveryCodes(ctx, poolID, token)
	}
	switch {
	case err != nil:
		return refused(ctx, header, token, err)
	case body == nil:
		return answer{status: http.StatusNoContent}
	}
	return answer{http.StatusOK, body}
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

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
