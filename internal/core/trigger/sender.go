package trigger

import (
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/base/lambda"
	"cognate/internal/base/obs"
)

// EmailSender and SMSSender are the functions that deliver messages instead of
// the server, "" when it delivers them itself.
func (s *Subject) EmailSender() string {
	if c := s.config().CustomEmailSender; c != nil {
		return c.LambdaArn
	}
	return ""
}

// SMSSender is EmailSender for text messages.
func (s *Subject) SMSSender() string {
	if c := s.config().CustomSMSSender; c != nil {
		return c.LambdaArn
	}
	return ""
}

// CustomSender hands a message to the pool's own sender function, without
// waiting for what it does. kind is the kind of message, e.g. SignUp; code is
// the encrypted code in base64, nil for a message without one. The caller has
// succeeded whatever the function does with it; the error says only that it
// could not be reached, so that the message is tried again.
func (t *Triggers) CustomSender(ctx context.Context, email bool, kind string, s *Subject, code *string) error {
	c := call{name: "CustomSMSSender", source: "CustomSMSSender_" + kind, subject: s}
	arn, requestType := s.SMSSender(), "customSMSSenderRequestV1"
	if email {
		c.name, c.source = "CustomEmailSender", "CustomEmailSender_"+kind
		arn, requestType = s.EmailSender(), "customEmailSenderRequestV1"
	}
	c.request = struct {
		Type           string            `json:"type"`
		Code           *string           `json:"code"`
		ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
		UserAttributes map[string]string `json:"userAttributes"`
	}{requestType, code, s.Metadata, s.attributes()}
	payload, err := json.Marshal(t.event(c, struct{}{}))
	if err != nil {
		return fmt.Errorf("trigger: %s event: %w", c.source, err)
	}
	_, err = t.functions.Invoke(ctx, lambda.Invocation{
		ARN: arn, Payload: payload, Async: true, RequestID: obs.From(ctx).ID,
	})
	if err != nil {
		return fmt.Errorf("trigger: %s: %w", c.source, err)
	}
	return nil
}
