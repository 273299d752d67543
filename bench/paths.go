package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"cognate/internal/base/srp"
)

// path is one thing a client does; once does it one time.
type path struct {
	name string
	once func(w *world, worker, i int) error
}

// The paths that have a floor.
const (
	pathPlain   = "sign-in, plain password"
	pathSRP     = "sign-in, SRP (both calls)"
	pathRefresh = "refresh"
)

// paths are measured in this order. Those that do not depend on the number of
// users are measured at the first size only.
func paths(all bool) []path {
	bySize := []path{
		{pathPlain, signInPlain},
		{"ListUsers, username = (exact)", listUsers(`username = "%s"`, func(u string) string { return u })},
		{"ListUsers, email ^= (prefix)", listUsers(`email ^= "%s"`, func(u string) string { return u[:len(u)-2] })},
		{"ListUsers, email = (exact)", listUsers(`email = "%s@example.com"`, func(u string) string { return u })},
		{"ListUsers, status = Enabled, page of 60", listUsers(`status = "Enabled"%.0s`, func(u string) string { return u })},
		{"ListUsers, no filter, page of 60", listUsers("%.0s", func(u string) string { return u })},
	}
	if !all {
		return bySize
	}
	return append([]path{
		{pathSRP, signInSRP},
		{pathRefresh, refresh},
		{"GetUser", getUser},
		{"SignUp + ConfirmSignUp", signUp},
	}, bySize...)
}

func signInPlain(w *world, worker, i int) error {
	_, err := w.server.call("InitiateAuth", object{
		"ClientId": clientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": object{"USERNAME": w.known[(worker*31+i)%len(w.known)], "PASSWORD": userPassword},
	})
	return err
}

func signInSRP(w *world, worker, i int) error {
	name := w.known[(worker*31+i)%len(w.known)]
	c, err := srp.NewShortClient(rand.Reader, 32)
	if err != nil {
		return err
	}
	first, err := w.server.call("InitiateAuth", object{
		"ClientId": clientID, "AuthFlow": "USER_SRP_AUTH",
		"AuthParameters": object{"USERNAME": name, "SRP_A": c.A()},
	})
	if err != nil {
		return err
	}
	p := first["ChallengeParameters"].(object)
	text := func(k string) string { s, _ := p[k].(string); return s }
	_, suffix, _ := strings.Cut(poolID, "_")
	signature, at, err := c.Answer(suffix, userPassword, srp.Challenge{
		B: text("SRP_B"), Salt: text("SALT"), SecretBlock: text("SECRET_BLOCK"), Identity: text("USER_ID_FOR_SRP"),
	}, time.Now())
	if err != nil {
		return err
	}
	_, err = w.server.call("RespondToAuthChallenge", object{
		"ClientId": clientID, "ChallengeName": "PASSWORD_VERIFIER", "Session": first["Session"],
		"ChallengeResponses": object{
			"USERNAME": text("USER_ID_FOR_SRP"), "PASSWORD_CLAIM_SECRET_BLOCK": text("SECRET_BLOCK"),
			"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": at,
		},
	})
	return err
}

func refresh(w *world, _, _ int) error {
	_, err := w.server.call("InitiateAuth", object{
		"ClientId": clientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": object{"REFRESH_TOKEN": w.refresh},
	})
	return err
}

func getUser(w *world, _, _ int) error {
	_, err := w.server.call("GetUser", object{"AccessToken": w.access})
	return err
}

// signUp reads the code from the inbox in between, whose cost is part of the
// processor time shown.
func signUp(w *world, worker, i int) error {
	name := fmt.Sprintf("new-%d-%d-%d", worker, i, time.Now().UnixNano())
	mail := name + "@example.com"
	if _, err := w.server.call("SignUp", object{
		"ClientId": clientID, "Username": name, "Password": userPassword,
		"UserAttributes": []object{{"Name": "email", "Value": mail}},
	}); err != nil {
		return err
	}
	res, err := w.server.client.Get(w.server.url + "/_cognate/inbox?format=code&to=" + mail)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	code, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("inbox: HTTP %d %v", res.StatusCode, err)
	}
	_, err = w.server.call("ConfirmSignUp", object{
		"ClientId": clientID, "Username": name, "ConfirmationCode": strings.TrimSpace(string(code)),
	})
	return err
}

func listUsers(filter string, pick func(user string) string) func(*world, int, int) error {
	return func(w *world, worker, i int) error {
		in := object{"UserPoolId": poolID, "Limit": 60}
		if f := fmt.Sprintf(filter, pick(w.known[(worker*31+i)%len(w.known)])); f != "" {
			in["Filter"] = f
		}
		_, err := w.server.call("ListUsers", in)
		return err
	}
}
