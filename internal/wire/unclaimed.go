package wire

import (
	"net/http"
	"strings"

	"cognate/internal/base/obs"
)

// unclaimed answers a request in no known protocol (other method or content
// type) as Amazon's services do: in XML without a Content-Type, because the
// caller's format is unknown. Without credentials that comes first; a target
// that exists is refused as unknown here; anything else cannot even be
// authorized.
func (s *Server) unclaimed(x *exchange) {
	obs.Cause(x.ctx, "%s with content type %q is no AWS protocol served here",
		cut(x.r.Method, 32), cut(x.r.Header.Get("Content-Type"), 128))
	code, message, status := "AccessDeniedException",
		"Unable to determine service/operation name to be authorized", http.StatusForbidden
	x.call.Target = x.r.Header.Get("X-Amz-Target")
	if x.call.Target == "" {
		x.call.Target = x.r.Method + " " + x.r.URL.EscapedPath()
	}
	x.name()
	prefix, name, _ := strings.Cut(x.r.Header.Get("X-Amz-Target"), ".")
	service := s.opts.Registry.ByTarget(prefix)
	switch {
	case x.r.Header.Get("Authorization") == "":
		code, message = "MissingAuthenticationTokenException", "Missing Authentication Token"
	case service != nil && service.Operation(name) != nil:
		code, message, status = "UnknownOperationException", "", http.StatusNotFound
	}
	x.req.Outcome = code
	body := "<" + code + "/>\n"
	if message != "" {
		body = "<" + code + ">\n  <Message>" + message + "</Message>\n</" + code + ">\n"
	}
	x.send(Reply{Status: status, Body: []byte(body)})
}
