package awscall

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
)

var key = Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI", SessionToken: "token"}

func caller(t *testing.T, endpoint string) *Caller {
	t.Helper()
	c, err := New(Options{Endpoint: endpoint, Host: "email", SigningName: "ses", Region: "us-east-1", Credentials: key})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSignature: the request verifies, in the region of the call.
func TestSignature(t *testing.T) {
	verifier := sigv4.NewVerifier(sigv4.Options{Lookup: func(_ context.Context, id, token string) (sigv4.Credential, error) {
		if id != key.AccessKeyID {
			return sigv4.Credential{}, sigv4.ErrUnknownKey
		}
		return sigv4.Credential{Secret: key.Secret, SessionToken: key.SessionToken, Principal: obs.Principal{}}, nil
	}})
	regions := []string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		identity, err := verifier.Verify(r.Context(), sigv4.FromHTTP(r, sigv4.HashBody(body)), "ses")
		if err != nil {
			t.Error(err)
		}
		regions = append(regions, string(identity.Region))
		_, _ = io.WriteString(w, r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
	}))
	defer s.Close()
	c := caller(t, s.URL+"/")
	for _, region := range []string{"", "eu-west-1"} {
		out, err := c.Post(t.Context(), Call{Region: region, Path: "/v2/x", Header: map[string]string{"Content-Type": "application/json"}, Body: []byte(`{"a":1}`)})
		if err != nil || string(out) != `/v2/x application/json {"a":1}` {
			t.Errorf("%q %v", out, err)
		}
	}
	if strings.Join(regions, " ") != "us-east-1 eu-west-1" {
		t.Error(regions)
	}
}

func TestHosts(t *testing.T) {
	c := caller(t, "")
	for region, want := range map[string]string{
		"us-east-1": "https://email.us-east-1.amazonaws.com", "cn-north-1": "https://email.cn-north-1.amazonaws.com.cn",
	} {
		if got := c.base(region); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		status       int
		header, body string
		code, text   string
		throttled    bool
	}{
		{400, "", `{"__type":"com.amazonaws.kms#NotFoundException","message":"no"}`, "NotFoundException", "no", false},
		{400, "MessageRejected:http://internal.amazon.com/", `{"message":"Email address is not verified."}`, "MessageRejected", "Email address is not verified.", false},
		{400, "", `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`, "Throttling", "Rate exceeded", true},
		{429, "", `nonsense`, "", "", true},
		{500, "", `{"Message":"` + strings.Repeat("x", 1000) + `"}`, "", strings.Repeat("x", maxText) + "...", false},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.header != "" {
				w.Header().Set("X-Amzn-ErrorType", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		_, err := caller(t, s.URL).Post(t.Context(), Call{Path: "/"})
		s.Close()
		var f *Failure
		if !errors.As(err, &f) || f.Status != c.status || f.Code != c.code || f.Message != c.text || f.Throttled() != c.throttled {
			t.Errorf("%s: %+v %v", c.body, f, err)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Region: "us-east-1", SigningName: "ses", Host: "email"},
		{Credentials: key, SigningName: "ses", Host: "email"},
		{Credentials: key, Region: "us-east-1", Endpoint: "nonsense"},
		{Credentials: key, Region: "us-east-1", Endpoint: "http://169.254.169.254/"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
