package message

import "cognate/internal/core/lifecycle"

// Lifecycle is what this room does when a pool or a user begins or ends.
func (m *Messages) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{
		Name: "message", Migrations: Migrations,
		PoolGone: m.DeletePool, Run: m.Run,
	}
}
