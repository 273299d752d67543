package iam

import "cognate/internal/core/lifecycle"

// Lifecycle of this room: it keeps rows of the account, which no pool or user takes along.
func (*Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{Name: "iam", Migrations: Migrations}
}
