package signin

import (
	"time"

	"cognate/internal/base/limit"
)

// The lock-out rule of the Amazon Cognito developer guide
// (spec/user-pools-auth-flows.md section 7): the fifth failure locks for one
// second and each further one doubles that, up to about fifteen minutes;
// fifteen quiet minutes after a lock clear the record.
const (
	freeFailures = 5
	forgetAfter  = 15 * time.Minute
	longestLock  = 15 * time.Minute
)

var lockout = limit.Lock{Free: freeFailures, Longest: longestLock, Forget: forgetAfter}

// lockFor is the lock that the n-th counted failure brings.
func lockFor(n int64) time.Duration { return lockout.For(n) }
