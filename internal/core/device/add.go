package device

import (
	"context"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// draft is a device that begins now, of whoever sends the request in the context, without group key and verifier.
func (d *Devices) draft(ctx context.Context, p *pool.Pool, sub, key, name string, remembered bool) *Device {
	now := wholeSeconds(d.now())
	v := &Device{
		PoolID: p.ID, Sub: sub, Key: key, Status: cognitoidp.DeviceRememberedStatusTypeNotRemembered,
		Name:    strings.ReplaceAll(name, "\x00", ""), // which the database cannot keep
		Created: now, Modified: now, Authenticated: now,
	}
	if remembered {
		v.Status = cognitoidp.DeviceRememberedStatusTypeRemembered
	}
	if ip := obs.From(ctx).ClientIP; ip.IsValid() {
		v.IP = ip.String()
	}
	return v
}

// Add keeps a device that its user has confirmed; db.ErrConflict when the user has it already. The user is told when it is
// remembered.
func (d *Devices) Add(tx *db.Tx, p *pool.Pool, u *directory.User, v *Device) error {
	if err := insertDevice(tx, v); err != nil || !Remembered(v) {
		return err
	}
	return d.Directory.Notify(tx, p, u, message.DeviceRemembered, "")
}

// Remember makes a device of a user one that is remembered.
func (d *Devices) Remember(tx *db.Tx, p *pool.Pool, u *directory.User, key string) error {
	return d.setStatus(tx, p, u, key, new(cognitoidp.DeviceRememberedStatusTypeRemembered))
}
