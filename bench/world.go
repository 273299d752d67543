package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/config"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
	"cognate/internal/server"
)

const (
	userPassword = "Passw0rd!bench"
	poolID       = "us-east-1_DemoPool1"
	clientID     = "democlientforlocaltesting1"
	// knownUsers of the pool can sign in; the others share one verifier, so
	// that loading a million of them takes minutes and not hours.
	knownUsers = 200
)

// world is a running server whose demo pool is filled.
type world struct {
	server  *process
	known   []string
	refresh string
	access  string
	factors *factors // nil when no path needs them
	relying *relying // likewise
}

// newWorld lets a server make its demo pool, fills the pool with the server
// stopped, and starts it again.
func newWorld(ctx context.Context, o options, s storage, n int) (*world, error) {
	first, err := start(ctx, o.binary, s.args()...)
	if err != nil {
		return nil, err
	}
	first.stop()
	known := names(n)
	began := time.Now()
	settings := config.Settings{
		Mode: config.Dev, PublicURL: "http://localhost", Region: "us-east-1", Account: "000000000000",
		Data: s.data, Database: s.database,
	}
	if _, err := server.LoadUsers(ctx, settings, poolID, users(n, known)); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "loaded %d users in %s\n", n, time.Since(began).Round(time.Second))
	running, err := start(ctx, o.binary, s.args()...)
	if err != nil {
		return nil, err
	}
	w := &world{server: running, known: known}
	out, err := w.server.call("InitiateAuth", object{
		"ClientId": clientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": object{"USERNAME": known[0], "PASSWORD": userPassword},
	})
	if err != nil {
		running.stop()
		return nil, err
	}
	result := out["AuthenticationResult"].(object)
	w.access, w.refresh = result["AccessToken"].(string), result["RefreshToken"].(string)
	return w, nil
}

// names spreads the known users over the whole pool.
func names(n int) []string {
	count := min(n, knownUsers)
	out := make([]string, count)
	for i := range out {
		out[i] = userName(i * (n / count))
	}
	return out
}

func userName(i int) string { return fmt.Sprintf("user%08d", i) }

func users(n int, known []string) func(yield func(directory.NewUser) bool) {
	isKnown := map[string]bool{}
	for _, k := range known {
		isKnown[k] = true
	}
	shared, err := password.New(poolID[len("us-east-1_"):], "nobody", userPassword, rand.Reader)
	if err != nil {
		panic(err) // the random source of the machine is broken
	}
	return func(yield func(directory.NewUser) bool) {
		for i := range n {
			u := directory.NewUser{
				Username: userName(i), Status: cognitoidp.UserStatusTypeConfirmed, Credential: shared,
				Attributes: map[string]string{
					"email": userName(i) + "@example.com", "email_verified": "true",
					"name": fmt.Sprintf("Person Number %d", i), "phone_number": fmt.Sprintf("+1555%07d", i),
				},
			}
			if isKnown[u.Username] {
				u.Credential, _ = password.New(poolID[len("us-east-1_"):], u.Username, userPassword, rand.Reader)
			}
			if !yield(u) {
				return
			}
		}
	}
}
