package token

import (
	"context"
	"encoding/json"
	"errors"

	"cognate/internal/core/pool"
)

// ErrHint is an id_token_hint that the pool has not issued.
var ErrHint = errors.New("token: not an ID token of the pool")

// IDHint reads an ID token that tells whom a request is about (OpenID Connect Core section 3.1.2.1): its user and its
// client. It has to be genuine, but may have expired, and proves nothing.
func (t *Tokens) IDHint(ctx context.Context, p *pool.Pool, text string) (sub, clientID string, err error) {
	payload, err := t.signed(ctx, p, purposeID, text)
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
