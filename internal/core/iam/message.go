package iam

import (
	"context"
	"encoding/base64"
	"errors"

	"cognate/internal/base/obs"
)

// errMessage says that a text is no encoded message of this server.
var errMessage = errors.New("iam: not an encoded authorization message")

// messageAAD binds encoded messages to what they are.
var messageAAD = []string{"iam", "authorization message"}

// encodeMessage seals what a refusal was decided by, for the log event: who may decode it sees it, others do not.
func (r *Room) encodeMessage(ctx context.Context, text string) {
	sealed, err := r.deps.Keyring.Seal(ctx, Scope, []byte(text), messageAAD...)
	if err == nil { // the refusal stands without it
		obs.From(ctx).Encoded = base64.RawURLEncoding.EncodeToString(sealed)
	}
}

// DecodeMessage opens the encoded message of a refusal.
func (r *Room) DecodeMessage(ctx context.Context, encoded string) (string, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", errMessage
	}
	text, err := r.deps.Keyring.Open(ctx, Scope, sealed, messageAAD...)
	return string(text), err
}
