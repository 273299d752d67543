package signin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

type ctx = context.Context

// newPassword answers NEW_PASSWORD_REQUIRED; more are further responses.
func newPassword(c *pool.Client, first *cognitoidp.InitiateAuthResponse, name, password string, more ...string) *cognitoidp.RespondToAuthChallengeRequest {
	in := &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: c.ID, ChallengeName: cognitoidp.ChallengeNameTypeNewPasswordRequired, Session: first.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "NEW_PASSWORD": password},
	}
	return with(in, more...)
}

func demanding(in *cognitoidp.CreateUserPoolRequest) {
	required := func(name string, mutable bool) cognitoidp.SchemaAttributeType {
		return cognitoidp.SchemaAttributeType{Name: &name, AttributeDataType: new(cognitoidp.AttributeDataTypeString),
			Required: new(true), Mutable: &mutable}
	}
	in.Schema = []cognitoidp.SchemaAttributeType{required("email", true), required("given_name", true), required("birthdate", false)}
}

func TestNewPassword(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(demanding)
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.WriteAttributes = []string{"email", "given_name", "birthdate", "nickname"}
		})
		temporary(w, p, "ana", "email", "ana@example.com", "email_verified", "True")
		first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
		equal(w.T, "challenge", *first.ChallengeName, cognitoidp.ChallengeNameTypeNewPasswordRequired)
		equal(w.T, "requiredAttributes", first.ChallengeParameters["requiredAttributes"], `["userAttributes.given_name","userAttributes.birthdate"]`)
		var attrs map[string]string
		if err := json.Unmarshal([]byte(first.ChallengeParameters["userAttributes"]), &attrs); err != nil || len(attrs) != 2 || attrs["email_verified"] != "true" {
			w.T.Errorf("userAttributes %s", first.ChallengeParameters["userAttributes"])
		}
		equal(w.T, "USER_ID_FOR_SRP", first.ChallengeParameters["USER_ID_FOR_SRP"], "ana")

		given := []string{"userAttributes.given_name", "Ana", "userAttributes.birthdate", "2000-02-29"}
		for _, c2 := range []struct {
			want string
			more []string
		}{
			{missing("NEW_PASSWORD"), []string{"NEW_PASSWORD", "-"}},
			{missing("USERNAME"), []string{"USERNAME", "-"}},
			{badSession, []string{"USERNAME", "eve"}},
			{"InvalidParameterException: Invalid attributes given, birthdate and given_name is missing", nil},
			{"InvalidParameterException: Invalid attributes given, given_name is missing", given[2:]},
			{"InvalidParameterException: Invalid attributes given, given_name is missing", append(given[2:], "userAttributes.given_name", "")},
			{"NotAuthorizedException: Cannot modify an already provided email", append(given, "userAttributes.email", "eve@example.com")},
			{"NotAuthorizedException: Cannot modify an already provided email", append(given, "userAttributes.email", "ana@example.com")},
			{"NotAuthorizedException: Cannot modify an already provided email", append(given, "userAttributes.email", "")},
			{"NotAuthorizedException: A client attempted to write unauthorized attribute", append(given, "userAttributes.family_name", "A")},
			{"NotAuthorizedException: A client attempted to write unauthorized attribute", append(given, "userAttributes.email_verified", "true")},
			{"InvalidParameterException: user.custom:x: Attribute does not exist in the schema.\n", append(given, "userAttributes.custom:x", "1")},
			{"InvalidPasswordException: Password did not conform with policy: Password not long enough", append(given, "NEW_PASSWORD", "Ab1!")},
			{"InvalidPasswordException: Password did not conform with policy: Password must have symbol characters", append(given, "NEW_PASSWORD", "Passw0rdd")},
		} {
			Refused(w, c2.want, w.API.RespondToAuthChallenge, newPassword(c, first, "ana", "Fresh-Password-1", c2.more...))
		}
		equal(w.T, "status meanwhile", w.Get(p, "ana").Status, cognitoidp.UserStatusTypeForceChangePassword)

		done := Call(w, w.API.RespondToAuthChallenge, newPassword(c, first, "ana", "Fresh-Password-1", append(given, "userAttributes.nickname", "An")...))
		if done.AuthenticationResult == nil || done.ChallengeName != nil || done.Session != nil {
			w.T.Errorf("answer %+v", done)
		}
		u := w.Get(p, "ana")
		equal(w.T, "status", u.Status, cognitoidp.UserStatusTypeConfirmed)
		equal(w.T, "attributes", fmt.Sprint(u.Attributes["given_name"], u.Attributes["birthdate"], u.Attributes["nickname"], u.Attributes["email_verified"]), "Ana2000-02-29Antrue")
		w.SignIn(c, "ana", "Fresh-Password-1")
		Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
		Refused(w, usedOne, w.API.RespondToAuthChallenge, newPassword(c, first, "ana", "Third-Password-1"))
	})
}

// TestNewPasswordSession holds what a session of the challenge is good for.
func TestNewPasswordSession(t *testing.T) {
	Each(t, func(w *World) {
		p, q := w.Pool(nil), w.Pool(nil)
		c, other, foreign := w.Client(p, nil), w.Client(p, nil), w.Client(q, nil)
		begin := func(name string) *cognitoidp.InitiateAuthResponse {
			temporary(w, p, name)
			return Call(w, w.API.InitiateAuth, PasswordAuth(c, name, "Temporary-1"))
		}
		respond := w.API.RespondToAuthChallenge
		first := begin("ana")
		none := newPassword(c, first, "ana", "Fresh-Password-1")
		none.Session = nil
		Refused(w, missing("Session"), respond, none)
		Refused(w, badSession, respond, newPassword(other, first, "ana", "Fresh-Password-1"))
		Refused(w, badSession, respond, newPassword(foreign, first, "ana", "Fresh-Password-1"))
		srp := newPassword(c, first, "ana", "x")
		srp.Session = w.StartSRP(p, c, "ana").First.Session // of another step
		Refused(w, badSession, respond, srp)
		w.Clock.Advance(c.AuthSession())
		Refused(w, lateOne, respond, newPassword(c, first, "ana", "Fresh-Password-1"))

		first = begin("off")
		disable(w, p, "off")
		Refused(w, disabled, respond, newPassword(c, first, "off", "Fresh-Password-1"))
		first = begin("set")
		w.Clock.Advance(time.Second)
		w.SetPassword(p, "set", "Temporary-2", false) // the proof was of another password
		Refused(w, badSession, respond, newPassword(c, first, "set", "Fresh-Password-1"))
		first = begin("gone")
		if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "gone"}); err != nil {
			w.T.Fatal(err)
		}
		Refused(w, badSession, respond, newPassword(c, first, "gone", "Fresh-Password-1"))

		first = begin("same") // the temporary password may stay
		Refused(w, "", respond, newPassword(c, first, "same", "Temporary-1"))
		temporary(w, p, "srp")
		hop := Call(w, respond, w.StartSRP(p, c, "srp").Answer("Temporary-1"))
		equal(w.T, "after SRP", *hop.ChallengeName, cognitoidp.ChallengeNameTypeNewPasswordRequired)
		Refused(w, "", respond, newPassword(c, &cognitoidp.InitiateAuthResponse{Session: hop.Session}, "srp", "Fresh-Password-1"))
	})
}

// TestNewPasswordHistory: a temporary password is no way around the history.
func TestNewPasswordHistory(t *testing.T) {
	w := Quick(t)
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.Policies = &cognitoidp.UserPoolPolicyType{PasswordPolicy: &cognitoidp.PasswordPolicyType{MinimumLength: new(int64(8)), PasswordHistorySize: new(int64(3))}}
	})
	c := w.Client(p, nil)
	w.User(p, "ana")
	w.SetPassword(p, "ana", "Temporary-2", false)
	first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-2"))
	Refused(w, "PasswordHistoryPolicyViolationException: Password has previously been used.", w.API.RespondToAuthChallenge, newPassword(c, first, "ana", Password))
	Refused(w, "", w.API.RespondToAuthChallenge, newPassword(c, first, "ana", "Fresh-Password-1"))
}

// TestNewPasswordAlias: an address that somebody else signs in with is refused with a declared exception.
func TestNewPasswordAlias(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email", "phone_number"}
		})
		c := w.Client(p, nil)
		w.User(p, "eve@example.com")
		temporary(w, p, "+14155550100")
		first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "+14155550100", "Temporary-1"))
		Refused(w, "AliasExistsException: An account with the given email already exists.", w.API.RespondToAuthChallenge,
			newPassword(c, first, "+14155550100", "Fresh-Password-1", "userAttributes.email", "eve@example.com"))
		Refused(w, "", w.API.RespondToAuthChallenge, newPassword(c, first, "+14155550100", "Fresh-Password-1"))
	})
}
