package operator

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"cognate/internal/base/httpkit"
)

// guard lets only those through who may use the tools of dev: whoever names the server as it is known and is no web page
// of somebody else. A page that lets a name of its own point to this machine has that name in Host. Links from
// elsewhere may be followed; what pages load, send or frame without showing it to anybody may not.
func (d Deps) guard(next http.Handler) http.Handler {
	forms := http.NewCrossOriginProtection()
	if d.Origin != "" {
		_ = forms.AddTrustedOrigin(d.Origin) // an origin that is none is trusted by nobody
	}
	next = forms.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "same-origin")
		switch {
		case !d.Names.Has(r.Host):
			writeError(w, http.StatusForbidden, "the Host header does not name this server; --allowed-hosts lets further names in")
		case !d.Names.OwnPage(r.Header) && !followed(r):
			writeError(w, http.StatusForbidden, "a page of another site sent this; --allowed-hosts lets pages of other hosts in")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// followed reports whether a person follows a link from elsewhere, which a page of dev may be opened by.
func followed(r *http.Request) bool {
	h := r.Header
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && len(h.Values("Origin")) == 0 &&
		h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document"
}

// owner lets only the server's own user use what shows passwords and runs programs: whoever has the token of the data
// folder, or, where the system tells whose a connection is, a program of that user. To put a function means to run one,
// so changes come from this machine unless the operator permitted others.
func (d Deps) owner(change bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !change && (r.Method == http.MethodGet || r.Method == http.MethodHead) && d.unlocked(r):
			next(w, r)
		case !d.owns(r) && !change && wantsPage(r):
			d.locked(w, r.URL.Path, false)
		case !d.owns(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="cognate functions"`)
			writeError(w, http.StatusUnauthorized, "functions and their events are for the user who runs the server: send Authorization: Bearer with the text of the file function-token in its data folder")
		case change && !d.RemoteFunctions && !httpkit.FromThisMachine(r):
			writeError(w, http.StatusForbidden, "functions are changed from this machine only; --allow-local-functions permits others")
		default:
			next(w, r)
		}
	}
}

func (d Deps) owns(r *http.Request) bool {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return d.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(d.Token)) == 1 || httpkit.FromOwnUser(r)
}
