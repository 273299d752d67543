package password

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"cognate/internal/base/srp"
)

// saltSize is the length of a salt in bytes, as on AWS.
const saltSize = 16

// Credential is the stored proof of a password. The verifier is bound to the pool's name and to the stored user name,
// so it proves nothing for another user. It is as good as the password and is kept sealed.
type Credential struct {
	Salt      []byte
	Verifier  []byte // srp.Size bytes; empty when the user has no password
	Temporary bool   // must be replaced at the next sign-in
	SetAt     int64  // ms since 1970
	ExpiresAt int64  // ms since 1970 for temporary passwords; 0 means never
	History   []Past // earlier permanent passwords, the newest first
}

// Past is an earlier password: its salt and the SHA-256 of its verifier.
type Past struct {
	Salt []byte
	Hash [sha256.Size]byte
}

// New derives the credential of a password with a new salt. poolName is the part of the pool id after the underscore,
// username the stored user name. The caller sets the times. A nil source means crypto/rand.
func New(poolName, username, pw string, source io.Reader) (*Credential, error) {
	if source == nil {
		source = rand.Reader
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(source, salt); err != nil {
		return nil, fmt.Errorf("password: salt: %w", err)
	}
	return &Credential{Salt: salt, Verifier: srp.Verifier(poolName, username, pw, salt)}, nil
}

// HasPassword reports whether there is a password to prove.
func (c *Credential) HasPassword() bool { return c != nil && len(c.Verifier) > 0 }

// Verify reports in constant time whether pw is the password. It costs one modular power, also for a credential made
// by Dummy.
func (c *Credential) Verify(poolName, username, pw string) bool {
	return c.HasPassword() && subtle.ConstantTimeCompare(srp.Verifier(poolName, username, pw, c.Salt), c.Verifier) == 1
}

// Expired reports whether this is a temporary password whose time is over.
func (c *Credential) Expired(now time.Time) bool {
	return c.Temporary && c.ExpiresAt != 0 && now.UnixMilli() >= c.ExpiresAt
}

// UsedBefore reports whether pw is among the last n passwords: the present one, unless it is temporary, and those in
// the history. It costs one modular power for each.
func (c *Credential) UsedBefore(n int, poolName, username, pw string) bool {
	if c == nil || n <= 0 {
		return false
	}
	used := false
	if !c.Temporary && c.HasPassword() {
		used = c.Verify(poolName, username, pw)
		n--
	}
	for _, past := range c.History[:min(n, len(c.History))] {
		hash := sha256.Sum256(srp.Verifier(poolName, username, pw, past.Salt))
		used = subtle.ConstantTimeCompare(hash[:], past.Hash[:]) == 1 || used
	}
	return used
}

// Remember takes over the history of the credential that c replaces, which itself becomes the newest entry unless it
// was temporary. n is the policy's history size; c counts as one of them, so at most n-1 entries are kept.
func (c *Credential) Remember(old *Credential, n int) {
	c.History = nil
	if old == nil || n <= 1 {
		return
	}
	if !old.Temporary && old.HasPassword() {
		c.History = append(c.History, Past{Salt: old.Salt, Hash: sha256.Sum256(old.Verifier)})
	}
	c.History = append(c.History, old.History...)
	c.History = c.History[:min(n-1, len(c.History))]
}

// Dummy returns the credential of a user who does not exist: salt and verifier look like any other, stay the same for
// the same key, pool and user name, and belong to no password (RFC 5054 section 2.5.1.3). It is made without a modular
// power, so an unknown user costs what a known one does. key is a keyed hash that only the server can make.
func Dummy(poolName, username string, key []byte) *Credential {
	info := fmt.Sprintf("cognate fake credential %d %s %s", len(poolName), poolName, username)
	raw, err := hkdf.Key(sha256.New, key, nil, info, saltSize+srp.Size)
	if err != nil {
		panic("password: " + err.Error()) // only a length beyond HKDF's limit
	}
	// A number below 2^3071 is below the modulus, whose top bit is set; the lowest bit keeps it from being zero.
	raw[saltSize] &= 0x7f
	raw[len(raw)-1] |= 1
	return &Credential{Salt: raw[:saltSize:saltSize], Verifier: raw[saltSize:]}
}
