// Command encrypt writes one message in the AWS Encryption SDK format with a
// data key from a running server's KMS. The tests beside it give the message to
// the unmodified JavaScript SDK.
//
//	encrypt <endpoint> <key ARN> <suite> <context key=value>... < plaintext > base64
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"cognate/internal/api/kms"
	"cognate/internal/base/awscall"
	"cognate/internal/base/esdk"
)

// keys asks the server for data keys.
type keys struct {
	caller *awscall.Caller
	keyID  string
}

// GenerateDataKey implements esdk.Generator.
func (k keys) GenerateDataKey(ctx context.Context, pairs map[string]string) ([]byte, esdk.WrappedKey, error) {
	in := &kms.GenerateDataKeyRequest{KeyId: k.keyID, NumberOfBytes: new(int64(32)), EncryptionContext: pairs}
	body, err := k.caller.Post(ctx, awscall.Call{Path: "/", Body: in.AppendJSON(nil), Header: map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": kms.TargetPrefix + ".GenerateDataKey",
	}})
	if err != nil {
		return nil, esdk.WrappedKey{}, err
	}
	var out kms.GenerateDataKeyResponse
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, esdk.WrappedKey{}, err
	}
	return out.Plaintext, esdk.WrappedKey{Provider: "aws-kms", Info: *out.KeyId, Blob: out.CiphertextBlob}, nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "encrypt:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("need endpoint, key and suite, have %d arguments", len(args))
	}
	suite, err := esdk.ParseSuite(args[2])
	if err != nil {
		return err
	}
	caller, err := awscall.New(awscall.Options{
		Endpoint: args[0], SigningName: "kms", Region: "us-east-1",
		Credentials: awscall.Credentials{AccessKeyID: "test", Secret: "test"},
	})
	if err != nil {
		return err
	}
	pairs := map[string]string{}
	for _, pair := range args[3:] {
		k, v, _ := strings.Cut(pair, "=")
		pairs[k] = v
	}
	plain, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	message, err := esdk.Encrypt(context.Background(), keys{caller, args[1]}, plain, esdk.Options{Suite: suite, Context: pairs})
	if err != nil {
		return err
	}
	fmt.Println(base64.StdEncoding.EncodeToString(message))
	return nil
}
