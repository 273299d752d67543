package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// noClient stands in callerContext for administrative calls without a client.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

// Triggers invokes the functions of user pools. It is safe for concurrent use.
type Triggers struct{ functions lambda.Invoker }

// New returns the room; functions reaches functions by their ARN.
func New(functions lambda.Invoker) *Triggers {
	return &Triggers{functions: functions}
}

// Subject is whom an event is about.
type Subject struct {
	Pool     *pool.Pool
	ClientID string // "" for calls without an app client
	Username string // as stored
	// Attributes are all of the user's, with sub and cognito:user_status; empty
	// for a user who does not exist.
	Attributes map[string]string
	// Unknown marks an event about a user who does not exist, for the triggers
	// that run all the same when the client hides users.
	Unknown bool
	// Hidden says that the client hides who exists: the events of these triggers
	// then tell whether the user does.
	Hidden bool
	// Metadata is the ClientMetadata of the call, where the trigger may see it.
	Metadata map[string]string
}

// event is the envelope of every trigger.
type event struct {
	Version       string        `json:"version"`
	TriggerSource string        `json:"triggerSource"`
	Region        string        `json:"region"`
	UserPoolID    string        `json:"userPoolId"`
	UserName      string        `json:"userName"`
	CallerContext callerContext `json:"callerContext"`
	Request       any           `json:"request"`
	Response      any           `json:"response"`
}

type callerContext struct {
	SDKVersion string `json:"awsSdkVersion"`
	ClientID   string `json:"clientId"`
}

// call is one invocation before it is made.
type call struct {
	name    string // PreSignUp, as in failure texts
	arn     *string
	version string // "1" unless the trigger has versions
	source  string // PreSignUp_SignUp
	subject *Subject
	request any
}

// invoke sends the event and decodes the response member of the answer into
// response, which holds the skeleton that is sent. It reports false when the
// trigger is not configured.
func (t *Triggers) invoke(ctx context.Context, c call, response any) (bool, error) {
	if c.arn == nil || *c.arn == "" {
		return false, nil
	}
	payload, err := json.Marshal(t.event(c, response))
	if err != nil {
		return true, fmt.Errorf("trigger: %s event: %w", c.source, err)
	}
	result, err := t.functions.Invoke(ctx, lambda.Invocation{ARN: *c.arn, Payload: payload, RequestID: obs.From(ctx).ID})
	if err != nil {
		return true, unreachable(ctx, c, err)
	}
	if result.FunctionError != "" {
		obs.Cause(ctx, "%s refused: %s", c.source, result.ErrorMessage)
		return true, cognitoidp.NewUserLambdaValidation("%s failed with error %s.", c.name, result.ErrorMessage)
	}
	return true, decode(ctx, c, result.Payload, response)
}

func (t *Triggers) event(c call, response any) event {
	e := event{
		Version: c.version, TriggerSource: c.source, Region: string(c.subject.Pool.Region), UserPoolID: c.subject.Pool.ID,
		UserName:      c.subject.Username,
		CallerContext: callerContext{SDKVersion: "aws-sdk-unknown-unknown", ClientID: c.subject.ClientID},
		Request:       c.request, Response: response,
	}
	if e.Version == "" {
		e.Version = "1"
	}
	if e.CallerContext.ClientID == "" {
		e.CallerContext.ClientID = noClient
	}
	return e
}

// unreachable maps an invocation that gave no answer.
func unreachable(ctx context.Context, c call, err error) error {
	reason := ""
	switch {
	case errors.Is(err, lambda.ErrTimeout):
		reason = "Socket timeout while invoking Lambda function"
	case errors.Is(err, lambda.ErrAccessDenied), errors.Is(err, lambda.ErrNotConfigured):
		reason = "AccessDeniedException"
	case errors.Is(err, lambda.ErrNotFound):
		reason = "ResourceNotFoundException"
	case errors.Is(err, lambda.ErrThrottled):
		reason = "TooManyRequestsException"
	case errors.Is(err, lambda.ErrTooLarge):
		obs.Cause(ctx, "%s: %v", c.source, err)
		return pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse)
	case ctx.Err() != nil:
		return fmt.Errorf("trigger: %s: %w", c.source, err)
	default:
		reason = "ServiceException"
	}
	obs.Cause(ctx, "%s: %v", c.source, err)
	return cognitoidp.NewUnexpectedLambda("%s invocation failed due to error %s.", c.name, reason)
}

// decode reads the answer. The function has to return the whole event; only its
// response member counts.
func decode(ctx context.Context, c call, payload []byte, response any) error {
	var answer struct {
		Response json.RawMessage `json:"response"`
	}
	if !json.Valid(payload) {
		obs.Cause(ctx, "%s answered with invalid JSON", c.source)
		return InvalidOutput("Invalid JSON")
	}
	err := json.Unmarshal(payload, &answer)
	if err == nil && (len(answer.Response) == 0 || answer.Response[0] != '{') {
		err = errors.New("no response object")
	}
	if err == nil {
		err = json.Unmarshal(answer.Response, response)
	}
	if err != nil {
		obs.Cause(ctx, "%s answer: %v", c.source, err)
		return pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse)
	}
	return nil
}

// InvalidOutput is the refusal of an answer that cannot be used.
func InvalidOutput(why string) error {
	return cognitoidp.NewInvalidLambdaResponse("Invalid lambda function output : %s", why)
}

// config is the pool's LambdaConfig, never nil.
func (s *Subject) config() *cognitoidp.LambdaConfigType {
	if c := s.Pool.Config.LambdaConfig; c != nil {
		return c
	}
	return &cognitoidp.LambdaConfigType{}
}

// attributes is the attribute map as events show it, never null.
func (s *Subject) attributes() map[string]string {
	if s.Attributes == nil {
		return map[string]string{}
	}
	return s.Attributes
}

// notFound is the userNotFound member: shown only where clients hide users.
func (s *Subject) notFound() *bool {
	if s.Unknown || s.Hidden {
		return &s.Unknown
	}
	return nil
}
