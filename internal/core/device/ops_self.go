package device

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
)

// ConfirmDevice implements the AWS operation. The key must be the one that the caller's own sign-in was issued: a token
// cannot confirm a device of another session.
func (o Ops) ConfirmDevice(ctx context.Context, in *cognitoidp.ConfirmDeviceRequest) (*cognitoidp.ConfirmDeviceResponse, error) {
	a, err := o.owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if a.Access.DeviceKey == "" || a.Access.DeviceKey != in.DeviceKey {
		obs.Cause(ctx, "the device key is not the one of the access token's session")
		return nil, cognitoidp.NewInvalidParameter("Invalid device key given.")
	}
	s, err := readConfig(in.DeviceSecretVerifierConfig)
	if err != nil {
		return nil, err
	}
	ask := AskUser(a.Pool)
	d := o.draft(ctx, a.Pool, a.Access.Sub, in.DeviceKey, value(in.DeviceName), !ask)
	d.Authenticated = a.Access.AuthTime * 1000
	if d.GroupKey, err = o.groupKey(ctx, d.PoolID, d.Key); err != nil {
		return nil, err
	}
	if err := o.seal(ctx, d, s); err != nil {
		return nil, err
	}
	err = o.as(ctx, o.DB.Update, a, func(tx *db.Tx, u *directory.User) error {
		return o.Add(tx, a.Pool, u, d)
	})
	if errors.Is(err, db.ErrConflict) {
		return nil, errExists()
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmDeviceResponse{UserConfirmationNecessary: &ask}, nil
}

// GetDevice implements the AWS operation.
func (o Ops) GetDevice(ctx context.Context, in *cognitoidp.GetDeviceRequest) (*cognitoidp.GetDeviceResponse, error) {
	a, err := o.owner(ctx, value(in.AccessToken))
	if err != nil {
		return nil, err
	}
	var out cognitoidp.DeviceType
	err = o.as(ctx, o.DB.View, a, func(tx *db.Tx, u *directory.User) error {
		d, err := o.Find(tx, a.Pool, u.Sub, in.DeviceKey)
		if err == nil {
			out = d.describe()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetDeviceResponse{Device: &out}, nil
}

// UpdateDeviceStatus implements the AWS operation. Without a status nothing changes.
func (o Ops) UpdateDeviceStatus(ctx context.Context, in *cognitoidp.UpdateDeviceStatusRequest) (*cognitoidp.UpdateDeviceStatusResponse, error) {
	a, err := o.owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	err = o.as(ctx, o.DB.Update, a, func(tx *db.Tx, u *directory.User) error {
		return o.setStatus(tx, a.Pool, u, in.DeviceKey, in.DeviceRememberedStatus)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateDeviceStatusResponse{}, nil
}

// ForgetDevice implements the AWS operation. It ends the sessions of the device, that of the caller too when it is
// bound to the device.
func (o Ops) ForgetDevice(ctx context.Context, in *cognitoidp.ForgetDeviceRequest) error {
	a, err := o.owner(ctx, value(in.AccessToken))
	if err != nil {
		return err
	}
	return o.as(ctx, o.DB.Update, a, func(tx *db.Tx, u *directory.User) error {
		return o.forget(tx, a.Pool, u, in.DeviceKey)
	})
}

// ListDevices implements the AWS operation, in order of the device keys.
func (o Ops) ListDevices(ctx context.Context, in *cognitoidp.ListDevicesRequest) (*cognitoidp.ListDevicesResponse, error) {
	a, err := o.owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	page, err := o.page(ctx, a.Pool, "ListDevices", a.Access.Sub, in.Limit, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListDevicesResponse{Devices: []cognitoidp.DeviceType{}}
	var found []*Device
	last := ""
	err = o.as(ctx, o.DB.View, a, func(tx *db.Tx, u *directory.User) (err error) {
		found, last, err = list(tx, a.Pool, u.Sub, page)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		out.Devices = append(out.Devices, d.describe())
	}
	out.PaginationToken, err = page.Next(ctx, last)
	return out, err
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
