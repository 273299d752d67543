package signin

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (e *Engine) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "signin", Migrations: Migrations,
		Sweep: e.Sweep, PurgePool: e.DropPool, UserGone: forgetUser,
	}
}
