package factor

import (
	"context"
	"fmt"

	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// VerifyTOTP redeems a code of the user's software token. Each time step is good for one success: of parallel uses of
// one code exactly one wins, on every engine.
func (f *Factors) VerifyTOTP(tx *db.Tx, p *pool.Pool, u *directory.User, text string) error {
	prove, err := f.proofTOTP(tx, p, u, text)
	if err != nil {
		return err
	}
	return f.guarded(tx, p.ID, u.Sub, prove)
}

// proofTOTP is VerifyTOTP without the count of failures. ErrNotSetUp when the user has no token.
func (f *Factors) proofTOTP(tx *db.Tx, p *pool.Pool, u *directory.User, text string) (func() error, error) {
	row, err := readSoftware(tx, p.ID, u.Sub)
	if err == nil && len(row.seed) == 0 {
		err = ErrNotSetUp
	}
	return func() error { return f.redeem(tx, p, u.Sub, row, text) }, err
}

func (f *Factors) redeem(tx *db.Tx, p *pool.Pool, sub string, row software, text string) error {
	seed, err := f.openSeed(tx.Context(), p.ID, sub, "seed", row.seed)
	if err != nil {
		return err
	}
	step, err := matchTOTP(seed, text, f.now().Unix(), row.step)
	if err != nil {
		return err
	}
	won, err := useStep(tx, p.ID, sub, row.seed, step)
	if err == nil && !won {
		err = ErrReplayed
	}
	return err
}

// adopt makes a seed the user's software token if text is a code of it. pending is the sealed seed that waits in the
// user's row, empty for one that came with a session. It reports false when something else was set up meanwhile.
func (f *Factors) adopt(tx *db.Tx, p *pool.Pool, u *directory.User, seed, pending []byte, text, name string) (bool, error) {
	adopted := false
	err := f.guarded(tx, p.ID, u.Sub, func() error {
		adopted = false
		step, err := matchTOTP(seed, text, f.now().Unix(), 0)
		if err != nil {
			return err
		}
		sealed, err := f.sealSeed(tx.Context(), p.ID, u.Sub, "seed", seed)
		if err != nil {
			return err
		}
		adopted, err = putSeed(tx, p.ID, u.Sub, sealed, pending, name, step, f.now().UnixMilli())
		return err
	})
	if err != nil || !adopted {
		return adopted, err
	}
	if u.MFA.TOTP { // the seed is another one now
		return true, f.Directory.Notify(tx, p, u, message.SoftwareTokenAdded, "")
	}
	u.MFA.TOTP = true
	return true, f.Directory.Save(tx, p, u)
}

// sealSeed binds a seed to its table, column, pool and user.
func (f *Factors) sealSeed(ctx context.Context, poolID, sub, column string, seed []byte) ([]byte, error) {
	sealed, err := f.Keys.Seal(ctx, poolID, seed, "factor_totp", column, sub)
	if err != nil {
		return nil, fmt.Errorf("factor: seal seed: %w", err)
	}
	return sealed, nil
}

func (f *Factors) openSeed(ctx context.Context, poolID, sub, column string, sealed []byte) ([]byte, error) {
	seed, err := f.Keys.Open(ctx, poolID, sealed, "factor_totp", column, sub)
	if err != nil {
		return nil, fmt.Errorf("factor: open seed: %w", err)
	}
	return seed, nil
}
