package device

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (d *Devices) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "device", Migrations: Migrations,
		PurgePool: d.DropPool, UserGone: d.Forget,
	}
}
