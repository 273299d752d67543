package oauth

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
)

// counter is a client that exchanges tokens with a secret.
func (w *world) counter() *pool.Client {
	return w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ClientSecret = new(secretA)
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{
			cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation, cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeDelegation,
			cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
		}
		in.AllowedOAuthScopes = []string{"openid", "https://api.example.com/read"}
	})
}

// exchanging is the form of a token exchange.
func exchanging(subject string, pairs ...string) url.Values {
	return values(append([]string{"grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess}, pairs...)...)
}

func TestTokenExchange(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		c := w.counter()
		subject := w.access(w.public, "ana", "openid https://api.example.com/read https://api.example.com/write")
		form := exchanging(subject, "audience", "https://downstream.example", "scope", "https://api.example.com/read https://api.example.com/write")
		status, out, header := w.ask("POST", pool.EndpointToken, form, "Authorization", basic(c.ID, secretA))
		if status != 200 || out["issued_token_type"] != typeAccess || out["token_type"] != "Bearer" || out["scope"] != "https://api.example.com/read" ||
			out["expires_in"] != 3600.0 || out["refresh_token"] != nil || len(out) != 5 || !strings.Contains(header.Get("Cache-Control"), "no-store") {
			w.T.Fatalf("%d %v %v", status, out, header)
		}
		if said := said(w.T, out["access_token"]); said["aud"] != "https://downstream.example" || said["client_id"] != c.ID || said["username"] != "ana" {
			w.T.Errorf("%v", said)
		}
		again := exchanging(out["access_token"].(string), "requested_token_type", typeAccess)
		if _, out, _ := w.ask("POST", pool.EndpointToken, again, "Authorization", basic(c.ID, secretA)); said(w.T, out["access_token"])["aud"] != "https://downstream.example" {
			w.T.Errorf("twice: %v", out)
		}
		delegated := exchanging(subject, "actor_token", *w.signIn(c).AccessToken, "actor_token_type", typeAccess)
		_, out, _ = w.ask("POST", pool.EndpointToken, delegated, "Authorization", basic(c.ID, secretA))
		if said := said(w.T, out["access_token"]); said["act"] == nil {
			w.T.Errorf("with an actor: %v", said)
		}
		w.tag(pool.TagIntrospection+c.ID, "on")
		_, facts, _ := w.ask("POST", pool.EndpointIntrospect, values("token", out["access_token"].(string)), "Authorization", basic(c.ID, secretA))
		if facts["active"] != true || facts["act"] == nil || facts["client_id"] != c.ID {
			w.T.Errorf("introspected: %v", facts)
		}
		if status, out, _ := w.ask("GET", pool.EndpointUserInfo, nil, "Authorization", "Bearer "+out["access_token"].(string)); status != 200 || out["username"] != "ana" {
			w.T.Errorf("userInfo: %d %v", status, out)
		}
		status, out, _ = w.ask("POST", pool.EndpointToken, exchanging(subject, "requested_token_type", typeID), "Authorization", basic(c.ID, secretA))
		if status != 200 || out["issued_token_type"] != typeID || out["token_type"] != "N_A" || said(w.T, out["access_token"])["aud"] != c.ID {
			w.T.Errorf("an ID token: %d %v", status, out)
		}
	})
}

// TestTokenExchangeRefusals: nothing that is missing or not understood is passed over.
func TestTokenExchangeRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	c := w.counter()
	subject := w.access(w.public, "ana", "openid")
	change := func(form url.Values, pairs ...string) url.Values {
		for i := 0; i < len(pairs); i += 2 {
			if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
				form.Del(pairs[i])
			}
		}
		return form
	}
	for name, tc := range map[string]struct {
		form url.Values
		want string
	}{
		"no subject":               {change(exchanging(subject), "subject_token", ""), "invalid_request subject_token is missing"},
		"no subject at all":        {change(exchanging(subject), "subject_token", "", "subject_token_type", ""), "invalid_request subject_token is missing"},
		"no type":                  {change(exchanging(subject), "subject_token_type", ""), "invalid_request subject_token_type is missing"},
		"another type":             {change(exchanging(subject), "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"), "invalid_request subject_token_type is not one that is taken here"},
		"a refresh token":          {change(exchanging(subject), "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request subject_token_type is not one that is taken here"},
		"SAML":                     {change(exchanging(subject), "subject_token_type", typeSAML), "invalid_request A token of this type needs the name of the provider that issued it."},
		"the wrong type":           {change(exchanging(subject), "subject_token_type", typeID), "invalid_request Invalid subject token"},
		"garbage":                  {exchanging("garbage"), "invalid_request Invalid subject token"},
		"an actor without a type":  {exchanging(subject, "actor_token", subject), "invalid_request actor_token_type is missing"},
		"a type without an actor":  {exchanging(subject, "actor_token_type", typeAccess), "invalid_request actor_token is missing"},
		"another's actor":          {exchanging(subject, "actor_token", subject, "actor_token_type", typeAccess), "invalid_request Invalid actor token"},
		"a refresh token is asked": {exchanging(subject, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request requested_token_type is not " + typeAccess + " or " + typeID},
		"two audiences":            {values("grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess, "audience", "a", "audience", "b"), "invalid_request a parameter is repeated: audience"},
		"audience and resource":    {exchanging(subject, "audience", "a", "resource", "https://api.example.com"), "invalid_request Audiences and Resources cannot be given together."},
		"an unknown resource":      {exchanging(subject, "resource", "https://nothing.example"), "invalid_target Resource server https://nothing.example does not exist."},
		"no scope left":            {exchanging(subject, "scope", "email"), "invalid_scope None of the requested scopes can be granted."},
	} {
		status, out, _ := w.ask("POST", pool.EndpointToken, tc.form, "Authorization", basic(c.ID, secretA))
		if got := fmt.Sprint(out["error"], " ", out["error_description"]); status != 400 || got != tc.want {
			t.Errorf("%s: %d %s, want %s", name, status, got, tc.want)
		}
	}
	if status, out, _ := w.ask("POST", pool.EndpointToken, exchanging(subject), "Authorization", basic(w.secret.ID, secretA)); status != 400 || out["error"] != "unauthorized_client" {
		t.Errorf("a client without the flow: %d %v", status, out)
	}
	if status, out, _ := w.ask("POST", pool.EndpointToken, exchanging(subject, "client_id", c.ID)); status != 400 || out["error"] != "invalid_client" {
		t.Errorf("without its secret: %d %v", status, out)
	}
}

// TestTokenExchangeBudget: a client that proves itself is not locked out by what its users send; one without a secret is.
func TestTokenExchangeBudget(t *testing.T) {
	eachLimited(t, func(w *world) {
		w.addr = "198.51.100.20"
		c := w.counter()
		ask := func(pairs ...string) int {
			status, _, _ := w.send(request{pool.EndpointToken, exchanging("garbage", pairs...), nil})
			return status
		}
		for range 5 {
			if status := ask("client_id", c.ID, "client_secret", secretA); status != 400 {
				w.T.Fatalf("garbage of a proven client: %d", status)
			}
		}
		open := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation}
		})
		for range 3 {
			if status := ask("client_id", open.ID); status != 400 {
				w.T.Errorf("garbage of a public client: %d", status)
			}
		}
		if status := ask("client_id", open.ID); status != 429 {
			w.T.Errorf("over the budget: %d", status)
		}
	})
}
