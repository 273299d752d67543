package signin

import (
	"time"

	"cognate/internal/base/limit"
)

// failures counts wrong passwords by the lock-out rule of the Amazon Cognito
// developer guide (spec/user-pools-auth-flows.md section 7): the fifth failure
// locks for one second and each further one doubles that, up to about fifteen
// minutes; fifteen quiet minutes after a lock clear the record.
var failures = limit.Tally{
	Table: "signin_failure", Account: "account",
	Lock: limit.Lock{Free: 5, Longest: 15 * time.Minute, Forget: 15 * time.Minute},
}
