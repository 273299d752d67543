package directory

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/core/password"
)

// User is one user of a pool, as read in one transaction. Callers change the fields and hand it to Save. Times are
// milliseconds since 1970.
type User struct {
	PoolID   string
	Sub      string
	Username string // as stored: in pools with username attributes it equals Sub
	Status   cognitoidp.UserStatusType
	Enabled  bool
	Created  int64
	Modified int64
	Version  int64
	// Epoch is what pending proofs (codes, sessions of a sign-in) are bound to. Save moves it.
	Epoch Epoch

	// Attributes hold every attribute but sub, email_verified and phone_number_verified as "true" or "false".
	Attributes map[string]string
	// Pending holds new values of email and phone_number that become active when they are verified.
	Pending map[string]string
	// MFA is what the user chose; the zero value means nothing was set.
	MFA MFA

	credential  []byte // sealed; empty without a password
	newPassword bool   // credential holds another permanent password than the one that was read
	was         record // as read, to tell what Save must change
	readIn      *db.Tx // the transaction it was read in
	savedIn     *db.Tx // the transaction that last saved it, and how
	savedAs     record
}

// MFA is a user's choice of second factors, in the names of AdminGetUser: SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP,
// WEB_AUTHN_MFA. What the user has registered stands here too, so that deciding the next challenge needs no other row.
type MFA struct {
	Preferred string   `json:"preferred,omitempty"`
	Enabled   []string `json:"enabled,omitempty"`
	TOTP      bool     `json:"totp,omitempty"`     // a software token is verified
	Passkeys  int      `json:"passkeys,omitempty"` // how many are registered
}

func (m MFA) empty() bool {
	return m.Preferred == "" && len(m.Enabled) == 0 && !m.TOTP && m.Passkeys == 0
}

// NewUser says which user Create makes.
type NewUser struct {
	Sub        string // chosen sub; "" makes one
	Username   string // as Assign returned it; in pools with username attributes ignored, the user name is the sub
	Status     cognitoidp.UserStatusType
	Disabled   bool
	Attributes map[string]string // checked by CheckAttributes; sub is ignored
	Credential *password.Credential
	// MFA is what the user has chosen where they come from.
	MFA MFA
	// MoveAliases takes a verified e-mail address or phone number from the user who holds it (ForceAliasCreation).
	MoveAliases bool
	// Created sets the time of creation of an imported user, in milliseconds since 1970; 0 means now.
	Created int64
}

// Clone returns a copy that shares nothing with u and can be saved in its stead.
func (u *User) Clone() *User {
	c := *u
	c.Attributes = maps.Clone(u.Attributes)
	c.Pending = maps.Clone(u.Pending)
	c.MFA.Enabled = slices.Clone(u.MFA.Enabled)
	c.credential = slices.Clone(u.credential)
	return &c
}

// HasPassword reports whether the user has a password credential.
func (u *User) HasPassword() bool { return len(u.credential) > 0 }

// record is the row of a user.
type record struct {
	sub, username, status      string
	enabled                    bool
	version, created, modified int64
	epoch                      int64
	attributes, pending, mfa   string // JSON, or "" for none
	credential                 []byte
}

// user decodes a row that was read in tx.
func (r record) user(tx *db.Tx, poolID string) (*User, error) {
	u := &User{
		PoolID: poolID, Sub: r.sub, Username: r.username, Status: cognitoidp.UserStatusType(r.status),
		Enabled: r.enabled, Created: r.created, Modified: r.modified, Version: r.version, Epoch: Epoch(r.epoch),
		Attributes: map[string]string{}, credential: r.credential, was: r, readIn: tx,
	}
	for _, part := range [...]struct {
		text string
		into any
	}{{r.attributes, &u.Attributes}, {r.pending, &u.Pending}, {r.mfa, &u.MFA}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, fmt.Errorf("directory: row of user %s: %w", r.sub, err)
		}
	}
	return u, nil
}

// record encodes u as its row.
func (u *User) record() (record, error) {
	r := record{
		sub: u.Sub, username: u.Username, status: string(u.Status), enabled: u.Enabled,
		version: u.Version, created: u.Created, modified: u.Modified, credential: u.credential, epoch: int64(u.Epoch),
	}
	var err error
	encode := func(v any, empty bool) string {
		if empty || err != nil {
			return ""
		}
		var b []byte
		b, err = json.Marshal(v)
		return string(b)
	}
	r.attributes = encode(u.Attributes, len(u.Attributes) == 0)
	r.pending = encode(u.Pending, len(u.Pending) == 0)
	r.mfa = encode(u.MFA, u.MFA.empty())
	return r, err
}

// attributeList lists sub first and then the attributes that keep admits, by name.
func (u *User) attributeList(keep func(name string) bool) []cognitoidp.AttributeType {
	out := make([]cognitoidp.AttributeType, 1, len(u.Attributes)+1)
	out[0] = cognitoidp.AttributeType{Name: "sub", Value: &u.Sub}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		if keep == nil || keep(name) {
			out = append(out, cognitoidp.AttributeType{Name: name, Value: new(u.Attributes[name])})
		}
	}
	return out
}

// Type is u as the list operations and AdminCreateUser answer it, with all attributes.
func (u *User) Type() cognitoidp.UserType {
	created, modified := rt.TimeFromMillis(u.Created), rt.TimeFromMillis(u.Modified)
	return cognitoidp.UserType{
		Username: &u.Username, Attributes: u.attributeList(nil), UserCreateDate: &created,
		UserLastModifiedDate: &modified, Enabled: &u.Enabled, UserStatus: &u.Status,
	}
}

// mfaMembers returns PreferredMfaSetting and UserMFASettingList, absent when nothing is set.
func (u *User) mfaMembers() (preferred *string, list []string) {
	if u.MFA.Preferred != "" {
		preferred = &u.MFA.Preferred
	}
	if len(u.MFA.Enabled) > 0 {
		list = u.MFA.Enabled
	}
	return preferred, list
}
