// Package awsjson is the AWS JSON protocol: POST with the operation in
// X-Amz-Target, JSON in and out. Versions 1.0 and 1.1 differ only in the
// content type; both are read, and a service answers in the one of its model.
package awsjson

import (
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

// The content types of the two versions.
const (
	ContentType   = "application/x-amz-json-1.1"
	ContentType10 = "application/x-amz-json-1.0"
)

// Protocol implements wire.Protocol.
type Protocol struct{}

var _ wire.Protocol = Protocol{}

// Claim accepts POST with one of the two content types, parameters ignored.
func (Protocol) Claim(_ *wire.Registry, r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	media := wire.MediaType(r)
	return strings.EqualFold(media, ContentType) || strings.EqualFold(media, ContentType10)
}

// Route reads X-Amz-Target, which is case-sensitive.
func (Protocol) Route(reg *wire.Registry, c *wire.Call) *wire.Failure {
	c.Target = c.Request.Header.Get("X-Amz-Target")
	prefix, name, ok := strings.Cut(c.Target, ".")
	if c.Service = reg.ByTarget(prefix); c.Service != nil && ok {
		c.Operation = c.Service.Operation(name)
	}
	if c.Operation == nil {
		return &wire.Failure{Code: "UnknownOperationException", Status: http.StatusBadRequest, Common: true}
	}
	return nil
}

// Decode reads the body as the operation's input.
func (Protocol) Decode(c *wire.Call) (any, error) {
	return c.Operation.Decode(rt.NewDecoder(c.Body))
}

// Output renders a result; an operation without output shape has an empty body.
func (Protocol) Output(c *wire.Call, out rt.StructEncoder) wire.Reply {
	reply := wire.Reply{Status: http.StatusOK, ContentType: contentType(c)}
	if out != nil {
		reply.Body = wire.JSONBody(out)
	}
	return reply
}

// Failure renders {"__type":code,"message":text}.
func (Protocol) Failure(c *wire.Call, f *wire.Failure) wire.Reply {
	return wire.Reply{
		Status: f.Status, ContentType: contentType(c),
		Header: wire.ErrorHeader(f.Code, f.Message), Body: wire.JSONFailure(f.Code, f),
	}
}

// contentType is that of the service's model, and that of the caller where no
// service is known.
func contentType(c *wire.Call) string {
	switch {
	case c.Service != nil && c.Service.JSONVersion == "1.0",
		c.Service == nil && strings.EqualFold(wire.MediaType(c.Request), ContentType10):
		return ContentType10
	}
	return ContentType
}
