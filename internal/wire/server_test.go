package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/wire"
	"cognate/internal/wire/awsjson"
)

const signUpBody = `{"ClientId":"abc","Username":"jane","Password":"Passw0rd!"}`

func TestSuccess(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = func(ctx context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		obs.From(ctx).Pool = "r_1"
		return &cognitoidp.SignUpResponse{UserConfirmed: true, UserSub: in.Username}, nil
	}
	for _, contentType := range []string{"application/x-amz-json-1.1", "application/x-amz-json-1.0", "Application/X-Amz-JSON-1.1; charset=utf-8"} {
		r := request("SignUp", signUpBody)
		r.Header.Set("Content-Type", contentType)
		rec := w.do(r)
		if rec.Code != 200 || rec.Body.String() != `{"UserConfirmed":true,"UserSub":"jane"}` || raw(rec, "Content-Type") != awsjson.ContentType {
			t.Errorf("%s: %d %s", contentType, rec.Code, rec.Body)
		}
		checkHead(t, rec)
	}
	if got := w.metrics.seen[0]; got != "cognito-idp SignUp  200" {
		t.Errorf("metrics %q", got)
	}
	// No output shape: empty body. Nil output: empty object.
	rec := w.do(request("DeleteUser", `{"AccessToken":"a"}`))
	if rec.Code != 200 || rec.Body.Len() != 0 || raw(rec, "Content-Length") != "0" {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) { return nil, nil }
	if rec := w.do(request("SignUp", signUpBody)); rec.Body.String() != "{}" {
		t.Errorf("nil output: %s", rec.Body)
	}
}

func TestErrorsOfOperations(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name    string
		err     error
		status  int
		code    string
		message string
	}{
		{"declared", &cognitoidp.UsernameExistsException{Message: "User already exists"}, 400, "UsernameExistsException", "User already exists"},
		{"wrapped", fmt.Errorf("at: %w", &cognitoidp.NotAuthorizedException{Message: "no"}), 400, "NotAuthorizedException", "no"},
		{"no text", &cognitoidp.TooManyRequestsException{}, 400, "TooManyRequestsException", ""},
		{"hostile text", &cognitoidp.InvalidParameterException{Message: "a\r\nSet-Cookie: x\"é\x00"}, 400, "InvalidParameterException", "a\r\nSet-Cookie: x\"é\x00"},
		{"declared fault", &cognitoidp.InternalErrorException{Message: "own text"}, 500, "InternalErrorException", "own text"},
		{"undeclared", &cognitoidp.ExpiredCodeException{Message: "secret reason"}, 500, "InternalErrorException", "Something went wrong"},
		{"unknown", errors.New("secret reason"), 500, "InternalErrorException", "Something went wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
				return nil, tt.err
			}
			w.log.Reset()
			rec := w.do(request("SignUp", signUpBody))
			wantError(t, rec, tt.status, tt.code, tt.message)
			if tt.message == "Something went wrong" && !strings.Contains(w.log.String(), "secret reason") {
				t.Errorf("the log lost the cause: %s", w.log)
			}
		})
	}
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return nil, &cognitoidp.InvalidParameterException{Message: "m", ReasonCode: new("R")}
	}
	if got := w.do(request("SignUp", signUpBody)).Body.String(); got != `{"__type":"InvalidParameterException","message":"m","reasonCode":"R"}` {
		t.Errorf("further members: %s", got)
	}
}

func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		panic("boom 4711")
	}
	wantError(t, w.do(request("SignUp", signUpBody)), 500, "InternalErrorException", "Something went wrong")
	if !strings.Contains(w.log.String(), "boom 4711") || !strings.Contains(w.log.String(), "server_test.go") {
		t.Errorf("no stack in the log: %s", w.log)
	}
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		panic(http.ErrAbortHandler)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an abort of net/http was swallowed")
		}
	}()
	w.do(request("SignUp", signUpBody))
}

func TestAbortedRequestIsNoFault(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	w.fake.signUp = func(ctx context.Context, _ *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		cancel()
		return nil, fmt.Errorf("query: %w", ctx.Err())
	}
	rec := w.do(request("SignUp", signUpBody).WithContext(ctx))
	wantError(t, rec, 400, "RequestAbortedException", "The request was aborted")
}

func TestSignatures(t *testing.T) {
	w := newWorld(t)
	called := false
	w.fake.describe = func(ctx context.Context, _ *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
		called = true
		if !obs.From(ctx).Principal.Root {
			t.Error("the principal did not reach the operation")
		}
		if got := obs.From(ctx).Region; got != "eu-west-1" {
			t.Errorf("the operation works in the Region %q", got)
		}
		return &cognitoidp.DescribeUserPoolResponse{}, nil
	}
	const body = `{"UserPoolId":"r_1"}`
	unsigned := request("DescribeUserPool", body)
	unsigned.Header.Del("Authorization")
	wantError(t, w.do(unsigned), 400, "MissingAuthenticationTokenException", "Missing Authentication Token")

	w.gate.authErr = &rt.Common{Code: "InvalidSignatureException", Message: "bad"}
	wantError(t, w.do(request("DescribeUserPool", body)), 400, "InvalidSignatureException", "bad")
	// Types come before the signature, constraints after it.
	wantError(t, w.do(request("DescribeUserPool", `{"UserPoolId":1}`)), 400, "SerializationException", "NUMBER_VALUE can not be converted to a String")
	wantError(t, w.do(request("DescribeUserPool", `{}`)), 400, "InvalidSignatureException", "bad")
	w.gate.authErr = errors.New("store is down")
	wantError(t, w.do(request("DescribeUserPool", body)), 500, "InternalErrorException", "Something went wrong")
	w.gate.authErr = nil

	w.gate.denyErr = &rt.Common{Code: "AccessDeniedException", Message: "User: x is not authorized"}
	wantError(t, w.do(request("DescribeUserPool", body)), 400, "AccessDeniedException", "User: x is not authorized")
	w.gate.denyErr = errors.New("policy store is down")
	wantError(t, w.do(request("DescribeUserPool", body)), 500, "InternalErrorException", "Something went wrong")
	if called {
		t.Fatal("a refused request reached the operation")
	}
	w.gate.denyErr = nil
	if rec := w.do(request("DescribeUserPool", body)); rec.Code != 200 || !called {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	last := w.gate.asked[len(w.gate.asked)-1]
	if last.Service != "cognito-idp" || last.Operation != "DescribeUserPool" || last.Resource != "r_1" || last.Input == nil {
		t.Errorf("asked for %+v", last)
	}
}

// TestUnsignedIgnoresSignatures: broken credentials on an unsigned operation
// must not matter, since some clients sign everything.
func TestUnsignedIgnoresSignatures(t *testing.T) {
	w := newWorld(t)
	w.gate.authErr = errors.New("must not be asked")
	w.gate.denyErr = errors.New("must not be asked")
	w.fake.signUp = func(ctx context.Context, _ *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		if !obs.From(ctx).Principal.IsZero() {
			t.Error("a principal on an unsigned operation")
		}
		if obs.From(ctx).Region != "" {
			t.Error("a Region on an unsigned operation")
		}
		return &cognitoidp.SignUpResponse{}, nil
	}
	if rec := w.do(request("SignUp", signUpBody)); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.do(request("GetClientToken", `{"ClientId":"abc","Secret":"`+strings.Repeat("s", 30)+`"}`)); !strings.Contains(rec.Body.String(), "not built yet") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestOneLogEvent(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = func(ctx context.Context, _ *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		obs.From(ctx).Pool = "r_1"
		obs.Cause(ctx, "username is taken")
		return nil, &cognitoidp.UsernameExistsException{Message: "User already exists"}
	}
	rec := w.do(request("SignUp", signUpBody))
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d events: %s", len(lines), w.log)
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &event); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"requestId": raw(rec, "x-amzn-RequestId"), "operation": "SignUp", "pool": "r_1", "outcome": "UsernameExistsException",
		"cause": "username is taken", "status": 400.0, "clientIp": "192.0.2.1",
	} {
		if event[key] != want {
			t.Errorf("%s is %v, want %v", key, event[key], want)
		}
	}
	if strings.Contains(w.log.String(), "Passw0rd") {
		t.Error("the log has the password")
	}
	if got := w.metrics.seen[0]; got != "cognito-idp SignUp UsernameExistsException 400" {
		t.Errorf("metrics %q", got)
	}
	w.do(request("Nope", "{}"))
	if got := w.metrics.seen[1]; got != "  UnknownOperationException 400" {
		t.Errorf("metrics of an unknown operation %q", got)
	}
}

func TestEveryOperationAnswersGarbage(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = cognitoidp.Unimplemented{}.SignUp
	w.fake.describe = cognitoidp.Unimplemented{}.DescribeUserPool
	bodies := []string{`{}`, ``, `null`, `[]`, `1`, `"x"`, `{`, `{"a":`, "\x00\xff", `{"UserPoolId":[]}`, `{"UserPoolId":{}}`,
		`{"UserPoolId":null,"Username":"\ud800","ClientId":"` + strings.Repeat("x", 2000) + `"}`,
		strings.Repeat(`{"UserPoolId":`, 2000), `{"MaxResults":1e999999999}`, `{"MaxResults":` + strings.Repeat("9", 10000) + `}`}
	if len(cognitoidp.Operations) != 153 {
		t.Fatalf("%d operations", len(cognitoidp.Operations))
	}
	for _, op := range cognitoidp.Operations {
		for _, body := range bodies {
			rec := w.do(request(op.Name, body))
			if op.Name == "DeleteUser" && rec.Code == 200 {
				continue
			}
			var e struct {
				Type    string `json:"__type"`
				Message *string
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.Type == "" || raw(rec, "x-amzn-ErrorType") != e.Type+":" {
				t.Errorf("%s %.40q: %d %s %v", op.Name, body, rec.Code, rec.Body, err)
			}
			if strings.Contains(w.log.String(), "panic") {
				t.Fatalf("%s %.40q: %s", op.Name, body, w.log)
			}
			w.log.Reset()
			checkHead(t, rec)
		}
	}
}

func TestConcurrency(t *testing.T) {
	w := newWorld(t)
	w.fake.signUp = func(_ context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return &cognitoidp.SignUpResponse{UserSub: in.Username}, nil
	}
	srv := httptest.NewServer(w.server)
	defer srv.Close()
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				name := fmt.Sprintf("user-%d-%d", i, j)
				r, err := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader(`{"ClientId":"abc","Username":"`+name+`","Password":"x"}`))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-amz-json-1.1")
				r.Header.Set("X-Amz-Target", cognitoidp.TargetPrefix+".SignUp")
				res, err := srv.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || string(body) != `{"UserConfirmed":false,"UserSub":"`+name+`"}` || res.Header.Get("Date") == "" {
					t.Errorf("%s %v %v", body, res.Header, err)
				}
				mu.Lock()
				ids[res.Header.Get("X-Amzn-Requestid")] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(ids) != 400 {
		t.Errorf("%d distinct request ids", len(ids))
	}
}

func TestRegistryRefusesDoubles(t *testing.T) {
	a, b := &wire.Service{Info: rt.Info{Name: "a", TargetPrefix: "P"}}, &wire.Service{Info: rt.Info{Name: "b", TargetPrefix: "P"}}
	if _, err := wire.NewRegistry(a, b); err == nil {
		t.Error("one prefix twice")
	}
	if _, err := wire.NewRegistry(a, a); err == nil {
		t.Error("one name twice")
	}
	if _, err := wire.NewServer(wire.Options{}); err == nil {
		t.Error("a server without parts")
	}
}

func FuzzServe(f *testing.F) {
	f.Add("POST", "application/x-amz-json-1.1", "SignUp", []byte(signUpBody))
	f.Add("OPTIONS", "", "", []byte(nil))
	w := newWorld(f)
	w.fake.signUp = cognitoidp.Unimplemented{}.SignUp
	w.fake.describe = cognitoidp.Unimplemented{}.DescribeUserPool
	f.Fuzz(func(t *testing.T, method, contentType, target string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Method = method
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Amz-Target", cognitoidp.TargetPrefix+"."+target)
		rec := w.do(r)
		checkHead(t, rec)
		if strings.Contains(w.log.String(), "panic") {
			t.Fatal(w.log)
		}
		w.log.Reset()
	})
}

func BenchmarkSignUp(b *testing.B) {
	w := newWorld(b)
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return &cognitoidp.SignUpResponse{UserSub: "x"}, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		w.do(request("SignUp", signUpBody))
		w.log.Reset()
	}
}
