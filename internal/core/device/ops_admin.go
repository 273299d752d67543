package device

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// AdminGetDevice implements the AWS operation, which declares no UserNotFoundException.
func (o Ops) AdminGetDevice(ctx context.Context, in *cognitoidp.AdminGetDeviceRequest) (*cognitoidp.AdminGetDeviceResponse, error) {
	var out cognitoidp.DeviceType
	err := o.asAdmin(ctx, o.DB.View, in.UserPoolId, in.Username, directory.NoUser(cognitoidp.NewResourceNotFound), func(tx *db.Tx, c directory.Caller, u *directory.User) error {
		d, err := o.Find(tx, c.Pool, u.Sub, in.DeviceKey)
		if err == nil {
			out = d.describeToAdmin(c.Pool, u)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminGetDeviceResponse{Device: &out}, nil
}

// AdminUpdateDeviceStatus implements the AWS operation. Without a status nothing changes.
func (o Ops) AdminUpdateDeviceStatus(ctx context.Context, in *cognitoidp.AdminUpdateDeviceStatusRequest) (*cognitoidp.AdminUpdateDeviceStatusResponse, error) {
	err := o.asAdmin(ctx, o.DB.Update, in.UserPoolId, in.Username, nil, func(tx *db.Tx, c directory.Caller, u *directory.User) error {
		return o.setStatus(tx, c.Pool, u, in.DeviceKey, in.DeviceRememberedStatus)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminUpdateDeviceStatusResponse{}, nil
}

// AdminForgetDevice implements the AWS operation. It ends the sessions of the device.
func (o Ops) AdminForgetDevice(ctx context.Context, in *cognitoidp.AdminForgetDeviceRequest) error {
	return o.asAdmin(ctx, o.DB.Update, in.UserPoolId, in.Username, nil, func(tx *db.Tx, c directory.Caller, u *directory.User) error {
		return o.forget(tx, c.Pool, u, in.DeviceKey)
	})
}

// AdminListDevices implements the AWS operation, which declares no UserNotFoundException. The devices come in order of
// their keys.
func (o Ops) AdminListDevices(ctx context.Context, in *cognitoidp.AdminListDevicesRequest) (*cognitoidp.AdminListDevicesResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	page, err := o.page(ctx, p, "AdminListDevices", in.Username, in.Limit, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AdminListDevicesResponse{Devices: []cognitoidp.DeviceType{}}
	var (
		found []*Device
		last  string
		owner *directory.User
	)
	err = o.asAdmin(ctx, o.DB.View, in.UserPoolId, in.Username, directory.NoUser(cognitoidp.NewResourceNotFound), func(tx *db.Tx, c directory.Caller, u *directory.User) (err error) {
		owner = u
		found, last, err = list(tx, c.Pool, u.Sub, page)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		out.Devices = append(out.Devices, d.describeToAdmin(p, owner))
	}
	out.PaginationToken, err = page.Next(ctx, last)
	return out, err
}

// setStatus remembers a device or does not any more.
func (d *Devices) setStatus(tx *db.Tx, p *pool.Pool, u *directory.User, key string, status *cognitoidp.DeviceRememberedStatusType) error {
	v, err := d.Find(tx, p, u.Sub, key)
	if err != nil || status == nil {
		return err
	}
	if err := setStatus(tx, p.ID, u.Sub, key, string(*status), wholeSeconds(d.now())); err != nil {
		return err
	}
	if *status == v.Status || *status != cognitoidp.DeviceRememberedStatusTypeRemembered {
		return nil
	}
	return d.Directory.Notify(tx, p, u, message.DeviceRemembered, "")
}

// forget deletes a device before its sessions: a sign-in that touches the device in between either comes first, and its
// session is ended here, or finds the device gone.
func (d *Devices) forget(tx *db.Tx, p *pool.Pool, u *directory.User, key string) error {
	if err := deleteDevice(tx, p.ID, u.Sub, key); err != nil {
		return err
	}
	return d.Tokens.RevokeDevice(tx, p.ID, u.Sub, key)
}
