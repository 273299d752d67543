package pool

import (
	"testing"
)

func TestCreateDefaults(t *testing.T) {
	w := memory(t)
	got := dig(w.call("CreateUserPool", `{"PoolName":"plain"}`), "UserPool").(map[string]any)
	id := got["Id"].(string)
	schema := got["SchemaAttributes"].([]any)
	if len(schema) != 20 {
		t.Errorf("%d schema attributes, want 20", len(schema))
	}
	same(t, "first attribute", schema[0], `{"Name":"sub","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":false,"Required":true,"StringAttributeConstraints":{"MinLength":"1","MaxLength":"2048"}}`)
	same(t, "birthdate", schema[13], `{"Name":"birthdate","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false,"StringAttributeConstraints":{"MinLength":"10","MaxLength":"10"}}`)
	same(t, "email_verified", schema[11], `{"Name":"email_verified","AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false}`)
	same(t, "updated_at", schema[19], `{"Name":"updated_at","AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false,"NumberAttributeConstraints":{"MinValue":"0"}}`)
	delete(got, "SchemaAttributes")
	same(t, "defaults", got, `{
		"Id":"`+id+`","Name":"plain","Arn":"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/`+id+`",
		"CreationDate":1800000000.123,"LastModifiedDate":1800000000.123,"DeletionProtection":"INACTIVE","MfaConfiguration":"OFF",
		"Policies":{"PasswordPolicy":{"MinimumLength":8,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"TemporaryPasswordValidityDays":7},
			"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD"]}},
		"LambdaConfig":{},"EstimatedNumberOfUsers":0,"EmailConfiguration":{"EmailSendingAccount":"COGNITO_DEFAULT"},
		"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":7},
		"VerificationMessageTemplate":{"DefaultEmailOption":"CONFIRM_WITH_CODE"},
		"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":[]},"UserPoolTags":{},"UserPoolTier":"ESSENTIALS",
		"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:1"},"Level2":{"AcrValue":"urn:cognito:loa:2"},"Level3":{"AcrValue":"urn:cognito:loa:3"},"Level4":{"AcrValue":"urn:cognito:loa:4"}}}`)
	same(t, "MFA", w.call("GetUserPoolMfaConfig", `{"UserPoolId":"`+id+`"}`), `{"MfaConfiguration":"OFF"}`)
}

const (
	sns    = `"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","ExternalId":"x"}`
	lambda = "arn:aws:lambda:eu-west-1:123456789012:function:f"
)

// TestCreateRules holds each rule of CreateUserPool with its text. UpdateUserPool shares all but those of immutable
// settings; see TestUpdateRules.
func TestCreateRules(t *testing.T) {
	w := memory(t)
	const bad = "InvalidParameterException: "
	const lite = "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: "
	for _, c := range []struct{ members, want string }{
		{`"AliasAttributes":["email"],"UsernameAttributes":["email"]`, bad + "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."},
		{`"AliasAttributes":["preferred_username"],"Schema":[{"Name":"preferred_username","Required":true}]`, bad + "The preferred_username attribute can not be both a required attribute and an alias attribute."},
		{`"MfaConfiguration":"ON"`, bad + "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"},
		{`"MfaConfiguration":"OPTIONAL"`, bad + "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"},
		{`"AutoVerifiedAttributes":["email","phone_number"]`, bad + "SMS configuration is required when phone_number is selected for auto verification"},
		{`"SmsConfiguration":{}`, bad + "SmsConfiguration needs SnsCallerArn or EumsSms."},
		{`"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms","EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms"}}`, bad + "SmsConfiguration can have either SnsCallerArn or EumsSms, not both."},
		{`"SmsConfiguration":{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms","Region":"us-east-1"}}`, bad + "The Region of EumsSms must be the Region of the user pool, eu-west-1."},
		{`"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["email"]}`, bad + "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"},
		{`"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":3}},"AdminCreateUserConfig":{"UnusedAccountValidityDays":3}`, bad + "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"},
		{`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["EMAIL_OTP"]}}`, bad + "Password should be configured as one of the allowed first auth factors."},
		{`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","SOFTWARE_TOKEN"]}}`, bad + "SOFTWARE_TOKEN can not be one of the allowed first auth factors."},
		{`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP","EMAIL_OTP"]}}`, bad + "AllowedFirstAuthFactors has EMAIL_OTP twice."},
		{`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}},"MfaConfiguration":"ON",` + sns, bad + "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"},
		{`"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","WEB_AUTHN"]}},"MfaConfiguration":"ON",` + sns, bad + "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA."},
		{`"EmailConfiguration":{"EmailSendingAccount":"DEVELOPER"}`, bad + "Source ARN is required to use DEVELOPER email sending owner"},
		{`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"admin_only"},{"Priority":2,"Name":"verified_email"}]}`, bad + "Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms."},
		{`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_phone_number"},{"Priority":1,"Name":"verified_email"}]}`, bad + "Invalid account recovery setting parameter. Account Recovery Setting cannot have duplicate priorities or recovery mechanisms."},
		{`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"},{"Priority":2,"Name":"verified_email"}]}`, bad + "Invalid account recovery setting parameter. Account Recovery Setting cannot have duplicate priorities or recovery mechanisms."},
		{`"LambdaConfig":{"PreTokenGeneration":"` + lambda + `","PreTokenGenerationConfig":{"LambdaVersion":"V2_0","LambdaArn":"` + lambda + `2"}}`, bad + "Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's"},
		{`"LambdaConfig":{"CustomSMSSender":{"LambdaVersion":"V1_0","LambdaArn":"` + lambda + `"}}`, bad + "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used."},
		{`"LambdaConfig":{"CustomEmailSender":{"LambdaVersion":"V1_0","LambdaArn":"` + lambda + `"}}`, bad + "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used."},
		{`"KeyConfiguration":{"KeyType":"CUSTOMER_MANAGED_KEY"}`, bad + "KmsKeyArn is required with the KeyType CUSTOMER_MANAGED_KEY and not allowed with AWS_OWNED_KEY."},
		{`"KeyConfiguration":{"KeyType":"AWS_OWNED_KEY","KmsKeyArn":"arn:aws:kms:eu-west-1:123456789012:key/k"}`, bad + "KmsKeyArn is required with the KeyType CUSTOMER_MANAGED_KEY and not allowed with AWS_OWNED_KEY."},
		{`"AcrConfiguration":{"Level2":{"AcrValue":"urn:cognito:loa:3"}}`, bad + "AcrConfiguration gives Level2 and Level3 the same AcrValue urn:cognito:loa:3; each effective value must be unique."},
		{`"AcrConfiguration":{"Level1":{"AcrValue":"a"},"Level4":{"AcrValue":"a"}}`, bad + "AcrConfiguration gives Level1 and Level4 the same AcrValue a; each effective value must be unique."},
		{`"UserPoolTags":{"aws:x":"y"}`, "UserPoolTaggingException: Tag keys starting with aws: are reserved: aws:x"},
		{`"UserPoolTags":{"AWS:x":"y"}`, "UserPoolTaggingException: Tag keys starting with aws: are reserved: AWS:x"},
		{`"UserPoolTags":{` + manyTags(51) + `}`, "UserPoolTaggingException: A user pool can have at most 50 tags."},
		{`"UserPoolAddOns":{"AdvancedSecurityMode":"AUDIT"}`, "FeatureUnavailableInTierException: The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection"},
		{`"UserPoolTier":"LITE","UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"},"Policies":{"PasswordPolicy":{"PasswordHistorySize":1}}`, lite + "Threat Protection, Password History"},
		{`"UserPoolTier":"LITE","Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","WEB_AUTHN"]}}`, lite + "Passwordless Sign-In"},
		{`"UserPoolTier":"LITE","LambdaConfig":{"PreTokenGenerationConfig":{"LambdaVersion":"V2_0","LambdaArn":"` + lambda + `"}}`, lite + "Token Customization with Pre-Token Generation Lambda V2_0"},
		{`"UserPoolTier":"LITE","AcrConfiguration":{"Level1":{"AcrValue":"low"}}`, lite + "Custom ACR Values"},
		{`"UserPoolTier":"LITE","DcrConfiguration":{}`, lite + "Dynamic Client Registration"},
	} {
		w.refused("CreateUserPool", `{"PoolName":"p",`+c.members+`}`, c.want)
	}
}

func TestCreateSchemaRules(t *testing.T) {
	w := memory(t)
	const bad = "InvalidParameterException: "
	for _, c := range []struct{ schema, want string }{
		{`{"Name":"x"}`, bad + "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."},
		{`{"AttributeDataType":"String"}`, bad + "1 validation error detected: Value null at 'schema.1.member.name' failed to satisfy constraint: Member must not be null"},
		{`{"Name":"x","AttributeDataType":"String","Required":true}`, bad + "Required custom attributes are not supported currently."},
		{`{"Name":"email","AttributeDataType":"Number"}`, bad + "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		{`{"Name":"email","DeveloperOnlyAttribute":true}`, bad + "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		{`{"Name":"sub","Required":false}`, bad + "The standard schema attribute sub is always required and can not be mutable."},
		{`{"Name":"x","AttributeDataType":"String"},{"Name":"x","AttributeDataType":"Number"}`, bad + "Duplicate custom attribute names custom:x are not allowed in a user pool schema."},
		{`{"Name":"email"},{"Name":"email"}`, bad + "Duplicate attribute names email are not allowed in a user pool schema."},
		{`{"Name":"x","AttributeDataType":"String","StringAttributeConstraints":{"MaxLength":"2049"}}`, bad + "user.custom:x: String attributes cannot have a length of more than 2048"},
		{`{"Name":"email","StringAttributeConstraints":{"MinLength":"3000"}}`, bad + "user.email: String attributes cannot have a length of more than 2048"},
		{`{"Name":"x","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"6","MaxLength":"5"}}`, bad + "Attribute custom:x cannot have a max length shorter than it's min length"},
		{`{"Name":"x","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"-1"}}`, bad + "user.custom:x: MinLength must be a number that is not negative."},
		{`{"Name":"x","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"2","MaxValue":"1"}}`, bad + "Attribute custom:x cannot have a max value smaller than it's min value"},
		{`{"Name":"x","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"two"}}`, bad + "user.custom:x: MinValue must be a number."},
	} {
		w.refused("CreateUserPool", `{"PoolName":"p","Schema":[`+c.schema+`]}`, c.want)
	}
}

func TestCustomAttributes(t *testing.T) {
	w := memory(t)
	id := w.pool(`"Schema":[{"Name":"email","Required":true,"Mutable":false},{"Name":"a","AttributeDataType":"String"},
		{"Name":"b","AttributeDataType":"Number","Mutable":false,"StringAttributeConstraints":{"MaxLength":"1"}},{"Name":"c","AttributeDataType":"DateTime","DeveloperOnlyAttribute":true}]`)
	tail := w.describe(id)["SchemaAttributes"].([]any)[20:]
	same(t, "custom", tail, `[{"Name":"custom:a","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false,"StringAttributeConstraints":{}},
		{"Name":"custom:b","AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":false,"Required":false,"NumberAttributeConstraints":{}},
		{"Name":"dev:custom:c","AttributeDataType":"DateTime","DeveloperOnlyAttribute":true,"Mutable":true,"Required":false}]`)
	same(t, "email", w.describe(id)["SchemaAttributes"].([]any)[10], `{"Name":"email","AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":false,"Required":true,"StringAttributeConstraints":{"MinLength":"0","MaxLength":"2048"}}`)

	add := func(attributes string) string {
		return `{"UserPoolId":"` + id + `","CustomAttributes":[` + attributes + `]}`
	}
	w.refused("AddCustomAttributes", add(`{"Name":"a","AttributeDataType":"String"}`), "InvalidParameterException: custom:a: Existing attribute already has name custom:a.")
	w.refused("AddCustomAttributes", add(`{"Name":"d","AttributeDataType":"String"},{"Name":"d","AttributeDataType":"String"}`), "InvalidParameterException: custom:d: Existing attribute already has name custom:d.")
	w.refused("AddCustomAttributes", add(`{"Name":"d","AttributeDataType":"String","Required":true}`), "InvalidParameterException: Required custom attributes are not supported currently.")
	w.refused("AddCustomAttributes", `{"UserPoolId":"eu-west-1_none","CustomAttributes":[{"Name":"d","AttributeDataType":"String"}]}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
	w.call("AddCustomAttributes", add(`{"Name":"email","AttributeDataType":"Boolean"}`))
	same(t, "added", w.describe(id)["SchemaAttributes"].([]any)[23], `{"Name":"custom:email","AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Required":false}`)

	w.call("AddCustomAttributes", add(manyAttributes("m", 25)))
	w.refused("AddCustomAttributes", add(manyAttributes("n", 22)), "InvalidParameterException: A user pool can have at most 50 custom attributes; this request would make 51.")
	w.call("AddCustomAttributes", add(manyAttributes("n", 21)))
	if n := len(w.describe(id)["SchemaAttributes"].([]any)); n != 70 {
		t.Errorf("%d attributes, want 70", n)
	}
}

func TestMirroredMembers(t *testing.T) {
	w := memory(t)
	id := w.pool(`"EmailVerificationMessage":"old {####}","EmailVerificationSubject":"old","SmsVerificationMessage":"sms {####}",
		"VerificationMessageTemplate":{"EmailMessage":"new {####}","EmailMessageByLink":"{##click##}","DefaultEmailOption":"CONFIRM_WITH_LINK"},
		"LambdaConfig":{"PreTokenGeneration":"` + lambda + `"},"AdminCreateUserConfig":{"UnusedAccountValidityDays":5},
		"Policies":{"PasswordPolicy":{"MinimumLength":12,"RequireNumbers":true}},"DeviceConfiguration":{"ChallengeRequiredOnNewDevice":true}`)
	got := w.describe(id)
	same(t, "message", got["EmailVerificationMessage"], "new {####}")
	same(t, "subject", got["EmailVerificationSubject"], "old")
	same(t, "template", got["VerificationMessageTemplate"], `{"SmsMessage":"sms {####}","EmailMessage":"new {####}","EmailSubject":"old","EmailMessageByLink":"{##click##}","DefaultEmailOption":"CONFIRM_WITH_LINK"}`)
	same(t, "trigger", got["LambdaConfig"], `{"PreTokenGeneration":"`+lambda+`","PreTokenGenerationConfig":{"LambdaVersion":"V1_0","LambdaArn":"`+lambda+`"}}`)
	same(t, "days", dig(got, "Policies", "PasswordPolicy"), `{"MinimumLength":12,"RequireUppercase":false,"RequireLowercase":false,"RequireNumbers":true,"RequireSymbols":false,"TemporaryPasswordValidityDays":5}`)
	same(t, "admin", got["AdminCreateUserConfig"], `{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":5}`)
	same(t, "device", got["DeviceConfiguration"], `{"ChallengeRequiredOnNewDevice":true,"DeviceOnlyRememberedOnUserPrompt":false}`)

	id = w.pool(`"LambdaConfig":{"PreTokenGenerationConfig":{"LambdaVersion":"V2_0","LambdaArn":"` + lambda + `"}},"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":0}}`)
	same(t, "trigger", dig(w.describe(id), "LambdaConfig", "PreTokenGeneration"), lambda)
	same(t, "zero days", dig(w.describe(id), "AdminCreateUserConfig", "UnusedAccountValidityDays"), 7.0)
}

func TestIgnoreTiers(t *testing.T) {
	w := memory(t, func(d *Deps) { d.IgnoreTiers = true })
	id := w.pool(`"UserPoolTier":"LITE","UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"},"DcrConfiguration":{}`)
	w.client(id, `"RefreshTokenRotation":{"Feature":"ENABLED"}`)
}

func manyTags(n int) string {
	text := ""
	for i := range n {
		if i > 0 {
			text += ","
		}
		text += `"k` + itoa(i) + `":"v"`
	}
	return text
}

func manyAttributes(prefix string, n int) string {
	text := ""
	for i := range n {
		if i > 0 {
			text += ","
		}
		text += `{"Name":"` + prefix + itoa(i) + `","AttributeDataType":"String"}`
	}
	return text
}
