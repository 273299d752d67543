package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// path is one thing a client does; once does it one time.
type path struct {
	name string
	once func(w *world, worker, i int) error
}

// The paths that have a floor.
const (
	pathPlain     = "sign-in, plain password"
	pathSRP       = "sign-in, SRP (both calls)"
	pathPlainTOTP = "sign-in, plain password and software token (both calls)"
	pathSRPTOTP   = "sign-in, SRP and software token (three calls)"
	pathPasskey   = "sign-in, passkey (both calls)"
	pathRefresh   = "refresh"
	pathMachine   = "client_credentials"
	pathJourney   = "pages: authorize, name, password, code, token"
	pathAgain     = "pages: authorize with a session, code, token"
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
		{pathPlainTOTP, signInPlainTOTP},
		{pathSRPTOTP, signInSRPTOTP},
		{pathPasskey, signInPasskey},
		{pathRefresh, refresh},
		{"GetUser", getUser},
		{pathMachine, clientCredentials},
		{"introspection", introspect},
		{"userInfo", userInfo},
		{"pages: login page", loginPage},
		{pathJourney, journey},
		{pathAgain, again},
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
	return finished(proveSRP(w.server, poolID, clientID, w.known[(worker*31+i)%len(w.known)]))
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
