package device_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"net/netip"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/core/device"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// The refusals that most tests speak of.
const (
	unknownDevice = "ResourceNotFoundException: Device does not exist."
	unknownUser   = "UserNotFoundException: User does not exist."
	noUser        = "ResourceNotFoundException: User does not exist."
	badKey        = "InvalidParameterException: Invalid device key given."
	badPage       = "InvalidParameterException: Invalid pagination token given."
	off           = "InvalidUserPoolConfigurationException: Device tracking is not enabled for the user pool."
	exists        = "DeviceKeyExistsException: Device already exists."
	badAccess     = "NotAuthorizedException: Invalid Access Token"
	revoked       = "NotAuthorizedException: Access Token has been revoked"
)

// world is a node with this room on top.
type world struct {
	*cognitotest.World
	device.Ops
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(newWorld(t, d)) })
}

func quick(t testing.TB) *world { return newWorld(t, dbtest.SQLite(t, rooms.Migrations())) }

func newWorld(t testing.TB, d *db.DB) *world {
	w := cognitotest.New(t, d, cognitotest.Options{})
	w.Ctx = obs.With(w.Ctx, &obs.Request{ClientIP: netip.MustParseAddr("192.0.2.7")})
	return &world{w, device.Ops{Devices: w.Devices}}
}

func (w *world) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func (w *world) update(fn func(tx *db.Tx) error) error {
	w.T.Helper()
	return w.DB.Update(w.Ctx, fn)
}

// tracking makes a pool that tracks devices.
func (w *world) tracking(newOnly, prompt bool) *pool.Pool {
	w.T.Helper()
	return w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: &newOnly, DeviceOnlyRememberedOnUserPrompt: &prompt,
		}
	})
}

// login is a sign-in from a device: its tokens and what the device needs to prove itself.
type login struct {
	w             *world
	pool          *pool.Pool
	client        *pool.Client
	name, sub     string
	access, fresh string // access and refresh token
	device.Issued
	password string
	salt     []byte
}

// unbound stands for a session without a device.
const unbound = "-"

// signIn opens a token session for a user, bound to a device key; "" issues a new one.
func (w *world) signIn(p *pool.Pool, c *pool.Client, name, key string) *login {
	w.T.Helper()
	l := &login{w: w, pool: p, client: c, name: name, sub: w.Get(p, name).Sub, password: rand.Text(), salt: make([]byte, 16)}
	_, _ = rand.Read(l.salt)
	l.DeviceKey = key
	switch key {
	case unbound:
		l.DeviceKey = ""
	case "":
		issued, err := w.Issue(w.Ctx, p)
		w.must(err)
		l.Issued = issued
	}
	subject := w.Users.Subject(w.Get(p, name), nil)
	subject.DeviceKey = l.DeviceKey
	g, err := w.Tokens.Prepare(w.Ctx, p, c, subject, token.Options{})
	w.must(err)
	w.must(w.update(func(tx *db.Tx) error { return w.Tokens.Commit(tx, g) }))
	l.access, l.fresh = *g.Result().AccessToken, *g.Result().RefreshToken
	return l
}

// config is the verifier of the login's device as client libraries send it.
func (l *login) config() *cognitoidp.DeviceSecretVerifierConfigType {
	return config(l.salt, srp.Verifier(l.GroupKey, l.DeviceKey, l.password, l.salt))
}

// config encodes both integers as Java's BigInteger does.
func config(salt, verifier []byte) *cognitoidp.DeviceSecretVerifierConfigType {
	pad := func(raw []byte) *string {
		b := new(big.Int).SetBytes(raw).Bytes()
		if len(b) == 0 || b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return new(base64.StdEncoding.EncodeToString(b))
	}
	return &cognitoidp.DeviceSecretVerifierConfigType{Salt: pad(salt), PasswordVerifier: pad(verifier)}
}

// request is the ConfirmDevice of the login.
func (l *login) request() *cognitoidp.ConfirmDeviceRequest {
	return &cognitoidp.ConfirmDeviceRequest{
		AccessToken: l.access, DeviceKey: l.DeviceKey, DeviceName: new("phone"), DeviceSecretVerifierConfig: l.config(),
	}
}

// confirm confirms the login's device.
func (l *login) confirm() *login {
	l.w.T.Helper()
	cognitotest.Call(l.w.World, l.w.ConfirmDevice, l.request())
	return l
}

// device signs a user in from a new device and confirms it.
func (w *world) device(p *pool.Pool, c *pool.Client, name string) *login {
	w.T.Helper()
	return w.signIn(p, c, name, "").confirm()
}

// find reads the login's device as sign-in does.
func (l *login) find() (v *device.Device, err error) {
	err = l.w.DB.View(l.w.Ctx, func(tx *db.Tx) error {
		v, err = l.w.Find(tx, l.pool, l.sub, l.DeviceKey)
		return err
	})
	return v, err
}

// known is find for a device that must be there.
func (l *login) known() *device.Device {
	l.w.T.Helper()
	v, err := l.find()
	l.w.must(err)
	return v
}

// done is the answer of an operation that has none.
type done struct{}

func (w *world) forget(ctx context.Context, in *cognitoidp.ForgetDeviceRequest) (*done, error) {
	return &done{}, w.ForgetDevice(ctx, in)
}

func (w *world) adminForget(ctx context.Context, in *cognitoidp.AdminForgetDeviceRequest) (*done, error) {
	return &done{}, w.AdminForgetDevice(ctx, in)
}
