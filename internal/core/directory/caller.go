package directory

import "cognate/internal/core/pool"

// Caller is who an operation is for: the pool, and the app client where one asked. Rules take it in place of the many
// ways in which a request says so.
type Caller struct {
	Pool     *pool.Pool
	Client   *pool.Client      // nil for administrators
	Metadata map[string]string // ClientMetadata, which functions see
}
