// Package awsquery is the AWS Query protocol: Action, Version and the input as
// parameters of a form or query string, the output as XML. Callers that accept
// application/json get JSON instead, as from Amazon's services.
package awsquery

import (
	"errors"
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

// The content types of responses.
const (
	ContentType     = "text/xml"
	ContentTypeJSON = "application/json"
)

const (
	formType = "application/x-www-form-urlencoded"
	// faultNamespace is that of errors where no service is known.
	faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"
	// noVersion is how the text about an unknown action calls a missing version.
	noVersion = "NO_VERSION_SPECIFIED"
)

// Protocol implements wire.Protocol.
type Protocol struct{}

var _ wire.Protocol = Protocol{}

// dialect names common errors as Query services do.
var dialect = wire.Dialect{
	"AccessDeniedException":               {Code: "AccessDenied", Status: http.StatusForbidden},
	"ExpiredTokenException":               {Code: "ExpiredToken", Status: http.StatusForbidden},
	"IncompleteSignatureException":        {Code: "IncompleteSignature", Status: http.StatusBadRequest},
	"InternalErrorException":              {Code: "InternalFailure", Status: http.StatusInternalServerError},
	"InvalidSignatureException":           {Code: "SignatureDoesNotMatch", Status: http.StatusForbidden},
	"MissingAuthenticationTokenException": {Code: "MissingAuthenticationToken", Status: http.StatusForbidden},
	"RequestAbortedException":             {Code: "RequestAborted", Status: http.StatusBadRequest},
	"RequestEntityTooLargeException":      {Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge},
	"SerializationException":              {Code: "ValidationError", Status: http.StatusBadRequest},
	"ServiceUnavailableException":         {Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable},
	"UnrecognizedClientException":         {Code: "InvalidClientTokenId", Status: http.StatusForbidden},
	"UnsupportedOperationException":       {Code: "UnsupportedOperation", Status: http.StatusBadRequest},
}

// Claim accepts forms on every path, as a base path may stand before the API,
// and GET with an Action on the root.
func (Protocol) Claim(_ *wire.Registry, r *http.Request) bool {
	switch r.Method {
	case http.MethodPost:
		return strings.EqualFold(wire.MediaType(r), formType)
	case http.MethodGet:
		root := r.URL.Path == "/" || r.URL.Path == ""
		return root && (strings.HasPrefix(r.URL.RawQuery, "Action=") || strings.Contains(r.URL.RawQuery, "&Action="))
	}
	return false
}

// Route reads Action and Version from the query string and the form. The service
// is the one that the request is signed for or sent to, else the one that has
// the action.
func (Protocol) Route(reg *wire.Registry, c *wire.Call) *wire.Failure {
	input, err := read(c)
	if err != nil {
		text := "The query string contains a syntax error."
		var broken *rt.SerializationError
		if errors.As(err, &broken) {
			text = broken.Message
		}
		return &wire.Failure{Code: "MalformedQueryString", Message: text, Status: http.StatusBadRequest, Common: true}
	}
	c.Parsed = input
	version := noVersion
	for _, k := range input.Kids {
		switch k.Name {
		case "Action":
			c.Target = k.Text
		case "Version":
			version = k.Text
		}
	}
	if name := wire.ServiceName(c.Request); name == "" {
		c.Service, c.Operation = reg.ByAction(version, c.Target)
	} else if s := reg.ByName(name); s != nil && s.Protocol == "query" {
		c.Service = s
		if s.APIVersion == version {
			c.Operation = s.Operation(c.Target)
		}
	}
	if c.Operation == nil {
		return &wire.Failure{
			Code: "InvalidAction", Status: http.StatusBadRequest, Common: true,
			Message: "Could not find operation " + clip(c.Target) + " for version " + clip(version),
		}
	}
	return nil
}

func read(c *wire.Call) (*rt.Node, error) {
	params, err := wire.ParseParams(c.Request.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if c.Request.Method == http.MethodPost {
		form, err := wire.ParseParams(string(c.Body))
		if err != nil {
			return nil, err
		}
		params = append(params, form...)
	}
	return grow(params)
}

// Decode reads the parameters as the operation's input.
func (Protocol) Decode(c *wire.Call) (any, error) {
	return c.Operation.Decode(rt.NewNodeDecoder(c.Parsed.(*rt.Node)))
}

// Output renders a result inside <ActionResponse> and its result wrapper.
func (Protocol) Output(c *wire.Call, out rt.StructEncoder) wire.Reply {
	op, wrapper := c.Operation.Name, c.Operation.ResultWrapper
	if acceptsJSON(c.Request) {
		b := rt.AppendString([]byte{'{'}, op+"Response")
		b = append(b, `:{`...)
		if out != nil {
			b = append(append(append(rt.AppendString(b, wrapper), ':'), wire.JSONBody(out)...), ',')
		}
		b = rt.AppendString(append(b, `"ResponseMetadata":{"RequestId":`...), c.ID)
		return wire.Reply{Status: http.StatusOK, ContentType: ContentTypeJSON, Body: append(b, "}}}"...)}
	}
	b := append(make([]byte, 0, 1024), "<"+op+`Response xmlns="`+c.Service.XMLNamespace+`">`...)
	if out != nil {
		b = append(b, "<"+wrapper+">"...)
		b = append(rt.AppendXML(b, out), "</"+wrapper+">"...)
	}
	b = rt.AppendXMLText(append(b, "<ResponseMetadata><RequestId>"...), c.ID)
	b = append(b, "</RequestId></ResponseMetadata></"+op+"Response>"...)
	return wire.Reply{Status: http.StatusOK, ContentType: ContentType, Body: b}
}

// Failure renders <ErrorResponse>.
func (Protocol) Failure(c *wire.Call, f *wire.Failure) wire.Reply {
	code, status := dialect.Translate(f)
	fault := "Sender"
	if status >= 500 {
		fault = "Receiver"
	}
	if acceptsJSON(c.Request) {
		b := rt.AppendString([]byte(`{"Error":{"Code":`), code)
		b = rt.AppendString(append(b, `,"Message":`...), f.Message)
		b = rt.AppendString(append(b, `,"Type":`...), fault)
		if f.Members != nil {
			b = rt.AppendMembersJSON(b, f.Members)
		}
		b = rt.AppendString(append(b, `},"RequestId":`...), c.ID)
		return wire.Reply{Status: status, ContentType: ContentTypeJSON, Body: append(b, '}')}
	}
	namespace := faultNamespace
	if c.Service != nil {
		namespace = c.Service.XMLNamespace
	}
	b := append(make([]byte, 0, 512), `<ErrorResponse xmlns="`+namespace+`"><Error><Type>`+fault+"</Type><Code>"...)
	b = append(rt.AppendXMLText(b, code), "</Code><Message>"...)
	b = append(rt.AppendXMLText(b, f.Message), "</Message>"...)
	if f.Members != nil {
		b = rt.AppendMembersXML(b, f.Members)
	}
	b = rt.AppendXMLText(append(b, "</Error><RequestId>"...), c.ID)
	return wire.Reply{Status: status, ContentType: ContentType, Body: append(b, "</RequestId></ErrorResponse>"...)}
}

// acceptsJSON reports whether the caller names JSON among what it takes.
func acceptsJSON(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		media, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(media), ContentTypeJSON) {
			return true
		}
	}
	return false
}

// clip cuts what a caller sent to the length of a name.
func clip(s string) string {
	if len(s) > 128 {
		return strings.ToValidUTF8(s[:128], "") + "..."
	}
	return s
}
