package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

const (
	wrongCode = "CodeMismatchException: Invalid verification code provided, please try again."
	noCode    = "ExpiredCodeException: Invalid code provided, please request a code again."
	limited   = "LimitExceededException: Attempt limit exceeded, please try after some time."
)

// self is a signed-in user.
type self struct {
	*fixture
	p      *pool.Pool
	u      *User
	access string
}

func (f *fixture) self(p *pool.Pool, username string, attrs ...string) self {
	f.t.Helper()
	u := f.user(p, username, attrs...)
	return self{f, p, u, f.signIn(p, f.newClient(p, nil), u, "")}
}

// set updates attributes and returns where codes went, as attribute>destination.
func (s self) set(attrs ...string) ([]string, error) {
	out, err := s.UpdateUserAttributes(s.ctx, &cognitoidp.UpdateUserAttributesRequest{AccessToken: s.access, UserAttributes: list(attrs...)})
	if err != nil {
		return nil, err
	}
	var sent []string
	for _, d := range out.CodeDeliveryDetailsList {
		sent = append(sent, *d.AttributeName+">"+*d.Destination)
	}
	return sent, nil
}

func (s self) verify(name, code string) error {
	_, err := s.VerifyUserAttribute(s.ctx, &cognitoidp.VerifyUserAttributeRequest{AccessToken: s.access, AttributeName: name, Code: code})
	return err
}

// attrs are what GetUser answers, without sub.
func (s self) attrs() map[string]string {
	s.t.Helper()
	out, err := s.GetUser(s.ctx, &cognitoidp.GetUserRequest{AccessToken: s.access})
	s.must(err)
	if out.UserAttributes[0].Name != "sub" || *out.UserAttributes[0].Value != s.u.Sub || out.Username != s.u.Username {
		s.t.Errorf("GetUser of %s: %+v", s.u.Sub, out)
	}
	if out.PreferredMfaSetting != nil || out.UserMFASettingList != nil || out.MFAOptions != nil {
		s.t.Errorf("GetUser has MFA members: %+v", out)
	}
	got := map[string]string{}
	for _, a := range out.UserAttributes[1:] {
		got[a.Name] = *a.Value
	}
	return got
}

func autoVerify(names ...cognitoidp.VerifiedAttributeType) func(*cognitoidp.CreateUserPoolRequest) {
	return func(in *cognitoidp.CreateUserPoolRequest) { in.AutoVerifiedAttributes = names }
}

func keepOld(in *cognitoidp.CreateUserPoolRequest) {
	in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email", "phone_number"}
	in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
	in.UserAttributeUpdateSettings = &cognitoidp.UserAttributeUpdateSettingsType{
		AttributesRequireVerificationBeforeUpdate: []cognitoidp.VerifiedAttributeType{"email"},
	}
}

func TestGetUserReadsWhatTheClientMay(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	u := f.user(p, "jo", "name", "Jo", "email", "jo@example.com", "email_verified", "true", "custom:tier", "gold", "dev:custom:note", "n")
	for _, c := range []struct {
		read []string
		want string
	}{
		{nil, "sub custom:tier email email_verified name"},
		{[]string{"name", "custom:tier"}, "sub custom:tier name"},
	} {
		client := f.newClient(p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.ReadAttributes = c.read })
		out, err := f.GetUser(f.ctx, &cognitoidp.GetUserRequest{AccessToken: f.signIn(p, client, u, "")})
		f.must(err)
		var names []string
		for _, a := range out.UserAttributes {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("ReadAttributes %v: %s, want %s", c.read, got, c.want)
		}
	}
	out, err := f.AdminGetUser(f.ctx, &cognitoidp.AdminGetUserRequest{UserPoolId: p.ID, Username: "jo"})
	f.must(err)
	if len(out.UserAttributes) != 6 || out.UserAttributes[0].Name != "sub" || !*out.Enabled || *out.UserStatus != "CONFIRMED" {
		t.Errorf("AdminGetUser: %+v", out)
	}
	f.must(f.change(p, u.Sub, func(u *User) { u.MFA = MFA{Preferred: "SMS_MFA", Enabled: []string{"SMS_MFA"}} }))
	out, err = f.AdminGetUser(f.ctx, &cognitoidp.AdminGetUserRequest{UserPoolId: p.ID, Username: "jo"})
	f.must(err)
	if *out.PreferredMfaSetting != "SMS_MFA" || !slices.Equal(out.UserMFASettingList, []string{"SMS_MFA"}) {
		t.Errorf("AdminGetUser with MFA: %+v", out)
	}
}

func TestAdminUpdate(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p, kept := f.newPool(withAliases), f.newPool(keepOld)
		a := f.self(p, "ann", "email", "ann@example.com", "email_verified", "true")
		b := f.self(p, "bob", "email", "bob@example.com")
		k := f.self(kept, "kim", "email", "kim@example.com", "email_verified", "true")
		update := func(s self, attrs ...string) error {
			_, err := f.AdminUpdateUserAttributes(f.ctx, &cognitoidp.AdminUpdateUserAttributesRequest{
				UserPoolId: s.p.ID, Username: s.u.Username, UserAttributes: list(attrs...)})
			return err
		}
		const email = "email"
		f.must(update(b, email, "bob2@example.com", "email_verified", "True"))
		if got := b.attrs(); got[email] != "bob2@example.com" || got["email_verified"] != "true" || len(f.inbox(p, "bob2@example.com")) != 0 {
			t.Errorf("changed and verified: %v", got)
		}
		f.must(update(b, email, "bob3@example.com"))
		if got := b.attrs(); got["email_verified"] != "false" || len(f.inbox(p, "bob3@example.com")) != 1 {
			t.Errorf("changed: %v", got)
		}
		f.must(b.verify(email, f.inbox(p, "bob3@example.com")[0]))
		f.wants(update(b, email, "ANN@example.com", "email_verified", "true"), "AliasExistsException: An account with the given email already exists.")
		f.must(update(b, "preferred_username", "Robert"))
		f.wants(update(a, "preferred_username", "ROBERT"), "AliasExistsException: An account with the given preferred_username already exists.")
		f.wants(update(a, "phone_number_verified", "true"), "InvalidParameterException: user.phone_number_verified: Attribute cannot be set to true without a value for phone_number.\n")
		f.wants(update(a, email, "", "email_verified", "true"), "InvalidParameterException: user.email_verified: Attribute cannot be set to true without a value for email.\n")
		f.must(update(a, "email_verified", "false"))
		if f.resolve(p, "ann@example.com") != "" || len(f.inbox(p, "ann@example.com")) != 0 {
			t.Error("an unverified address still signs in")
		}
		f.must(update(a, "email_verified", "true", "custom:tier", "gold", "dev:custom:note", "x"))

		// With keep-until-verified an administrator's change waits as well, unless it comes verified.
		f.must(update(k, email, "kim2@example.com"))
		if got := k.attrs(); got[email] != "kim@example.com" || got["email_verified"] != "true" {
			t.Errorf("pending by administrator: %v", got)
		}
		pending := f.inbox(kept, "kim2@example.com")[0]
		f.must(update(k, email, "kim3@example.com", "email_verified", "true"))
		f.wants(k.verify(email, pending), noCode)
		if got := k.attrs(); got[email] != "kim3@example.com" || got["email_verified"] != "true" {
			t.Errorf("set by administrator: %v", got)
		}
	})
}

func TestDeleteAttributes(t *testing.T) {
	f := quick(t)
	p := f.newPool(func(in *cognitoidp.CreateUserPoolRequest) {
		withAliases(in)
		in.Schema = append(in.Schema, cognitoidp.SchemaAttributeType{Name: new("nickname"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Required: new(true), Mutable: new(true)})
	})
	s := f.self(p, "jo", "email", "jo@example.com", "email_verified", "true", "nickname", "j", "name", "Jo", "custom:tier", "gold", "custom:born", "1990")
	mine := func(names ...string) error {
		_, err := f.DeleteUserAttributes(f.ctx, &cognitoidp.DeleteUserAttributesRequest{AccessToken: s.access, UserAttributeNames: names})
		return err
	}
	admin := func(names ...string) error {
		_, err := f.AdminDeleteUserAttributes(f.ctx, &cognitoidp.AdminDeleteUserAttributesRequest{UserPoolId: p.ID, Username: "jo", UserAttributeNames: names})
		return err
	}
	f.wants(admin("custom:x", "abc", "name"), "InvalidParameterException: Invalid user attributes: user.custom:x: Attribute does not exist in the schema.\nuser.abc: Attribute does not exist in the schema.\n")
	f.wants(admin("nickname"), "InvalidParameterException: Invalid user attributes: user.nickname: Required attribute cannot be deleted.\n")
	f.wants(admin("custom:born"), "InvalidParameterException: Invalid user attributes: user.custom:born: Attribute cannot be updated.\n")
	f.wants(admin("sub"), "InvalidParameterException: Invalid user attributes: user.sub: Attribute cannot be updated.\n")
	f.wants(mine("dev:custom:note"), unwritten)
	f.wants(mine("email_verified"), unwritten)
	f.must(mine("email", "name", "gender", "custom:tier"))
	if got := s.attrs(); len(got) != 2 || got["nickname"] != "j" || got["custom:born"] != "1990" {
		t.Errorf("after deleting: %v", got)
	}
	if f.resolve(p, "jo@example.com") != "" || len(f.found(p, `email ^= "jo"`)) != 0 {
		t.Error("the deleted address still finds the user")
	}
	f.must(admin("custom:tier", "custom:tier"))

	by := f.newPool(byEmailOrPhone)
	e := f.self(by, "", "email", "jo@example.com")
	_, err := e.set("email", "")
	f.wants(err, "InvalidParameterException: The attribute that the user signs in with cannot be deleted.")
	_, err = e.set("phone_number", "+15550001")
	f.must(err)
	_, err = e.set("email", "")
	f.must(err)
}

func TestAccessTokens(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(nil)
		c := f.newClient(p, nil)
		u := f.user(p, "jo", "email", "jo@example.com")
		everyOp := func(token string) map[string]error {
			_, get := f.GetUser(f.ctx, &cognitoidp.GetUserRequest{AccessToken: token})
			_, upd := f.UpdateUserAttributes(f.ctx, &cognitoidp.UpdateUserAttributesRequest{AccessToken: token, UserAttributes: list("name", "x")})
			_, del := f.DeleteUserAttributes(f.ctx, &cognitoidp.DeleteUserAttributesRequest{AccessToken: token, UserAttributeNames: []string{"name"}})
			_, ask := f.GetUserAttributeVerificationCode(f.ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: token, AttributeName: "email"})
			_, ver := f.VerifyUserAttribute(f.ctx, &cognitoidp.VerifyUserAttributeRequest{AccessToken: token, AttributeName: "email", Code: "1"})
			_, aut := f.Authorize(f.ctx, token)
			return map[string]error{
				"GetUser": get, "UpdateUserAttributes": upd, "DeleteUserAttributes": del, "GetUserAttributeVerificationCode": ask,
				"VerifyUserAttribute": ver, "DeleteUser": f.DeleteUser(f.ctx, &cognitoidp.DeleteUserRequest{AccessToken: token}), "Authorize": aut,
			}
		}
		all := func(what, token, want string) {
			t.Helper()
			for op, err := range everyOp(token) {
				if got := refusal(err); got != want {
					t.Errorf("%s with %s: %q, want %q", op, what, got, want)
				}
			}
		}
		all("rubbish", "rubbish", "NotAuthorizedException: Invalid Access Token")
		all("another scope", f.signIn(p, c, u, "openid email"), "NotAuthorizedException: Access Token does not have required scopes")
		expired := f.signIn(p, c, u, "")
		f.clock.Advance(61 * time.Minute)
		all("an expired token", expired, "NotAuthorizedException: Access Token has expired")

		live := f.signIn(p, c, u, "")
		ghost := *u
		ghost.Sub = "2c5d5d5e-1111-4222-8333-444455556666"
		_, err := f.GetUser(f.ctx, &cognitoidp.GetUserRequest{AccessToken: f.signIn(p, c, &ghost, "")})
		f.wants(err, "UserNotFoundException: User does not exist.")
		_, err = f.Authorize(f.ctx, f.signIn(p, c, &ghost, ""))
		f.wants(err, "NotAuthorizedException: Access Token has been revoked")

		// A session that slipped in after the user was disabled does not help.
		_, err = f.AdminDisableUser(f.ctx, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "jo"})
		f.must(err)
		all("a token of a disabled user", live, "NotAuthorizedException: Access Token has been revoked")
		all("a token issued to a disabled user", f.signIn(p, c, u, ""), "NotAuthorizedException: User is disabled.")
		_, err = f.AdminEnableUser(f.ctx, &cognitoidp.AdminEnableUserRequest{UserPoolId: p.ID, Username: "jo"})
		f.must(err)
		all("a revoked token of an enabled user", live, "NotAuthorizedException: Access Token has been revoked")
	})
}

// TestDeleteWhileUpdating deletes a user while others write to it: nothing is left of the user.
func TestDeleteWhileUpdating(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(withAliases)
		before := f.rows(p)
		f.must(f.group(p, "g"))
		u := f.user(p, "jo", "email", "jo@example.com")
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				_, err := f.AdminUpdateUserAttributes(f.ctx, &cognitoidp.AdminUpdateUserAttributesRequest{UserPoolId: p.ID, Username: "jo",
					UserAttributes: list("email", fmt.Sprintf("jo%d@example.com", i), "email_verified", "true")})
				if err != nil {
					f.wants(err, "UserNotFoundException: User does not exist.")
				}
			})
			wg.Go(func() {
				if err := f.join(p, "jo", "g"); err != nil {
					f.wants(err, "UserNotFoundException: User does not exist.")
				}
			})
		}
		wg.Go(func() {
			f.must(f.AdminDeleteUser(f.ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "jo"}))
		})
		wg.Wait()
		err := f.DB.View(f.ctx, func(tx *db.Tx) error {
			_, err := f.BySub(tx, p, u.Sub)
			return err
		})
		if !errors.Is(err, ErrUserNotFound) {
			t.Errorf("the deleted user: %v", err)
		}
		f.must(f.DeleteGroup(f.ctx, &cognitoidp.DeleteGroupRequest{UserPoolId: p.ID, GroupName: "g"}))
		after := f.rows(p)
		for table, n := range after {
			if table != "one_time_code" && n != before[table] {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
	})
}
