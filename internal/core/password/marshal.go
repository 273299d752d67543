package password

import (
	"encoding/binary"
	"errors"

	"cognate/internal/base/srp"
)

// ErrFormat says that stored bytes are not a credential of a known version.
var ErrFormat = errors.New("password: credential is malformed")

const (
	formatV1      = 1
	flagTemporary = 1
	// maxPast bounds the history that is read, above AWS's largest history size.
	maxPast = 64
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
	b = binary.AppendVarint(b, c.SetAt)
	b = binary.AppendVarint(b, c.ExpiresAt)
	b = appendBytes(b, c.Salt)
	b = appendBytes(b, c.Verifier)
	b = binary.AppendUvarint(b, uint64(len(c.History)))
	for _, past := range c.History {
		b = appendBytes(b, past.Salt)
		b = append(b, past.Hash[:]...)
	}
	return b, nil
}

// Unmarshal reads what Marshal wrote into c. It returns ErrFormat for anything else and keeps no reference to data.
func (c *Credential) Unmarshal(data []byte) error {
	r := reader{rest: data}
	version, flags := r.byte(), r.byte()
	if version != formatV1 || flags&^flagTemporary != 0 {
		return ErrFormat
	}
	out := Credential{Temporary: flags&flagTemporary != 0, SetAt: r.varint(), ExpiresAt: r.varint()}
	out.Salt, out.Verifier = r.bytes(64), r.bytes(srp.Size)
	n := r.uvarint()
	if n > maxPast {
		return ErrFormat
	}
	for range n {
		past := Past{Salt: r.bytes(64)}
		copy(past.Hash[:], r.take(len(past.Hash)))
		out.History = append(out.History, past)
	}
	if r.bad || len(r.rest) > 0 {
		return ErrFormat
	}
	*c = out
	return nil
}

// appendBytes appends b with its length in front.
func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// reader takes fields off the front of data. After the first mistake it yields zero values and stays bad.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(n)
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(n)
	return v
}

// bytes takes a length and that many bytes, at most limit, and copies them; none is nil.
func (r *reader) bytes(limit uint64) []byte {
	n := r.uvarint()
	if n > limit {
		r.bad = true
		return nil
	}
	return append([]byte(nil), r.take(int(n))...)
}
