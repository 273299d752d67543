package directory

import (
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

func caseless(in *cognitoidp.CreateUserPoolRequest) {
	in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
}

func byEmailOrPhone(in *cognitoidp.CreateUserPoolRequest) {
	caseless(in)
	in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email", "phone_number"}
	in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email"}
}

func withAliases(in *cognitoidp.CreateUserPoolRequest) {
	caseless(in)
	in.AliasAttributes = []cognitoidp.AliasAttributeType{"email", "phone_number", "preferred_username"}
	in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email", "phone_number"}
}

func TestResolvePlain(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		exact, folded := f.newPool(nil), f.newPool(caseless)
		bob := f.user(exact, "Bob", "email", "bob@example.com", "email_verified", "true")
		upper := f.user(exact, "BOB")
		ada := f.user(folded, "Ａda", "email", "ada@example.com", "email_verified", "true")
		if ada.Username != folded.Normal("Ａda") {
			t.Errorf("stored user name %q", ada.Username)
		}
		for _, c := range []struct {
			p          *pool.Pool
			name, want string
		}{
			{exact, "Bob", bob.Sub}, {exact, "BOB", upper.Sub}, {exact, "bob", ""}, {exact, bob.Sub, bob.Sub},
			{exact, "bob@example.com", ""}, {exact, "", ""}, {exact, " Bob", ""},
			{exact, strings.ToUpper(bob.Sub), ""},
			{folded, "ADA", ada.Sub}, {folded, "ada", ada.Sub}, {folded, ada.Sub, ada.Sub}, {folded, "adа", ""}, // Cyrillic а
			{folded, "Bob", ""}, {folded, bob.Sub, ""}, {exact, "ada", ""},
			{exact, "x\x00y", ""}, {exact, strings.Repeat("ﷺ", 128), ""}, {exact, "\x01sha256:00", ""},
		} {
			if got := f.resolve(c.p, c.name); got != c.want {
				t.Errorf("%q is %q, want %q", c.name, got, c.want)
			}
		}
		for _, n := range []NewUser{{Username: "aDA"}, {Username: "ﬁrst", Sub: ada.Sub}, {Username: bob.Sub, Sub: ""}} {
			p := folded
			if n.Username == bob.Sub {
				p = exact // somebody's sub as user name
			}
			if _, err := f.create(p, n); !errors.Is(err, ErrUsernameExists) || errors.Is(err, ErrAliasExists) {
				t.Errorf("create %+v: %v", n, err)
			}
		}
		long := f.user(folded, strings.Repeat("ﷺ", 128))
		if f.resolve(folded, strings.Repeat("ﷺ", 128)) != long.Sub || f.resolve(folded, strings.Repeat("ﷺ", 127)) != "" {
			t.Error("a name that normalises to kilobytes does not resolve exactly")
		}
	})
}

func TestResolveUsernameAttributes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(byEmailOrPhone)
		u := f.user(p, "ignored", "email", "Jo@Example.com")
		tel := f.user(p, "ignored", "phone_number", "+15551234567")
		if u.Username != u.Sub {
			t.Errorf("user name %q, sub %q", u.Username, u.Sub)
		}
		for name, want := range map[string]string{
			"jo@example.com": u.Sub, "JO@EXAMPLE.COM": u.Sub, u.Sub: u.Sub, "+15551234567": tel.Sub, "ignored": "",
		} {
			if got := f.resolve(p, name); got != want {
				t.Errorf("%q is %q, want %q", name, got, want)
			}
		}
		_, err := f.create(p, NewUser{}, "email", "jo@example.COM")
		var taken *AliasTaken
		if !errors.Is(err, ErrUsernameExists) || !errors.As(err, &taken) || taken.Attribute != "email" {
			t.Errorf("second user with the address: %v", err)
		}
		// A change moves the name at once, verified or not, and frees the old one.
		f.must(f.change(p, u.Sub, func(u *User) { u.Attributes["email"] = "new@example.com" }))
		if f.resolve(p, "jo@example.com") != "" || f.resolve(p, "new@example.com") != u.Sub {
			t.Error("the name did not move")
		}
		err = f.change(p, tel.Sub, func(u *User) { u.Attributes["email"] = "NEW@example.com" })
		if !errors.Is(err, ErrAliasExists) {
			t.Errorf("taking another user's address: %v", err)
		}
		if f.read(p, tel.Sub).Attributes["email"] != "" {
			t.Error("the refused change was kept")
		}
	})
}

func TestResolveAliases(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(withAliases)
		u := f.user(p, "Jo", "email", "jo@example.com", "phone_number", "+15551234567", "preferred_username", "JoJo")
		waiting, err := f.create(p, NewUser{Username: "wait", Status: cognitoidp.UserStatusTypeUnconfirmed}, "preferred_username", "Later")
		f.must(err)
		check := func(when string, want map[string]string) {
			t.Helper()
			for name, sub := range want {
				if got := f.resolve(p, name); got != sub {
					t.Errorf("%s: %q is %q, want %q", when, name, got, sub)
				}
			}
		}
		check("unverified", map[string]string{
			"jo": u.Sub, "JOJO": u.Sub, "jo@example.com": "", "+15551234567": "", u.Sub: "", "later": "",
		})
		verify := func(u *User) { u.Attributes["email_verified"] = "true" }
		f.must(f.change(p, u.Sub, verify))
		f.must(f.change(p, waiting.Sub, func(u *User) { u.Status = cognitoidp.UserStatusTypeConfirmed }))
		check("verified", map[string]string{"JO@example.com": u.Sub, "+15551234567": "", "later": waiting.Sub})

		// Unverified duplicates are allowed; verifying the second is not, unless the alias is moved.
		other := f.user(p, "other", "email", "Jo@Example.com")
		err = f.change(p, other.Sub, verify)
		var taken *AliasTaken
		if !errors.As(err, &taken) || taken.Attribute != "email" || errors.Is(err, ErrUsernameExists) {
			t.Errorf("second verified address: %v", err)
		}
		f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error {
			o, err := f.BySub(tx, p, other.Sub)
			if err != nil {
				return err
			}
			verify(o)
			if err := f.MoveAliases(tx, p, o); err != nil {
				return err
			}
			return f.Save(tx, p, o)
		}))
		check("moved", map[string]string{"jo@example.com": other.Sub, "jo": u.Sub})
		if was := f.read(p, u.Sub); was.Attributes["email_verified"] != "false" || was.Attributes["email"] != "jo@example.com" {
			t.Errorf("the former holder has %v", was.Attributes)
		}
		third, err := f.create(p, NewUser{Username: "third", MoveAliases: true}, "email", "jo@example.com", "email_verified", "true")
		f.must(err)
		check("moved at creation", map[string]string{"jo@example.com": third.Sub})
		// A preferred name never wins over a user name.
		f.must(f.change(p, third.Sub, func(u *User) { u.Attributes["preferred_username"] = "OTHER" }))
		check("user name first", map[string]string{"other": other.Sub})
		f.must(f.AdminDeleteUser(f.ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "other"}))
		check("then the preferred name", map[string]string{"other": third.Sub})
	})
}

func TestNames(t *testing.T) {
	f := quick(t)
	p := f.newPool(withAliases)
	u := f.user(p, "Jo", "email", "jo@example.com", "email_verified", "true", "phone_number", "+15551234567")
	for name, want := range map[string]bool{
		"jo": true, "JO": true, "jo@EXAMPLE.com": true, u.Sub: true, "+15551234567": false, "": false, "joe": false,
	} {
		if f.Directory.Names(p, u, name) != want {
			t.Errorf("Names(%q) = %v", name, !want)
		}
	}
}

func TestGhostSub(t *testing.T) {
	f := quick(t)
	p, q, exact := f.newPool(caseless), f.newPool(caseless), f.newPool(nil)
	ghost := func(p *pool.Pool, name string) string {
		sub, err := f.GhostSub(f.ctx, p, name)
		f.must(err)
		if !isUUID(sub) || sub[14] != '4' {
			t.Errorf("ghost sub %q", sub)
		}
		return sub
	}
	switch {
	case ghost(p, "Nobody") != ghost(p, "noBODY"), ghost(p, "ﬁ") != ghost(p, "FI"):
		t.Error("spellings of one name have different ghosts")
	case ghost(p, "a") == ghost(p, "b"), ghost(p, "a") == ghost(q, "a"), ghost(exact, "A") == ghost(exact, "a"):
		t.Error("different names share a ghost")
	}
}

// TestOneWinner creates the same name from many sides at once: one user comes to be, whatever the engine.
func TestOneWinner(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(byEmailOrPhone)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := []string{}
		for range 16 {
			wg.Go(func() {
				u, err := f.create(p, NewUser{}, "email", "one@example.com")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = append(won, u.Sub)
				case !errors.Is(err, ErrUsernameExists):
					t.Errorf("loser: %v", err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 || f.resolve(p, "one@example.com") != won[0] {
			t.Errorf("%d winners", len(won))
		}
	})
}

func TestSaveConflicts(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		sub := f.user(p, "jo").Sub
		stale := f.read(p, sub)
		f.must(f.change(p, sub, func(u *User) { u.Attributes["name"] = "first" }))
		stale.Attributes["name"] = "second"
		err := f.DB.Update(f.ctx, func(tx *db.Tx) error { return f.Save(tx, p, stale) })
		if !errors.Is(err, ErrChanged) {
			t.Errorf("saving a stale user: %v", err)
		}
		err = f.DB.Update(f.ctx, func(tx *db.Tx) error { return f.Delete(tx, p, stale) })
		if !errors.Is(err, ErrChanged) {
			t.Errorf("deleting a stale user: %v", err)
		}
		// Saving twice in one transaction works, and a user read earlier can be saved by a transaction that runs again.
		fresh := f.read(p, sub).Clone()
		f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error {
			fresh.Attributes["email"] = "a@example.com"
			if err := f.Save(tx, p, fresh); err != nil {
				return err
			}
			fresh.Attributes["email"] = "b@example.com"
			return f.Save(tx, p, fresh)
		}))
		if got := f.read(p, sub); got.Attributes["email"] != "b@example.com" || got.Attributes["name"] != "first" {
			t.Errorf("after two saves: %v", got.Attributes)
		}
		if n := len(f.found(p, `email = "a@example.com"`)); n != 0 {
			t.Errorf("%d search rows of the first save are left", n)
		}
	})
}

// TestCounters increments one attribute from many sides; no increment may be lost.
func TestConcurrentSaves(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		sub := f.user(p, "jo", "name", "").Sub
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 3 {
					if err := f.change(p, sub, func(u *User) { u.Attributes["name"] += "x" }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := f.read(p, sub).Attributes["name"]; got != strings.Repeat("x", 12) {
			t.Errorf("after 12 changes: %q", got)
		}
	})
}

func TestCredential(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		sub, username := f.Assign(p, "jo")
		cred, err := password.New(p.Name, username, "Passw0rd!", nil)
		f.must(err)
		u, err := f.create(p, NewUser{Sub: sub, Username: username, Credential: cred})
		f.must(err)
		other := f.user(p, "other")
		u = f.read(p, u.Sub)
		got, err := f.Credential(f.ctx, u)
		f.must(err)
		if !got.Verify(p.Name, "jo", "Passw0rd!") || !u.HasPassword() {
			t.Error("the credential does not verify")
		}
		if c, err := f.Credential(f.ctx, other); c != nil || err != nil {
			t.Errorf("a user without password: %v, %v", c, err)
		}
		// A sealed credential that is put into another row does not open.
		stolen := f.read(p, other.Sub)
		stolen.credential = u.credential
		if _, err := f.Credential(f.ctx, stolen); err == nil {
			t.Error("a credential opens in another row")
		}
		f.must(f.SetCredential(f.ctx, u, nil))
		f.must(f.DB.Update(f.ctx, func(tx *db.Tx) error { return f.Save(tx, p, u) }))
		if f.read(p, u.Sub).HasPassword() {
			t.Error("the password was not removed")
		}
	})
}

func TestDeleteLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(withAliases)
		c := f.newClient(p, nil)
		before := f.rows(p)
		u := f.user(p, "jo", "email", "jo@example.com", "email_verified", "true", "name", "Jo", "preferred_username", "j")
		f.must(f.change(p, u.Sub, func(u *User) { u.Enabled, u.Status = true, cognitoidp.UserStatusTypeResetRequired }))
		access := f.signIn(p, c, u, "")
		_, err := f.CreateGroup(f.ctx, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: "g"})
		f.must(err)
		f.must(f.AdminAddUserToGroup(f.ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: p.ID, Username: "jo", GroupName: "g"}))
		_, err = f.GetUserAttributeVerificationCode(f.ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: access, AttributeName: "email"})
		f.must(err)
		f.must(f.DeleteUser(f.ctx, &cognitoidp.DeleteUserRequest{AccessToken: access}))
		f.must(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: p.ID, GroupName: "g"}))
		if after := f.rows(p); !maps.Equal(before, after) {
			t.Errorf("rows before %v, after %v", before, after)
		}
		if len(f.deleted) != 1 || f.deleted[0] != u.Sub {
			t.Errorf("UserGone saw %v", f.deleted)
		}
		f.wants(f.DeleteUser(f.ctx, &cognitoidp.DeleteUserRequest{AccessToken: access}), "NotAuthorizedException: Access Token has been revoked")
		f.user(p, "jo", "email", "jo@example.com", "email_verified", "true") // every name is free again
	})
}

// rows counts the rows of a pool that belong to users.
func (f *fixture) rows(p *pool.Pool) map[string]int64 {
	f.t.Helper()
	out := map[string]int64{}
	f.must(f.DB.View(f.ctx, func(tx *db.Tx) error {
		for _, table := range []string{tableUser, "user_alias", "user_search", "user_group", "group_member", "group_user", "group_purge", "one_time_code", "token_session"} {
			var n int64
			if err := tx.QueryRow("SELECT count(*) FROM "+table+" WHERE pool_id = $1", p.ID).Scan(&n); err != nil {
				return err
			}
			out[table] = n
		}
		return nil
	}))
	return out
}
