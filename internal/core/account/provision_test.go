package account_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/account"
	. "cognate/internal/testkit/cognitotest"
)

// TestProvision applies declarations one after the other; each is applied twice, and the second time changes nothing.
func TestProvision(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		want := account.Provisioned{Username: "ana", Password: Password, Attributes: map[string]string{
			"email": "ana@example.com", "email_verified": "True", "name": "Ana"}}
		for _, step := range []struct {
			name string
			edit func()
		}{
			{"made", func() {}},
			{"attribute", func() { want.Attributes["name"] = "Anita" }},
			{"address with its flag", func() { want.Attributes["email"] = "anita@example.com" }},
			{"deleted attribute", func() { want.Attributes["name"] = "" }},
			{"password", func() { want.Password = "Another-1!" }},
			{"disabled", func() { want.Disabled = true }},
			{"enabled", func() { want.Disabled = false }},
		} {
			w.Run(step.name, func(w *World) {
				step.edit()
				for i := range 2 {
					w.Clock.Advance(time.Minute)
					declared := maps.Clone(want.Attributes)
					changed, err := w.Accounts.Provision(w.Ctx, p, want)
					if err != nil || changed != (i == 0) {
						w.T.Errorf("apply %d: changed %v, %v", i+1, changed, err)
					}
					if !maps.Equal(declared, want.Attributes) {
						w.T.Error("the declaration was edited")
					}
				}
				u := w.Get(p, "ana")
				equal(w.T, "modified", u.Modified, w.Clock.Now().Add(-time.Minute).UnixMilli())
				equal(w.T, "email", u.Attributes["email"]+u.Attributes["email_verified"], want.Attributes["email"]+"true")
				equal(w.T, "name", u.Attributes["name"], want.Attributes["name"])
				if !want.Disabled {
					w.SignIn(c, "ana", want.Password)
				}
			})
		}
		equal(w.T, "messages", len(w.Inbox(p, "")), 0)
	})
}

// TestProvisionTemporary: a temporary password is set until the user has replaced it.
func TestProvisionTemporary(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c := w.Client(p, nil)
	want := account.Provisioned{Username: "ana", Sub: "00000000-0000-4000-8000-000000000001", Password: "Temporary-1", Temporary: true}
	apply := func(expect bool) {
		t.Helper()
		changed, err := w.Accounts.Provision(w.Ctx, p, want)
		if err != nil || changed != expect {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	apply(true)
	apply(false)
	equal(t, "sub", w.Get(p, "ana").Sub, want.Sub)
	equal(t, "status", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeForceChangePassword)
	want.Password = "Temporary-2"
	apply(true)
	w.SetPassword(p, "ana", "Chosen-Pass-1", true)
	apply(false)
	w.SignIn(c, "ana", "Chosen-Pass-1")
	want.Temporary = false
	apply(true)
	w.SignIn(c, "ana", "Temporary-2")

	want = account.Provisioned{Username: "bob", Password: "Temporary-1", Temporary: true}
	apply(true)
	want.Temporary = false // the same password, now for good
	apply(true)
	apply(false)
	w.SignIn(c, "bob", "Temporary-1")

	for _, bad := range []account.Provisioned{
		{Username: "eve", Password: "weak"}, {Username: "eve", Attributes: map[string]string{"custom:x": "1"}},
		{Username: "eve", Sub: "not-a-uuid"}, {Username: "bob", Attributes: map[string]string{"email": "nonsense"}},
		{Username: "eve", Sub: "00000000-0000-4000-8000-000000000001", Password: Password}, // ana's
	} {
		if _, err := w.Accounts.Provision(w.Ctx, p, bad); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	q := w.Pool(byEmail)
	want = account.Provisioned{Username: "ana@example.com", Sub: strings.Repeat("0", 8) + "-0000-4000-8000-000000000002", Password: Password}
	if _, err := w.Accounts.Provision(w.Ctx, q, want); err != nil {
		t.Fatal(err)
	}
	equal(t, "user name", w.Get(q, "ana@example.com").Username, want.Sub)
}
