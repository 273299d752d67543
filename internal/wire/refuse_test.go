package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/wire"
)

func TestRefusalsBeforeTheCall(t *testing.T) {
	w := newWorld(t)
	target := func(value string) *http.Request {
		r := request("SignUp", "{}")
		r.Header.Del("X-Amz-Target")
		if value != "" {
			r.Header.Set("X-Amz-Target", value)
		}
		return r
	}
	for _, value := range []string{"", "SignUp", cognitoidp.TargetPrefix, cognitoidp.TargetPrefix + ".", cognitoidp.TargetPrefix + ".Nope",
		"awscognitoidentityproviderservice.signup", "Other.SignUp", strings.Repeat("A.", 4000)} {
		wantError(t, w.do(target(value)), 400, "UnknownOperationException", "")
	}
	wantError(t, w.do(request("SignUp", `{`)), 400, "SerializationException", "")
	wantError(t, w.do(request("SignUp", ``)), 400, "SerializationException", "")
	wantError(t, w.do(request("SignUp", `{"Username":1}`)), 400, "SerializationException", "NUMBER_VALUE can not be converted to a String")
	wantError(t, w.do(request("SignUp", strings.Repeat("[", 1000))), 400, "SerializationException", "Start of list found where not expected")
	wantError(t, w.do(request("SignUp", strings.Repeat(`{"a":`, 100_000))), 400, "SerializationException", "")
	wantError(t, w.do(request("SignUp", `{"ClientId":"a","Password":"j"}`)), 400, "InvalidParameterException",
		"1 validation error detected: Value at 'username' failed to satisfy constraint: Member must not be null")
}

func TestOversize(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return &cognitoidp.SignUpResponse{}, nil
	}
	const text = "Request body is larger than 1 MiB"
	pad := func(n int) string { return signUpBody + strings.Repeat(" ", n-len(signUpBody)) }
	if rec := w.do(request("SignUp", pad(wire.MaxBody))); rec.Code != 200 {
		t.Errorf("exactly the limit: %d", rec.Code)
	}
	wantError(t, w.do(request("SignUp", pad(wire.MaxBody+1))), 413, "RequestEntityTooLargeException", text)
	const branding = `{"UserPoolId":"r_1","ClientId":"c"}`
	wide := func(n int) *http.Request {
		return request("CreateManagedLoginBranding", branding+strings.Repeat(" ", n-len(branding)))
	}
	if rec := w.do(wide(2 << 20)); rec.Code == http.StatusRequestEntityTooLarge {
		t.Errorf("exactly the limit of a large operation: %d", rec.Code)
	}
	wantError(t, w.do(wide(2<<20+1)), 413, "RequestEntityTooLargeException", "Request body is larger than 2 MiB")
	// Without an announced length the limit holds as well, and little more is read.
	r := request("SignUp", "")
	body := &counting{}
	r.Body, r.ContentLength = io.NopCloser(body), -1
	wantError(t, w.do(r), 413, "RequestEntityTooLargeException", text)
	if body.n > wire.MaxBody+64<<10 {
		t.Errorf("%d bytes were read", body.n)
	}
	// A body that breaks off.
	r = request("SignUp", "")
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("{"), failing{})), 100
	wantError(t, w.do(r), 400, "SerializationException", "")
}

// counting is an endless body.
type counting struct{ n int }

func (c *counting) Read(b []byte) (int, error) { c.n += len(b); return len(b), nil }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUnclaimed(t *testing.T) {
	w := newWorld(t)
	const (
		missing = "<MissingAuthenticationTokenException>\n  <Message>Missing Authentication Token</Message>\n</MissingAuthenticationTokenException>\n"
		denied  = "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n"
	)
	for _, tt := range []struct {
		method, contentType, target string
		signed                      bool
		status                      int
		body                        string
	}{
		{"GET", "", "", false, 403, missing},
		{"POST", "application/json", "SignUp", false, 403, missing},
		{"POST", "", "", true, 403, denied},
		{"POST", "text/plain", "Nope", true, 403, denied},
		{"POST", "application/json", "SignUp", true, 404, "<UnknownOperationException/>\n"},
		{"PUT", "application/x-amz-json-1.1", "SignUp", true, 404, "<UnknownOperationException/>\n"},
		{"DELETE", "application/x-amz-json-1.1", "", true, 403, denied},
	} {
		r := httptest.NewRequest(tt.method, "/", strings.NewReader(signUpBody))
		r.Header.Set("Content-Type", tt.contentType)
		r.Header.Set("X-Amz-Target", cognitoidp.TargetPrefix+"."+tt.target)
		if tt.signed {
			r.Header.Set("Authorization", "x")
		}
		rec := w.do(r)
		if rec.Code != tt.status || rec.Body.String() != tt.body {
			t.Errorf("%s %q %s: %d %s", tt.method, tt.contentType, tt.target, rec.Code, rec.Body)
		}
		checkHead(t, rec)
	}
}

func TestPreflight(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", "https://app.example.org")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "content-type,x-amz-target,x-amz-user-agent")
	rec := w.do(r)
	if rec.Code != 200 || raw(rec, "Access-Control-Allow-Headers") != "content-type,x-amz-target,x-amz-user-agent" ||
		raw(rec, "Access-Control-Allow-Methods") != "POST, OPTIONS" || raw(rec, "Access-Control-Max-Age") != "172800" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	checkHead(t, rec)
	r.Header.Set("Access-Control-Request-Headers", strings.Repeat("x", 5000))
	if got := raw(w.do(r), "Access-Control-Allow-Headers"); !strings.Contains(got, "X-Amz-Target") || len(got) > 1024 {
		t.Errorf("oversized question: %q", got)
	}
}
