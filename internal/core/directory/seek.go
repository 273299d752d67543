package directory

import (
	"fmt"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// Seek is Resolve for operations that hide who has an account: a name nobody has costs what a user's name costs. The
// statements are the same, they read as many rows, and the row of somebody is decoded in any case.
//
// It returns the user whom the name means and true, or false and the user whose sub follows position, which is nobody's
// business: the caller does with that user what it does with one it found, and forgets it. Only a pool without users has
// none to return. position is the sub that stands for the name when nobody has it (GhostSub).
func (d *Directory) Seek(tx *db.Tx, p *pool.Pool, name, position string) (u *User, known bool, err error) {
	holders, err := seekAliases(tx, p.ID, aliasKey(p, name))
	if err != nil {
		return nil, false, err
	}
	sub := ""
	for _, kind := range kindOrder {
		if sub = holders[kind]; sub != "" {
			break
		}
	}
	if sub == "" {
		sub = position
		if len(p.AliasAttrs) == 0 && isUUID(name) {
			sub = name
		}
	}
	return d.SeekSub(tx, p, sub)
}

// SeekSub is Seek for a sub, a user's or a ghost's, which is its own position.
func (d *Directory) SeekSub(tx *db.Tx, p *pool.Pool, sub string) (u *User, known bool, err error) {
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
