package iam

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/base/db"
	"cognate/internal/base/otp"
)

// ErrCode says that a code is not one of the user's device, that it was used before, or that too many were tried.
var ErrCode = errors.New("iam: wrong one-time code")

// guess counts a code before it is compared, and reports whether it may be.
func (r *Room) guess(ctx context.Context, serial string) (ok bool, err error) {
	err = r.deps.DB.Update(ctx, func(tx *db.Tx) (err error) {
		ok, err = reserveGuess(tx, r.deps.Account, key(r.nameIn(serial, kindMFA)), r.deps.Now().UnixMilli())
		return err
	})
	return ok, err
}

// Prove checks a code of a device that belongs to a user; it can be used once. Every other outcome but one of the
// database is ErrCode.
func (r *Room) Prove(ctx context.Context, userName, serial, code string) error {
	var d device
	err := r.view(ctx, func(tx *db.Tx) error {
		var u user
		if err := read(tx, r.deps.Account, &u, key(userName)); err != nil {
			return err
		}
		if err := read(tx, r.deps.Account, &d, key(r.nameIn(serial, kindMFA))); err != nil {
			return err
		}
		if !slices.Contains(u.Devices, key(d.Name)) || r.arn(&d) != serial {
			return errNoEntity
		}
		return nil
	})
	if errors.Is(err, errNoEntity) {
		return ErrCode
	}
	if err != nil {
		return err
	}
	ok, err := r.guess(ctx, serial)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: too many were tried", ErrCode)
	}
	seed, err := r.deps.Keyring.Open(ctx, Scope, d.Seed, r.seedAAD(d.Name)...)
	if err != nil {
		return fmt.Errorf("iam: open seed: %w", err)
	}
	step, _ := otp.Match(seed, code, r.deps.Now().Unix(), 0)
	if step < 0 {
		return ErrCode
	}
	err = r.deps.DB.Update(ctx, func(tx *db.Tx) (err error) {
		ok, err = accept(tx, r.deps.Account, key(d.Name), step)
		return err
	})
	if err == nil && !ok {
		err = ErrCode
	}
	return err
}
