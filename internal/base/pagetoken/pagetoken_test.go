package pagetoken

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/keyring"

	"pgregory.net/rapid"
)

// memKeys seals with AES-GCM under a key derived from the scope.
type memKeys struct{ seed string }

func (k memKeys) aead(scope string) cipher.AEAD {
	key := sha256.Sum256([]byte(k.seed + "|" + scope))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (k memKeys) Seal(_ context.Context, scope string, plain []byte, aad ...string) ([]byte, error) {
	nonce := make([]byte, 12)
	rand.Read(nonce)
	return k.aead(scope).Seal(nonce, nonce, plain, []byte(Binding("", aad...))), nil
}

func (k memKeys) Open(_ context.Context, scope string, sealed []byte, aad ...string) ([]byte, error) {
	if len(sealed) < 12 {
		return nil, keyring.ErrOpen
	}
	plain, err := k.aead(scope).Open(nil, sealed[:12], sealed[12:], []byte(Binding("", aad...)))
	if err != nil {
		return nil, keyring.ErrOpen
	}
	return plain, nil
}

func tokens(now *time.Time) Tokens {
	return Tokens{Keys: memKeys{"a"}, Now: func() time.Time { return *now }}
}

func TestRoundTrip(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		cursor, scope, binding := rapid.String().Draw(t, "cursor"), rapid.String().Draw(t, "scope"), rapid.String().Draw(t, "binding")
		tok, err := tokens(&now).Seal(ctx, scope, binding, cursor)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tokens(&now).Open(ctx, scope, binding, tok)
		if err != nil || got != cursor {
			t.Fatalf("Open = %q, %v; want %q", got, err, cursor)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ctx := context.Background()
	tok, err := tokens(&now).Seal(ctx, "pool", "ListX", "cursor")
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(name, scope, binding, token string) {
		t.Helper()
		if got, err := tokens(&now).Open(ctx, scope, binding, token); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Open = %q, %v; want ErrInvalid", name, got, err)
		}
	}
	refuse("other scope", "pool2", "ListX", tok)
	refuse("other query", "pool", "ListY", tok)
	refuse("empty", "pool", "ListX", "")
	refuse("not base64", "pool", "ListX", "%%%")
	refuse("too long", "pool", "ListX", strings.Repeat("A", maxToken+1))
	for i := range tok {
		flipped := []byte(tok)
		flipped[i] ^= 1
		refuse("flipped", "pool", "ListX", string(flipped))
		refuse("truncated", "pool", "ListX", tok[:i])
	}
	now = now.Add(Life)
	if _, err := tokens(&now).Open(ctx, "pool", "ListX", tok); err != nil {
		t.Errorf("at the end of its life: %v", err)
	}
	now = now.Add(time.Millisecond)
	refuse("expired", "pool", "ListX", tok)
}

func TestBinding(t *testing.T) {
	if Binding("a", "bc") == Binding("ab", "c") || Binding("a", "b", "") == Binding("a", "b") {
		t.Error("different parameters bind alike")
	}
}

func FuzzOpen(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	ctx := context.Background()
	tok, err := tokens(&now).Seal(ctx, "pool", "ListX", "cursor")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tok)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		// Other processes of the same fuzzing run seal the same cursor under the same key.
		if got, err := tokens(&now).Open(ctx, "pool", "ListX", s); err == nil && got != "cursor" {
			t.Errorf("forged token %q opens to %q", s, got)
		}
		if _, err := tokens(&now).Open(ctx, "pool2", "ListX", s); !errors.Is(err, ErrInvalid) {
			t.Errorf("token %q opens for another pool: %v", s, err)
		}
	})
}
