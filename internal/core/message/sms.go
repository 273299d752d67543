package message

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cognate/internal/base/httpkit"
)

// Headers of a webhook call. The signature is "v1=" and the hexadecimal
// HMAC-SHA256, under the shared secret, of the timestamp (seconds since the
// epoch, decimal), a dot and the body. Receivers compare it in constant time
// and refuse timestamps older than a few minutes.
const (
	HeaderTimestamp = "Cognate-Timestamp"
	HeaderSignature = "Cognate-Signature"
)

// minWebhookSecret is the least length of the shared secret in bytes.
const minWebhookSecret = 16

// WebhookOptions configures NewWebhook.
type WebhookOptions struct {
	URL    string
	Secret string
	// Client is the guarded client; the strict one when nil.
	Client *httpkit.Client
	Now    func() time.Time // time.Now when nil
}

// Webhook hands SMS to a receiver of the operator's by HTTPS POST; it is a Sender.
type Webhook struct {
	url    string
	secret []byte
	client *httpkit.Client
	now    func() time.Time
}

// WebhookBody is the JSON that is posted.
type WebhookBody struct {
	ID         string `json:"id"` // the same when a message is repeated
	To         string `json:"to"` // E.164
	Body       string `json:"body"`
	Trigger    string `json:"trigger"` // CustomMessage_SignUp ...
	UserPoolID string `json:"userPoolId"`
	Username   string `json:"username"`
}

// NewWebhook checks the options; the receiver is not contacted.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	if len(o.Secret) < minWebhookSecret {
		return nil, fmt.Errorf("message: the webhook secret needs at least %d characters", minWebhookSecret)
	}
	if o.Client == nil {
		o.Client = httpkit.NewClient(httpkit.ClientOptions{})
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("message: the webhook URL is malformed")
	}
	if err := o.Client.CheckURL(u); err != nil {
		return nil, fmt.Errorf("message: webhook: %w", err)
	}
	return &Webhook{url: o.URL, secret: []byte(o.Secret), client: o.Client, now: o.Now}, nil
}

// Send implements Sender. Any 2xx status means accepted; statuses that say the
// message itself is bad are permanent, everything else is tried again.
func (w *Webhook) Send(ctx context.Context, d Delivery) error {
	body, err := json.Marshal(WebhookBody{
		ID: d.ID, To: d.To, Body: d.Text, Trigger: d.Kind.source(), UserPoolID: d.PoolID, Username: d.Username,
	})
	if err != nil {
		return fmt.Errorf("%w: webhook: %w", ErrPermanent, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: webhook: %w", ErrPermanent, err)
	}
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, webhookSignature(w.secret, stamp, body))
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	switch {
	case resp.Status >= 200 && resp.Status < 300:
		return nil
	case resp.Status == 400 || resp.Status == 410 || resp.Status == 413 || resp.Status == 422:
		return fmt.Errorf("%w: webhook: status %d", ErrPermanent, resp.Status)
	}
	return fmt.Errorf("webhook: status %d", resp.Status)
}

func webhookSignature(secret []byte, stamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}
