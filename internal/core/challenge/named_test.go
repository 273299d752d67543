package challenge

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestOpenNamed(t *testing.T) {
	f := quick(t)
	st := sample()
	st.Step = "MFA_SETUP"
	text := f.seal(st)
	if !strings.HasPrefix(text, "AYABe") {
		t.Errorf("session %.8s...", text)
	}
	got, err := f.OpenNamed(t.Context(), text)
	f.must(err)
	if got.Pool != testPool || got.Client != testClient || got.ID != st.ID || got.Step != "MFA_SETUP" {
		t.Errorf("opened %+v", got)
	}
	if same, err := f.Open(t.Context(), testPool, testClient, text); err != nil || same.ID != st.ID {
		t.Errorf("Open of a named session: %v", err)
	}
	f.refused(testPool, "another-client", text, ErrInvalid)
	if _, err := f.OpenNamed(t.Context(), f.seal(sample())); !errors.Is(err, ErrInvalid) {
		t.Errorf("a session of another challenge opened by itself: %v", err)
	}
}

// TestNamedOwnerIsAuthenticated holds that the names in the clear cannot be exchanged.
func TestNamedOwnerIsAuthenticated(t *testing.T) {
	f := quick(t)
	st := sample()
	st.Step = "MFA_SETUP"
	raw, err := base64.RawURLEncoding.DecodeString(f.seal(st))
	f.must(err)
	for i := range raw {
		altered := append([]byte(nil), raw...)
		altered[i] ^= 1
		if _, err := f.OpenNamed(t.Context(), base64.RawURLEncoding.EncodeToString(altered)); !errors.Is(err, ErrInvalid) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
}
