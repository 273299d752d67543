package ledger

import (
	"context"
	"errors"
	"testing"

	"cognate/internal/testkit/process"
)

// Auditor compares a server with the book.
type Auditor struct {
	T      testing.TB
	Server Caller
	Pool   string
	Client string
}

// code returns the exception's name of an error, "" for success; a lost answer fails the test.
func (a *Auditor) code(err error) string {
	a.T.Helper()
	if err == nil {
		return ""
	}
	var refused *process.Error
	if !errors.As(err, &refused) {
		a.T.Fatalf("after the fault: %v", err)
	}
	return refused.Code
}

// signsIn tries a password and returns the exception's name, "" for tokens.
func (a *Auditor) signsIn(ctx context.Context, name, password string) string {
	a.T.Helper()
	_, err := a.Server.Call(ctx, "InitiateAuth", process.M{
		"ClientId": a.Client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": name, "PASSWORD": password},
	})
	return a.code(err)
}

// Check holds one person against the server and brings the memory up to date with what turned out to have happened.
func (a *Auditor) Check(ctx context.Context, p *Person) {
	a.T.Helper()
	p.held = false
	user, err := a.Server.Call(ctx, "AdminGetUser", process.M{"UserPoolId": a.Pool, "Username": p.name})
	code := a.code(err)
	switch {
	case code == "UserNotFoundException" && p.created && !p.removed && !p.removing:
		a.T.Errorf("%s: the acknowledged sign-up is gone", p.name)
		p.removed = true
		return
	case code == "UserNotFoundException":
		a.absent(ctx, p)
		return
	case code != "":
		a.T.Errorf("%s: AdminGetUser: %v", p.name, err)
		return
	case p.removed:
		a.T.Errorf("%s: the acknowledged deletion is undone", p.name)
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
func (a *Auditor) absent(ctx context.Context, p *Person) {
	a.T.Helper()
	if !p.created {
		_, err := a.Server.Call(ctx, "SignUp", process.M{
			"ClientId": a.Client, "Username": p.name, "Password": p.pending,
			"UserAttributes": []process.M{{"Name": "email", "Value": p.name + "@example.com"}},
		})
		if code := a.code(err); code != "" {
			a.T.Errorf("%s: absent, yet a sign-up answers %v: something of it stayed behind", p.name, err)
		}
		p.created, p.password, p.pending = true, p.pending, ""
		a.confirm(ctx, p)
		return
	}
	p.removed, p.removing = true, false
	if got := a.signsIn(ctx, p.name, p.password); got != "UserNotFoundException" {
		a.T.Errorf("%s: deleted, yet signing in answers %q", p.name, got)
	}
}

// whole checks that a present user has all its parts: identity, attributes, status, and an entry in the list.
func (a *Auditor) whole(ctx context.Context, p *Person, user process.M) {
	a.T.Helper()
	attributes := map[string]string{}
	list, _ := user["UserAttributes"].([]any)
	for _, item := range list {
		pair, _ := item.(process.M)
		attributes[process.Path(pair, "Name")] = process.Path(pair, "Value")
	}
	if attributes["sub"] == "" || attributes["email"] != p.name+"@example.com" {
		a.T.Errorf("%s: attributes %v", p.name, attributes)
	}
	nick := attributes["nickname"]
	if nick != p.moved && (p.moving == "" || nick != p.moving) {
		a.T.Errorf("%s: nickname %q, acknowledged %q, on its way %q", p.name, nick, p.moved, p.moving)
	}
	p.moved, p.moving = nick, ""
	found, err := a.Server.Call(ctx, "ListUsers", process.M{
		"UserPoolId": a.Pool, "Filter": `username = "` + p.name + `"`,
	})
	if code := a.code(err); code != "" {
		a.T.Errorf("%s: ListUsers: %v", p.name, err)
		return
	}
	if users, _ := found["Users"].([]any); len(users) != 1 {
		a.T.Errorf("%s: ListUsers finds it %d times", p.name, len(users))
	}
	if process.Path(user, "UserStatus") == "UNCONFIRMED" {
		a.confirm(ctx, p)
	}
}

// confirm confirms a user whose confirmation was not acknowledged before the kill.
func (a *Auditor) confirm(ctx context.Context, p *Person) {
	a.T.Helper()
	_, err := a.Server.Call(ctx, "AdminConfirmSignUp", process.M{"UserPoolId": a.Pool, "Username": p.name})
	if code := a.code(err); code != "" {
		a.T.Errorf("%s: AdminConfirmSignUp: %v", p.name, err)
	}
}

// password holds that the acknowledged password works, or the one on its way instead of it, and never both.
func (a *Auditor) password(ctx context.Context, p *Person) {
	a.T.Helper()
	old := a.signsIn(ctx, p.name, p.password)
	if p.pending == "" {
		if old != "" {
			a.T.Errorf("%s: the acknowledged password answers %s", p.name, old)
		}
		return
	}
	next := a.signsIn(ctx, p.name, p.pending)
	switch {
	case old == "" && next == "NotAuthorizedException":
	case old == "NotAuthorizedException" && next == "":
		p.password = p.pending
	default:
		a.T.Errorf("%s: password half changed: old answers %q, new answers %q", p.name, old, next)
	}
	p.pending = ""
}

// revocation holds that a revoked refresh token stays dead.
func (a *Auditor) revocation(ctx context.Context, p *Person) {
	a.T.Helper()
	if p.refresh == "" {
		return
	}
	_, err := a.Server.Call(ctx, "InitiateAuth", process.M{
		"ClientId": a.Client, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": process.M{"REFRESH_TOKEN": p.refresh},
	})
	code := a.code(err)
	switch {
	case p.revoked && code != "NotAuthorizedException":
		a.T.Errorf("%s: the acknowledged revocation is undone: refreshing answers %q", p.name, code)
	case !p.revoked && !p.maybe && code != "":
		a.T.Errorf("%s: the refresh token is dead though nobody revoked it: %v", p.name, err)
	}
	p.revoked, p.maybe = code != "", false
}
