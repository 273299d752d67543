package db

import "context"

type alongKey struct{}

// Along returns a context whose Updates run fn too, at the end of their own function and in its transaction, so that what
// fn writes is there exactly when the change is. fn sees every Update, and every attempt of it; when once is enough, it
// says so to itself by AfterCommit.
func Along(ctx context.Context, fn func(tx *Tx) error) context.Context {
	return context.WithValue(ctx, alongKey{}, fn)
}

// accompanied is fn followed by what goes along with ctx.
func accompanied(ctx context.Context, fn func(*Tx) error) func(*Tx) error {
	along, ok := ctx.Value(alongKey{}).(func(*Tx) error)
	if !ok {
		return fn
	}
	return func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return along(tx)
	}
}
