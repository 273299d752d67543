// Package awscall sends requests to AWS services, or to servers that stand in
// for them: the right host, a SigV4 signature, and errors read from the three
// forms in which AWS writes them. It knows no operation; callers write the body.
package awscall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/sigv4"
)

// Credentials are an access key of the operator's.
type Credentials struct {
	AccessKeyID, Secret string
	SessionToken        string // of temporary keys
}

// Options describe one service.
type Options struct {
	// Endpoint is the base URL; "" is AWS in the region of the call.
	Endpoint string
	// Host is the first part of AWS's host name (email for SES), SigningName the
	// service in signatures.
	Host, SigningName string
	Region            string // default of calls
	Credentials       Credentials
	// Client may reach local addresses, because the operator named the endpoint;
	// such a client is made when nil.
	Client *httpkit.Client
	Now    func() time.Time // time.Now when nil
}

// Caller calls one service. It is safe for concurrent use.
type Caller struct{ o Options }

// New checks the options; nothing is contacted.
func New(o Options) (*Caller, error) {
	if o.Credentials.AccessKeyID == "" || o.Credentials.Secret == "" {
		return nil, fmt.Errorf("awscall: %s needs an access key", o.SigningName)
	}
	if o.Region == "" {
		return nil, fmt.Errorf("awscall: %s needs a region", o.SigningName)
	}
	if o.Client == nil {
		o.Client = httpkit.NewClient(httpkit.ClientOptions{AllowHTTP: true, AllowLocal: true})
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Caller{o: o}
	u, err := url.Parse(c.base(o.Region))
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("awscall: %s: the endpoint is no http(s) URL", o.SigningName)
	}
	if err := o.Client.CheckURL(u); err != nil {
		return nil, fmt.Errorf("awscall: %s: endpoint: %w", o.SigningName, err)
	}
	return c, nil
}

// base is the URL of the service in a region, without a slash at the end.
func (c *Caller) base(region string) string {
	if c.o.Endpoint != "" {
		return strings.TrimSuffix(c.o.Endpoint, "/")
	}
	suffix := ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		suffix += ".cn"
	}
	return "https://" + c.o.Host + "." + region + suffix
}

// Call is one request.
type Call struct {
	Region string // Options.Region when ""
	Path   string // begins with a slash
	Header map[string]string
	Body   []byte
}

// Post sends a call and answers the body of a 2xx response. Any other status is
// a *Failure; other errors say that there was no answer.
func (c *Caller) Post(ctx context.Context, call Call) ([]byte, error) {
	region := call.Region
	if region == "" {
		region = c.o.Region
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base(region)+call.Path, bytes.NewReader(call.Body))
	if err != nil {
		return nil, errors.New("awscall: the endpoint is malformed")
	}
	for name, value := range call.Header {
		req.Header.Set(name, value)
	}
	sigv4.Signer{
		AccessKeyID: c.o.Credentials.AccessKeyID, Secret: c.o.Credentials.Secret, SessionToken: c.o.Credentials.SessionToken,
		Region: region, Service: c.o.SigningName,
	}.Sign(req, sigv4.HashBody(call.Body), c.o.Now())
	resp, err := c.o.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("awscall: %s: %w", c.o.SigningName, err)
	}
	if resp.Status >= 200 && resp.Status < 300 {
		return resp.Body, nil
	}
	return nil, readFailure(c.o.SigningName, resp)
}
