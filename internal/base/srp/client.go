package srp

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// clientExponent is the length in bytes of the client's secret exponent; the AWS client libraries use 1024 bits.
const clientExponent = 128

// errServer says that the server's answer cannot come from an honest server.
var errServer = errors.New("srp: server answer is malformed")

// Client is the client side of one exchange, for tests, the load command and the console. It uses math/big and is not
// constant-time.
type Client struct {
	a      *big.Int
	public *big.Int
}

// NewClient starts an exchange with a 1024-bit secret exponent; a nil source means crypto/rand.
func NewClient(source io.Reader) (*Client, error) { return NewShortClient(source, clientExponent) }

// NewShortClient starts an exchange with a secret exponent of n bytes, at least EphemeralSize. Load generators use 32
// bytes, because the client's share of the work would otherwise exceed the server's.
func NewShortClient(source io.Reader, n int) (*Client, error) {
	if source == nil {
		source = rand.Reader
	}
	if n < EphemeralSize || n > Size {
		return nil, fmt.Errorf("srp: client exponent of %d bytes", n)
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(source, raw); err != nil {
		return nil, fmt.Errorf("srp: drawing a: %w", err)
	}
	return newClient(raw), nil
}

// newClient returns a client with a chosen exponent.
func newClient(raw []byte) *Client {
	a := new(big.Int).SetBytes(raw)
	return &Client{a: a, public: new(big.Int).Exp(big.NewInt(g), a, params().n)}
}

// A returns the client's public value as lower-case hexadecimal, the parameter SRP_A.
func (c *Client) A() string { return c.public.Text(16) }

// Key returns the session key for the server's SRP_B and SALT, both hexadecimal. It refuses B mod N = 0 and u = 0.
func (c *Client) Key(prefix, identity, password, saltHex, bHex string) ([]byte, error) {
	p := params()
	public, ok := new(big.Int).SetString(bHex, 16)
	if !ok || public.Sign() < 0 || new(big.Int).Mod(public, p.n).Sign() == 0 {
		return nil, errServer
	}
	salt, ok := new(big.Int).SetString(saltHex, 16)
	if !ok || salt.Sign() < 0 {
		return nil, errServer
	}
	uBytes := scrambler(c.public.Bytes(), public.Bytes())
	u := new(big.Int).SetBytes(uBytes)
	if u.Sign() == 0 {
		return nil, errServer
	}
	raw := privateKey(prefix, identity, password, salt.Bytes())
	x := new(big.Int).SetBytes(raw[:])
	// S = (B - k·g^x)^(a + u·x); the difference may be negative, Mod is Euclidean.
	base := new(big.Int).Exp(big.NewInt(g), x, p.n)
	base.Mod(base.Sub(public, base.Mul(base, p.kBig)), p.n)
	exponent := u.Add(c.a, u.Mul(u, x))
	return deriveKey(uBytes, base.Exp(base, exponent, p.n).Bytes()), nil
}

// Challenge is what a PASSWORD_VERIFIER or DEVICE_PASSWORD_VERIFIER challenge carries.
type Challenge struct {
	B           string // SRP_B, hexadecimal
	Salt        string // SALT, hexadecimal
	SecretBlock string // SECRET_BLOCK, standard base64
	Identity    string // USER_ID_FOR_SRP, or the device key
}

// Answer returns PASSWORD_CLAIM_SIGNATURE and TIMESTAMP for a challenge.
func (c *Client) Answer(prefix, password string, ch Challenge, now time.Time) (signature, timestamp string, err error) {
	block, err := base64.StdEncoding.DecodeString(ch.SecretBlock)
	if err != nil {
		return "", "", fmt.Errorf("srp: secret block: %w", err)
	}
	key, err := c.Key(prefix, ch.Identity, password, ch.Salt, ch.B)
	if err != nil {
		return "", "", err
	}
	timestamp = Timestamp(now)
	proof := Sign(key, prefix, ch.Identity, block, timestamp)
	return base64.StdEncoding.EncodeToString(proof), timestamp, nil
}

// Timestamp formats t as the TIMESTAMP response: English names, UTC, day of the month without a leading zero.
func Timestamp(t time.Time) string { return t.UTC().Format("Mon Jan 2 15:04:05 UTC 2006") }
