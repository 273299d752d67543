package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/awscall"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/version"
)

const (
	localEndpoint = "http://localhost:7654"
	defaultRegion = "us-east-1"
	// maxAnswer bounds an answer that is read, in bytes.
	maxAnswer = 16 << 20
)

// apiClient says which server a command talks to and as whom, in the names of
// the AWS CLI: flags, then the environment, then a profile of ~/.aws.
type apiClient struct {
	EndpointURL string `name:"endpoint-url" help:"URL of the server; default http://localhost:7654." env:"COGNATE_ENDPOINT_URL,AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,AWS_ENDPOINT_URL" placeholder:"URL" group:"Server"`
	Region      string `help:"Region to sign for; default that of the profile, else us-east-1." env:"COGNATE_REGION,AWS_REGION,AWS_DEFAULT_REGION" group:"Server"`
	Profile     string `help:"Profile of ~/.aws with keys, Region and endpoint." env:"COGNATE_PROFILE,AWS_PROFILE" placeholder:"NAME" group:"Server"`
	CABundle    string `name:"ca-bundle" help:"PEM certificates to trust besides the system's." env:"COGNATE_CA_BUNDLE,AWS_CA_BUNDLE" type:"existingfile" placeholder:"FILE" group:"Server"`
	output
}

// resolved is where and as whom calls go.
type resolved struct {
	endpoint, region string
	key              awscall.Credentials
}

// resolve fills in what no flag says.
func (c *apiClient) resolve() (resolved, error) {
	p, err := readProfile(c.Profile)
	if err != nil {
		return resolved{}, err
	}
	r := resolved{
		endpoint: strings.TrimSuffix(first(c.EndpointURL, p.endpoint, localEndpoint), "/"),
		region:   first(c.Region, p.region, defaultRegion),
		key:      p.key,
	}
	if id := os.Getenv("AWS_ACCESS_KEY_ID"); id != "" && c.Profile == "" {
		r.key = awscall.Credentials{AccessKeyID: id, Secret: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
	}
	if r.key.AccessKeyID == "" && loopback(r.endpoint) {
		r.key = awscall.Credentials{AccessKeyID: "dev", Secret: "dev"} // what dev accepts
	}
	if r.key.AccessKeyID == "" || r.key.Secret == "" {
		return r, withHint(errors.New("no access key to sign requests with"),
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with --profile")
	}
	return r, nil
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// loopback reports whether a URL names this machine.
func loopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// trust is the TLS configuration with the certificates of a file besides the
// system's; nil without a file.
func trust(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no PEM certificate", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// call runs one operation of the user pools API and decodes its answer into out,
// which may be nil.
func (c *apiClient) call(ctx context.Context, operation string, in, out any) error {
	r, err := c.resolve()
	if err != nil {
		return err
	}
	roots, err := trust(c.CABundle)
	if err != nil {
		return fmt.Errorf("--ca-bundle: %w", err)
	}
	caller, err := awscall.New(awscall.Options{
		Endpoint: r.endpoint, Host: cognitoidp.ServiceName, SigningName: cognitoidp.ServiceName, Region: r.region, Credentials: r.key,
		Client: httpkit.NewClient(httpkit.ClientOptions{AllowHTTP: true, AllowLocal: true, MaxBody: maxAnswer, TLS: roots, UserAgent: version.UserAgent()}),
	})
	if err != nil {
		return err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := caller.Post(ctx, awscall.Call{Path: "/", Body: body, Header: map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": cognitoidp.TargetPrefix + "." + operation,
	}})
	if err != nil {
		return explainCall(err, r.endpoint)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s does not answer like Cognito: %w", r.endpoint, err)
	}
	return nil
}

// callHints are what to do about refusals.
var callHints = map[string]string{
	"UserNotFoundException":       `"cognate user list" shows who is there`,
	"UnrecognizedClientException": "the server does not know the access key: AWS_ACCESS_KEY_ID, or --profile",
	"InvalidSignatureException":   "the secret does not belong to the access key, or the clocks differ: AWS_SECRET_ACCESS_KEY",
	"AccessDeniedException":       "use a key that may do this, such as the root key of the account",
	"ResourceNotFoundException":   `"cognate pool list" and "cognate group list" show what is there; --region says where`,
	"InvalidPasswordException":    `"cognate pool show" tells the password policy`,
	"UsernameExistsException":     `"cognate user show" tells about the user that is there`,
}

// explainCall turns the error of a call into a line for people.
func explainCall(err error, endpoint string) error {
	var f *awscall.Failure
	switch {
	case errors.As(err, &f):
		if f.Code == "" {
			return withHint(fmt.Errorf("%s answers with status %d", endpoint, f.Status), "is that a Cognate server?")
		}
		line := refused{f}
		if strings.HasPrefix(f.Message, "Credential should be scoped to a valid") {
			return withHint(line, "the server does not serve this Region: --region, or AWS_REGION")
		}
		if hint := callHints[f.Code]; hint != "" {
			return withHint(line, "%s", hint)
		}
		return line
	case errors.Is(err, syscall.ECONNREFUSED):
		return noServer(endpoint)
	case errors.Is(err, context.Canceled):
		return err
	}
	return withHint(fmt.Errorf("%s does not answer: %w", endpoint, err), "another server is named with --endpoint-url")
}

// refused is a refusal of the server as a person reads it.
type refused struct{ *awscall.Failure }

// Error implements error.
func (r refused) Error() string { return r.Code + ": " + r.Message }

// Unwrap returns the refusal itself.
func (r refused) Unwrap() error { return r.Failure }

func noServer(endpoint string) error {
	return withHint(fmt.Errorf("no server answers at %s", endpoint), `start one with "cognate dev", or name another with --endpoint-url`)
}

// pages calls a list operation until there are no more pages and collects the
// items of member; limit bounds their number, 0 is all. token is the member that
// the operation names its place in the list by.
func (c *apiClient) pages(ctx context.Context, operation, member, token string, in map[string]any, limit int) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for {
		var page map[string]json.RawMessage
		if err := c.call(ctx, operation, in, &page); err != nil {
			return nil, err
		}
		var items []json.RawMessage
		if raw := page[member]; raw != nil {
			if err := json.Unmarshal(raw, &items); err != nil {
				return nil, err
			}
		}
		all = append(all, items...)
		if limit > 0 && len(all) >= limit {
			return all[:limit], nil
		}
		var next string
		if raw := page[token]; raw == nil || json.Unmarshal(raw, &next) != nil || next == "" {
			return all, nil
		}
		in[token] = next
	}
}
