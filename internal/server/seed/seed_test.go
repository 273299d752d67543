package seed_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/server/seed"
	. "cognate/internal/testkit/cognitotest"
)

// full declares something of everything.
const full = `
pools:
  - id: us-east-1_Seeded001
    name: seeded
    settings:
      AutoVerifiedAttributes: [email]
      AliasAttributes: [email]
      UsernameConfiguration: {CaseSensitive: false}
      Policies: {PasswordPolicy: {MinimumLength: 8, RequireSymbols: false}}
      AccountRecoverySetting: {RecoveryMechanisms: [{Name: verified_email, Priority: 1}]}
      UserPoolTags: {team: identity}
      Schema:
        - {Name: tier, AttributeDataType: String, Mutable: true, StringAttributeConstraints: {MinLength: "1", MaxLength: "9"}}
      DeletionProtection: INACTIVE
    mfa:
      MfaConfiguration: OPTIONAL
      SoftwareTokenMfaConfiguration: {Enabled: true}
    resourceServers:
      - identifier: https://api.example.com
        name: api
        settings: {Scopes: [{ScopeName: read, ScopeDescription: May read}]}
    clients:
      - id: seededclient1
        name: web
        settings:
          ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
          AccessTokenValidity: 30
          TokenValidityUnits: {AccessToken: minutes}
          ReadAttributes: [email, "custom:tier"]
      - id: seededclient2
        secret: topsecretclientsecret0123456789
        settings:
          ExplicitAuthFlows: [ALLOW_ADMIN_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
    groups:
      - {name: admins, description: People who may, precedence: 1, roleArn: "arn:aws:iam::000000000000:role/admin"}
      - {name: staff}
    users:
      - username: Ana
        sub: 00000000-0000-4000-8000-000000000001
        password: Passw0rd1
        attributes: {email: ana@example.com, email_verified: true, "custom:tier": gold}
        groups: [admins, staff]
      - {username: bob, password: Temporary1, temporary: true}
      - {username: eve, password: Passw0rd1, disabled: true}
`

const poolID = "us-east-1_Seeded001"

func apply(w *World, text string) error {
	w.T.Helper()
	f, err := seed.Parse("seed.yaml", []byte(text))
	if err != nil {
		return err
	}
	s := &seed.Seeder{API: w.API, Pools: w.Pools, Accounts: w.Accounts, Branding: w.Branding}
	return s.Apply(w.Ctx, f)
}

// state is everything the file speaks of, as the API answers it, dates included.
func state(w *World) string {
	w.T.Helper()
	var all []any
	all = append(all, Call(w, w.API.DescribeUserPool, &cognitoidp.DescribeUserPoolRequest{UserPoolId: poolID}),
		Call(w, w.API.GetUserPoolMfaConfig, &cognitoidp.GetUserPoolMfaConfigRequest{UserPoolId: poolID}),
		Call(w, w.API.ListGroups, &cognitoidp.ListGroupsRequest{UserPoolId: poolID}),
		Call(w, w.API.ListUsers, &cognitoidp.ListUsersRequest{UserPoolId: poolID}))
	all = append(all, Call(w, w.API.DescribeResourceServer, &cognitoidp.DescribeResourceServerRequest{UserPoolId: poolID, Identifier: "https://api.example.com"}))
	for _, id := range []string{"seededclient1", "seededclient2"} {
		all = append(all, Call(w, w.API.DescribeUserPoolClient, &cognitoidp.DescribeUserPoolClientRequest{UserPoolId: poolID, ClientId: id}))
	}
	for _, name := range []string{"ana", "bob", "eve"} {
		all = append(all, Call(w, w.API.AdminListGroupsForUser, &cognitoidp.AdminListGroupsForUserRequest{UserPoolId: poolID, Username: name}))
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		w.T.Fatal(err)
	}
	return string(text)
}

func TestApply(t *testing.T) {
	Each(t, func(w *World) {
		if err := apply(w, full); err != nil {
			w.T.Fatal(err)
		}
		before := state(w)
		w.Clock.Advance(time.Hour)
		writes := w.Writes(func() {
			if err := apply(w, full); err != nil {
				w.T.Fatal(err)
			}
		})
		if after := state(w); after != before {
			w.T.Errorf("the second time changed something:\n%s\n---\n%s", before, after)
		}
		if writes != 0 {
			w.T.Errorf("the second time wrote %d times", writes)
		}

		p, c, err := w.Pools.Client(w.Ctx, "seededclient1")
		if err != nil || p.ID != poolID {
			w.T.Fatalf("%v, %v", p, err)
		}
		if c.AccessTTL() != 30*time.Minute || w.Get(p, "ana").Sub != "00000000-0000-4000-8000-000000000001" {
			w.T.Error("settings or sub are not the declared ones")
		}
		w.SignIn(c, "ana@example.com", "Passw0rd1")
		first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "bob", "Temporary1"))
		if *first.ChallengeName != cognitoidp.ChallengeNameTypeNewPasswordRequired {
			w.T.Errorf("bob: %s", *first.ChallengeName)
		}
		Refused(w, "NotAuthorizedException: User is disabled.", w.API.InitiateAuth, PasswordAuth(c, "eve", "Passw0rd1"))
		_, secret, err := w.Pools.Client(w.Ctx, "seededclient2")
		if err != nil || !secret.CheckSecret("topsecretclientsecret0123456789") {
			w.T.Errorf("secret: %v", err)
		}
		if n := len(w.Inbox(p, "")); n != 0 {
			w.T.Errorf("%d messages were sent", n)
		}
	})
}

// TestEdits applies one edit after the other to the file.
func TestEdits(t *testing.T) {
	w := Quick(t)
	text := full
	if err := apply(w, text); err != nil {
		t.Fatal(err)
	}
	for _, edit := range []struct{ old, new, where string }{
		{"name: seeded\n", "name: renamed\n", `"Name": "renamed"`},
		{"MinimumLength: 8", "MinimumLength: 9", `"MinimumLength": 9`},
		{"team: identity", "team: accounts", `"team": "accounts"`},
		{"MfaConfiguration: OPTIONAL", "MfaConfiguration: \"OFF\"", `"MfaConfiguration": "OFF"`},
		{"AccessTokenValidity: 30", "AccessTokenValidity: 45", `"AccessTokenValidity": 45`},
		{"name: web", "name: site", `"ClientName": "site"`},
		{"May read", "May look", `"ScopeDescription": "May look"`},
		{"People who may", "People who might", "People who might"},
		{"precedence: 1", "precedence: 2", `"Precedence": 2`},
		{`"custom:tier": gold`, `"custom:tier": silver`, `"silver"`},
		{"ana@example.com", "anita@example.com", "anita@example.com"},
		{"disabled: true", "disabled: false", ""},
	} {
		if edit.new == `MfaConfiguration: "OFF"` {
			text = strings.Replace(text, "      SoftwareTokenMfaConfiguration: {Enabled: true}\n", "", 1)
		}
		if strings.Count(text, edit.old) != 1 {
			t.Fatalf("%q is not in the file once", edit.old)
		}
		text = strings.Replace(text, edit.old, edit.new, 1)
		if err := apply(w, text); err != nil {
			t.Fatalf("%q: %v", edit.new, err)
		}
		after := state(w)
		if !strings.Contains(after, edit.where) {
			t.Errorf("%q is not in force:\n%s", edit.new, after)
		}
		w.Clock.Advance(time.Minute)
		if err := apply(w, text); err != nil || state(w) != after {
			t.Errorf("%q: applying it again changed something: %v", edit.new, err)
		}
	}
	// What the file does not name is left alone.
	Call(w, w.API.CreateGroup, &cognitoidp.CreateGroupRequest{UserPoolId: poolID, GroupName: "mine"})
	if err := apply(w, text); err != nil || !strings.Contains(state(w), `"mine"`) {
		t.Errorf("a group of somebody else: %v", err)
	}
	if err := apply(w, ""); err != nil {
		t.Errorf("empty file: %v", err)
	}
}

// TestBadFiles: each mistake is reported with its place.
func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"pools: [{name: x}]": "pools[0]: id is required",
		"pool: []":           "seed.yaml:1: the file has no member pool; is pools meant?",
		"pools: [{id: us-east-1_X, users: [{name: ana}]}]":   "seed.yaml:1: users has no member name",
		"pools: [{id: us-east-1_X, users: [{password: x}]}]": "users[0]: username is required",
		"pools: [{id: us-east-1_X, clients: [{name: x}]}]":   "clients[0]: id is required",
		"pools: [{id: us-east-1_X, groups: [{}]}]":           "groups[0]: name is required",
		"pools: {":        "seed file",
		"pools: nonsense": "seed file",
		"pools: [{id: us-east-1_X, settings: {Polices: 1}}]":                                    "seed.yaml:1: settings has no member Polices; is Policies meant?",
		"pools: [{id: us-east-1_X, settings: {MfaConfiguration: MAYBE}}]":                       "us-east-1_X",
		"pools: [{id: us-east-1_X, clients: [{id: c1, settings: {AccessTokenValidity: -1}}]}]":  "client c1",
		"pools: [{id: us-east-1_X, users: [{username: ana, password: weak}]}]":                  "user ana",
		"pools: [{id: us-east-1_X, users: [{username: ana, groups: [none]}]}]":                  "user ana",
		"pools: [{id: us-east-1_X, users: [{username: ana, attributes: {favourite: blue}}]}]":   "user ana",
		"pools: [{id: not a pool id}]":                                                          "not a pool id",
		"pools: [{id: us-east-1_X, clients: [{id: c2, secret: aaaaaaaaaaaaaaaaaaaaaaaaaaaa}]}]": "",
	} {
		w := Quick(t)
		err := apply(w, text)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want it to say %q", text, err, want)
		}
	}
	w := Quick(t)
	if err := apply(w, full); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(full, "topsecretclientsecret0123456789", "anothersecretofthesamelength01", 1)
	if err := apply(w, changed); err == nil || !strings.Contains(err.Error(), "seededclient2") {
		t.Errorf("a changed secret: %v", err)
	}
}

// TestMistakesHaveLines: what the API would ignore or refuse much later is told by file and line, all of it at once.
func TestMistakesHaveLines(t *testing.T) {
	text := `pools:
  - id: us-east-1_X
    nmae: x
    settings:
      Policies:
        PasswordPolicy: {MinimumLenght: 8}
      AutoVerifiedAttributes: email
      UserPoolTags: {team: [a]}
    mfa: {SoftwareTokenMfaConfiguration: {Enabled: "yes"}}
    clients:
      - id: c1
        settings: {AccessTokenValidity: long, explicitAuthFlows: []}
    groups: [{name: g, precedence: first}]
    users:
      - username: 12
        temporary: 1
        attributes: {tier: 3}
functions:
  - arn: x
    timeout: 5
`
	_, err := seed.Parse("a.yaml", []byte(text))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"a.yaml:3: pools has no member nmae",
		"a.yaml:6: PasswordPolicy has no member MinimumLenght",
		"a.yaml:7: AutoVerifiedAttributes: need a list",
		"a.yaml:8: team: need a single value",
		"a.yaml:9: Enabled: need true or false, have text",
		"a.yaml:12: AccessTokenValidity: need a whole number, have text",
		"a.yaml:12: settings has no member explicitAuthFlows; is ExplicitAuthFlows meant?",
		"a.yaml:13: precedence: need a whole number",
		"a.yaml:15: username: need text, have a number (quote it)",
		"a.yaml:16: temporary: need true or false",
		"a.yaml:20: timeout: need text",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q:\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "a.yaml:"); n != 11 {
		t.Errorf("%d complaints:\n%v", n, err)
	}
	const anchors = "pools:\n- &p {id: us-east-1_X, clients: [&c {id: c1}]}\n- {<<: *p, id: us-east-1_Y, clients: [{<<: *c, id: c2}]}\n"
	if _, err := seed.Parse("a.yaml", []byte(anchors)); err != nil {
		t.Errorf("anchors: %v", err)
	}
}
