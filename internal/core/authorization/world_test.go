package authorization_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	. "cognate/internal/testkit/cognitotest"
)

const callback = "https://app.example.com/callback"

// world is a pool with a web client and a user, ana.
type world struct {
	*World
	p   *pool.Pool
	c   *pool.Client
	sub string
}

func newWorld(w *World, edit func(*cognitoidp.CreateUserPoolClientRequest)) *world {
	out := &world{World: w, p: w.Pool(nil)}
	out.c = out.client(edit)
	w.User(out.p, "ana", "email", "ana@example.com")
	out.sub = w.Get(out.p, "ana").Sub
	return out
}

func (w *world) client(edit func(*cognitoidp.CreateUserPoolClientRequest)) *pool.Client {
	w.T.Helper()
	return w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.AllowedOAuthFlowsUserPoolClient = new(true)
		in.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode, cognitoidp.OAuthFlowTypeImplicit}
		in.AllowedOAuthScopes = []string{"openid", "email", "aws.cognito.signin.user.admin"}
		in.CallbackURLs = []string{callback, "myapp://done"}
		in.SupportedIdentityProviders = []string{"COGNITO"}
		if edit != nil {
			edit(in)
		}
	})
}

// request is a valid request, with parameters replaced, added or taken away (by "").
func (w *world) request(pairs ...string) url.Values {
	in := url.Values{"client_id": {w.c.ID}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"s"}}
	for i := 0; i < len(pairs); i += 2 {
		if in.Del(pairs[i]); pairs[i+1] != "" {
			in.Set(pairs[i], pairs[i+1])
		}
	}
	return in
}

func (w *world) parse(pairs ...string) *authorization.Request {
	w.T.Helper()
	q, err := w.Requests.Parse(w.Ctx, w.p.ID, w.request(pairs...))
	if err != nil {
		w.T.Fatal(err)
	}
	return q
}

// signIn signs ana in on the pages and returns the answer and the session.
func (w *world) signIn(q *authorization.Request) (*authorization.Answer, authorization.Session) {
	w.T.Helper()
	ending := w.Requests.Ending(q, nil)
	_, err := w.Engine.Start(w.Ctx, &signin.Request{
		Door: signin.Hosted(ending), Pool: w.p, Client: w.c, Flow: cognitoidp.AuthFlowTypeUserPasswordAuth,
		Params: map[string]string{"USERNAME": "ana", "PASSWORD": Password},
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return ending.Answer, ending.Session
}

// code signs in and returns the code.
func (w *world) code(pairs ...string) string {
	w.T.Helper()
	answer, _ := w.signIn(w.parse(pairs...))
	return answer.Members[0][1]
}

// holder is the session of the browser.
func (w *world) holder(s authorization.Session) authorization.Holder {
	w.T.Helper()
	all, err := w.Requests.Holders(w.Ctx, w.p.ID, []authorization.Session{s})
	if err != nil || len(all) != 1 {
		w.T.Fatalf("%v %v", all, err)
	}
	return all[0]
}

func (w *world) redeem(code string) (*cognitoidp.AuthenticationResultType, error) {
	return w.Requests.Redeem(w.Ctx, w.p, w.c, authorization.Redemption{Code: code, RedirectURI: callback})
}

func wants(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

const verifier = "a-verifier-of-at-least-forty-three-characters-0"

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// claims are those of a token, as JSON.
func claims(t testing.TB, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %s", token)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
