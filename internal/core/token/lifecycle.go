package token

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (t *Tokens) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "token", Migrations: Migrations,
		PoolMade: t.CreateKeys, PoolGone: t.DropKeys, PurgePool: t.DropPool, UserGone: t.RevokeUser,
		Sweep: t.Sweep, Flush: t.Flush, Forget: t.Forget,
	}
}
