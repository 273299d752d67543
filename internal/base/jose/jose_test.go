package jose

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const testKid = "q6UlbkFHzX0pNUS0lsEyUuL8ldNdXK1Bx0YOxLuHf4I="

// testKey is one RSA key for the whole run; making one per test would dominate it.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, KeyBits)
	if err != nil {
		panic(err)
	}
	return key
})

func testSigner(t testing.TB) *Signer {
	s, err := NewSigner(testKey())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lookup(kid string) *rsa.PublicKey {
	if kid != testKid {
		return nil
	}
	return &testKey().PublicKey
}

func signed(t testing.TB, claims string) string {
	token, err := SignRS256(testSigner(t), testKid, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// forge signs any header and payload with the true key, so that only the form can be why it is refused.
func forge(t testing.TB, header, payload string) string {
	body := b64(header) + "." + b64(payload)
	digest := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(nil, testKey(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestSignAndVerify(t *testing.T) {
	const claims = `{"sub":"2c5d5d5e","token_use":"access"}`
	token := signed(t, claims)
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || string(raw) != `{"kid":"`+testKid+`","alg":"RS256"}` {
		t.Fatalf("header %s, %v", raw, err)
	}
	got, err := Verify(token, lookup)
	if err != nil || string(got) != claims {
		t.Fatalf("claims %s, %v", got, err)
	}
	if _, err := Verify(token, func(string) *rsa.PublicKey { return nil }); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("unknown key: %v", err)
	}
	other, err := rsa.GenerateKey(rand.Reader, KeyBits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(token, func(string) *rsa.PublicKey { return &other.PublicKey }); !errors.Is(err, ErrSignature) {
		t.Fatalf("foreign key: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	kid := `"kid":"` + testKid + `"`
	accepted := []string{
		`{` + kid + `,"alg":"RS256"}`,
		`{"alg":"RS256",` + kid + `}`,
		`{"typ":"JWT","alg":"RS256",` + kid + `}`,
		` { "alg" : "RS256" , ` + kid + ` } `,
	}
	for _, header := range accepted {
		if _, err := Verify(forge(t, header, `{}`), lookup); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
	refused := []string{
		``, `null`, `{}`, `[]`, `"RS256"`, `{` + kid + `}`, `{"alg":"RS256"}`, `{"alg":"RS256","kid":""}`,
		`{"alg":"none",` + kid + `}`, `{"alg":"None",` + kid + `}`, `{"alg":"",` + kid + `}`,
		`{"alg":"HS256",` + kid + `}`, `{"alg":"ES256",` + kid + `}`, `{"alg":"RS384",` + kid + `}`,
		`{"alg":"PS256",` + kid + `}`, `{"alg":"rs256",` + kid + `}`, `{"alg":"RS256 ",` + kid + `}`,
		`{"ALG":"RS256",` + kid + `}`, `{"alg":["RS256"],` + kid + `}`, `{"alg":null,` + kid + `}`,
		`{"alg":"RS256","alg":"RS256",` + kid + `}`, `{"alg":"HS256","alg":"RS256",` + kid + `}`,
		`{` + kid + `,` + kid + `,"alg":"RS256"}`, `{"kid":7,"alg":"RS256"}`,
		`{"alg":"RS256",` + kid + `,"crit":["b64"],"b64":false}`, `{"alg":"RS256",` + kid + `,"crit":[]}`,
		`{"alg":"RS256",` + kid + `,"b64":false}`, `{"alg":"RS256",` + kid + `,"zip":"DEF"}`,
		`{"alg":"RS256",` + kid + `,"jku":"https://evil.example"}`, `{"alg":"RS256",` + kid + `,"jwk":{}}`,
		`{"alg":"RS256",` + kid + `,"x5u":"https://evil.example"}`, `{"alg":"RS256",` + kid + `,"enc":"A256GCM"}`,
		`{"alg":"RS256",` + kid + `,"typ":{"a":1}}`, `{"alg":"RS256",` + kid + `}x`, `{"alg":"RS256",` + kid + `}{}`,
		`{"alg":"RS256",` + kid, `{"alg":"RS256",` + kid + `,}`, strings.Repeat("[", 400),
		`{"alg":"RS256",` + kid + `,"typ":"` + strings.Repeat("x", 600) + `"}`,
		`{"kid":"a","alg":"RS256","kid":"` + testKid + `","alg":"RS256"}`,
	}
	for _, header := range refused {
		if _, err := Verify(forge(t, header, `{}`), lookup); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.80s: %v", header, err)
		}
	}
}

// TestKeyIDIsNotInjected makes sure that the quick path cannot be talked into another key than the JSON means.
func TestKeyIDIsNotInjected(t *testing.T) {
	for _, header := range []string{
		`{"kid":"a","alg":"HS256","x":"` + testKid + `","alg":"RS256"}`,
		`{"kid":"` + testKid + `\u0022","alg":"RS256"}`,
		"{\"kid\":\"" + testKid + "\n\",\"alg\":\"RS256\"}",
	} {
		if got, err := Verify(forge(t, header, `{}`), lookup); err == nil {
			t.Errorf("%s accepted: %s", header, got)
		}
	}
	for _, kid := range []string{"", `a"b`, `a\b`, "a\nb", "ä", strings.Repeat("k", 257)} {
		if _, err := SignRS256(testSigner(t), kid, []byte(`{}`)); err == nil {
			t.Errorf("key id %q was written", kid)
		}
	}
}

func TestOtherAlgorithms(t *testing.T) {
	header := func(alg string) string { return `{"kid":"` + testKid + `","alg":"` + alg + `"}` }
	body := b64(header("HS256")) + "." + b64(`{"sub":"x"}`)
	for _, secret := range [][]byte{nil, testKey().N.Bytes(), []byte(JWKS([]JWK{PublicJWK(testKid, &testKey().PublicKey)}))} {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(body))
		token := body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		if _, err := Verify(token, lookup); !errors.Is(err, ErrMalformed) {
			t.Errorf("HS256 with public material: %v", err)
		}
	}
	for _, alg := range []string{"none", "NONE", "nOnE"} {
		for _, signature := range []string{"", "AA", b64("x")} {
			token := b64(header(alg)) + "." + b64(`{}`) + "." + signature
			if _, err := Verify(token, lookup); !errors.Is(err, ErrMalformed) {
				t.Errorf("alg %s, signature %q: %v", alg, signature, err)
			}
		}
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(b64(header("ES256")) + "." + b64(`{}`)))
	signature, err := ecdsa.SignASN1(rand.Reader, ec, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(b64(header("ES256"))+"."+b64(`{}`)+"."+string(b64(string(signature))), lookup); !errors.Is(err, ErrMalformed) {
		t.Errorf("ES256: %v", err)
	}
	pss, err := rsa.SignPSS(rand.Reader, testKey(), crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(b64(header("RS256"))+"."+b64(`{}`)+"."+b64(string(pss)), lookup); !errors.Is(err, ErrSignature) {
		t.Errorf("PSS signature under RS256: %v", err)
	}
}

// TestEveryByte changes, drops and adds characters everywhere in a token. None of it may pass.
func TestEveryByte(t *testing.T) {
	token := signed(t, `{"sub":"2c5d5d5e-1111-4222-8333-444455556666"}`)
	refuse := func(what, bad string) {
		t.Helper()
		if claims, err := Verify(bad, lookup); err == nil {
			t.Fatalf("%s accepted: %s", what, claims)
		}
	}
	for i := range len(token) {
		for _, c := range []byte{token[i] ^ 1, token[i] ^ 0x20, 'A', '_', '.', '=', '\n', 0} {
			if c != token[i] {
				refuse("flip", token[:i]+string(c)+token[i+1:])
			}
		}
		refuse("truncation", token[:i])
		refuse("beheading", token[i+1:])
		refuse("hole", token[:i]+token[i+1:])
		for _, extra := range []string{"A", ".", "=", "\n", "\r\n", " ", "\x00"} {
			refuse("insertion of "+extra, token[:i]+extra+token[i:])
		}
	}
	for _, extra := range []string{"A", "AA", ".", "=", "==", "\n", " ", ".." + b64("{}")} {
		refuse("extension", token+extra)
	}
}

// anyJWE has the five parts of an encrypted token.
const anyJWE = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"

func TestForms(t *testing.T) {
	token := signed(t, `{}`)
	parts := strings.Split(token, ".")
	cases := map[string]string{
		"empty": "", "one part": parts[0], "two parts": parts[0] + "." + parts[1], "dots": "..", "four dots": "....",
		"no header": "." + parts[1] + "." + parts[2], "no claims": parts[0] + ".." + parts[2],
		"no signature": parts[0] + "." + parts[1] + ".", "JWE": anyJWE,
		"JWE around": parts[0] + "." + parts[1] + "." + parts[2] + "." + parts[1] + "." + parts[2],
		"many dots":  strings.Repeat(".", MaxToken), "a megabyte of dots": strings.Repeat(".", 1<<20),
		"huge": strings.Repeat("A", 64<<20), "huge claims": parts[0] + "." + strings.Repeat("A", MaxToken) + "." + parts[2],
		"Bearer": "Bearer " + token, "spaces": " " + token + " ",
		"standard base64": strings.ReplaceAll(token, "-", "+"),
		"JSON form":       `{"payload":"` + parts[1] + `","signatures":[]}`,
	}
	for name, text := range cases {
		if _, err := Verify(text, lookup); err == nil && text != token {
			t.Errorf("%s accepted", name)
		}
	}
}

// TestTrailingBits checks that a character whose unused bits are set is not another spelling of the same token.
func TestTrailingBits(t *testing.T) {
	token := signed(t, `{"a":1}`) // the signature's 256 bytes leave four unused bits in its last character
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	for bits := 1; bits < 16; bits++ {
		if _, err := Verify(token[:len(token)-1]+string(alphabet[last|bits]), lookup); !errors.Is(err, ErrMalformed) {
			t.Errorf("trailing bits %04b: %v", bits, err)
		}
	}
}

func TestSignPair(t *testing.T) {
	s := testSigner(t)
	a, b, err := SignPair(Job{s, testKid, []byte(`{"n":1}`)}, Job{s, testKid, []byte(`{"n":2}`)})
	if err != nil || a != signed(t, `{"n":1}`) || b != signed(t, `{"n":2}`) {
		t.Fatalf("pair is wrong: %v", err)
	}
	for _, jobs := range [][2]Job{
		{{s, `"`, nil}, {s, testKid, nil}}, {{s, testKid, nil}, {s, `"`, nil}},
	} {
		if a, b, err := SignPair(jobs[0], jobs[1]); err == nil || a != "" || b != "" {
			t.Error("a failed pair yields a token")
		}
	}
}

func TestNewSignerRefusesWeakKeys(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	broken := *testKey()
	broken.E = 65539
	for name, key := range map[string]*rsa.PrivateKey{"nil": nil, "empty": {}, "short": short, "inconsistent": &broken} {
		if _, err := NewSigner(key); err == nil {
			t.Errorf("%s key accepted", name)
		}
	}
}

func TestKeySets(t *testing.T) {
	text := JWKS([]JWK{PublicJWK(testKid, &testKey().PublicKey)})
	var shape struct{ Keys []map[string]string }
	if err := json.Unmarshal(text, &shape); err != nil || len(shape.Keys) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	want := map[string]string{"alg": "RS256", "e": "AQAB", "kid": testKid, "kty": "RSA", "use": "sig"}
	for name, value := range want {
		if shape.Keys[0][name] != value {
			t.Errorf("%s = %q", name, shape.Keys[0][name])
		}
	}
	if len(shape.Keys[0]) != 6 || string(JWKS(nil)) != `{"keys":[]}` {
		t.Errorf("unexpected members: %s", text)
	}
	keys, err := ParseJWKS(text)
	if err != nil || !keys[testKid].Equal(&testKey().PublicKey) {
		t.Fatalf("round trip: %v, %v", keys, err)
	}
	good := PublicJWK(testKid, &testKey().PublicKey)
	for name, change := range map[string]func(*JWK){
		"kty": func(k *JWK) { k.Kty = "EC" }, "alg": func(k *JWK) { k.Alg = "RS512" }, "use": func(k *JWK) { k.Use = "enc" },
		"n": func(k *JWK) { k.N = "!" }, "short n": func(k *JWK) { k.N = k.N[:100] }, "no n": func(k *JWK) { k.N = "" },
		"e": func(k *JWK) { k.E = "!" }, "no e": func(k *JWK) { k.E = "" }, "even e": func(k *JWK) { k.E = "Ag" },
		"e one": func(k *JWK) { k.E = "AQ" }, "long e": func(k *JWK) { k.E = "AQABAQAB" },
		"huge n": func(k *JWK) { k.N = strings.Repeat("f", 4000) },
	} {
		bad := good
		change(&bad)
		if _, err := bad.Key(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ParseJWKS([]byte(`{`)); err == nil {
		t.Error("broken key set accepted")
	}
	if keys, err := ParseJWKS([]byte(`{"keys":[{"kty":"oct"},{"kty":"RSA","n":"AQ","e":"AQAB","kid":"x"}]}`)); err != nil || len(keys) != 0 {
		t.Errorf("foreign keys: %v, %v", keys, err)
	}
}

func TestStoredKeys(t *testing.T) {
	der, err := MarshalKey(testKey())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(der)
	if err != nil || !key.Equal(testKey()) {
		t.Fatalf("round trip: %v", err)
	}
	if _, err := ParseKey(der[:100]); err == nil {
		t.Error("truncated key accepted")
	}
}

func TestKeySource(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := NewKeySource(2)
	s.Start(ctx)
	seen := map[string]bool{}
	for range 4 {
		key, err := s.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if key.N.BitLen() != KeyBits || seen[key.N.String()] {
			t.Fatal("key is short or was handed out twice")
		}
		seen[key.N.String()] = true
	}
	stop()
	ended := make(chan struct{})
	go func() { s.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the source did not stop")
	}
	if _, err := s.Take(ctx); err == nil {
		t.Error("a cancelled Take yields a key")
	}
	if _, err := s.Take(t.Context()); err != nil {
		t.Errorf("Take after the stop: %v", err)
	}
}

// FuzzParse holds parsing to a small multiple of the input in memory and to the promise that what verifies was signed.
func FuzzParse(f *testing.F) {
	token := signed(f, `{"sub":"x"}`)
	for _, text := range []string{token, token[:50], token + "A", anyJWE, "...", forge(f, `{"alg":"none"}`, `{}`),
		strings.Repeat(".", 1000), b64(strings.Repeat("[", 300)) + ".e30.AA"} {
		f.Add(text)
	}
	genuine := map[string]bool{token: true}
	f.Fuzz(func(t *testing.T, text string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		claims, err := Verify(text, lookup)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 256<<10 {
			t.Fatalf("%d bytes allocated for %d", spent, len(text))
		}
		if err == nil && !genuine[text] {
			t.Fatalf("%q verified as %s", text, claims)
		}
	})
}
