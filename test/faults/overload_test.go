//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/testkit/process"
)

// TestOverload offers far more sign-ins than the machine can do: some are done, the rest is turned away with 503, no
// answer is anything else, and of those that were admitted 99 in 100 took less than three seconds.
func TestOverload(t *testing.T) {
	server := process.Start(t, "--ephemeral", "--log-level", "error")
	const user, password = "demo", "Passw0rd!"
	client := makeUser(t, server, user, password)
	ctx, stop := context.WithTimeout(t.Context(), time.Duration(times(8, 60))*time.Second)
	defer stop()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var admitted []time.Duration
	shed := 0
	for range 400 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				_, err := server.Call(context.WithoutCancel(ctx), "InitiateAuth", process.M{
					"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": process.M{"USERNAME": user, "PASSWORD": password},
				})
				took := time.Since(began)
				var refused *process.Error
				mu.Lock()
				switch {
				case err == nil:
					admitted = append(admitted, took)
				case errors.As(err, &refused) && refused.Status == 503 && refused.Code == "TooManyRequestsException":
					shed++
				default:
					t.Errorf("answered %v", err)
				}
				mu.Unlock()
				if err != nil { // as SDKs do
					time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(admitted)
	if len(admitted) == 0 || shed == 0 {
		t.Fatalf("%d admitted, %d turned away", len(admitted), shed)
	}
	p99 := admitted[len(admitted)*99/100]
	t.Logf("%d admitted, p50 %v, p99 %v; %d turned away", len(admitted), admitted[len(admitted)/2].Round(time.Millisecond), p99.Round(time.Millisecond), shed)
	if p99 > 3*time.Second {
		t.Errorf("p99 of the admitted is %v", p99)
	}
}

func makeUser(t *testing.T, server *process.Server, user, password string) (client string) {
	t.Helper()
	call := func(operation string, in process.M) process.M {
		out, err := server.Call(t.Context(), operation, in)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", operation, err))
		}
		return out
	}
	pool := process.Path(call("CreateUserPool", process.M{"PoolName": "overload"}), "UserPool", "Id")
	client = process.Path(call("CreateUserPoolClient", process.M{
		"UserPoolId": pool, "ClientName": "overload", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"},
	}), "UserPoolClient", "ClientId")
	call("AdminCreateUser", process.M{"UserPoolId": pool, "Username": user, "MessageAction": "SUPPRESS"})
	call("AdminSetUserPassword", process.M{"UserPoolId": pool, "Username": user, "Password": password, "Permanent": true})
	return client
}
