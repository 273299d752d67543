package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// verb is an operation that takes a user and nothing else.
type verb interface {
	// operation is its name; said is what is then true of the user.
	operation() (name, said string)
}

type (
	deleteUser    struct{}
	resetPassword struct{}
	confirmUser   struct{}
	disableUser   struct{}
	enableUser    struct{}
	signOutUser   struct{}
)

func (deleteUser) operation() (string, string) { return "AdminDeleteUser", "is deleted" }
func (resetPassword) operation() (string, string) {
	return "AdminResetUserPassword", "has to choose a new password with the code that was sent"
}
func (confirmUser) operation() (string, string) { return "AdminConfirmSignUp", "is confirmed" }
func (disableUser) operation() (string, string) { return "AdminDisableUser", "is disabled" }
func (enableUser) operation() (string, string)  { return "AdminEnableUser", "is enabled" }
func (signOutUser) operation() (string, string) { return "AdminUserGlobalSignOut", "is signed out" }

// userVerb is the command of such an operation.
type userVerb[V verb] struct {
	userRef
	poolRef
}

// Run calls the operation.
func (c *userVerb[V]) Run(e *env) error {
	var v V
	name, said := v.operation()
	return c.admin(e, c.Username, name, nil, said)
}

// admin calls an operation about a user with further members, and says what is
// then true.
func (p *poolRef) admin(e *env, user, operation string, more map[string]any, said string) error {
	pool, err := p.pool(e.ctx)
	if err != nil {
		return err
	}
	in := map[string]any{"UserPoolId": pool, "Username": user}
	for name, v := range more {
		in[name] = v
	}
	if err := p.call(e.ctx, operation, in, nil); err != nil {
		return err
	}
	return p.said(e.stdout, map[string]string{"UserPoolId": pool, "Username": user}, "%s %s", user, said)
}

type userSetPasswordCmd struct {
	userRef
	Password  string `arg:"" help:"The password; - reads it from the standard input."`
	Temporary bool   `help:"To be changed at the next sign-in." env:"-"`
	poolRef
}

// Run sets the password.
func (c *userSetPasswordCmd) Run(e *env) error {
	password := c.Password
	if password == "-" {
		text, err := io.ReadAll(io.LimitReader(e.stdin, 4096))
		if err != nil {
			return err
		}
		if password = strings.TrimRight(string(text), "\r\n"); password == "" {
			return errors.New("the standard input has no password")
		}
	}
	return c.admin(e, c.Username, "AdminSetUserPassword", map[string]any{"Password": password, "Permanent": !c.Temporary}, "has a new password")
}

type userSetAttributesCmd struct {
	userRef
	Attributes map[string]string `arg:"" help:"NAME=VALUE, several if need be." mapsep:"none"`
	poolRef
}

// Run sets those with a value and deletes those without.
func (c *userSetAttributesCmd) Run(e *env) error {
	var gone []string
	for _, name := range sortedKeys(c.Attributes) {
		if c.Attributes[name] == "" {
			gone = append(gone, name)
			delete(c.Attributes, name)
		}
	}
	if len(gone) > 0 {
		if err := c.admin(e, c.Username, "AdminDeleteUserAttributes", map[string]any{"UserAttributeNames": gone}, "has no "+strings.Join(gone, ", ")); err != nil {
			return err
		}
	}
	if len(c.Attributes) == 0 {
		return nil
	}
	return c.admin(e, c.Username, "AdminUpdateUserAttributes", map[string]any{"UserAttributes": attributesOf(c.Attributes)},
		"has a new "+strings.Join(sortedKeys(c.Attributes), ", "))
}

type userAddToGroupCmd struct {
	userRef
	Group string `arg:"" help:"Name of the group."`
	poolRef
}

// Run adds the user.
func (c *userAddToGroupCmd) Run(e *env) error {
	return c.admin(e, c.Username, "AdminAddUserToGroup", map[string]any{"GroupName": c.Group}, "is in "+c.Group)
}

type userRemoveFromGroupCmd struct {
	userRef
	Group string `arg:"" help:"Name of the group."`
	poolRef
}

// Run removes the user.
func (c *userRemoveFromGroupCmd) Run(e *env) error {
	return c.admin(e, c.Username, "AdminRemoveUserFromGroup", map[string]any{"GroupName": c.Group}, "is no longer in "+c.Group)
}

type userMFACmd struct {
	userRef
	SMS   string `name:"sms" help:"Codes by SMS." enum:"on,off,preferred," default:"" placeholder:"on|off|preferred" env:"-"`
	TOTP  string `name:"totp" help:"Codes of an authenticator app that the user has registered." enum:"on,off,preferred," default:"" placeholder:"on|off|preferred" env:"-"`
	Email string `name:"email" help:"Codes by e-mail." enum:"on,off,preferred," default:"" placeholder:"on|off|preferred" env:"-"`
	poolRef
}

// Run sets the preferences of the factors named.
func (c *userMFACmd) Run(e *env) error {
	in := map[string]any{}
	var said []string
	for _, f := range []struct{ flag, member, value string }{
		{"sms", "SMSMfaSettings", c.SMS}, {"totp", "SoftwareTokenMfaSettings", c.TOTP}, {"email", "EmailMfaSettings", c.Email},
	} {
		if f.value != "" {
			in[f.member] = map[string]any{"Enabled": f.value != "off", "PreferredMfa": f.value == "preferred"}
			said = append(said, fmt.Sprintf("%s %s", f.flag, f.value))
		}
	}
	if len(in) == 0 {
		return withHint(errors.New("nothing to set"), `give --sms, --totp or --email; "cognate user show %s" shows what is set`, c.Username)
	}
	return c.admin(e, c.Username, "AdminSetUserMFAPreference", in, "has "+strings.Join(said, ", "))
}
