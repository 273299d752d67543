package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

func (f *fixture) group(p *pool.Pool, name string) error {
	_, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: name})
	return err
}

func (f *fixture) join(p *pool.Pool, username, group string) error {
	return f.AdminAddUserToGroup(f.ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: p.ID, Username: username, GroupName: group})
}

func (f *fixture) leave(p *pool.Pool, username, group string) error {
	return f.AdminRemoveUserFromGroup(f.ctx, &cognitoidp.AdminRemoveUserFromGroupRequest{UserPoolId: p.ID, Username: username, GroupName: group})
}

// groupsOf returns the groups in the order in which tokens get them.
func (f *fixture) groupsOf(p *pool.Pool, sub string) []string {
	f.t.Helper()
	names := []string{}
	f.must(f.DB.View(f.ctx, func(tx *db.Tx) error {
		groups, err := f.GroupsOf(tx, p, sub)
		for _, g := range groups {
			names = append(names, g.Name)
		}
		return err
	}))
	return names
}

// members lists the user names in a group, page by page.
func (f *fixture) members(p *pool.Pool, group string, limit int64) []string {
	f.t.Helper()
	names := []string{}
	in := &cognitoidp.ListUsersInGroupRequest{UserPoolId: p.ID, GroupName: group, Limit: &limit}
	for {
		out, err := f.ListUsersInGroup(f.ctx, in)
		f.must(err)
		for _, u := range out.Users {
			names = append(names, *u.Username)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			slices.Sort(names)
			return names
		}
	}
}

func TestGroupLife(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		arn := "arn:aws:iam::000000000000:role/admin"
		made, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{
			UserPoolId: p.ID, GroupName: "admins", Description: new("d"), RoleArn: &arn, Precedence: new(int64(0))})
		f.must(err)
		g := made.Group
		if *g.GroupName != "admins" || *g.UserPoolId != p.ID || *g.Description != "d" || *g.RoleArn != arn || *g.Precedence != 0 ||
			g.CreationDate.UnixMilli() != f.clock.Milli() || g.LastModifiedDate.UnixMilli() != f.clock.Milli() {
			t.Errorf("made %+v", g)
		}
		bare, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: "bare"})
		f.must(err)
		if b := bare.Group; b.Description != nil || b.RoleArn != nil || b.Precedence != nil {
			t.Errorf("unset members: %+v", b)
		}
		f.wants(f.group(p, "bare"), "GroupExistsException: A group with the name already exists")
		f.clock.Advance(time.Minute)
		changed, err := f.UpdateGroup(f.ctx, &cognitoidp.UpdateGroupRequest{UserPoolId: p.ID, GroupName: "admins", Description: new(""), Precedence: new(int64(7))})
		f.must(err)
		if g := changed.Group; g.Description != nil || *g.RoleArn != arn || *g.Precedence != 7 || !g.LastModifiedDate.After(g.CreationDate.Time) {
			t.Errorf("changed %+v", g)
		}
		got, err := f.GetGroup(f.ctx, &cognitoidp.GetGroupRequest{UserPoolId: p.ID, GroupName: "admins"})
		f.must(err)
		if *got.Group.Precedence != 7 {
			t.Errorf("read %+v", got.Group)
		}
		for _, n := range []int64{-1, 1 << 31} {
			_, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: "odd", Precedence: &n})
			f.wants(err, "InvalidParameterException: Precedence must be between 0 and 2147483647.")
		}
		f.must(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: p.ID, GroupName: "admins"}))
		const missing = "ResourceNotFoundException: Group not found."
		u := f.user(p, "jo")
		_, err = f.GetGroup(f.ctx, &cognitoidp.GetGroupRequest{UserPoolId: p.ID, GroupName: "admins"})
		f.wants(err, missing)
		_, err = f.UpdateGroup(f.ctx, &cognitoidp.UpdateGroupRequest{UserPoolId: p.ID, GroupName: "admins"})
		f.wants(err, missing)
		_, err = f.ListUsersInGroup(f.ctx, &cognitoidp.ListUsersInGroupRequest{UserPoolId: p.ID, GroupName: "admins"})
		f.wants(err, missing)
		f.wants(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: p.ID, GroupName: "admins"}), missing)
		f.wants(f.join(p, "jo", "admins"), missing)
		f.wants(f.leave(p, u.Sub, "admins"), missing)
		f.wants(f.join(p, "nobody", "bare"), "UserNotFoundException: User does not exist.")
		f.wants(f.join(p, "nobody", "admins"), "UserNotFoundException: User does not exist.")
	})
}

func TestMembership(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		odd := []string{"a b", "ü/ö", `"quoted"`, "'; --", "%", "字", "a:b", "\\", strings.Repeat("字", 128)}
		for _, name := range append(odd, "zero") {
			f.must(f.group(p, name))
		}
		u := f.user(p, "jo")
		for range 2 { // adding twice changes nothing
			for _, name := range odd {
				f.must(f.join(p, "jo", name))
			}
		}
		want := slices.Sorted(slices.Values(odd))
		if got := f.groupsOf(p, u.Sub); !slices.Equal(got, want) {
			t.Errorf("groups %q, want %q", got, want)
		}
		in := &cognitoidp.AdminListGroupsForUserRequest{UserPoolId: p.ID, Username: "jo", Limit: new(int64(4))}
		var listed []string
		for {
			out, err := f.AdminListGroupsForUser(f.ctx, in)
			f.must(err)
			for _, g := range out.Groups {
				listed = append(listed, *g.GroupName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if !slices.Equal(listed, want) {
			t.Errorf("listed %q, want %q", listed, want)
		}
		in.Limit = new(int64(0))
		if _, err := f.AdminListGroupsForUser(f.ctx, in); err == nil || !strings.Contains(err.Error(), "Value '0' at 'maxItems' failed") {
			t.Errorf("a limit of 0 is %v", err)
		}
		for _, name := range odd {
			if got := f.members(p, name, 60); !slices.Equal(got, []string{"jo"}) {
				t.Errorf("members of %q: %q", name, got)
			}
			f.must(f.leave(p, "jo", name))
			f.must(f.leave(p, "jo", name))
		}
		if got := f.groupsOf(p, u.Sub); len(got) != 0 {
			t.Errorf("after leaving: %q", got)
		}
	})
}

func TestGroupOrder(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	u := f.user(p, "jo")
	for _, g := range []struct {
		name       string
		precedence *int64
	}{{"none-b", nil}, {"ten", new(int64(10))}, {"zero", new(int64(0))}, {"none-a", nil}, {"big", new(int64(1<<31 - 1))}, {"also-zero", new(int64(0))}} {
		_, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: g.name, Precedence: g.precedence})
		f.must(err)
		f.must(f.join(p, "jo", g.name))
	}
	want := []string{"also-zero", "zero", "ten", "big", "none-a", "none-b"}
	if got := f.groupsOf(p, u.Sub); !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestGroupPages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		var groups, users []string
		for i := range 13 {
			groups = append(groups, fmt.Sprintf("g%02d", i))
			users = append(users, fmt.Sprintf("u%02d", i))
			f.must(f.group(p, groups[i]))
			f.user(p, users[i])
			f.must(f.join(p, users[i], "g00"))
		}
		var listed []string
		in := &cognitoidp.ListGroupsRequest{UserPoolId: p.ID, Limit: new(int64(5))}
		for {
			out, err := f.ListGroups(f.ctx, in)
			f.must(err)
			for _, g := range out.Groups {
				listed = append(listed, *g.GroupName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
			f.must(f.group(p, fmt.Sprintf("g00-%d", len(listed)))) // behind the cursor
		}
		if !slices.Equal(listed, groups) {
			t.Errorf("groups %q", listed)
		}
		if got := f.members(p, "g00", 4); !slices.Equal(got, users) {
			t.Errorf("members %q", got)
		}
		first, err := f.ListUsersInGroup(f.ctx, &cognitoidp.ListUsersInGroupRequest{UserPoolId: p.ID, GroupName: "g00", Limit: new(int64(1))})
		f.must(err)
		_, err = f.ListUsersInGroup(f.ctx, &cognitoidp.ListUsersInGroupRequest{UserPoolId: p.ID, GroupName: "g01", NextToken: first.NextToken})
		f.wants(err, "InvalidParameterException: Invalid pagination token given.")
		_, err = f.ListGroups(f.ctx, &cognitoidp.ListGroupsRequest{UserPoolId: p.ID, NextToken: first.NextToken})
		f.wants(err, "InvalidParameterException: Invalid pagination token given.")
	})
}

// TestDeleteGroupWithMembers deletes a group that has more members than one batch and makes it again: the new group has
// no members, tokens lose the old one at once, and no row is left.
func TestDeleteGroupWithMembers(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		f.must(f.group(p, "g"))
		f.must(f.group(p, "other"))
		var subs []string
		_, err := f.BulkInsert(f.ctx, p, func(yield func(NewUser) bool) {
			for i := range purgeBatch + 50 {
				n := NewUser{Username: fmt.Sprint("u", i), Sub: f.IDs.UUID(), Status: "CONFIRMED"}
				subs = append(subs, n.Sub)
				if !yield(n) {
					return
				}
			}
		})
		f.must(err)
		var g group
		f.must(f.DB.Update(f.ctx, func(tx *db.Tx) (err error) {
			if g, err = readGroup(tx, p.ID, "g"); err != nil {
				return err
			}
			for _, sub := range subs {
				m := membership{"g", g.id}
				if _, err := tx.ExecBatch(insertMember(p.ID, sub, m), insertGroupUser(p.ID, sub, m)); err != nil {
					return err
				}
			}
			return nil
		}))
		f.must(f.join(p, "u0", "other"))

		// A request that is cut short leaves memberships that are void and swept.
		f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error { return removeGroup(tx, p.ID, g) }))
		f.must(f.group(p, "g"))
		f.must(f.join(p, "u1", "g"))
		if got := f.groupsOf(p, subs[0]); !slices.Equal(got, []string{"other"}) {
			t.Errorf("groups of a former member: %q", got)
		}
		if got := f.members(p, "g", 60); !slices.Equal(got, []string{"u1"}) {
			t.Errorf("members of the new group: %q", got)
		}
		for n := 1; n > 0; {
			f.must(f.DB.Update(f.ctx, func(tx *db.Tx) (err error) {
				n, err = f.Sweep(f.ctx, tx, f.clock.Now(), 100)
				return err
			}))
		}
		if rows := f.rows(p); rows["group_member"] != 2 || rows["group_user"] != 2 || rows["group_purge"] != 0 {
			t.Errorf("rows left: %v", rows)
		}
		f.must(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: p.ID, GroupName: "g"}))
		if rows := f.rows(p); rows["group_member"] != 1 || rows["group_purge"] != 0 {
			t.Errorf("rows left: %v", rows)
		}
	})
}

func TestGroupLimits(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	f.user(p, "jo")
	f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error {
		for i := range maxGroups {
			if _, err := insertGroup(tx, p.ID, group{name: fmt.Sprint("g", i), id: fmt.Sprint(i), precedence: -1}); err != nil {
				return err
			}
		}
		return nil
	}))
	f.wants(f.group(p, "more"), "LimitExceededException: A user pool can have at most 10000 groups.")
	f.wants(f.group(p, "g1"), "GroupExistsException: A group with the name already exists")
	for i := range maxGroupsPerUser {
		f.must(f.join(p, "jo", fmt.Sprint("g", i)))
	}
	f.wants(f.join(p, "jo", "g100"), "InvalidParameterException: A user can be in at most 100 groups.")
	f.must(f.join(p, "jo", "g99"))
	f.must(f.leave(p, "jo", "g99"))
	f.must(f.join(p, "jo", "g100"))
	if got := f.groupsOf(p, f.resolve(p, "jo")); len(got) != maxGroupsPerUser {
		t.Errorf("%d groups", len(got))
	}
}

func TestEnsureGroup(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	f.user(p, "jo")
	ensure := func(s SeedGroup) bool {
		t.Helper()
		changed, err := f.EnsureGroup(f.ctx, p, s)
		f.must(err)
		return changed
	}
	member := func() bool {
		t.Helper()
		changed, err := f.EnsureMember(f.ctx, p, "jo", "g")
		f.must(err)
		return changed
	}
	s := SeedGroup{Name: "g", Description: "d", Precedence: new(int64(3))}
	if !ensure(s) || ensure(s) || !member() || member() {
		t.Error("applying a seed twice is not idempotent")
	}
	s.Description = "other"
	if !ensure(s) || ensure(s) || member() {
		t.Error("an edit is not applied once")
	}
}
