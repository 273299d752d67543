package oauth

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/cognitotest"
)

// dcr sets the registration settings of the pool.
func (w *world) dcr(d *cognitoidp.DcrConfigurationType) {
	w.T.Helper()
	cognitotest.Call(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{UserPoolId: w.p.ID, DcrConfiguration: d})
	w.p = w.Reload(w.p.ID)
}

// open is a configuration with which everybody may register.
func open(grants ...cognitoidp.OAuthFlowType) *cognitoidp.DcrConfigurationType {
	return &cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true), OpenDcrGrantTypes: grants}
}

// register posts a document to the registration endpoint.
func (w *world) register(document string, header ...string) (int, map[string]any, http.Header) {
	w.T.Helper()
	r := httptest.NewRequest("POST", "/"+w.p.ID+string(pool.EndpointRegister), strings.NewReader(document))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if w.addr != "" {
		r.RemoteAddr = w.addr + ":1234"
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := map[string]any{}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		w.T.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return rec.Code, out, rec.Header()
}

// agent is what a client of the Model Context Protocol says of itself.
const agent = `{"redirect_uris":["http://localhost:3334/oauth/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],
	"response_types":["code"],"client_name":"Agent Studio (work)","client_uri":"https://agent.example","software_id":"x","unknown":{"a":[1]}}`

func TestOpenRegistration(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		w.dcr(open())
		status, out, header := w.register(agent)
		id, _ := out["client_id"].(string)
		want := map[string]string{
			"client_id": id, "client_id_issued_at": fmt.Sprint(float64(w.Clock.Now().Unix())), "client_name": "Agent Studio work",
			"redirect_uris": "[http://localhost:3334/oauth/callback]", "grant_types": "[authorization_code refresh_token]", "response_types": "[code]",
			"token_endpoint_auth_method": "none", "scope": "openid email phone profile",
		}
		if status != 201 || !maps.EqualFunc(out, want, func(a any, b string) bool { return fmt.Sprint(a) == b }) ||
			!strings.Contains(header.Get("Cache-Control"), "no-store") || header.Get("Access-Control-Allow-Origin") != "*" {
			w.T.Fatalf("%d %v %v", status, out, header)
		}
		_, c, err := w.Pools.PoolClient(w.Ctx, w.p.ID, id)
		if err != nil {
			w.T.Fatal(err)
		}
		rotates, grace := c.Rotation()
		if !c.Registered() || c.HasSecret() || !c.OAuth() || !rotates || grace == 0 || !c.Stranger() || !c.RevocationEnabled() || !c.HidesUsers() ||
			!slices.Equal(c.Config.SupportedIdentityProviders, []string{"COGNITO"}) || !slices.Equal(c.Config.AllowedOAuthFlows, []cognitoidp.OAuthFlowType{"code"}) {
			w.T.Errorf("%s", c.Config.AppendJSON(nil))
		}
		for _, flow := range []cognitoidp.AuthFlowType{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_AUTH", "USER_AUTH", "REFRESH_TOKEN_AUTH", "ADMIN_USER_PASSWORD_AUTH"} {
			if c.Allows(flow) {
				w.T.Errorf("a registered client may %s", flow)
			}
		}
		listed := cognitotest.Call(w.World, w.API.ListUserPoolClients, &cognitoidp.ListUserPoolClientsRequest{
			UserPoolId: w.p.ID, ClientType: new(cognitoidp.ClientTypeTypeDcr),
		})
		if len(listed.UserPoolClients) != 1 || *listed.UserPoolClients[0].ClientId != id {
			w.T.Errorf("listed: %v", listed.UserPoolClients)
		}
	})
}

// TestRegisteredMachine: a client with a secret that acts for itself, which the token endpoint then takes.
func TestRegisteredMachine(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	d := open(cognitoidp.OAuthFlowTypeCode, cognitoidp.OAuthFlowTypeClientCredentials)
	d.AllowedScopes = []string{"https://api.example.com/read", pool.RegisterScope, "https://gone.example/x"}
	w.dcr(d)
	status, out, _ := w.register(`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_post"}`)
	secret, _ := out["client_secret"].(string)
	if status != 201 || len(secret) < 24 || out["client_secret_expires_at"] != 0.0 || out["scope"] != "https://api.example.com/read" ||
		out["redirect_uris"] != nil || fmt.Sprint(out["grant_types"], out["response_types"]) != "[client_credentials] []" {
		t.Fatalf("%d %v", status, out)
	}
	id := out["client_id"].(string)
	form := values("grant_type", "client_credentials", "client_id", id, "client_secret", secret)
	if status, out, _ := w.ask("POST", pool.EndpointToken, form); status != 200 || said(t, out["access_token"])["scope"] != "https://api.example.com/read" {
		t.Errorf("%d %v", status, out)
	}
	for name, got := range map[string]string{
		"add": cognitotest.Refusal(w.World, w.API.AddUserPoolClientSecret, &cognitoidp.AddUserPoolClientSecretRequest{UserPoolId: w.p.ID, ClientId: id}),
		"its own scope": cognitotest.Refusal(w.World, w.API.UpdateUserPoolClient, &cognitoidp.UpdateUserPoolClientRequest{
			UserPoolId: w.p.ID, ClientId: id, AllowedOAuthScopes: []string{pool.RegisterScope},
		}),
	} {
		if got == "" {
			t.Errorf("%s: not refused", name)
		}
	}
}

// TestAuthorisedRegistration: a token with the one scope, of a client or of a user, lets register what is configured for it.
func TestAuthorisedRegistration(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		w.dcr(&cognitoidp.DcrConfigurationType{})
		registrar := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.ClientSecret, in.ExplicitAuthFlows = new(machine), nil
			in.AllowedOAuthFlowsUserPoolClient = new(true)
			in.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeClientCredentials}
			in.AllowedOAuthScopes = []string{pool.RegisterScope}
		})
		_, out, _ := w.ask("POST", pool.EndpointToken, values("grant_type", "client_credentials"), "Authorization", basic(registrar.ID, machine))
		token := out["access_token"].(string)
		if status, out, _ := w.register(agent, "Authorization", "Bearer "+token); status != 201 {
			w.T.Errorf("%d %v", status, out)
		}
		users := w.access(w.public, "ana", "openid "+pool.RegisterScope)
		if status, out, _ := w.register(agent, "Authorization", "Bearer "+users); status != 201 {
			w.T.Errorf("a user's: %d %v", status, out)
		}
		elsewhere := newWorld(cw)
		foreign := elsewhere.access(elsewhere.public, "ana", pool.RegisterScope)
		check := func(name string, status int, code string, header ...string) {
			w.T.Helper()
			got, out, answer := w.register(agent, header...)
			if got != status || out["error"] != code || !strings.HasPrefix(answer.Get("WWW-Authenticate"), `Bearer error="`+code) {
				w.T.Errorf("%s: %d %v %v", name, got, out, answer)
			}
		}
		check("no token", 401, "invalid_token")
		check("not a bearer", 401, "invalid_token", "Authorization", basic(registrar.ID, machine))
		check("garbage", 401, "invalid_token", "Authorization", "Bearer garbage")
		check("changed", 401, "invalid_token", "Authorization", "Bearer "+token+"x")
		check("an ID token", 401, "invalid_token", "Authorization", "Bearer "+*w.SignIn(w.public, "ana", cognitotest.Password).IdToken)
		check("another pool's", 401, "invalid_token", "Authorization", "Bearer "+foreign)
		check("without the scope", 403, "insufficient_scope", "Authorization", "Bearer "+w.access(w.public, "ana", "openid"))
		cognitotest.Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.p.ID, Username: "ana"})
		check("a disabled user's", 401, "invalid_token", "Authorization", "Bearer "+users)
		w.dcr(open())
		check("garbage though it is open", 401, "invalid_token", "Authorization", "Bearer garbage")
	})
}

// TestRegistrationSettings: what the settings of the pool switch off.
func TestRegistrationSettings(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	token := []string{"Authorization", "Bearer " + w.access(w.public, "ana", pool.RegisterScope)}
	none := []cognitoidp.OAuthFlowType{}
	for name, tc := range map[string]struct {
		settings    *cognitoidp.DcrConfigurationType
		open, token int
	}{
		"off":                   {&cognitoidp.DcrConfigurationType{EnableStatus: new(cognitoidp.StatusTypeDisabled), OpenDcrEnabled: new(true)}, 404, 404},
		"on":                    {&cognitoidp.DcrConfigurationType{}, 401, 201},
		"open":                  {&cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true)}, 201, 201},
		"no open grants":        {&cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true), OpenDcrGrantTypes: none}, 401, 201},
		"no authorised grants":  {&cognitoidp.DcrConfigurationType{OpenDcrEnabled: new(true), AuthenticatedGrantTypes: none}, 201, 403},
		"implicit is no grant":  {&cognitoidp.DcrConfigurationType{AuthenticatedGrantTypes: []cognitoidp.OAuthFlowType{"implicit"}}, 401, 403},
		"machines alone, open":  {open(cognitoidp.OAuthFlowTypeClientCredentials), 400, 201},
		"machines alone, token": {&cognitoidp.DcrConfigurationType{AuthenticatedGrantTypes: []cognitoidp.OAuthFlowType{"client_credentials"}}, 401, 400},
	} {
		w.dcr(tc.settings)
		if status, out, _ := w.register(agent); status != tc.open {
			t.Errorf("%s, open: %d %v", name, status, out)
		}
		if status, out, _ := w.register(agent, token...); status != tc.token {
			t.Errorf("%s, with a token: %d %v", name, status, out)
		}
	}
	w.p = w.World.Pool(nil)
	if status, out, _ := w.register(agent, token...); status != 404 {
		t.Errorf("never set: %d %v", status, out)
	}
}

// TestRegistrationRefusals: documents that describe no client that there can be.
func TestRegistrationRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	w.dcr(open(cognitoidp.OAuthFlowTypeCode, cognitoidp.OAuthFlowTypeClientCredentials))
	for document, code := range map[string]string{
		`{}`: "invalid_redirect_uri", `{"redirect_uris":[]}`: "invalid_redirect_uri", `{"redirect_uris":["http://example.com"]}`: "invalid_redirect_uri",
		`{"redirect_uris":"https://a.example"}`: "invalid_client_metadata", `[]`: "invalid_client_metadata", `"x"`: "invalid_client_metadata", ``: "invalid_client_metadata",
		`{"redirect_uris":["https://a.example"],"token_endpoint_auth_method":"private_key_jwt"}`:                 "invalid_client_metadata",
		`{"redirect_uris":["https://a.example"],"scope":"nothing"}`:                                              "invalid_client_metadata",
		`{"redirect_uris":["https://a.example"],"grant_types":["password"]}`:                                     "invalid_client_metadata",
		`{"redirect_uris":["https://a.example/` + strings.Repeat("a", 1100) + `"]}`:                              "invalid_client_metadata",
		`{"redirect_uris":[` + many(101) + `]}`:                                                                  "invalid_client_metadata",
		`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}`:                             "invalid_client_metadata",
		`{"grant_types":["client_credentials"]}`:                                                                 "invalid_client_metadata",
		`{"redirect_uris":["https://a.example"],"grant_types":["authorization_code","client_credentials"]}`:      "invalid_client_metadata",
		`{"redirect_uris":["https://a.example"],"client_name":"` + strings.Repeat("a", 65<<10) + `"}`:            "invalid_request",
		`{"redirect_uris":["https://a.example"],"response_types":["token"],"token_endpoint_auth_method":"none"}`: "invalid_client_metadata",
	} {
		if status, out, _ := w.register(document); status < 400 || status > 413 || out["error"] != code {
			t.Errorf("%.80s: %d %v", document, status, out)
		}
	}
	if status, out, _ := w.ask("POST", pool.EndpointRegister, values("redirect_uris", "https://a.example")); status != 400 || out["error"] != "invalid_client_metadata" {
		t.Errorf("a form: %d %v", status, out)
	}
	listed := cognitotest.Call(w.World, w.API.ListUserPoolClients, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: w.p.ID, ClientType: new(cognitoidp.ClientTypeTypeDcr)})
	if len(listed.UserPoolClients) != 0 {
		t.Errorf("refused clients are there: %v", listed.UserPoolClients)
	}
}

// many are addresses of a document.
func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"https://a.example/%d"`, i))
	}
	return strings.Join(list, ",")
}

// TestRegistrationBudget: open registrations of a source are limited, those with a token and those of others are not.
func TestRegistrationBudget(t *testing.T) {
	eachLimited(t, func(w *world) {
		w.dcr(open())
		w.addr = "198.51.100.9"
		got := func(header ...string) (status int, after string) {
			status, _, answer := w.register(agent, header...)
			return status, answer.Get("Retry-After")
		}
		for range 2 {
			if status, _, _ := w.register(`{}`); status != 400 {
				w.T.Errorf("a refused document: %d", status)
			}
			if status, _ := got(); status != 201 {
				w.T.Fatalf("below the budget: %d", status)
			}
		}
		if status, after := got(); status != 429 || after == "" {
			w.T.Errorf("over the budget: %d %q", status, after)
		}
		if status, _ := got("Authorization", "Bearer "+w.access(w.public, "ana", pool.RegisterScope)); status != 201 {
			w.T.Errorf("with a token: %d", status)
		}
		w.addr = "198.51.100.10"
		if status, _ := got(); status != 201 {
			w.T.Errorf("from elsewhere: %d", status)
		}
		for range 4 {
			got("Authorization", "Bearer garbage")
		}
		if status, _ := got("Authorization", "Bearer garbage"); status != 429 {
			w.T.Errorf("wrong tokens: %d", status)
		}
	})
}

// TestDiscoveryOfRegistration: the document names the endpoint while clients can register and the pool has a domain.
func TestDiscoveryOfRegistration(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	named := func() bool {
		_, out, _ := w.ask("GET", pool.EndpointOAuthServer, nil)
		return out["registration_endpoint"] == cognitotest.PublicURL+"/"+w.p.ID+"/oauth2/register"
	}
	if w.dcr(open()); named() {
		t.Error("without a domain")
	}
	cognitotest.Call(w.World, w.API.CreateUserPoolDomain, &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: w.p.ID, Domain: "agents"})
	if !named() {
		t.Error("with a domain it is not named")
	}
	w.dcr(&cognitoidp.DcrConfigurationType{EnableStatus: new(cognitoidp.StatusTypeDisabled)})
	if named() {
		t.Error("switched off")
	}
}
