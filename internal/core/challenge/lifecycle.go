package challenge

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (s *Sessions) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "challenge", Migrations: Migrations,
		Sweep: s.Sweep, PurgePool: s.DropPool,
	}
}
