package factor

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// SoftwareToken is the seed that an authenticator app shares with the server, as a seed file carries it.
type SoftwareToken struct {
	Seed  []byte // 16 to 64 bytes
	Name  string
	SetAt int64 // ms since 1970
}

// Choice is what a user chose among their second factors: SMS_MFA, SOFTWARE_TOKEN_MFA and EMAIL_OTP.
type Choice struct {
	Enabled   []string
	Preferred string
}

// The lengths of a seed in bytes: RFC 4226 asks for 128 bits, and SHA-1 takes no more than a block.
const minSeed, maxSeed = 16, 64

// Software is the token that a user has in use, nil for none.
func (f *Factors) Software(tx *db.Tx, p *pool.Pool, sub string) (*SoftwareToken, error) {
	row, err := readSoftware(tx, p.ID, sub)
	if errors.Is(err, ErrNotSetUp) || err == nil && len(row.seed) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seed, err := f.openSeed(tx.Context(), p.ID, sub, "seed", row.seed)
	return &SoftwareToken{Seed: seed, Name: row.name, SetAt: row.created}, err
}

// DiffersSoftware reports whether ProvisionSoftware would write t. A token that the user has set up later than a dated one
// stays; nil is none to write.
func (f *Factors) DiffersSoftware(tx *db.Tx, p *pool.Pool, sub string, t *SoftwareToken) (bool, error) {
	if t == nil {
		return false, nil
	}
	have, err := f.Software(tx, p, sub)
	if err != nil || have == nil {
		return have == nil, err
	}
	later := t.SetAt != 0 && have.SetAt > t.SetAt
	same := have.Name == t.Name && subtle.ConstantTimeCompare(have.Seed, t.Seed) == 1
	return !later && !same, nil
}

// ProvisionSoftware makes a token the one in use of a user whose MFA says so, and reports whether it was another.
func (f *Factors) ProvisionSoftware(tx *db.Tx, p *pool.Pool, sub string, t SoftwareToken) (changed bool, err error) {
	if changed, err = f.DiffersSoftware(tx, p, sub, &t); err != nil || !changed {
		return false, err
	}
	if t.SetAt == 0 {
		t.SetAt = f.now().UnixMilli()
	}
	sealed, err := f.sealSeed(tx.Context(), p.ID, sub, "seed", t.Seed)
	if err != nil {
		return false, err
	}
	return true, replaceSoftware(tx, p.ID, sub, sealed, t.Name, t.SetAt)
}

// Provision writes into the MFA of a user that a token is there and which factors are chosen; nil leaves either as it is.
// Passkey MFA, which nobody can declare, stays.
func Provision(u *directory.User, t *SoftwareToken, c *Choice) error {
	if t != nil {
		if n := len(t.Seed); n < minSeed || n > maxSeed {
			return fmt.Errorf("the seed of a software token has %d to %d bytes, not %d", minSeed, maxSeed, n)
		}
		u.MFA.TOTP = true
	}
	if c == nil {
		return nil
	}
	chosen := directory.MFA{}
	for _, name := range c.Enabled {
		switch {
		case name == webAuthnMFA || !slices.Contains(listOrder[:], name):
			return fmt.Errorf("%s is no second factor that can be declared; these are SMS_MFA, SOFTWARE_TOKEN_MFA and EMAIL_OTP", name)
		case !reachable(u, name):
			return fmt.Errorf("%s needs a telephone number, an e-mail address or a software token that is not there", name)
		}
		enable(&chosen, name)
	}
	if c.Preferred != "" && !slices.Contains(chosen.Enabled, c.Preferred) {
		return fmt.Errorf("%s is preferred and not enabled", c.Preferred)
	}
	if len(chosen.Enabled) > 0 && slices.Contains(u.MFA.Enabled, webAuthnMFA) {
		enable(&chosen, webAuthnMFA)
	}
	u.MFA.Enabled, u.MFA.Preferred = chosen.Enabled, c.Preferred
	return nil
}

// Declarable is what u has chosen, as far as Provision takes it: factors that can be reached, passkeys not among them, and
// software tokens only with theirs. It is nil for nothing.
func Declarable(u *directory.User, token bool) *Choice {
	var c Choice
	for _, name := range listOrder {
		if name != webAuthnMFA && slices.Contains(u.MFA.Enabled, name) && reachable(u, name) && (token || name != totpMFA) {
			c.Enabled = append(c.Enabled, name)
		}
	}
	if len(c.Enabled) == 0 {
		return nil
	}
	if slices.Contains(c.Enabled, u.MFA.Preferred) {
		c.Preferred = u.MFA.Preferred
	}
	return &c
}

// HasRecoveryCodes reports whether a user has a set of recovery codes.
func (f *Factors) HasRecoveryCodes(tx *db.Tx, p *pool.Pool, sub string) (bool, error) {
	row, err := readRecovery(tx, p.ID, sub)
	return len(row.hashes) > 0, err
}
