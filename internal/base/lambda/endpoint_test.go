package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/sigv4"
)

// fakeAPI is a server that speaks the Invoke API and checks signatures as AWS
// does. AWS Lambda itself cannot run here.
type fakeAPI struct {
	*httptest.Server
	last   atomic.Pointer[http.Request]
	body   atomic.Pointer[string]
	calls  atomic.Int32
	answer func(w http.ResponseWriter)
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	served := func(_ string, region arn.Region) bool { return region == "eu-west-1" }
	verifier := sigv4.NewVerifier(sigv4.Options{Region: served, Lookup: func(_ context.Context, key, token string) (sigv4.Credential, error) {
		if key != "AKIDEXAMPLE" || token != "a-token" {
			return sigv4.Credential{}, sigv4.ErrUnknownKey
		}
		return sigv4.Credential{Secret: "the-secret", SessionToken: "a-token"}, nil
	}})
	f := &fakeAPI{answer: func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"ok":true}`) }}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		if _, err := verifier.Verify(r.Context(), sigv4.FromHTTP(r, sigv4.HashBody(body)), "lambda"); err != nil {
			w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException:http://internal")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"bad signature"}`)
			return
		}
		text := string(body)
		f.last.Store(r)
		f.body.Store(&text)
		f.answer(w)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAPI) function() Function {
	return Function{ARN: testARN, Lambda: &Endpoint{
		Endpoint: f.URL + "/base/", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "the-secret", SessionToken: "a-token"}}
}

func TestEndpoint(t *testing.T) {
	f := newFakeAPI(t)
	r := router(t, Options{Tail: true}, f.function())
	f.answer = func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString([]byte("START\nprinted\n")))
		_, _ = io.WriteString(w, `{"a":"b"}`)
	}
	result, err := r.Invoke(context.Background(), Invocation{ARN: testARN + ":live", Payload: []byte(`{"e":1}`)})
	if err != nil || string(result.Payload) != `{"a":"b"}` || result.Log != "START\nprinted\n" || result.Took <= 0 {
		t.Fatalf("%+v %v", result, err)
	}
	got := f.last.Load()
	wantPath := "/base/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Atrigger/invocations"
	if got.URL.EscapedPath() != wantPath || got.URL.RawQuery != "Qualifier=live" || *f.body.Load() != `{"e":1}` {
		t.Errorf("%s?%s %s", got.URL.EscapedPath(), got.URL.RawQuery, *f.body.Load())
	}
	if got.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" || got.Header.Get("X-Amz-Log-Type") != "Tail" {
		t.Errorf("%v", got.Header)
	}

	f.answer = func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Function-Error", "Handled")
		_, _ = io.WriteString(w, `{"errorMessage":"no","errorType":"Denied","trace":[]}`)
	}
	if result, err = call(t, r, `{}`); err != nil || result.FunctionError != Handled || result.ErrorType != "Denied" || result.ErrorMessage != "no" {
		t.Errorf("%+v %v", result, err)
	}
}

func TestEndpointAsync(t *testing.T) {
	f := newFakeAPI(t)
	done := make(chan string, 1)
	f.answer = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusAccepted)
		done <- f.last.Load().Header.Get("X-Amz-Invocation-Type")
	}
	r := router(t, Options{}, f.function())
	result, err := r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: []byte(`{}`), Async: true})
	if err != nil || len(result.Payload) != 0 {
		t.Fatal(result, err)
	}
	if kind := <-done; kind != "Event" {
		t.Error(kind)
	}
}

func TestEndpointRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		code   string
		calls  int32
	}{
		{404, `{"Type":"User","Message":"Function not found"}`, ErrNotFound, "ResourceNotFoundException", 1},
		{403, `{"Message":"User is not authorized"}`, ErrAccessDenied, "AccessDeniedException", 1},
		{401, ``, ErrAccessDenied, "", 1},
		{429, `{"Reason":"ConcurrentInvocationLimitExceeded"}`, ErrThrottled, "TooManyRequestsException", 3},
		{413, ``, ErrTooLarge, "RequestTooLargeException", 1},
		{400, `{"__type":"x#InvalidRequestContentException"}`, ErrService, "InvalidRequestContentException", 1},
		{500, `<html>`, ErrService, "ServiceException", 1},
		{502, ``, ErrService, "", 1},
		{302, ``, ErrService, "", 1},
	} {
		f := newFakeAPI(t)
		f.answer = func(w http.ResponseWriter) {
			if !strings.Contains(c.body, "__type") {
				w.Header().Set("X-Amzn-Errortype", c.code+":http://x")
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}
		_, err := call(t, router(t, Options{}, f.function()), `{}`)
		var service *ServiceError
		if !errors.Is(err, c.want) || !errors.As(err, &service) || service.Type != c.code || f.calls.Load() != c.calls {
			t.Errorf("%d: %v, %d calls", c.status, err, f.calls.Load())
		}
	}
}

func TestEndpointSignatureMatters(t *testing.T) {
	f := newFakeAPI(t)
	fn := f.function()
	fn.Lambda.SecretAccessKey = "another-secret"
	_, err := call(t, router(t, Options{}, fn), `{}`)
	var service *ServiceError
	if !errors.Is(err, ErrAccessDenied) || !errors.As(err, &service) || service.Type != "InvalidSignatureException" {
		t.Fatal(err)
	}
}

func TestEndpointVariables(t *testing.T) {
	f := newFakeAPI(t)
	vars := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "the-secret", "AWS_SESSION_TOKEN": "a-token"}
	fn := Function{ARN: "arn:aws:lambda:eu-west-1:*", Lambda: &Endpoint{}}
	r := router(t, Options{Getenv: func(name string) string { return vars[name] }}, fn)
	e := r.find(testARN).invoker.(*endpoint)
	if got := e.base("eu-west-1"); got != "https://lambda.eu-west-1.amazonaws.com" {
		t.Error(got)
	}
	if got := e.base("cn-north-1"); got != "https://lambda.cn-north-1.amazonaws.com.cn" {
		t.Error(got)
	}
	vars["AWS_ENDPOINT_URL"] = f.URL
	answer(t, r, `{}`)
	vars["AWS_ENDPOINT_URL_LAMBDA"] = "http://127.0.0.1:1"
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrConnection) || !Retryable(err) {
		t.Error(err)
	}
	vars["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
	if got := e.base("eu-west-1"); !strings.HasSuffix(got, "amazonaws.com") {
		t.Error(got)
	}
	delete(vars, "AWS_SECRET_ACCESS_KEY")
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrNotConfigured) {
		t.Error(err)
	}
}

// TestEndpointName: SAM local knows functions by their logical names.
func TestEndpointName(t *testing.T) {
	f := newFakeAPI(t)
	fn := f.function()
	fn.Lambda.Function = "PreSignUp Function"
	answer(t, router(t, Options{}, fn), `{}`)
	if got := f.last.Load().URL.EscapedPath(); !strings.HasSuffix(got, "/functions/PreSignUp%20Function/invocations") {
		t.Error(got)
	}
}

func TestEndpointTimeoutAndSize(t *testing.T) {
	f := newFakeAPI(t)
	f.answer = func(http.ResponseWriter) { time.Sleep(600 * time.Millisecond) }
	fn := f.function()
	fn.Timeout = Duration(200 * time.Millisecond)
	r := router(t, Options{}, fn)
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrTimeout) || f.calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, f.calls.Load())
	}
	f = newFakeAPI(t)
	f.answer = func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, MaxPayload+1)) }
	if _, err := call(t, router(t, Options{}, f.function()), `{}`); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// TestEndpointBreaks: a connection that breaks is tried three times.
func TestEndpointBreaks(t *testing.T) {
	f := newFakeAPI(t)
	f.answer = func(w http.ResponseWriter) {
		if f.calls.Load() < 3 {
			conn, _, _ := http.NewResponseController(w).Hijack()
			conn.Close()
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}
	r := router(t, Options{History: 10}, f.function())
	answer(t, r, `{}`)
	list := r.Invocations("")
	if len(list) != 3 || list[0].Attempt != 3 || list[0].Error != "" || list[1].Error == "" || list[0].RequestID != list[2].RequestID {
		t.Errorf("%+v", list)
	}
}

// TestRefusesMetadata: not even an operator's endpoint may be the metadata service.
func TestRefusesMetadata(t *testing.T) {
	r := router(t, Options{}, Function{ARN: testARN, Lambda: &Endpoint{
		Endpoint: "http://169.254.169.254", AccessKeyID: "a", SecretAccessKey: "b"}})
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrAccessDenied) {
		t.Fatal(err)
	}
}
