package pool

import "testing"

const (
	smsRole   = `{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms"}`
	developer = `"EmailConfiguration":{"EmailSendingAccount":"DEVELOPER","SourceArn":"arn:aws:ses:eu-west-1:123456789012:identity/a"}`
)

func TestMFARules(t *testing.T) {
	w := memory(t)
	const bad = "InvalidParameterException: "
	plain := w.pool("")
	lite := w.pool(`"UserPoolTier":"LITE",` + developer)
	own := w.pool(developer + `,"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"}]}`)
	otp := w.pool(`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","SMS_OTP"]}}`)
	passkey := w.pool(`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","WEB_AUTHN"]}}`)
	const off = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
	const none = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
	for _, c := range []struct{ pool, members, want string }{
		{plain, `"MfaConfiguration":"OFF","SoftwareTokenMfaConfiguration":{"Enabled":true}`, bad + off},
		{plain, `"MfaConfiguration":"OFF","SoftwareTokenMfaConfiguration":{"Enabled":false}`, bad + off},
		{plain, `"MfaConfiguration":"OFF","SmsMfaConfiguration":{"SmsConfiguration":` + smsRole + `}`, bad + off},
		{plain, `"MfaConfiguration":"OFF","EmailMfaConfiguration":{}`, bad + off},
		{plain, `"SoftwareTokenMfaConfiguration":{"Enabled":true}`, bad + off},
		{plain, `"MfaConfiguration":"ON"`, bad + none},
		{plain, `"MfaConfiguration":"OPTIONAL"`, bad + none},
		{plain, `"MfaConfiguration":"OPTIONAL","WebAuthnConfiguration":{"UserVerification":"preferred"}`, bad + none},
		{plain, `"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":false}`, bad + "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."},
		{plain, `"MfaConfiguration":"ON","SmsMfaConfiguration":{}`, bad + "[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration]."},
		{plain, `"MfaConfiguration":"ON","SmsMfaConfiguration":{"SmsConfiguration":{}}`, bad + "SmsConfiguration needs SnsCallerArn or EumsSms."},
		{plain, `"MfaConfiguration":"ON","EmailMfaConfiguration":{}`, bad + "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT. Update the value of EmailSendingAccount."},
		{own, `"MfaConfiguration":"ON","EmailMfaConfiguration":{}`, bad + "Cannot set EmailMfaConfiguration when verified_email is the only recovery mechanism in AccountRecoverySetting."},
		{otp, `"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}`, bad + "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"},
		{passkey, `"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}`, bad + "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor"},
		{lite, `"MfaConfiguration":"ON","EmailMfaConfiguration":{}`, "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: Email MFA"},
		{lite, `"WebAuthnConfiguration":{"FactorConfiguration":"MULTI_FACTOR_WITH_USER_VERIFICATION"}`, "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: Passkey MFA"},
		{"eu-west-1_none", `"MfaConfiguration":"OFF"`, "ResourceNotFoundException: User pool eu-west-1_none does not exist."},
	} {
		w.refused("SetUserPoolMfaConfig", `{"UserPoolId":"`+c.pool+`",`+c.members+`}`, c.want)
	}
	w.refused("GetUserPoolMfaConfig", `{"UserPoolId":"eu-west-1_none"}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
}

func TestMFASettings(t *testing.T) {
	w := memory(t)
	id := w.pool(developer)
	set := func(members string) map[string]any {
		t.Helper()
		out := w.call("SetUserPoolMfaConfig", `{"UserPoolId":"`+id+`",`+members+`}`)
		same(t, "Get after Set", w.call("GetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`), any(out))
		same(t, "Describe after Set", w.describe(id)["MfaConfiguration"], out["MfaConfiguration"])
		return out
	}
	// Every member is kept.
	const all = `"MfaConfiguration":"OPTIONAL","SmsMfaConfiguration":{"SmsAuthenticationMessage":"m {####}","SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x","SnsRegion":"eu-west-1"}},
		"SoftwareTokenMfaConfiguration":{"Enabled":true},"EmailMfaConfiguration":{"Message":"e {####}","Subject":"s"},
		"WebAuthnConfiguration":{"RelyingPartyId":"a.example","UserVerification":"required","FactorConfiguration":"MULTI_FACTOR_WITH_USER_VERIFICATION"}`
	same(t, "all", any(set(all)), `{`+all+`}`)
	same(t, "the pool's SMS settings", w.describe(id)["SmsConfiguration"], `{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x","SnsRegion":"eu-west-1"}`)
	same(t, "the pool's SMS message", w.describe(id)["SmsAuthenticationMessage"], "m {####}")

	// Factors are replaced as a whole; the passkey block stays when omitted, and an omitted mode is OFF.
	const passkey = `"WebAuthnConfiguration":{"RelyingPartyId":"a.example","UserVerification":"required","FactorConfiguration":"MULTI_FACTOR_WITH_USER_VERIFICATION"}`
	same(t, "TOTP only", any(set(`"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true}`)), `{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true},`+passkey+`}`)
	same(t, "an omitted mode", any(set(`"WebAuthnConfiguration":{"UserVerification":"preferred"}`)), `{"MfaConfiguration":"OFF","WebAuthnConfiguration":{"UserVerification":"preferred"}}`)
	same(t, "SMS with the pool's settings", dig(set(`"MfaConfiguration":"ON","SmsMfaConfiguration":{}`), "SmsMfaConfiguration"), `{"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x","SnsRegion":"eu-west-1"}}`)
	same(t, "off", any(set(`"MfaConfiguration":"OFF"`)), `{"MfaConfiguration":"OFF","WebAuthnConfiguration":{"UserVerification":"preferred"}}`)
	same(t, "off with passkeys", any(set(`"MfaConfiguration":"OFF","WebAuthnConfiguration":{"RelyingPartyId":"b.example"}`)), `{"MfaConfiguration":"OFF","WebAuthnConfiguration":{"RelyingPartyId":"b.example"}}`)
}

// TestMFAThroughUpdate holds what UpdateUserPool does to factors that SetUserPoolMfaConfig chose.
func TestMFAThroughUpdate(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	update := func(members string) any {
		t.Helper()
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`",`+members+`}`)
		return any(w.call("GetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`))
	}
	w.call("SetUserPoolMfaConfig", `{"UserPoolId":"`+id+`","MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}}`)
	same(t, "TOTP stays", update(`"MfaConfiguration":"OPTIONAL"`), `{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true}}`)
	same(t, "SMS settings do not make SMS a factor", update(`"MfaConfiguration":"ON",`+sns), `{"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}}`)
	same(t, "an omitted mode stays", update(`"PoolName":"q"`), `{"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}}`)
	same(t, "off drops the factors", update(`"MfaConfiguration":"OFF"`), `{"MfaConfiguration":"OFF"}`)
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","MfaConfiguration":"ON"}`, "InvalidParameterException: Cannot turn MFA functionality ON, once the user pool has been created.")
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","MfaConfiguration":"OPTIONAL"}`, "InvalidParameterException: "+mfaNeedsSMS)
	same(t, "SMS", update(`"MfaConfiguration":"ON",`+sns), `{"MfaConfiguration":"ON","SmsMfaConfiguration":{`+sns+`}}`)
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`"}`, "InvalidParameterException: "+mfaNeedsSMS) // never off in silence
	same(t, "new message", update(`"MfaConfiguration":"ON","SmsAuthenticationMessage":"n {####}",`+sns), `{"MfaConfiguration":"ON","SmsMfaConfiguration":{"SmsAuthenticationMessage":"n {####}",`+sns+`}}`)
}
