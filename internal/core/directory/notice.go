package directory

import (
	"bytes"
	"slices"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// Notify tells a user by e-mail, in the transaction that makes the change, what changed about how they prove who they
// are. Save does so for everything that stands in the user's row; rooms that keep proofs elsewhere call it. Users
// without a verified e-mail address and those of pools without change notices are not told. detail is that of
// message.Notice.
func (d *Directory) Notify(tx *db.Tx, p *pool.Pool, u *User, kind message.Kind, detail string) error {
	to := u.Attributes[kindEmail]
	if !p.ChangeNotices() || to == "" || !u.proven(kindEmail) {
		return nil
	}
	return d.Messages.Notify(tx, p, message.Notice{Kind: kind, Sub: u.Sub, Username: u.Username, To: to, Detail: detail})
}

// proven reports whether the user's e-mail address or phone number is verified.
func (u *User) proven(name string) bool { return u.Attributes[name+"_verified"] == "true" }

// notices tells the owner of a user what Save changes, at the address from before: a new one may be a thief's.
func (d *Directory) notices(tx *db.Tx, p *pool.Pool, old, u *User) error {
	if !p.ChangeNotices() {
		return nil
	}
	had, has := old.MFA, u.MFA
	chosen := had.Preferred != has.Preferred || !slices.Equal(had.Enabled, has.Enabled)
	gone := had.TOTP && !has.TOTP || had.Passkeys > has.Passkeys // which takes the choice along
	for _, change := range [...]struct {
		made   bool
		kind   message.Kind
		detail string
	}{
		{u.newPassword && !bytes.Equal(old.credential, u.credential), message.PasswordChanged, ""},
		{moved(old, u, kindEmail), message.EmailChanged, contactNow(old, u, kindEmail, message.MaskEmail)},
		{moved(old, u, kindPhone), message.PhoneNumberChanged, contactNow(old, u, kindPhone, message.MaskPhone)},
		{!had.TOTP && has.TOTP, message.SoftwareTokenAdded, ""},
		{had.TOTP && !has.TOTP, message.SoftwareTokenRemoved, ""},
		{had.Passkeys < has.Passkeys, message.PasskeyAdded, ""},
		{had.Passkeys > has.Passkeys, message.PasskeyRemoved, ""},
		{chosen && !gone, message.MFAPreferenceChanged, factorsNow(has)},
	} {
		if !change.made {
			continue
		}
		if err := d.Notify(tx, p, old, change.kind, change.detail); err != nil {
			return err
		}
	}
	return nil
}

// moved reports whether an e-mail address or phone number is another one than before, or proves nothing any more.
func moved(old, u *User, name string) bool {
	return old.Attributes[name] != u.Attributes[name] || old.proven(name) && !u.proven(name)
}

// contactNow says what became of an e-mail address or phone number that moved.
func contactNow(old, u *User, name string, mask func(string) string) string {
	switch value := u.Attributes[name]; {
	case value == "":
		return "There is none now."
	case value == old.Attributes[name]:
		return "It does not count as verified any more."
	default:
		return "It is " + mask(value) + " now."
	}
}

// factorsNow lists the second factors that are on, in words.
func factorsNow(m MFA) string {
	if len(m.Enabled) == 0 {
		return "There are none now."
	}
	names := strings.NewReplacer("SMS_MFA", "text message", "SOFTWARE_TOKEN_MFA", "authenticator app", "EMAIL_OTP", "e-mail",
		"WEB_AUTHN_MFA", "passkey")
	var list []string
	for _, factor := range m.Enabled {
		if factor == m.Preferred {
			factor += " (preferred)"
		}
		list = append(list, factor)
	}
	return "They are now: " + names.Replace(strings.Join(list, ", ")) + "."
}
