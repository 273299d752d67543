package server

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/testkit/dbtest"
)

// stores runs body with settings of an empty data folder, and of a PostgreSQL database.
func stores(t *testing.T, body func(t *testing.T, s config.Settings)) {
	t.Helper()
	s := devSettings()
	s.Ephemeral, s.Region = false, "us-east-1"
	t.Run("sqlite", func(t *testing.T) {
		s := s
		s.Data = t.TempDir()
		body(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		s := s
		s.Database, s.Data = dbtest.PGURL(t), t.TempDir()
		body(t, s)
	})
}

// member is a user that a test made, with the password "Passw0rd!".
type member struct{ pool, client, name string }

// populate makes a pool with a client and n users, fewer when made returns false.
func populate(t *testing.T, a *app, n int, made func(member) bool) error {
	t.Helper()
	ctx := t.Context()
	p, err := a.API.CreateUserPool(ctx, &cognitoidp.CreateUserPoolRequest{PoolName: "load"})
	if err != nil {
		return err
	}
	c, err := a.API.CreateUserPoolClient(ctx, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: *p.UserPool.Id, ClientName: "c",
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}})
	if err != nil {
		return err
	}
	for i := range n {
		m := member{*p.UserPool.Id, *c.UserPoolClient.ClientId, fmt.Sprint("user-", i)}
		if _, err := a.API.AdminCreateUser(ctx, &cognitoidp.AdminCreateUserRequest{UserPoolId: m.pool, Username: m.name,
			MessageAction: new(cognitoidp.MessageActionTypeSuppress)}); err != nil {
			return err
		}
		if _, err := a.API.AdminSetUserPassword(ctx, &cognitoidp.AdminSetUserPasswordRequest{UserPoolId: m.pool, Username: m.name,
			Password: "Passw0rd!", Permanent: new(true)}); err != nil {
			return err
		}
		if !made(m) {
			break
		}
	}
	return nil
}

// signsIn fails the test unless the member gets tokens.
func (m member) signsIn(t *testing.T, a *app) {
	t.Helper()
	out, err := a.API.AdminInitiateAuth(t.Context(), &cognitoidp.AdminInitiateAuthRequest{UserPoolId: m.pool, ClientId: m.client,
		AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": m.name, "PASSWORD": "Passw0rd!"}})
	if err != nil || out.AuthenticationResult == nil {
		t.Errorf("%s of %s does not sign in: %v", m.name, m.pool, err)
	}
}

func keyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kek")
	if err := NewKeyFile(file, io.Discard); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRewrapUnderLoad changes the key-encryption key while two nodes make pools and users. A server that has only the new
// key signs all of them in.
func TestRewrapUnderLoad(t *testing.T) {
	stores(t, func(t *testing.T, s config.Settings) {
		old, fresh := keyFile(t), keyFile(t)
		first, second := s, s
		first.KeyFile, first.PreviousKeyFiles = old, []string{fresh}
		second.KeyFile, second.PreviousKeyFiles = fresh, []string{old}
		var mu sync.Mutex
		var members []member
		var stop atomic.Bool
		count := func() int { mu.Lock(); defer mu.Unlock(); return len(members) }
		var wg sync.WaitGroup
		for _, s := range []config.Settings{first, second} {
			a, err := build(t.Context(), s, obs.Discard())
			if err != nil {
				t.Fatal(err)
			}
			defer a.close()
			wg.Go(func() {
				for i := 0; i < 50 && !stop.Load() && !t.Failed(); i++ {
					if err := populate(t, a, 2, func(m member) bool { mu.Lock(); members = append(members, m); mu.Unlock(); return true }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		more := func(n int) {
			for goal := count() + n; count() < goal && !t.Failed(); time.Sleep(5 * time.Millisecond) {
			}
		}
		more(2)
		command := s
		command.KeyFile = old
		if err := RewrapKeys(t.Context(), command, fresh, io.Discard); err != nil {
			t.Error(err)
		}
		more(2)
		stop.Store(true)
		wg.Wait()
		s.KeyFile = fresh
		a, err := build(t.Context(), s, obs.Discard())
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		for _, m := range members {
			m.signsIn(t, a)
		}
	})
}

// TestNoKeyIsMadeElsewhere: only a data folder of its own gets a key by itself.
func TestNoKeyIsMadeElsewhere(t *testing.T) {
	s := devSettings()
	s.Ephemeral, s.Data = false, t.TempDir()
	s.KeyFile = filepath.Join(t.TempDir(), "kek")
	if _, err := build(t.Context(), s, obs.Discard()); err == nil {
		t.Error("a named key file was made")
	}
	if _, err := os.Stat(s.KeyFile); err == nil {
		t.Error("it is there")
	}
	s.KeyFile, s.Key = "", base64.StdEncoding.EncodeToString(make([]byte, 32))
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	a.close()
	if _, err := os.Stat(filepath.Join(s.Data, "kek")); err == nil {
		t.Error("a key was made beside the one that was given")
	}
}
