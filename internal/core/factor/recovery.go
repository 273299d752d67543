package factor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/token"
)

// AMRRecovery is the authentication method of a recovery code. It is none of RFC 8176: otp is a software token here, and
// kba means personal questions. It earns no level and counts for no other sign-in.
const AMRRecovery = "recovery_code"

// What a session must have proven before it may make recovery codes: a passkey, or a password and a second factor that
// the user still has, a short while ago. An access token that was stolen later makes none.
const (
	recoveryLevel = 3
	recoveryAge   = 15 * time.Minute
)

// What recovery codes are refused with, besides the refusals of the access token and Weak.
var (
	// ErrRecoveryOff means that the pool takes no recovery codes.
	ErrRecoveryOff = errors.New("factor: the user pool has recovery codes switched off")
	// ErrNoSecondFactor means that the user is asked for no second factor, which codes could stand in for.
	ErrNoSecondFactor = errors.New("factor: the user has no second factor")
)

// Weak is the refusal of a session that is too old, or has proven too little, to make recovery codes.
type Weak struct {
	ACR    []string      // levels of step-up authentication that would do, none where the pool has no step-up
	MaxAge time.Duration // how long ago the user may have signed in
}

// Error says what is missing.
func (w *Weak) Error() string { return "factor: the session has not proven enough, or too long ago" }

// RecoverySet tells of a user's recovery codes: how many were made, how many are left, and when they were made. The zero
// value is a user who has none.
type RecoverySet struct {
	Made, Left int
	Created    time.Time
}

// MakeRecoveryCodes replaces the recovery codes of the user whose access token it is and returns the new ones, which are
// kept nowhere. poolID is the pool that the caller believes the token to be of.
func (f *Factors) MakeRecoveryCodes(ctx context.Context, poolID, accessToken string) ([]string, error) {
	var codes []string
	err := f.ownRecovery(ctx, poolID, accessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		if err := f.mayRecover(ctx, a, u); err != nil {
			return err
		}
		codes = nil
		row := recoveryRow{created: f.now().UnixMilli()}
		for range a.Pool.RecoveryCodes() {
			text, err := newRecoveryCode(f.random())
			if err != nil {
				return err
			}
			sum, err := f.recoveryHash(tx, a.Pool.ID, u.Sub, text)
			if err != nil {
				return err
			}
			codes = append(codes, text[:recoveryLength/2]+"-"+text[recoveryLength/2:])
			row.hashes = append(row.hashes, sum...)
		}
		if err := putRecovery(tx, a.Pool.ID, u.Sub, row); err != nil {
			return err
		}
		return f.Directory.Notify(tx, a.Pool, u, message.RecoveryCodesMade, "")
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RecoveryCodes tells of the recovery codes of the user whose access token it is.
func (f *Factors) RecoveryCodes(ctx context.Context, poolID, accessToken string) (RecoverySet, error) {
	var set RecoverySet
	err := f.ownRecovery(ctx, poolID, accessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		row, err := readRecovery(tx, a.Pool.ID, u.Sub)
		if err != nil || len(row.hashes) == 0 {
			return err
		}
		set = RecoverySet{Created: time.UnixMilli(row.created)}
		for hash := range slices.Chunk(row.hashes, sha256.Size) {
			set.Made++
			if !bytes.Equal(hash, usedRecovery()) {
				set.Left++
			}
		}
		return nil
	})
	return set, err
}

// DropRecoveryCodes removes the recovery codes of the user whose access token it is.
func (f *Factors) DropRecoveryCodes(ctx context.Context, poolID, accessToken string) error {
	return f.ownRecovery(ctx, poolID, accessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		return dropRecovery(tx, a.Pool.ID, u.Sub)
	})
}

// ownRecovery runs change on the user of an access token in one transaction: pool.ErrPoolNotFound, ErrRecoveryOff, or
// the NotAuthorizedException of the token when it does not come to that.
func (f *Factors) ownRecovery(ctx context.Context, poolID, accessToken string, change func(*db.Tx, directory.Caller, *directory.User) error) error {
	p, err := f.Pools.Pool(ctx, poolID)
	if err == nil && p.RecoveryCodes() == 0 {
		err = ErrRecoveryOff
	}
	if err != nil {
		return err
	}
	return f.Directory.AsOwner(ctx, accessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		if a.Pool.ID != p.ID {
			obs.Cause(ctx, "the access token is of another user pool")
			return token.InvalidAccess()
		}
		return change(tx, a, u)
	})
}

// mayRecover refuses a session that may not make recovery codes. What a newer password or another state of the user
// makes worthless counts as little as in a step-up; recovery codes make no further ones.
func (f *Factors) mayRecover(ctx context.Context, a directory.Caller, u *directory.User) error {
	if len(f.SecondFactors(a.Pool, u)) == 0 {
		return ErrNoSecondFactor
	}
	cause := ""
	switch {
	case f.now().Unix()-a.Access.AuthTime > int64(recoveryAge/time.Second):
		cause = "the user signed in too long ago"
	case u.Status == cognitoidp.UserStatusTypeForceChangePassword, u.Status == cognitoidp.UserStatusTypeResetRequired:
		cause = "the user has to change the password"
	case LevelOf(f.Credited(a.Pool, u, f.FirstFactors(a.Pool, u), a.Access.AMR)) < recoveryLevel:
		cause = "the session has proven too little"
	case slices.Contains(a.Access.AMR, AMRPassword) && !u.Epoch.SamePassword(directory.Epoch(a.Access.Epoch)):
		cause = "the password changed since it was proven"
	}
	if cause == "" {
		return nil
	}
	obs.Cause(ctx, "%s", cause)
	weak := &Weak{MaxAge: recoveryAge}
	if f.Pools.StepUp(a.Pool) == nil {
		for level := recoveryLevel; level <= 4; level++ {
			weak.ACR = append(weak.ACR, a.Pool.ACR(level))
		}
	}
	return weak
}

// redeemRecovery uses a recovery code up when text is one of the user's and may stand in for the code of the challenge.
// It reports false for everything else, which is then a code like any other, right or wrong. Of parallel uses of one
// code exactly one is told true.
func (f *Factors) redeemRecovery(tx *db.Tx, a Ask, text string) (bool, error) {
	code, ok := readRecoveryCode(text)
	if !ok || !a.Recovery || a.First || a.Pretend || a.Pool.RecoveryCodes() == 0 {
		return false, nil
	}
	sum, err := f.recoveryHash(tx, a.Pool.ID, a.User.Sub, code)
	if err != nil {
		return false, err
	}
	row, err := readRecovery(tx, a.Pool.ID, a.User.Sub)
	if err != nil {
		return false, err
	}
	left, found := slices.Clone(row.hashes), 0
	for hash := range slices.Chunk(left, sha256.Size) {
		same := subtle.ConstantTimeCompare(hash, sum)
		subtle.ConstantTimeCopy(same, hash, usedRecovery())
		found |= same
	}
	if found == 0 {
		return false, nil
	}
	won, err := useRecovery(tx, a.Pool.ID, a.User.Sub, row.hashes, left)
	if err == nil && !won {
		err = db.ErrRetry // look again: another code was used, or this one
	}
	if err == nil {
		err = f.Directory.Notify(tx, a.Pool, a.User, message.RecoveryCodeUsed, "")
	}
	return err == nil, err
}

// usedRecovery stands where the hash of a used code was; no keyed hash is all zeros.
func usedRecovery() []byte { return make([]byte, sha256.Size) }

// recoveryHash is what is kept of a code: worth nothing without the pool's key, nor for another pool or user.
func (f *Factors) recoveryHash(tx *db.Tx, poolID, sub, code string) ([]byte, error) {
	sum, err := f.Keys.MAC(tx.Context(), poolID, "factor_recovery", sub, code)
	if err != nil {
		return nil, fmt.Errorf("factor: hash recovery code: %w", err)
	}
	return sum, nil
}
