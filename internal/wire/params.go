package wire

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"cognate/internal/api/rt"
)

// maxParams is how many parameters one request may have. The largest input that
// the models allow in a form stays far below.
const maxParams = 5000

// Param is one parameter of a query string or form.
type Param struct{ Name, Value string }

// ParseParams reads name=value pairs separated by & in the order in which they
// were sent. The error is a *rt.SerializationError.
func ParseParams(raw string) ([]Param, error) {
	var out []Param
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		if len(out) == maxParams {
			return nil, &rt.SerializationError{Message: "Too many parameters"}
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, &rt.SerializationError{Message: "Malformed parameter name"}
		}
		value, err = url.QueryUnescape(value)
		if err != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, &rt.SerializationError{Message: "Malformed parameter", Detail: cut(name, 128)}
		}
		out = append(out, Param{name, value})
	}
	return out, nil
}
