package timing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"cognate/internal/testkit/process"
)

const (
	// samples is how many calls of each kind one comparison makes; COGNATE_TEST_TIMING sets another number.
	samples = 400
	// perUser is how many failures one known user takes: fewer than lock it.
	perUser = 4
	// tLimit is the usual bound of leakage tests. Beyond it a difference counts when it is also large enough to be used
	// over a network.
	tLimit = 4.5
	// relativeLimit is that size: a share of the time the call takes.
	relativeLimit = 0.05
	// attempts is how often a comparison may be repeated: noise of the machine goes away, a difference in the code does
	// not.
	attempts = 3
)

// probe is one call whose time must not tell whether the user exists.
type probe struct {
	name string
	call func(ctx context.Context, s *process.Server, client, username string) error
}

func password(ctx context.Context, s *process.Server, client, username string) error {
	_, err := s.Call(ctx, "InitiateAuth", process.M{
		"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": username, "PASSWORD": "Wrong-Password-1!"},
	})
	return err
}

func srp(ctx context.Context, s *process.Server, client, username string) error {
	out, err := s.Call(ctx, "InitiateAuth", process.M{
		"ClientId": client, "AuthFlow": "USER_SRP_AUTH",
		"AuthParameters": process.M{"USERNAME": username, "SRP_A": "0" + strconv.FormatUint(rand.Uint64()|1, 16) + "ab"},
	})
	if err != nil {
		return err
	}
	_, err = s.Call(ctx, "RespondToAuthChallenge", process.M{
		"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "Session": process.Path(out, "Session"),
		"ChallengeResponses": process.M{
			"USERNAME":                    process.Path(out, "ChallengeParameters", "USER_ID_FOR_SRP"),
			"PASSWORD_CLAIM_SECRET_BLOCK": process.Path(out, "ChallengeParameters", "SECRET_BLOCK"),
			"PASSWORD_CLAIM_SIGNATURE":    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
			"TIMESTAMP":                   time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006"),
		},
	})
	return err
}

// TestUnknownUsersCostTheSame compares wrong passwords of known users with passwords of users that do not exist.
func TestUnknownUsersCostTheSame(t *testing.T) {
	n := samples
	if v, err := strconv.Atoi(os.Getenv("COGNATE_TEST_TIMING")); err == nil {
		n = v
	}
	ctx := context.Background()
	server := process.Start(t, "--ephemeral")
	for _, p := range []probe{{"password", password}, {"srp", srp}} {
		t.Run(p.name, func(t *testing.T) {
			for attempt := 1; ; attempt++ {
				statistic, relative, difference := compare(ctx, t, server, p, n)
				t.Logf("attempt %d: t = %+.2f, known users take %+.2f %% longer (%+.1f µs), %d calls of each kind",
					attempt, statistic, 100*relative, 1e6*difference, n)
				if max(statistic, -statistic) <= tLimit || max(relative, -relative) <= relativeLimit {
					return
				}
				if attempt == attempts {
					t.Fatalf("|t| above %.1f and a difference above %.0f %% in %d attempts", tLimit, 100*relativeLimit, attempts)
				}
			}
		})
	}
}

// compare makes n calls for known and n for unknown users in random order on a fresh pool. The difference is in seconds.
func compare(ctx context.Context, t *testing.T, server *process.Server, p probe, n int) (statistic, relative, difference float64) {
	t.Helper()
	client, people := pool(ctx, t, server, (n+perUser-1)/perUser)
	var known, unknown sample
	order := rand.Perm(2 * n)
	for i := range 20 { // warm caches and connections
		expect(t, p.call(ctx, server, client, fmt.Sprintf("warm-%02d", i)))
	}
	for _, i := range order {
		name, into := fmt.Sprintf("nobody-%05d", i), &unknown
		if i < n {
			name, into = people[i/perUser], &known
		}
		began := time.Now()
		err := p.call(ctx, server, client, name)
		into.add(time.Since(began))
		expect(t, err)
	}
	return welch(known.trimmed(), unknown.trimmed())
}

// expect holds the answer to the one text that says nothing.
func expect(t *testing.T, err error) {
	t.Helper()
	var refused *process.Error
	if !errors.As(err, &refused) || refused.Code != "NotAuthorizedException" || refused.Message != "Incorrect username or password." {
		t.Fatalf("got %v", err)
	}
}

// pool makes a pool whose client hides users, with n confirmed users, and returns client and user names.
func pool(ctx context.Context, t *testing.T, server *process.Server, n int) (client string, people []string) {
	t.Helper()
	must := func(operation string, in process.M) process.M {
		out, err := server.Call(ctx, operation, in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	id := process.Path(must("CreateUserPool", process.M{"PoolName": "timing"}), "UserPool", "Id")
	client = process.Path(must("CreateUserPoolClient", process.M{
		"UserPoolId": id, "ClientName": "timing", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}), "UserPoolClient", "ClientId")
	for i := range n {
		name := fmt.Sprintf("person-%05d", i)
		must("AdminCreateUser", process.M{"UserPoolId": id, "Username": name, "MessageAction": "SUPPRESS"})
		must("AdminSetUserPassword", process.M{"UserPoolId": id, "Username": name, "Password": "Right-Password-1!", "Permanent": true})
		people = append(people, name)
	}
	return client, people
}
