package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
)

const (
	badToken     = "Invalid Access Token"
	badSignature = "Could not verify signature for Access Token"
	expired      = "Access Token has expired"
	revoked      = "Access Token has been revoked"
)

func TestVerifyAccess(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		g := f.signIn(c, ana())
		a := f.wantAccess(*g.Result().AccessToken, "")
		s := g.Session()
		if a.Pool.ID != f.pool.ID || a.Client.ID != c.ID || a.ClientID != c.ID || a.Sub != s.Sub || a.Username != "ana" ||
			a.SessionID != s.ID || a.EventID != s.EventID || a.OriginJTI != s.OriginJTI || a.JTI == "" ||
			a.AuthTime != f.clock.Now().Unix() || len(a.AMR) != 1 || a.AMR[0] != "pwd" || !a.HasScope(AdminScope) {
			t.Fatalf("%+v", a)
		}
		f.clock.Advance(time.Hour - time.Second)
		f.wantAccess(*g.Result().AccessToken, "")
		f.clock.Advance(time.Second)
		f.wantAccess(*g.Result().AccessToken, expired)
	})
}

// b64 and join rebuild tokens by hand, as an attacker does.
func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func join(parts ...string) string { return strings.Join(parts, ".") }

// TestForgeries tries what CVE collections list for JWT verifiers.
func TestForgeries(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	g := f.signIn(c, ana())
	good := *g.Result().AccessToken
	p := strings.Split(good, ".")
	header, body := part(t, good, 0), part(t, good, 1)
	kid := header[len(`{"kid":"`):strings.Index(header, `","alg"`)]
	key, err := f.publicKey(t.Context(), f.pool.ID, purposeAccess, kid)
	must(t, err)

	hs := func(secret []byte, header, claims string) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(b64(header) + "." + b64(claims)))
		return join(b64(header), b64(claims), base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	must(t, err)
	other := f.newPool()
	signer, err := jose.NewSigner(someKeys()[0])
	must(t, err)
	foreign, err := jose.SignRS256(signer, "bm90IGEga2V5IG9mIHRoaXMgcG9vbCBhdCBhbGwhISE=", []byte(body))
	must(t, err)

	for _, tc := range []struct{ name, token, want string }{
		{"empty", "", badToken},
		{"dots", "..", badToken},
		{"no signature", join(p[0], p[1]), badToken},
		{"empty signature", join(p[0], p[1], ""), badToken},
		{"alg none", join(b64(`{"kid":"`+kid+`","alg":"none"}`), p[1], ""), badToken},
		{"alg none with signature", join(b64(`{"kid":"`+kid+`","alg":"none"}`), p[1], p[2]), badToken},
		{"alg None", join(b64(`{"kid":"`+kid+`","alg":"None"}`), p[1], p[2]), badToken},
		{"alg RS384", join(b64(`{"kid":"`+kid+`","alg":"RS384"}`), p[1], p[2]), badToken},
		{"alg PS256", join(b64(`{"kid":"`+kid+`","alg":"PS256"}`), p[1], p[2]), badToken},
		{"HS256 with the public key", hs(der, `{"kid":"`+kid+`","alg":"HS256"}`, body), badToken},
		{"HS256 with nothing", hs(nil, `{"kid":"`+kid+`","alg":"HS256"}`, body), badToken},
		{"RS256 header, HMAC signature", hs(der, header, body), badSignature},
		{"embedded key", join(b64(`{"kid":"`+kid+`","alg":"RS256","jwk":{}}`), p[1], p[2]), badToken},
		{"crit", join(b64(`{"kid":"`+kid+`","alg":"RS256","crit":["x"]}`), p[1], p[2]), badToken},
		{"twice alg", join(b64(`{"kid":"`+kid+`","alg":"RS256","alg":"none"}`), p[1], p[2]), badToken},
		{"another scope", join(p[0], b64(strings.Replace(body, AdminScope, AdminScope+" x", 1)), p[2]), badSignature},
		{"another user", join(p[0], b64(strings.Replace(body, `"username":"ana"`, `"username":"bob"`, 1)), p[2]), badSignature},
		{"later expiry", join(p[0], b64(strings.Replace(body, `"exp":1`, `"exp":9`, 1)), p[2]), badSignature},
		{"another key id", join(b64(strings.Replace(header, kid[:4], "AAAA", 1)), p[1], p[2]), badSignature},
		{"another pool's issuer", join(p[0], b64(strings.ReplaceAll(body, f.pool.ID, other.ID)), p[2]), badSignature},
		{"unknown pool", join(p[0], b64(strings.ReplaceAll(body, f.pool.ID, "us-east-1_unknown00")), p[2]), badSignature},
		{"no issuer", join(p[0], b64(`{}`), p[2]), badToken},
		{"issuer of odd bytes", join(p[0], b64(`{"iss":"x/us-east-1_a\u0000b"}`), p[2]), badToken},
		{"a thief's key", foreign, badSignature},
		{"ID token", *g.Result().IdToken, badSignature},
		{"refresh token", *g.Result().RefreshToken, badToken},
		{"JSON serialisation", `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`, badToken},
		{"padding", good + "=", badToken},
		{"line break", good[:20] + "\n" + good[20:], badToken},
		{"space before", " " + good, badToken},
		{"too long", strings.Repeat("a.", 1<<19), badToken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f.t = t
			f.wantAccess(tc.token, tc.want)
		})
	}
	f.t = t
	f.wantAccess(good, "")
}

// TestEveryCharacterCounts flips and cuts the token at every place.
func TestEveryCharacterCounts(t *testing.T) {
	f := quick(t)
	good := *f.signIn(f.newClient(nil), ana()).Result().AccessToken
	refused := func(text string) {
		t.Helper()
		a, err := f.VerifyAccess(t.Context(), text)
		var refusal *cognitoidp.NotAuthorizedException
		if a != nil || !errors.As(err, &refusal) {
			t.Fatalf("%q: %v", text, err)
		}
	}
	for i := range good {
		refused(good[:i])
		for _, c := range []string{"A", "-", "."} {
			if good[i:i+1] != c {
				refused(good[:i] + c + good[i+1:])
			}
		}
	}
}

// TestIDTokenSignedByAccessKey: the use is checked as well as the key.
func TestIDTokenSignedByAccessKey(t *testing.T) {
	f := quick(t)
	g := f.signIn(f.newClient(nil), ana())
	keys, err := f.signers(t.Context(), f.pool.ID)
	must(t, err)
	body := part(t, *g.Result().AccessToken, 1)
	for from, to := range map[string]string{
		`"token_use":"access"`: `"token_use":"id"`,
		`"iss":"https://id`:    `"iss":"https://evil`,
		`"sub":"2c5d5d5e`:      `"sub":"","x":"2c5d5d5e`,
		`"event_id":"`:         `"event_id":"","x":"`,
	} {
		changed := strings.Replace(body, from, to, 1)
		if changed == body {
			t.Fatalf("%s is not in %s", from, body)
		}
		text, err := jose.SignRS256(keys.access.signer, keys.access.kid, []byte(changed))
		must(t, err)
		f.wantAccess(text, badToken)
	}
	text, err := jose.SignRS256(keys.access.signer, keys.access.kid, []byte(strings.Replace(body, AdminScope, "openid", 1)))
	must(t, err)
	f.wantAccess(text, "Access Token does not have required scopes")
	if _, err := f.VerifyToken(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestIssuerForms(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	before := *f.signIn(c, ana()).Result().AccessToken
	for form, want := range map[cognitoidp.IssuerType]string{
		cognitoidp.IssuerTypeOriginal: "https://cognito-idp.us-east-1.amazonaws.com/" + f.pool.ID,
		cognitoidp.IssuerTypeUpdated:  "https://issuer-cognito-idp.us-east-1.amazonaws.com/" + f.pool.ID,
	} {
		config := *f.pool.Config
		config.IssuerConfiguration = &cognitoidp.IssuerConfigurationType{Type: &form}
		p := *f.pool
		p.Config = &config
		g, err := f.Prepare(t.Context(), &p, c, ana(), Options{})
		must(t, err)
		f.update(func(tx *db.Tx) error { return f.Commit(tx, g) })
		if m := claimsOf(t, *g.Result().AccessToken); m["iss"] != want {
			t.Errorf("iss %v, want %s", m["iss"], want)
		}
		f.wantAccess(*g.Result().AccessToken, "")
	}
	f.wantAccess(before, "")
}

// TestEndedSessions covers everything that ends a session; each acts on another node at once.
func TestEndedSessions(t *testing.T) {
	each(t, func(f *fixture) {
		second := node(t, f.db, f.clock)
		second.pool = f.pool
		for name, revocation := range map[string]bool{"revocation on": true, "revocation off": false} {
			c := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) { in.EnableTokenRevocation = &revocation })
			mine, sibling := f.signIn(c, ana()), f.signIn(c, ana())
			stranger := ana()
			stranger.Sub = "another"
			other := f.signIn(c, stranger)
			f.update(func(tx *db.Tx) error { return f.RevokeSession(tx, mine.Session()) })
			second.wantAccess(*mine.Result().AccessToken, revoked)
			second.wantRefresh(c, *mine.Result().RefreshToken, ErrRefreshRevoked)
			second.wantAccess(*sibling.Result().AccessToken, "")

			f.update(func(tx *db.Tx) error { return f.RevokeUser(tx, f.pool.ID, ana().Sub) })
			second.wantAccess(*sibling.Result().AccessToken, revoked)
			second.wantRefresh(c, *sibling.Result().RefreshToken, ErrRefreshRevoked)
			second.wantAccess(*other.Result().AccessToken, "")
			if _, err := second.refresh(c, *other.Result().RefreshToken); err != nil {
				t.Fatalf("%s: the other user was signed out: %v", name, err)
			}
			second.wantAccess(*second.signIn(c, ana()).Result().AccessToken, "")
		}
	})
}

// TestNotCommitted: tokens that were signed and never committed are worth nothing.
func TestNotCommitted(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		g, err := f.Prepare(t.Context(), f.pool, c, ana(), Options{})
		f.must(err)
		f.wantAccess(*g.Result().AccessToken, revoked)
		f.wantRefresh(c, *g.Result().RefreshToken, ErrRefreshRevoked)
	})
}

// TestAccessTokenOutlivesSweep: the sweep leaves sessions whose last access tokens may live.
func TestAccessTokenOutlivesSweep(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.AccessTokenValidity, in.RefreshTokenValidity = new(int64(1)), new(int64(60))
			in.TokenValidityUnits = &cognitoidp.TokenValidityUnitsType{
				AccessToken: new(cognitoidp.TimeUnitsTypeHours), RefreshToken: new(cognitoidp.TimeUnitsTypeMinutes)}
		})
		g := f.signIn(c, ana())
		f.clock.Advance(59 * time.Minute)
		late, err := f.refresh(c, *g.Result().RefreshToken)
		f.must(err)
		f.clock.Advance(time.Minute)
		f.wantRefresh(c, *g.Result().RefreshToken, ErrRefreshExpired)
		sweep := func(want int) {
			t.Helper()
			f.update(func(tx *db.Tx) error {
				n, err := f.Sweep(t.Context(), tx, f.clock.Now(), 10)
				if n != want {
					t.Errorf("swept %d, want %d", n, want)
				}
				return err
			})
		}
		sweep(0)
		f.wantAccess(*late.Result().AccessToken, "")
		f.clock.Advance(lingerSessions)
		sweep(1)
		f.wantAccess(*late.Result().AccessToken, expired)
		f.wantRefresh(c, *g.Result().RefreshToken, ErrRefreshExpired)
	})
}

func TestDeletedClientAndPool(t *testing.T) {
	f := quick(t)
	c, kept := f.newClient(nil), f.newClient(nil)
	a, b := *f.signIn(c, ana()).Result().AccessToken, *f.signIn(kept, ana()).Result().AccessToken
	ops := pool.Ops{Pools: f.pools}
	must(t, ignore(ops.DeleteUserPoolClient(t.Context(), &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: f.pool.ID, ClientId: c.ID})))
	f.wantAccess(a, revoked)
	f.wantAccess(b, "")
	must(t, ignore(ops.DeleteUserPool(t.Context(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: f.pool.ID})))
	f.wantAccess(b, badSignature)
	if _, err := f.Keys(t.Context(), f.pool.ID); !errors.Is(err, ErrNoKeys) {
		t.Fatalf("keys of a deleted pool: %v", err)
	}
	f.update(func(tx *db.Tx) error {
		n, err := f.DropPool(tx, f.pool.ID, 10)
		if n != 2 {
			t.Errorf("dropped %d sessions", n)
		}
		return err
	})
}

// ignore drops the empty answer of operations.
func ignore(args ...any) error {
	err, _ := args[len(args)-1].(error)
	return err
}

func FuzzVerifyAccess(f *testing.F) {
	fix := quick(f)
	g := fix.signIn(fix.newClient(nil), ana())
	good := *g.Result().AccessToken
	f.Add(good)
	f.Add(*g.Result().IdToken)
	f.Add(*g.Result().RefreshToken)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, text string) {
		a, err := fix.VerifyAccess(t.Context(), text)
		var refusal *cognitoidp.NotAuthorizedException
		if (err == nil) != (text == good) || (a == nil) != (err != nil) || err != nil && !errors.As(err, &refusal) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
