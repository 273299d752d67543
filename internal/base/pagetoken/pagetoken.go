// Package pagetoken makes the opaque tokens with which list operations are continued.
//
// A token holds the cursor after which the next page starts, sealed under a data key and bound to the query that it
// continues: it cannot be read, forged, altered, used with other parameters or used after an hour. A cursor that comes
// out of Open was therefore put in by Seal and may be trusted as far as the query's own rows.
package pagetoken

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"cognate/internal/base/keyring"
	"cognate/internal/base/pack"
)

// Life is how long a token may be used.
const Life = time.Hour

// maxToken bounds the work that a hostile token can cause; real ones are far shorter.
const maxToken = 8192

// ErrInvalid is a token that Seal did not make for this query, or that is older than Life.
var ErrInvalid = errors.New("pagetoken: invalid token")

// Keys seals and opens bytes under the data key of a scope, as *keyring.Keyring does. Open returns keyring.ErrOpen when
// anything of the sealed bytes, the scope or the associated data differs.
type Keys interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Tokens seals cursors.
type Tokens struct {
	Keys Keys
	// Now is the time that tokens age by.
	Now func() time.Time
}

// Binding joins the parameters of a query into one text such that different parameters never give the same text.
func Binding(operation string, params ...string) string {
	b := pack.Text(nil, operation)
	for _, p := range params {
		b = pack.Text(b, p)
	}
	return string(b)
}

// Seal returns the token that continues the query after cursor. The text is base64url without padding.
func (t Tokens) Seal(ctx context.Context, scope, binding, cursor string) (string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(t.Now().Add(Life).UnixMilli()))
	sealed, err := t.Keys.Seal(ctx, scope, append(plain, cursor...), "pagetoken", binding)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open returns the cursor of a token that Seal made for the same scope and binding within the last hour, and
// ErrInvalid for every other text. Other errors are those of Keys.
func (t Tokens) Open(ctx context.Context, scope, binding, token string) (string, error) {
	if len(token) > maxToken {
		return "", ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(sealed) == 0 {
		return "", ErrInvalid
	}
	plain, err := t.Keys.Open(ctx, scope, sealed, "pagetoken", binding)
	if errors.Is(err, keyring.ErrOpen) || errors.Is(err, keyring.ErrUnknownScope) || err == nil && len(plain) < 8 {
		return "", ErrInvalid
	}
	if err != nil {
		return "", err
	}
	if t.Now().UnixMilli() > int64(binary.BigEndian.Uint64(plain)) {
		return "", ErrInvalid
	}
	return string(plain[8:]), nil
}
