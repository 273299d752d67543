package account

import (
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// newName is how a chosen user name enters the directory.
type newName struct {
	sub      string
	username string // as stored: the sub in pools that sign in by e-mail or phone
	taken    string // AWS's text when the name is already in use

	attribute string // what the name is stored as in pools that sign in by e-mail or phone, else ""
}

// nameFor applies the pool's sign-in options to a name (spec/user-pools-users.md
// section 2). In pools with UsernameAttributes it copies the name into the
// attribute it is.
func (a *Accounts) nameFor(p *pool.Pool, typed string, attrs map[string]string, takenText string) (newName, error) {
	n := newName{taken: takenText}
	n.sub, n.username = a.Directory.Assign(p, typed)
	if len(p.Config.UsernameAttributes) > 0 {
		attr, err := usernameAttribute(p, typed)
		if err != nil {
			return n, err
		}
		attrs[attr] = typed
		n.attribute = attr
		return n, nil
	}
	return n, aliasForm(p, typed)
}

func usernameAttribute(p *pool.Pool, typed string) (string, error) {
	mail := slices.Contains(p.Config.UsernameAttributes, cognitoidp.UsernameAttributeTypeEmail)
	phone := slices.Contains(p.Config.UsernameAttributes, cognitoidp.UsernameAttributeTypePhoneNumber)
	switch {
	case mail && directory.IsEmail(typed):
		return "email", nil
	case phone && directory.IsPhone(typed):
		return "phone_number", nil
	case mail && phone:
		return "", cognitoidp.NewInvalidParameter("Username should be either an email or a phone number.")
	case mail:
		return "", cognitoidp.NewInvalidParameter("Username should be an email.")
	}
	return "", cognitoidp.NewInvalidParameter("Username should be a phone number.")
}

// aliasForm refuses user names that could be mistaken for somebody's alias.
func aliasForm(p *pool.Pool, typed string) error {
	aliases := p.Config.AliasAttributes
	if slices.Contains(aliases, cognitoidp.AliasAttributeTypeEmail) && directory.IsEmail(typed) {
		return cognitoidp.NewInvalidParameter("Username cannot be of email format, since user pool is configured for email alias.")
	}
	if slices.Contains(aliases, cognitoidp.AliasAttributeTypePhoneNumber) && directory.IsPhone(typed) {
		return cognitoidp.NewInvalidParameter("Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return nil
}
