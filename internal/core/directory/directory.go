package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/core/code"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Deps are the rooms and tools the directory is assembled from. Clock and IDs may be zero for the machine's; all other
// fields are required.
type Deps struct {
	DB       *db.DB
	Keys     *keyring.Keyring
	Clock    *clock.Clock
	IDs      id.Source
	Pools    *pool.Pools
	Tokens   *token.Tokens
	Codes    *code.Codes
	Messages *message.Messages
	Guard    *guard.Guard

	// UserGone runs in the transaction that deletes a user: the other rooms forget the user too.
	UserGone func(tx *db.Tx, poolID, sub string) error
}

// Directory keeps users and groups. It is safe for concurrent use.
type Directory struct{ Deps }

// New assembles the room.
func New(d Deps) *Directory { return &Directory{d} }

// Ops are the AWS operations of this room.
type Ops struct{ *Directory }

// Resolve finds the user that a typed name means: by user name, by alias or sign-in attribute, and in pools without
// aliases by sub. It reads two rows by key whatever the outcome, so that an unknown name costs what a known one does.
// ErrUserNotFound when nobody has the name.
func (d *Directory) Resolve(tx *db.Tx, p *pool.Pool, name string) (*User, error) {
	sub, err := d.holder(tx, p, name)
	if err != nil {
		return nil, err
	}
	if sub == "" && subName(p, name) {
		sub = name
	}
	return d.BySub(tx, p, sub)
}

// holder returns the sub of whoever holds a name, "" for nobody.
func (d *Directory) holder(tx *db.Tx, p *pool.Pool, name string) (string, error) {
	holders, err := readAliases(tx, p.ID, aliasKey(p, name))
	if err != nil {
		return "", err
	}
	for _, kind := range kindOrder {
		if sub := holders[kind]; sub != "" {
			return sub, nil
		}
	}
	return "", nil
}

// subName reports whether a name that nobody holds may be the sub of a user.
func subName(p *pool.Pool, name string) bool { return len(p.AliasAttrs) == 0 && isUUID(name) }

// BySub reads a user by sub; ErrUserNotFound when the pool has no such user.
func (d *Directory) BySub(tx *db.Tx, p *pool.Pool, sub string) (*User, error) {
	row, err := readUser(tx, p.ID, sub)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrUserNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("directory: read user: %w", err)
	}
	return row.user(tx, p.ID)
}

// Names reports whether typed is a name under which Resolve finds u, or the user's sub.
func (d *Directory) Names(p *pool.Pool, u *User, typed string) bool {
	if typed == u.Sub || typed == u.Username {
		return true
	}
	key := aliasKey(p, typed)
	for _, a := range aliases(p, u) {
		if a.Value == key {
			return true
		}
	}
	return false
}

// Credential opens the user's password credential; nil for a user without a password.
func (d *Directory) Credential(ctx context.Context, u *User) (*password.Credential, error) {
	if len(u.credential) == 0 {
		return nil, nil
	}
	plain, err := d.Keys.Open(ctx, u.PoolID, u.credential, tableUser, "credential", u.Sub)
	if err != nil {
		return nil, fmt.Errorf("directory: open credential: %w", err)
	}
	c := new(password.Credential)
	if err := c.Unmarshal(plain); err != nil {
		return nil, fmt.Errorf("directory: credential: %w", err)
	}
	return c, nil
}

// SetCredential seals c into u, to be written by Save; nil removes the password.
func (d *Directory) SetCredential(ctx context.Context, u *User, c *password.Credential) error {
	u.newPassword = c != nil && !c.Temporary
	return d.RenewCredential(ctx, u, c)
}

// RenewCredential is SetCredential for a password that stays the same, so that nobody is told of a change.
func (d *Directory) RenewCredential(ctx context.Context, u *User, c *password.Credential) error {
	sealed, err := d.seal(ctx, u.PoolID, u.Sub, c)
	if err == nil {
		u.credential = sealed
	}
	return err
}

// seal binds the credential to its table, column, pool and row.
func (d *Directory) seal(ctx context.Context, poolID, sub string, c *password.Credential) ([]byte, error) {
	if c == nil {
		return nil, nil
	}
	plain, err := c.Marshal()
	if err != nil {
		return nil, fmt.Errorf("directory: credential: %w", err)
	}
	sealed, err := d.Keys.Seal(ctx, poolID, plain, tableUser, "credential", sub)
	if err != nil {
		return nil, fmt.Errorf("directory: seal credential: %w", err)
	}
	return sealed, nil
}

// Subject is u as the token room wants it. Factor, device and time fields are the caller's to fill.
func (d *Directory) Subject(u *User, groups []token.Group) token.Subject {
	return token.Subject{Sub: u.Sub, Username: u.Username, Attributes: u.Attributes, Groups: groups, Epoch: int64(u.Epoch)}
}

func (d *Directory) now() time.Time { return d.Clock.Now() }
