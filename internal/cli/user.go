package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// userCmd manages users.
type userCmd struct {
	List            userListCmd             `cmd:"" aliases:"ls" help:"List users, all or those that a filter finds." example:"cognate user list --filter 'email ^= \"ana\"'"`
	Show            userShowCmd             `cmd:"" help:"Show a user with attributes, groups and factors." example:"cognate user show ana"`
	Create          userCreateCmd           `cmd:"" help:"Make a user; with --password one that can sign in at once." example:"cognate user create ana --attribute email=ana@example.com --attribute email_verified=true --password 'Passw0rd!'"`
	Delete          userVerb[deleteUser]    `cmd:"" aliases:"rm" help:"Delete a user." example:"cognate user delete ana"`
	SetPassword     userSetPasswordCmd      `cmd:"" help:"Set a password." example:"cognate user set-password ana 'N3w-Passw0rd!'"`
	ResetPassword   userVerb[resetPassword] `cmd:"" help:"Make the user choose a new password with a code that is sent." example:"cognate user reset-password ana"`
	Confirm         userVerb[confirmUser]   `cmd:"" help:"Confirm a sign-up without a code." example:"cognate user confirm ana"`
	Disable         userVerb[disableUser]   `cmd:"" help:"Keep a user from signing in." example:"cognate user disable ana"`
	Enable          userVerb[enableUser]    `cmd:"" help:"Let a disabled user sign in again." example:"cognate user enable ana"`
	SignOut         userVerb[signOutUser]   `cmd:"" help:"Revoke all tokens of a user." example:"cognate user sign-out ana"`
	SetAttributes   userSetAttributesCmd    `cmd:"" help:"Set attributes; an empty value deletes one." example:"cognate user set-attributes ana given_name=Ana email_verified=true"`
	AddToGroup      userAddToGroupCmd       `cmd:"" help:"Add a user to a group." example:"cognate user add-to-group ana admins"`
	RemoveFromGroup userRemoveFromGroupCmd  `cmd:"" help:"Take a user out of a group." example:"cognate user remove-from-group ana admins"`
	MFA             userMFACmd              `cmd:"" name:"mfa" help:"Turn factors on or off, and choose the preferred one." example:"cognate user mfa ana --totp off"`
}

// attribute is one attribute on the wire.
type attribute struct{ Name, Value string }

// userView is a user as ListUsers and AdminGetUser show it.
type userView struct {
	Username  string
	Status    string `json:"UserStatus"`
	Enabled   bool
	Created   float64     `json:"UserCreateDate"`
	Modified  float64     `json:"UserLastModifiedDate"`
	Listed    []attribute `json:"Attributes"`
	Got       []attribute `json:"UserAttributes"`
	Factors   []string    `json:"UserMFASettingList"`
	Preferred string      `json:"PreferredMfaSetting"`
}

func (u userView) attribute(name string) string {
	for _, a := range append(u.Listed, u.Got...) {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// attributesOf is what a map of flags is on the wire, sorted.
func attributesOf(values map[string]string) []attribute {
	out := []attribute{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, attribute{name, values[name]})
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type userListCmd struct {
	Filter string `help:"Filter of ListUsers: NAME = \"VALUE\" or NAME ^= \"BEGINNING\"." placeholder:"FILTER" env:"-"`
	Limit  int    `help:"At most so many; 0 is all." default:"0" env:"-"`
	poolRef
}

// Run prints a table.
func (c *userListCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	in := map[string]any{"UserPoolId": pool}
	if c.Filter != "" {
		in["Filter"] = c.Filter
	}
	items, err := c.pages(e.ctx, "ListUsers", "Users", "PaginationToken", in, c.Limit)
	if err != nil {
		return err
	}
	return c.printUsers(e, items)
}

func (c *poolRef) printUsers(e *env, items []json.RawMessage) error {
	views, err := decodeAll[userView](items)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, u := range views {
		rows = append(rows, []string{u.Username, u.Status, yesNo(u.Enabled), u.attribute("email"), u.attribute("phone_number"), instant(u.Created)})
	}
	return c.print(e.stdout, "USERNAME\tSTATUS\tENABLED\tEMAIL\tPHONE\tCREATED", rows, listed(items))
}

// userRef names the user of a command.
type userRef struct {
	Username string `arg:"" name:"user" help:"Username, or what is an alias of it."`
}

type userShowCmd struct {
	userRef
	poolRef
}

// Run prints the user.
func (c *userShowCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	who := map[string]any{"UserPoolId": pool, "Username": c.Username}
	var raw map[string]json.RawMessage
	if err := c.call(e.ctx, "AdminGetUser", who, &raw); err != nil {
		return err
	}
	groups, err := c.pages(e.ctx, "AdminListGroupsForUser", "Groups", "NextToken", who, 0)
	if err != nil {
		return err
	}
	names, err := decodeAll[groupView](groups)
	if err != nil {
		return err
	}
	if raw["Groups"], err = json.Marshal(listed(groups)); err != nil {
		return err
	}
	var u userView
	text, err := json.Marshal(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &u); err != nil {
		return err
	}
	var member []string
	for _, g := range names {
		member = append(member, g.Name)
	}
	rows := [][]string{
		{"username", u.Username}, {"status", u.Status}, {"enabled", yesNo(u.Enabled)}, {"groups", strings.Join(member, ", ")},
		{"factors", strings.Join(u.Factors, ", ")}, {"preferred factor", u.Preferred},
		{"created", instant(u.Created)}, {"modified", instant(u.Modified)},
	}
	for _, a := range u.Got {
		rows = append(rows, []string{a.Name, a.Value})
	}
	return c.print(e.stdout, "", filled(rows), raw)
}

type userCreateCmd struct {
	userRef
	Attribute map[string]string `help:"Attribute of the user; may be repeated." placeholder:"NAME=VALUE" mapsep:"none" env:"-"`
	Password  string            `help:"Permanent password: the user can sign in at once and no invitation is sent." placeholder:"PASSWORD" env:"-"`
	Group     []string          `help:"Group to add the user to; may be repeated." placeholder:"NAME" env:"-"`
	Invite    bool              `help:"Send the invitation with the temporary password." negatable:"" default:"true" env:"-"`
	poolRef
}

// Run makes the user, and on request the password and the memberships.
func (c *userCreateCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	in := map[string]any{"UserPoolId": pool, "Username": c.Username, "UserAttributes": attributesOf(c.Attribute)}
	if c.Password != "" || !c.Invite {
		in["MessageAction"] = "SUPPRESS"
	} else if c.Attribute["phone_number"] == "" && c.Attribute["email"] != "" { // the service would choose SMS
		in["DesiredDeliveryMediums"] = []string{"EMAIL"}
	}
	var answer struct{ User json.RawMessage }
	if err := c.call(e.ctx, "AdminCreateUser", in, &answer); err != nil {
		return err
	}
	var u userView
	if err := json.Unmarshal(answer.User, &u); err != nil {
		return err
	}
	if c.Password != "" {
		if err := c.call(e.ctx, "AdminSetUserPassword", map[string]any{
			"UserPoolId": pool, "Username": u.Username, "Password": c.Password, "Permanent": true,
		}, nil); err != nil {
			return withHint(err, "the user %s was made without that password; set another with \"cognate user set-password\"", u.Username)
		}
	}
	for _, g := range c.Group {
		if err := c.call(e.ctx, "AdminAddUserToGroup", map[string]any{"UserPoolId": pool, "Username": u.Username, "GroupName": g}, nil); err != nil {
			return withHint(err, "the user %s was made without the group %s", u.Username, g)
		}
	}
	return c.said(e.stdout, answer.User, "%s", u.Username)
}
