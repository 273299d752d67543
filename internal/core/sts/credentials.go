package sts

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/iam"
)

// Credentials are temporary credentials.
type Credentials struct {
	AccessKeyID, Secret, Token string
	Expires                    time.Time
}

// issue makes the credentials of a session. minimum is how many characters its token has at least.
func (r *Room) issue(ctx context.Context, s *iam.Session, life time.Duration, minimum *int64) (*Credentials, error) {
	id, err := iam.KeyID(r.d.Rand, r.d.Account, iam.Temporary)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(r.d.Rand, secret); err != nil {
		return nil, fmt.Errorf("sts: random: %w", err)
	}
	now := r.d.Now().UTC().Truncate(time.Second) // the wire has seconds
	if s.Issued.IsZero() {
		s.Issued = now
	}
	s.Expires = now.Add(life)
	padded := 0
	if minimum != nil {
		padded = int(*minimum)
	}
	token, err := r.seal(ctx, id, secret, s, padded)
	if err != nil {
		return nil, fmt.Errorf("sts: seal session: %w", err)
	}
	return &Credentials{AccessKeyID: id, Secret: base64.StdEncoding.EncodeToString(secret), Token: token, Expires: s.Expires}, nil
}

// shape is the credentials as STS answers them.
func (c *Credentials) shape() *sts.Credentials {
	return &sts.Credentials{AccessKeyId: c.AccessKeyID, SecretAccessKey: c.Secret, SessionToken: c.Token, Expiration: rt.NewTime(c.Expires)}
}

// mostToken is the session token that is counted as full, in characters.
const mostToken = 4096

// sizes are how long the token is, and that in percent of what clients have to expect.
func (c *Credentials) sizes() (size, utilization *int64) {
	n := int64(len(c.Token))
	return &n, new((n*100 + mostToken - 1) / mostToken)
}

// Lookup answers the credential of an access key for signature verification, temporary or not; it is a sigv4.Lookup.
func (r *Room) Lookup(ctx context.Context, accessKeyID, token string) (sigv4.Credential, error) {
	if !strings.HasPrefix(accessKeyID, iam.Temporary) {
		return r.d.IAM.Credentials(ctx, accessKeyID, token)
	}
	if token == "" {
		return r.d.IAM.Credentials(ctx, accessKeyID, token) // the operator may have chosen such an id for the root
	}
	secret, s, err := r.open(ctx, accessKeyID, token)
	if err != nil {
		return sigv4.Credential{}, err
	}
	if !r.d.Now().Before(s.Expires) {
		return sigv4.Credential{}, sigv4.ErrTokenExpired
	}
	p, err := r.d.IAM.Session(ctx, accessKeyID, s)
	return sigv4.Credential{Secret: base64.StdEncoding.EncodeToString(secret), SessionToken: token, Principal: p}, err
}
