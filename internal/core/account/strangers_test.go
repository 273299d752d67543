package account_test

import (
	"net/netip"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	. "cognate/internal/testkit/cognitotest"
)

const lockedOut = "NotAuthorizedException: Password attempts exceeded"

// TestOwnersGetThrough: whatever strangers do to an account, the owner gets in from where they proved themselves before,
// with tries of their own; and nobody else does.
func TestOwnersGetThrough(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
		home, stranger := w.From("2001:db8:0:7::1"), w.From("192.0.2.66")
		home.SignIn(c, "ana", Password)
		siege := func() {
			for range 30 {
				Refusal(stranger, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!"))
				Refusal(stranger, w.API.ForgotPassword, forgot(c, "ana"))
				Refusal(stranger, w.API.ConfirmForgotPassword, recovery(c, "ana", "123456", "Another-1!"))
				w.Clock.Advance(time.Second)
			}
		}
		siege()
		Refused(stranger, lockedOut, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		for _, elsewhere := range []string{"2001:db8:0:8::1", "192.0.2.67"} {
			Refused(w.From(elsewhere), lockedOut, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		}
		w.From("2001:db8:0:7:ffff::2").SignIn(c, "ana", Password) // the same network
		Call(home, w.API.ForgotPassword, forgot(c, "ana"))
		siege()
		Refused(stranger, limited, w.API.ConfirmForgotPassword, recovery(c, "ana", w.Code(p, "ana@example.com"), "Another-1!"))
		Refused(home, "", w.API.ConfirmForgotPassword, recovery(c, "ana", w.Code(p, "ana@example.com"), "Another-1!"))
		siege()
		home.SignIn(c, "ana", "Another-1!")

		for range 5 { // a known source has a lock of its own
			Refused(home, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!"))
		}
		Refused(home, lockedOut, w.API.InitiateAuth, PasswordAuth(c, "ana", "Another-1!"))
		w.Clock.Advance(time.Second)
		home.SignIn(c, "ana", "Another-1!")

		w.Clock.Advance(91 * 24 * time.Hour) // and is forgotten in the end
		siege()
		Refused(home, lockedOut, w.API.InitiateAuth, PasswordAuth(c, "ana", "Another-1!"))
	})
}

// TestTrustedServers: who signs speaks for the user whose address they name, and is no source otherwise; so does a client
// with a secret that says so, and nobody else.
func TestTrustedServers(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.GenerateSecret, in.EnablePropagateAdditionalUserContextData = new(true), new(true)
		})
		plain := w.Client(p, nil)
		w.User(p, "ana")
		signed := w.On(w.T)
		asAdmin := func(ip string) string {
			signed.Ctx = obs.With(w.T.Context(), &obs.Request{ClientIP: netip.MustParseAddr("10.0.0.1"), Principal: obs.Principal{Account: "000000000000"}})
			in := &cognitoidp.AdminInitiateAuthRequest{
				UserPoolId: p.ID, ClientId: plain.ID, AuthFlow: cognitoidp.AuthFlowTypeAdminUserPasswordAuth,
				AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": Password},
			}
			if ip != "" {
				in.ContextData = &cognitoidp.ContextDataType{IpAddress: ip}
			}
			return Refusal(signed, w.API.AdminInitiateAuth, in)
		}
		asServer := func(ip string) string {
			in := PasswordAuth(c, "ana", Password)
			in.AuthParameters["SECRET_HASH"] = SecretHash(c, "ana")
			in.UserContextData = &cognitoidp.UserContextDataType{IpAddress: &ip}
			return Refusal(w.From("10.0.0.1"), w.API.InitiateAuth, in)
		}
		equal(w.T, "no address", asAdmin(""), "")
		equal(w.T, "one address", asAdmin("198.51.100.1"), "")
		equal(w.T, "another", asServer("198.51.100.2"), "")
		for range 6 {
			Refusal(w.From("192.0.2.66"), w.API.InitiateAuth, PasswordAuth(plain, "ana", "Wrong-1!"))
		}
		equal(w.T, "the server itself is nobody", asAdmin(""), lockedOut)
		equal(w.T, "a stranger", asAdmin("198.51.100.9"), lockedOut)
		equal(w.T, "told by whoever signs", asAdmin("198.51.100.1"), "")
		equal(w.T, "told by a client with a secret", asServer("198.51.100.2"), "")
		in := PasswordAuth(plain, "ana", Password)
		in.UserContextData = &cognitoidp.UserContextDataType{IpAddress: new("198.51.100.1")}
		Refused(w.From("192.0.2.66"), lockedOut, w.API.InitiateAuth, in)
	})
}
