// Package restjson is the AWS REST-JSON protocol: method and path name the
// operation, members stand in the path, the query, header fields and a JSON body.
package restjson

import (
	"net/http"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

// ContentType is the content type of all responses.
const ContentType = "application/json"

// Protocol implements wire.Protocol.
type Protocol struct{}

var _ wire.Protocol = Protocol{}

// dialect holds the statuses of the JSON protocol's common errors here.
var dialect = wire.Dialect{
	"UnknownOperationException":           {Code: "UnknownOperationException", Status: http.StatusNotFound},
	"MissingAuthenticationTokenException": {Code: "MissingAuthenticationTokenException", Status: http.StatusForbidden},
	"InvalidSignatureException":           {Code: "InvalidSignatureException", Status: http.StatusForbidden},
	"UnrecognizedClientException":         {Code: "UnrecognizedClientException", Status: http.StatusForbidden},
	"ExpiredTokenException":               {Code: "ExpiredTokenException", Status: http.StatusForbidden},
	"AccessDeniedException":               {Code: "AccessDeniedException", Status: http.StatusForbidden},
	"InternalErrorException":              {Code: "InternalFailure", Status: http.StatusInternalServerError},
}

// Claim accepts what has the method and path of an operation, and any other path
// below the root that is signed for a service or sent to the host of one.
func (Protocol) Claim(reg *wire.Registry, r *http.Request) bool {
	if r.URL.Path == "" || r.URL.Path == "/" || r.Header.Get("X-Amz-Target") != "" {
		return false
	}
	if wire.ServiceName(r) != "" {
		return true
	}
	service, _ := reg.ByRoute(r.Method, r.URL.EscapedPath())
	return service != nil
}

// Route looks in the service that the request says it is for, else in all.
func (Protocol) Route(reg *wire.Registry, c *wire.Call) *wire.Failure {
	method, path := c.Request.Method, c.Request.URL.EscapedPath()
	c.Target = method + " " + path
	if name := wire.ServiceName(c.Request); name == "" {
		c.Service, c.Operation = reg.ByRoute(method, path)
	} else if c.Service = reg.ByName(name); c.Service != nil {
		c.Operation = c.Service.Match(method, path)
	}
	if c.Operation == nil {
		return &wire.Failure{
			Code: "UnknownOperationException", Message: "No operation has this method and path.", Status: http.StatusNotFound, Common: true,
		}
	}
	return nil
}

// Decode reads the members of the head and of the body.
func (Protocol) Decode(c *wire.Call) (any, error) {
	head, err := readHead(c.Operation, c.Request)
	if err != nil {
		return nil, err
	}
	return c.Operation.Decode(rt.NewHeadDecoder(head, c.Operation.HTTP, c.Body))
}

// Output renders a result, its head members as header fields.
func (Protocol) Output(c *wire.Call, out rt.StructEncoder) wire.Reply {
	reply := wire.Reply{Status: c.Operation.HTTP.Status, ContentType: ContentType}
	if out == nil {
		return reply
	}
	var head rt.Head
	reply.Body = rt.AppendRESTBody(make([]byte, 0, 1024), out, &head)
	reply.Header = head.Fields
	if head.Status >= 200 && head.Status < 600 {
		reply.Status = head.Status
	}
	return reply
}

// Failure renders {"__type":code,"message":text}, the code also as a header field.
func (Protocol) Failure(_ *wire.Call, f *wire.Failure) wire.Reply {
	code, status := dialect.Translate(f)
	return wire.Reply{
		Status: status, ContentType: ContentType,
		Header: wire.ErrorHeader(code, f.Message), Body: wire.JSONFailure(code, f),
	}
}

// readHead collects the members that stand in the head of a request.
func readHead(op *wire.Operation, r *http.Request) (*rt.Node, error) {
	params, err := wire.ParseParams(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	labels := op.Labels(r.URL.EscapedPath())
	head := &rt.Node{}
	for _, m := range op.HTTP.Head {
		switch m.In {
		case rt.InPath:
			head.Add(m.Key, labels[m.Name])
		case rt.InQuery:
			var values []string
			for _, p := range params {
				if p.Name == m.Name {
					values = append(values, p.Value)
				}
			}
			add(head, m, values)
		case rt.InHeader:
			values := r.Header.Values(m.Name)
			if m.Many && len(values) > 0 {
				values = strings.Split(strings.Join(values, ","), ",")
			}
			add(head, m, values)
		case rt.InHeaders:
			head.Kids = append(head.Kids, prefixed(m, r.Header))
		}
	}
	return head, nil
}

// add puts the values of a member into the head; where it takes one, the first
// counts.
func add(head *rt.Node, m rt.HeadMember, values []string) {
	switch {
	case len(values) == 0:
	case !m.Many:
		head.Add(m.Key, values[0])
	default:
		list := &rt.Node{Name: m.Key, Items: true}
		for _, v := range values {
			list.Add("", strings.TrimSpace(v))
		}
		head.Kids = append(head.Kids, list)
	}
}

// prefixed is the map of all header fields with one prefix.
func prefixed(m rt.HeadMember, h http.Header) *rt.Node {
	out := &rt.Node{Name: m.Key, Items: true}
	for name := range h {
		if len(name) >= len(m.Name) && strings.EqualFold(name[:len(m.Name)], m.Name) {
			out.Add(strings.ToLower(name[len(m.Name):]), h.Get(name))
		}
	}
	return out
}
