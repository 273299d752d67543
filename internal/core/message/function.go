package message

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/esdk"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// Functions reaches the sender functions of pools; *trigger.Triggers is one.
type Functions interface {
	// CustomSender hands over one message; an error means that the function
	// could not be reached.
	CustomSender(ctx context.Context, email bool, kind string, s *trigger.Subject, code *string) error
}

// Pools finds user pools; *pool.Pools is one.
type Pools interface {
	Pool(ctx context.Context, poolID string) (*pool.Pool, error)
}

// DataKeys makes data keys under the KMS key of a pool; *kms.Keys and
// *kms.Remote are such.
type DataKeys interface {
	// DataKey answers 32 bytes, the same wrapped so that only this context
	// unwraps them, and the ARN of the wrapping key.
	DataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, wrapped []byte, keyARN string, err error)
}

// poolContext is the encryption context under which a code names its pool.
const poolContext = "userpool-id"

// HasSender reports whether the pool has a function that delivers all messages
// of the medium instead of the server.
func HasSender(cfg *cognitoidp.UserPoolType, medium Medium) bool {
	if cfg == nil || cfg.LambdaConfig == nil {
		return false
	}
	if medium == SMS {
		c := cfg.LambdaConfig.CustomSMSSender
		return c != nil && c.LambdaArn != ""
	}
	c := cfg.LambdaConfig.CustomEmailSender
	return c != nil && c.LambdaArn != ""
}

// WantsText reports whether trigger.CustomMessage is to be asked for the text of
// a message: the pool has the function, and no sender function that would have
// no use for a text.
func WantsText(cfg *cognitoidp.UserPoolType, medium Medium) bool {
	return cfg != nil && cfg.LambdaConfig != nil && value(cfg.LambdaConfig.CustomMessage) != "" && !HasSender(cfg, medium)
}

// handOver gives a message to the function of its pool.
func (m *Messages) handOver(ctx context.Context, p payload) error {
	if m.deps.Functions == nil {
		return ErrNoTransport // a row of another node with other settings
	}
	owner, err := m.deps.Pools.Pool(ctx, p.PoolID)
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	if !HasSender(owner.Config, p.Medium) {
		return fmt.Errorf("%w: the pool has no sender function any more", ErrPermanent)
	}
	code, err := m.encryptCode(ctx, owner, p.Message)
	if err != nil {
		return fmt.Errorf("encrypt the code: %w", err)
	}
	ctx = obs.With(ctx, &obs.Request{ID: p.RequestID})
	return m.deps.Functions.CustomSender(ctx, p.Medium == Email, string(p.Kind), &trigger.Subject{
		Pool: owner, ClientID: p.ClientID, Username: p.Username, Attributes: p.Attributes, Metadata: p.Metadata,
	}, code)
}

// encryptCode is the code member of the event: base64 of an Encryption SDK
// message under the pool's KMS key, nil for a message without a code. Temporary
// passwords in mails are escaped, because functions put them into HTML.
func (m *Messages) encryptCode(ctx context.Context, p *pool.Pool, msg Message) (*string, error) {
	if msg.Code == "" {
		return nil, nil
	}
	keyID := value(p.Config.LambdaConfig.KMSKeyID)
	if keyID == "" || m.deps.DataKeys == nil {
		return nil, errors.New("the pool names no KMS key")
	}
	plain := msg.Code
	if msg.Kind == AdminCreateUser && msg.Medium == Email {
		plain = escapePassword(plain)
	}
	sealed, err := esdk.Encrypt(ctx, wrapping{m.deps.DataKeys, keyID}, []byte(plain), esdk.Options{
		Suite: m.deps.Suite, Context: map[string]string{poolContext: p.ID},
	})
	if err != nil {
		return nil, err
	}
	return new(base64.StdEncoding.EncodeToString(sealed)), nil
}

// escapePassword writes the five characters that have a meaning in HTML as entities.
func escapePassword(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

// wrapping makes data keys under one key, as the Encryption SDK format wants them.
type wrapping struct {
	keys  DataKeys
	keyID string
}

// GenerateDataKey implements esdk.Generator.
func (w wrapping) GenerateDataKey(ctx context.Context, encryptionContext map[string]string) ([]byte, esdk.WrappedKey, error) {
	plain, wrapped, keyARN, err := w.keys.DataKey(ctx, w.keyID, encryptionContext)
	return plain, esdk.WrappedKey{Provider: "aws-kms", Info: keyARN, Blob: wrapped}, err
}
