package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"cognate/internal/base/pack"
)

// A refresh token has the five parts of the encrypted token that Cognito gives out, and is as opaque to clients:
//
//	header . seed . tag[0:12] . content . tag[12:28]
//
// content names the session, the generation and the client, seed is the session's secret and tag a keyed hash of both.
// Everything in it is determined, so redeeming a rotated token again during its grace period yields the same successor,
// and no row per token is needed, neither to find one nor to notice the reuse of an old one.
type refreshToken struct {
	sub, eventID string
	client       [8]byte // first bytes of the SHA-256 of the client id
	generation   int64
	expires      int64 // ms since 1970
	seed         []byte
}

const (
	// refreshHeader is {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}, the first part of Cognito's refresh tokens.
	refreshHeader = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

	refreshFormat = 1    // first byte of the content
	maxRefresh    = 2048 // longest text that is looked at, in bytes
	seedSize      = 32
	tagSize       = 28
)

// IsRefresh tells the form of refresh tokens from that of all others; it proves nothing.
func IsRefresh(text string) bool { return strings.HasPrefix(text, refreshHeader+".") }

func clientMark(clientID string) [8]byte {
	sum := sha256.Sum256([]byte(clientID))
	return [8]byte(sum[:8])
}

// seal returns the text of the token.
func (t *Tokens) sealRefresh(ctx context.Context, poolID string, r *refreshToken) (string, error) {
	content := r.content()
	tag, err := t.keys.MAC(ctx, poolID, "refresh_token", string(content), string(r.seed))
	if err != nil {
		return "", fmt.Errorf("token: refresh token: %w", err)
	}
	enc := base64.RawURLEncoding
	return strings.Join([]string{refreshHeader, enc.EncodeToString(r.seed), enc.EncodeToString(tag[:12]),
		enc.EncodeToString(content), enc.EncodeToString(tag[12:tagSize])}, "."), nil
}

// openRefresh reads a text that sealRefresh made for this pool; ErrInvalidRefresh for anything else, also when a single
// character differs. It does not touch the database.
func (t *Tokens) openRefresh(ctx context.Context, poolID, text string) (*refreshToken, error) {
	r := parseRefresh(text)
	if r == nil {
		return nil, ErrInvalidRefresh
	}
	want, err := t.sealRefresh(ctx, poolID, r)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(text)) != 1 {
		return nil, ErrInvalidRefresh
	}
	return r, nil
}

// parseRefresh takes the fields out of a text that has the form of a refresh token; nil when it has not. Nothing of it
// is proven yet.
func parseRefresh(text string) *refreshToken {
	if len(text) > maxRefresh || !IsRefresh(text) {
		return nil
	}
	parts := strings.SplitN(text, ".", 6)
	if len(parts) != 5 {
		return nil
	}
	enc := base64.RawURLEncoding.Strict()
	seed, err := enc.DecodeString(parts[1])
	if err != nil || len(seed) != seedSize {
		return nil
	}
	content, err := enc.DecodeString(parts[3])
	if err != nil {
		return nil
	}
	r := &refreshToken{seed: seed}
	if !r.parse(content) {
		return nil
	}
	return r
}

func (r *refreshToken) content() []byte {
	b := make([]byte, 0, 128)
	b = append(b, refreshFormat)
	b = append(b, r.client[:]...)
	b = pack.Int(pack.Int(b, r.expires), r.generation)
	return pack.Text(pack.Text(b, r.sub), r.eventID)
}

func (r *refreshToken) parse(b []byte) bool {
	in := pack.Read(b)
	if in.Byte() != refreshFormat {
		return false
	}
	copy(r.client[:], in.Take(len(r.client)))
	r.expires, r.generation = in.Int(), in.Int()
	r.sub, r.eventID = in.Text(), in.Text()
	return in.Done()
}

// refreshText returns the session's refresh token of a generation.
func (t *Tokens) refreshText(ctx context.Context, s *Session, generation int64) (string, error) {
	return t.sealRefresh(ctx, s.PoolID, &refreshToken{
		sub: s.Sub, eventID: s.EventID, client: clientMark(s.ClientID),
		generation: generation, expires: s.Expires, seed: s.seed,
	})
}
