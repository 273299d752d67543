package directory

import (
	"maps"

	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// EventAttributes are the user's attributes as trigger events show them: with sub, cognito:user_status and, for
// addresses that the user can sign in with, the cognito:*_alias members.
func EventAttributes(p *pool.Pool, u *User) map[string]string {
	attrs := maps.Clone(u.Attributes)
	if attrs == nil {
		attrs = map[string]string{}
	}
	attrs["sub"] = u.Sub
	attrs["cognito:user_status"] = string(u.Status)
	for _, kind := range [...]string{kindEmail, kindPhone} {
		if p.AliasAttrs.Has(kind) && u.Attributes[kind+"_verified"] == "true" {
			attrs["cognito:"+kind+"_alias"] = u.Attributes[kind]
		}
	}
	return attrs
}

// EventSubject is the user as trigger events are about; c may be nil for calls without a client.
func EventSubject(p *pool.Pool, c *pool.Client, u *User, metadata map[string]string) *trigger.Subject {
	s := &trigger.Subject{Pool: p, Username: u.Username, Attributes: EventAttributes(p, u), Metadata: metadata}
	if c != nil {
		s.ClientID = c.ID
	}
	return s
}
