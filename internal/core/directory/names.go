package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// The kinds of names that find a user, in the order in which Resolve prefers them when one text is several users'.
const (
	kindUsername  = "username"
	kindEmail     = "email"
	kindPhone     = "phone_number"
	kindPreferred = "preferred_username"
)

var kindOrder = [...]string{kindUsername, kindEmail, kindPhone, kindPreferred}

// aliasKeyLimit is how many bytes of a name its row holds; longer names are kept as a digest. User names reach this
// only when case folding and NFKC make them longer.
const aliasKeyLimit = 512

// digestMark begins the stored form of a long name. A literal value that begins with it is kept as a digest too, so no
// typed text can pose as one.
const digestMark = "\x01sha256:"

// alias is one name that finds a user, in stored form.
type alias struct{ Value, Kind string }

// aliasKey returns the stored form of a typed name in p: folded in pools that ignore case, as typed elsewhere.
func aliasKey(p *pool.Pool, name string) string {
	if !p.CaseSensitive {
		name = fold(name)
	}
	if len(name) <= aliasKeyLimit && !strings.HasPrefix(name, digestMark[:1]) && strings.IndexByte(name, 0) < 0 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return digestMark + hex.EncodeToString(sum[:])
}

// aliases returns the names by which u can be found, derived from the user and the pool alone: the user name (in pools
// where it is not simply the sub), every sign-in attribute that has a value, and alias attributes once they are
// verified, or for preferred_username once the user is confirmed.
func aliases(p *pool.Pool, u *User) []alias {
	var out []alias
	add := func(kind, value string) {
		if value != "" {
			out = append(out, alias{aliasKey(p, value), kind})
		}
	}
	if u.Username != u.Sub {
		add(kindUsername, u.Username)
	}
	for _, kind := range [...]string{kindEmail, kindPhone} {
		if p.UsernameAttrs.Has(kind) || p.AliasAttrs.Has(kind) && u.Attributes[kind+"_verified"] == "true" {
			add(kind, u.Attributes[kind])
		}
	}
	if p.AliasAttrs.Has(kindPreferred) && u.Status != cognitoidp.UserStatusTypeUnconfirmed {
		add(kindPreferred, u.Attributes[kindPreferred])
	}
	return out
}

// keepsUntilVerified reports whether a new value of the attribute becomes active only when it is verified. Without
// automatic verification no code would ever be sent, so the new value takes effect at once.
func keepsUntilVerified(p *pool.Pool, name string) bool {
	return p.KeepUntilVerified.Has(name) && p.AutoVerified.Has(name)
}

// Assign returns the sub and the stored user name of a user to be made with the typed name: a fresh UUID for both in
// pools with username attributes, otherwise the typed name, in lower case when the pool ignores case. Callers need both
// before Create because the password verifier is bound to the stored name.
func (d *Directory) Assign(p *pool.Pool, typed string) (sub, username string) {
	sub = d.IDs.UUID()
	return sub, storedUsername(p, typed, sub)
}

func storedUsername(p *pool.Pool, typed, sub string) string {
	if len(p.UsernameAttrs) > 0 {
		return sub
	}
	return p.Normal(typed)
}

// isUUID reports whether s has the form of a sub: lower-case hexadecimal 8-4-4-4-12.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}
