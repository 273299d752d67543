package directory

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/jose"
	"cognate/internal/base/keyring"
	"cognate/internal/core/code"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/dbtest"
)

// fixture is a node with all rooms below the directory, on one engine. Its clock stands still.
type fixture struct {
	Ops
	t       testing.TB
	ctx     context.Context
	clock   *clock.Clock
	deleted []string // subs that UserGone was told about
}

func migrations() []db.Migration {
	return slices.Concat(keyring.Migrations, pool.Migrations, code.Migrations, token.Migrations, message.Migrations, Migrations)
}

// each runs body on every engine.
func each(t *testing.T, body func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) { body(t, newFixture(t, d)) })
}

// quick is a fixture on SQLite in memory.
func quick(t testing.TB) *fixture {
	t.Helper()
	return newFixture(t, dbtest.SQLite(t, migrations()))
}

func newFixture(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	f := &fixture{t: t, ctx: t.Context(), clock: clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 678e6, time.UTC))}
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	f.must(err)
	ring, err := keyring.Open(f.ctx, d, kek)
	f.must(err)
	var tokens *token.Tokens
	pools := pool.New(pool.Deps{
		DB: d, Keys: ring, Clock: f.clock, Region: "us-east-1", Account: "000000000000",
		PoolMade: func(tx *db.Tx, id string) error { return tokens.CreateKeys(tx, id) },
	})
	tokens = token.New(token.Deps{
		DB: d, Keys: ring, Clock: f.clock, Pools: pools, Made: rsaKeys{}, Addresses: pool.NewAddresses("https://id.example.com"),
	})
	f.Ops = Ops{New(Deps{
		DB: d, Keys: ring, Clock: f.clock, Pools: pools, Tokens: tokens, Codes: code.New(code.Deps{Keys: ring, Clock: f.clock}),
		Messages: message.New(message.Deps{DB: d, Keyring: ring, Clock: f.clock, Inbox: true}),
		UserGone: func(tx *db.Tx, poolID, sub string) error {
			tx.AfterCommit(func() { f.deleted = append(f.deleted, sub) })
			if err := f.Codes.DropUser(tx, poolID, sub); err != nil {
				return err
			}
			return tokens.RevokeUser(tx, poolID, sub)
		},
	})}
	return f
}

// rsaKeys hands out keys that all tests of the process share; making new ones would take most of the time.
type rsaKeys struct{}

var sharedKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	source := jose.NewKeySource(1)
	var made []*rsa.PrivateKey
	for range 2 {
		key, err := source.Take(context.Background())
		if err != nil {
			panic(err)
		}
		made = append(made, key)
	}
	return made
})

var keyTurn struct {
	sync.Mutex
	n int
}

func (rsaKeys) Take(context.Context) (*rsa.PrivateKey, error) {
	keyTurn.Lock()
	defer keyTurn.Unlock()
	keyTurn.n++
	return sharedKeys()[keyTurn.n%2], nil
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// newPool makes a pool with the given settings on top of two custom attributes, one of them immutable.
func (f *fixture) newPool(set func(*cognitoidp.CreateUserPoolRequest)) *pool.Pool {
	f.t.Helper()
	in := &cognitoidp.CreateUserPoolRequest{
		PoolName: "test",
		Schema: []cognitoidp.SchemaAttributeType{
			{Name: new("tier"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Mutable: new(true),
				StringAttributeConstraints: &cognitoidp.StringAttributeConstraintsType{MinLength: new("2"), MaxLength: new("5")}},
			{Name: new("born"), AttributeDataType: new(cognitoidp.AttributeDataTypeNumber), Mutable: new(false),
				NumberAttributeConstraints: &cognitoidp.NumberAttributeConstraintsType{MinValue: new("1900"), MaxValue: new("2100")}},
			{Name: new("vip"), AttributeDataType: new(cognitoidp.AttributeDataTypeBoolean), Mutable: new(true)},
			{Name: new("seen"), AttributeDataType: new(cognitoidp.AttributeDataTypeDateTime), Mutable: new(true)},
			{Name: new("note"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Mutable: new(true), DeveloperOnlyAttribute: new(true)},
		},
		SmsConfiguration: &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms")},
	}
	if set != nil {
		set(in)
	}
	out, err := pool.Ops{Pools: f.Pools}.CreateUserPool(f.ctx, in)
	f.must(err)
	p, err := f.Pools.Pool(f.ctx, *out.UserPool.Id)
	f.must(err)
	return p
}

func (f *fixture) newClient(p *pool.Pool, set func(*cognitoidp.CreateUserPoolClientRequest)) *pool.Client {
	f.t.Helper()
	in := &cognitoidp.CreateUserPoolClientRequest{UserPoolId: p.ID, ClientName: "test"}
	if set != nil {
		set(in)
	}
	out, err := pool.Ops{Pools: f.Pools}.CreateUserPoolClient(f.ctx, in)
	f.must(err)
	_, c, err := f.Pools.Client(f.ctx, *out.UserPoolClient.ClientId)
	f.must(err)
	return c
}

// create makes a user; attrs are name, value pairs.
func (f *fixture) create(p *pool.Pool, n NewUser, attrs ...string) (u *User, err error) {
	if n.Status == "" {
		n.Status = cognitoidp.UserStatusTypeConfirmed
	}
	n.Attributes = pairs(attrs)
	err = f.DB.Update(f.ctx, func(tx *db.Tx) (err error) {
		u, err = f.Create(tx.Context(), tx, p, n)
		return err
	})
	return u, err
}

// user is create for a user who must be makable.
func (f *fixture) user(p *pool.Pool, username string, attrs ...string) *User {
	f.t.Helper()
	u, err := f.create(p, NewUser{Username: username}, attrs...)
	f.must(err)
	return u
}

// resolve returns the sub that a name means, "" when nobody has it.
func (f *fixture) resolve(p *pool.Pool, name string) string {
	f.t.Helper()
	var u *User
	err := f.DB.View(f.ctx, func(tx *db.Tx) (err error) {
		f.sought(tx, p, name)
		u, err = f.Resolve(tx, p, name)
		return err
	})
	if errors.Is(err, ErrUserNotFound) {
		return ""
	}
	f.must(err)
	return u.Sub
}

// sought holds that Seek finds whom Resolve finds, or somebody.
func (f *fixture) sought(tx *db.Tx, p *pool.Pool, name string) {
	f.t.Helper()
	want, missing := f.Resolve(tx, p, name)
	ghost, err := f.GhostSub(f.ctx, p, name)
	f.must(err)
	got, known, err := f.Seek(tx, p, name, ghost)
	f.must(err)
	switch {
	case known != (missing == nil), known && got.Sub != want.Sub:
		f.t.Errorf("Seek of %q: %v, %+v", name, known, got)
	case got == nil:
		if _, found, err := seekUser(tx, p.ID, ""); found || err != nil {
			f.t.Errorf("Seek of %q found nobody: %v", name, err)
		}
	case got.PoolID != p.ID:
		f.t.Errorf("Seek of %q left the pool", name)
	}
}

// read reads a user again.
func (f *fixture) read(p *pool.Pool, sub string) *User {
	f.t.Helper()
	var u *User
	f.must(f.DB.View(f.ctx, func(tx *db.Tx) (err error) {
		u, err = f.BySub(tx, p, sub)
		return err
	}))
	return u
}

// change reads a user, changes it and saves it in one transaction.
func (f *fixture) change(p *pool.Pool, sub string, change func(u *User)) error {
	return f.DB.Update(f.ctx, func(tx *db.Tx) error {
		u, err := f.BySub(tx, p, sub)
		if err != nil {
			return err
		}
		change(u)
		return f.Save(tx, p, u)
	})
}

// signIn returns an access token of the user.
func (f *fixture) signIn(p *pool.Pool, c *pool.Client, u *User, scope string) string {
	f.t.Helper()
	g, err := f.Tokens.Prepare(f.ctx, p, c, f.Subject(u, nil), token.Options{Scope: scope})
	f.must(err)
	f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error { return f.Tokens.Commit(tx, g) }))
	return *g.Result().AccessToken
}

// inbox returns the codes that were sent to an address, newest first.
func (f *fixture) inbox(p *pool.Pool, to string) []string {
	f.t.Helper()
	list, err := f.Messages.Inbox(f.ctx, to, p.ID)
	f.must(err)
	var codes []string
	for _, m := range list {
		codes = append(codes, m.Code)
	}
	return codes
}

func pairs(attrs []string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(attrs); i += 2 {
		out[attrs[i]] = attrs[i+1]
	}
	return out
}

// list turns name, value pairs into a request member.
func list(attrs ...string) []cognitoidp.AttributeType {
	var out []cognitoidp.AttributeType
	for i := 0; i+1 < len(attrs); i += 2 {
		out = append(out, cognitoidp.AttributeType{Name: attrs[i], Value: &attrs[i+1]})
	}
	return out
}

// refusal renders an AWS exception as "Code: message", "" for nil.
func refusal(err error) string {
	var e rt.Exception
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return "not an exception: " + err.Error()
}

// wants fails the test unless err is the refusal.
func (f *fixture) wants(err error, want string) {
	f.t.Helper()
	if got := refusal(err); got != want {
		f.t.Errorf("refusal %q, want %q", got, want)
	}
}
