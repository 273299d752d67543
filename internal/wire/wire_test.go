package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/wire"
	"cognate/internal/wire/awsjson"
	"cognate/internal/wire/awsquery"
	"cognate/internal/wire/restjson"
)

// fake is a service of which single operations are replaced.
type fake struct {
	cognitoidp.Unimplemented
	signUp   func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error)
	describe func(context.Context, *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error)
}

func (f *fake) SignUp(ctx context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	return f.signUp(ctx, in)
}

func (f *fake) DescribeUserPool(ctx context.Context, in *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
	return f.describe(ctx, in)
}

func (f *fake) DeleteUser(context.Context, *cognitoidp.DeleteUserRequest) error { return nil }

// gate is both interfaces: a request is signed when it has an Authorization header.
type gate struct {
	authErr, denyErr error
	mu               sync.Mutex
	asked            []wire.Action
}

func (g *gate) Authenticate(_ context.Context, r *http.Request, _ []byte, service string) (wire.Caller, error) {
	switch {
	case g.authErr != nil:
		return wire.Caller{}, g.authErr
	case r.Header.Get("Authorization") == "" || service == "":
		return wire.Caller{}, &rt.Common{Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	root := obs.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:root", Root: true}
	return wire.Caller{Principal: root, Region: "eu-west-1"}, nil
}

func (g *gate) Authorize(_ context.Context, p obs.Principal, a wire.Action) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, a)
	if p.IsZero() {
		return errors.New("nobody asked")
	}
	return g.denyErr
}

// observed is what the metrics hook saw last.
type observed struct {
	mu   sync.Mutex
	seen []string
}

func (o *observed) Observe(service, operation, code string, status int, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, fmt.Sprintf("%s %s %s %d", service, operation, code, status))
}

type world struct {
	fake    *fake
	gate    *gate
	metrics *observed
	log     *bytes.Buffer
	server  *wire.Server
}

func newWorld(t testing.TB) *world {
	t.Helper()
	f := &fake{}
	w := newWorldOf(t, wire.NewService[cognitoidp.Service](cognitoidp.Info, "InvalidParameterException", cognitoidp.Operations, f))
	w.fake = f
	return w
}

// newWorldOf serves other services than the usual one.
func newWorldOf(t testing.TB, services ...*wire.Service) *world {
	t.Helper()
	w := &world{gate: &gate{}, metrics: &observed{}, log: &bytes.Buffer{}}
	reg, err := wire.NewRegistry(services...)
	if err != nil {
		t.Fatal(err)
	}
	w.server, err = wire.NewServer(wire.Options{
		Registry: reg, Protocols: []wire.Protocol{awsjson.Protocol{}, awsquery.Protocol{}, restjson.Protocol{}}, Authenticator: w.gate, Authorizer: w.gate,
		Metrics: w.metrics, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
		Large: map[string]int64{cognitoidp.TargetPrefix + ".CreateManagedLoginBranding": 2 << 20},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// request builds a signed JSON call; tests change what they are about.
func request(op, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", cognitoidp.TargetPrefix+"."+op)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x")
	return r
}

func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return rec
}

// raw reads a header under the exact spelling that leaves the server.
func raw(rec *httptest.ResponseRecorder, name string) string {
	if v := rec.Header()[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// wantError checks everything that AWS's error form prescribes.
func wantError(t *testing.T, rec *httptest.ResponseRecorder, status int, code, message string) {
	t.Helper()
	if rec.Code != status {
		t.Errorf("status %d, want %d", rec.Code, status)
	}
	want := `{"__type":"` + code + `"}`
	if message != "" {
		m, _ := json.Marshal(message)
		want = `{"__type":"` + code + `","message":` + string(m) + `}`
	}
	if got := rec.Body.String(); got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := raw(rec, "x-amzn-ErrorType"); got != code+":" {
		t.Errorf("x-amzn-ErrorType %q, want %q", got, code+":")
	}
	if got := raw(rec, "x-amzn-ErrorMessage"); (got == "") != (message == "") {
		t.Errorf("x-amzn-ErrorMessage %q for %q", got, message)
	}
	checkHead(t, rec)
}

func checkHead(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
		"Content-Length":                fmt.Sprint(rec.Body.Len()),
	} {
		if got := raw(rec, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(raw(rec, "x-amzn-RequestId")) != 36 {
		t.Errorf("x-amzn-RequestId %q", raw(rec, "x-amzn-RequestId"))
	}
	for name, values := range rec.Header() {
		for _, v := range values {
			for _, c := range v {
				if c < ' ' || c > '~' {
					t.Errorf("header %s has %q", name, c)
				}
			}
		}
	}
}
