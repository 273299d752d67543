package server

import (
	"net/http"
	"strings"

	"cognate/internal/web/login"
	"cognate/internal/web/recovery"
)

// routes sends a request to the API, to the endpoints of one pool, or to the
// operator's. The API answers on "/" alone; everything below a pool id belongs
// to that pool's issuer.
type routes struct {
	api      http.Handler
	oauth    http.Handler
	login    http.Handler
	recovery http.Handler
	operator http.Handler
}

// ServeHTTP implements http.Handler.
func (r routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := req.URL.Path; {
	case path == "/" || path == "":
		r.api.ServeHTTP(w, req)
	case strings.HasPrefix(path, "/_cognate/"):
		r.operator.ServeHTTP(w, req)
	case strings.Contains(path, "/.well-known/"):
		r.oauth.ServeHTTP(w, req)
	case login.Serves(path):
		r.login.ServeHTTP(w, req)
	case recovery.Serves(path):
		r.recovery.ServeHTTP(w, req)
	default:
		r.api.ServeHTTP(w, req)
	}
}
