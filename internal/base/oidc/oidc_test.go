package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/base/httpkit"
)

// provider is an identity provider on this machine.
type provider struct {
	*httptest.Server
	keys    atomic.Pointer[jose.JSONWebKeySet]
	issuer  string // that it names; its own address when empty
	fetches atomic.Int64
	down    atomic.Bool
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.keys.Store(&jose.JSONWebKeySet{})
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			issuer := p.issuer
			if issuer == "" {
				issuer = p.URL
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "jwks_uri": p.URL + "/keys"})
		case "/keys":
			p.fetches.Add(1)
			_ = json.NewEncoder(w).Encode(p.keys.Load())
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// publish makes keys the provider's.
func (p *provider) publish(keys ...jose.JSONWebKey) { p.keys.Store(&jose.JSONWebKeySet{Keys: keys}) }

func (p *provider) roots() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate())
	return &tls.Config{RootCAs: pool}
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid, payload string) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerify(t *testing.T) {
	p := newProvider(t)
	good, other := rsaKey(t), rsaKey(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.publish(jose.JSONWebKey{Key: &good.PublicKey, KeyID: "a", Algorithm: "RS256", Use: "sig"}, jose.JSONWebKey{Key: &curve.PublicKey, KeyID: "e"},
		jose.JSONWebKey{Key: &other.PublicKey, KeyID: "enc", Use: "enc"}, jose.JSONWebKey{Key: []byte("a shared secret of the provider."), KeyID: "oct"})
	v := New(httpkit.ClientOptions{AllowLocal: true, TLS: p.roots()}, nil)
	public, err := x509.MarshalPKIXPublicKey(&good.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	const claims = `{"iss":"x"}`
	text := sign(t, jose.RS256, good, "a", claims)
	parts := strings.Split(text, ".")
	enc := base64.RawURLEncoding
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"RS256":                {text, nil},
		"ES256":                {sign(t, jose.ES256, curve, "e", claims), nil},
		"without key id":       {sign(t, jose.RS256, good, "", claims), nil},
		"another key":          {sign(t, jose.RS256, other, "a", claims), ErrSignature},
		"a key for encryption": {sign(t, jose.RS256, other, "enc", claims), ErrSignature},
		"another algorithm":    {sign(t, jose.RS512, good, "a", claims), ErrSignature},
		"a wrong key id":       {sign(t, jose.RS256, good, "b", claims), ErrSignature},
		"HMAC by public key":   {sign(t, jose.HS256, public, "a", claims), ErrMalformed},
		"HMAC by shared key":   {sign(t, jose.HS256, []byte("a shared secret of the provider."), "oct", claims), ErrMalformed},
		"alg none":             {enc.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", ErrMalformed},
		"other claims":         {parts[0] + "." + enc.EncodeToString([]byte(`{"iss":"y"}`)) + "." + parts[2], ErrSignature},
		"cut":                  {text[:len(text)-4], ErrSignature},
		"two dots too many":    {text + "..", ErrMalformed},
		"nothing":              {"", ErrMalformed},
		"an opaque token":      {"EAAB.abc", ErrMalformed},
		"too long":             {strings.Repeat("a", MaxToken) + "..", ErrMalformed},
	} {
		got, err := v.Verify(t.Context(), Provider{Issuer: p.URL}, c.token)
		if !errors.Is(err, c.want) || c.want == nil && string(got) != claims {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// TestKeysAreKept: they are fetched once, again for an unknown key but not with every such token, and old ones serve
// while the provider is down.
func TestKeysAreKept(t *testing.T) {
	p := newProvider(t)
	first, second := rsaKey(t), rsaKey(t)
	p.publish(jose.JSONWebKey{Key: &first.PublicKey, KeyID: "1"})
	now := time.Now()
	v := New(httpkit.ClientOptions{AllowLocal: true, TLS: p.roots()}, func() time.Time { return now })
	ask := func(key *rsa.PrivateKey, kid string) error {
		_, err := v.Verify(t.Context(), Provider{Issuer: p.URL}, sign(t, jose.RS256, key, kid, `{}`))
		return err
	}
	for range 3 {
		if err := ask(first, "1"); err != nil {
			t.Fatal(err)
		}
	}
	p.publish(jose.JSONWebKey{Key: &second.PublicKey, KeyID: "2"})
	if err := ask(second, "2"); !errors.Is(err, ErrSignature) || p.fetches.Load() != 1 {
		t.Errorf("at once: %v, %d fetches", err, p.fetches.Load())
	}
	now = now.Add(againAfter)
	if err := ask(second, "2"); err != nil || p.fetches.Load() != 2 {
		t.Errorf("rotated: %v, %d fetches", err, p.fetches.Load())
	}
	if err := ask(first, "1"); !errors.Is(err, ErrSignature) || p.fetches.Load() != 2 {
		t.Errorf("retired: %v, %d fetches", err, p.fetches.Load())
	}
	p.down.Store(true)
	now = now.Add(2 * keysFor)
	if err := ask(second, "2"); err != nil {
		t.Errorf("while down: %v", err)
	}
}

func TestWhoseKeys(t *testing.T) {
	p := newProvider(t)
	key := rsaKey(t)
	p.publish(jose.JSONWebKey{Key: &key.PublicKey, KeyID: "1"})
	token := sign(t, jose.RS256, key, "1", `{}`)
	sum := sha1.Sum(p.Certificate().Raw)
	print := hex.EncodeToString(sum[:])
	ask := func(o httpkit.ClientOptions, from Provider) error {
		_, err := New(o, nil).Verify(context.Background(), from, token)
		return err
	}
	if err := ask(httpkit.ClientOptions{AllowLocal: true}, Provider{Issuer: p.URL}); !errors.Is(err, ErrKeys) {
		t.Errorf("a certificate of nobody: %v", err)
	}
	if err := ask(httpkit.ClientOptions{AllowLocal: true}, Provider{Issuer: p.URL, Thumbprints: []string{print}}); err != nil {
		t.Errorf("its thumbprint: %v", err)
	}
	if err := ask(httpkit.ClientOptions{AllowLocal: true}, Provider{Issuer: p.URL, Thumbprints: []string{strings.Repeat("0", 40)}}); !errors.Is(err, ErrKeys) {
		t.Errorf("another thumbprint: %v", err)
	}
	if err := ask(httpkit.ClientOptions{TLS: p.roots()}, Provider{Issuer: p.URL}); !errors.Is(err, ErrKeys) || !errors.Is(err, httpkit.ErrForbiddenAddress) {
		t.Errorf("this machine, unless it may: %v", err)
	}
	p.issuer = "https://else.example"
	if err := ask(httpkit.ClientOptions{AllowLocal: true, TLS: p.roots()}, Provider{Issuer: p.URL}); !errors.Is(err, ErrKeys) {
		t.Errorf("another issuer: %v", err)
	}
}

func FuzzClaims(f *testing.F) {
	f.Add("e30.e30.x")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		var into map[string]any
		if err := Claims(token, &into); err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
	})
}

func TestOpaqueTokens(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.URL.Query().Get("access_token"); token != "good & well" {
			w.WriteHeader(map[string]int{"down": 503}[token] + map[string]int{"bad": 400, "empty": 200}[token])
			_, _ = w.Write([]byte(`{}`))
			return
		}
		_, _ = w.Write([]byte(map[string]string{
			"/auth/o2/tokeninfo": `{"aud":"client","user_id":"user","exp":3600}`, "/app": `{"id":"app"}`, "/me": `{"id":"me"}`,
		}[r.URL.Path]))
	}))
	defer web.Close()
	v := New(httpkit.ClientOptions{AllowLocal: true, AllowHTTP: true}, nil)
	v.amazon, v.facebook = web.URL, web.URL
	for name, ask := range map[string]func(context.Context, string) (Owner, error){"amazon": v.Amazon, "facebook": v.Facebook} {
		want := map[string]Owner{"amazon": {"client", "user"}, "facebook": {"app", "me"}}[name]
		if got, err := ask(t.Context(), "good & well"); err != nil || got != want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		for token, want := range map[string]error{"bad": ErrSignature, "empty": ErrSignature, "down": ErrKeys} {
			if _, err := ask(t.Context(), token); !errors.Is(err, want) || strings.Contains(err.Error(), token+"&") {
				t.Errorf("%s, %s: %v", name, token, err)
			}
		}
	}
}
