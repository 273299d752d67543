package pool

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
)

// Requests in which every member is set to something other than its default.
const (
	fullPool = `{"PoolName":"full","DeletionProtection":"ACTIVE","MfaConfiguration":"OPTIONAL","UserPoolTier":"PLUS",
		"Policies":{"PasswordPolicy":{"MinimumLength":10,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"PasswordHistorySize":3,"TemporaryPasswordValidityDays":2},
			"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP","WEB_AUTHN"]}},
		"LambdaConfig":{"PreSignUp":"` + lambda + `","CustomMessage":"` + lambda + `","PostConfirmation":"` + lambda + `","PreAuthentication":"` + lambda + `",
			"PostAuthentication":"` + lambda + `","DefineAuthChallenge":"` + lambda + `","CreateAuthChallenge":"` + lambda + `","VerifyAuthChallengeResponse":"` + lambda + `",
			"PreTokenGeneration":"` + lambda + `","UserMigration":"` + lambda + `","KMSKeyID":"arn:aws:kms:eu-west-1:123456789012:key/k",
			"PreTokenGenerationConfig":{"LambdaVersion":"V2_0","LambdaArn":"` + lambda + `"},"CustomSMSSender":{"LambdaVersion":"V1_0","LambdaArn":"` + lambda + `"},
			"CustomEmailSender":{"LambdaVersion":"V1_0","LambdaArn":"` + lambda + `"},"InboundFederation":{"LambdaVersion":"V1_0","LambdaArn":"` + lambda + `"}},
		"AutoVerifiedAttributes":["email","phone_number"],"AliasAttributes":["email","preferred_username"],
		"SmsVerificationMessage":"s {####}","EmailVerificationMessage":"m {####}","EmailVerificationSubject":"j",
		"VerificationMessageTemplate":{"SmsMessage":"s {####}","EmailMessage":"m {####}","EmailSubject":"j","EmailMessageByLink":"{##link##}","EmailSubjectByLink":"l","DefaultEmailOption":"CONFIRM_WITH_LINK"},
		"SmsAuthenticationMessage":"a {####}","UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["email"]},
		"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":true,"DeviceOnlyRememberedOnUserPrompt":true},
		"EmailConfiguration":{"SourceArn":"arn:aws:ses:eu-west-1:123456789012:identity/a","ReplyToEmailAddress":"r@example.com","EmailSendingAccount":"DEVELOPER","From":"f@example.com","ConfigurationSet":"set"},
		"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x","SnsRegion":"eu-west-1"},
		"UserPoolTags":{"k":"v"},"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true,"InviteMessageTemplate":{"SMSMessage":"{username} {####}","EmailMessage":"{username} {####}","EmailSubject":"i"}},
		"Schema":[{"Name":"level","AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false,"NumberAttributeConstraints":{"MinValue":"1","MaxValue":"9"}},
			{"Name":"tag","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false,"StringAttributeConstraints":{"MinLength":"1","MaxLength":"9"}}],
		"UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED","AdvancedSecurityAdditionalFlows":{"CustomAuthMode":"AUDIT"}},
		"UsernameConfiguration":{"CaseSensitive":false},"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"},{"Priority":2,"Name":"verified_phone_number"}]},
		"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY","KmsKeyArn":"arn:aws:kms:eu-west-1:123456789012:key/k"},"IssuerConfiguration":{"Type":"UPDATED"},
		"DcrConfiguration":{"EnableStatus":"Enabled","OpenDcrEnabled":true,"AuthenticatedGrantTypes":["code"],"OpenDcrGrantTypes":["code"],"AllowedScopes":["openid"]},
		"AcrConfiguration":{"Level1":{"AcrValue":"one"},"Level2":{"AcrValue":"two"},"Level3":{"AcrValue":"three"},"Level4":{"AcrValue":"four"}}}`

	fullClient = `"ClientName":"full","RefreshTokenValidity":48,"AccessTokenValidity":10,"IdTokenValidity":600,
		"TokenValidityUnits":{"AccessToken":"minutes","IdToken":"seconds","RefreshToken":"hours"},
		"ReadAttributes":["email","custom:tag"],"WriteAttributes":["email"],"ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH","ALLOW_USER_AUTH"],
		"SupportedIdentityProviders":["COGNITO"],"CallbackURLs":["https://a.example/cb","myapp://cb"],"LogoutURLs":["http://localhost:3000/out"],
		"DefaultRedirectURI":"myapp://cb","AllowedOAuthFlows":["code","implicit"],"AllowedOAuthScopes":["openid","email"],"AllowedOAuthFlowsUserPoolClient":true,
		"AnalyticsConfiguration":{"ApplicationId":"abc123","RoleArn":"arn:aws:iam::123456789012:role/pin","ExternalId":"x","UserDataShared":true},
		"PreventUserExistenceErrors":"ENABLED","EnableTokenRevocation":false,"EnablePropagateAdditionalUserContextData":true,"AuthSessionValidity":7,
		"RefreshTokenRotation":{"Feature":"ENABLED","RetryGracePeriodSeconds":30}`
)

// unset lists the members of a shape that are nil, at every depth. Members with other names than the shape's own ways
// out (exclusive alternatives) must be named by the caller.
func unset(v reflect.Value, path string) (out []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return []string{path}
		}
		return unset(v.Elem(), path)
	case reflect.Slice, reflect.Map:
		if v.Len() == 0 {
			return []string{path}
		}
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && path != ".Schema" {
			return unset(v.Index(0), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, unset(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	}
	return out
}

func members(t *testing.T, request string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(request), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPoolRoundTrip(t *testing.T) {
	in := new(cognitoidp.CreateUserPoolRequest)
	if err := in.UnmarshalJSON([]byte(fullPool)); err != nil {
		t.Fatal(err)
	}
	// These exclude members that are set.
	same(t, "members that the test does not set", unset(reflect.ValueOf(in), ""),
		[]string{".UsernameAttributes", ".SmsConfiguration.EumsSms", ".AdminCreateUserConfig.UnusedAccountValidityDays"})

	w := memory(t)
	created := dig(w.call("CreateUserPool", fullPool), "UserPool").(map[string]any)
	read := w.describe(created["Id"].(string))
	same(t, "Describe after Create", read, created)
	want := members(t, fullPool)
	want["Name"] = want["PoolName"]
	want["AdminCreateUserConfig"].(map[string]any)["UnusedAccountValidityDays"] = 2.0
	for _, a := range want["Schema"].([]any) {
		a.(map[string]any)["Name"] = "custom:" + a.(map[string]any)["Name"].(string)
	}
	same(t, "Schema", read["SchemaAttributes"].([]any)[20:], want["Schema"])
	delete(want, "PoolName")
	delete(want, "Schema")
	for name, value := range want {
		same(t, name, read[name], value)
	}
	mfa := w.call("GetUserPoolMfaConfig", `{"UserPoolId":"`+created["Id"].(string)+`"}`)
	same(t, "MFA", mfa, `{"MfaConfiguration":"OPTIONAL","SmsMfaConfiguration":{"SmsAuthenticationMessage":"a {####}","SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x","SnsRegion":"eu-west-1"}}}`)

	// The alternatives that exclude members of fullPool.
	id := w.pool(`"UsernameAttributes":["email","phone_number"],"AdminCreateUserConfig":{"UnusedAccountValidityDays":4},
		"SmsConfiguration":{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/s","ExternalId":"e","OriginationIdentity":"o","ConfigurationSetName":"c","InEntityId":"i","InTemplateId":"t","Region":"eu-west-1"}}`)
	same(t, "UsernameAttributes", w.describe(id)["UsernameAttributes"], `["email","phone_number"]`)
	same(t, "EumsSms", dig(w.describe(id), "SmsConfiguration", "EumsSms"), `{"CallerArn":"arn:aws:iam::123456789012:role/s","ExternalId":"e","OriginationIdentity":"o","ConfigurationSetName":"c","InEntityId":"i","InTemplateId":"t","Region":"eu-west-1"}`)
	same(t, "UnusedAccountValidityDays", dig(w.describe(id), "AdminCreateUserConfig", "UnusedAccountValidityDays"), 4.0)
}

// TestUpdateResets sends an update with nothing but the pool id for a pool in which everything is set. MFA goes off first: an
// update never drops the SMS settings that it stands on.
func TestUpdateResets(t *testing.T) {
	w := memory(t)
	id := dig(w.call("CreateUserPool", fullPool), "UserPool", "Id").(string)
	full := w.describe(id)
	plain := w.describe(w.pool(""))
	w.clock.Advance(time.Second)
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`"}`, "InvalidParameterException: "+mfaNeedsSMS)
	w.call("SetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`)
	w.call("UpdateUserPool", `{"UserPoolId":"`+id+`"}`)
	full["MfaConfiguration"] = "OFF"
	dig(plain, "AdminCreateUserConfig").(map[string]any)["UnusedAccountValidityDays"] = dig(full, "Policies", "PasswordPolicy", "TemporaryPasswordValidityDays")
	got := w.describe(id)
	kept := map[string]bool{
		// never changeable
		"Id": true, "Arn": true, "CreationDate": true, "SchemaAttributes": true, "AliasAttributes": true, "UsernameConfiguration": true,
		// kept when omitted
		"Name": true, "UserPoolTier": true, "Policies": true, "MfaConfiguration": true, "DcrConfiguration": true, "AcrConfiguration": true, "KeyConfiguration": true, "IssuerConfiguration": true,
	}
	for name := range maps.Keys(full) {
		if kept[name] {
			same(t, name+" is kept", got[name], full[name])
		} else if name != "LastModifiedDate" {
			same(t, name+" is reset", got[name], plain[name])
		}
	}
	same(t, "MFA is reset", w.call("GetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`), `{"MfaConfiguration":"OFF"}`)
}

// TestUpdateSetsEverything updates a plain pool to the full one.
func TestUpdateSetsEverything(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	in := members(t, fullPool)
	shape := reflect.TypeFor[cognitoidp.UpdateUserPoolRequest]()
	for name := range maps.Keys(in) {
		if _, ok := shape.FieldByName(name); !ok {
			delete(in, name)
		}
	}
	if len(in) != shape.NumField()-1 {
		t.Errorf("%d members of %d are tried", len(in), shape.NumField()-1)
	}
	in["UserPoolId"] = id
	request, _ := json.Marshal(in)
	w.call("UpdateUserPool", string(request))
	got, want := w.describe(id), w.describe(dig(w.call("CreateUserPool", fullPool), "UserPool", "Id").(string))
	for _, name := range []string{"Id", "Arn", "SchemaAttributes", "AliasAttributes", "UsernameConfiguration"} {
		delete(got, name)
		delete(want, name)
	}
	same(t, "updated pool", got, want)
}

func TestClientRoundTrip(t *testing.T) {
	w := memory(t)
	poolID := w.pool(`"Schema":[{"Name":"tag","AttributeDataType":"String"}]`)
	request := `{"UserPoolId":"` + poolID + `","GenerateSecret":true,` + fullClient + `}`
	in := new(cognitoidp.CreateUserPoolClientRequest)
	if err := in.UnmarshalJSON([]byte(request)); err != nil {
		t.Fatal(err)
	}
	same(t, "members that the test does not set", unset(reflect.ValueOf(in), ""), []string{".ClientSecret", ".AnalyticsConfiguration.ApplicationArn", ".PublishSecretsInAWSSecretsManager"})

	created := dig(w.call("CreateUserPoolClient", request), "UserPoolClient").(map[string]any)
	key := `{"UserPoolId":"` + poolID + `","ClientId":"` + created["ClientId"].(string) + `"}`
	same(t, "Describe after Create", dig(w.call("DescribeUserPoolClient", key), "UserPoolClient"), created)
	want := members(t, request)
	delete(want, "GenerateSecret")
	for name, value := range want {
		same(t, name, created[name], value)
	}
	if s := created["ClientSecret"].(string); len(s) != 52 {
		t.Errorf("secret %q", s)
	}
	if id := created["ClientId"].(string); len(id) != 26 {
		t.Errorf("client id %q", id)
	}
	same(t, "ClientType", created["ClientType"], "REGULAR")

	// An update with nothing but the ids resets everything else.
	plain := dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"full","GenerateSecret":true}`), "UserPoolClient").(map[string]any)
	got := dig(w.call("UpdateUserPoolClient", key), "UserPoolClient").(map[string]any)
	same(t, "Describe after Update", dig(w.call("DescribeUserPoolClient", key), "UserPoolClient"), got)
	same(t, "secret is kept", got["ClientSecret"], created["ClientSecret"])
	for _, m := range []map[string]any{got, plain} {
		delete(m, "ClientId")
		delete(m, "ClientSecret")
	}
	same(t, "reset client", got, plain)

	// And an update with everything sets everything.
	in2 := members(t, `{`+fullClient+`}`)
	// All but the two ids and PublishSecretsInAWSSecretsManager, which only refuses.
	if shape := reflect.TypeFor[cognitoidp.UpdateUserPoolClientRequest](); len(in2) != shape.NumField()-3 {
		t.Errorf("%d members of %d are tried", len(in2), shape.NumField()-3)
	}
	maps.Copy(in2, members(t, key))
	text, _ := json.Marshal(in2)
	same(t, "full client", dig(w.call("UpdateUserPoolClient", string(text)), "UserPoolClient"), any(created))
}

func TestClientDefaults(t *testing.T) {
	w := memory(t)
	poolID := w.pool("")
	got := dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c"}`), "UserPoolClient").(map[string]any)
	id := got["ClientId"].(string)
	delete(got, "ClientId")
	same(t, "defaults", any(got), `{"UserPoolId":"`+poolID+`","ClientName":"c","CreationDate":1800000000.123,"LastModifiedDate":1800000000.123,
		"RefreshTokenValidity":30,"TokenValidityUnits":{},"AllowedOAuthFlowsUserPoolClient":false,"PreventUserExistenceErrors":"LEGACY",
		"EnableTokenRevocation":true,"EnablePropagateAdditionalUserContextData":false,"AuthSessionValidity":3,"ClientType":"REGULAR"}`)
	_, c, err := w.ops.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if c.AccessTTL() != defaultTokenLife || c.IDTTL() != defaultTokenLife || c.RefreshTTL() != defaultRefreshLife || c.AuthSession().Minutes() != 3 {
		t.Errorf("lives %v %v %v %v", c.AccessTTL(), c.IDTTL(), c.RefreshTTL(), c.AuthSession())
	}
	if on, _ := c.Rotation(); on || c.HasSecret() || c.HidesUsers() || !c.RevocationEnabled() || c.OAuth() || c.AllowsClientToken() {
		t.Error("flags differ from the defaults")
	}
	names := slices.Collect(maps.Keys(got))
	slices.Sort(names)
	if slices.Contains(names, "ClientSecret") {
		t.Error("a public client shows a secret")
	}
}
