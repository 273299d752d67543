package pool

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
)

func TestClientRules(t *testing.T) {
	w := memory(t)
	poolID := w.pool(`"Schema":[{"Name":"email","Required":true},{"Name":"tag","AttributeDataType":"String"},{"Name":"ops","AttributeDataType":"String","DeveloperOnlyAttribute":true}]`)
	lite := w.pool(`"UserPoolTier":"LITE"`)
	const bad = "InvalidParameterException: "
	const flow = "InvalidOAuthFlowException: "
	const span = bad + "Invalid range for token validity."
	const order = bad + "Access and Id Token expiration times must be less than or equal to refresh token expiration times."
	const pinpoint = bad + "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid"
	const role = `"arn:aws:iam::123456789012:role/pin"`
	for _, c := range []struct{ members, want string }{
		{`"ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH","USER_PASSWORD_AUTH"]`, bad + "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."},
		{`"ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH"],"RefreshTokenRotation":{"Feature":"ENABLED"}`, bad + "ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow when refresh token rotation is enabled."},
		{`"ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH","ALLOW_USER_AUTH"],"GenerateSecret":true`, bad + "ALLOW_CLIENT_TOKEN_AUTH cannot be used with other auth flow names."},
		{`"ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH"]`, bad + "Client Secret is required to use ALLOW_CLIENT_TOKEN_AUTH"},
		{`"AccessTokenValidity":25`, span},
		{`"IdTokenValidity":25`, span},
		{`"RefreshTokenValidity":4000`, span},
		{`"AccessTokenValidity":4,"TokenValidityUnits":{"AccessToken":"minutes"}`, span},
		{`"IdTokenValidity":299,"TokenValidityUnits":{"IdToken":"seconds"}`, span},
		{`"AccessTokenValidity":2,"TokenValidityUnits":{"AccessToken":"days"}`, span},
		{`"AccessTokenValidity":86400,"TokenValidityUnits":{"AccessToken":"days"}`, span},
		{`"RefreshTokenValidity":59,"TokenValidityUnits":{"RefreshToken":"minutes"}`, span},
		{`"RefreshTokenValidity":315360000,"TokenValidityUnits":{"RefreshToken":"days"}`, span},
		{`"RefreshTokenValidity":315360000,"TokenValidityUnits":{"RefreshToken":"hours"}`, span},
		{`"AccessTokenValidity":12,"RefreshTokenValidity":2,"TokenValidityUnits":{"RefreshToken":"hours"}`, order},
		{`"IdTokenValidity":2,"RefreshTokenValidity":60,"TokenValidityUnits":{"RefreshToken":"minutes"}`, order},
		{`"ReadAttributes":["custom:none"]`, bad + "Invalid read attributes specified while creating a client"},
		{`"WriteAttributes":["email","custom:none"]`, bad + "Invalid write attributes specified while creating a client"},
		{`"WriteAttributes":["name"]`, bad + "Invalid write attributes specified while creating a client"},
		{`"WriteAttributes":[]`, bad + "Invalid write attributes specified while creating a client"},
		{`"WriteAttributes":["email","email_verified"]`, bad + "Invalid write attributes specified while creating a client"},
		{`"WriteAttributes":["email","sub"]`, bad + "Invalid write attributes specified while creating a client"},
		{`"WriteAttributes":["email","dev:custom:ops"]`, bad + "Invalid write attributes specified while creating a client"},
		{`"SupportedIdentityProviders":["COGNITO","Google"]`, bad + "The provider Google does not exist for User Pool " + poolID + "."},
		{`"AllowedOAuthFlowsUserPoolClient":true`, bad + "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{`"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["code"],"CallbackURLs":["https://a.example"]`, bad + "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		{`"AllowedOAuthScopes":["api/read"]`, "ScopeDoesNotExistException: Invalid scope requested: api/read"},
		{`"AllowedOAuthFlows":["client_credentials","code"]`, flow + "client_credentials flow can not be selected along with code flow or implicit flow."},
		{`"AllowedOAuthFlows":["client_credentials"]`, flow + "client_credentials flow can not be selected if client does not have a client secret."},
		{`"AllowedOAuthFlows":["client_credentials"],"AllowedOAuthScopes":["openid"],"GenerateSecret":true`, flow + "openid is not supported with client_credentials flow"},
		{`"AllowedOAuthFlows":["implicit"]`, flow + "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		{`"CallbackURLs":["https://a.example"],"DefaultRedirectURI":"https://a.example/"`, bad + "The default redirect URI https://a.example/ is not in the callback URIs list."},
		{`"AnalyticsConfiguration":{"ApplicationId":"abc"}`, pinpoint},
		{`"AnalyticsConfiguration":{}`, pinpoint},
		{`"AnalyticsConfiguration":{"ApplicationArn":"arn:aws:mobiletargeting:eu-west-1:123456789012:apps/a","RoleArn":` + role + `}`, pinpoint},
		{`"PublishSecretsInAWSSecretsManager":true`, bad + "Client secrets cannot be published in AWS Secrets Manager by this server."},
		{`"EnablePropagateAdditionalUserContextData":true`, bad + "Client Secret is required to set EnablePropagateAdditionalUserContextData as true"},
		{`"GenerateSecret":true,"ClientSecret":"abcdefghijklmnopqrstuvwxyz"`, bad + "GenerateSecret can not be true when ClientSecret is specified."},
	} {
		w.refused("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c",`+c.members+`}`, c.want)
	}
	const rotation = "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: Refresh Token Rotation"
	w.refused("CreateUserPoolClient", `{"UserPoolId":"`+lite+`","ClientName":"c","RefreshTokenRotation":{"Feature":"ENABLED"}}`, rotation)
	w.refused("CreateUserPoolClient", `{"UserPoolId":"`+lite+`","ClientName":"c","ExplicitAuthFlows":["ALLOW_TOKEN_EXCHANGE_DELEGATION"]}`, strings.ReplaceAll(rotation, "Refresh Token Rotation", "OAuth 2.0 Token Exchange"))
	w.refused("CreateUserPoolClient", `{"UserPoolId":"eu-west-1_none","ClientName":"c"}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")

	id := w.client(poolID, "")
	w.refused("UpdateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientId":"`+id+`","WriteAttributes":["name"]}`, bad+"Invalid write attributes specified while updating a client")
	w.refused("UpdateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientId":"`+id+`","ReadAttributes":["x"]}`, bad+"Invalid read attributes specified while updating a client")
	w.refused("UpdateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientId":"`+id+`","AllowedOAuthFlows":["client_credentials"]}`, flow+"client_credentials flow can not be selected if client does not have a client secret.")

	// A tier below what clients use is refused to the pool.
	w.client(poolID, `"RefreshTokenRotation":{"Feature":"ENABLED"}`)
	w.refused("UpdateUserPool", `{"UserPoolId":"`+poolID+`","UserPoolTier":"LITE"}`, "TierChangeNotAllowedException"+strings.TrimPrefix(rotation, "FeatureUnavailableInTierException"))
}

func TestCallbackURLs(t *testing.T) {
	for u, want := range map[string]string{
		"https://a.example":             "",
		"https://a.example:8443/cb?x=1": "",
		"http://localhost":              "",
		"http://localhost:3000/cb":      "",
		"http://127.0.0.1:1/":           "",
		"http://[::1]:1/":               "",
		"myapp://callback":              "",
		"com.example.app:/cb":           "",
		"http://a.example/":             "http://a.example/ cannot use the HTTP protocol.",
		"HTTP://a.example/":             "HTTP://a.example/ cannot use the HTTP protocol.",
		"http://localhost.a.example/":   "http://localhost.a.example/ cannot use the HTTP protocol.",
		"http://127.0.0.2/":             "http://127.0.0.2/ cannot use the HTTP protocol.",
		"https://a.example/#x":          "https://a.example/#x cannot use fragment",
		"https://a.example/#":           "https://a.example/# cannot use fragment",
		"/relative":                     "/relative is not a valid URL.",
		"//a.example/":                  "//a.example/ is not a valid URL.",
		"a.example":                     "a.example is not a valid URL.",
		"https:":                        "https: is not a valid URL.",
		"https:///cb":                   "https:///cb is not a valid URL.",
		"https://user@a.example/":       "https://user@a.example/ is not a valid URL.",
		"http://localhost@a.example/":   "http://localhost@a.example/ is not a valid URL.",
		`http://localhost\@a.example/`:  `http://localhost\@a.example/ is not a valid URL.`,
		"https://a.example/\tx":         "https://a.example/\tx is not a valid URL.",
		"https://%zz/":                  "https://%zz/ is not a valid URL.",
		"javascript:alert(1)":           "javascript:alert(1) cannot use the JAVASCRIPT protocol.",
		"JavaScript://x/%0aalert(1)":    "JavaScript://x/%0aalert(1) cannot use the JAVASCRIPT protocol.",
		"data:text/html,x":              "data:text/html,x cannot use the DATA protocol.",
	} {
		if got := BadURL(u); got != want {
			t.Errorf("%q: %q, want %q", u, got, want)
		}
	}
}

func FuzzCallbackURL(f *testing.F) {
	f.Add("http://localhost@a.example/")
	f.Fuzz(func(t *testing.T, u string) {
		if BadURL(u) == "" && strings.HasPrefix(strings.ToLower(u), "http://") {
			rest := strings.ToLower(u)[7:]
			for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
				if after, ok := strings.CutPrefix(rest, host); ok && (after == "" || strings.ContainsAny(after[:1], ":/?")) {
					return
				}
			}
			t.Errorf("%q is accepted", u)
		}
	})
}

func TestTokenLives(t *testing.T) {
	w := memory(t)
	poolID := w.pool("")
	for members, want := range map[string][3]time.Duration{
		`"AccessTokenValidity":24,"IdTokenValidity":5,"RefreshTokenValidity":3650,"TokenValidityUnits":{"IdToken":"minutes"}`: {24 * time.Hour, 5 * time.Minute, 3650 * 24 * time.Hour},
		`"RefreshTokenValidity":315360000,"TokenValidityUnits":{"RefreshToken":"seconds"}`:                                    {time.Hour, time.Hour, 3650 * 24 * time.Hour},
		`"RefreshTokenValidity":60,"TokenValidityUnits":{"RefreshToken":"minutes"}`:                                           {time.Hour, time.Hour, time.Hour},
		`"AccessTokenValidity":1,"TokenValidityUnits":{"AccessToken":"days"}`:                                                 {24 * time.Hour, time.Hour, defaultRefreshLife},
		`"RefreshTokenValidity":0,"TokenValidityUnits":{"RefreshToken":"seconds"}`:                                            {time.Hour, time.Hour, defaultRefreshLife},
	} {
		_, c, err := w.ops.Client(t.Context(), w.client(poolID, members))
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]time.Duration{c.AccessTTL(), c.IDTTL(), c.RefreshTTL()}; got != want {
			t.Errorf("%s: %v, want %v", members, got, want)
		}
	}
	got := dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c","RefreshTokenValidity":0,"TokenValidityUnits":{"RefreshToken":"hours"}}`), "UserPoolClient", "RefreshTokenValidity")
	same(t, "0 in hours", got, 720.0)
}

func TestAllows(t *testing.T) {
	type f = cognitoidp.AuthFlowType
	const (
		srp, pw, admin, old, custom, user, refresh f = "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH", "USER_AUTH", "REFRESH_TOKEN_AUTH"
	)
	all := []f{srp, pw, admin, old, custom, user, refresh, "REFRESH_TOKEN", "NONSENSE"}
	for _, c := range []struct {
		flows    []cognitoidp.ExplicitAuthFlowsType
		rotation bool
		want     []f
	}{
		{nil, false, []f{srp, custom, refresh}},
		{[]cognitoidp.ExplicitAuthFlowsType{}, false, []f{srp, custom, refresh}},
		{nil, true, []f{srp, custom}},
		{[]cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_SRP_AUTH"}, false, []f{srp}},
		{[]cognitoidp.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, false, []f{pw, refresh}},
		{[]cognitoidp.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH"}, false, []f{admin, old, custom, user}},
		{[]cognitoidp.ExplicitAuthFlowsType{"ALLOW_CLIENT_TOKEN_AUTH"}, false, nil},
		{[]cognitoidp.ExplicitAuthFlowsType{"USER_PASSWORD_AUTH"}, false, []f{srp, pw, custom, refresh}},
		{[]cognitoidp.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH"}, false, []f{srp, admin, old, custom, refresh}},
		{[]cognitoidp.ExplicitAuthFlowsType{"CUSTOM_AUTH_FLOW_ONLY"}, false, []f{custom, refresh}},
	} {
		config := &cognitoidp.UserPoolClientType{ExplicitAuthFlows: c.flows}
		if c.rotation {
			config.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{Feature: cognitoidp.FeatureTypeEnabled}
		}
		client := newClient("c", "p", 1, config, nil)
		want := map[f]bool{}
		for _, flow := range c.want {
			want[flow] = true
		}
		want["REFRESH_TOKEN"] = want[refresh]
		for _, flow := range all {
			if client.Allows(flow) != want[flow] {
				t.Errorf("%v rotation %v: Allows(%s) = %v", c.flows, c.rotation, flow, !want[flow])
			}
		}
	}
}

func TestPermissions(t *testing.T) {
	open := newClient("c", "p", 1, &cognitoidp.UserPoolClientType{}, nil)
	listed := newClient("c", "p", 1, &cognitoidp.UserPoolClientType{
		ReadAttributes: []string{"email", "custom:a", "dev:custom:b"}, WriteAttributes: []string{"email", "custom:a"},
	}, nil)
	none := newClient("c", "p", 1, &cognitoidp.UserPoolClientType{ReadAttributes: []string{}, WriteAttributes: []string{}}, nil)
	for _, c := range []struct {
		name                                         string
		openR, openW, listedR, listedW, noneR, noneW bool
	}{
		{name: "sub", openR: true, listedR: true, noneR: true},
		{name: "email", openR: true, openW: true, listedR: true, listedW: true},
		{name: "name", openR: true, openW: true},
		{name: "email_verified", openR: true},
		{name: "phone_number_verified", openR: true},
		{name: "custom:a", openR: true, openW: true, listedR: true, listedW: true},
		{name: "custom:z", openR: true, openW: true},
		{name: "dev:custom:b", listedR: true},
		{name: "identities"},
	} {
		got := []bool{open.Readable(c.name), open.Writable(c.name), listed.Readable(c.name), listed.Writable(c.name), none.Readable(c.name), none.Writable(c.name)}
		want := []bool{c.openR, c.openW, c.listedR, c.listedW, c.noneR, c.noneW}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, want)
				break
			}
		}
	}
}

func TestSecretHash(t *testing.T) {
	const user, hash = "2c5d5d5e-1111-4222-8333-444455556666", "v31QZjR1d9jUx/Hpi1mD2tDeWQp/Zaesw8RSzxrc8YA="
	config := &cognitoidp.UserPoolClientType{}
	one := newClient("1example23456789", "p", 1, config, []string{"topsecretclientsecret0123456789"})
	two := newClient("1example23456789", "p", 1, config, []string{"another", "topsecretclientsecret0123456789"})
	other := newClient("1example23456780", "p", 1, config, []string{"topsecretclientsecret0123456789"})
	public := newClient("1example23456789", "p", 1, config, nil)
	for _, c := range []struct {
		what       string
		client     *Client
		user, hash string
		want       error
	}{
		{"the check vector", one, user, hash, nil},
		{"either of two secrets", two, user, hash, nil},
		{"another client", other, user, hash, ErrSecretHashWrong},
		{"another user", one, user + "x", hash, ErrSecretHashWrong},
		{"nothing", one, user, "", ErrSecretHashMissing},
		{"truncated", one, user, hash[:43], ErrSecretHashWrong},
		{"flipped", one, user, "w" + hash[1:], ErrSecretHashWrong},
		{"a public client without", public, user, "", nil},
		{"a public client with", public, user, hash, ErrSecretHashWrong},
	} {
		if err := c.client.CheckSecretHash(c.user, c.hash); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	if err := SecretHashRefusal(one, ErrSecretHashMissing); err.Error() != "NotAuthorizedException: Client 1example23456789 is configured with secret but SECRET_HASH was not received" {
		t.Error(err)
	}
	if err := SecretHashRefusal(one, ErrSecretHashWrong); err.Error() != "NotAuthorizedException: Unable to verify secret hash for client 1example23456789" {
		t.Error(err)
	}
	if !two.CheckSecret("another") || two.CheckSecret("anothe") || two.CheckSecret("") || !public.CheckSecret("") || public.CheckSecret("x") {
		t.Error("CheckSecret decides wrongly")
	}
}
