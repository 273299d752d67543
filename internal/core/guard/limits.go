package guard

import "cognate/internal/base/limit"

// Scopes of budgets, in the order in which they are asked.
const (
	ofSource      = "source"
	ofDestination = limit.Destination
	ofPool        = "pool"
)

// Limits are the budgets of strangers; the zero value has none. Successful proofs cost nothing.
type Limits struct {
	// Failures are wrong passwords, codes and client secrets.
	SourceFailures, PoolFailures limit.Rate
	SourceSignUps, PoolSignUps   limit.Rate
	// Messages are those that somebody asks for, by a destination whatever the account.
	SourceMessages, DestinationMessages, PoolMessages limit.Rate
}
