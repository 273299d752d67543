package factor

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// SetUserMFAPreference implements the AWS operation.
func (o Ops) SetUserMFAPreference(ctx context.Context, in *cognitoidp.SetUserMFAPreferenceRequest) (*cognitoidp.SetUserMFAPreferenceResponse, error) {
	wish := preferences(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings)
	err := o.asCaller(ctx, in.AccessToken, func(tx *db.Tx, a *token.Access, u *directory.User) error {
		return o.prefer(tx, a.Pool, u, wish, o.notReady)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUserMFAPreferenceResponse{}, nil
}

// AdminSetUserMFAPreference implements the AWS operation.
func (o Ops) AdminSetUserMFAPreference(ctx context.Context, in *cognitoidp.AdminSetUserMFAPreferenceRequest) (*cognitoidp.AdminSetUserMFAPreferenceResponse, error) {
	wish := preferences(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings)
	err := o.onUser(ctx, in.UserPoolId, in.Username, func(tx *db.Tx, p *pool.Pool, u *directory.User) error {
		return o.prefer(tx, p, u, wish, adminNotReady)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminSetUserMFAPreferenceResponse{}, nil
}

// preference is what a request says about one factor.
type preference struct {
	factor             string
	enabled, preferred bool
}

// preferences are the factors that a request names; the others stay as they are.
func preferences(sms *cognitoidp.SMSMfaSettingsType, totp *cognitoidp.SoftwareTokenMfaSettingsType, email *cognitoidp.EmailMfaSettingsType, passkey *cognitoidp.WebAuthnMfaSettingsType) []preference {
	var out []preference
	if sms != nil {
		out = append(out, preference{smsMFA, on(sms.Enabled), on(sms.PreferredMfa)})
	}
	if totp != nil {
		out = append(out, preference{totpMFA, on(totp.Enabled), on(totp.PreferredMfa)})
	}
	if email != nil {
		out = append(out, preference{emailMFA, on(email.Enabled), on(email.PreferredMfa)})
	}
	if passkey != nil {
		out = append(out, preference{webAuthnMFA, on(passkey.Enabled), false})
	}
	return out
}

// prefer applies wishes to a user and saves it. notReady returns the refusal of a factor that the user cannot use.
func (o Ops) prefer(tx *db.Tx, p *pool.Pool, u *directory.User, wish []preference, notReady func(*db.Tx, *pool.Pool, *directory.User, string) error) error {
	before := u.Clone().MFA
	preferred, enables := "", false
	for _, w := range wish {
		switch {
		case w.preferred && !w.enabled:
			return cognitoidp.NewInvalidParameter("%s must be enabled to be the preferred MFA method.", w.factor)
		case w.preferred && preferred != "":
			return cognitoidp.NewInvalidParameter("Only one MFA method can be preferred.")
		case w.preferred:
			preferred = w.factor
		}
		if !w.enabled {
			disable(&u.MFA, w.factor)
			continue
		}
		if w.factor == webAuthnMFA {
			if err := o.passkeyReady(tx, p, u, enables); err != nil {
				return err
			}
		} else if err := notReady(tx, p, u, w.factor); err != nil {
			return err
		}
		enables = true
		enable(&u.MFA, w.factor)
		if !w.preferred && u.MFA.Preferred == w.factor {
			u.MFA.Preferred = ""
		}
	}
	if preferred != "" {
		u.MFA.Preferred = preferred
	}
	if passkeyAlone(&u.MFA) {
		return errPasskeyAlone()
	}
	if u.MFA.Preferred == before.Preferred && slices.Equal(u.MFA.Enabled, before.Enabled) {
		return nil
	}
	return o.Directory.Save(tx, p, u)
}

// listOrder is the order of UserMFASettingList.
var listOrder = [...]string{smsMFA, totpMFA, emailMFA, webAuthnMFA}

func enable(m *directory.MFA, name string) {
	had := m.Enabled
	m.Enabled = nil
	for _, f := range listOrder {
		if f == name || slices.Contains(had, f) {
			m.Enabled = append(m.Enabled, f)
		}
	}
}

// Enable turns the second factor of a challenge on for a user in tx, who has just set it up by answering it.
func (f *Factors) Enable(tx *db.Tx, p *pool.Pool, sub string, name cognitoidp.ChallengeNameType) error {
	u, err := f.Directory.BySub(tx, p, sub)
	if err != nil || slices.Contains(u.MFA.Enabled, string(name)) {
		return err
	}
	enable(&u.MFA, string(name))
	return f.Directory.Save(tx, p, u)
}

// disable removes a factor and its preference.
func disable(m *directory.MFA, name string) {
	m.Enabled = slices.DeleteFunc(slices.Clone(m.Enabled), func(f string) bool { return f == name })
	if m.Preferred == name {
		m.Preferred = ""
	}
}

// without removes a factor that is gone, and with the last other one passkey MFA, which needs another.
func without(m *directory.MFA, name string) {
	if disable(m, name); passkeyAlone(m) {
		disable(m, webAuthnMFA)
	}
}

func passkeyAlone(m *directory.MFA) bool { return len(m.Enabled) == 1 && m.Enabled[0] == webAuthnMFA }

// notReady is the refusal of a factor that the caller cannot use, in the words of SetUserMFAPreference.
func (o Ops) notReady(tx *db.Tx, p *pool.Pool, u *directory.User, name string) error {
	switch {
	case name == smsMFA && u.Attributes["phone_number"] == "":
		return cognitoidp.NewInvalidParameter("User does not have a phone_number set to turn on SMS MFA")
	case name == emailMFA && u.Attributes["email"] == "":
		return cognitoidp.NewInvalidParameter("User does not have an email set to turn on email MFA")
	case name == totpMFA && !u.MFA.TOTP:
		row, err := readSoftware(tx, p.ID, u.Sub)
		if err == nil && len(row.pending) > 0 {
			return cognitoidp.NewInvalidParameter("User has not verified software token mfa")
		}
		return cognitoidp.NewInvalidParameter("User has not set up software token mfa")
	}
	return offers(p, name)
}

// adminNotReady is notReady in the words of AdminSetUserMFAPreference.
func adminNotReady(_ *db.Tx, p *pool.Pool, u *directory.User, name string) error {
	if !reachable(u, name) {
		return cognitoidp.NewInvalidParameter("User does not have delivery config set to turn on %s", name)
	}
	return offers(p, name)
}

// offers refuses messages that the pool cannot send.
func offers(p *pool.Pool, name string) error {
	switch {
	case name == smsMFA && p.MFA.SmsMfaConfiguration == nil && p.Config.SmsConfiguration == nil:
		return cognitoidp.NewInvalidParameter("User pool does not have SMS MFA enabled.")
	case name == emailMFA && p.MFA.EmailMfaConfiguration == nil:
		return cognitoidp.NewInvalidParameter("User pool does not have email MFA enabled.")
	}
	return nil
}

// passkeyReady refuses passkey MFA unless the pool has it, the user has a passkey for the pool's relying party, and the
// same request enables another factor, which AWS asks for even when one is on already.
func (o Ops) passkeyReady(tx *db.Tx, p *pool.Pool, u *directory.User, another bool) error {
	if !multiFactorPasskeys(p) {
		return cognitoidp.NewInvalidParameter("User pool does not have WebAuthn MFA enabled.")
	}
	if !another {
		return errPasskeyAlone()
	}
	keys, err := o.usablePasskeys(tx, p, u)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return cognitoidp.NewInvalidParameter("User does not have applicable WebAuthn credentials to enable WebAuthn MFA.")
	}
	return nil
}

func errPasskeyAlone() error {
	return cognitoidp.NewInvalidParameter("WebAuthn MFA requires enabling an additional MFA setting.")
}

// SetUserSettings implements the AWS operation, the older way to turn SMS MFA on (one option) and off (none).
func (o Ops) SetUserSettings(ctx context.Context, in *cognitoidp.SetUserSettingsRequest) (*cognitoidp.SetUserSettingsResponse, error) {
	wish, err := settings(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	err = o.asCaller(ctx, in.AccessToken, func(tx *db.Tx, a *token.Access, u *directory.User) error {
		return o.prefer(tx, a.Pool, u, keepPreferred(u, wish), o.notReady)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUserSettingsResponse{}, nil
}

// AdminSetUserSettings implements the AWS operation.
func (o Ops) AdminSetUserSettings(ctx context.Context, in *cognitoidp.AdminSetUserSettingsRequest) (*cognitoidp.AdminSetUserSettingsResponse, error) {
	wish, err := settings(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	err = o.onUser(ctx, in.UserPoolId, in.Username, func(tx *db.Tx, p *pool.Pool, u *directory.User) error {
		return o.prefer(tx, p, u, keepPreferred(u, wish), adminNotReady)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminSetUserSettingsResponse{}, nil
}

// settings turns MFAOptions into a wish about SMS, the only medium that they know.
func settings(options []cognitoidp.MFAOptionType) (preference, error) {
	for _, m := range options {
		if m.DeliveryMedium == nil || *m.DeliveryMedium != cognitoidp.DeliveryMediumTypeSms ||
			m.AttributeName == nil || *m.AttributeName != "phone_number" {
			return preference{}, cognitoidp.NewInvalidParameter("MFAOptions can hold only the delivery medium SMS with the attribute phone_number.")
		}
	}
	return preference{factor: smsMFA, enabled: len(options) > 0}, nil
}

// keepPreferred keeps SMS preferred where it is: MFAOptions say nothing about that.
func keepPreferred(u *directory.User, w preference) []preference {
	w.preferred = w.enabled && u.MFA.Preferred == w.factor
	return []preference{w}
}

func on(b *bool) bool { return b != nil && *b }
