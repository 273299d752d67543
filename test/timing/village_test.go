package timing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cognate/internal/testkit/process"
	"cognate/internal/testkit/softkey"
)

const (
	rightPassword = "Right-Password-1!"
	wrongPassword = "Wrong-Password-1!"
	party         = "example.com"
)

// village is a pool whose client hides users, its people, and as many names nobody has. The names are those that the
// pool makes believe to have the factors of its people: which factors a name has is no secret.
type village struct {
	ctx       context.Context
	server    *process.Server
	pool      string
	client    string
	people    []string
	strangers []string
}

// newVillage makes a pool with n people as a probe wants them.
func newVillage(ctx context.Context, t *testing.T, server *process.Server, p probe, n int) *village {
	t.Helper()
	v := &village{ctx: ctx, server: server}
	v.pool = process.Path(v.must(t, "CreateUserPool", process.M{
		"PoolName": "timing", "AutoVerifiedAttributes": []string{"email"},
		"AccountRecoverySetting": process.M{"RecoveryMechanisms": []process.M{{"Name": "verified_email", "Priority": 1}}},
		"Policies":               process.M{"SignInPolicy": process.M{"AllowedFirstAuthFactors": []string{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN"}}},
	}), "UserPool", "Id")
	v.must(t, "SetUserPoolMfaConfig", process.M{
		"UserPoolId": v.pool, "MfaConfiguration": "OFF", "WebAuthnConfiguration": process.M{"RelyingPartyId": party},
	})
	v.client = process.Path(v.must(t, "CreateUserPoolClient", process.M{
		"UserPoolId": v.pool, "ClientName": "timing", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{
			"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	}), "UserPoolClient", "ClientId")
	for i := range n { // every eighth name, so that neither kind is nearer to others in an index
		v.people = append(v.people, v.settle(t, nameOf(8*i), p.passkey))
	}
	like := v.offered(t, v.people[0])
	for i := 0; len(v.strangers) < n+warmNames; i++ {
		if i%8 > 0 && (!p.choice || slices.Equal(v.offered(t, nameOf(i)), like)) {
			v.strangers = append(v.strangers, nameOf(i))
		}
	}
	return v
}

func nameOf(i int) string { return fmt.Sprintf("person-%06d", i) }

// warmNames is how many names nobody has are used up before anything is measured.
const warmNames = 5

// settle makes a confirmed user, with a passkey if wanted.
func (v *village) settle(t *testing.T, name string, passkey bool) string {
	t.Helper()
	v.must(t, "AdminCreateUser", process.M{
		"UserPoolId": v.pool, "Username": name, "MessageAction": "SUPPRESS",
		"UserAttributes": []process.M{{"Name": "email", "Value": name + "@example.com"}, {"Name": "email_verified", "Value": "true"}},
	})
	v.must(t, "AdminSetUserPassword", process.M{"UserPoolId": v.pool, "Username": name, "Password": rightPassword, "Permanent": true})
	if !passkey {
		return name
	}
	token := process.Path(v.must(t, "InitiateAuth", process.M{
		"ClientId": v.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": name, "PASSWORD": rightPassword},
	}), "AuthenticationResult", "AccessToken")
	options, err := json.Marshal(v.must(t, "StartWebAuthnRegistration", process.M{"AccessToken": token})["CredentialCreationOptions"])
	if err != nil {
		t.Fatal(err)
	}
	credential, err := softkey.New(party, "https://"+party).Register(string(options))
	if err != nil {
		t.Fatal(err)
	}
	v.must(t, "CompleteWebAuthnRegistration", process.M{"AccessToken": token, "Credential": json.RawMessage(credential)})
	return name
}

// offered are the factors that a name seems to have.
func (v *village) offered(t *testing.T, name string) []string {
	t.Helper()
	list, _ := v.must(t, "InitiateAuth", process.M{
		"ClientId": v.client, "AuthFlow": "USER_AUTH", "AuthParameters": process.M{"USERNAME": name},
	})["AvailableChallenges"].([]any)
	var out []string
	for _, item := range list {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

func (v *village) must(t *testing.T, operation string, in process.M) process.M {
	t.Helper()
	out, err := v.server.Call(v.ctx, operation, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// walk is one pass of a probe with one name: the time and the shape of each answer.
type walk struct {
	*village
	t      *testing.T
	name   string
	took   []time.Duration
	shapes []string
}

// walk goes through the steps of a probe, which end in a refusal that says nothing.
func (v *village) walk(t *testing.T, p probe, name string) *walk {
	t.Helper()
	w := &walk{village: v, t: t, name: name}
	p.run(w)
	if len(w.took) != len(p.steps) {
		t.Fatalf("%d steps of %s", len(w.took), p.name)
	}
	return w
}

// call is one step. It returns the members of the answer, and of a refusal none.
func (w *walk) call(operation string, in process.M) process.M {
	w.t.Helper()
	in["ClientId"] = w.client
	a, err := w.server.Exchange(w.ctx, operation, in)
	if err != nil {
		w.t.Fatal(err)
	}
	w.took, w.shapes = append(w.took, a.Took), append(w.shapes, shape(a))
	out, err := a.Decode()
	var refused *process.Error
	if err != nil && !errors.As(err, &refused) {
		w.t.Fatal(err)
	}
	return out
}

// start is InitiateAuth, answer RespondToAuthChallenge to what was asked.
func (w *walk) start(flow string, params process.M) process.M {
	w.t.Helper()
	params["USERNAME"] = w.name
	return w.call("InitiateAuth", process.M{"AuthFlow": flow, "AuthParameters": params})
}

func (w *walk) answer(challenge string, asked, responses process.M) process.M {
	w.t.Helper()
	if got := process.Path(asked, "ChallengeName"); got != challenge {
		w.t.Fatalf("%s of %s, want %s", got, w.name, challenge)
	}
	responses["USERNAME"] = w.name
	return w.call("RespondToAuthChallenge", process.M{
		"ChallengeName": challenge, "Session": asked["Session"], "ChallengeResponses": responses,
	})
}
