package timing

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"time"

	"cognate/internal/testkit/process"
	"cognate/internal/testkit/softkey"
)

// probe is one way to find out whether a user exists, by its answers or the time they take.
type probe struct {
	name    string
	steps   []string // one name a call
	choice  bool     // by USER_AUTH
	passkey bool     // of people with passkeys
	run     func(*walk)
}

var probes = []probe{
	{name: "password", steps: []string{"wrong password"}, run: func(w *walk) {
		w.start("USER_PASSWORD_AUTH", process.M{"PASSWORD": wrongPassword})
	}},
	{name: "srp", steps: []string{"SRP_A", "wrong signature"}, run: func(w *walk) {
		w.verify(w.start("USER_SRP_AUTH", process.M{"SRP_A": someA()}))
	}},
	{name: "select", steps: []string{"no preference", "wrong password"}, choice: true, run: func(w *walk) {
		asked := w.start("USER_AUTH", process.M{})
		w.answer("SELECT_CHALLENGE", asked, process.M{"ANSWER": "PASSWORD", "PASSWORD": wrongPassword})
	}},
	{name: "chosen password", steps: []string{"wrong password"}, choice: true, run: func(w *walk) {
		w.start("USER_AUTH", process.M{"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": wrongPassword})
	}},
	{name: "chosen srp", steps: []string{"SRP_A", "wrong signature"}, choice: true, run: func(w *walk) {
		w.verify(w.start("USER_AUTH", process.M{"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": someA()}))
	}},
	{name: "chosen code", steps: []string{"offer", "wrong code"}, choice: true, run: func(w *walk) {
		asked := w.start("USER_AUTH", process.M{"PREFERRED_CHALLENGE": "EMAIL_OTP"})
		w.answer("EMAIL_OTP", asked, process.M{"EMAIL_OTP_CODE": "00000000"})
	}},
	{name: "chosen passkey", steps: []string{"offer", "wrong signature"}, choice: true, passkey: true, run: func(w *walk) {
		asked := w.start("USER_AUTH", process.M{"PREFERRED_CHALLENGE": "WEB_AUTHN"})
		w.answer("WEB_AUTHN", asked, process.M{"CREDENTIAL": w.forge(asked)})
	}},
	{name: "forgotten password", steps: []string{"ask", "wrong code"}, run: func(w *walk) {
		w.call("ForgotPassword", process.M{"Username": w.name})
		w.call("ConfirmForgotPassword", process.M{"Username": w.name, "ConfirmationCode": "000000", "Password": rightPassword})
	}},
}

// someA is a public value of SRP that nobody knows the exponent of.
func someA() string { return "0" + strconv.FormatUint(rand.Uint64()|1, 16) + "ab" }

// verify answers PASSWORD_VERIFIER with a signature of the right form.
func (w *walk) verify(asked process.M) {
	w.t.Helper()
	w.answer("PASSWORD_VERIFIER", asked, process.M{
		"PASSWORD_CLAIM_SECRET_BLOCK": process.Path(asked, "ChallengeParameters", "SECRET_BLOCK"),
		"PASSWORD_CLAIM_SIGNATURE":    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"TIMESTAMP":                   time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006"),
	})
}

// forge answers WEB_AUTHN by the passkey that was asked for, signed with a key that is not its.
func (w *walk) forge(asked process.M) string {
	w.t.Helper()
	text := process.Path(asked, "ChallengeParameters", "CREDENTIAL_REQUEST_OPTIONS")
	var options struct {
		AllowCredentials []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(text), &options); err != nil || len(options.AllowCredentials) != 1 {
		w.t.Fatalf("options %q: %v", text, err)
	}
	key := softkey.New(party, "https://"+party)
	var err error
	if key.Key.ID, err = base64.RawURLEncoding.DecodeString(options.AllowCredentials[0].ID); err != nil {
		w.t.Fatal(err)
	}
	doc, err := key.Answer(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}
