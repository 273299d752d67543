package crash

import (
	"context"
	"errors"
	"testing"

	"cognate/internal/testkit/process"
)

// auditor compares a restarted server with the book.
type auditor struct {
	t      *testing.T
	server *process.Server
	pool   string
	client string
}

// code returns the exception's name of an error, "" for success; a lost answer fails the test.
func (a *auditor) code(err error) string {
	a.t.Helper()
	if err == nil {
		return ""
	}
	var refused *process.Error
	if !errors.As(err, &refused) {
		a.t.Fatalf("after the restart: %v", err)
	}
	return refused.Code
}

// signsIn tries a password and returns the exception's name, "" for tokens.
func (a *auditor) signsIn(ctx context.Context, name, password string) string {
	a.t.Helper()
	_, err := a.server.Call(ctx, "InitiateAuth", process.M{
		"ClientId": a.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": name, "PASSWORD": password},
	})
	return a.code(err)
}

// check holds one person against the server and brings the memory up to date with what turned out to have happened.
func (a *auditor) check(ctx context.Context, p *person) {
	a.t.Helper()
	p.held = false
	user, err := a.server.Call(ctx, "AdminGetUser", process.M{"UserPoolId": a.pool, "Username": p.name})
	code := a.code(err)
	switch {
	case code == "UserNotFoundException" && p.created && !p.removed && !p.removing:
		a.t.Errorf("%s: the acknowledged sign-up is gone", p.name)
		p.removed = true
		return
	case code == "UserNotFoundException":
		a.absent(ctx, p)
		return
	case code != "":
		a.t.Errorf("%s: AdminGetUser: %v", p.name, err)
		return
	case p.removed:
		a.t.Errorf("%s: the acknowledged deletion is undone", p.name)
		return
	}
	if !p.created { // the sign-up happened, only its answer was lost
		p.created, p.password, p.pending = true, p.pending, ""
	}
	p.removing = false
	a.whole(ctx, p, user)
	a.password(ctx, p)
	a.revocation(ctx, p)
}

// absent notes that a user is not there, and that its name is wholly free.
func (a *auditor) absent(ctx context.Context, p *person) {
	a.t.Helper()
	if !p.created {
		_, err := a.server.Call(ctx, "SignUp", process.M{
			"ClientId": a.client, "Username": p.name, "Password": p.pending,
			"UserAttributes": []process.M{{"Name": "email", "Value": p.name + "@example.com"}},
		})
		if code := a.code(err); code != "" {
			a.t.Errorf("%s: absent, yet a sign-up answers %v: something of it stayed behind", p.name, err)
		}
		p.created, p.password, p.pending = true, p.pending, ""
		a.confirm(ctx, p)
		return
	}
	p.removed, p.removing = true, false
	if got := a.signsIn(ctx, p.name, p.password); got != "UserNotFoundException" {
		a.t.Errorf("%s: deleted, yet signing in answers %q", p.name, got)
	}
}

// whole checks that a present user has all its parts: identity, attributes, status, and an entry in the list.
func (a *auditor) whole(ctx context.Context, p *person, user process.M) {
	a.t.Helper()
	attributes := map[string]string{}
	list, _ := user["UserAttributes"].([]any)
	for _, item := range list {
		pair, _ := item.(process.M)
		attributes[process.Path(pair, "Name")] = process.Path(pair, "Value")
	}
	if attributes["sub"] == "" || attributes["email"] != p.name+"@example.com" {
		a.t.Errorf("%s: attributes %v", p.name, attributes)
	}
	nick := attributes["nickname"]
	if nick != p.moved && (p.moving == "" || nick != p.moving) {
		a.t.Errorf("%s: nickname %q, acknowledged %q, on its way %q", p.name, nick, p.moved, p.moving)
	}
	p.moved, p.moving = nick, ""
	found, err := a.server.Call(ctx, "ListUsers", process.M{
		"UserPoolId": a.pool, "Filter": `username = "` + p.name + `"`,
	})
	if code := a.code(err); code != "" {
		a.t.Errorf("%s: ListUsers: %v", p.name, err)
		return
	}
	if users, _ := found["Users"].([]any); len(users) != 1 {
		a.t.Errorf("%s: ListUsers finds it %d times", p.name, len(users))
	}
	if process.Path(user, "UserStatus") == "UNCONFIRMED" {
		a.confirm(ctx, p)
	}
}

// confirm confirms a user whose confirmation was not acknowledged before the kill.
func (a *auditor) confirm(ctx context.Context, p *person) {
	a.t.Helper()
	_, err := a.server.Call(ctx, "AdminConfirmSignUp", process.M{"UserPoolId": a.pool, "Username": p.name})
	if code := a.code(err); code != "" {
		a.t.Errorf("%s: AdminConfirmSignUp: %v", p.name, err)
	}
}

// password holds that the acknowledged password works, or the one on its way instead of it, and never both.
func (a *auditor) password(ctx context.Context, p *person) {
	a.t.Helper()
	old := a.signsIn(ctx, p.name, p.password)
	if p.pending == "" {
		if old != "" {
			a.t.Errorf("%s: the acknowledged password answers %s", p.name, old)
		}
		return
	}
	next := a.signsIn(ctx, p.name, p.pending)
	switch {
	case old == "" && next == "NotAuthorizedException":
	case old == "NotAuthorizedException" && next == "":
		p.password = p.pending
	default:
		a.t.Errorf("%s: password half changed: old answers %q, new answers %q", p.name, old, next)
	}
	p.pending = ""
}

// revocation holds that a revoked refresh token stays dead.
func (a *auditor) revocation(ctx context.Context, p *person) {
	a.t.Helper()
	if p.refresh == "" {
		return
	}
	_, err := a.server.Call(ctx, "InitiateAuth", process.M{
		"ClientId": a.client, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": process.M{"REFRESH_TOKEN": p.refresh},
	})
	code := a.code(err)
	switch {
	case p.revoked && code != "NotAuthorizedException":
		a.t.Errorf("%s: the acknowledged revocation is undone: refreshing answers %q", p.name, code)
	case !p.revoked && !p.maybe && code != "":
		a.t.Errorf("%s: the refresh token is dead though nobody revoked it: %v", p.name, err)
	}
	p.revoked, p.maybe = code != "", false
}
