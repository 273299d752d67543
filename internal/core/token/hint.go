package token

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"

	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
)

// ErrHint is an id_token_hint that the pool has not issued.
var ErrHint = errors.New("token: not an ID token of the pool")

// IDHint reads an ID token that tells whom a request is about (OpenID Connect Core section 3.1.2.1): its user and its
// client. It has to be genuine, but may have expired, and proves nothing.
func (t *Tokens) IDHint(ctx context.Context, p *pool.Pool, text string) (sub, clientID string, err error) {
	var failed error
	payload, err := jose.Verify(text, func(kid string) *rsa.PublicKey {
		key, err := t.key(ctx, p.ID, kid, purposeID)
		failed = err
		return key
	})
	if failed != nil {
		return "", "", failed
	}
	var c struct {
		Sub string `json:"sub"`
		Iss string `json:"iss"`
		Aud string `json:"aud"`
		Use string `json:"token_use"`
	}
	if err != nil || json.Unmarshal(payload, &c) != nil || c.Use != "id" || !t.addresses.Issues(p, c.Iss) {
		return "", "", ErrHint
	}
	return c.Sub, c.Aud, nil
}
