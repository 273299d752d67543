package device

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"

	"cognate/internal/base/srp"
	"cognate/internal/core/pool"
)

// Held is what a browser keeps of the device that it is for a user: the key, and the secret that it proves itself by.
type Held struct {
	Sub    string `json:"u"`
	Key    string `json:"k"`
	Secret string `json:"s"`
}

// The sizes in bytes of what Browser draws.
const (
	browserSecret = 32
	browserSalt   = 16
)

// Browser makes the device that a browser becomes for a user, with the verifier of a new secret: a device like any other,
// which proves itself by the secret in place of an exchange. It counts once Add has written it. Run it outside transactions.
func (d *Devices) Browser(ctx context.Context, p *pool.Pool, sub, name string, remembered bool) (*Device, Held, error) {
	issued, err := d.Issue(ctx, p)
	if err != nil {
		return nil, Held{}, err
	}
	source := d.Rand
	if source == nil {
		source = rand.Reader
	}
	var drawn [browserSecret + browserSalt]byte
	if _, err := io.ReadFull(source, drawn[:]); err != nil {
		return nil, Held{}, fmt.Errorf("device: secret: %w", err)
	}
	held := Held{Sub: sub, Key: issued.DeviceKey, Secret: base64.RawURLEncoding.EncodeToString(drawn[:browserSecret])}
	salt := drawn[browserSecret:]
	salt[0] |= 0x80 // an integer whose leading zero bytes would not count
	v := d.draft(ctx, p, sub, issued.DeviceKey, name, remembered)
	v.GroupKey = issued.GroupKey
	return v, held, d.seal(ctx, v, secret{salt: salt, verifier: srp.Verifier(v.GroupKey, v.Key, held.Secret, salt)})
}

// Proves reports in constant time whether secret is that of the device as it is now. It costs one modular power and does
// not count tries. Run it outside transactions.
func (d *Devices) Proves(ctx context.Context, v *Device, secret string) (bool, error) {
	s, err := d.open(ctx, v)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(srp.Verifier(v.GroupKey, v.Key, secret, s.salt), s.verifier) == 1, nil
}
