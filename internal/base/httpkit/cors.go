package httpkit

import (
	"net/http"
	"strings"
)

// CORS is the answer to web pages of other origins: every origin may call, since nothing that is answered with it
// depends on cookies.
type CORS struct {
	Methods string // that may be used
	Headers string // that may be sent, when a preflight names none
	Expose  string // that may be read
}

const (
	// preflightAge is how long browsers may keep a preflight answer, in seconds.
	preflightAge = "172800"
	// maxNames bounds the header names that a preflight answer repeats; common clients refuse heads above 8 KiB.
	maxNames = 1024
)

// Allow lets the page read an answer.
func (c CORS) Allow(answer http.Header) {
	answer.Set("Access-Control-Allow-Origin", "*")
	if c.Expose != "" {
		answer.Set("Access-Control-Expose-Headers", c.Expose)
	}
}

// Preflight answers a browser's question whether it may call. Header names that it asks for are repeated.
func (c CORS) Preflight(answer, asked http.Header) {
	names := asked.Get("Access-Control-Request-Headers")
	if names == "" || len(names) > maxNames {
		names = c.Headers
	}
	answer.Set("Access-Control-Allow-Methods", c.Methods)
	answer.Set("Access-Control-Allow-Headers", printable(names))
	answer.Set("Access-Control-Max-Age", preflightAge)
	answer.Add("Vary", "Access-Control-Request-Headers")
}

// printable makes any text safe as a header value.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
