package trigger_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// ana is a user as events are about her, of a pool with every function.
func ana(version cognitoidp.PreTokenGenerationLambdaVersionType) *trigger.Subject {
	c := functions(withMigration()...)
	c.PreTokenGeneration = nil
	c.PreTokenGenerationConfig = &cognitoidp.PreTokenGenerationVersionConfigType{LambdaArn: arnOf("PreTokenGeneration"), LambdaVersion: version}
	c.CustomEmailSender = &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: arnOf("CustomEmailSender")}
	c.CustomSMSSender = &cognitoidp.CustomSMSLambdaVersionConfigType{LambdaArn: arnOf("CustomSMSSender")}
	c.InboundFederation = &cognitoidp.InboundFederationLambdaType{LambdaArn: arnOf("InboundFederation")}
	return &trigger.Subject{
		Pool: &pool.Pool{ID: "us-east-1_TRIGGERS1", Region: "us-east-1", Config: &cognitoidp.UserPoolType{LambdaConfig: c}}, ClientID: "client", Username: "ana",
		Attributes: map[string]string{
			"sub": "11111111-2222-4333-8444-555555555555", "cognito:user_status": "CONFIRMED", "email": "ana@example.com",
			"email_verified": "true", "cognito:email_alias": "ana@example.com",
		},
		Metadata: from("Call"),
	}
}

const (
	v1 = cognitoidp.PreTokenGenerationLambdaVersionTypeV10
	v2 = cognitoidp.PreTokenGenerationLambdaVersionTypeV20
	v3 = cognitoidp.PreTokenGenerationLambdaVersionTypeV30
)

// TestEvents holds the events that no flow of the main path makes.
func TestEvents(t *testing.T) {
	groups := &trigger.Groups{Groups: []string{"admins"}, Roles: []string{"arn:aws:iam::000000000000:role/a"}, PreferredRole: new("arn:aws:iam::000000000000:role/a")}
	scopes := []string{"aws.cognito.signin.user.admin"}
	oidc := map[string]any{"tokenResponse": map[string]any{"access_token": "a"}, "idToken": map[string]any{"sub": "1"}, "userInfo": map[string]any{}}
	tokens := func(source string, version cognitoidp.PreTokenGenerationLambdaVersionType, g *trigger.Groups) func(context.Context, *trigger.Triggers) error {
		return func(ctx context.Context, tr *trigger.Triggers) error {
			s := ana(version)
			if source == trigger.TokenClientCredentials {
				s.Username, s.Attributes = "ClientCredentials", nil
			}
			_, err := tr.PreTokenGeneration(ctx, source, s, g, scopes)
			return err
		}
	}
	sender := func(email bool, kind string, code *string) func(context.Context, *trigger.Triggers) error {
		return func(ctx context.Context, tr *trigger.Triggers) error {
			return tr.CustomSender(ctx, email, kind, ana(v1), code)
		}
	}
	for name, call := range map[string]func(context.Context, *trigger.Triggers) error{
		"tokens-v1":                 tokens(trigger.TokenAuthentication, v1, groups),
		"tokens-v2":                 tokens(trigger.TokenAuthentication, v2, groups),
		"tokens-v3":                 tokens(trigger.TokenHostedAuth, v3, groups),
		"tokens-device":             tokens(trigger.TokenAuthenticateDevice, v2, &trigger.Groups{Groups: []string{}, Roles: []string{}}),
		"tokens-machine":            tokens(trigger.TokenClientCredentials, v3, nil),
		"sender-email-sign-up":      sender(true, "SignUp", new("AgV4")),
		"sender-email-notification": sender(true, "AccountTakeOverNotification", nil),
		"sender-sms-authentication": sender(false, "Authentication", new("AgV4")),
		"message-authentication": func(ctx context.Context, tr *trigger.Triggers) error {
			_, err := tr.CustomMessage(ctx, "CustomMessage_Authentication", ana(v1))
			return err
		},
		"federation": func(ctx context.Context, tr *trigger.Triggers) error {
			got, err := tr.InboundFederation(ctx, ana(v1), trigger.Federated{ProviderName: "Corp", ProviderType: "OIDC", Attributes: oidc})
			if got != nil {
				t.Errorf("an untouched answer changes %v", got)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			if err := call(t.Context(), trigger.New(f)); err != nil {
				t.Fatal(err)
			}
			(&room{f: f, p: &pool.Pool{ID: "us-east-1_TRIGGERS1", Region: "us-east-1"}, c: &pool.Client{ID: "client-of-nobody"}}).golden(t, name)
		})
	}
}

// TestMachineVersions holds that only V3_0 functions see machine tokens.
func TestMachineVersions(t *testing.T) {
	for version, want := range map[cognitoidp.PreTokenGenerationLambdaVersionType]int{v1: 0, v2: 0, v3: 1} {
		f := newFake()
		_, err := trigger.New(f).PreTokenGeneration(t.Context(), trigger.TokenClientCredentials, ana(version), nil, nil)
		if err != nil || len(f.calls) != want {
			t.Errorf("%s: %d calls, %v", version, len(f.calls), err)
		}
	}
}

// TestNotConfigured holds that a pool without functions calls none.
func TestNotConfigured(t *testing.T) {
	f := newFake()
	tr := trigger.New(f)
	s := &trigger.Subject{Pool: &pool.Pool{ID: "p", Config: &cognitoidp.UserPoolType{}}}
	if err := tr.PreAuthentication(t.Context(), s, nil); err != nil {
		t.Error(err)
	}
	if _, err := tr.PreTokenGeneration(t.Context(), trigger.TokenAuthentication, s, nil, nil); err != nil {
		t.Error(err)
	}
	if tr.Custom(s) || tr.Challenges(s) || tr.Migrates(s) || tr.ChangesTokens(s) || tr.Concludes(s) {
		t.Error("functions that are not there")
	}
	empty := functions()
	empty.PreAuthentication, empty.UserMigration = new(""), new("")
	s.Pool.Config.LambdaConfig = empty
	if err := tr.PreAuthentication(t.Context(), s, nil); err != nil || tr.Migrates(s) || len(f.calls) > 0 {
		t.Error("an empty ARN is a function")
	}
}

// answer is a result with this payload.
func answer(payload string) func() (*lambda.Result, error) {
	return func() (*lambda.Result, error) { return &lambda.Result{Payload: []byte(payload)}, nil }
}

func gone(err error) func() (*lambda.Result, error) {
	return func() (*lambda.Result, error) { return nil, err }
}

// misbehaviour is a way to answer and what a caller of PreAuthentication hears.
var misbehaviour = map[string]struct {
	how  func() (*lambda.Result, error)
	want string
}{
	"throws": {func() (*lambda.Result, error) {
		return &lambda.Result{FunctionError: lambda.Unhandled, ErrorMessage: `no "such" <luck>`}, nil
	}, `UserLambdaValidationException: PreAuthentication failed with error no "such" <luck>.`},
	"crashes": {func() (*lambda.Result, error) {
		return &lambda.Result{FunctionError: lambda.Unhandled, ErrorType: "Runtime.ExitError", ErrorMessage: "RequestId: 1 Error: Runtime exited with error: exit status 3"}, nil
	}, "UserLambdaValidationException: PreAuthentication failed with error RequestId: 1 Error: Runtime exited with error: exit status 3."},
	"slow":         {gone(lambda.ErrTimeout), "UnexpectedLambdaException: PreAuthentication invocation failed due to error Socket timeout while invoking Lambda function."},
	"denied":       {gone(lambda.ErrAccessDenied), "UnexpectedLambdaException: PreAuthentication invocation failed due to error AccessDeniedException."},
	"unknown":      {gone(lambda.ErrNotConfigured), "UnexpectedLambdaException: PreAuthentication invocation failed due to error AccessDeniedException."},
	"missing":      {gone(lambda.ErrNotFound), "UnexpectedLambdaException: PreAuthentication invocation failed due to error ResourceNotFoundException."},
	"throttled":    {gone(lambda.ErrThrottled), "UnexpectedLambdaException: PreAuthentication invocation failed due to error TooManyRequestsException."},
	"disconnected": {gone(lambda.ErrConnection), "UnexpectedLambdaException: PreAuthentication invocation failed due to error ServiceException."},
	"huge":         {gone(lambda.ErrTooLarge), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"no JSON":      {answer("<html>"), "InvalidLambdaResponseException: Invalid lambda function output : Invalid JSON"},
	"nothing":      {answer(""), "InvalidLambdaResponseException: Invalid lambda function output : Invalid JSON"},
	"half":         {answer(`{"response":{`), "InvalidLambdaResponseException: Invalid lambda function output : Invalid JSON"},
	"null":         {answer("null"), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"a string":     {answer(`"{}"`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"a list":       {answer(`[{"response":{}}]`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"no response":  {answer(`{"request":{}}`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"null inside":  {answer(`{"response":null}`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"text inside":  {answer(`{"response":"ok"}`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"list inside":  {answer(`{"response":[]}`), "InvalidLambdaResponseException: Unrecognizable lambda output"},
	"deep":         {answer(`{"response":{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}}`), "InvalidLambdaResponseException: Invalid lambda function output : Invalid JSON"},
	"only that":    {answer(` { "response" : { "more": 1 } } `), ""},
}

// TestMisbehaviour holds the texts of every way in which a function can fail.
func TestMisbehaviour(t *testing.T) {
	for name, c := range misbehaviour {
		f := newFake()
		f.breaks("PreAuthentication", c.how)
		err := trigger.New(f).PreAuthentication(t.Context(), ana(v1), nil)
		if got := text(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCallerGone holds that a request that was given up is no failure of the
// function.
func TestCallerGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := newFake()
	f.breaks("PreAuthentication", gone(context.Canceled))
	err := trigger.New(f).PreAuthentication(ctx, ana(v1), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// text is an exception as "Code: message", "" for none.
func text(err error) string {
	var e interface{ ErrorCode() string }
	if !errors.As(err, &e) {
		if err != nil {
			return err.Error()
		}
		return ""
	}
	var m interface{ ErrorMessage() string }
	errors.As(err, &m)
	return e.ErrorCode() + ": " + m.ErrorMessage()
}

// TestWrongTypes holds that members of another type than AWS's are refused
// everywhere, and null is the same as left out.
func TestWrongTypes(t *testing.T) {
	ctx := t.Context()
	s := func() *trigger.Subject { return ana(v2) }
	calls := map[string]struct {
		call    func(*trigger.Triggers) error
		members map[string][]any
	}{
		"PreSignUp": {func(tr *trigger.Triggers) error {
			v, err := tr.PreSignUp(ctx, trigger.PreSignUpSignUp, s(), nil)
			if err == nil && v != (trigger.SignUpVerdict{}) {
				t.Errorf("null decides %+v", v)
			}
			return err
		}, map[string][]any{"autoConfirmUser": {"true", 1, object{}}, "autoVerifyEmail": {"yes"}, "autoVerifyPhone": {[]any{}}}},
		"CustomMessage": {func(tr *trigger.Triggers) error {
			_, err := tr.CustomMessage(ctx, "CustomMessage_SignUp", s())
			return err
		}, map[string][]any{"smsMessage": {1, object{}}, "emailMessage": {true}, "emailSubject": {[]any{"x"}}}},
		"DefineAuthChallenge": {func(tr *trigger.Triggers) error {
			_, err := tr.DefineAuthChallenge(ctx, s(), nil)
			return err
		}, map[string][]any{"challengeName": {1}, "issueTokens": {"true"}, "failAuthentication": {0}}},
		"CreateAuthChallenge": {func(tr *trigger.Triggers) error {
			_, err := tr.CreateAuthChallenge(ctx, s(), "CUSTOM_CHALLENGE", nil)
			return err
		}, map[string][]any{
			"publicChallengeParameters":  {"x", object{"a": 1}, object{"a": object{}}},
			"privateChallengeParameters": {[]any{}, object{"a": true}}, "challengeMetadata": {object{}, 3},
		}},
		"VerifyAuthChallengeResponse": {func(tr *trigger.Triggers) error {
			right, err := tr.VerifyAuthChallengeResponse(ctx, s(), nil, "42")
			if right {
				t.Error("a wrong type is a right answer")
			}
			return err
		}, map[string][]any{"answerCorrect": {"true", 1, object{}}}},
		"UserMigration": {func(tr *trigger.Triggers) error {
			_, err := tr.UserMigration(ctx, trigger.MigrationAuthentication, s(), "x", nil)
			return err
		}, map[string][]any{
			"userAttributes": {"x", object{"email": 1}, object{"email_verified": true}}, "forceAliasCreation": {"true"},
			"finalUserStatus": {true}, "messageAction": {1}, "desiredDeliveryMediums": {"SMS"}, "enableSMSMFA": {"x"},
		}},
		"PreTokenGeneration": {func(tr *trigger.Triggers) error {
			_, err := tr.PreTokenGeneration(ctx, trigger.TokenAuthentication, s(), &trigger.Groups{}, nil)
			return err
		}, map[string][]any{"claimsAndScopeOverrideDetails": {
			"x", []any{}, object{"idTokenGeneration": []any{}}, object{"idTokenGeneration": object{"claimsToSuppress": "email"}},
			object{"accessTokenGeneration": object{"scopesToAdd": []any{1}}}, object{"groupOverrideDetails": "x"},
			object{"groupOverrideDetails": object{"groupsToOverride": "x"}},
		}}},
	}
	for name, c := range calls {
		for member, values := range c.members {
			for _, v := range append(values, nil) {
				f := newFake()
				f.sets(name, object{member: v})
				want := "InvalidLambdaResponseException: Unrecognizable lambda output"
				if v == nil {
					want = ""
				}
				if got := text(c.call(trigger.New(f))); got != want {
					t.Errorf("%s %s = %v: %q, want %q", name, member, v, got, want)
				}
			}
		}
	}
}

// TestTokenAnswers holds what the members of a PreTokenGeneration answer mean.
func TestTokenAnswers(t *testing.T) {
	groups := func(in any) object { return object{"groupOverrideDetails": in} }
	for name, c := range map[string]struct {
		version cognitoidp.PreTokenGenerationLambdaVersionType
		details any
		want    string // JSON of the changes
	}{
		"V1 null":            {v1, nil, `{}`},
		"V1 empty":           {v1, object{}, `{}`},
		"V1 claims":          {v1, object{"claimsToAddOrOverride": object{"a": "1", "n": nil}, "claimsToSuppress": []any{"email"}}, `{"add":{"a":"1","n":null},"suppress":["email"]}`},
		"V1 groups null":     {v1, groups(nil), `{"override":true}`},
		"V1 groups empty":    {v1, groups(object{}), `{"override":true}`},
		"V1 groups of SDKs":  {v1, groups(object{"groupsToOverride": nil, "iamRolesToOverride": nil, "preferredRole": nil}), `{"override":true}`},
		"V1 groups replaced": {v1, groups(object{"groupsToOverride": []any{"g"}, "preferredRole": "r"}), `{"override":true,"groups":["g"],"preferred":"r"}`},
		"V2 claims": {v2, object{"idTokenGeneration": object{"claimsToAddOrOverride": object{"a": object{"b": 1}}}, "accessTokenGeneration": nil},
			`{"add":{"a":{"b":1}}}`},
		"V2 groups null": {v2, groups(nil), `{"override":true}`},
	} {
		f := newFake()
		member := "claimsAndScopeOverrideDetails"
		if c.version == v1 {
			member = "claimsOverrideDetails"
		}
		f.sets("PreTokenGeneration", object{member: c.details})
		got, err := trigger.New(f).PreTokenGeneration(t.Context(), trigger.TokenAuthentication, ana(c.version), &trigger.Groups{}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := object{}
		put := func(key string, v any, is bool) {
			if is {
				out[key] = v
			}
		}
		put("add", got.ID.Add, len(got.ID.Add) > 0)
		put("suppress", got.ID.Suppress, len(got.ID.Suppress) > 0)
		put("override", true, got.Override)
		put("groups", got.Groups.Groups, len(got.Groups.Groups) > 0)
		put("preferred", got.Groups.PreferredRole, got.Groups.PreferredRole != nil)
		text, err := json.Marshal(out)
		if err != nil || string(text) != canonical(t, c.want) {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	v := object{}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(maps.Clone(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// FuzzAnswer feeds functions' answers to every trigger: none may panic, and an
// answer that is not an object is never taken for one.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"response":{}}`, `null`, `{"response":{"claimsAndScopeOverrideDetails":{"groupOverrideDetails":{}}}}`, `{"response":{"issueTokens":true}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		fake := newFake()
		for _, name := range withMigration() {
			fake.broken[name] = func() (*lambda.Result, error) { return &lambda.Result{Payload: payload}, nil }
		}
		tr := trigger.New(fake)
		ctx := t.Context()
		_, err := tr.PreSignUp(ctx, trigger.PreSignUpSignUp, ana(v1), nil)
		if err == nil && !json.Valid(payload) {
			t.Error("no JSON is an answer")
		}
		_, _ = tr.DefineAuthChallenge(ctx, ana(v1), nil)
		_, _ = tr.CreateAuthChallenge(ctx, ana(v1), "CUSTOM_CHALLENGE", nil)
		_, _ = tr.UserMigration(ctx, trigger.MigrationAuthentication, ana(v1), "", nil)
		for _, v := range []cognitoidp.PreTokenGenerationLambdaVersionType{v1, v2, v3} {
			_, _ = tr.PreTokenGeneration(ctx, trigger.TokenAuthentication, ana(v), nil, nil)
		}
	})
}
