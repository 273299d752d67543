package guard

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/limit"
)

const (
	// remembered is how long a source is known after the last sign-in from there.
	remembered = 90 * 24 * time.Hour
	// renewed is how old a known source may grow before a sign-in writes it again.
	renewed = 24 * time.Hour
	// most is how many sources of a user are known: each has tries of its own.
	most = 10
)

// Deps are the tools of the room. Shared may be empty.
type Deps struct {
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock
	// Shared are networks that many people share and that are therefore no sources, such as those of an application's own
	// servers.
	Shared []netip.Prefix
	Limits Limits
	// Refused is told the scope of a budget that refused a request; nil for nobody.
	Refused func(scope string)
}

// Guard is the room. It is safe for concurrent use.
type Guard struct {
	Deps
	budgets *limit.Budgets
}

// New returns the room.
func New(d Deps) *Guard { return &Guard{d, limit.NewBudgets(d.DB, d.Clock)} }

// Asker is who asks about an account, as the account knows them. The zero value is a stranger.
type Asker struct {
	id    string // of the source, "" for none
	known string // what tells the tries from those of everybody else, "" for a stranger
	fresh bool   // known, and written not long ago
}

// Known reports whether the user has proven themselves from here before.
func (a Asker) Known() bool { return a.known != "" }

// Of is the account under which the tries of the asker are counted.
func (a Asker) Of(account string) string {
	if a.known == "" {
		return account
	}
	return account + "/" + a.known
}

// Asker returns who asks about the account sub, which may be nobody's. The pool's keys have to be loaded.
func (g *Guard) Asker(tx *db.Tx, poolID, sub string) (Asker, error) {
	source := g.source(tx.Context())
	if source == "" {
		return Asker{}, nil
	}
	id, err := g.hash(tx.Context(), poolID, "guard/source", sub, source)
	if err != nil {
		return Asker{}, err
	}
	at, err := readSource(tx, poolID, sub, id)
	if errors.Is(err, db.ErrNoRows) || err == nil && g.since(at) >= remembered {
		return Asker{id: id}, nil
	}
	return Asker{id: id, known: "source:" + id, fresh: g.since(at) < renewed}, err
}

// Holding is the asker who holds a device that the user has confirmed, wherever from.
func (a Asker) Holding(deviceKey string) Asker {
	if !a.Known() {
		a.known = "device:" + deviceKey
	}
	return a
}

// Proven notes that the user sub has proven everything that a sign-in asks for.
func (g *Guard) Proven(tx *db.Tx, poolID, sub string, a Asker) error {
	if a.id == "" || a.fresh {
		return nil
	}
	return putSource(tx, poolID, sub, a.id, g.Clock.Milli(), most)
}

func (g *Guard) since(at int64) time.Duration { return g.Clock.Now().Sub(time.UnixMilli(at)) }

// hash stands for something that is not to be read in the database.
func (g *Guard) hash(ctx context.Context, scope, purpose string, data ...string) (string, error) {
	sum, err := g.Keys.MAC(ctx, scope, purpose, data...)
	if err != nil {
		return "", fmt.Errorf("guard: hash: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum[:15]), nil
}
