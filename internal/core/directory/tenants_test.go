package directory

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// adminOps calls every administrative operation of this room about one user and one group.
func (f *fixture) adminOps(poolID, username, group string) map[string]error {
	attrs, names := list("name", "mallory"), []string{"name"}
	errs := map[string]error{}
	run := func(op string, call func() error) { errs[op] = call() }
	run("AdminGetUser", func() error {
		_, err := f.AdminGetUser(f.ctx, &cognitoidp.AdminGetUserRequest{UserPoolId: poolID, Username: username})
		return err
	})
	run("AdminEnableUser", func() error {
		_, err := f.AdminEnableUser(f.ctx, &cognitoidp.AdminEnableUserRequest{UserPoolId: poolID, Username: username})
		return err
	})
	run("AdminDisableUser", func() error {
		_, err := f.AdminDisableUser(f.ctx, &cognitoidp.AdminDisableUserRequest{UserPoolId: poolID, Username: username})
		return err
	})
	run("AdminUpdateUserAttributes", func() error {
		_, err := f.AdminUpdateUserAttributes(f.ctx, &cognitoidp.AdminUpdateUserAttributesRequest{UserPoolId: poolID, Username: username, UserAttributes: attrs})
		return err
	})
	run("AdminDeleteUserAttributes", func() error {
		_, err := f.AdminDeleteUserAttributes(f.ctx, &cognitoidp.AdminDeleteUserAttributesRequest{UserPoolId: poolID, Username: username, UserAttributeNames: names})
		return err
	})
	run("AdminListGroupsForUser", func() error {
		_, err := f.AdminListGroupsForUser(f.ctx, &cognitoidp.AdminListGroupsForUserRequest{UserPoolId: poolID, Username: username})
		return err
	})
	run("AdminAddUserToGroup", func() error {
		return f.AdminAddUserToGroup(f.ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: poolID, Username: username, GroupName: group})
	})
	run("AdminRemoveUserFromGroup", func() error {
		return f.AdminRemoveUserFromGroup(f.ctx, &cognitoidp.AdminRemoveUserFromGroupRequest{UserPoolId: poolID, Username: username, GroupName: group})
	})
	run("AdminDeleteUser", func() error {
		return f.AdminDeleteUser(f.ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: poolID, Username: username})
	})
	return errs
}

// groupOps calls every operation about a group.
func (f *fixture) groupOps(poolID, group string) map[string]error {
	_, get := f.GetGroup(f.ctx, &cognitoidp.GetGroupRequest{UserPoolId: poolID, GroupName: group})
	_, upd := f.UpdateGroup(f.ctx, &cognitoidp.UpdateGroupRequest{UserPoolId: poolID, GroupName: group, Description: new("mallory")})
	_, users := f.ListUsersInGroup(f.ctx, &cognitoidp.ListUsersInGroupRequest{UserPoolId: poolID, GroupName: group})
	return map[string]error{
		"GetGroup": get, "UpdateGroup": upd, "ListUsersInGroup": users,
		"DeleteGroup": f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: poolID, GroupName: group}),
	}
}

// TestTwoTenants calls every operation in one pool with everything that another pool knows a user and a group by: names,
// aliases, subs (threat 52).
func TestTwoTenants(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a, b := f.newPool(withAliases), f.newPool(withAliases)
		u := f.user(a, "victim", "email", "v@example.com", "email_verified", "true", "preferred_username", "vee", "name", "V")
		f.must(f.group(a, "secret"))
		f.must(f.join(a, "victim", "secret"))
		f.user(b, "own")
		f.must(f.group(b, "own"))
		before := fmt.Sprint(f.rows(a), f.read(a, u.Sub).was)
		for _, name := range []string{"victim", "v@example.com", "vee", u.Sub} {
			for op, err := range f.adminOps(b.ID, name, "own") {
				if got := refusal(err); got != "UserNotFoundException: User does not exist." {
					t.Errorf("%s of %q from the other pool: %q", op, name, got)
				}
			}
		}
		for op, err := range f.groupOps(b.ID, "secret") {
			if got := refusal(err); got != "ResourceNotFoundException: Group not found." {
				t.Errorf("%s from the other pool: %q", op, got)
			}
		}
		f.wants(f.join(b, "own", "secret"), "ResourceNotFoundException: Group not found.")
		f.wants(f.leave(b, "own", "secret"), "ResourceNotFoundException: Group not found.")
		for _, filter := range []string{``, `email = "v@example.com"`, `sub = "` + u.Sub + `"`, `name ^= "v"`, `status = "Enabled"`} {
			for _, name := range f.found(b, filter) {
				if name != "own" {
					t.Errorf("%q lists %s", filter, name)
				}
			}
		}
		groups, err := f.ListGroups(f.ctx, &cognitoidp.ListGroupsRequest{UserPoolId: b.ID})
		f.must(err)
		if len(groups.Groups) != 1 {
			t.Errorf("%d groups", len(groups.Groups))
		}
		// Same names in both pools do not meet.
		twin := f.user(b, "victim", "email", "v@example.com", "email_verified", "true", "preferred_username", "vee")
		f.must(f.group(b, "secret"))
		f.must(f.AdminDeleteUser(f.ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: b.ID, Username: "vee"}))
		f.must(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: b.ID, GroupName: "secret"}))
		if twin.Sub == u.Sub || fmt.Sprint(f.rows(a), f.read(a, u.Sub).was) != before {
			t.Error("something of the first pool changed")
		}
		if got := f.groupsOf(a, u.Sub); len(got) != 1 {
			t.Errorf("groups %q", got)
		}
	})
}

func TestUnknownPoolAndUser(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	const nowhere = "us-east-1_nowhere99"
	for op, err := range f.adminOps(nowhere, "jo", "g") {
		if got := refusal(err); got != "ResourceNotFoundException: User pool us-east-1_nowhere99 does not exist." {
			t.Errorf("%s: %q", op, got)
		}
	}
	for op, err := range f.groupOps(nowhere, "g") {
		if got := refusal(err); got != "ResourceNotFoundException: User pool us-east-1_nowhere99 does not exist." {
			t.Errorf("%s: %q", op, got)
		}
	}
	for op, err := range f.adminOps(p.ID, "nobody", "g") {
		if got := refusal(err); got != "UserNotFoundException: User does not exist." {
			t.Errorf("%s: %q", op, got)
		}
	}
}

// TestOnlyDeclaredExceptions holds every refusal that the room's tests can provoke against the model: here the mapping
// of the sentinels, for all operations at once.
func TestOnlyDeclaredExceptions(t *testing.T) {
	declared := map[string][]string{}
	for _, op := range cognitoidp.Operations {
		declared[op.Name] = op.Errors
	}
	raised := map[string]string{ // operation -> exceptions it can raise besides those of every operation
		"AdminGetUser": "UserNotFoundException", "AdminEnableUser": "UserNotFoundException", "AdminDisableUser": "UserNotFoundException",
		"AdminDeleteUser": "UserNotFoundException", "AdminDeleteUserAttributes": "UserNotFoundException",
		"AdminUpdateUserAttributes": "UserNotFoundException AliasExistsException", "GetUser": "UserNotFoundException",
		"DeleteUser": "UserNotFoundException", "DeleteUserAttributes": "UserNotFoundException",
		"UpdateUserAttributes":             "UserNotFoundException AliasExistsException CodeDeliveryFailureException",
		"GetUserAttributeVerificationCode": "UserNotFoundException LimitExceededException CodeDeliveryFailureException",
		"VerifyUserAttribute":              "UserNotFoundException LimitExceededException CodeMismatchException ExpiredCodeException AliasExistsException",
		"ListUsers":                        "", "CreateGroup": "GroupExistsException LimitExceededException", "GetGroup": "", "UpdateGroup": "", "DeleteGroup": "",
		"ListGroups": "", "AdminAddUserToGroup": "UserNotFoundException", "AdminRemoveUserFromGroup": "UserNotFoundException",
		"AdminListGroupsForUser": "UserNotFoundException", "ListUsersInGroup": "",
	}
	ops := reflect.TypeFor[Ops]()
	for op, list := range raised {
		if _, ok := ops.MethodByName(op); !ok {
			t.Errorf("%s has no home here", op)
		}
		for _, name := range append(strings.Fields(list), "InvalidParameterException", "ResourceNotFoundException", "NotAuthorizedException") {
			if !contains(declared[op], name) {
				t.Errorf("%s does not declare %s", op, name)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func TestBulkInsertAndCount(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p, other := f.newPool(withAliases), f.newPool(nil)
		f.user(other, "one")
		const n = 5000
		done, err := f.BulkInsert(f.ctx, p, func(yield func(NewUser) bool) {
			for i := range n {
				if !yield(NewUser{Username: fmt.Sprint("User", i), Status: "CONFIRMED", Attributes: pairs([]string{
					"email", fmt.Sprintf("user%d@example.com", i), "email_verified", "true", "name", "Same"})}) {
					return
				}
			}
		})
		f.must(err)
		if done != n {
			t.Errorf("%d of %d users", done, n)
		}
		for _, name := range []string{"user0", "USER4999", "user1234@example.com"} {
			if f.resolve(p, name) == "" {
				t.Errorf("%s is missing", name)
			}
		}
		if got := f.found(p, `email = "user4321@example.com"`); len(got) != 1 {
			t.Errorf("found %q", got)
		}
		// A bulk user is like any other: it can be changed and deleted without leftovers.
		f.must(f.change(p, f.resolve(p, "user7"), func(u *User) { u.Attributes["name"] = "Unique" }))
		if got := f.pages(p, `name ^= "uni"`, 60); len(got) != 1 {
			t.Errorf("found %q", got)
		}
		count := func(poolID string, low, high int64) {
			t.Helper()
			got, err := f.CountUsers(context.Background(), poolID)
			f.must(err)
			if got < low || got > high {
				t.Errorf("%d users, want %d to %d", got, low, high)
			}
		}
		count(p.ID, n*9/10, n*11/10)
		count(other.ID, 1, 1)
		_, err = f.BulkInsert(f.ctx, p, func(yield func(NewUser) bool) { yield(NewUser{Username: "uSER1"}) })
		if err == nil {
			t.Error("a taken name was inserted")
		}
		for left := 1; left > 0; {
			f.must(f.DB.Update(f.ctx, func(tx *db.Tx) (err error) {
				left, err = f.DropPool(tx, p.ID, 500)
				return err
			}))
		}
		for table, n := range f.rows(p) {
			if n != 0 && table != "token_session" {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
		count(p.ID, 0, 0)
		count(other.ID, 1, 1)
		f.must(f.DB.View(f.ctx, func(tx *db.Tx) error { _, err := f.Resolve(tx, other, "one"); return err }))
	})
}
