package jose

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// MaxToken is the longest token that is looked at, in bytes. Most stay below 4 KiB; a user
// in a hundred groups with the longest names has one of 18 KiB, and pre-token triggers add claims.
const MaxToken = 64 << 10

// Errors of Verify. They do not tell a client apart from an attacker; callers answer both with one text.
var (
	// ErrMalformed says that the text is not a compact RS256 JWS.
	ErrMalformed = errors.New("jose: not an RS256 token")
	// ErrUnknownKey says that the token names a key that the lookup does not know.
	ErrUnknownKey = errors.New("jose: unknown key id")
	// ErrSignature says that the signature does not belong to header and claims.
	ErrSignature = errors.New("jose: wrong signature")
)

// The header that SignRS256 writes is headStart, the key id, headEnd.
const (
	headStart = `{"kid":"`
	headEnd   = `","alg":"RS256"}`
)

// maxHeader bounds the header, in bytes before encoding.
const maxHeader = 512

// strict refuses padding, line breaks and trailing bits that are not zero: a token has one spelling only.
var strict = base64.RawURLEncoding.Strict()

// Verify checks the signature of a compact RS256 token with the key that lookup returns for its key id, and returns the
// bytes of the claims. It does not look into the claims: expiry, issuer and use are the caller's. lookup returns nil for
// a key it does not know.
func Verify(token string, lookup func(kid string) *rsa.PublicKey) ([]byte, error) {
	p, err := parse(token)
	if err != nil {
		return nil, err
	}
	key := lookup(p.kid)
	if key == nil {
		return nil, ErrUnknownKey
	}
	digest := sha256.Sum256([]byte(p.signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], p.signature) != nil {
		return nil, ErrSignature
	}
	return p.claims, nil
}

// parsed are the parts of a token that has the right form; nothing of it is proven yet.
type parsed struct {
	kid               string
	signed            string // header and claims as they were signed
	claims, signature []byte
}

// parse takes a token apart. The length is checked before anything is allocated, and the dots are counted by looking
// for the first three, never by splitting.
func parse(token string) (*parsed, error) {
	if len(token) > MaxToken {
		return nil, ErrMalformed
	}
	head, rest, ok := strings.Cut(token, ".")
	if !ok {
		return nil, ErrMalformed
	}
	body, tail, ok := strings.Cut(rest, ".")
	if !ok || head == "" || body == "" || tail == "" || strings.IndexByte(tail, '.') >= 0 {
		return nil, ErrMalformed
	}
	if len(head) > base64.RawURLEncoding.EncodedLen(maxHeader) {
		return nil, ErrMalformed
	}
	header, err := decode(head)
	if err != nil {
		return nil, ErrMalformed
	}
	kid, ok := keyID(header)
	if !ok {
		return nil, ErrMalformed
	}
	claims, err := decode(body)
	if err != nil {
		return nil, ErrMalformed
	}
	signature, err := decode(tail)
	if err != nil {
		return nil, ErrMalformed
	}
	return &parsed{kid: kid, signed: token[:len(head)+1+len(body)], claims: claims, signature: signature}, nil
}

// decode reads strict base64url. The decoder of encoding/base64 skips line breaks even when strict, so they are
// refused first.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrMalformed
	}
	return strict.DecodeString(text)
}

// keyID returns the key id of an acceptable header: exactly the form that SignRS256 writes, or an object of alg RS256,
// kid and perhaps typ.
func keyID(header []byte) (string, bool) {
	if rest, ok := bytes.CutPrefix(header, []byte(headStart)); ok {
		if kid, ok := bytes.CutSuffix(rest, []byte(headEnd)); ok && plainKeyID(string(kid)) {
			return string(kid), true
		}
	}
	return parseHeader(header)
}

// parseHeader reads a header member by member, because encoding/json would accept repeated names and fold their case.
// Any other member is refused, above all crit (RFC 7515 section 4.1.11) and the ones that bring their own key.
func parseHeader(header []byte) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(header))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	seen := map[string]string{}
	for d.More() {
		name, ok := stringToken(d)
		if !ok || name != "alg" && name != "kid" && name != "typ" {
			return "", false
		}
		if _, repeated := seen[name]; repeated {
			return "", false
		}
		if seen[name], ok = stringToken(d); !ok {
			return "", false
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return "", false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", false
	}
	kid := seen["kid"]
	return kid, seen["alg"] == "RS256" && kid != ""
}

// stringToken reads one string.
func stringToken(d *json.Decoder) (string, bool) {
	t, err := d.Token()
	if err != nil {
		return "", false
	}
	s, ok := t.(string)
	return s, ok
}

// plainKeyID reports whether kid is printable ASCII that JSON writes as it is.
func plainKeyID(kid string) bool {
	if kid == "" || len(kid) > 256 {
		return false
	}
	for i := range len(kid) {
		if c := kid[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
