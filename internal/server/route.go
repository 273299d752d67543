package server

import (
	"net/http"
	"strings"

	"cognate/internal/core/pool"
	"cognate/internal/web/operator"
)

// routes sends a request to the API, to the pages and endpoints of pools, or to the operator's.
type routes struct {
	addresses pool.Addresses
	api       http.Handler
	site      http.Handler
	operator  http.Handler
	start     http.Handler // what a person sees at the root
}

// ServeHTTP implements http.Handler.
func (r routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch path := r.addresses.Trim(req.URL.Path); {
	case path == "/_cognate":
		http.Redirect(w, req, r.addresses.BasePath()+"/_cognate/", http.StatusFound)
	case strings.HasPrefix(path, "/_cognate/"):
		r.operator.ServeHTTP(w, at(req, path))
	case strings.Trim(path, "/") == "" && operator.Page(req):
		r.start.ServeHTTP(w, req)
	case strings.Trim(path, "/") == "" || callsAPI(req):
		r.api.ServeHTTP(w, req)
	default:
		r.site.ServeHTTP(w, req)
	}
}

// at is a request as if it had come without the base path of the public URL.
func at(r *http.Request, path string) *http.Request {
	if path == r.URL.Path {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = path, ""
	out := r.WithContext(r.Context())
	out.URL = &u
	return out
}

// callsAPI reports whether a request says that it is for an AWS API, whatever its path: by the header that names the
// operation, by its signature, or, where a browser asks whether it may call, by wanting to send that header.
func callsAPI(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") ||
		r.Method == http.MethodOptions && strings.Contains(strings.ToLower(r.Header.Get("Access-Control-Request-Headers")), "x-amz-target")
}
