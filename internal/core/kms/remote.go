package kms

import (
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/api/kms"
	"cognate/internal/base/arn"
	"cognate/internal/base/awscall"
)

// Remote is the operator's own key management service, reached by its API
// instead of the keys of this room.
type Remote struct{ caller *awscall.Caller }

// RemoteOptions configures NewRemote.
type RemoteOptions struct {
	Endpoint    string // "" is AWS
	Region      string // of keys that are not named by an ARN
	Credentials awscall.Credentials
}

// NewRemote checks the options; nothing is contacted.
func NewRemote(o RemoteOptions) (*Remote, error) {
	c, err := awscall.New(awscall.Options{
		Endpoint: o.Endpoint, Host: "kms", SigningName: "kms", Region: o.Region, Credentials: o.Credentials,
	})
	if err != nil {
		return nil, fmt.Errorf("kms: %w", err)
	}
	return &Remote{caller: c}, nil
}

// DataKey is Keys.DataKey by the API. The region is that of the key's ARN.
// Refusals are *awscall.Failure.
func (r *Remote) DataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, wrapped []byte, keyARN string, err error) {
	in := &kms.GenerateDataKeyRequest{KeyId: keyID, NumberOfBytes: new(int64(materialSize)), EncryptionContext: encryptionContext}
	call := awscall.Call{
		Path: "/", Body: in.AppendJSON(nil),
		Header: map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": kms.TargetPrefix + ".GenerateDataKey"},
	}
	if a, err := arn.Parse(keyID); err == nil {
		call.Region = a.Region
	}
	body, err := r.caller.Post(ctx, call)
	if err != nil {
		return nil, nil, "", fmt.Errorf("kms: GenerateDataKey: %w", err)
	}
	var out kms.GenerateDataKeyResponse
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, nil, "", fmt.Errorf("kms: GenerateDataKey answer: %w", err)
	}
	if len(out.Plaintext) != materialSize || len(out.CiphertextBlob) == 0 {
		return nil, nil, "", fmt.Errorf("kms: GenerateDataKey answered no data key of %d bytes", materialSize)
	}
	if out.KeyId != nil {
		keyID = *out.KeyId
	}
	return out.Plaintext, out.CiphertextBlob, keyID, nil
}
