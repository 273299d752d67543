package token

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/base/keyring"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/dbtest"
)

const publicURL = "https://id.example.com"

// fixture is a node: a room on one engine with a pool, and a clock that stands still.
type fixture struct {
	*Tokens
	t     testing.TB
	db    *db.DB
	clock *clock.Clock
	pools *pool.Pools
	made  *keys
	pool  *pool.Pool
	ring  *keyring.Keyring
}

func migrations() []db.Migration {
	return slices.Concat(keyring.Migrations, pool.Migrations, Migrations)
}

func each(t *testing.T, body func(f *fixture)) {
	t.Helper()
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		f := node(t, d, clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 678e6, time.UTC)))
		f.pool = f.newPool()
		body(f)
	})
}

// quick is a fixture on SQLite in memory.
func quick(t testing.TB) *fixture {
	f := node(t, dbtest.SQLite(t, migrations()), clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 678e6, time.UTC)))
	f.pool = f.newPool()
	return f
}

// node returns the rooms of one node on a database that others may share.
func node(t testing.TB, d *db.DB, c *clock.Clock) *fixture {
	t.Helper()
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	ring, err := keyring.Open(t.Context(), d, kek)
	must(t, err)
	f := &fixture{t: t, db: d, clock: c, made: &keys{&keysTaken}, ring: ring}
	f.pools = pool.New(pool.Deps{
		DB: d, Keys: ring, Clock: c, Region: "us-east-1", Account: "000000000000",
		PoolMade: func(tx *db.Tx, id string) error { return f.CreateKeys(tx, id) },
		PoolGone: func(tx *db.Tx, id string) error { return f.DropKeys(tx, id) },
	})
	f.Tokens = New(Deps{DB: d, Keys: ring, Clock: c, Pools: f.pools, Made: f.made, Addresses: pool.NewAddresses(publicURL)})
	return f
}

// keys hands out RSA keys that all tests of the process share, in turn; making new ones would take most of the time.
type keys struct{ taken *atomic.Int64 }

// keysTaken counts over all nodes, so that no two of them are given the same key.
var keysTaken atomic.Int64

var someKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	source := jose.NewKeySource(1)
	var made []*rsa.PrivateKey
	for range 6 {
		key, err := source.Take(context.Background())
		if err != nil {
			panic(err)
		}
		made = append(made, key)
	}
	return made
})

func (k *keys) Take(context.Context) (*rsa.PrivateKey, error) {
	return someKeys()[int(k.taken.Add(1))%len(someKeys())], nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) must(err error) { f.t.Helper(); must(f.t, err) }

func (f *fixture) newPool() *pool.Pool {
	f.t.Helper()
	out, err := pool.Ops{Pools: f.pools}.CreateUserPool(f.t.Context(), &cognitoidp.CreateUserPoolRequest{
		PoolName: "test",
		Schema: []cognitoidp.SchemaAttributeType{
			{Name: new("tier"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Mutable: new(true)},
			{Name: new("age"), AttributeDataType: new(cognitoidp.AttributeDataTypeNumber), Mutable: new(true)},
		},
	})
	f.must(err)
	p, err := f.pools.Pool(f.t.Context(), *out.UserPool.Id)
	f.must(err)
	return p
}

// newClient makes a client of the fixture's pool with the given settings.
func (f *fixture) newClient(set func(*cognitoidp.CreateUserPoolClientRequest)) *pool.Client {
	f.t.Helper()
	in := &cognitoidp.CreateUserPoolClientRequest{UserPoolId: f.pool.ID, ClientName: "app"}
	if set != nil {
		set(in)
	}
	out, err := pool.Ops{Pools: f.pools}.CreateUserPoolClient(f.t.Context(), in)
	f.must(err)
	_, c, err := f.pools.Client(f.t.Context(), *out.UserPoolClient.ClientId)
	f.must(err)
	return c
}

// rotating are the settings of a client that rotates refresh tokens.
func rotating(grace int64) func(*cognitoidp.CreateUserPoolClientRequest) {
	return func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth}
		in.RefreshTokenRotation = &cognitoidp.RefreshTokenRotationType{
			Feature: cognitoidp.FeatureTypeEnabled, RetryGracePeriodSeconds: &grace,
		}
	}
}

func ana() Subject {
	return Subject{
		Sub: "2c5d5d5e-1111-4222-8333-444455556666", Username: "ana", AMR: []string{"pwd"},
		Attributes: map[string]string{
			"email": "ana@example.com", "email_verified": "true", "phone_number": "+15550100",
			"phone_number_verified": "false", "name": "Ana \"A\" Ruiz", "address": "1 Main St\nX",
			"custom:tier": "gold", "custom:age": "7", "updated_at": "1700000000",
		},
		IP: "192.0.2.7", UserAgent: "test/1",
	}
}

// signIn issues and commits tokens.
func (f *fixture) signIn(c *pool.Client, subj Subject) *Grant {
	f.t.Helper()
	g, err := f.Prepare(f.t.Context(), f.pool, c, subj, Options{})
	f.must(err)
	f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) error { return f.Commit(tx, g) }))
	return g
}

func (f *fixture) find(c *pool.Client, text string) (s *Session, err error) {
	f.t.Helper()
	err = f.db.View(f.t.Context(), func(tx *db.Tx) (err error) {
		s, err = f.FindRefresh(tx, f.pool, c, text)
		return err
	})
	return s, err
}

// refresh does what sign-in does with a refresh token, reuse included.
func (f *fixture) refresh(c *pool.Client, text string) (*Grant, error) {
	s, err := f.find(c, text)
	var g *Grant
	if err == nil {
		if g, err = f.Renew(f.t.Context(), f.pool, c, s, ana(), nil); err == nil && g.Writes() {
			err = f.db.Update(f.t.Context(), func(tx *db.Tx) error { return f.Commit(tx, g) })
		}
	}
	if errors.Is(err, ErrRefreshReuse) {
		f.must(f.db.Update(f.t.Context(), func(tx *db.Tx) error { return f.RevokeReused(tx, f.pool, text) }))
	}
	return g, err
}

func (f *fixture) wantRefresh(c *pool.Client, text string, want error) {
	f.t.Helper()
	if _, err := f.refresh(c, text); !errors.Is(err, want) {
		f.t.Fatalf("refresh: got %v, want %v", err, want)
	}
}

// wantAccess expects VerifyAccess to answer with AWS's text, or to succeed when it is "".
func (f *fixture) wantAccess(text, want string) *Access {
	f.t.Helper()
	a, err := f.VerifyAccess(f.t.Context(), text)
	var refusal *cognitoidp.NotAuthorizedException
	switch {
	case want == "" && err == nil:
	case want != "" && errors.As(err, &refusal) && refusal.Message == want:
	default:
		f.t.Fatalf("got %v, want %q", err, want)
	}
	return a
}

func (f *fixture) update(fn func(tx *db.Tx) error) {
	f.t.Helper()
	f.must(f.db.Update(f.t.Context(), fn))
}

// part decodes the n-th part of a compact token.
func part(t testing.TB, text string, n int) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[n])
	must(t, err)
	return string(raw)
}

func claimsOf(t testing.TB, text string) map[string]any {
	t.Helper()
	m := map[string]any{}
	must(t, json.Unmarshal([]byte(part(t, text, 1)), &m))
	return m
}
