// Command golang is one function for every trigger of a pool, the same in three
// languages, with the event types of aws-lambda-go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, raw json.RawMessage) (any, error) {
	var head events.CognitoEventUserPoolsHeader
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	switch head.TriggerSource {
	case "PreSignUp_SignUp":
		if answer, odd := misbehave(head.UserName); odd {
			return answer, nil
		}
		return as(raw, preSignUp)
	case "PreAuthentication_Authentication":
		return as(raw, preAuthentication)
	case "CustomMessage_ForgotPassword":
		return as(raw, customMessage)
	case "TokenGeneration_Authentication", "TokenGeneration_RefreshTokens":
		return as(raw, tokens)
	case "DefineAuthChallenge_Authentication":
		return as(raw, define)
	case "CreateAuthChallenge_Authentication":
		return as(raw, create)
	case "VerifyAuthChallengeResponse_Authentication":
		return as(raw, verify)
	case "UserMigration_Authentication":
		return as(raw, migrate)
	}
	return raw, nil
}

// as decodes an event, lets handle change it and returns it.
func as[E any](raw json.RawMessage, handle func(*E) error) (any, error) {
	e := new(E)
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, err
	}
	return e, handle(e)
}

// misbehave does for some names what a function should not.
func misbehave(name string) (any, bool) {
	switch name {
	case "crash":
		os.Exit(3)
	case "slow":
		time.Sleep(time.Minute)
	case "liar":
		return "fine", true
	case "fool":
		return map[string]any{"response": map[string]any{"autoConfirmUser": "yes"}}, true
	}
	return nil, false
}

func preSignUp(e *events.CognitoEventUserPoolsPreSignup) error {
	if strings.HasPrefix(e.UserName, "bad") {
		return errors.New("bad users may not sign up")
	}
	_, mail := e.Request.UserAttributes["email"]
	e.Response.AutoConfirmUser, e.Response.AutoVerifyEmail = true, mail
	return nil
}

func preAuthentication(e *events.CognitoEventUserPoolsPreAuthentication) error {
	if e.Request.ValidationData["mood"] == "bad" {
		return errors.New("come back in a better mood")
	}
	return nil
}

func customMessage(e *events.CognitoEventUserPoolsCustomMessage) error {
	name, _ := e.Request.UserAttributes["name"].(string)
	e.Response.EmailSubject = "Your code, " + name
	e.Response.EmailMessage = "It is " + e.Request.CodeParameter + "."
	return nil
}

func tokens(e *events.CognitoEventUserPoolsPreTokenGenV2_0) error {
	e.Response.ClaimsAndScopeOverrideDetails = events.ClaimsAndScopeOverrideDetailsV2_0{
		IDTokenGeneration: events.IDTokenGenerationV2_0{
			ClaimsToAddOrOverride: map[string]any{"plan": map[string]any{"name": "gold", "seats": 3}}, ClaimsToSuppress: []string{"email"},
		},
		AccessTokenGeneration: events.AccessTokenGenerationV2_0{
			ClaimsToAddOrOverride: map[string]any{"mood": "good"}, ScopesToAdd: []string{"files/read"},
		},
		GroupOverrideDetails: e.Request.GroupConfiguration,
	}
	return nil
}

func define(e *events.CognitoEventUserPoolsDefineAuthChallenge) error {
	n := len(e.Request.Session)
	e.Response.IssueTokens = n > 0 && e.Request.Session[n-1].ChallengeResult
	e.Response.FailAuthentication = n >= 2 && !e.Response.IssueTokens
	if !e.Response.IssueTokens && !e.Response.FailAuthentication {
		e.Response.ChallengeName = "CUSTOM_CHALLENGE"
	}
	return nil
}

func create(e *events.CognitoEventUserPoolsCreateAuthChallenge) error {
	e.Response.PublicChallengeParameters = map[string]string{"question": "six times seven?", "round": strconv.Itoa(len(e.Request.Session))}
	e.Response.PrivateChallengeParameters = map[string]string{"answer": "42"}
	e.Response.ChallengeMetadata = "RIDDLE"
	return nil
}

func verify(e *events.CognitoEventUserPoolsVerifyAuthChallenge) error {
	answer, _ := e.Request.ChallengeAnswer.(string)
	e.Response.AnswerCorrect = answer == e.Request.PrivateChallengeParameters["answer"]
	return nil
}

func migrate(e *events.CognitoEventUserPoolsMigrateUser) error {
	if e.Password != "from-there-1" {
		return errors.New("no such user")
	}
	e.UserAttributes = map[string]string{"email": e.UserName + "@example.com", "email_verified": "true", "name": "Moved"}
	e.FinalUserStatus, e.MessageAction = "CONFIRMED", "SUPPRESS"
	return nil
}
