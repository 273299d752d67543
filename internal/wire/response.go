package wire

import (
	"net/http"
	"strconv"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/base/httpkit"
)

const (
	exposed = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
	// sent are the headers that AWS's browser clients send, for a preflight that names none.
	sent = "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Amz-Target,X-Amz-User-Agent,X-Amz-Content-Sha256," +
		"Amz-Sdk-Invocation-Id,Amz-Sdk-Request,Cache-Control"
	// maxHeader bounds header values that repeat what the caller sent; common
	// clients refuse heads above 8 KiB.
	maxHeader = 1024
)

// cors lets pages of every origin call the API, as AWS does.
var cors = httpkit.CORS{Methods: "POST, OPTIONS", Headers: sent, Expose: exposed}

// commonHeader sets what every response carries. Names keep AWS's spelling.
func commonHeader(h http.Header, requestID string) {
	h["x-amzn-RequestId"] = []string{requestID}
	cors.Allow(h)
}

// preflight answers a browser's question whether it may call. A page that signatures are not offered to may still
// call what nobody signs.
func (x *exchange) preflight(signatures bool) {
	if !signatures && !cors.Withhold(x.w.Header(), x.r.Header, "Authorization") {
		x.send(Reply{Status: http.StatusForbidden})
		return
	}
	cors.Preflight(x.w.Header(), x.r.Header)
	x.send(Reply{Status: http.StatusOK})
}

// fail sends an error.
func (x *exchange) fail(f *Failure) {
	x.req.Outcome = f.Code
	if f.Status == http.StatusServiceUnavailable {
		x.w.Header().Set("Retry-After", "1")
	}
	x.send(x.protocol.Failure(&x.call, f))
}

// ErrorHeader are the header fields in which the protocols that speak JSON
// repeat an error.
func ErrorHeader(code, message string) []rt.HeadField {
	fields := []rt.HeadField{{Name: "x-amzn-ErrorType", Text: code + ":"}}
	if message != "" {
		fields = append(fields, rt.HeadField{Name: "x-amzn-ErrorMessage", Text: message})
	}
	return fields
}

// send hands head and body to the connection in one go.
func (x *exchange) send(reply Reply) {
	h, body := x.w.Header(), reply.Body
	for _, f := range reply.Header {
		h[f.Name] = []string{headerText(f.Text)}
	}
	// nil keeps net/http from guessing a type.
	h["Content-Type"] = nil
	if reply.ContentType != "" {
		h["Content-Type"] = []string{reply.ContentType}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.status = reply.Status
	httpkit.Together(x.w, x.r, func() {
		x.w.WriteHeader(reply.Status)
		if len(body) > 0 && x.r.Method != http.MethodHead {
			// An error here means that the caller has gone; nobody is left to tell.
			_, _ = x.w.Write(body)
		}
	})
}

// headerText makes any text safe as a header value: line breaks become spaces,
// other control and non-ASCII characters question marks, long texts are cut.
func headerText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case b.Len() >= maxHeader:
			return b.String()
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r < ' ' || r > '~':
			b.WriteByte('?')
		default:
			b.WriteByte(byte(r))
		}
	}
	return b.String()
}
