package httpkit

import (
	"net/http"
	"time"
)

// MaxStreams is how many requests of one HTTP/2 connection are under way at once.
const MaxStreams = 100

// Streams ends HTTP/2 streams whose answer is not taken within patience of the request. A far end that opens no window keeps
// an answer from being written at all, so that a bound on each write, as Shield has one, never begins.
func Streams(next http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ExtendStream(w, r, patience)
		next.ServeHTTP(w, r)
	})
}

// ExtendStream lets the answer to a request take longer than Streams grants.
func ExtendStream(w http.ResponseWriter, r *http.Request, patience time.Duration) {
	if r.ProtoMajor == 2 {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)) // answers without a connection have none
	}
}
