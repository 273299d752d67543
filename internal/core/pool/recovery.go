package pool

import "strconv"

// TagRecoveryCodes is the tag that lets the users of a pool have recovery codes, beyond what Cognito offers: how many
// codes make a set, 1 to 20. Without the tag, or with 0, there are none.
const TagRecoveryCodes = "cognate:recovery-codes"

// maxRecoveryCodes is the largest set of recovery codes.
const maxRecoveryCodes = 20

// RecoveryCodes is how many codes a user's set of recovery codes has; 0 means that the pool takes none. A tag that
// cannot be read, from before it was checked, is none.
func (p *Pool) RecoveryCodes() int {
	n, _ := recoveryCodes(p.Config.UserPoolTags)
	return n
}

func recoveryCodes(tags map[string]string) (int, bool) {
	text := tags[TagRecoveryCodes]
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > maxRecoveryCodes {
		return 0, false
	}
	return int(n), true
}

// badRecovery explains why the tag of recovery codes cannot be read; empty when it can.
func badRecovery(tags map[string]string) string {
	if _, ok := recoveryCodes(tags); ok {
		return ""
	}
	return "The tag " + TagRecoveryCodes + " must be a whole number from 0 to 20, not " + tags[TagRecoveryCodes]
}
