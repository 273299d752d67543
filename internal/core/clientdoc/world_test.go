package clientdoc_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// world is a pool with a public client, and a web server with documents.
type world struct {
	*cognitotest.World
	p      *pool.Pool
	app    *pool.Client
	site   *httptest.Server
	asked  *atomic.Int64
	answer func(w http.ResponseWriter, r *http.Request) // nil: the document of the address
}

func newWorld(t *testing.T, d *db.DB, o cognitotest.Options) *world {
	t.Helper()
	w := &world{asked: new(atomic.Int64)}
	w.site = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		if w.answer != nil {
			w.answer(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, w.document(r.URL.Path))
	}))
	t.Cleanup(w.site.Close)
	if o.Documents == nil {
		roots := x509.NewCertPool()
		roots.AddCert(w.site.Certificate())
		o.Documents = clientdoc.NewClient(httpkit.ClientOptions{AllowLocal: true, TLS: &tls.Config{RootCAs: roots}})
	}
	w.World = cognitotest.New(t, d, o)
	w.p = w.Pool(nil)
	w.app = w.client("openid email profile")
	return w
}

func (w *world) client(scopes string) *pool.Client {
	return w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = new(true), []cognitoidp.OAuthFlowType{"code", "implicit"}
		in.AllowedOAuthScopes, in.CallbackURLs = strings.Fields(scopes), []string{"https://own.example/cb"}
		in.SupportedIdentityProviders = []string{"COGNITO"}
	})
}

func quick(t *testing.T) *world {
	return newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{})
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(newWorld(t, d, cognitotest.Options{})) })
}

// document is a good document of a path.
func (w *world) document(path string) string {
	return `{"client_id":"` + w.site.URL + path + `","client_name":"Agent","token_endpoint_auth_method":"none",
		"redirect_uris":["http://localhost:3334/cb"],"grant_types":["authorization_code","refresh_token"],"scope":"openid email other/x"}`
}

// policy makes a policy for patterns.
func (w *world) policy(patterns ...string) *cognitoidp.CIMDPolicyType {
	w.T.Helper()
	return cognitotest.Call(w.World, w.API.CreateCIMDPolicy, &cognitoidp.CreateCIMDPolicyRequest{
		UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "agents", URLPatterns: patterns,
	}).CIMDPolicy
}

func (w *world) resolve(path string) (*pool.Client, error) {
	return w.ClientDocs.Resolve(w.Ctx, w.p, w.site.URL+path)
}

// fails fails the test unless a path is refused in a way.
func (w *world) fails(name, path string, want error) {
	w.T.Helper()
	if c, err := w.resolve(path); !errors.Is(err, want) {
		w.T.Errorf("%s: %v %v, want %v", name, c, err, want)
	}
}
