package seed

import (
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	"cognate/internal/core/account"
	"cognate/internal/core/factor"
	"cognate/internal/core/password"
)

// User declares a user. The password is permanent unless Temporary; it is set
// when the user is made and again only when the file's password stops working.
type User struct {
	Username string `yaml:"username"`
	Sub      string `yaml:"sub,omitempty"`
	// Status is of a user who is made; later only CONFIRMED acts, on an UNCONFIRMED one.
	Status     Status            `yaml:"status,omitempty"`
	Password   string            `yaml:"password,omitempty"`
	Verifier   *Verifier         `yaml:"verifier,omitempty"`
	Temporary  bool              `yaml:"temporary,omitempty"`
	Disabled   bool              `yaml:"disabled,omitempty"`
	Created    Moment            `yaml:"created,omitempty"`
	Attributes map[string]string `yaml:"attributes,omitempty"`
	TOTP       *TOTP             `yaml:"totp,omitempty"`
	MFA        *MFA              `yaml:"mfa,omitempty"`
	Groups     []string          `yaml:"groups,omitempty"`
}

// Verifier is a password as a server keeps it (RFC 5054): it proves the password for this user of this pool alone. With
// the time when it was set, a password that the user sets later stays.
type Verifier struct {
	Salt    Bytes  `yaml:"salt"`
	Value   Bytes  `yaml:"value"`
	Set     Moment `yaml:"set,omitempty"`
	Expires Moment `yaml:"expires,omitempty"` // of a temporary one
	History []Past `yaml:"history,omitempty"` // earlier passwords, newest first
}

// Past is an earlier password: its salt and the SHA-256 of its verifier.
type Past struct {
	Salt Bytes `yaml:"salt"`
	Hash Bytes `yaml:"hash"`
}

// TOTP is the software token of a user. With the time when it was set, a token that the user sets up later stays.
type TOTP struct {
	Secret Base32 `yaml:"secret"`
	Name   string `yaml:"name,omitempty"`
	Set    Moment `yaml:"set,omitempty"`
}

// MFA is which second factors a user has chosen.
type MFA struct {
	Enabled   []string `yaml:"enabled,omitempty"`
	Preferred string   `yaml:"preferred,omitempty"`
}

// Status is the status of a user in AdminGetUser.
type Status string

// UnmarshalText reads one of the statuses that can be declared.
func (s *Status) UnmarshalText(text []byte) error {
	all := []cognitoidp.UserStatusType{
		cognitoidp.UserStatusTypeConfirmed, cognitoidp.UserStatusTypeUnconfirmed,
		cognitoidp.UserStatusTypeForceChangePassword, cognitoidp.UserStatusTypeResetRequired,
	}
	if !slices.Contains(all, cognitoidp.UserStatusType(text)) {
		return fmt.Errorf("need one of %v", all)
	}
	*s = Status(text)
	return nil
}

// Bytes are written in base64.
type Bytes []byte

// MarshalText writes base64.
func (b Bytes) MarshalText() ([]byte, error) { return base64.StdEncoding.AppendEncode(nil, b), nil }

// UnmarshalText reads base64; its errors quote nothing.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	if *b, err = base64.StdEncoding.AppendDecode(nil, text); err != nil {
		return errors.New("need base64")
	}
	return nil
}

// Base32 are bytes in base 32, as authenticator apps take the seeds of software tokens.
type Base32 []byte

var unpadded = base32.StdEncoding.WithPadding(base32.NoPadding)

// MarshalText writes base 32.
func (b Base32) MarshalText() ([]byte, error) { return unpadded.AppendEncode(nil, b), nil }

// UnmarshalText reads base 32 in either case, with spaces and padding or without; its errors quote nothing.
func (b *Base32) UnmarshalText(text []byte) (err error) {
	plain := strings.TrimRight(strings.ToUpper(strings.ReplaceAll(string(text), " ", "")), "=")
	if *b, err = unpadded.AppendDecode(nil, []byte(plain)); err != nil {
		return errors.New("need base 32")
	}
	return nil
}

// Moment is a time in milliseconds since 1970, written as in RFC 3339.
type Moment int64

// MarshalText writes RFC 3339.
func (m Moment) MarshalText() ([]byte, error) {
	return time.UnixMilli(int64(m)).UTC().AppendFormat(nil, time.RFC3339Nano), nil
}

// UnmarshalText reads RFC 3339.
func (m *Moment) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errors.New("need a time such as 2026-01-31T09:30:00Z")
	}
	*m = Moment(t.UnixMilli())
	return nil
}

// declared is the user as the account room takes it.
func (u *User) declared() (account.Provisioned, error) {
	out := account.Provisioned{
		Username: u.Username, Sub: u.Sub, Password: u.Password, Temporary: u.Temporary, Disabled: u.Disabled,
		Status: cognitoidp.UserStatusType(u.Status), Created: int64(u.Created), Attributes: u.Attributes,
	}
	if u.TOTP != nil {
		out.Software = &factor.SoftwareToken{Seed: u.TOTP.Secret, Name: u.TOTP.Name, SetAt: int64(u.TOTP.Set)}
	}
	if u.MFA != nil {
		out.MFA = &factor.Choice{Enabled: u.MFA.Enabled, Preferred: u.MFA.Preferred}
	}
	var err error
	if u.Verifier != nil {
		out.Credential, err = u.Verifier.credential()
	}
	return out, err
}

// The lengths of salts in bytes.
const minSalt, maxSalt = 8, 64

func (v *Verifier) credential() (*password.Credential, error) {
	salted := func(b Bytes) bool { return len(b) >= minSalt && len(b) <= maxSalt }
	if !salted(v.Salt) || len(v.Value) != srp.Size {
		return nil, fmt.Errorf("a verifier has a salt of %d to %d bytes and a value of %d", minSalt, maxSalt, srp.Size)
	}
	c := &password.Credential{Salt: v.Salt, Verifier: v.Value, SetAt: int64(v.Set), ExpiresAt: int64(v.Expires)}
	for _, past := range v.History {
		p := password.Past{Salt: past.Salt}
		if !salted(past.Salt) || len(past.Hash) != len(p.Hash) {
			return nil, fmt.Errorf("an earlier password has a salt of %d to %d bytes and a hash of %d", minSalt, maxSalt, len(p.Hash))
		}
		copy(p.Hash[:], past.Hash)
		c.History = append(c.History, p)
	}
	return c, nil
}
