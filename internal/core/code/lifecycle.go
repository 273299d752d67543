package code

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (c *Codes) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "code", Migrations: Migrations,
		Sweep: c.Sweep, PurgePool: c.DropPool, UserGone: c.DropUser,
	}
}
