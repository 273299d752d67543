package iam

import "cognate/internal/core/lifecycle"

// Lifecycle of this room: it keeps rows of the account, which no pool or user takes along.
func (r *Room) Lifecycle() lifecycle.Lifecycle {
	return lifecycle.Lifecycle{Name: "iam", Migrations: Migrations, Flush: r.flush, Forget: r.afresh}
}

// afresh drops what was remembered of a database that is no more.
func (r *Room) afresh() {
	r.forget()
	if last := r.root.Load(); last != nil && !last.fixed {
		r.root.Store(nil)
	}
}
