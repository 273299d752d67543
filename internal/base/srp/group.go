// Package srp is Cognito's variant of the Secure Remote Password protocol (SRP-6a): the 3072-bit group of RFC 5054 with
// SHA-256, a variable-length padding, and a key derivation of its own that yields 16 bytes.
//
// The server side keeps a verifier instead of a password. Everything that depends on the verifier, on the password or
// on the server's secret exponent is computed in constant time. The client side, needed by tests and by the load
// command, uses math/big and is not constant-time.
//
// The same protocol proves users (prefix = name of the pool, identity = user name) and remembered devices (prefix =
// device group key, identity = device key).
package srp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"sync"
)

// Size is the length in bytes of the modulus and of every verifier.
const Size = 384

// EphemeralSize is the length in bytes of the server's secret exponent b: 256 bits, the minimum of RFC 5054 section
// 2.5.4 and a sixth of the work of a 3072-bit one. The group's discrete logarithm is worth about 128 bits, so a longer
// exponent adds nothing.
const EphemeralSize = 32

// KeySize is the length in bytes of the session key that both sides derive.
const KeySize = 16

// primeHex is the 3072-bit prime of RFC 3526 section 4 and RFC 5054 appendix A.
const primeHex = "" +
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// g is the generator of the group.
const g = 2

// Errors of the server side. None of them carries a secret.
var (
	// ErrBadA says that the client's public value is not a hexadecimal number between 1 and N-1, or leads to u = 0.
	ErrBadA = errors.New("srp: client public value is malformed or a multiple of N")
	// ErrVerifier says that a stored verifier is not a number between 1 and N-1.
	ErrVerifier = errors.New("srp: verifier is malformed")
	// ErrState says that a kept ephemeral or exchange has not the form that this package made.
	ErrState = errors.New("srp: kept exchange is malformed")
)

// group holds N and the values derived from it. The elements are in Montgomery form but for words.
type group struct {
	n         *big.Int
	bytes     []byte // N, Size bytes
	words     element
	one       element // 2^3072 mod N, which is the number one
	rr        element // 2^6144 mod N, the factor that brings a number into Montgomery form
	generator element
	k         element // H(PAD(N) ‖ PAD(g))
	kBig      *big.Int
}

// params returns the group, computed at first use: a process that never sees SRP does not spend the microseconds.
var params = sync.OnceValue(func() *group {
	raw, err := hex.DecodeString(primeHex)
	if err != nil || len(raw) != Size {
		panic("srp: prime constant is damaged")
	}
	h := sha256.New()
	writePadded(h, raw)
	h.Write([]byte{g})
	n, k := new(big.Int).SetBytes(raw), new(big.Int).SetBytes(h.Sum(nil))
	p := &group{n: n, bytes: raw, kBig: k}
	montgomery := func(z *element, x *big.Int) {
		shifted := new(big.Int).Lsh(x, 8*Size)
		setWords(z, shifted.Mod(shifted, n))
	}
	setWords(&p.words, n)
	montgomery(&p.one, big.NewInt(1))
	montgomery(&p.rr, new(big.Int).Lsh(big.NewInt(1), 8*Size))
	montgomery(&p.generator, big.NewInt(g))
	montgomery(&p.k, k)
	return p
})

// setWords splits a public number of at most Size bytes into words.
func setWords(z *element, x *big.Int) {
	raw := x.FillBytes(make([]byte, Size))
	for i := range z {
		z[i] = binary.BigEndian.Uint64(raw[Size-8-8*i:])
	}
}

// writer is the part of hash.Hash that padding needs.
type writer interface{ Write([]byte) (int, error) }

// writePadded hashes PAD(i) of the big-endian integer in raw: the minimal bytes with one leading zero byte when the top
// bit is set (Java's BigInteger.toByteArray). The length of S varies with its leading zero bytes; that is part of the
// protocol, and S is used once, so the difference of one hash block now and then reveals nothing that can be collected.
func writePadded(w writer, raw []byte) {
	raw = trimZeros(raw)
	if len(raw) == 0 || raw[0]&0x80 != 0 {
		_, _ = w.Write([]byte{0})
	}
	_, _ = w.Write(raw)
}

// trimZeros drops leading zero bytes.
func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// leftPad returns b as exactly n bytes, zeros in front. b must not be longer than n.
func leftPad(b []byte, n int) []byte {
	if len(b) == n {
		return b
	}
	out := make([]byte, n)
	copy(out[n-len(b):], b)
	return out
}

// Hex writes a big-endian integer as the wire does: lower-case hexadecimal without leading zeros.
func Hex(b []byte) string {
	s := strings.TrimLeft(hex.EncodeToString(b), "0")
	if s == "" {
		return "0"
	}
	return s
}

// parsePublic reads a hexadecimal public value into Size bytes. Odd lengths and capitals are allowed, as are the
// leading zeros that some client libraries send; signs, spaces, prefixes and anything not in 1..N-1 are not.
func parsePublic(text string) ([]byte, bool) {
	if len(text) == 0 || len(text) > 2*Size+2 {
		return nil, false
	}
	digits := strings.TrimLeft(text, "0")
	if len(digits) == 0 || len(digits) > 2*Size {
		return nil, false
	}
	out := make([]byte, Size)
	for i, pos := len(digits)-1, 0; i >= 0; i, pos = i-1, pos+1 {
		d, ok := nibble(digits[i])
		if !ok {
			return nil, false
		}
		out[Size-1-pos/2] |= d << (4 * (pos % 2))
	}
	// Public values may be compared in variable time.
	if string(out) >= string(params().bytes) {
		return nil, false
	}
	return out, true
}

// nibble returns the value of one hexadecimal digit.
func nibble(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
