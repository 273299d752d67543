// Package oidc verifies tokens of identity providers elsewhere: of OpenID Connect by discovery, key sets that are fetched
// through the guarded client and kept, and the signature itself; opaque ones of two providers by asking them. What the
// claims mean is the caller's business.
package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/base/httpkit"
)

// The errors of Verify.
var (
	// ErrMalformed says that a text is not a signed JWT of an algorithm that providers sign with.
	ErrMalformed = errors.New("oidc: not a signed JWT")
	// ErrKeys says that the provider's keys could not be fetched.
	ErrKeys = errors.New("oidc: keys of the provider cannot be fetched")
	// ErrSignature says that none of the provider's keys has signed the token.
	ErrSignature = errors.New("oidc: not signed by a key of the provider")
)

// algorithms are those with a public key. HMAC would make of a public key a secret, and "none" proves nothing.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512, jose.PS256, jose.PS384, jose.PS512}

const (
	// MaxToken bounds a token, in bytes.
	MaxToken = 64 << 10
	// keysFor is how long a key set is used without being fetched again.
	keysFor = time.Hour
	// againAfter is how soon an unknown key makes the set be fetched again.
	againAfter = 30 * time.Second
	// maxProviders bounds the key sets that are kept.
	maxProviders = 1000
	// maxKeys bounds the keys of one set.
	maxKeys = 100
	// maxDocument bounds what a provider answers, in bytes.
	maxDocument = 512 << 10
)

// Provider is whose keys are asked for.
type Provider struct {
	// Issuer is the address below which the discovery document stands, and the issuer that it has to name.
	Issuer string
	// Thumbprints are SHA-1 sums of certificates, in lower-case hexadecimal: one of them in the chain of the provider's
	// server is as good as a public authority.
	Thumbprints []string
}

// Verifier verifies tokens. It keeps the keys of providers and is safe for concurrent use.
type Verifier struct {
	options httpkit.ClientOptions
	client  *httpkit.Client
	now     func() time.Time

	amazon, facebook string // addresses; tests have their own

	mu   sync.Mutex
	sets map[string]*keySet
}

// New returns a Verifier whose requests are made with the options; now is real time, time.Now when nil.
func New(o httpkit.ClientOptions, now func() time.Time) *Verifier {
	o.MaxBody = maxDocument
	if now == nil {
		now = time.Now
	}
	return &Verifier{options: o, client: httpkit.NewClient(o), now: now, amazon: amazonAPI, facebook: facebookAPI, sets: map[string]*keySet{}}
}

// Claims are the parts of a token that is not verified yet: for finding out whose keys have to verify it.
func Claims(token string, into any) error {
	if len(token) > MaxToken || strings.Count(token, ".") != 2 {
		return ErrMalformed
	}
	_, rest, _ := strings.Cut(token, ".")
	body, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(payload, into) != nil {
		return ErrMalformed
	}
	return nil
}

// Verify returns the claims of a token that one of the provider's keys has signed. The error is one of this package's or
// that of ctx.
func (v *Verifier) Verify(ctx context.Context, p Provider, token string) ([]byte, error) {
	if len(token) > MaxToken || strings.Count(token, ".") != 2 {
		return nil, ErrMalformed
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	header := signed.Signatures[0].Protected
	set := v.setOf(p)
	for attempt := range 2 {
		keys, err := set.get(ctx, v, p, attempt > 0)
		if err != nil {
			return nil, err
		}
		for i := range keys {
			if payload, ok := try(signed, &keys[i], header); ok {
				return payload, nil
			}
		}
	}
	return nil, ErrSignature
}

// try verifies with one key, if it may have made the signature.
func try(signed *jose.JSONWebSignature, key *jose.JSONWebKey, header jose.Header) ([]byte, bool) {
	if key.Use != "" && key.Use != "sig" || header.KeyID != "" && key.KeyID != "" && key.KeyID != header.KeyID ||
		key.Algorithm != "" && key.Algorithm != header.Algorithm || !key.IsPublic() || !key.Valid() {
		return nil, false
	}
	if _, symmetric := key.Key.([]byte); symmetric {
		return nil, false
	}
	payload, err := signed.Verify(key.Key)
	return payload, err == nil
}

// setOf is the key set of a provider, which may be empty still.
func (v *Verifier) setOf(p Provider) *keySet {
	id := p.Issuer + " " + strings.Join(p.Thumbprints, " ")
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sets[id]
	if s == nil {
		if len(v.sets) >= maxProviders {
			clear(v.sets)
		}
		s = &keySet{}
		v.sets[id] = s
	}
	return s
}
