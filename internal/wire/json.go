package wire

import (
	"net/http"
	"strings"

	"cognate/internal/api/rt"
)

// MediaType is the content type of a request without its parameters.
func MediaType(r *http.Request) string {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(media)
}

// JSONBody renders a result; a nil pointer is an empty object.
func JSONBody(out rt.StructEncoder) []byte {
	body := out.AppendJSON(make([]byte, 0, 1024))
	if string(body) == "null" {
		return []byte("{}")
	}
	return body
}

// JSONFailure renders {"__type":code,"message":text} and further members.
func JSONFailure(code string, f *Failure) []byte {
	b := rt.AppendString([]byte(`{"__type":`), code)
	if f.Message != "" {
		b = rt.AppendString(append(b, `,"message":`...), f.Message)
	}
	if f.Members != nil {
		b = rt.AppendMembersJSON(b, f.Members)
	}
	return append(b, '}')
}
