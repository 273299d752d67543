package server

import (
	"context"
	"iter"

	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/core/directory"
)

// LoadUsers writes many users straight into a pool of a stopped or running
// server's database, for benchmarks and imports. It returns how many.
func LoadUsers(ctx context.Context, s config.Settings, poolID string, users iter.Seq[directory.NewUser]) (int, error) {
	a, err := build(ctx, s, obs.Discard())
	if err != nil {
		return 0, err
	}
	defer a.close()
	p, err := a.Pools.Pool(ctx, poolID)
	if err != nil {
		return 0, err
	}
	return a.Users.BulkInsert(ctx, p, users)
}
