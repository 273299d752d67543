package directory

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// Seek is Resolve for operations that hide who has an account: a name nobody has costs what a user's name costs. There
// are as many statements, and the row of somebody is read and decoded in any case. A user's name takes two point reads.
//
// It returns the user whom the name means and true, or false and the user whose sub follows position, which is nobody's
// business: the caller does with that user what it does with one it found, and forgets it. Only a pool without users has
// none to return. position is the sub that stands for the name when nobody has it (GhostSub).
func (d *Directory) Seek(tx *db.Tx, p *pool.Pool, name, position string) (u *User, known bool, err error) {
	sub, err := d.holder(tx, p, name)
	if err != nil {
		return nil, false, err
	}
	if sub != "" {
		return d.exact(tx, p, sub)
	}
	if subName(p, name) {
		position = name
	}
	return d.near(tx, p, position)
}

// SeekSub is Seek for a sub, a user's or a ghost's, which is its own position.
func (d *Directory) SeekSub(tx *db.Tx, p *pool.Pool, sub string) (u *User, known bool, err error) {
	ghost, err := d.isGhost(tx.Context(), p, sub)
	if err != nil {
		return nil, false, err
	}
	if ghost {
		return d.near(tx, p, sub)
	}
	return d.exact(tx, p, sub)
}

// exact reads the user with a sub that was a user's a moment ago.
func (d *Directory) exact(tx *db.Tx, p *pool.Pool, sub string) (u *User, known bool, err error) {
	u, err = d.BySub(tx, p, sub)
	if errors.Is(err, ErrUserNotFound) { // deleted meanwhile
		return d.near(tx, p, sub)
	}
	return u, err == nil, err
}

// near reads the user with a sub, or else the next one.
func (d *Directory) near(tx *db.Tx, p *pool.Pool, sub string) (u *User, exact bool, err error) {
	row, found, err := seekUser(tx, p.ID, sub)
	if err == nil && !found { // behind the last user comes the first
		row, found, err = seekUser(tx, p.ID, "")
	}
	if err != nil {
		return nil, false, fmt.Errorf("directory: read user: %w", err)
	}
	if !found {
		return nil, false, nil
	}
	u, err = row.user(tx, p.ID)
	return u, err == nil && row.sub == sub, err
}

// ghostMark is how many bytes at the end of a ghost's sub are a keyed hash of the others, so that ghosts are known
// without a look into the database. A user's sub that looks like one by chance is read by near, no worse.
const ghostMark = 4

// GhostSub returns the sub that stands for a name nobody has: a UUID that depends on the pool's key and the normalised
// name alone, so that counters, limits and simulated answers are stable and equal for all spellings of the name.
func (d *Directory) GhostSub(ctx context.Context, p *pool.Pool, name string) (string, error) {
	sum, err := d.Keys.MAC(ctx, p.ID, "directory/ghost-sub", aliasKey(p, name))
	if err != nil {
		return "", fmt.Errorf("directory: ghost sub: %w", err)
	}
	b := sum[:16:16]
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	mark, err := d.ghostMark(ctx, p, b)
	if err != nil {
		return "", err
	}
	copy(b[16-ghostMark:], mark)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

func (d *Directory) ghostMark(ctx context.Context, p *pool.Pool, uuid []byte) ([]byte, error) {
	sum, err := d.Keys.MAC(ctx, p.ID, "directory/ghost-mark", hex.EncodeToString(uuid[:16-ghostMark]))
	if err != nil {
		return nil, fmt.Errorf("directory: ghost mark: %w", err)
	}
	return sum[:ghostMark], nil
}

// isGhost reports whether sub was made by GhostSub for the pool.
func (d *Directory) isGhost(ctx context.Context, p *pool.Pool, sub string) (bool, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(sub, "-", ""))
	if err != nil || len(b) != 16 {
		return false, nil
	}
	mark, err := d.ghostMark(ctx, p, b)
	return err == nil && subtle.ConstantTimeCompare(mark, b[16-ghostMark:]) == 1, err
}
