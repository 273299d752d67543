package signin

import "time"

// The lock-out rule of the Amazon Cognito developer guide
// (spec/user-pools-auth-flows.md section 7): the fifth failure locks for one
// second and each further one doubles that, up to about fifteen minutes;
// fifteen quiet minutes after a lock clear the record.
const (
	freeFailures = 5
	forgetAfter  = 15 * time.Minute
	longestLock  = 15 * time.Minute
)

// lockFor is the lock that the n-th counted failure brings.
func lockFor(n int64) time.Duration {
	shift := n - freeFailures
	if shift < 0 {
		return 0
	}
	if shift > 9 { // 2^10 s is beyond the cap
		return longestLock
	}
	return min(time.Second<<shift, longestLock)
}
