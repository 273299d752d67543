package factor_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// world is a node with this room on top.
type world struct {
	*cognitotest.World
	factor.Ops
}

func each(t *testing.T, body func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(t, newWorld(t, d, cognitotest.Options{})) })
}

func quick(t testing.TB) *world {
	return newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{})
}

func newWorld(t testing.TB, d *db.DB, o cognitotest.Options) *world {
	w := cognitotest.New(t, d, o)
	return &world{w, factor.Ops{Factors: w.Factors}}
}

func (w *world) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// mfa sets the MFA configuration of a pool.
func (w *world) mfa(p *pool.Pool, mode cognitoidp.UserPoolMfaType, set func(*cognitoidp.SetUserPoolMfaConfigRequest)) *pool.Pool {
	w.T.Helper()
	in := &cognitoidp.SetUserPoolMfaConfigRequest{UserPoolId: p.ID, MfaConfiguration: &mode}
	if mode != cognitoidp.UserPoolMfaTypeOff {
		in.SoftwareTokenMfaConfiguration = &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)}
		in.SmsMfaConfiguration = &cognitoidp.SmsMfaConfigType{SmsConfiguration: p.Config.SmsConfiguration}
	}
	if set != nil {
		set(in)
	}
	cognitotest.Call(w.World, w.API.SetUserPoolMfaConfig, in)
	return w.Reload(p.ID)
}

// access returns an access token of a user, without any sign-in flow.
func (w *world) access(p *pool.Pool, c *pool.Client, name string) string {
	w.T.Helper()
	g, err := w.Tokens.Prepare(w.Ctx, p, c, w.Users.Subject(w.Get(p, name), nil), token.Options{})
	w.must(err)
	w.must(w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, g) }))
	return *g.Result().AccessToken
}

// session returns a Session of MFA_SETUP for a user.
func (w *world) session(p *pool.Pool, c *pool.Client, u *directory.User) string {
	w.T.Helper()
	text, err := w.Sessions.Seal(w.Ctx, &challenge.State{
		Pool: p.ID, Client: c.ID, Step: "MFA_SETUP", Progress: challenge.Progress{Sub: u.Sub, Epoch: int64(u.Epoch), Proven: []string{"pwd"}},
		IssuedAt: w.Clock.Now().UnixMilli(), ExpiresAt: w.Clock.Now().Add(c.AuthSession()).UnixMilli(),
	})
	w.must(err)
	return text
}

// codeOf is the code of a secret at the world's time, moved by steps of 30 seconds.
func (w *world) codeOf(secret string, steps int) string {
	w.T.Helper()
	text, err := totp.GenerateCode(secret, w.Clock.Now().Add(time.Duration(steps)*30*time.Second))
	w.must(err)
	return text
}

// wrong is a code that differs from text.
func wrong(text string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, text)
}

// token sets a software token up by access token and returns its secret.
func (w *world) token(access string) string {
	w.T.Helper()
	out := cognitotest.Call(w.World, w.AssociateSoftwareToken, &cognitoidp.AssociateSoftwareTokenRequest{AccessToken: &access})
	cognitotest.Call(w.World, w.VerifySoftwareToken, &cognitoidp.VerifySoftwareTokenRequest{
		AccessToken: &access, UserCode: w.codeOf(*out.SecretCode, 0),
	})
	return *out.SecretCode
}

// update runs a proof as sign-in does: refusals of this room commit.
func (w *world) update(fn func(tx *db.Tx) error) error {
	w.T.Helper()
	var refusal error
	err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
		refusal = fn(tx)
		for _, known := range []error{
			factor.ErrMismatch, factor.ErrReplayed, factor.ErrTooMany, factor.ErrExpired, factor.ErrCloned, factor.ErrNotSetUp,
		} {
			if errors.Is(refusal, known) {
				return nil
			}
		}
		return refusal
	})
	if err != nil {
		return err
	}
	return refusal
}

// together runs a proof n times at once and counts the outcomes.
func (w *world) together(n int, fn func(tx *db.Tx) error) map[error]int {
	w.T.Helper()
	outcomes := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { outcomes[i] = w.update(fn) })
	}
	wg.Wait()
	counts := map[error]int{}
	for _, err := range outcomes {
		for _, known := range []error{factor.ErrMismatch, factor.ErrReplayed, factor.ErrTooMany, factor.ErrExpired, factor.ErrCloned} {
			if errors.Is(err, known) {
				err = known
			}
		}
		counts[err]++
	}
	return counts
}

func (w *world) wants(err, want error) {
	w.T.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		w.T.Errorf("%v, want %v", err, want)
	}
}
