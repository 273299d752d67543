package seed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/server/seed"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// export writes the named pools as a file.
func export(w *World, secrets bool, ids ...string) (text string, left []string) {
	w.T.Helper()
	e := seed.Exporter{DB: w.DB, API: w.API, Pools: w.Pools, Users: w.Users, Factors: w.Factors, Branding: w.Branding, Secrets: secrets}
	f, err := e.Export(w.Ctx, ids)
	if err != nil {
		w.T.Fatal(err)
	}
	var b strings.Builder
	if err := f.Write(&b); err != nil {
		w.T.Fatal(err)
	}
	return b.String(), e.Left
}

// TestExport moves pools that were made through the API to an empty server: it answers the same about them, and users
// sign in with the password and the software token that they had.
func TestExport(t *testing.T) {
	Each(t, func(old *World) {
		ids, token := manyPools(old)
		text, _ := export(old, true, ids...)
		if n, want := strings.Count(text, "\n        sub: "), 5+2+morePages; n != want {
			old.T.Errorf("%d users, want %d", n, want)
		}
		fresh := New(old.T, dbtest.SQLite(old.T, rooms.Migrations()), Options{})
		fresh.Clock.Advance(time.Hour)
		if err := apply(fresh, text); err != nil {
			old.T.Fatalf("%v in\n%s", err, text)
		}
		for _, id := range ids {
			if before, after := described(old, id), described(fresh, id); before != after {
				old.T.Errorf("%s was\n%s\nand is\n%s", id, before, after)
			}
		}
		if again, _ := export(fresh, true, ids...); again != text {
			old.T.Errorf("the second export is another:\n%s\n---\n%s", text, again)
		}
		if n := fresh.Writes(func() {
			if err := apply(fresh, text); err != nil {
				old.T.Error(err)
			}
		}); n != 0 {
			old.T.Errorf("the second time wrote %d times", n)
		}
		movedIn(fresh, ids[0], token)
	})
}

// movedIn signs the users of the first pool in at the server that it was moved to.
func movedIn(w *World, id, token string) {
	w.T.Helper()
	p, c, err := clientOf(w, id, false)
	if err != nil {
		w.T.Fatal(err)
	}
	w.SignIn(c, "Bob", "Another-1")
	if out := Call(w, w.API.RespondToAuthChallenge, w.StartSRP(p, c, "bob").Answer("Another-1")); out.AuthenticationResult == nil {
		w.T.Error("no tokens by SRP")
	}
	Refused(w, "PasswordHistoryPolicyViolationException: Password has previously been used.", w.API.AdminSetUserPassword,
		&cognitoidp.AdminSetUserPasswordRequest{UserPoolId: id, Username: "bob", Password: Password, Permanent: new(true)})
	first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana@example.com", Password))
	code, err := totp.GenerateCode(token, w.Clock.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	out := Call(w, w.API.RespondToAuthChallenge, &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.ID, ChallengeName: *first.ChallengeName, Session: first.Session,
		ChallengeResponses: map[string]string{"USERNAME": "ana", "SOFTWARE_TOKEN_MFA_CODE": code},
	})
	if out.AuthenticationResult == nil {
		w.T.Error("no tokens by software token")
	}
}

// morePages are more users than a page of ListUsers has.
const morePages = 61

// manyPools makes pools with all that the API makes. It returns their ids and the software token of ana in the first.
func manyPools(w *World) (ids []string, token string) {
	w.T.Helper()
	first := makePool(w, `{"PoolName":"full","DeletionProtection":"ACTIVE","UserPoolTier":"PLUS",
		"Policies":{"PasswordPolicy":{"MinimumLength":9,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"PasswordHistorySize":3,"TemporaryPasswordValidityDays":2},
			"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}},
		"AutoVerifiedAttributes":["email"],"AliasAttributes":["email","preferred_username"],
		"VerificationMessageTemplate":{"EmailMessage":"m {####}\n\n  indented \"and\" long `+strings.Repeat("word ", 60)+`","EmailSubject":"yes","DefaultEmailOption":"CONFIRM_WITH_CODE"},
		"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["email"]},
		"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":true,"DeviceOnlyRememberedOnUserPrompt":true},
		"EmailConfiguration":{"SourceArn":"arn:aws:ses:us-east-1:123456789012:identity/a","EmailSendingAccount":"DEVELOPER","From":"f@example.com"},
		"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"0123","SnsRegion":"us-east-1"},
		"UserPoolTags":{"k":"1.0","cognate:change-notices":"on"},"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true},
		"LambdaConfig":{"DefineAuthChallenge":"arn:aws:lambda:us-east-1:123456789012:function:f"},
		"Schema":[{"Name":"level","AttributeDataType":"Number","Mutable":true,"NumberAttributeConstraints":{"MinValue":"1","MaxValue":"9"}},
			{"Name":"secret","AttributeDataType":"String","DeveloperOnlyAttribute":true,"Mutable":true},
			{"Name":"badge","AttributeDataType":"String","Mutable":false},
			{"Name":"email","Required":true}],
		"UsernameConfiguration":{"CaseSensitive":false},"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_phone_number"}]}}`)
	request(w, w.API.SetUserPoolMfaConfig, first, `"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true},
		"SmsMfaConfiguration":{"SmsAuthenticationMessage":"a {####}","SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"0123","SnsRegion":"us-east-1"}},
		"EmailMfaConfiguration":{"Message":"m {####}","Subject":"s"},"WebAuthnConfiguration":{"RelyingPartyId":"auth.example.com","UserVerification":"required"}`)
	request(w, w.API.CreateUserPoolDomain, first, `"Domain":"shop","ManagedLoginVersion":2`)
	request(w, w.API.CreateUserPoolDomain, first, `"Domain":"auth.example.com","CustomDomainConfig":{"CertificateArn":"arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"}`)
	request(w, w.API.SetUserPoolSessionConfiguration, first, `"UserSessionTracking":"ENABLED","TokenSession":{"MaxPerUser":7}`)
	request(w, w.API.CreateResourceServer, first, `"Identifier":"https://api.example.com","Name":"api","Scopes":[{"ScopeName":"read","ScopeDescription":"d"}]`)
	request(w, w.API.CreateUserPoolClient, first, `"ClientName":"web","RefreshTokenValidity":48,"AccessTokenValidity":10,
		"TokenValidityUnits":{"AccessToken":"minutes","RefreshToken":"hours"},"ReadAttributes":["email","custom:level"],"WriteAttributes":["email"],
		"ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH","ALLOW_USER_PASSWORD_AUTH"],"CallbackURLs":["https://a.example/cb"],"DefaultRedirectURI":"https://a.example/cb",
		"AllowedOAuthFlows":["code"],"AllowedOAuthScopes":["openid","https://api.example.com/read"],"AllowedOAuthFlowsUserPoolClient":true,
		"PreventUserExistenceErrors":"ENABLED","AuthSessionValidity":7,"RefreshTokenRotation":{"Feature":"ENABLED","RetryGracePeriodSeconds":30}`)
	made := request(w, w.API.CreateUserPoolClient, first, `"ClientName":"api","GenerateSecret":true`).UserPoolClient
	Call(w, w.API.AddUserPoolClientSecret, &cognitoidp.AddUserPoolClientSecretRequest{
		UserPoolId: first, ClientId: *made.ClientId, ClientSecret: new("chosenchosenchosenchosenchosen"),
	})
	request(w, w.API.SetUserPoolClientSessionConfiguration, first, `"ClientId":"`+*made.ClientId+`","SSOSession":{"MaxValidityMinutes":0}`)
	manyLooks(w, first, *made.ClientId)
	gone := request(w, w.API.CreateResourceServer, first, `"Identifier":"gone","Name":"gone","Scopes":[{"ScopeName":"x","ScopeDescription":"d"}]`)
	request(w, w.API.CreateUserPoolClient, first, `"ClientName":"scopes","GenerateSecret":true,"AllowedOAuthFlows":["code"],"CallbackURLs":["https://a.example/cb"],
		"AllowedOAuthScopes":["openid","gone/x"],"AllowedOAuthFlowsUserPoolClient":true`)
	if err := w.API.DeleteResourceServer(w.Ctx, &cognitoidp.DeleteResourceServerRequest{UserPoolId: first, Identifier: *gone.ResourceServer.Identifier}); err != nil {
		w.T.Fatal(err)
	}
	for _, g := range []string{`"GroupName":"admins","Precedence":0,"Description":"may: all","RoleArn":"arn:aws:iam::123456789012:role/a"`, `"GroupName":"staff"`} {
		request(w, w.API.CreateGroup, first, g)
	}
	token = manyUsers(w, first)

	second := makePool(w, `{"PoolName":"plain","UsernameAttributes":["email","phone_number"],"UserPoolTier":"LITE"}`)
	request(w, w.API.CreateUserPoolClient, second, `"ClientName":"c"`)
	p, err := w.Pools.Pool(w.Ctx, second)
	if err != nil {
		w.T.Fatal(err)
	}
	w.User(p, "mail@example.com", "email_verified", "true")
	w.User(p, "+15550001111", "email", "both@example.com", "email_verified", "true")
	_, err = w.Users.BulkInsert(w.Ctx, p, func(yield func(directory.NewUser) bool) {
		for i := range morePages {
			address := fmt.Sprintf("many%d@example.com", i)
			if !yield(directory.NewUser{Status: cognitoidp.UserStatusTypeConfirmed, Attributes: map[string]string{"email": address}}) {
				return
			}
		}
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return []string{first, second}, token
}

// manyLooks makes a style with an image, customizations of all and of one client, and terms.
func manyLooks(w *World, poolID, clientID string) {
	w.T.Helper()
	const png = "iVBORw0KGgoAAAA="
	own := `"ClientId":"` + clientID + `",`
	request(w, w.API.CreateManagedLoginBranding, poolID, own+`"Settings":{"components":{"favicon":{"enabledTypes":["SVG"]},
		"form":{"borderRadius":8.5,"lightMode":{"backgroundColor":"00112233"}}},"own":{"n":8,"yes":"no"}},"Assets":[{"Category":"FORM_LOGO","ColorMode":"LIGHT","Extension":"PNG","Bytes":"`+png+`"}]`)
	request(w, w.API.SetUICustomization, poolID, `"CSS":".label-customizable{font-weight:400}","ImageFile":"`+png+`"`)
	request(w, w.API.SetUICustomization, poolID, own+`"ImageFile":"`+png+`"`)
	for _, name := range []string{"terms-of-use", "privacy-policy"} {
		request(w, w.API.CreateTerms, poolID, own+`"TermsName":"`+name+`","TermsSource":"LINK","Enforcement":"NONE",
			"Links":{"cognito:default":"https://a.example/`+name+`","cognito:german":"https://a.example/de"}`)
	}
}

// manyUsers makes users in every state.
func manyUsers(w *World, poolID string) (token string) {
	w.T.Helper()
	p, err := w.Pools.Pool(w.Ctx, poolID)
	if err != nil {
		w.T.Fatal(err)
	}
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true", "phone_number", "+15550001111", "dev:custom:secret", "s", "custom:badge", "7")
	w.User(p, "Bob", "email", "bob@example.com", "name", "yes: [no]\n")
	w.SetPassword(p, "bob", "Another-1", true) // the first one is history
	w.User(p, "off", "email", "off@example.com", "email_verified", "true")
	Call(w, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: poolID, Username: "off"})
	for _, name := range []string{"invited", "123"} {
		Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
			UserPoolId: poolID, Username: name, TemporaryPassword: new("Temporary-1"), MessageAction: new(cognitoidp.MessageActionTypeSuppress),
			UserAttributes: Attributes("phone_number", "+15550002222", "phone_number_verified", "true"),
		})
	}
	w.SetPassword(p, "123", Password, true)
	Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: poolID, Username: "123"})
	for _, g := range []string{"staff", "admins"} {
		if err := w.API.AdminAddUserToGroup(w.Ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: poolID, Username: "ana", GroupName: g}); err != nil {
			w.T.Fatal(err)
		}
	}
	_, c, err := clientOf(w, poolID, false)
	if err != nil {
		w.T.Fatal(err)
	}
	token = softwareToken(w, *w.SignIn(c, "ana", Password).AccessToken)
	request(w, w.API.AdminSetUserMFAPreference, poolID, `"Username":"ana","SMSMfaSettings":{"Enabled":true},"SoftwareTokenMfaSettings":{"Enabled":true,"PreferredMfa":true}`)
	return token
}

// softwareToken sets a software token up.
func softwareToken(w *World, access string) string {
	w.T.Helper()
	secret := *Call(w, w.API.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &access}).SecretCode
	code, err := totp.GenerateCode(secret, w.Clock.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	Call(w, w.API.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{AccessToken: &access, UserCode: code, FriendlyDeviceName: new("phone")})
	return secret
}

func makePool(w *World, text string) string {
	w.T.Helper()
	in := new(cognitoidp.CreateUserPoolRequest)
	if err := json.Unmarshal([]byte(text), in); err != nil {
		w.T.Fatal(err)
	}
	return *Call(w, w.API.CreateUserPool, in).UserPool.Id
}

// request calls an operation about a pool with members in JSON.
func request[I, O any](w *World, operation func(context.Context, *I) (*O, error), poolID, text string) *O {
	w.T.Helper()
	in := new(I)
	if err := json.Unmarshal([]byte(`{"UserPoolId":"`+poolID+`",`+text+`}`), in); err != nil {
		w.T.Fatal(err)
	}
	return Call(w, operation, in)
}

// changing are the members that tell when and where something was changed, and what secrets of clients are called.
var changing = regexp.MustCompile(`(?m)^.*"(LastModifiedDate|UserLastModifiedDate|CreationDate|ManagedLoginBrandingId|TermsId|CSSVersion|ClientSecretId|ClientSecretCreateDate|Version|SchemaVersion|PaginationToken)".*$\n`)

// described is what the API answers about a pool.
func described(w *World, id string) string {
	w.T.Helper()
	described := Call(w, w.API.DescribeUserPool, &cognitoidp.DescribeUserPoolRequest{UserPoolId: id}).UserPool
	users := Call(w, w.API.ListUsers, &cognitoidp.ListUsersRequest{UserPoolId: id})
	clients := Call(w, w.API.ListUserPoolClients, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: id})
	all := []any{
		described, users, clients,
		Call(w, w.API.GetUserPoolMfaConfig, &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: id}),
		Call(w, w.API.GetUserPoolSessionConfiguration, &cognitoidp.GetUserPoolSessionConfigurationRequest{UserPoolId: id}),
		Call(w, w.API.ListGroups, &cognitoidp.ListGroupsRequest{UserPoolId: id}),
		Call(w, w.API.ListResourceServers, &cognitoidp.ListResourceServersRequest{UserPoolId: id}),
	}
	for _, d := range []*string{described.Domain, described.CustomDomain} {
		if d != nil {
			all = append(all, Call(w, w.API.DescribeUserPoolDomain, &cognitoidp.DescribeUserPoolDomainRequest{Domain: *d}))
		}
	}
	for _, c := range clients.UserPoolClients {
		in := &cognitoidp.DescribeUserPoolClientRequest{UserPoolId: id, ClientId: *c.ClientId}
		all = append(all, Call(w, w.API.DescribeUserPoolClient, in),
			Call(w, w.API.GetUserPoolClientSessionConfiguration, &cognitoidp.GetUserPoolClientSessionConfigurationRequest{UserPoolId: id, ClientId: *c.ClientId}))
		all = append(all, Call(w, w.API.GetUICustomization, &cognitoidp.GetUICustomizationRequest{UserPoolId: id, ClientId: c.ClientId}))
		style, err := w.API.DescribeManagedLoginBrandingByClient(w.Ctx, &cognitoidp.DescribeManagedLoginBrandingByClientRequest{UserPoolId: id, ClientId: *c.ClientId})
		if err == nil {
			all = append(all, style)
		}
		for _, name := range []string{"terms-of-use", "privacy-policy"} {
			terms, err := w.API.DescribeTermsByClient(w.Ctx, &cognitoidp.DescribeTermsByClientRequest{UserPoolId: id, ClientId: *c.ClientId, TermsName: name})
			if err == nil {
				all = append(all, terms)
			}
		}
		_, have, err := w.Pools.Client(w.Ctx, *c.ClientId)
		if err != nil {
			w.T.Fatal(err)
		}
		all = append(all, have.Secrets)
	}
	for _, u := range users.Users {
		all = append(all, Call(w, w.API.AdminGetUser, &cognitoidp.AdminGetUserRequest{UserPoolId: id, Username: *u.Username}),
			Call(w, w.API.AdminListGroupsForUser, &cognitoidp.AdminListGroupsForUserRequest{UserPoolId: id, Username: *u.Username}))
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		w.T.Fatal(err)
	}
	return strings.Replace(changing.ReplaceAllString(string(text), ""), ",\n    \"gone/x\"", "", 1)
}

// TestExportWithoutSecrets: nothing of what proves somebody is in the file, and it can be applied all the same.
func TestExportWithoutSecrets(t *testing.T) {
	w := Quick(t)
	ids, token := manyPools(w)
	text, left := export(w, false, ids...)
	for _, secret := range []string{token, "chosenchosen", "verifier", "totp", "temporary", "SOFTWARE_TOKEN_MFA]"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the file:\n%s", secret, text)
		}
	}
	if len(left) != 0 {
		t.Errorf("left out: %q", left)
	}
	fresh := Quick(t)
	if err := apply(fresh, text); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	p, c, err := clientOf(fresh, ids[0], false)
	if err != nil {
		t.Fatal(err)
	}
	Refused(fresh, "NotAuthorizedException: Incorrect username or password.", fresh.API.InitiateAuth, PasswordAuth(c, "bob", "Another-1"))
	fresh.SetPassword(p, "bob", "Newer-0ne", true)
	fresh.SignIn(c, "bob", "Newer-0ne")
	if _, c, err := clientOf(fresh, ids[0], true); err != nil || !c.HasSecret() {
		t.Errorf("the confidential client: %v, %v", c, err)
	}
	if n := fresh.Writes(func() {
		if err := apply(fresh, text); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("the second time wrote %d times", n)
	}
}

// clientOf finds the confidential or the public client of a pool.
func clientOf(w *World, id string, confidential bool) (*pool.Pool, *pool.Client, error) {
	w.T.Helper()
	for _, found := range Call(w, w.API.ListUserPoolClients, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: id}).UserPoolClients {
		p, c, err := w.Pools.Client(w.Ctx, *found.ClientId)
		if err != nil || c.HasSecret() == confidential {
			return p, c, err
		}
	}
	return nil, nil, errors.New("no such client")
}

// TestExportTellsWhatStays: what cannot come along is told.
func TestExportTellsWhatStays(t *testing.T) {
	w := Quick(t)
	id := makePool(w, `{"PoolName":"p","LambdaConfig":{"KMSKeyID":"arn:aws:kms:us-east-1:000000000000:key/k",
		"CustomEmailSender":{"LambdaVersion":"V1_0","LambdaArn":"arn:aws:lambda:us-east-1:000000000000:function:f"}}}`)
	p, err := w.Pools.Pool(w.Ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	w.User(p, "ana")
	err = w.DB.Update(w.Ctx, func(tx *db.Tx) error {
		u, err := w.Users.Resolve(tx, p, "ana")
		if err != nil {
			return err
		}
		u.MFA.Passkeys, u.Pending = 2, map[string]string{"email": "a@example.com"}
		return w.Users.Save(tx, p, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, left := export(w, true, id)
	for i, want := range []string{"the material of the KMS key arn:aws:kms:us-east-1:000000000000:key/k", "passkeys: 2", "new addresses that await their code: 1"} {
		if len(left) != 3 || !strings.HasPrefix(left[i], "pool "+id+": "+want) {
			t.Errorf("%q, want %q at %d", left, want, i)
		}
	}
}
