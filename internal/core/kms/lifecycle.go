package kms

import "cognate/internal/core/lifecycle"

// Lifecycle of this room: it keeps rows of the account, which no pool or user takes along.
func (*Keys) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{Name: "kms", Migrations: Migrations}
}
