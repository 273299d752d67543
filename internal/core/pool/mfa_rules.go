package pool

import (
	"slices"

	"cognate/internal/api/cognitoidp"
)

// The texts of refused MFA settings.
const (
	mfaNeedsSMS     = "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
	mfaOffAndFactor = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
	mfaNoFactor     = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
	mfaFactorsOff   = "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
	mfaOnTooLate    = "Cannot turn MFA functionality ON, once the user pool has been created."
	mfaOneFactor    = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
	mfaPasskeyFirst = "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA."
	mfaPasskeyAlone = "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor"
	mfaSMSNeeded    = "[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration]."
	mfaEmailAccount = "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT. Update the value of EmailSendingAccount."
)

// poolMFA is the MFA configuration after a pool was created or updated with settings c. SMS messages become the factor
// of a pool that had none; factors that SetUserPoolMfaConfig had chosen stay while MFA is on or optional.
func poolMFA(c *cognitoidp.UserPoolType, old *cognitoidp.GetUserPoolMfaConfigResponse) (*cognitoidp.GetUserPoolMfaConfigResponse, error) {
	was := val(old)
	mfa := &cognitoidp.GetUserPoolMfaConfigResponse{MfaConfiguration: c.MfaConfiguration, WebAuthnConfiguration: was.WebAuthnConfiguration}
	if *c.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff {
		return mfa, nil
	}
	mfa.SoftwareTokenMfaConfiguration, mfa.EmailMfaConfiguration = was.SoftwareTokenMfaConfiguration, was.EmailMfaConfiguration
	other := hasTOTP(mfa) || mfa.EmailMfaConfiguration != nil
	switch {
	case c.SmsConfiguration == nil && !other && old != nil && *c.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn && was.MfaConfiguration != nil && *was.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff:
		return nil, cognitoidp.NewInvalidParameter(mfaOnTooLate)
	case c.SmsConfiguration == nil && !other:
		return nil, cognitoidp.NewInvalidParameter(mfaNeedsSMS)
	case c.SmsConfiguration != nil && (was.SmsMfaConfiguration != nil || !other):
		mfa.SmsMfaConfiguration = smsMFA(c)
	}
	return mfa, emailMFA(c, mfa)
}

// smsMFA is the SMS block of a pool: the SMS settings have one home, the pool's.
func smsMFA(c *cognitoidp.UserPoolType) *cognitoidp.SmsMfaConfigType {
	return &cognitoidp.SmsMfaConfigType{SmsAuthenticationMessage: c.SmsAuthenticationMessage, SmsConfiguration: c.SmsConfiguration}
}

func hasTOTP(mfa *cognitoidp.GetUserPoolMfaConfigResponse) bool {
	return mfa.SoftwareTokenMfaConfiguration != nil && on(mfa.SoftwareTokenMfaConfiguration.Enabled)
}

// emailMFA holds what e-mail codes as second factor need: an own sender, and a way to recover an account other than
// the mailbox that receives the codes.
func emailMFA(c *cognitoidp.UserPoolType, mfa *cognitoidp.GetUserPoolMfaConfigResponse) error {
	if mfa.EmailMfaConfiguration == nil {
		return nil
	}
	if val(c.EmailConfiguration.EmailSendingAccount) != cognitoidp.EmailSendingAccountTypeDeveloper {
		return cognitoidp.NewInvalidParameter(mfaEmailAccount)
	}
	if s := c.AccountRecoverySetting; s != nil && len(s.RecoveryMechanisms) == 1 && s.RecoveryMechanisms[0].Name == cognitoidp.RecoveryOptionNameTypeVerifiedEmail {
		return cognitoidp.NewInvalidParameter("Cannot set EmailMfaConfiguration when verified_email is the only recovery mechanism in AccountRecoverySetting.")
	}
	return nil
}

// firstFactors holds that the sign-in policy fits itself and the MFA settings. passkeyText is what the request is told when
// passkeys are allowed that prove one factor alone.
func firstFactors(c *cognitoidp.UserPoolType, mfa *cognitoidp.GetUserPoolMfaConfigResponse, passkeyText string) error {
	factors := c.Policies.SignInPolicy.AllowedFirstAuthFactors
	if !slices.Contains(factors, cognitoidp.AuthFactorTypePassword) {
		return cognitoidp.NewInvalidParameter("Password should be configured as one of the allowed first auth factors.")
	}
	passkeyMFA := mfa.WebAuthnConfiguration != nil &&
		val(mfa.WebAuthnConfiguration.FactorConfiguration) == cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
	for i, f := range factors {
		if slices.Contains(factors[:i], f) {
			return cognitoidp.NewInvalidParameter("AllowedFirstAuthFactors has %s twice.", f)
		}
		if f == cognitoidp.AuthFactorTypeSoftwareToken {
			return cognitoidp.NewInvalidParameter("SOFTWARE_TOKEN can not be one of the allowed first auth factors.")
		}
		if *c.MfaConfiguration != cognitoidp.UserPoolMfaTypeOn {
			continue
		}
		switch {
		case f == cognitoidp.AuthFactorTypeEmailOtp, f == cognitoidp.AuthFactorTypeSmsOtp:
			return cognitoidp.NewInvalidParameter(mfaOneFactor)
		case f == cognitoidp.AuthFactorTypeWebAuthn && !passkeyMFA:
			return cognitoidp.NewInvalidParameter("%s", passkeyText)
		}
	}
	return nil
}

// changedMFA are pool settings and MFA configuration after SetUserPoolMfaConfig: a full replacement of the factors.
// An omitted MfaConfiguration means OFF, an omitted WebAuthnConfiguration stays as it was.
func (r rules) changedMFA(old *Pool, in *cognitoidp.SetUserPoolMfaConfigRequest) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
	c := new(*old.Config)
	c.LastModifiedDate = at(r.now)
	c.MfaConfiguration = or(in.MfaConfiguration, cognitoidp.UserPoolMfaTypeOff)
	mfa := &cognitoidp.GetUserPoolMfaConfigResponse{
		MfaConfiguration: c.MfaConfiguration, WebAuthnConfiguration: old.MFA.WebAuthnConfiguration,
		SoftwareTokenMfaConfiguration: in.SoftwareTokenMfaConfiguration, EmailMfaConfiguration: in.EmailMfaConfiguration,
	}
	if in.WebAuthnConfiguration != nil {
		mfa.WebAuthnConfiguration = in.WebAuthnConfiguration
	}
	blocks := in.SmsMfaConfiguration != nil || in.SoftwareTokenMfaConfiguration != nil || in.EmailMfaConfiguration != nil
	off := *c.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff
	switch {
	case off && blocks:
		return nil, nil, cognitoidp.NewInvalidParameter(mfaOffAndFactor)
	case !off && !blocks:
		return nil, nil, cognitoidp.NewInvalidParameter(mfaNoFactor)
	case !off && in.SmsMfaConfiguration == nil && !hasTOTP(mfa) && in.EmailMfaConfiguration == nil:
		return nil, nil, cognitoidp.NewInvalidParameter(mfaFactorsOff)
	}
	if t := mfa.SoftwareTokenMfaConfiguration; t != nil {
		mfa.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: or(t.Enabled, false)}
	}
	if s := in.SmsMfaConfiguration; s != nil {
		if s.SmsConfiguration != nil {
			c.SmsConfiguration = s.SmsConfiguration
		}
		if c.SmsConfiguration == nil {
			return nil, nil, cognitoidp.NewInvalidParameter(mfaSMSNeeded)
		}
		c.SmsAuthenticationMessage = s.SmsAuthenticationMessage
		mfa.SmsMfaConfiguration = smsMFA(c)
	}
	for _, err := range []error{sms(c), emailMFA(c, mfa), firstFactors(c, mfa, mfaPasskeyAlone), r.tier(c, mfa, "")} {
		if err != nil {
			return nil, nil, err
		}
	}
	return c, mfa, nil
}
