package kms

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/kms"
	"cognate/internal/api/rt"
	"cognate/internal/base/arn"
	"cognate/internal/base/obs"
)

// Ops are the KMS operations of this room.
type Ops struct{ *Keys }

var _ kms.Service = Ops{}

// usable finds the key that an operation names and may use.
func (o Ops) usable(ctx context.Context, keyID string, algorithm *kms.EncryptionAlgorithmSpec) (keyRow, error) {
	n, err := o.parse(o.asked(ctx), keyID)
	if err != nil {
		return keyRow{}, o.notOurs(ctx, keyID, err)
	}
	return o.usableAs(ctx, n, algorithm)
}

// asked is the Region that a request works in.
func (o Ops) asked(ctx context.Context) arn.Region {
	if r := obs.From(ctx).Region; r != "" {
		return r
	}
	return o.deps.Region
}

// usableAs is usable for a name that was read.
func (o Ops) usableAs(ctx context.Context, n name, algorithm *kms.EncryptionAlgorithmSpec) (keyRow, error) {
	row, err := o.find(ctx, n)
	if err != nil {
		return row, refusal(ctx, err, n)
	}
	key := o.arnOf(row)
	if !row.enabled {
		return row, kms.NewDisabled("%s is disabled.", key)
	}
	if algorithm != nil && *algorithm != kms.EncryptionAlgorithmSpecSymmetricDefault {
		return row, kms.NewInvalidKeyUsage("Algorithm %s is incompatible with key spec %s.", string(*algorithm), string(kms.KeySpecSymmetricDefault))
	}
	return row, nil
}

// notOurs refuses what names no key of this server. Of an ARN of another Region AWS tells the Region alone.
func (o Ops) notOurs(ctx context.Context, keyID string, err error) error {
	obs.Cause(ctx, "%v", err)
	if strings.HasPrefix(keyID, "arn:") {
		if a, bad := arn.Parse(keyID); bad == nil && a.Service == "kms" && arn.Region(a.Region) != o.asked(ctx) {
			keyID = a.Region
		}
		return kms.NewNotFound("Invalid arn %s", keyID)
	}
	return kms.NewNotFound("Invalid keyId '%s'", keyID)
}

func refusal(ctx context.Context, err error, n name) error {
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	obs.Cause(ctx, "%v", err)
	if n.alias != "" {
		return kms.NewNotFound("Alias %s is not found.", n.arn)
	}
	return kms.NewNotFound("Key '%s' does not exist", n.arn)
}

// dry answers DryRunOperationException for a request that only asks whether it
// would succeed.
func dry(only *bool) error {
	if only != nil && *only {
		return kms.NewDryRunOperation("The request would have succeeded, but the DryRun option is set.")
	}
	return nil
}

// noEnclave refuses answers encrypted for a Nitro enclave.
func noEnclave(r *kms.RecipientInfo) error {
	if r == nil {
		return nil
	}
	return kms.NewValidation("Recipient is not supported.")
}

// GenerateDataKey implements the KMS operation.
func (o Ops) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyRequest) (*kms.GenerateDataKeyResponse, error) {
	var size int
	switch {
	case (in.NumberOfBytes == nil) == (in.KeySpec == nil):
		return nil, kms.NewValidation("Please specify either number of bytes or key spec.")
	case in.NumberOfBytes != nil:
		size = int(*in.NumberOfBytes)
	case *in.KeySpec == kms.DataKeySpecAes128:
		size = 16
	default:
		size = 32
	}
	if err := noEnclave(in.Recipient); err != nil {
		return nil, err
	}
	row, err := o.usable(ctx, in.KeyId, nil)
	if err == nil {
		err = dry(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	plaintext, wrapped, err := o.generate(ctx, row, size, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kms.GenerateDataKeyResponse{CiphertextBlob: wrapped, Plaintext: plaintext, KeyId: new(o.arnOf(row))}, nil
}

// Encrypt implements the KMS operation.
func (o Ops) Encrypt(ctx context.Context, in *kms.EncryptRequest) (*kms.EncryptResponse, error) {
	row, err := o.usable(ctx, in.KeyId, in.EncryptionAlgorithm)
	if err == nil {
		err = dry(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	blob, err := o.encrypt(ctx, row, in.Plaintext, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kms.EncryptResponse{
		CiphertextBlob: blob, KeyId: new(o.arnOf(row)),
		EncryptionAlgorithm: new(kms.EncryptionAlgorithmSpecSymmetricDefault),
	}, nil
}

// Decrypt implements the KMS operation. The ciphertext says which key made it;
// KeyId, when given, must name the same.
func (o Ops) Decrypt(ctx context.Context, in *kms.DecryptRequest) (*kms.DecryptResponse, error) {
	if len(in.CiphertextBlob) == 0 {
		return nil, kms.NewValidation("CiphertextBlob is required.")
	}
	if err := noEnclave(in.Recipient); err != nil {
		return nil, err
	}
	keyID, boxAt, err := splitCiphertext(in.CiphertextBlob)
	if err != nil {
		return nil, badCiphertext(ctx, err)
	}
	if in.KeyId != nil {
		named, err := o.usable(ctx, *in.KeyId, in.EncryptionAlgorithm)
		if err != nil {
			return nil, err
		}
		if named.id != keyID {
			return nil, kms.NewIncorrectKey("The key ID in the request does not identify a CMK that can perform this operation.")
		}
	}
	if o.regionOf(keyID) != o.asked(ctx) {
		return nil, badCiphertext(ctx, errCiphertext)
	}
	row, err := o.usableAs(ctx, name{id: keyID}, in.EncryptionAlgorithm)
	var unknown *kms.NotFoundException
	if errors.As(err, &unknown) {
		return nil, badCiphertext(ctx, errCiphertext) // nobody asked for this key by name
	}
	if err == nil {
		err = dry(in.DryRun)
	}
	if err != nil {
		return nil, err
	}
	plaintext, err := o.decrypt(ctx, row, in.CiphertextBlob, boxAt, in.EncryptionContext)
	if err != nil {
		return nil, badCiphertext(ctx, err)
	}
	return &kms.DecryptResponse{
		KeyId: new(o.arnOf(row)), Plaintext: plaintext,
		EncryptionAlgorithm: new(kms.EncryptionAlgorithmSpecSymmetricDefault),
	}, nil
}

// badCiphertext says nothing about what is wrong, as on AWS.
func badCiphertext(ctx context.Context, err error) error {
	if !errors.Is(err, errCiphertext) {
		return err
	}
	obs.Cause(ctx, "%v", err)
	return &kms.InvalidCiphertextException{}
}

// DescribeKey implements the KMS operation.
func (o Ops) DescribeKey(ctx context.Context, in *kms.DescribeKeyRequest) (*kms.DescribeKeyResponse, error) {
	n, err := o.parse(o.asked(ctx), in.KeyId)
	if err != nil {
		return nil, o.notOurs(ctx, in.KeyId, err)
	}
	row, err := o.find(ctx, n)
	if err != nil {
		return nil, refusal(ctx, err, n)
	}
	k := o.key(row)
	state := kms.KeyStateEnabled
	if !k.Enabled {
		state = kms.KeyStateDisabled
	}
	return &kms.DescribeKeyResponse{KeyMetadata: &kms.KeyMetadata{
		AWSAccountId: new(o.deps.Account), KeyId: k.ID, Arn: new(k.ARN), CreationDate: new(rt.NewTime(k.Created)),
		Enabled: new(k.Enabled), Description: new(k.Description), KeyUsage: new(kms.KeyUsageTypeEncryptDecrypt),
		KeyState: new(state), Origin: new(kms.OriginTypeAwsKms), KeyManager: new(kms.KeyManagerTypeCustomer),
		CustomerMasterKeySpec: new(kms.CustomerMasterKeySpecSymmetricDefault), KeySpec: new(kms.KeySpecSymmetricDefault),
		EncryptionAlgorithms: []kms.EncryptionAlgorithmSpec{kms.EncryptionAlgorithmSpecSymmetricDefault},
		MultiRegion:          new(false),
	}}, nil
}
