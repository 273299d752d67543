package authorization

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

const (
	// codeLife is how long a code may be redeemed, as on AWS.
	codeLife = 5 * time.Minute
	// linger is how long a used code is remembered after that, to tell a replay.
	linger = time.Hour
)

// grant is what a code stands for. It is kept sealed.
type grant struct {
	RedirectURI string         `json:"redirectUri"`
	Sent        bool           `json:"sent"` // whether the request named it
	Challenge   string         `json:"challenge,omitempty"`
	Nonce       string         `json:"nonce,omitempty"`
	Scope       string         `json:"scope"`
	Resource    string         `json:"resource,omitempty"`
	Document    string         `json:"document,omitempty"` // by which a stranger uses the client
	Session     string         `json:"session"`            // sso...
	AuthTime    int64          `json:"authTime"`
	AMR         []string       `json:"amr"`
	ACR         string         `json:"acr,omitempty"`
	Epoch       int64          `json:"epoch"`
	DeviceKey   string         `json:"deviceKey,omitempty"`
	Changes     *token.Changes `json:"changes,omitempty"` // what the pool's function wants of the tokens
}

// grantOf is what a request gets for a session of a user.
func (q *Request) grantOf(sso *token.SSO, subj token.Subject, acr string, ch *token.Changes) grant {
	return grant{
		RedirectURI: q.RedirectURI, Sent: q.Sent, Challenge: q.Challenge, Nonce: q.Nonce, Scope: strings.Join(q.Scopes, " "),
		Resource: q.Resource, Document: q.Client.DocumentURL(), Session: sso.ID, AuthTime: subj.AuthTime, AMR: subj.AMR, ACR: acr, Epoch: subj.Epoch,
		DeviceKey: subj.DeviceKey, Changes: ch,
	}
}

// prepare makes a code for a user and returns it with what writes it.
func (r *Room) prepare(ctx context.Context, q *Request, sub string, g grant) (code string, write func(*db.Tx) error, err error) {
	code = r.ids.UUID()
	hash := hashOf(code)
	plain, err := json.Marshal(g)
	if err != nil {
		return "", nil, fmt.Errorf("authorization: %w", err)
	}
	sealed, err := r.Keys.Seal(ctx, q.Pool.ID, plain, "authorization_code", string(hash))
	if err != nil {
		return "", nil, err
	}
	row := codeRow{sub: sub, clientID: q.Client.ID, grant: sealed, expires: r.now().Add(codeLife).UnixMilli()}
	return code, func(tx *db.Tx) error { return insertCode(tx, q.Pool.ID, hash, row) }, nil
}

// stands reports whether the client may still have what it was granted: its address and scopes may have been taken away.
func (g grant) stands(c *pool.Client) bool {
	return slices.Contains(c.Config.CallbackURLs, g.RedirectURI) &&
		!slices.ContainsFunc(strings.Fields(g.Scope), func(scope string) bool { return !slices.Contains(c.Scopes, scope) })
}

func hashOf(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// Redemption is a token request with a code (RFC 6749 section 4.1.3) of a client that has proven itself.
type Redemption struct {
	Code, RedirectURI, Verifier string
}

// fits holds a redemption to what the code was issued for. A verifier where no challenge was is refused too, or an
// attacker could take the challenge out of a request unnoticed (RFC 9700 section 2.1.1).
func (in Redemption) fits(g grant) error {
	if in.RedirectURI != g.RedirectURI && (g.Sent || in.RedirectURI != "") {
		return ErrRedirect
	}
	if g.Challenge == "" {
		if in.Verifier != "" {
			return fmt.Errorf("%w: a code_verifier, but the request had no code_challenge", ErrCode)
		}
		return nil
	}
	if !verifierForm(in.Verifier) {
		return fmt.Errorf("%w: code_verifier is missing or malformed", ErrCode)
	}
	sum := sha256.Sum256([]byte(in.Verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(g.Challenge)) != 1 {
		return fmt.Errorf("%w: code_verifier does not match", ErrCode)
	}
	return nil
}

// verifierForm is the form of RFC 7636 section 4.1.
func verifierForm(v string) bool {
	if len(v) < 43 || len(v) > 128 {
		return false
	}
	return strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~") == ""
}

// tokens is the result of signing for a grant, for which subject is the user as it is today.
func (r *Room) tokens(ctx context.Context, q *Request, g grant, subj token.Subject) (*token.Grant, error) {
	subj.AuthTime, subj.AMR, subj.Epoch, subj.DeviceKey = g.AuthTime, g.AMR, g.Epoch, g.DeviceKey
	return r.Tokens.Prepare(ctx, q.Pool, q.Client, subj, token.Options{
		Scope: g.Scope, ACR: g.ACR, Parent: g.Session, Nonce: g.Nonce, Resource: g.Resource, Browser: q.Implicit || !q.refreshes(), Changes: g.Changes,
	})
}

// refreshes reports whether the client may use refresh tokens: a stranger says in its document whether it does.
func (q *Request) refreshes() bool { return q.Client.Document == nil || q.Client.Document.Refreshes }

// implicit is the answer with tokens (RFC 6749 section 4.2.2).
func (q *Request) implicit(t *cognitoidp.AuthenticationResultType) *Answer {
	var members [][2]string
	if t.IdToken != nil {
		members = append(members, [2]string{"id_token", *t.IdToken})
	}
	members = append(members, [2]string{"access_token", *t.AccessToken}, [2]string{"expires_in", fmt.Sprint(*t.ExpiresIn)}, [2]string{"token_type", "Bearer"})
	return q.answer(members...)
}
