package srp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
)

// Verifier returns g^x mod N as Size bytes, where x binds the password to the prefix (the part of the pool id after
// the underscore, or the device group key), to the identity (the stored user name, never an alias, or the device key)
// and to the salt. It takes constant time in the password.
func Verifier(prefix, identity, password string, salt []byte) []byte {
	x := privateKey(prefix, identity, password, salt)
	var v element
	v.power(&x)
	return v.bytes()
}

// privateKey returns x = H(PAD(salt) ‖ H(prefix ‖ identity ‖ ":" ‖ password)). The salt is an integer: leading zero
// bytes do not count. The inner hash is used as its 32 raw bytes.
func privateKey(prefix, identity, password string, salt []byte) [EphemeralSize]byte {
	h := sha256.New()
	buf := make([]byte, 0, len(prefix)+len(identity)+1+len(password))
	buf = append(buf, prefix...)
	buf = append(buf, identity...)
	buf = append(buf, ':')
	h.Write(append(buf, password...))
	var inner, x [sha256.Size]byte
	h.Sum(inner[:0])
	h.Reset()
	writePadded(h, salt)
	h.Write(inner[:])
	h.Sum(x[:0])
	return x
}

// Server is the server side of one exchange. It is not safe for concurrent use.
type Server struct {
	v      *element
	b      []byte
	public []byte // B, Size bytes; computed when first wanted
}

// NewServer starts an exchange for a stored verifier with a fresh secret exponent; a nil source means crypto/rand. The
// verifier may carry leading zero bytes, as device verifiers do. It returns ErrVerifier for anything but 1..N-1.
func NewServer(verifier []byte, source io.Reader) (*Server, error) {
	if source == nil {
		source = rand.Reader
	}
	b := make([]byte, EphemeralSize)
	if _, err := io.ReadFull(source, b); err != nil {
		return nil, fmt.Errorf("srp: drawing b: %w", err)
	}
	return ResumeServer(verifier, b)
}

// ResumeServer continues an exchange whose Ephemeral was kept. B is computed again when it is needed; Begin and Finish
// keep what the second call needs and are cheaper.
func ResumeServer(verifier, b []byte) (*Server, error) {
	if len(b) != EphemeralSize {
		return nil, ErrState
	}
	return newServer(verifier, b)
}

// newServer accepts an exponent of any length, which the published test vectors need.
func newServer(verifier, b []byte) (*Server, error) {
	v, err := parseVerifier(verifier)
	if err != nil {
		return nil, err
	}
	return &Server{v: v, b: b}, nil
}

// parseVerifier reads a stored verifier into Montgomery form.
func parseVerifier(verifier []byte) (*element, error) {
	for len(verifier) > Size && verifier[0] == 0 {
		verifier = verifier[1:]
	}
	if len(verifier) == 0 || len(verifier) > Size {
		return nil, ErrVerifier
	}
	v := new(element)
	if !v.setBytes(leftPad(verifier, Size)) || v.isZero() {
		return nil, ErrVerifier
	}
	v.enter()
	return v, nil
}

// Ephemeral returns b, the secret exponent. Whoever keeps it must seal it.
func (s *Server) Ephemeral() []byte { return s.b }

// B returns the server's public value as the wire carries it, lower-case hexadecimal without leading zeros.
func (s *Server) B() string { return Hex(s.publicValue()) }

// publicValue returns B = (k·v + g^b) mod N.
func (s *Server) publicValue() []byte {
	if s.public == nil {
		var sum, power element
		if len(s.b) == EphemeralSize {
			power.power((*[EphemeralSize]byte)(s.b))
		} else {
			power.exp(&params().generator, s.b)
		}
		sum.mul(s.v, &params().k)
		sum.add(&sum, &power)
		s.public = sum.bytes()
	}
	return s.public
}

// Key returns the session key for the client's public value, given as hexadecimal text. It returns ErrBadA for a value
// that is malformed or not in 1..N-1, and when u = 0.
func (s *Server) Key(a string) ([]byte, error) {
	public, u, err := s.scramble(a)
	if err != nil {
		return nil, err
	}
	return sessionKey(s.v, s.b, public, u), nil
}

// scramble parses A and returns it with u = H(PAD(A) ‖ PAD(B)). Both are public.
func (s *Server) scramble(a string) (public, u []byte, err error) {
	public, ok := parsePublic(a)
	if !ok {
		return nil, nil, ErrBadA
	}
	u = scrambler(public, s.publicValue())
	if len(trimZeros(u)) == 0 {
		return nil, nil, ErrBadA
	}
	return public, u, nil
}

// scrambler returns H(PAD(A) ‖ PAD(B)).
func scrambler(a, b []byte) []byte {
	h := sha256.New()
	writePadded(h, a)
	writePadded(h, b)
	return h.Sum(nil)
}

// sessionKey computes S = (A·v^u)^b mod N and derives the key. u and A are public, but the base v is not and b is the
// exchange's secret, so both powers are taken in constant time. (math/big would make the first one a little faster, at
// the price of a running time that depends on v, which is as good as the password to whoever learns it.)
func sessionKey(v *element, b, public, u []byte) []byte {
	var a, s element
	if !a.setBytes(public) {
		panic("srp: unchecked public value") // every caller has compared it with N
	}
	a.enter()
	s.exp(v, u)
	s.mul(&s, &a)
	s.exp(&s, b)
	return deriveKey(u, s.bytes())
}

// info is the constant of the last derivation step, with the block counter of HKDF's first block.
var info = []byte("Caldera Derived Key\x01")

// deriveKey returns the first KeySize bytes of HKDF-SHA256 with salt PAD(u) and secret PAD(S).
func deriveKey(u, s []byte) []byte {
	salt := trimZeros(u)
	if len(salt) == 0 || salt[0]&0x80 != 0 {
		salt = append([]byte{0}, salt...)
	}
	extract := hmac.New(sha256.New, salt)
	writePadded(extract, s)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write(info)
	return expand.Sum(nil)[:KeySize:KeySize]
}

// Sign returns the proof of knowing key: HMAC-SHA256 over prefix, identity, the secret block's bytes and the timestamp
// exactly as the client spelled it.
func Sign(key []byte, prefix, identity string, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	buf := make([]byte, 0, len(prefix)+len(identity)+len(secretBlock)+len(timestamp))
	buf = append(buf, prefix...)
	buf = append(buf, identity...)
	buf = append(buf, secretBlock...)
	mac.Write(append(buf, timestamp...))
	return mac.Sum(nil)
}

// Check reports in constant time whether signature is the proof that Sign makes.
func Check(signature, key []byte, prefix, identity string, secretBlock []byte, timestamp string) bool {
	return hmac.Equal(signature, Sign(key, prefix, identity, secretBlock, timestamp))
}
