package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/sigv4"
)

// invokePath is the resource of the Invoke API, version 2015-03-31.
const invokePath = "/2015-03-31/functions/"

// endpoint invokes through the Invoke API.
type endpoint struct {
	conf   Endpoint
	getenv func(string) string
	client *httpkit.Client
	now    func() time.Time
	tail   bool // ask for the end of the function's log
}

// endpointClient may reach local addresses: the operator named the endpoint,
// and servers that stand in for AWS run on the same machine or network.
func endpointClient() httpkit.ClientOptions {
	return httpkit.ClientOptions{
		AllowHTTP: true, AllowLocal: true, Timeout: maxTimeout + time.Minute, MaxBody: MaxPayload,
	}
}

// Invoke implements Invoker.
func (e *endpoint) Invoke(ctx context.Context, in Invocation) (*Result, error) {
	req, err := e.request(ctx, in)
	if err != nil {
		return nil, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, outgoing(ctx, err)
	}
	if resp.Status != http.StatusOK && resp.Status != http.StatusAccepted {
		return nil, apiError(resp)
	}
	result := &Result{Payload: resp.Body}
	if kind := resp.Header.Get("X-Amz-Function-Error"); kind != "" {
		result = failed(resp.Body, kind)
	}
	if tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result")); err == nil {
		result.Log = string(tail)
	}
	return result, nil
}

func (e *endpoint) request(ctx context.Context, in Invocation) (*http.Request, error) {
	region := e.region(in.ARN)
	signer, err := e.signer(region)
	if err != nil {
		return nil, err
	}
	name, query := in.ARN, ""
	if e.conf.Function != "" {
		name = e.conf.Function
	} else if base, qualifier := unqualified(in.ARN); qualifier != "" {
		name, query = base, "Qualifier="+url.QueryEscape(qualifier)
	}
	base, err := url.Parse(e.base(region))
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("%w: the endpoint is no URL", ErrNotConfigured)
	}
	u := *base
	prefix := strings.TrimSuffix(u.Path, "/") + invokePath
	u.Path, u.RawPath = prefix+name+"/invocations", prefix+escapeName(name)+"/invocations"
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(in.Payload))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotConfigured, err)
	}
	req.Header.Set("Content-Type", "application/json")
	kind := "RequestResponse"
	if in.Async {
		kind = "Event"
	} else if e.tail {
		req.Header.Set("X-Amz-Log-Type", "Tail")
	}
	req.Header.Set("X-Amz-Invocation-Type", kind)
	signer.Sign(req, sigv4.HashBody(in.Payload), e.now())
	return req, nil
}

// escapeName writes a function name or ARN as one path segment, colons escaped
// as the SDKs of AWS do.
func escapeName(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }

func (e *endpoint) region(function string) string {
	if e.conf.Region != "" {
		return e.conf.Region
	}
	if a, err := arn.Parse(function); err == nil && a.Region != "" {
		return a.Region
	}
	if r := e.getenv("AWS_REGION"); r != "" {
		return r
	}
	return e.getenv("AWS_DEFAULT_REGION")
}

// base is the URL below which the API answers.
func (e *endpoint) base(region string) string {
	if e.conf.Endpoint != "" {
		return e.conf.Endpoint
	}
	if e.getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true" {
		for _, name := range []string{"AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"} {
			if v := e.getenv(name); v != "" {
				return v
			}
		}
	}
	domain := "amazonaws.com"
	if arn.Partition(region) == "aws-cn" {
		domain = "amazonaws.com.cn"
	}
	return "https://lambda." + region + "." + domain
}

func (e *endpoint) signer(region string) (sigv4.Signer, error) {
	s := sigv4.Signer{
		AccessKeyID: e.conf.AccessKeyID, Secret: e.conf.SecretAccessKey, SessionToken: e.conf.SessionToken,
		Region: region, Service: "lambda",
	}
	if s.AccessKeyID == "" {
		s.AccessKeyID, s.Secret = e.getenv("AWS_ACCESS_KEY_ID"), e.getenv("AWS_SECRET_ACCESS_KEY")
		s.SessionToken = e.getenv("AWS_SESSION_TOKEN")
	}
	switch {
	case s.AccessKeyID == "" || s.Secret == "":
		return s, fmt.Errorf("%w: no credentials for the Invoke API; set accessKeyId and secretAccessKey or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", ErrNotConfigured)
	case region == "":
		return s, fmt.Errorf("%w: no region for the Invoke API", ErrNotConfigured)
	}
	return s, nil
}

// apiError reads a refusal of the API itself. Its code stands in a header or
// in one of two members, with or without namespace.
func apiError(resp *httpkit.Response) error {
	var body struct {
		Type    string `json:"Type"`
		Code    string `json:"__type"`
		Message string `json:"Message"`
		Small   string `json:"message"`
	}
	_ = json.Unmarshal(resp.Body, &body) // a refusal without JSON has only its status
	code := resp.Header.Get("X-Amzn-Errortype")
	if code == "" {
		code = body.Code
	}
	code, _, _ = strings.Cut(code, ":")
	if i := strings.LastIndexByte(code, '#'); i >= 0 {
		code = code[i+1:]
	}
	message := body.Message
	if message == "" {
		message = body.Small
	}
	return refusal(resp.Status, code, message)
}
