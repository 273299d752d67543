package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"cognate/internal/core/pool"
)

// relying are the clients of the demo pool that use its OAuth endpoints.
type relying struct {
	machine client // acts for itself
	backend client // acts for users, and asks what their tokens are worth
	access  string // of a user, by the API
	open    string // of a user, by the pages, with the scope openid

	mu       sync.Mutex
	browsers map[int]*browser // signed in, of the workers
}

// browser is the one of a worker.
func (r *relying) browser(w *world, worker int) (b *browser, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b = r.browsers[worker]; b == nil {
		b, err = newBrowser(w)
		r.browsers[worker] = b
	}
	return b, err
}

// client is one with a secret.
type client struct{ id, secret string }

const orders = "orders"

// newRelying makes the clients and signs a user in.
func newRelying(w *world) (r *relying, err error) {
	s, name := w.server, w.known[0]
	if _, err := s.call("CreateResourceServer", object{
		"UserPoolId": poolID, "Identifier": orders, "Name": orders,
		"Scopes": []object{{"ScopeName": "read", "ScopeDescription": "read"}, {"ScopeName": "write", "ScopeDescription": "write"}},
	}); err != nil {
		return nil, err
	}
	r = &relying{browsers: map[int]*browser{}}
	w.relying = r
	if r.machine, err = newClient(s, object{
		"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []string{"client_credentials"},
		"AllowedOAuthScopes": []string{orders + "/read", orders + "/write"},
	}); err != nil {
		return nil, err
	}
	if r.backend, err = newClient(s, object{
		"ExplicitAuthFlows":               []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []string{"code"}, "AllowedOAuthScopes": []string{"openid", "email", "profile"},
		"CallbackURLs": []string{callback}, "SupportedIdentityProviders": []string{"COGNITO"},
	}); err != nil {
		return nil, err
	}
	shown, err := s.call("DescribeUserPool", object{"UserPoolId": poolID})
	if err != nil {
		return nil, err
	}
	if _, err := s.call("TagResource", object{
		"ResourceArn": text(shown, "UserPool", "Arn"), "Tags": object{pool.TagIntrospection + r.backend.id: "on"},
	}); err != nil {
		return nil, err
	}
	in, err := s.call("AdminInitiateAuth", object{
		"UserPoolId": poolID, "ClientId": r.backend.id, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": object{"USERNAME": name, "PASSWORD": userPassword, "SECRET_HASH": r.backend.hash(name)},
	})
	if err != nil {
		return nil, err
	}
	r.access = text(in, "AuthenticationResult", "AccessToken")
	b, err := newBrowser(w)
	if err == nil {
		r.open, err = b.signIn(name)
	}
	return r, err
}

// newClient makes a client of the demo pool with a secret.
func newClient(s *process, settings object) (client, error) {
	settings["UserPoolId"], settings["ClientName"], settings["GenerateSecret"] = poolID, "bench", true
	made, err := s.call("CreateUserPoolClient", settings)
	return client{text(made, "UserPoolClient", "ClientId"), text(made, "UserPoolClient", "ClientSecret")}, err
}

// hash is the SECRET_HASH of a user.
func (c client) hash(name string) string {
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(name + c.id))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post sends a form to an endpoint of the demo pool as a client.
func (w *world) post(c client, at pool.Endpoint, form url.Values) (object, error) {
	req, err := http.NewRequest(http.MethodPost, w.server.url+"/"+poolID+string(at), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.id, c.secret)
	return w.read(req)
}

// read is the document that a request is answered with.
func (w *world) read(req *http.Request) (object, error) {
	res, err := w.server.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %d %s", req.URL.Path, res.StatusCode, raw)
	}
	out := object{}
	return out, json.Unmarshal(raw, &out)
}

func clientCredentials(w *world, _, _ int) error {
	out, err := w.post(w.relying.machine, pool.EndpointToken, url.Values{"grant_type": {"client_credentials"}})
	if err == nil && text(out, "access_token") == "" {
		err = fmt.Errorf("no token but %v", out)
	}
	return err
}

func introspect(w *world, _, _ int) error {
	out, err := w.post(w.relying.backend, pool.EndpointIntrospect, url.Values{"token": {w.relying.access}})
	if err == nil && out["active"] != true {
		err = fmt.Errorf("the token is worth nothing: %v", out)
	}
	return err
}
