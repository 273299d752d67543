package pool

import (
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
)

// rules are the facts about this server that settings are checked against.
type rules struct {
	ignoreTiers bool
	now         int64 // milliseconds
}

// newPoolSettings are the effective settings of a pool that a request creates under an id and ARN.
func (r rules) newPoolSettings(id, name string, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, nil, cognitoidp.NewInvalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a User pool.")
	}
	schema, err := buildSchema(in.Schema)
	if err != nil {
		return nil, nil, err
	}
	if slices.Contains(in.AliasAttributes, cognitoidp.AliasAttributeTypePreferredUsername) {
		for _, a := range schema {
			if *a.Name == "preferred_username" && on(a.Required) {
				return nil, nil, cognitoidp.NewInvalidParameter("The preferred_username attribute can not be both a required attribute and an alias attribute.")
			}
		}
	}
	old := &cognitoidp.UserPoolType{
		Id: &id, Arn: &name, CreationDate: at(r.now), SchemaAttributes: schema,
		AliasAttributes: in.AliasAttributes, UsernameAttributes: in.UsernameAttributes, UsernameConfiguration: in.UsernameConfiguration,
		UserPoolTier: new(cognitoidp.UserPoolTierTypeEssentials),
	}
	return r.poolSettings(old, nil, in)
}

// changedPoolSettings are the effective settings of a pool after an update: what the request omits falls back to its
// default, except what can never change and what AWS keeps: the MFA mode and either half of the policies.
func (r rules) changedPoolSettings(old *Pool, in *cognitoidp.UpdateUserPoolRequest) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
	asked := asCreate(in, str(old.Config.Name))
	asked.MfaConfiguration = or(in.MfaConfiguration, *old.Config.MfaConfiguration)
	asked.Policies = keptPolicies(old.Config.Policies, in)
	return r.poolSettings(old.Config, old.MFA, asked)
}

// keptPolicies are the policies of an update, with what it omits as it was. The validity of temporary passwords has a second,
// older member, which wins when it alone is given.
func keptPolicies(old *cognitoidp.UserPoolPolicyType, in *cognitoidp.UpdateUserPoolRequest) *cognitoidp.UserPoolPolicyType {
	kept := val(in.Policies)
	if kept.PasswordPolicy == nil {
		pw := *old.PasswordPolicy
		if val(in.AdminCreateUserConfig).UnusedAccountValidityDays != nil {
			pw.TemporaryPasswordValidityDays = nil
		}
		kept.PasswordPolicy = &pw
	}
	if kept.SignInPolicy == nil {
		kept.SignInPolicy = old.SignInPolicy
	}
	return &kept
}

// asCreate reads an update as a creation; the members that an update has not stay unset.
func asCreate(in *cognitoidp.UpdateUserPoolRequest, name string) *cognitoidp.CreateUserPoolRequest {
	return &cognitoidp.CreateUserPoolRequest{
		PoolName: val(or(in.PoolName, name)), Policies: in.Policies, DeletionProtection: in.DeletionProtection,
		LambdaConfig: in.LambdaConfig, AutoVerifiedAttributes: in.AutoVerifiedAttributes,
		SmsVerificationMessage: in.SmsVerificationMessage, EmailVerificationMessage: in.EmailVerificationMessage,
		EmailVerificationSubject: in.EmailVerificationSubject, VerificationMessageTemplate: in.VerificationMessageTemplate,
		SmsAuthenticationMessage: in.SmsAuthenticationMessage, UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		MfaConfiguration: in.MfaConfiguration, DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration,
		SmsConfiguration: in.SmsConfiguration, UserPoolTags: in.UserPoolTags, AdminCreateUserConfig: in.AdminCreateUserConfig,
		UserPoolAddOns: in.UserPoolAddOns, AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
		KeyConfiguration: in.KeyConfiguration, IssuerConfiguration: in.IssuerConfiguration, DcrConfiguration: in.DcrConfiguration,
		AcrConfiguration: in.AcrConfiguration,
	}
}

// poolSettings applies a request to what is kept of old. oldMFA is nil for a new pool.
func (r rules) poolSettings(old *cognitoidp.UserPoolType, oldMFA *cognitoidp.GetUserPoolMfaConfigResponse, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
	c := &cognitoidp.UserPoolType{
		Id: old.Id, Arn: old.Arn, CreationDate: old.CreationDate, LastModifiedDate: at(r.now), SchemaAttributes: old.SchemaAttributes,
		AliasAttributes: old.AliasAttributes, UsernameAttributes: old.UsernameAttributes, UsernameConfiguration: old.UsernameConfiguration,
		Domain: old.Domain, CustomDomain: old.CustomDomain,

		Name: &in.PoolName, DeletionProtection: or(in.DeletionProtection, cognitoidp.DeletionProtectionTypeInactive),
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		MfaConfiguration: or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff), SmsConfiguration: in.SmsConfiguration,
		UserPoolAddOns: in.UserPoolAddOns, AccountRecoverySetting: in.AccountRecoverySetting,
		UserPoolTier: or(in.UserPoolTier, val(old.UserPoolTier)), UserPoolTags: map[string]string{},
	}
	templates(c, in)
	device(c, in.DeviceConfiguration)
	for _, step := range []func() error{
		func() error { return policies(c, in) },
		func() error { return attributeUpdates(c, in.UserAttributeUpdateSettings) },
		func() error { return sms(c) },
		func() error { return autoVerified(c) },
		func() error { return email(c, in.EmailConfiguration) },
		func() error { return recovery(c.AccountRecoverySetting) },
		func() error { return lambdas(c, in.LambdaConfig) },
		func() error { return newerBlocks(c, old, in) },
		func() error { return tagPool(c, in.UserPoolTags) },
	} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	mfa, err := poolMFA(c, oldMFA)
	if err != nil {
		return nil, nil, err
	}
	if err := firstFactors(c, mfa, mfaPasskeyFirst); err != nil {
		return nil, nil, err
	}
	return c, mfa, r.tier(c, mfa, oldTier(old, oldMFA))
}

// oldTier is the tier before the request; empty for a new pool.
func oldTier(old *cognitoidp.UserPoolType, oldMFA *cognitoidp.GetUserPoolMfaConfigResponse) cognitoidp.UserPoolTierType {
	if oldMFA == nil {
		return ""
	}
	return val(old.UserPoolTier)
}

// templates mirrors the old flat message members and VerificationMessageTemplate in each other; the template wins.
func templates(c *cognitoidp.UserPoolType, in *cognitoidp.CreateUserPoolRequest) {
	t := val(in.VerificationMessageTemplate)
	t.DefaultEmailOption = or(t.DefaultEmailOption, cognitoidp.DefaultEmailOptionTypeConfirmWithCode)
	mirror := func(newer **string, older *string) *string {
		if *newer == nil {
			*newer = older
		}
		return *newer
	}
	c.SmsVerificationMessage = mirror(&t.SmsMessage, in.SmsVerificationMessage)
	c.EmailVerificationMessage = mirror(&t.EmailMessage, in.EmailVerificationMessage)
	c.EmailVerificationSubject = mirror(&t.EmailSubject, in.EmailVerificationSubject)
	c.VerificationMessageTemplate = &t
}

// device fills both members of a device configuration that is set.
func device(c *cognitoidp.UserPoolType, in *cognitoidp.DeviceConfigurationType) {
	if in == nil {
		return
	}
	c.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
		ChallengeRequiredOnNewDevice: or(in.ChallengeRequiredOnNewDevice, false), DeviceOnlyRememberedOnUserPrompt: or(in.DeviceOnlyRememberedOnUserPrompt, false),
	}
}

// The password policy of a pool that does not set one, and the members that a partial policy leaves out.
const (
	defaultMinimumLength  = 8
	defaultTemporaryDays  = 7
	unusedAccountReplaced = "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
)

// policies sets the password and sign-in policies, and the life of temporary passwords, which has an old home in
// AdminCreateUserConfig and a new one in the password policy.
func policies(c *cognitoidp.UserPoolType, in *cognitoidp.CreateUserPoolRequest) error {
	given := val(in.Policies)
	pw := cognitoidp.PasswordPolicyType{RequireUppercase: new(true), RequireLowercase: new(true), RequireNumbers: new(true), RequireSymbols: new(true)}
	if given.PasswordPolicy != nil {
		pw = *given.PasswordPolicy
	}
	pw.MinimumLength = or(pw.MinimumLength, defaultMinimumLength)
	for _, flag := range []**bool{&pw.RequireUppercase, &pw.RequireLowercase, &pw.RequireNumbers, &pw.RequireSymbols} {
		*flag = or(*flag, false)
	}
	admin := val(in.AdminCreateUserConfig)
	if pw.TemporaryPasswordValidityDays != nil && admin.UnusedAccountValidityDays != nil {
		return cognitoidp.NewInvalidParameter(unusedAccountReplaced)
	}
	days := num(or(pw.TemporaryPasswordValidityDays, num(admin.UnusedAccountValidityDays)))
	if days == 0 {
		days = defaultTemporaryDays
	}
	pw.TemporaryPasswordValidityDays, admin.UnusedAccountValidityDays = &days, &days
	admin.AllowAdminCreateUserOnly = or(admin.AllowAdminCreateUserOnly, false)

	signIn := cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{cognitoidp.AuthFactorTypePassword}}
	if given.SignInPolicy != nil && len(given.SignInPolicy.AllowedFirstAuthFactors) > 0 {
		signIn.AllowedFirstAuthFactors = given.SignInPolicy.AllowedFirstAuthFactors
	}
	c.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &pw, SignInPolicy: &signIn}
	c.AdminCreateUserConfig = &admin
	return nil
}

// attributeUpdates holds that only verified attributes can be kept until their new value is verified.
func attributeUpdates(c *cognitoidp.UserPoolType, in *cognitoidp.UserAttributeUpdateSettingsType) error {
	list := val(in).AttributesRequireVerificationBeforeUpdate
	for _, a := range list {
		if !slices.Contains(c.AutoVerifiedAttributes, a) {
			return cognitoidp.NewInvalidParameter("All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
		}
	}
	if list == nil {
		list = []cognitoidp.VerifiedAttributeType{}
	}
	c.UserAttributeUpdateSettings = &cognitoidp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: list}
	return nil
}

// sms holds that a configuration names exactly one sender.
func sms(c *cognitoidp.UserPoolType) error {
	s := c.SmsConfiguration
	switch {
	case s == nil:
		return nil
	case str(s.SnsCallerArn) != "" && s.EumsSms != nil:
		return cognitoidp.NewInvalidParameter("SmsConfiguration can have either SnsCallerArn or EumsSms, not both.")
	case str(s.SnsCallerArn) == "" && s.EumsSms == nil:
		return cognitoidp.NewInvalidParameter("SmsConfiguration needs SnsCallerArn or EumsSms.")
	}
	if a, err := arn.Parse(str(c.Arn)); err == nil && s.EumsSms != nil && s.EumsSms.Region != nil && *s.EumsSms.Region != a.Region {
		return cognitoidp.NewInvalidParameter("The Region of EumsSms must be the Region of the user pool, %s.", a.Region)
	}
	return nil
}

// autoVerified holds that codes for phone numbers can be sent.
func autoVerified(c *cognitoidp.UserPoolType) error {
	if c.SmsConfiguration == nil && slices.Contains(c.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeTypePhoneNumber) {
		return cognitoidp.NewInvalidParameter("SMS configuration is required when phone_number is selected for auto verification")
	}
	return nil
}

// email defaults the sending account.
func email(c *cognitoidp.UserPoolType, in *cognitoidp.EmailConfigurationType) error {
	e := val(in)
	e.EmailSendingAccount = or(e.EmailSendingAccount, cognitoidp.EmailSendingAccountTypeCognitoDefault)
	if *e.EmailSendingAccount == cognitoidp.EmailSendingAccountTypeDeveloper && str(e.SourceArn) == "" {
		return cognitoidp.NewInvalidParameter("Source ARN is required to use DEVELOPER email sending owner")
	}
	c.EmailConfiguration = &e
	return nil
}

// recovery holds that admin_only stands alone and nothing is named twice.
func recovery(s *cognitoidp.AccountRecoverySettingType) error {
	const text = "Invalid account recovery setting parameter. Account Recovery Setting cannot "
	if s == nil {
		return nil
	}
	for i, a := range s.RecoveryMechanisms {
		if a.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly && len(s.RecoveryMechanisms) > 1 {
			return cognitoidp.NewInvalidParameter(text + "use admin_only setting with any other recovery mechanisms.")
		}
		for _, b := range s.RecoveryMechanisms[:i] {
			if a.Name == b.Name || a.Priority == b.Priority {
				return cognitoidp.NewInvalidParameter(text + "have duplicate priorities or recovery mechanisms.")
			}
		}
	}
	return nil
}

// lambdas mirrors the two members for the pre token generation trigger and holds what custom senders need.
func lambdas(c *cognitoidp.UserPoolType, in *cognitoidp.LambdaConfigType) error {
	l := val(in)
	switch {
	case l.PreTokenGenerationConfig != nil && l.PreTokenGeneration != nil && l.PreTokenGenerationConfig.LambdaArn != *l.PreTokenGeneration:
		return cognitoidp.NewInvalidParameter("Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's")
	case l.PreTokenGenerationConfig != nil:
		l.PreTokenGeneration = &l.PreTokenGenerationConfig.LambdaArn
	case l.PreTokenGeneration != nil:
		l.PreTokenGenerationConfig = &cognitoidp.PreTokenGenerationVersionConfigType{
			LambdaVersion: cognitoidp.PreTokenGenerationLambdaVersionTypeV10, LambdaArn: *l.PreTokenGeneration,
		}
	}
	if (l.CustomSMSSender != nil || l.CustomEmailSender != nil) && str(l.KMSKeyID) == "" {
		return cognitoidp.NewInvalidParameter("KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.")
	}
	c.LambdaConfig = &l
	return nil
}
