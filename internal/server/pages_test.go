package server

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"cognate/internal/core/pool"
)

// TestOtherOrigins: pages of other origins may call what takes no cookies and is meant for them, and nothing else.
func TestOtherOrigins(t *testing.T) {
	a, _ := started(t, devSettings())
	h, err := a.handler()
	if err != nil {
		t.Fatal(err)
	}
	open := []pool.Endpoint{
		pool.EndpointToken, pool.EndpointRevoke, pool.EndpointUserInfo, "/oauth2/register", pool.EndpointRecoveryCodes,
		pool.EndpointOpenID, pool.EndpointOAuthServer, pool.EndpointKeys,
	}
	closed := []pool.Endpoint{
		pool.EndpointAuthorize, pool.EndpointIntrospect, pool.EndpointLogin, pool.EndpointLogout, pool.EndpointConfirmUser,
		"/signup", "/confirm", "/resendcode", "/forgotPassword", "/confirmforgotPassword", "/passkeys/add", "/error",
	}
	served := 0
	for _, e := range slices.Concat(open, closed) {
		for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/us-east-1_AbCdEf123"+string(e), nil)
			r.Header.Set("Origin", "https://app.example")
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code == http.StatusNotFound && method == http.MethodOptions { // not there
				break
			}
			served++
			allowed := rec.Header().Get("Access-Control-Allow-Origin")
			if want := slices.Contains(open, e); (allowed == "*") != want || rec.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: other origins: %q", method, e, allowed)
			}
		}
	}
	if served < 15 {
		t.Errorf("only %d answers", served)
	}
}
