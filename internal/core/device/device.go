package device

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// ErrUnknownDevice means that the user has no such device, be it another user's, another pool's or a forgotten one.
// Refusal renders it.
var ErrUnknownDevice = errors.New("device: the user has no such device")

// Deps are the rooms and tools the room is assembled from. Clock and Rand may be nil for the machine's; all other
// fields are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Rand      io.Reader
	Pools     *pool.Pools
	Tokens    *token.Tokens
	Directory *directory.Directory
}

// Devices is the room. It is safe for concurrent use.
type Devices struct{ Deps }

// New assembles the room.
func New(d Deps) *Devices { return &Devices{d} }

// Ops are the AWS operations of this room.
type Ops struct{ *Devices }

// Device is a device that its user has confirmed. Times are milliseconds since 1970, in whole seconds.
type Device struct {
	PoolID, Sub, Key string
	GroupKey         string // prefix of the device's SRP
	Name             string // "" when the client gave none
	Status           cognitoidp.DeviceRememberedStatusType
	Created          int64
	Modified         int64
	Authenticated    int64  // the last sign-in from the device
	IP               string // of that sign-in, "" when unknown

	sealed []byte // salt and verifier
}

// Issued are the keys of a device that its user may confirm.
type Issued struct{ DeviceKey, GroupKey string }

// Metadata is the NewDeviceMetadata member of an AuthenticationResult.
func (i Issued) Metadata() *cognitoidp.NewDeviceMetadataType {
	return &cognitoidp.NewDeviceMetadataType{DeviceKey: &i.DeviceKey, DeviceGroupKey: &i.GroupKey}
}

// Issue draws the keys of a new device. Hand DeviceKey to the token room (token.Subject.DeviceKey) and both to the
// client (Metadata); nothing is written. ConfirmDevice accepts the key from a session that carries it.
func (d *Devices) Issue(ctx context.Context, p *pool.Pool) (Issued, error) {
	key := string(p.Region) + "_" + id.Source{Rand: d.Rand}.UUID()
	group, err := d.groupKey(ctx, p.ID, key)
	return Issued{key, group}, err
}

// groupKey is the group key that belongs to a device key: a dash and 48 bits that only the pool's key can tell.
func (d *Devices) groupKey(ctx context.Context, poolID, key string) (string, error) {
	sum, err := d.Keys.MAC(ctx, poolID, "device/group", key)
	if err != nil {
		return "", fmt.Errorf("device: group key: %w", err)
	}
	return "-" + base64.RawURLEncoding.EncodeToString(sum[:6]), nil
}

// Find reads a device of a user: one point read. ErrUnknownDevice when the user has none by that key.
func (d *Devices) Find(tx *db.Tx, p *pool.Pool, sub, key string) (*Device, error) {
	return readDevice(tx, p.ID, sub, key)
}

// Touch records a sign-in from the device, within the transaction that opens its token session. It returns
// ErrUnknownDevice when the device was forgotten since it was found: roll back then, or the session would outlive it.
func (d *Devices) Touch(tx *db.Tx, v *Device, now time.Time, ip string) error {
	return touchDevice(tx, v, wholeSeconds(now), ip)
}

// wholeSeconds is a time as this room keeps and shows it.
func wholeSeconds(t time.Time) int64 { return t.Unix() * 1000 }

func (d *Devices) now() time.Time { return d.Clock.Now() }
