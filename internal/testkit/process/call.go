package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// target is the X-Amz-Target prefix of the user pools API.
const target = "AWSCognitoIdentityProviderService."

// signature is a well-formed SigV4 header with a made-up key: dev mode asks for credentials and accepts any.
const signature = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST/20260101/us-east-1/cognito-idp/aws4_request, " +
	"SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000"

// M is a JSON object on its way in or out.
type M = map[string]any

// Error is an AWS exception as it came over the wire.
type Error struct {
	Status  int    // HTTP status
	Code    string // the exception's name, from __type
	Message string
}

// Error renders code and message.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s (HTTP %d)", e.Code, e.Message, e.Status) }

// Answer is an HTTP answer as it came over the wire.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Took is the time from the first byte sent to the last byte received.
	Took time.Duration
}

// Exchange performs one operation of the user pools API with made-up credentials and returns what was answered, an
// exception too. The error means that no answer arrived.
func (s *Server) Exchange(ctx context.Context, operation string, in M) (*Answer, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target+operation)
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.Header.Set("Authorization", signature)
	began := time.Now()
	res, err := s.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: raw, Took: time.Since(began)}, nil
}

// Decode returns the members of an answer. The error is an *Error when it is an exception.
func (a *Answer) Decode() (M, error) {
	out := M{}
	if len(a.Body) > 0 {
		if err := json.Unmarshal(a.Body, &out); err != nil {
			return nil, fmt.Errorf("HTTP %d with %q: %w", a.Status, a.Body, err)
		}
	}
	if a.Status != http.StatusOK {
		code, _ := out["__type"].(string)
		message, _ := out["message"].(string)
		return nil, &Error{Status: a.Status, Code: code, Message: message}
	}
	return out, nil
}

// Call performs one operation of the user pools API with made-up credentials. The error is an *Error when the server
// answered with an exception; any other error means that no answer arrived, so whether the change happened is unknown.
func (s *Server) Call(ctx context.Context, operation string, in M) (M, error) {
	answer, err := s.Exchange(ctx, operation, in)
	if err != nil {
		return nil, err
	}
	out, err := answer.Decode()
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		err = fmt.Errorf("%s answered %w", operation, err)
	}
	return out, err
}

// Path walks nested objects of an answer and returns the string found there, "" when there is none.
func Path(m M, keys ...string) string {
	var at any = m
	for _, key := range keys {
		object, ok := at.(M)
		if !ok {
			return ""
		}
		at = object[key]
	}
	text, _ := at.(string)
	return text
}
