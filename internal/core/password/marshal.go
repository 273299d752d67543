package password

import (
	"errors"

	"cognate/internal/base/pack"
	"cognate/internal/base/srp"
)

// ErrFormat says that stored bytes are not a credential of a known version.
var ErrFormat = errors.New("password: credential is malformed")

const (
	formatV1      = 1
	flagTemporary = 1
	// maxPast bounds the history that is read, above AWS's largest history size.
	maxPast = 64
	maxSalt = 64 // bytes
)

// Marshal returns the compact binary form: a version, flags, the two times as varints, salt, verifier and history with
// their lengths in front.
func (c *Credential) Marshal() ([]byte, error) {
	if len(c.History) > maxPast {
		return nil, ErrFormat
	}
	b := make([]byte, 0, 64+len(c.Salt)+len(c.Verifier)+len(c.History)*(1+saltSize+32))
	var flags byte
	if c.Temporary {
		flags |= flagTemporary
	}
	b = append(b, formatV1, flags)
	b = pack.Int(pack.Int(b, c.SetAt), c.ExpiresAt)
	b = pack.Text(pack.Text(b, c.Salt), c.Verifier)
	b = pack.Count(b, len(c.History))
	for _, past := range c.History {
		b = pack.Text(b, past.Salt)
		b = append(b, past.Hash[:]...)
	}
	return b, nil
}

// Unmarshal reads what Marshal wrote into c. It returns ErrFormat for anything else and keeps no reference to data.
func (c *Credential) Unmarshal(data []byte) error {
	r := pack.Read(data)
	version, flags := r.Byte(), r.Byte()
	if version != formatV1 || flags&^flagTemporary != 0 {
		return ErrFormat
	}
	out := Credential{Temporary: flags&flagTemporary != 0, SetAt: r.Int(), ExpiresAt: r.Int()}
	out.Salt, out.Verifier = r.Bytes(maxSalt), r.Bytes(srp.Size)
	for range r.Count(maxPast) {
		past := Past{Salt: r.Bytes(maxSalt)}
		copy(past.Hash[:], r.Take(len(past.Hash)))
		out.History = append(out.History, past)
	}
	if !r.Done() {
		return ErrFormat
	}
	*c = out
	return nil
}
