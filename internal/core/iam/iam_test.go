package iam

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/sigv4"
	"cognate/internal/testkit/dbtest"
)

// testSealer seals with a fixed key; it binds scope and associated data as the
// keyring does.
type testSealer struct{}

func (testSealer) aead() cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

func (s testSealer) Seal(_ context.Context, scope string, plain []byte, aad ...string) ([]byte, error) {
	return s.aead().Seal(nil, make([]byte, 12), plain, []byte(scope+"\x00"+strings.Join(aad, "\x00"))), nil
}

func (s testSealer) Open(_ context.Context, scope string, sealed []byte, aad ...string) ([]byte, error) {
	return s.aead().Open(nil, make([]byte, 12), sealed, []byte(scope+"\x00"+strings.Join(aad, "\x00")))
}

const account = "123456789012"

func deps(d *db.DB) Deps { return Deps{DB: d, Keyring: testSealer{}, Account: account} }

func TestRootIsMadeOnce(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var wg sync.WaitGroup
		var mu sync.Mutex
		var shown []*RootKey
		for range 4 {
			wg.Go(func() {
				key, err := ensure(ctx, New(deps(d)))
				if err != nil {
					t.Error(err)
				}
				if key != nil {
					mu.Lock()
					shown = append(shown, key)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(shown) != 1 {
			t.Fatalf("%d nodes showed a key", len(shown))
		}
		key := shown[0]
		if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(key.AccessKeyID) || len(key.Secret) != 40 {
			t.Errorf("key %+v", key)
		}
		later := New(deps(d))
		if again, err := ensure(ctx, later); err != nil || again != nil {
			t.Fatalf("second start: %v %v", again, err)
		}
		cred, err := later.Credentials(ctx, key.AccessKeyID, "")
		if err != nil || cred.Secret != key.Secret || cred.Unchecked || !cred.Principal.Root {
			t.Errorf("credential %+v, %v", cred, err)
		}
		if id, err := later.RootAccessKeyID(ctx); err != nil || id != key.AccessKeyID {
			t.Error("other key id")
		}
		if _, err := later.Credentials(ctx, strings.ToLower(key.AccessKeyID), ""); !errors.Is(err, sigv4.ErrUnknownKey) {
			t.Errorf("unknown key: %v", err)
		}
		checkSealed(t, d, key)
	})
}

// checkSealed makes sure that the secret is not readable in the database and
// cannot be moved to another row.
func checkSealed(t *testing.T, d *db.DB, key *RootKey) {
	t.Helper()
	ctx := context.Background()
	dump, err := d.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(dump, []byte(key.Secret)) {
		t.Error("the secret is in the database in clear")
	}
	err = d.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE iam_root_key SET access_key_id = $1 WHERE account = $2`, "AKIAOTHEROTHEROTHER2", account)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ensure(ctx, New(deps(d))); err == nil {
		t.Error("a row with an exchanged key id was accepted")
	}
}

func TestEnvironmentKey(t *testing.T) {
	for _, c := range []struct {
		id, secret string
		good       bool
	}{
		{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true},
		{"AKIAIOSFODNN7EXAMPLE", "", false},
		{"", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", false},
		{"short", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", false},
		{"AKIAIOSFODNN7/EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", false},
		{"AKIAIOSFODNN7EXAMPLE", "shortsecret", false},
		{"AKIAIOSFODNN7EXAMPLE", "with a space in the secret", false},
	} {
		r := New(Deps{Account: account, RootAccessKeyID: c.id, RootSecret: c.secret})
		key, err := ensure(context.Background(), r)
		if (err == nil) != c.good || key != nil {
			t.Errorf("%q: %v, %v", c.id, key, err)
		}
		if err != nil && c.secret != "" && strings.Contains(err.Error(), c.secret) {
			t.Errorf("error shows the secret: %v", err)
		}
		if !c.good {
			continue
		}
		if id, err := r.RootAccessKeyID(context.Background()); err != nil || id != c.id {
			t.Errorf("in force is %q, %v", id, err)
		}
	}
	if err := New(Deps{Account: "12"}).EnsureRoot(context.Background(), nil); err == nil {
		t.Error("a bad account was accepted")
	}
}

func TestAccountInKeyID(t *testing.T) {
	for _, account := range []string{"000000000000", "123456789012", "999999999999"} {
		key, err := generateKey(bytes.NewReader(bytes.Repeat([]byte{0xff}, 40)), account)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base32.StdEncoding.DecodeString(key.AccessKeyID[4:])
		if err != nil {
			t.Fatal(err)
		}
		var z uint64
		for _, b := range raw[:6] {
			z = z<<8 | uint64(b)
		}
		z = z & 0x7fffffffff80 >> 7
		if got := []byte(account); string(got) != pad12(z) {
			t.Errorf("key id of %s reads as %s", account, pad12(z))
		}
	}
}

func pad12(n uint64) string {
	out := make([]byte, 12)
	for i := 11; i >= 0; i-- {
		out[i] = '0' + byte(n%10)
		n /= 10
	}
	return string(out)
}

// TestDevRelaxation signs with the root key and with foreign keys and verifies
// with and without the relaxation.
func TestDevRelaxation(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	const id, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	verify := func(dev bool, keyID, secret string, signed bool) (sigv4.Identity, error) {
		r := New(Deps{DB: d, Account: account, RootAccessKeyID: id, RootSecret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", AcceptAnyKey: dev})
		if err := r.EnsureRoot(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest("POST", "http://localhost:7654/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if signed {
			sigv4.Signer{AccessKeyID: keyID, Secret: secret, Region: "us-east-1", Service: "cognito-idp"}.Sign(req, sigv4.HashBody(nil), time.Now())
		}
		v := sigv4.NewVerifier(sigv4.Options{Lookup: r.Credentials})
		return v.Verify(context.Background(), sigv4.FromHTTP(&http.Request{Method: req.Method, URL: req.URL, Host: req.URL.Host, Header: req.Header}, sigv4.HashBody(nil)), "cognito-idp")
	}
	for _, c := range []struct {
		name      string
		dev       bool
		id, key   string
		unsigned  bool
		wantError sigv4.Kind
	}{
		{"root in serve", false, id, secret, false, 0},
		{"root in dev", true, id, secret, false, 0},
		{"root with wrong secret in serve", false, id, "x", false, sigv4.InvalidSignature},
		{"root with wrong secret in dev", true, id, "x", false, sigv4.InvalidSignature},
		{"foreign key in serve", false, "test", "test", false, sigv4.UnrecognizedClient},
		{"foreign key in dev", true, "test", "test", false, 0},
		{"foreign temporary key in dev", true, "ASIAIOSFODNN7EXAMPLE", "test", false, sigv4.UnrecognizedClient},
		{"no credentials in serve", false, "", "", true, sigv4.MissingAuthenticationToken},
		{"no credentials in dev", true, "", "", true, sigv4.MissingAuthenticationToken},
	} {
		got, err := verify(c.dev, c.id, c.key, !c.unsigned)
		var e *sigv4.Error
		switch {
		case c.wantError == 0 && (err != nil || !got.Principal.Root || got.Principal.AccessKeyID != c.id):
			t.Errorf("%s: %+v, %v", c.name, got, err)
		case c.wantError != 0 && (!errors.As(err, &e) || e.Kind != c.wantError):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// ensure returns the key when the call handed one over.
func ensure(ctx context.Context, r *Room) (given *RootKey, err error) {
	err = r.EnsureRoot(ctx, func(key RootKey) (func(bool) error, error) {
		return func(inForce bool) error {
			if inForce {
				given = &key
			}
			return nil
		}, nil
	})
	return given, err
}

// TestNobodyIsRoot: where no key can be handed over none is made, and until there is one nobody is root.
func TestNobodyIsRoot(t *testing.T) {
	d := dbtest.SQLite(t, Migrations)
	ctx := context.Background()
	r := New(deps(d))
	if err := r.EnsureRoot(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Credentials(ctx, "", ""); !errors.Is(err, sigv4.ErrUnknownKey) {
		t.Errorf("no key: %v", err)
	}
	failed := errors.New("disk full")
	err := r.EnsureRoot(ctx, func(RootKey) (func(bool) error, error) { return nil, failed })
	if id, _ := r.RootAccessKeyID(ctx); !errors.Is(err, failed) || id != "" {
		t.Errorf("a key that could not be handed over: %v, %q", err, id)
	}
}

// TestRenewRoot: a new key replaces the old one, on other nodes too.
func TestRenewRoot(t *testing.T) {
	dbtest.Each(t, Migrations, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		node, command := New(deps(d)), New(deps(d))
		old, err := ensure(ctx, node)
		if err != nil || old == nil {
			t.Fatal(err)
		}
		var fresh RootKey
		err = command.RenewRoot(ctx, func(key RootKey) (func(bool) error, error) {
			fresh = key
			return func(inForce bool) error {
				if !inForce {
					t.Error("it is not in force")
				}
				return nil
			}, nil
		})
		if err != nil || fresh.AccessKeyID == old.AccessKeyID {
			t.Fatal(err)
		}
		time.Sleep(rootFor + 10*time.Millisecond)
		if _, err := node.Credentials(ctx, old.AccessKeyID, ""); !errors.Is(err, sigv4.ErrUnknownKey) {
			t.Errorf("the old key: %v", err)
		}
		if cred, err := node.Credentials(ctx, fresh.AccessKeyID, ""); err != nil || cred.Secret != fresh.Secret {
			t.Errorf("the new key: %v", err)
		}
		if accounts, err := RootAccounts(ctx, d); err != nil || len(accounts) != 1 || accounts[0] != account {
			t.Errorf("accounts %v, %v", accounts, err)
		}
	})
}
