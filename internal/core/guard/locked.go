package guard

import "errors"

// ofUser is the scope of refusals by the locks and hourly limits of one user.
const ofUser = "user"

// locked is a refusal by one of them.
type locked struct{ error }

func (l *locked) Unwrap() error { return l.error }

// Locked marks the refusal of a lock or limit of one user, so that it is counted; it is answered as it is.
func Locked(refusal error) error { return &locked{refusal} }

// IsLocked reports whether an error is one that Locked marked.
func IsLocked(err error) bool {
	var l *locked
	return errors.As(err, &l)
}

// countLocked counts such a refusal.
func (g *Guard) countLocked(err error) {
	if IsLocked(err) && g.Refused != nil {
		g.Refused(ofUser)
	}
}
