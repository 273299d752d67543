package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// Mode tells CheckAttributes whether a user is being made or changed.
type Mode int

// The modes of CheckAttributes.
const (
	Create Mode = iota // SignUp, AdminCreateUser: immutable attributes may be set, required ones must be
	Update             // later: an empty value deletes
)

// CheckAttributes applies schema, formats and permissions to attributes that a caller wants to write, and brings values
// into their stored form in place (booleans in lower case; in Create mode empty values are dropped). c is the app client
// of a user who writes for themselves, nil for an administrator, who may write everything and need not give required
// attributes, because the user is asked for them at the first sign-in.
//
// Refusals are InvalidParameterException, which tells every attribute that breaks the schema, or first one that is not in
// it, and NotAuthorizedException for attributes that the client may not write.
func (d *Directory) CheckAttributes(p *pool.Pool, c *pool.Client, attrs map[string]string, mode Mode) error {
	names := slices.Sorted(maps.Keys(attrs))
	var lines []string
	for _, name := range names {
		if _, known := p.Schema.Attr(name); !known && mode == Create {
			return errUnknownType(name)
		}
	}
	for _, name := range names {
		stored, reason := checkAttribute(p, name, attrs[name], mode)
		if reason != "" {
			lines = append(lines, shown(name, mode)+": "+reason)
			continue
		}
		attrs[name] = stored
	}
	if mode == Create && c != nil {
		lines = append(lines, missing(p, attrs)...)
	}
	if len(lines) > 0 {
		return schemaRefusal(lines, mode)
	}
	for _, name := range names {
		if c != nil && !writable(c, name) {
			return errUnauthorizedWrite()
		}
	}
	if mode == Create {
		maps.DeleteFunc(attrs, func(_, value string) bool { return value == "" })
	}
	return checkSignInFormats(p, c, attrs, mode)
}

// checkAttribute returns the stored form of a value, or why it is refused.
func checkAttribute(p *pool.Pool, name, value string, mode Mode) (stored, reason string) {
	a, ok := p.Schema.Attr(name)
	switch {
	case !ok:
		return "", "Attribute does not exist in the schema."
	case name == "sub" || name == "identities":
		return "", "Attribute cannot be updated." // the service sets them, whatever the schema says
	case mode == Update && !a.Mutable:
		return "", "Attribute cannot be updated."
	case value == "" && a.Required && mode == Update:
		return "", requiredStays
	case value == "":
		return "", ""
	}
	if err := p.Schema.Validate(name, value); err != nil {
		var bad *pool.AttributeError
		if errors.As(err, &bad) {
			return "", bad.Reason
		}
		return "", err.Error()
	}
	switch {
	case a.Type == cognitoidp.AttributeDataTypeBoolean || name == "email_verified" || name == "phone_number_verified":
		lower, ok := parseBoolean(value)
		if !ok {
			return "", "Attribute value is not a boolean."
		}
		return lower, ""
	case name == "birthdate" && !isBirthdate(value):
		return "", "Attribute value is not a date of the form YYYY-MM-DD."
	}
	return value, ""
}

// missing lists the required attributes that are not given.
func missing(p *pool.Pool, attrs map[string]string) []string {
	var lines []string
	for _, name := range p.Schema.Required() {
		if attrs[name] == "" && name != "sub" {
			name = shown(name, Create)
			lines = append(lines, name+": The attribute "+name+" is required")
		}
	}
	return lines
}

// requiredStays is why a required attribute cannot be taken away.
const requiredStays = "Required attribute cannot be deleted."

// nonconforming begins the refusal of attributes that a user cannot be made with.
const nonconforming = "Attributes did not conform to the schema: "

// errUnknownType is the refusal of an attribute that a user cannot be made with, because the pool has none of its name.
func errUnknownType(name string) error {
	return cognitoidp.NewInvalidParameter(nonconforming+"Type for attribute {%s} could not be determined", name)
}

// scim are the names that Cognito's refusals of new users have for attributes, where they differ (RFC 7643 section 4.1).
var scim = map[string]string{
	"name": "name.formatted", "given_name": "name.givenName", "family_name": "name.familyName", "middle_name": "name.middleName",
	"nickname": "nickName", "email": "emails", "phone_number": "phoneNumbers", "address": "addresses",
}

// shown is the name of an attribute in a refusal.
func shown(name string, mode Mode) string {
	if other, ok := scim[name]; ok && mode == Create {
		return other
	}
	return name
}

// schemaRefusal renders lines as AWS does: of a new user in one line, later each in its own, which ends in a newline.
func schemaRefusal(lines []string, mode Mode) error {
	if mode == Create {
		return cognitoidp.NewInvalidParameter(nonconforming+"%s", strings.Join(lines, ", "))
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "user.%s\n", line)
	}
	return cognitoidp.NewInvalidParameter("%s", b.String())
}

// writable reports whether a client may write the attribute on behalf of its user. What only the service or an
// administrator may say is refused here whatever the client's settings are.
func writable(c *pool.Client, name string) bool {
	switch name {
	case "sub", "identities", "email_verified", "phone_number_verified":
		return false
	}
	return !strings.HasPrefix(name, "dev:") && c.Writable(name)
}

// checkSignInFormats checks the attributes that name a user or receive codes.
func checkSignInFormats(p *pool.Pool, c *pool.Client, attrs map[string]string, mode Mode) error {
	if v := attrs[kindEmail]; v != "" && !IsEmail(v) {
		return cognitoidp.NewInvalidParameter("Invalid email address format.")
	}
	if v := attrs[kindPhone]; v != "" && !IsPhone(v) {
		return cognitoidp.NewInvalidParameter("Invalid phone number format.")
	}
	if mode != Create {
		return nil
	}
	if c != nil && attrs[kindPreferred] != "" && p.AliasAttrs.Has(kindPreferred) {
		return cognitoidp.NewInvalidParameter("preferred_username can not be provided for unconfirmed account")
	}
	for _, name := range [...]string{kindEmail, kindPhone} {
		if attrs[name+"_verified"] == "true" && attrs[name] == "" {
			return errVerifiedNothing(name)
		}
	}
	return nil
}

func errVerifiedNothing(name string) error {
	return cognitoidp.NewInvalidParameter("user.%s_verified: Attribute cannot be set to true without a value for %s.\n", name, name)
}

// Apply writes checked attributes into u without sending codes: a new e-mail address or phone number is active and
// unverified unless its verified flag comes along. UpdateUserAttributes and its administrative twin use apply instead.
func (d *Directory) Apply(u *User, p *pool.Pool, attrs map[string]string) error {
	_, err := apply(u, p, attrs, false)
	return err
}

// apply writes checked attributes into u and returns which of email and phone_number now wait for verification. With
// hold, new values of attributes that the pool keeps until verified go to Pending instead.
func apply(u *User, p *pool.Pool, attrs map[string]string, hold bool) (verify []string, err error) {
	named := len(aliases(p, u)) > 0
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		value := attrs[name]
		switch name {
		case "email_verified", "phone_number_verified":
			continue // together with their attribute, below
		case kindEmail, kindPhone:
			if applyContact(u, p, name, value, attrs[name+"_verified"] == "true", hold) {
				verify = append(verify, name)
			}
		default:
			setOrDelete(u, name, value)
		}
	}
	for _, name := range [...]string{kindEmail, kindPhone} {
		flag, given := attrs[name+"_verified"]
		switch {
		case !given:
		case flag == "true" && u.Attributes[name] == "":
			return nil, errVerifiedNothing(name)
		case u.Pending[name] != "" && u.Pending[name] == attrs[name]:
			// "false" speaks of the new value, which is not active yet
		case u.Attributes[name] != "":
			setOrDelete(u, name+"_verified", flag)
		}
	}
	if named && len(p.UsernameAttrs) > 0 && len(aliases(p, u)) == 0 {
		return nil, cognitoidp.NewInvalidParameter("The attribute that the user signs in with cannot be deleted.")
	}
	return verify, nil
}

// applyContact sets an e-mail address or phone number and reports whether a code should be sent to it. Writing the
// value that is there changes nothing but drops a pending one: the user went back to it.
func applyContact(u *User, p *pool.Pool, name, value string, verified, hold bool) bool {
	switch {
	case value == "":
		delete(u.Attributes, name)
		delete(u.Attributes, name+"_verified")
		delete(u.Pending, name)
		return false
	case value == u.Attributes[name]:
		delete(u.Pending, name)
		return false
	case hold && !verified && keepsUntilVerified(p, name):
		if u.Pending == nil {
			u.Pending = map[string]string{}
		}
		again := u.Pending[name] == value
		u.Pending[name] = value
		return !again
	}
	u.Attributes[name] = value
	u.Attributes[name+"_verified"] = "false"
	delete(u.Pending, name)
	return !verified && p.AutoVerified.Has(name)
}

func setOrDelete(u *User, name, value string) {
	if value == "" {
		delete(u.Attributes, name)
		return
	}
	u.Attributes[name] = value
}
