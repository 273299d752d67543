// Package cognitotest gives tests the product's rooms on one database, with a clock that stands still and an inbox, and calls operations the way tests want to: with a must, or for their refusal.
package cognitotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/netip"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/keyring"
	"cognate/internal/base/lambda"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/dbtest"
)

// PublicURL is where the worlds' pools have their issuers and pages.
const PublicURL = "https://id.example.com"

// World is one node with its rooms. Its clock moves by Clock.Advance only.
type World struct {
	T     testing.TB
	Ctx   context.Context
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock
	*rooms.Rooms
}

// Options change what New assembles.
type Options struct {
	// Web is how the keys of identity providers elsewhere are fetched.
	Web httpkit.ClientOptions
	// Dev relaxes what cognate dev does.
	Dev bool

	// Mute leaves out the inbox, so that no message can be delivered.
	Mute bool
	// Functions answers for the Lambda functions of pools; nil for none.
	Functions lambda.Invoker
	// Documents fetches the metadata documents of clients; nil for the strict client.
	Documents *httpkit.Client
	// Limits are the budgets of strangers, none when zero; see Gated.
	Limits guard.Limits
	// Refused is told of refusals by budgets and locks; nil for nobody.
	Refused func(scope string)
}

// Each runs body on every engine.
func Each(t *testing.T, body func(w *World)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(New(t, d, Options{})) })
}

// Quick is a world on SQLite in memory.
func Quick(t testing.TB) *World {
	t.Helper()
	return New(t, dbtest.SQLite(t, rooms.Migrations()), Options{})
}

// New assembles a world on a migrated database. Several on one database are the nodes of one installation.
func New(t testing.TB, d *db.DB, o Options) *World {
	t.Helper()
	w := &World{T: t, Ctx: context.Background(), DB: d, Clock: clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 678e6, time.UTC))}
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	w.must(err)
	w.Keys, err = keyring.Open(w.Ctx, d, kek)
	w.must(err)
	if o.Functions == nil {
		o.Functions = noFunctions{}
	}
	w.Rooms, err = rooms.Build(rooms.Config{
		DB: d, Keys: w.Keys, Clock: w.Clock, Region: "us-east-1", Account: "000000000000", Addresses: pool.NewAddresses(PublicURL),
		Made: sharedKeys{}, Functions: o.Functions, Inbox: !o.Mute, Limits: o.Limits, Refused: o.Refused, Documents: o.Documents,
		Dev: o.Dev, Web: o.Web,
	})
	w.must(err)
	return w
}

// Later moves the clock, after what the budgets count has reached the database as it does every second.
func (w *World) Later(d time.Duration) {
	w.T.Helper()
	w.must(w.Guard.Lifecycle().Flush(w.Ctx))
	w.Clock.Advance(d)
}

// On is w reporting to a subtest.
func (w *World) On(t testing.TB) *World {
	other := *w
	other.T = t
	return &other
}

// From is w as somebody at an address asks it.
func (w *World) From(address string) *World {
	other := *w
	other.Ctx = obs.With(w.T.Context(), &obs.Request{ClientIP: netip.MustParseAddr(address)})
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
