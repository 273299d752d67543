package awscall

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"cognate/internal/base/httpkit"
)

// maxText bounds what is kept of a foreign error text, in bytes.
const maxText = 300

// Failure is a service's refusal.
type Failure struct {
	Service string
	Status  int
	Code    string // bare name, such as MessageRejected; "" when the answer names none
	Message string
}

// Error shows code, status and the beginning of the text.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: status %d %s: %s", f.Service, f.Status, f.Code, f.Message)
}

// Throttled reports whether the service asks to come back later.
func (f *Failure) Throttled() bool {
	return f.Status == 429 || strings.Contains(f.Code, "Throttl") || strings.Contains(f.Code, "TooManyRequests") ||
		strings.Contains(f.Code, "LimitExceeded")
}

// readFailure finds code and text in the JSON protocols (__type, code, header)
// and in the XML of the Query protocol.
func readFailure(service string, resp *httpkit.Response) *Failure {
	f := &Failure{Service: service, Status: resp.Status}
	var asJSON struct {
		Type     string `json:"__type"`
		Code     string `json:"code"`
		Message  string `json:"message"`
		Message2 string `json:"Message"`
	}
	var asXML struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if json.Unmarshal(resp.Body, &asJSON) == nil {
		f.Code = first(asJSON.Type, asJSON.Code)
		f.Message = first(asJSON.Message, asJSON.Message2)
	} else if xml.Unmarshal(resp.Body, &asXML) == nil {
		f.Code, f.Message = asXML.Code, asXML.Message
	}
	f.Code = first(f.Code, resp.Header.Get("X-Amzn-ErrorType"))
	if _, bare, found := strings.Cut(f.Code, "#"); found {
		f.Code = bare
	}
	f.Code, _, _ = strings.Cut(f.Code, ":")
	f.Code, f.Message = cut(f.Code), cut(f.Message)
	return f
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func cut(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "..."
	}
	return s
}
