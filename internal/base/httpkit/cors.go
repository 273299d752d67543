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

// Withhold reports whether a preflight can be answered without offering a header; where it cannot, the page is not told
// that it may call at all. Browsers keep answers, so neither the question nor the list for those that name none may
// hold it.
func (c CORS) Withhold(answer, asked http.Header, header string) bool {
	answer.Add("Vary", "Origin")
	lines := asked.Values("Access-Control-Request-Headers")
	names := strings.ToLower(strings.Join(lines, ","))
	if len(lines) == 1 && names != "" && len(names) <= maxNames && !strings.Contains(names, strings.ToLower(header)) && !strings.Contains(names, "*") {
		return true
	}
	answer.Del("Access-Control-Allow-Origin")
	return false
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
