package branding

import (
	"io"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/pool"
)

// Deps are the rooms and tools that this one works with; all are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Pools     *pool.Pools
	Addresses pool.Addresses
	Rand      io.Reader
}

// Room keeps how pages look. It is safe for concurrent use.
type Room struct {
	Deps
	ids    id.Source
	pages  pagetoken.Tokens
	looks  *cache[*Look]
	images *cache[*Content]
}

// New assembles the room.
func New(d Deps) *Room {
	return &Room{
		Deps: d, ids: id.Source{Rand: d.Rand}, pages: pagetoken.Tokens{Keys: d.Keys, Now: d.Clock.Now},
		looks: newCache[*Look](cachedLooks), images: newCache[*Content](cachedBytes),
	}
}

// Ops are the AWS operations of this room.
type Ops struct{ *Room }
