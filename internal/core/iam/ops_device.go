package iam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"rsc.io/qr"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/otp"
)

// device is a virtual MFA device: a seed that an authenticator app shares. It becomes a user's when that user proves it.
type device struct {
	base
	Seed    []byte // sealed
	User    string `json:",omitempty"` // key
	Enabled int64  `json:",omitempty"` // ms
}

func (*device) kind() kind { return kindMFA }

// seedSize is the length of a seed in bytes; in base32 it has 64 characters, like those of AWS.
const seedSize = 40

// seedAAD binds a sealed seed to its device. Devices keep their names.
func (r *Room) seedAAD(name string) []string {
	return []string{"iam_entity", "mfa", r.deps.Account, key(name)}
}

// CreateVirtualMFADevice implements the IAM operation. The seed is answered once and kept sealed.
func (o Ops) CreateVirtualMFADevice(ctx context.Context, in *iam.CreateVirtualMFADeviceRequest) (*iam.CreateVirtualMFADeviceResponse, error) {
	d := &device{base: o.fresh("", in.VirtualMFADeviceName, in.Path)}
	if err := d.tag(in.Tags); err != nil {
		return nil, err
	}
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(o.deps.Rand, seed); err != nil {
		return nil, fmt.Errorf("iam: seed: %w", err)
	}
	var err error
	if d.Seed, err = o.deps.Keyring.Seal(ctx, Scope, seed, o.seedAAD(d.Name)...); err != nil {
		return nil, fmt.Errorf("iam: seal seed: %w", err)
	}
	code, err := qr.Encode("otpauth://totp/"+url.PathEscape(d.Name+"@"+o.deps.Account)+"?secret="+otp.Text(seed), qr.M)
	if err != nil {
		return nil, fmt.Errorf("iam: QR code: %w", err)
	}
	if err := o.change(ctx, func(tx *db.Tx) error { return o.add(tx, d) }); err != nil {
		return nil, err
	}
	return &iam.CreateVirtualMFADeviceResponse{VirtualMFADevice: &iam.VirtualMFADevice{
		SerialNumber: o.arn(d), Base32StringSeed: []byte(otp.Text(seed)), QRCodePNG: code.PNG(), Tags: d.tags(),
	}}, nil
}

// EnableMFADevice implements the IAM operation.
func (o Ops) EnableMFADevice(ctx context.Context, in *iam.EnableMFADeviceRequest) error {
	return o.proveDevice(ctx, in.UserName, in.SerialNumber, in.AuthenticationCode1, in.AuthenticationCode2, func(tx *db.Tx, u *user, d *device) error {
		k := key(d.Name)
		switch {
		case d.User != "":
			return iam.NewEntityAlreadyExists("MFA Device is already in use.")
		case len(u.Devices) >= maxDevicesOfUser:
			return beyond("MFADevicesPerUser", maxDevicesOfUser)
		}
		u.Devices = append(u.Devices, k)
		if err := replace(tx, o.deps.Account, u); err != nil {
			return err
		}
		d.User, d.Enabled = key(u.Name), o.deps.Now().UnixMilli()
		return replace(tx, o.deps.Account, d)
	})
}

// ResyncMFADevice implements the IAM operation: it proves the device once more, since time needs no synchronising.
func (o Ops) ResyncMFADevice(ctx context.Context, in *iam.ResyncMFADeviceRequest) error {
	return o.proveDevice(ctx, in.UserName, in.SerialNumber, in.AuthenticationCode1, in.AuthenticationCode2, func(_ *db.Tx, u *user, d *device) error {
		if !slices.Contains(u.Devices, key(d.Name)) {
			return missing(kindMFA, in.SerialNumber)
		}
		return nil
	})
}

// proveDevice checks two codes of a device that follow one another, and then does what they are for.
func (r *Room) proveDevice(ctx context.Context, userName, serial, first, second string, then func(*db.Tx, *user, *device) error) error {
	var d device
	if err := r.view(ctx, func(tx *db.Tx) error { return r.byARN(tx, &d, serial) }); err != nil {
		return err
	}
	ok, err := r.guess(ctx, serial)
	if err != nil {
		return err
	}
	if !ok {
		return badCode()
	}
	seed, err := r.deps.Keyring.Open(ctx, Scope, d.Seed, r.seedAAD(d.Name)...)
	if err != nil {
		return fmt.Errorf("iam: open seed: %w", err)
	}
	one, _ := otp.Match(seed, first, r.deps.Now().Unix(), 0)
	two, _ := otp.Match(seed, second, r.deps.Now().Unix(), one)
	if one < 0 || two != one+1 {
		return badCode()
	}
	return r.change(ctx, func(tx *db.Tx) error {
		var u user
		if err := r.named(tx, &u, userName); err != nil {
			return err
		}
		if err := r.byARN(tx, &d, serial); err != nil {
			return err
		}
		ok, err := accept(tx, r.deps.Account, key(d.Name), two)
		if err != nil {
			return err
		}
		if !ok {
			return badCode()
		}
		return then(tx, &u, &d)
	})
}

func badCode() error {
	return iam.NewInvalidAuthenticationCode("Authentication code for device is not valid.")
}

// DeactivateMFADevice implements the IAM operation.
func (o Ops) DeactivateMFADevice(ctx context.Context, in *iam.DeactivateMFADeviceRequest) error {
	name, err := o.caller(ctx, in.UserName)
	if err != nil {
		return err
	}
	return o.change(ctx, func(tx *db.Tx) error {
		var u user
		var d device
		if err := o.named(tx, &u, name); err != nil {
			return err
		}
		if err := o.byARN(tx, &d, in.SerialNumber); err != nil {
			return err
		}
		at := slices.Index(u.Devices, key(d.Name))
		if at < 0 {
			return missing(kindMFA, in.SerialNumber)
		}
		u.Devices = slices.Delete(u.Devices, at, at+1)
		d.User, d.Enabled = "", 0
		if err := replace(tx, o.deps.Account, &u); err != nil {
			return err
		}
		return replace(tx, o.deps.Account, &d)
	})
}

// DeleteVirtualMFADevice implements the IAM operation.
func (o Ops) DeleteVirtualMFADevice(ctx context.Context, in *iam.DeleteVirtualMFADeviceRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var d device
		if err := o.byARN(tx, &d, in.SerialNumber); err != nil {
			return err
		}
		if d.User != "" {
			return iam.NewDeleteConflict("MFA VirtualDevice in use. Must deactivate first.")
		}
		if err := dropGuesses(tx, o.deps.Account, key(d.Name)); err != nil {
			return err
		}
		return remove(tx, o.deps.Account, kindMFA, key(d.Name))
	})
}

// ListMFADevices implements the IAM operation.
func (o Ops) ListMFADevices(ctx context.Context, in *iam.ListMFADevicesRequest) (*iam.ListMFADevicesResponse, error) {
	name, err := o.caller(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListMFADevices", name)
	if err != nil {
		return nil, err
	}
	var all []iam.MFADevice
	err = o.view(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, name); err != nil {
			return err
		}
		all = []iam.MFADevice{}
		for _, k := range slices.Sorted(slices.Values(u.Devices)) {
			var d device
			if err := read(tx, o.deps.Account, &d, k); err != nil {
				return err
			}
			all = append(all, iam.MFADevice{UserName: u.Name, SerialNumber: o.arn(&d), EnableDate: d.enabled()})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all, truncated, marker, err := within(ctx, page, all, func(d iam.MFADevice) string { return d.SerialNumber })
	return &iam.ListMFADevicesResponse{MFADevices: all, IsTruncated: truncated, Marker: marker}, err
}

func (d *device) enabled() rt.Time { return rt.TimeFromMillis(d.Enabled / 1000 * 1000) }

// GetMFADevice implements the IAM operation.
func (o Ops) GetMFADevice(ctx context.Context, in *iam.GetMFADeviceRequest) (*iam.GetMFADeviceResponse, error) {
	out := &iam.GetMFADeviceResponse{SerialNumber: in.SerialNumber}
	err := o.view(ctx, func(tx *db.Tx) error {
		var d device
		var u user
		if err := o.byARN(tx, &d, in.SerialNumber); err != nil {
			return err
		}
		if d.User == "" {
			return missing(kindMFA, in.SerialNumber)
		}
		if err := read(tx, o.deps.Account, &u, d.User); err != nil {
			return err
		}
		if in.UserName != nil && *in.UserName != u.Name {
			return missing(kindMFA, in.SerialNumber)
		}
		out.UserName, out.EnableDate = &u.Name, new(d.enabled())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListVirtualMFADevices implements the IAM operation.
func (o Ops) ListVirtualMFADevices(ctx context.Context, in *iam.ListVirtualMFADevicesRequest) (*iam.ListVirtualMFADevicesResponse, error) {
	status := iam.AssignmentStatusTypeAny
	if in.AssignmentStatus != nil {
		status = *in.AssignmentStatus
	}
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListVirtualMFADevices", string(status))
	if err != nil {
		return nil, err
	}
	devices, truncated, marker, err := list(ctx, o.Room, page, func(d *device) bool {
		return status == iam.AssignmentStatusTypeAny || (d.User != "") == (status == iam.AssignmentStatusTypeAssigned)
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListVirtualMFADevicesResponse{VirtualMFADevices: []iam.VirtualMFADevice{}, IsTruncated: truncated, Marker: marker}
	err = o.view(ctx, func(tx *db.Tx) error {
		out.VirtualMFADevices = out.VirtualMFADevices[:0]
		for _, d := range devices {
			one := iam.VirtualMFADevice{SerialNumber: o.arn(d)}
			var u user
			err := errNoEntity
			if d.User != "" {
				err = read(tx, o.deps.Account, &u, d.User)
			}
			switch {
			case err == nil:
				one.User, one.EnableDate = o.shown(&u, false), new(d.enabled())
			case !errors.Is(err, errNoEntity):
				return err
			}
			out.VirtualMFADevices = append(out.VirtualMFADevices, one)
		}
		return nil
	})
	return out, err
}

// moveDevices follows a user to a new name.
func (r *Room) moveDevices(tx *db.Tx, u *user, to string) error {
	for _, k := range u.Devices {
		var d device
		if err := read(tx, r.deps.Account, &d, k); err != nil {
			return err
		}
		d.User = to
		if err := replace(tx, r.deps.Account, &d); err != nil {
			return err
		}
	}
	return nil
}
