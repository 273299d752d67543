package gosdk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/base/srp"
	"cognate/internal/testkit/process"
)

const password = "Correct-Horse-1"

// world is one server with one pool and one client without a secret.
type world struct {
	t      *testing.T
	ctx    context.Context
	server *process.Server
	sdk    *idp.Client
	pool   string
	client string
}

func newWorld(t *testing.T, edit func(*idp.CreateUserPoolInput)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), server: process.Start(t, "--ephemeral")}
	w.sdk = idp.New(idp.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String(w.server.URL),
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1,
	})
	in := &idp.CreateUserPoolInput{PoolName: aws.String("go")}
	if edit != nil {
		edit(in)
	}
	pool, err := w.sdk.CreateUserPool(w.ctx, in)
	w.must(err)
	w.pool = *pool.UserPool.Id
	client, err := w.sdk.CreateUserPoolClient(w.ctx, &idp.CreateUserPoolClientInput{
		UserPoolId: &w.pool, ClientName: aws.String("go"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	w.must(err)
	w.client = *client.UserPoolClient.ClientId
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// code waits for the n-th message to an address and returns its code.
func (w *world) code(to string, n int) string {
	w.t.Helper()
	query := url.Values{"format": {"json"}, "to": {to}, "userPoolId": {w.pool}}
	for range 500 {
		var inbox struct{ Messages []struct{ Code string } }
		res, err := http.Get(w.server.URL + "/_cognate/inbox?" + query.Encode())
		w.must(err)
		err = json.NewDecoder(res.Body).Decode(&inbox)
		res.Body.Close()
		w.must(err)
		if len(inbox.Messages) >= n {
			return inbox.Messages[0].Code
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("no %d messages to %s", n, to)
	return ""
}

func (w *world) signIn(name, word string) (*types.AuthenticationResultType, error) {
	out, err := w.sdk.InitiateAuth(w.ctx, &idp.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": word},
	})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

// refused fails unless the error is the exception T with the message.
func refused[T interface {
	error
	ErrorMessage() string
}](t *testing.T, err error, message string) {
	t.Helper()
	var want T
	if !errors.As(err, &want) || want.ErrorMessage() != message {
		t.Fatalf("got %v, want %T %q", err, want, message)
	}
}

func TestLifeCycle(t *testing.T) {
	w := newWorld(t, func(in *idp.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
	})
	up, err := w.sdk.SignUp(w.ctx, &idp.SignUpInput{
		ClientId: &w.client, Username: aws.String("ana"), Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}},
	})
	w.must(err)
	if up.UserConfirmed || up.UserSub == nil || aws.ToString(up.CodeDeliveryDetails.Destination) != "a***@e***" {
		t.Fatalf("sign-up answered %+v", up)
	}
	_, err = w.signIn("ana", password)
	refused[*types.UserNotConfirmedException](t, err, "User is not confirmed.")
	confirm := &idp.ConfirmSignUpInput{ClientId: &w.client, Username: aws.String("ana")}
	confirm.ConfirmationCode = aws.String(w.code("ana@example.com", 1))
	_, err = w.sdk.ConfirmSignUp(w.ctx, confirm)
	w.must(err)
	_, err = w.sdk.ConfirmSignUp(w.ctx, confirm)
	refused[*types.NotAuthorizedException](t, err, "User cannot be confirmed. Current status is CONFIRMED")
	tokens, err := w.signIn("ana", password)
	w.must(err)
	user, err := w.sdk.GetUser(w.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	w.must(err)
	if aws.ToString(user.Username) != "ana" || aws.ToString(user.UserAttributes[0].Name) != "sub" {
		t.Fatalf("GetUser answered %+v", user)
	}
	_, err = w.sdk.GlobalSignOut(w.ctx, &idp.GlobalSignOutInput{AccessToken: tokens.AccessToken})
	w.must(err)
	_, err = w.sdk.GetUser(w.ctx, &idp.GetUserInput{AccessToken: tokens.AccessToken})
	refused[*types.NotAuthorizedException](t, err, "Access Token has been revoked")
	_, err = w.sdk.InitiateAuth(w.ctx, &idp.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken},
	})
	refused[*types.NotAuthorizedException](t, err, "Refresh Token has been revoked")
	_, err = w.sdk.AdminDeleteUser(w.ctx, &idp.AdminDeleteUserInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	w.must(err)
	_, err = w.signIn("ana", password)
	refused[*types.UserNotFoundException](t, err, "User does not exist.")
}

func TestSRP(t *testing.T) {
	w := newWorld(t, nil)
	w.user("ana")
	client, err := srp.NewClient(rand.Reader)
	w.must(err)
	first, err := w.sdk.InitiateAuth(w.ctx, &idp.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "SRP_A": client.A()},
	})
	w.must(err)
	if first.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		t.Fatalf("challenge %s", first.ChallengeName)
	}
	given := first.ChallengeParameters
	_, prefix, _ := strings.Cut(w.pool, "_")
	signature, timestamp, err := client.Answer(prefix, password, srp.Challenge{
		Identity: given["USER_ID_FOR_SRP"], Salt: given["SALT"], B: given["SRP_B"], SecretBlock: given["SECRET_BLOCK"],
	}, time.Now())
	w.must(err)
	responses := map[string]string{
		"USERNAME": given["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": timestamp,
	}
	done, err := w.sdk.RespondToAuthChallenge(w.ctx, &idp.RespondToAuthChallengeInput{
		ClientId: &w.client, ChallengeName: first.ChallengeName, Session: first.Session, ChallengeResponses: responses,
	})
	w.must(err)
	if done.AuthenticationResult == nil || done.AuthenticationResult.IdToken == nil {
		t.Fatalf("answer %+v", done)
	}
}

// user makes a confirmed user with the usual password.
func (w *world) user(name string) {
	w.t.Helper()
	_, err := w.sdk.AdminCreateUser(w.ctx, &idp.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: &name, MessageAction: types.MessageActionTypeSuppress,
	})
	w.must(err)
	_, err = w.sdk.AdminSetUserPassword(w.ctx, &idp.AdminSetUserPasswordInput{
		UserPoolId: &w.pool, Username: &name, Password: aws.String(password), Permanent: true,
	})
	w.must(err)
}

func TestPaginators(t *testing.T) {
	w := newWorld(t, nil)
	var want, got []string
	for i := range 7 {
		name := fmt.Sprintf("user-%d", i)
		w.user(name)
		want = append(want, name)
	}
	users := idp.NewListUsersPaginator(w.sdk, &idp.ListUsersInput{UserPoolId: &w.pool, Limit: aws.Int32(3)})
	for users.HasMorePages() {
		page, err := users.NextPage(w.ctx)
		w.must(err)
		for _, u := range page.Users {
			got = append(got, *u.Username)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("users %v, want %v", got, want)
	}
	pools := idp.NewListUserPoolsPaginator(w.sdk, &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	seen := map[string]bool{}
	for pools.HasMorePages() {
		page, err := pools.NextPage(w.ctx)
		w.must(err)
		for _, p := range page.UserPools {
			if seen[*p.Id] {
				t.Errorf("pool %s twice", *p.Id)
			}
			seen[*p.Id] = true
		}
	}
	if !seen[w.pool] {
		t.Error("the pool is not in the list")
	}
}

func TestTypedErrors(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.sdk.DescribeUserPool(w.ctx, &idp.DescribeUserPoolInput{UserPoolId: aws.String("us-east-1_Missing00")})
	refused[*types.ResourceNotFoundException](t, err, "User pool us-east-1_Missing00 does not exist.")
	_, err = w.sdk.AdminGetUser(w.ctx, &idp.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("nobody")})
	refused[*types.UserNotFoundException](t, err, "User does not exist.")
	w.user("ana")
	_, err = w.signIn("ana", "Wrong-Password-9")
	refused[*types.NotAuthorizedException](t, err, "Incorrect username or password.")
	_, err = w.sdk.SignUp(w.ctx, &idp.SignUpInput{ClientId: &w.client, Username: aws.String("bob"), Password: aws.String("short")})
	refused[*types.InvalidPasswordException](t, err, "Password did not conform with policy: Password not long enough")
}
