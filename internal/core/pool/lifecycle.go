package pool

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (p *Pools) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "pool", Migrations: Migrations,
		Run: p.Watch, Forget: p.Forget,
	}
}
