package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// looks is all of a first hop that is seen without its secrets.
func looks(h hop) string {
	out := fmt.Sprintf("%s of %s, session of %d", h.Challenge, h.Offered, len(*h.Session))
	for _, name := range []string{"SECRET_BLOCK", "USER_ID_FOR_SRP", "USERNAME", "CODE_DELIVERY_DESTINATION"} {
		out += fmt.Sprintf(", %s of %d", name, len(h.Params[name]))
	}
	return out
}

// TestGhostLooks compares the first hops of users with those of names nobody has, in pools with each kind of name.
func TestGhostLooks(t *testing.T) {
	Each(t, func(w *World) {
		for what, k := range map[string]struct {
			set    func(*cognitoidp.CreateUserPoolRequest)
			known  string
			ghosts string // with the place of a number
		}{
			"user names": {nil, "ana-0001", "bob-%04d"},
			"addresses": {func(in *cognitoidp.CreateUserPoolRequest) {
				in.UsernameAttributes = []cognitoidp.UsernameAttributeType{"email"}
			}, "ana-0001@example.com", "bob-%04d@example.com"},
			"aliases": {func(in *cognitoidp.CreateUserPoolRequest) {
				in.AliasAttributes = []cognitoidp.AliasAttributeType{"email"}
			}, "ana-0001", "bob-%04d"},
			"exact names": {func(in *cognitoidp.CreateUserPoolRequest) {
				in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: true}
			}, "ANA-0001", "BOB-%04d"},
		} {
			p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
				every(in)
				if k.set != nil {
					k.set(in)
				}
			})
			c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); Hiding(in) })
			w.User(p, k.known, "email", "ana-0001@example.com", "email_verified", "true")
			list := begin(w, choose(c, k.known, "")).Offered
			compared := 0
			for i := range 60 {
				ghost := fmt.Sprintf(k.ghosts, i)
				if compared == 3 || begin(w, choose(c, ghost, "")).Offered != list {
					continue
				}
				compared++
				for _, preferred := range []string{"", "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"} {
					equal(w.T, what+" "+preferred, looks(begin(w, choose(c, ghost, preferred))), looks(begin(w, choose(c, k.known, preferred))))
				}
				known, unknown := w.StartSRP(p, c, k.known).First, w.StartSRP(p, c, ghost).First
				equal(w.T, what+" SRP", looks(hopOf(unknown.ChallengeName, unknown.ChallengeParameters, unknown.Session, nil, nil)),
					looks(hopOf(known.ChallengeName, known.ChallengeParameters, known.Session, nil, nil)))
			}
			if compared < 3 {
				w.T.Errorf("%s: %d of 60 names with the factors of a user", what, compared)
			}
		}
	})
}

// TestGhostNames holds whose name a simulated SRP is for.
func TestGhostNames(t *testing.T) {
	w := Quick(t)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	aliased := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.AliasAttributes = []cognitoidp.AliasAttributeType{"email", "phone_number"}
	})
	plain := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UsernameConfiguration = &cognitoidp.UsernameConfigurationType{CaseSensitive: false}
	})
	for _, k := range []struct {
		p          *pool.Pool
		name, want string // "" for a UUID
	}{
		{plain, "Nobody", "nobody"}, {plain, "Nobody@Example.com", "nobody@example.com"},
		{plain, strings.Repeat("n", 128), strings.Repeat("n", 128)}, {plain, strings.Repeat("n", 129), ""},
		{aliased, "nobody", "nobody"}, {aliased, "nobody@example.com", ""}, {aliased, "+14155550100", ""},
	} {
		c := w.Client(k.p, Hiding)
		got := w.StartSRP(k.p, c, k.name).First.ChallengeParameters
		if got["USER_ID_FOR_SRP"] != k.want && (k.want != "" || !uuid.MatchString(got["USER_ID_FOR_SRP"])) || got["USERNAME"] != got["USER_ID_FOR_SRP"] {
			t.Errorf("%.20q is %v", k.name, got["USER_ID_FOR_SRP"])
		}
		Refused(w, wrong, w.API.RespondToAuthChallenge, w.StartSRP(k.p, c, k.name).Answer(Password))
	}
}

// TestGhostFactors holds that what a user can be offered is what some ghost is offered, and nothing else.
func TestGhostFactors(t *testing.T) {
	w := Quick(t)
	for _, k := range []struct {
		allowed []cognitoidp.AuthFactorType
		want    []string
	}{
		{[]cognitoidp.AuthFactorType{"PASSWORD"}, []string{"PASSWORD_SRP PASSWORD"}},
		{[]cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"}, []string{"PASSWORD_SRP PASSWORD", "PASSWORD_SRP PASSWORD EMAIL_OTP", "EMAIL_OTP"}},
		{[]cognitoidp.AuthFactorType{"PASSWORD", "WEB_AUTHN"}, []string{"PASSWORD_SRP PASSWORD", "PASSWORD_SRP PASSWORD WEB_AUTHN"}},
		{[]cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN"}, []string{
			"PASSWORD_SRP PASSWORD", "PASSWORD_SRP PASSWORD EMAIL_OTP", "EMAIL_OTP", "PASSWORD_SRP PASSWORD WEB_AUTHN",
			"PASSWORD_SRP PASSWORD EMAIL_OTP WEB_AUTHN", "EMAIL_OTP WEB_AUTHN",
		}},
	} {
		p := w.Pool(firstFactors(k.allowed...))
		c := w.Client(p, allFlows)
		for i := range 30 {
			if strings.Contains(begin(w, choose(c, fmt.Sprintf("nobody%d", i), "")).Offered, "WEB_AUTHN") {
				t.Error("a passkey without a relying party")
			}
		}
		setMFA(w, p, "OFF", "")
		lists := map[string]bool{}
		for i := range 300 {
			lists[begin(w, choose(c, fmt.Sprintf("nobody%d", i), "")).Offered] = true
		}
		for _, list := range k.want {
			if !lists[list] {
				t.Errorf("%v: nobody is offered %q", k.allowed, list)
			}
			delete(lists, list)
		}
		if len(lists) > 0 {
			t.Errorf("%v: also offered are %v", k.allowed, lists)
		}
	}
}

// TestGhostOfOpenClient holds that USER_AUTH plays along with names nobody has whatever the client hides, to the end.
func TestGhostOfOpenClient(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(firstFactors("PASSWORD", "EMAIL_OTP"))
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail)
		api := w.API.RespondToAuthChallenge
		for _, name := range []string{"ana", withPassword(w, c)} {
			Refused(w, wrong, w.API.InitiateAuth, choose(c, name, "PASSWORD", "PASSWORD", "Wrong-1!"))
			h := begin(w, choose(c, name, ""))
			Refused(w, wrong, api, answer(c, "SELECT_CHALLENGE", h.Session, "USERNAME", name, "ANSWER", "PASSWORD", "PASSWORD", "Wrong-1!"))
			Refused(w, usedOne, api, answer(c, "SELECT_CHALLENGE", h.Session, "USERNAME", name, "ANSWER", "PASSWORD", "PASSWORD", "Wrong-1!"))
			h = begin(w, choose(c, name, "PASSWORD"))
			Refused(w, wrong, api, answer(c, "PASSWORD", h.Session, "USERNAME", name, "PASSWORD", "Wrong-1!"))
			Refused(w, wrong, api, w.StartSRPWith(p, c, choose(c, name, "PASSWORD_SRP")).Answer("Wrong-1!"))
			Refused(w, wrong, w.API.InitiateAuth, choose(c, name, "PASSWORD", "PASSWORD", "Wrong-1!"))
			Refused(w, locked, w.API.InitiateAuth, choose(c, name, "PASSWORD", "PASSWORD", "Wrong-1!"))
		}
		Refused(w, unknown, w.API.InitiateAuth, PasswordAuth(c, "nobody", "Wrong-1!")) // other flows tell as before
	})
}

// withPassword is a name nobody has that seems to have a password.
func withPassword(w *World, c *pool.Client) string {
	w.T.Helper()
	for i := range 100 {
		name := fmt.Sprintf("nobody%d", i)
		if strings.Contains(begin(w, choose(c, name, "")).Offered, "PASSWORD") {
			return name
		}
	}
	w.T.Fatal("no ghost has a password")
	return ""
}

// TestNothingToBeginWith holds that a user who has no first factor at all is hidden like one who may not sign in.
func TestNothingToBeginWith(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(every)
		open, hiding := w.Client(p, allFlows), w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) { allFlows(in); Hiding(in) })
		w.User(p, "other")
		err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := w.Users.Create(w.Ctx, tx, p, directory.NewUser{
				Sub: w.Users.IDs.UUID(), Username: "imported", Status: cognitoidp.UserStatusTypeResetRequired,
				Attributes: map[string]string{"email": anaMail},
			})
			return err
		})
		if err != nil {
			w.T.Fatal(err)
		}
		equal(w.T, "told", begin(w, choose(open, "imported", "")).Offered, "")
		h := begin(w, choose(hiding, "imported", ""))
		if h.Offered == "" || h.Challenge != "SELECT_CHALLENGE" {
			w.T.Errorf("hidden: %s of %q", h.Challenge, h.Offered)
		}
		for _, name := range strings.Fields(h.Offered) {
			equal(w.T, name, begin(w, choose(hiding, "imported", name)).Challenge, name)
		}
		equal(w.T, "messages", len(w.Inbox(p, "")), 0)
		if strings.Contains(h.Offered, "PASSWORD") {
			Refused(w, wrong, w.API.InitiateAuth, choose(hiding, "imported", "PASSWORD", "PASSWORD", Password))
		}
	})
}

// TestGhostPasskey holds that nobody's passkey cannot be answered for, not even with the key that stands in for it.
func TestGhostPasskey(t *testing.T) {
	Each(t, func(w *World) {
		p, c := passkeyPool(w, "OFF", "")
		w.User(p, "ana")
		anas := NewAuthenticator("example.com", "https://example.com")
		w.Enrol(*w.SignIn(c, "ana", Password).AccessToken, anas) // the only key of the pool
		sizes := map[int]bool{}
		for i := range 60 {
			name := fmt.Sprintf("nobody%d", i)
			h := begin(w, choose(c, name, "WEB_AUTHN"))
			if h.Challenge != "WEB_AUTHN" {
				continue
			}
			id := credentialID(w, h)
			equal(w.T, "once more", credentialID(w, begin(w, choose(c, name, "WEB_AUTHN"))), id)
			forged := *anas
			var err error
			if forged.Key.ID, err = base64.RawURLEncoding.DecodeString(id); err != nil {
				w.T.Fatal(err)
			}
			sizes[len(forged.Key.ID)] = true
			last := answer(c, "WEB_AUTHN", h.Session, "USERNAME", name, "CREDENTIAL", forged.Answer(w.T, h.Params["CREDENTIAL_REQUEST_OPTIONS"]))
			Refused(w, wrong, w.API.RespondToAuthChallenge, last)
			Refused(w, usedOne, w.API.RespondToAuthChallenge, last)
		}
		if len(sizes) < 2 {
			w.T.Errorf("all credential ids have one size: %v", sizes)
		}
	})
}

// credentialID is the one passkey that a challenge asks for.
func credentialID(w *World, h hop) string {
	w.T.Helper()
	var options struct {
		AllowCredentials []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(h.Params["CREDENTIAL_REQUEST_OPTIONS"]), &options); err != nil || len(options.AllowCredentials) != 1 {
		w.T.Fatalf("%v: %v", h.Params, err)
	}
	return options.AllowCredentials[0].ID
}
