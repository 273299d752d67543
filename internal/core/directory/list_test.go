package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// found lists all user names that a filter finds, page by page.
func (f *fixture) found(p *pool.Pool, filter string) []string {
	f.t.Helper()
	return f.pages(p, filter, 2)
}

func (f *fixture) pages(p *pool.Pool, filter string, limit int64) []string {
	f.t.Helper()
	names := []string{}
	in := &cognitoidp.ListUsersRequest{UserPoolId: p.ID, Filter: &filter, Limit: &limit}
	for {
		out, err := f.ListUsers(f.ctx, in)
		f.must(err)
		if int64(len(out.Users)) > limit {
			f.t.Errorf("%d users on a page of %d", len(out.Users), limit)
		}
		for _, u := range out.Users {
			names = append(names, *u.Username)
		}
		if out.PaginationToken == nil {
			return names
		}
		in.PaginationToken = out.PaginationToken
	}
}

func TestListUsersFilters(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p, foreign := f.newPool(nil), f.newPool(nil)
		long := strings.Repeat("n", 600)
		f.user(p, "Ann", "email", "Ann@example.com", "given_name", "Ann", "family_name", `O"Neil`, "name", long+"1")
		f.user(p, "ann2", "email", "ann2@example.com", "given_name", "anna", "phone_number", "+15550001", "name", long+"2")
		bob := f.user(p, "bob", "email", "bob@example.com", "preferred_username", "Zoë", "name", `a\b`)
		f.user(p, "Łukasz", "given_name", "Łukasz", "name", "50%_off")
		f.user(foreign, "bob", "email", "bob@example.com", "name", "foreign")
		_, err := f.create(p, NewUser{Username: "new", Status: cognitoidp.UserStatusTypeUnconfirmed, Disabled: true})
		f.must(err)
		_, err = f.create(p, NewUser{Username: "force", Status: cognitoidp.UserStatusTypeForceChangePassword})
		f.must(err)

		for filter, want := range map[string][]string{
			``:                                              {"Ann", "ann2", "bob", "force", "new", "Łukasz"},
			`username = "Ann"`:                              {"Ann"},
			`username = "ann"`:                              {},
			`username ^= "ann"`:                             {"ann2"},
			`username ^= ""`:                                {"Ann", "ann2", "bob", "force", "new", "Łukasz"},
			`username = "Łukasz"`:                           {"Łukasz"},
			`email = "ANN@example.com"`:                     {"Ann"},
			`email ^= "ann"`:                                {"ann2", "Ann"}, // by value: ann2@ stands before ann@
			`email ^= "a"`:                                  {"ann2", "Ann"},
			`email = ""`:                                    {},
			`email = "%"`:                                   {},
			`name ^= "50%_"`:                                {"Łukasz"},
			`name = "50%_OFF"`:                              {"Łukasz"},
			`given_name = "ANN"`:                            {"Ann"},
			`given_name ^= "ann"`:                           {"Ann", "ann2"},
			`given_name = "łukasz"`:                         {"Łukasz"},
			`family_name = "o\"neil"`:                       {"Ann"},
			`name = "a\\b"`:                                 {"bob"},
			`name = "A\b"`:                                  {"bob"},
			`phone_number ^= "+1555"`:                       {"ann2"},
			`preferred_username="zoe\u0308"`:                {},
			"preferred_username=\"ZOE\u0308\"":              {"bob"},
			`sub = "` + bob.Sub + `"`:                       {"bob"},
			`sub ^= "` + bob.Sub[:13] + `"`:                 {"bob"},
			`sub ^= "` + bob.Sub + `"`:                      {"bob"},
			`sub ^= "` + bob.Sub + `0"`:                     {},
			`sub = "zz"`:                                    {},
			`sub ^= "zz"`:                                   {},
			`status = "Enabled"`:                            {"Ann", "ann2", "bob", "force", "Łukasz"},
			`status = "Disabled"`:                           {"new"},
			`status = "disabled"`:                           {},
			`status = "enabled"`:                            {},
			`status ^= "Dis"`:                               {"new"},
			`cognito:user_status = "confirmed"`:             {"Ann", "ann2", "bob", "Łukasz"},
			`cognito:user_status = "CONFIRMED"`:             {"Ann", "ann2", "bob", "Łukasz"},
			`cognito:user_status = "Unconfirmed"`:           {"new"},
			`cognito:user_status = "FORCE_CHANGE_PASSWORD"`: {"force"},
			`cognito:user_status ^= "f"`:                    {"force"},
			`name = "` + long[:200] + `"`:                   {},
			`name ^= "` + long[:200] + `"`:                  {"Ann", "ann2"},
		} {
			got := f.found(p, filter)
			if strings.HasPrefix(filter, "email ^=") || strings.HasPrefix(filter, "given_name ^=") {
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q in this order", filter, got, want)
				}
				continue
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
		// The index follows the user.
		f.must(f.change(p, bob.Sub, func(u *User) {
			delete(u.Attributes, "email")
			u.Enabled, u.Status, u.Attributes["name"] = false, cognitoidp.UserStatusTypeResetRequired, "Robert"
		}))
		for filter, want := range map[string]int{
			`email ^= "bob"`: 0, `name = "robert"`: 1, `status = "Disabled"`: 2, `cognito:user_status = "RESET_REQUIRED"`: 1,
			`cognito:user_status = "CONFIRMED"`: 3, `status = "Enabled"`: 4,
		} {
			if got := f.found(p, filter); len(got) != want {
				t.Errorf("after the change, %s: %q", filter, got)
			}
		}
	})
}

func TestListUsersRefusals(t *testing.T) {
	f := quick(t)
	p, q := f.newPool(nil), f.newPool(nil)
	for i := range 4 {
		f.user(p, fmt.Sprint("u", i), "email", fmt.Sprintf("u%d@example.com", i))
		f.user(q, fmt.Sprint("u", i), "email", fmt.Sprintf("u%d@example.com", i))
	}
	first := func(in *cognitoidp.ListUsersRequest) string {
		t.Helper()
		in.UserPoolId, in.Limit = p.ID, new(int64(2))
		out, err := f.ListUsers(f.ctx, in)
		f.must(err)
		return *out.PaginationToken
	}
	plain, filtered := first(&cognitoidp.ListUsersRequest{}), first(&cognitoidp.ListUsersRequest{Filter: new(`email ^= "u"`)})
	const badToken = "InvalidParameterException: Invalid pagination token given."
	for _, c := range []struct {
		in   cognitoidp.ListUsersRequest
		want string
	}{
		{cognitoidp.ListUsersRequest{UserPoolId: "us-east-1_nowhere99"}, "ResourceNotFoundException: User pool us-east-1_nowhere99 does not exist."},
		{cognitoidp.ListUsersRequest{Filter: new(`email`)}, "InvalidParameterException: Error while parsing filter."},
		{cognitoidp.ListUsersRequest{Filter: new(`custom:tier = "a"`)}, "InvalidParameterException: Invalid search attribute: custom:tier"},
		{cognitoidp.ListUsersRequest{Filter: new(`x; DROP TABLE user_alias = "a"`)}, "InvalidParameterException: Error while parsing filter."},
		{cognitoidp.ListUsersRequest{AttributesToGet: []string{"custom:none"}}, "InvalidParameterException: One or more requested attributes do not exist."},
		{cognitoidp.ListUsersRequest{AttributesToGet: []string{"custom:tier"}}, "InvalidParameterException: One or more requested attributes do not exist."},
		{cognitoidp.ListUsersRequest{PaginationToken: &plain}, ""},
		{cognitoidp.ListUsersRequest{PaginationToken: &filtered}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: &plain, Filter: new(`email ^= "u"`)}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: &filtered, Filter: new(`email ^= "v"`)}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: &filtered, Filter: new(`email ^= "u"`)}, ""},
		{cognitoidp.ListUsersRequest{PaginationToken: &plain, AttributesToGet: []string{"email"}}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: &plain, UserPoolId: q.ID}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: new("x' OR 1=1")}, badToken},
		{cognitoidp.ListUsersRequest{PaginationToken: new(plain[:len(plain)-2])}, badToken},
	} {
		if c.in.UserPoolId == "" {
			c.in.UserPoolId = p.ID
		}
		_, err := f.ListUsers(f.ctx, &c.in)
		if got := refusal(err); got != c.want {
			t.Errorf("%+v: %q, want %q", c.in, got, c.want)
		}
	}
	f.clock.Advance(61 * time.Minute)
	_, err := f.ListUsers(f.ctx, &cognitoidp.ListUsersRequest{UserPoolId: p.ID, PaginationToken: &plain})
	f.wants(err, badToken)
}

func TestListUsersShape(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	f.user(p, "jo", "email", "jo@example.com", "custom:tier", "gold")
	f.user(p, "al", "custom:tier", "lead")
	names := func(get []string) []string {
		t.Helper()
		out, err := f.ListUsers(f.ctx, &cognitoidp.ListUsersRequest{UserPoolId: p.ID, AttributesToGet: get, Filter: new(`username ^= ""`), Limit: new(int64(0))})
		f.must(err)
		var got []string
		for _, u := range out.Users {
			var row []string
			for _, a := range u.Attributes {
				row = append(row, a.Name)
			}
			got = append(got, *u.Username+":"+strings.Join(row, ","))
			if u.Enabled == nil || !*u.Enabled || *u.UserStatus != "CONFIRMED" || u.UserCreateDate.UnixMilli() != f.clock.Milli() ||
				u.UserLastModifiedDate == nil || u.MFAOptions != nil {
				t.Errorf("user %+v", u)
			}
		}
		return got
	}
	for _, c := range []struct{ get, want []string }{
		{nil, []string{"al:sub,custom:tier", "jo:sub,custom:tier,email"}},
		{[]string{}, []string{"al:", "jo:"}},
		{[]string{"email"}, []string{"al:", "jo:email"}},
		{[]string{"custom:tier", "sub"}, []string{"al:custom:tier,sub", "jo:custom:tier,sub"}},
	} {
		if got := names(c.get); !slices.Equal(got, c.want) {
			t.Errorf("AttributesToGet %q: %q, want %q", c.get, got, c.want)
		}
	}
}

// TestScanPages holds that a filter that nearly nobody meets still ends each page after a bounded amount of work.
func TestScanPages(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	_, err := f.BulkInsert(f.ctx, p, func(yield func(NewUser) bool) {
		for i := range 2*scanLimit + 50 {
			if !yield(NewUser{Username: fmt.Sprint("u", i), Status: "CONFIRMED", Disabled: true}) {
				return
			}
		}
	})
	f.must(err)
	f.user(p, "only")
	var page userPage
	calls, names, cursor := 0, []string{}, ""
	for {
		f.must(f.DB.View(f.ctx, func(tx *db.Tx) (err error) {
			page, err = listPage(tx, p.ID, filter{Attribute: "status", Value: "Enabled"}, cursor, 10)
			return err
		}))
		calls++
		for _, u := range page.users {
			names = append(names, u.Username)
		}
		if cursor = page.next; cursor == "" {
			break
		}
	}
	if calls < 2 || calls > 4 || !slices.Equal(names, []string{"only"}) {
		t.Errorf("%d pages found %q", calls, names)
	}
}

// TestPagination holds that walking the pages of any filter lists each matching user who was there from the beginning
// exactly once, and nobody twice, while others are made and deleted between the pages.
func TestPagination(t *testing.T) {
	f := quick(t)
	rapid.Check(t, func(r *rapid.T) {
		p := f.newPool(nil)
		filter := rapid.SampledFrom([]string{
			``, `email ^= "a"`, `name = "Same"`, `status = "Enabled"`, `cognito:user_status = "CONFIRMED"`,
			`cognito:user_status = "UNCONFIRMED"`, `username ^= "user"`, `sub ^= "7"`,
		}).Draw(r, "filter")
		parsed, err := parseFilter(filter)
		f.must(err)
		n := 0
		add := func() *User {
			n++
			u, err := f.create(p, NewUser{
				Username: fmt.Sprint(rapid.SampledFrom([]string{"user", "x"}).Draw(r, "name"), n),
				Status:   rapid.SampledFrom([]cognitoidp.UserStatusType{"CONFIRMED", "UNCONFIRMED"}).Draw(r, "status"),
				Disabled: rapid.IntRange(0, 3).Draw(r, "disabled") == 0,
			}, "email", fmt.Sprintf("%s%d@example.com", rapid.SampledFrom([]string{"a", "A", "b"}).Draw(r, "mail"), n),
				"name", rapid.SampledFrom([]string{"same", "SAME", "other"}).Draw(r, "display"))
			f.must(err)
			return u
		}
		want := map[string]bool{}
		for range rapid.IntRange(0, 25).Draw(r, "users") {
			if u := add(); parsed.matches(u) {
				want[u.Username] = true
			}
		}
		seen := map[string]bool{}
		in := &cognitoidp.ListUsersRequest{UserPoolId: p.ID, Filter: &filter, Limit: new(int64(rapid.IntRange(1, 7).Draw(r, "limit")))}
		for {
			out, err := f.ListUsers(f.ctx, in)
			f.must(err)
			for _, u := range out.Users {
				if seen[*u.Username] {
					r.Fatalf("%s is listed twice", *u.Username)
				}
				seen[*u.Username] = true
			}
			if in.PaginationToken = out.PaginationToken; in.PaginationToken == nil {
				break
			}
			for range rapid.IntRange(0, 3).Draw(r, "inserted") {
				add()
			}
		}
		for name := range want {
			if !seen[name] {
				r.Fatalf("%s is missing for %s", name, filter)
			}
		}
	})
}
