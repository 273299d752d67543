package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// ErrChanged is returned by Save and Delete for a user that was read in an earlier transaction and changed since. The
// caller reads it again and decides anew; a user read in the same transaction makes Update run again instead.
var ErrChanged = errors.New("directory: user changed since it was read")

// Create makes a user with all names and search rows. *AliasTaken says which name is somebody's already: it matches
// ErrUsernameExists when that is what users sign in with in this pool, else ErrAliasExists. A taken sub is
// ErrUsernameExists too.
func (d *Directory) Create(ctx context.Context, tx *db.Tx, p *pool.Pool, n NewUser) (*User, error) {
	u, err := d.build(ctx, p, n)
	if err != nil {
		return nil, err
	}
	if u.Username != u.Sub && isUUID(u.Username) {
		// Somebody else's sub as user name would take over every call that names that user by sub.
		if _, err := d.BySub(tx, p, u.Username); err == nil {
			return nil, &AliasTaken{Attribute: kindUsername}
		} else if !errors.Is(err, ErrUserNotFound) {
			return nil, err
		}
	}
	if u.was, err = u.record(); err != nil {
		return nil, fmt.Errorf("directory: encode user: %w", err)
	}
	u.readIn = tx
	if n.MoveAliases {
		if err := d.MoveAliases(tx, p, u); err != nil {
			return nil, err
		}
	}
	b := batch{tx: tx, p: p, sub: u.Sub}
	b.expect(insertUser(p.ID, u.was), &AliasTaken{Attribute: kindUsername})
	b.aliases(nil, aliases(p, u))
	b.search(nil, searchRows(u))
	return u, b.run()
}

// build makes the user that n describes, with the invariants that Save relies on.
func (d *Directory) build(ctx context.Context, p *pool.Pool, n NewUser) (*User, error) {
	if n.Sub == "" {
		n.Sub = d.IDs.UUID()
	}
	if !isUUID(n.Sub) {
		return nil, fmt.Errorf("directory: sub %q is not a lower-case UUID", n.Sub)
	}
	now := d.now().UnixMilli()
	if n.Created == 0 {
		n.Created = now
	}
	u := &User{
		PoolID: p.ID, Sub: n.Sub, Username: storedUsername(p, n.Username, n.Sub), Status: n.Status, Enabled: !n.Disabled,
		Created: n.Created, Modified: now, Version: 1, MFA: n.MFA, Attributes: make(map[string]string, len(n.Attributes)+1),
	}
	for name, value := range n.Attributes {
		if name != "sub" && value != "" {
			u.Attributes[name] = value
		}
	}
	for _, name := range [...]string{kindEmail, kindPhone} {
		if u.Status == cognitoidp.UserStatusTypeUnconfirmed && u.Attributes[name] != "" && u.Attributes[name+"_verified"] == "" {
			u.Attributes[name+"_verified"] = "false"
		}
	}
	var err error
	u.credential, err = d.seal(ctx, p.ID, u.Sub, n.Credential)
	return u, err
}

// Save writes u, its names and its search rows, if nobody changed the user since it was read: otherwise Update runs
// again (a user read in tx) or ErrChanged is returned (read earlier). *AliasTaken, which matches ErrAliasExists, names
// an alias that somebody else holds; nothing may be written in the transaction after it.
//
// In pools with change notices the owner is told what this changes about how they prove who they are.
func (d *Directory) Save(tx *db.Tx, p *pool.Pool, u *User) error {
	was := u.base(tx)
	u.Sub, u.Username, u.Created = was.sub, was.username, was.created
	u.Modified = max(d.now().UnixMilli(), was.modified)
	u.Epoch = u.nextEpoch(was)
	next, err := u.record()
	if err != nil {
		return fmt.Errorf("directory: encode user: %w", err)
	}
	next.version = was.version + 1
	old, err := was.user(tx, p.ID)
	if err != nil {
		return err
	}
	b := batch{tx: tx, p: p, sub: u.Sub}
	b.expect(updateUser(p.ID, next, was.version), u.lost(tx))
	b.aliases(aliases(p, old), aliases(p, u))
	b.search(searchRows(old), searchRows(u))
	if err := b.run(); err != nil {
		return err
	}
	if err := d.notices(tx, p, old, u); err != nil {
		return err
	}
	// What was read stays as it is: when this transaction is rolled back and run again with the same u, its base is the
	// row as it was read.
	u.savedIn, u.savedAs = tx, next
	return nil
}

// base is the row that u was made from, as it stands in tx.
func (u *User) base(tx *db.Tx) record {
	if u.savedIn == tx {
		return u.savedAs
	}
	return u.was
}

// lost is the error of a failed compare-and-swap.
func (u *User) lost(tx *db.Tx) error {
	if u.readIn == tx {
		return db.ErrRetry
	}
	return ErrChanged
}

// MoveAliases takes the e-mail address and phone number that u has verified from the users who hold them as aliases
// (ForceAliasCreation): these keep the value, but unverified. Call it before Save.
func (d *Directory) MoveAliases(tx *db.Tx, p *pool.Pool, u *User) error {
	for _, a := range aliases(p, u) {
		if a.Kind != kindEmail && a.Kind != kindPhone || !p.AliasAttrs.Has(a.Kind) {
			continue
		}
		holders, err := readAliases(tx, p.ID, a.Value)
		if err != nil {
			return err
		}
		if holders[a.Kind] == "" || holders[a.Kind] == u.Sub {
			continue
		}
		other, err := d.BySub(tx, p, holders[a.Kind])
		if err != nil {
			return err
		}
		other.Attributes[a.Kind+"_verified"] = "false"
		if err := d.Save(tx, p, other); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes u with names, search rows and memberships, and tells the other rooms.
func (d *Directory) Delete(tx *db.Tx, p *pool.Pool, u *User) error {
	was := u.base(tx)
	old, err := was.user(tx, p.ID)
	if err != nil {
		return err
	}
	b := batch{tx: tx, p: p, sub: u.Sub}
	b.expect(deleteUser(p.ID, u.Sub, was.version), u.lost(tx))
	b.aliases(aliases(p, old), nil)
	b.search(searchRows(old), nil)
	members, err := readMemberships(tx, p.ID, u.Sub)
	if err != nil {
		return err
	}
	for _, m := range members {
		b.stmts = append(b.stmts, deleteMember(p.ID, u.Sub, m), deleteGroupUser(p.ID, u.Sub, m))
	}
	if err := b.run(); err != nil {
		return err
	}
	return d.UserGone(tx, p.ID, u.Sub)
}

// batch collects the statements that change one user and sends them together.
type batch struct {
	tx    *db.Tx
	p     *pool.Pool
	sub   string
	stmts []db.Stmt
	must  map[int]error
}

// expect adds a statement that has to change a row; otherwise run returns err.
func (b *batch) expect(s db.Stmt, err error) {
	if b.must == nil {
		b.must = map[int]error{}
	}
	b.must[len(b.stmts)] = err
	b.stmts = append(b.stmts, s)
}

// aliases turns one set of names into another.
func (b *batch) aliases(old, next []alias) {
	for _, a := range old {
		if !slices.Contains(next, a) {
			b.stmts = append(b.stmts, deleteAlias(b.p.ID, a, b.sub))
		}
	}
	for _, a := range next {
		if !slices.Contains(old, a) {
			b.expect(insertAlias(b.p.ID, a, b.sub), &AliasTaken{Attribute: a.Kind, Sign: b.p.UsernameAttrs.Has(a.Kind)})
		}
	}
}

// search turns one set of search rows into another.
func (b *batch) search(old, next []searchRow) {
	for _, s := range old {
		if !slices.Contains(next, s) {
			b.stmts = append(b.stmts, deleteSearch(b.p.ID, s, b.sub))
		}
	}
	for _, s := range next {
		if !slices.Contains(old, s) {
			b.stmts = append(b.stmts, insertSearch(b.p.ID, s, b.sub))
		}
	}
}

// run sends the statements. The first one that should have changed a row and did not decides the error.
func (b *batch) run() error {
	counts, err := b.tx.ExecBatch(b.stmts...)
	if err != nil {
		return fmt.Errorf("directory: write user: %w", err)
	}
	for i, n := range counts {
		if n == 0 && b.must[i] != nil {
			return b.must[i]
		}
	}
	return nil
}
