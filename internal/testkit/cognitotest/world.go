// Package cognitotest assembles all rooms of the user pools API on one database, as the server does, with a clock that
// stands still and an inbox, and calls operations the way tests want to: with a must, or for their refusal.
package cognitotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/lambda"
	"cognate/internal/core/account"
	"cognate/internal/core/challenge"
	"cognate/internal/core/code"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
	"cognate/internal/testkit/dbtest"
)

// API are the operations of all rooms.
type API struct {
	poolOps
	directoryOps
	tokenOps
	deviceOps
	factorOps
	signinOps
	accountOps
	fallback
}

// fallback answers what no room does, as in the server.
type fallback struct{ deeper }

type deeper struct{ cognitoidp.Unimplemented }

var _ cognitoidp.Service = API{}

type (
	poolOps      = pool.Ops
	directoryOps = directory.Ops
	tokenOps     = token.Ops
	deviceOps    = device.Ops
	factorOps    = factor.Ops
	signinOps    = signin.Ops
	accountOps   = account.Ops
)

// World is one node with its rooms. Its clock moves by Clock.Advance only.
type World struct {
	T     testing.TB
	Ctx   context.Context
	API   API
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock

	Pools      *pool.Pools
	Users      *directory.Directory
	Codes      *code.Codes
	Sessions   *challenge.Sessions
	Tokens     *token.Tokens
	Messages   *message.Messages
	Engine     *signin.Engine
	Accounts   *account.Accounts
	Triggers   *trigger.Triggers
	Factors    *factor.Factors
	DeviceRoom *device.Devices
}

// Options change what New assembles.
type Options struct {
	// Mute leaves out the inbox, so that no message can be delivered.
	Mute bool
	// Functions answers for the Lambda functions of pools; nil for none.
	Functions lambda.Invoker
}

// Migrations are those of all rooms.
func Migrations() []db.Migration {
	return slices.Concat(keyring.Migrations, pool.Migrations, code.Migrations, challenge.Migrations, token.Migrations,
		message.Migrations, directory.Migrations, device.Migrations, factor.Migrations, signin.Migrations)
}

// Each runs body on every engine.
func Each(t *testing.T, body func(w *World)) {
	t.Helper()
	dbtest.Each(t, Migrations(), func(t *testing.T, d *db.DB) { body(New(t, d, Options{})) })
}

// Quick is a world on SQLite in memory.
func Quick(t testing.TB) *World {
	t.Helper()
	return New(t, dbtest.SQLite(t, Migrations()), Options{})
}

// New assembles a world on a migrated database. Several on one database are the nodes of one installation.
func New(t testing.TB, d *db.DB, o Options) *World {
	t.Helper()
	w := &World{T: t, Ctx: context.Background(), DB: d, Clock: clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 678e6, time.UTC))}
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	w.must(err)
	w.Keys, err = keyring.Open(w.Ctx, d, kek)
	w.must(err)
	addresses := pool.NewAddresses("https://id.example.com")
	w.Pools = pool.New(pool.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Region: "us-east-1", Account: "000000000000",
		OnCreate: []func(*db.Tx, string) error{func(tx *db.Tx, id string) error { return w.Tokens.CreateKeys(tx, id) }},
	})
	w.Tokens = token.New(token.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Made: sharedKeys{}, Addresses: addresses,
	})
	w.Codes = code.New(code.Deps{Keys: w.Keys, Clock: w.Clock})
	w.Sessions = challenge.New(challenge.Deps{Keys: w.Keys, Clock: w.Clock})
	if o.Functions == nil {
		o.Functions = noFunctions{}
	}
	w.Triggers = trigger.New(o.Functions, "us-east-1")
	w.Messages = message.New(message.Deps{
		DB: d, Keyring: w.Keys, Clock: w.Clock, Inbox: !o.Mute, Pools: w.Pools, Texts: w.Triggers, Limits: w.Codes,
		Addresses: addresses,
	})
	w.Users = directory.New(directory.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Tokens: w.Tokens, Codes: w.Codes, Messages: w.Messages,
	})
	w.Factors = factor.New(factor.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Tokens: w.Tokens, Sessions: w.Sessions,
		Codes: w.Codes, Messages: w.Messages, Directory: w.Users, Addresses: addresses,
	})
	w.DeviceRoom = device.New(device.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Tokens: w.Tokens, Directory: w.Users,
	})
	w.Engine = signin.New(signin.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Directory: w.Users,
		Tokens: w.Tokens, Sessions: w.Sessions, Triggers: w.Triggers, Factors: w.Factors, Devices: w.DeviceRoom,
		Messages: w.Messages, Rand: rand.Reader,
	})
	w.Accounts = account.New(account.Deps{
		DB: d, Keys: w.Keys, Clock: w.Clock, Pools: w.Pools, Directory: w.Users,
		Tokens: w.Tokens, Codes: w.Codes, Messages: w.Messages, Triggers: w.Triggers, Engine: w.Engine, Rand: rand.Reader,
	})
	w.API = API{
		poolOps: poolOps{Pools: w.Pools}, directoryOps: directoryOps{Directory: w.Users}, tokenOps: tokenOps{Tokens: w.Tokens},
		deviceOps: deviceOps{Devices: w.DeviceRoom}, factorOps: factorOps{Factors: w.Factors}, signinOps: signinOps{Engine: w.Engine}, accountOps: accountOps{Accounts: w.Accounts},
	}
	return w
}

// On is w reporting to a subtest.
func (w *World) On(t testing.TB) *World {
	other := *w
	other.T = t
	return &other
}

// Run runs body as a subtest.
func (w *World) Run(name string, body func(w *World)) {
	w.T.Helper()
	w.T.(*testing.T).Run(name, func(t *testing.T) { body(w.On(t)) })
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// sharedKeys hands out two RSA keys that all tests of a process share; making new ones would take most of the time.
type sharedKeys struct{}

var made = sync.OnceValue(func() chan *rsa.PrivateKey {
	keys := make(chan *rsa.PrivateKey, 2)
	for range cap(keys) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys <- key
	}
	return keys
})

// Take returns the two keys in turn.
func (sharedKeys) Take(context.Context) (*rsa.PrivateKey, error) {
	key := <-made()
	made() <- key
	return key, nil
}

// noFunctions is a world in which no function can be reached.
type noFunctions struct{}

func (noFunctions) Invoke(context.Context, lambda.Invocation) (*lambda.Result, error) {
	return nil, lambda.ErrNotConfigured
}
