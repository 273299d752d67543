// Package awsjson is the AWS JSON protocol: POST with the operation in
// X-Amz-Target, JSON in and out. Versions 1.0 and 1.1 differ only in the
// content type; both are read, 1.1 is written.
package awsjson

import (
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

// ContentType is the content type of all responses.
const ContentType = "application/x-amz-json-1.1"

// Protocol implements wire.Protocol.
type Protocol struct{}

var _ wire.Protocol = Protocol{}

// Claim accepts POST with one of the two content types, parameters ignored.
func (Protocol) Claim(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	media = strings.TrimSpace(media)
	return strings.EqualFold(media, ContentType) || strings.EqualFold(media, "application/x-amz-json-1.0")
}

// Route reads X-Amz-Target, which is case-sensitive.
func (Protocol) Route(reg *wire.Registry, r *http.Request, _ []byte) (*wire.Service, *wire.Operation) {
	prefix, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	service := reg.ByTarget(prefix)
	if !ok || service == nil {
		return nil, nil
	}
	return service, service.Operation(name)
}

// Decode reads the body as the operation's input.
func (Protocol) Decode(op *wire.Operation, _ *http.Request, body []byte) (any, error) {
	return op.Decode(rt.NewDecoder(body))
}

// Output renders a result; an operation without output shape has an empty body.
func (Protocol) Output(_ *wire.Operation, out rt.JSONAppender) (string, []byte) {
	if out == nil {
		return ContentType, nil
	}
	body := out.AppendJSON(make([]byte, 0, 1024))
	if string(body) == "null" {
		body = []byte("{}") // a nil pointer behind the interface
	}
	return ContentType, body
}

// Failure renders {"__type":code,"message":text}.
func (Protocol) Failure(f *wire.Failure) (string, []byte) {
	b := rt.AppendString([]byte(`{"__type":`), f.Code)
	if f.Message != "" {
		b = rt.AppendString(append(b, `,"message":`...), f.Message)
	}
	b = append(b, f.Members...)
	return ContentType, append(b, '}')
}
