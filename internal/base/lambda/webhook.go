package lambda

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cognate/internal/base/httpkit"
)

// Headers of a webhook call. The signature is "v1=" and the hexadecimal
// HMAC-SHA256, under the shared secret, of the timestamp (seconds since the
// epoch, decimal), a dot and the body. Receivers compare it in constant time
// and refuse timestamps older than a few minutes. A repeated attempt keeps its
// request id.
const (
	HeaderTimestamp = "Cognate-Timestamp"
	HeaderSignature = "Cognate-Signature"
	HeaderRequestID = "Cognate-Request-Id"
	HeaderFunction  = "Cognate-Function-Arn"
)

// webhook invokes by a signed POST.
type webhook struct {
	conf   Webhook
	client *httpkit.Client
	now    func() time.Time
}

func webhookClient(allowPrivate bool) httpkit.ClientOptions {
	return httpkit.ClientOptions{
		AllowLocal: allowPrivate, AllowHTTP: allowPrivate, Timeout: maxTimeout + time.Minute, MaxBody: MaxPayload,
	}
}

// Invoke implements Invoker. The answer's body is the returned event; another
// status than 2xx with a body of errorMessage and errorType is an error of the
// function.
func (w *webhook) Invoke(ctx context.Context, in Invocation) (*Result, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.conf.URL, bytes.NewReader(in.Payload))
	if err != nil {
		return nil, fmt.Errorf("%w: the webhook URL is malformed", ErrNotConfigured)
	}
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, Signature([]byte(w.conf.Secret), stamp, in.Payload))
	req.Header.Set(HeaderRequestID, in.RequestID)
	req.Header.Set(HeaderFunction, in.ARN)
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, outgoing(ctx, err)
	}
	if resp.Status >= 200 && resp.Status < 300 {
		return &Result{Payload: resp.Body}, nil
	}
	var body struct {
		ErrorMessage *string `json:"errorMessage"`
	}
	if resp.Status != http.StatusTooManyRequests && json.Unmarshal(resp.Body, &body) == nil && body.ErrorMessage != nil {
		return failed(resp.Body, Unhandled), nil
	}
	return nil, refusal(resp.Status, "", "")
}

// Signature is the value of HeaderSignature, for receivers in Go.
func Signature(secret []byte, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}
