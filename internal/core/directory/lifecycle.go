package directory

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (d *Directory) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "directory", Migrations: Migrations,
		Sweep: d.Sweep, PurgePool: d.DropPool,
	}
}
