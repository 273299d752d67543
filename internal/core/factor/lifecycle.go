package factor

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (f *Factors) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "factor", Migrations: Migrations,
		Sweep: f.Sweep, PurgePool: f.DropPool, UserGone: f.Forget,
	}
}
