package kms

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/kms"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/testkit/dbtest"
)

const (
	keyARN   = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	otherARN = "arn:aws:kms:us-east-1:000000000000:key/other"
	aliasARN = "arn:aws:kms:us-east-1:000000000000:alias/sender"
)

func migrations() []db.Migration { return slices.Concat(keyring.Migrations, Migrations) }

func newKeys(t *testing.T, d *db.DB, makeKeys bool) *Keys {
	t.Helper()
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(t.Context(), d, kek)
	if err != nil {
		t.Fatal(err)
	}
	return New(Deps{DB: d, Keyring: ring, Region: "us-east-1", Account: "000000000000", MakeKeys: makeKeys})
}

func ensure(t *testing.T, k *Keys, w Wanted) Key {
	t.Helper()
	key, err := k.Ensure(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// code is the exception name of err, "" for success, the text of others.
func code(err error) string {
	var e rt.Exception
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.ErrorCode()
	}
	return "no exception: " + err.Error()
}

func TestOperations(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		k := newKeys(t, d, false)
		ops := Ops{k}
		ensure(t, k, Wanted{Name: keyARN, Aliases: []string{"alias/sender"}, Description: "codes"})
		ensure(t, k, Wanted{Name: "other"})
		pair := map[string]string{"userpool-id": "us-east-1_a", "x": "y"}
		for _, name := range []string{keyARN, "1234abcd-12ab-34cd-56ef-1234567890ab", "alias/sender", aliasARN} {
			made, err := ops.Encrypt(t.Context(), &kms.EncryptRequest{KeyId: name, Plaintext: []byte("123456"), EncryptionContext: pair})
			if err != nil || *made.KeyId != keyARN {
				t.Fatalf("%s: %v", name, err)
			}
			for _, by := range []*string{nil, new(name), new(aliasARN)} {
				got, err := ops.Decrypt(t.Context(), &kms.DecryptRequest{CiphertextBlob: made.CiphertextBlob, EncryptionContext: pair, KeyId: by})
				if err != nil || string(got.Plaintext) != "123456" || *got.KeyId != keyARN {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		key, err := ops.GenerateDataKey(t.Context(), &kms.GenerateDataKeyRequest{KeyId: aliasARN, NumberOfBytes: new(int64(32))})
		if err != nil || len(key.Plaintext) != 32 || *key.KeyId != keyARN {
			t.Fatalf("%+v %v", key, err)
		}
		back, err := ops.Decrypt(t.Context(), &kms.DecryptRequest{CiphertextBlob: key.CiphertextBlob, EncryptionContext: map[string]string{}})
		if err != nil || !bytes.Equal(back.Plaintext, key.Plaintext) {
			t.Errorf("data key: %v", err)
		}
		short, err := ops.GenerateDataKey(t.Context(), &kms.GenerateDataKeyRequest{KeyId: keyARN, KeySpec: new(kms.DataKeySpecAes128)})
		if err != nil || len(short.Plaintext) != 16 {
			t.Errorf("AES_128: %v", err)
		}
		seen, err := ops.DescribeKey(t.Context(), &kms.DescribeKeyRequest{KeyId: "alias/sender"})
		if m := seen.KeyMetadata; err != nil || *m.Arn != keyARN || !*m.Enabled || *m.Description != "codes" || *m.KeyState != kms.KeyStateEnabled {
			t.Errorf("%+v %v", seen, err)
		}
		checkSealed(t, d, k)
	})
}

// checkSealed looks for the material of a key in the database.
func checkSealed(t *testing.T, d *db.DB, k *Keys) {
	t.Helper()
	n, err := k.parse("", keyARN)
	if err != nil {
		t.Fatal(err)
	}
	row, err := k.find(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	material, err := k.material(t.Context(), row)
	if err != nil {
		t.Fatal(err)
	}
	dump, err := d.Dump(t.Context())
	if err != nil || bytes.Contains(dump, material) {
		t.Errorf("key material is in the database in clear: %v", err)
	}
	row.id = "other"
	if _, err := k.material(t.Context(), row); err == nil {
		t.Error("material moved to another key opens")
	}
}

func TestRefusals(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	k := newKeys(t, d, true) // the API makes no keys even where pools do
	ops := Ops{k}
	ensure(t, k, Wanted{Name: keyARN})
	ensure(t, k, Wanted{Name: "other"})
	ensure(t, k, Wanted{Name: "off"})
	pair := map[string]string{"a": "1"}
	blobOf := func(key string) []byte {
		out, err := ops.Encrypt(t.Context(), &kms.EncryptRequest{KeyId: key, Plaintext: []byte("123456"), EncryptionContext: pair})
		if err != nil {
			t.Fatal(err)
		}
		return out.CiphertextBlob
	}
	blob, offBlob := blobOf(keyARN), blobOf("off")
	ensure(t, k, Wanted{Name: "off", Disabled: true})
	decrypt := func(in kms.DecryptRequest) string { _, err := ops.Decrypt(t.Context(), &in); return code(err) }
	generate := func(in kms.GenerateDataKeyRequest) string {
		_, err := ops.GenerateDataKey(t.Context(), &in)
		return code(err)
	}
	encrypt := func(in kms.EncryptRequest) string { _, err := ops.Encrypt(t.Context(), &in); return code(err) }
	rsa := new(kms.EncryptionAlgorithmSpecRsaesOaepSha256)
	elsewhere := bytes.Clone(blob)
	copy(elsewhere[2:], "9999")
	for text, in := range map[string]kms.EncryptRequest{
		"Invalid arn eu-west-1":                     {KeyId: "arn:aws:kms:eu-west-1:000000000000:key/other"},
		"Invalid keyId 'a key'":                     {KeyId: "a key"},
		"Key '" + keyARN + "nobody' does not exist": {KeyId: keyARN + "nobody"},
		"Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.": {KeyId: keyARN, EncryptionAlgorithm: rsa},
	} {
		in.Plaintext = []byte("1")
		if _, err := ops.Encrypt(t.Context(), &in); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Encrypt answers %v, not %q", err, text)
		}
	}
	for what, c := range map[string][2]string{
		"unknown key":          {encrypt(kms.EncryptRequest{KeyId: "nobody", Plaintext: []byte("1")}), "NotFoundException"},
		"unknown alias":        {encrypt(kms.EncryptRequest{KeyId: "alias/nobody", Plaintext: []byte("1")}), "NotFoundException"},
		"other account":        {encrypt(kms.EncryptRequest{KeyId: "arn:aws:kms:us-east-1:111111111111:key/x", Plaintext: []byte("1")}), "NotFoundException"},
		"other region":         {encrypt(kms.EncryptRequest{KeyId: "arn:aws:kms:eu-west-1:000000000000:key/other", Plaintext: []byte("1")}), "NotFoundException"},
		"other service":        {encrypt(kms.EncryptRequest{KeyId: "arn:aws:sns:us-east-1:000000000000:key/other", Plaintext: []byte("1")}), "NotFoundException"},
		"nonsense":             {encrypt(kms.EncryptRequest{KeyId: "a key", Plaintext: []byte("1")}), "NotFoundException"},
		"disabled":             {encrypt(kms.EncryptRequest{KeyId: "off", Plaintext: []byte("1")}), "DisabledException"},
		"disabled data key":    {generate(kms.GenerateDataKeyRequest{KeyId: "off", NumberOfBytes: new(int64(32))}), "DisabledException"},
		"disabled decrypt":     {decrypt(kms.DecryptRequest{CiphertextBlob: offBlob, EncryptionContext: pair}), "DisabledException"},
		"algorithm":            {encrypt(kms.EncryptRequest{KeyId: keyARN, Plaintext: []byte("1"), EncryptionAlgorithm: rsa}), "InvalidKeyUsageException"},
		"decrypt algorithm":    {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: pair, EncryptionAlgorithm: rsa}), "InvalidKeyUsageException"},
		"no size":              {generate(kms.GenerateDataKeyRequest{KeyId: keyARN}), "ValidationException"},
		"two sizes":            {generate(kms.GenerateDataKeyRequest{KeyId: keyARN, NumberOfBytes: new(int64(32)), KeySpec: new(kms.DataKeySpecAes256)}), "ValidationException"},
		"enclave":              {generate(kms.GenerateDataKeyRequest{KeyId: keyARN, NumberOfBytes: new(int64(32)), Recipient: &kms.RecipientInfo{}}), "ValidationException"},
		"no ciphertext":        {decrypt(kms.DecryptRequest{}), "ValidationException"},
		"dry run":              {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: pair, DryRun: new(true)}), "DryRunOperationException"},
		"wrong context":        {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: map[string]string{"a": "2"}}), "InvalidCiphertextException"},
		"no context":           {decrypt(kms.DecryptRequest{CiphertextBlob: blob}), "InvalidCiphertextException"},
		"more context":         {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: map[string]string{"a": "1", "b": ""}}), "InvalidCiphertextException"},
		"shifted context":      {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: map[string]string{"a1": ""}}), "InvalidCiphertextException"},
		"wrong key":            {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: pair, KeyId: new(otherARN)}), "IncorrectKeyException"},
		"wrong key unknown":    {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: pair, KeyId: new("nobody")}), "NotFoundException"},
		"ciphertext of no key": {decrypt(kms.DecryptRequest{CiphertextBlob: elsewhere, EncryptionContext: pair}), "InvalidCiphertextException"},
		"short":                {decrypt(kms.DecryptRequest{CiphertextBlob: []byte{format, 200, 'a'}}), "InvalidCiphertextException"},
		"right context":        {decrypt(kms.DecryptRequest{CiphertextBlob: blob, EncryptionContext: pair}), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %q, want %q", what, c[0], c[1])
		}
	}
	for i := range blob {
		bad := bytes.Clone(blob)
		bad[i] ^= 1
		if got := decrypt(kms.DecryptRequest{CiphertextBlob: bad, EncryptionContext: pair}); got != "InvalidCiphertextException" {
			t.Errorf("byte %d altered: %q", i, got)
		}
	}
}

// TestKeysOfPools: a pool's key is made at its first use where that is wanted,
// once, and never for foreign names.
func TestKeysOfPools(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		strict, lenient := newKeys(t, d, false), newKeys(t, d, true)
		if _, _, _, err := strict.DataKey(t.Context(), keyARN, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("without MakeKeys: %v", err)
		}
		if _, _, _, err := lenient.DataKey(t.Context(), "arn:aws:kms:us-east-1:111111111111:key/x", nil); !errors.Is(err, ErrName) {
			t.Errorf("key of another account: %v", err)
		}
		var wg sync.WaitGroup
		for _, name := range []string{keyARN, aliasARN} {
			for range 4 {
				wg.Go(func() {
					plain, wrapped, arn, err := lenient.DataKey(context.Background(), name, map[string]string{"a": "1"})
					if err != nil || len(plain) != 32 {
						t.Error(err)
						return
					}
					got, err := Ops{strict}.Decrypt(context.Background(), &kms.DecryptRequest{CiphertextBlob: wrapped, EncryptionContext: map[string]string{"a": "1"}, KeyId: &arn})
					if err != nil || !bytes.Equal(got.Plaintext, plain) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
		}
		wg.Wait()
		ensure(t, strict, Wanted{Name: aliasARN, Disabled: true})
		if _, _, _, err := lenient.DataKey(t.Context(), aliasARN, nil); !errors.Is(err, ErrDisabled) {
			t.Errorf("disabled: %v", err)
		}
	})
}

func TestEnsure(t *testing.T) {
	k := newKeys(t, dbtest.SQLite(t, migrations()), false)
	first := ensure(t, k, Wanted{Name: "one", Aliases: []string{"alias/a"}, Description: "1"})
	second := ensure(t, k, Wanted{Name: "alias/b", Aliases: []string{aliasARN}})
	again := ensure(t, k, Wanted{Name: "one", Description: "2"})
	if first.ID != "one" || again.ID != "one" || again.Description != "2" || second.ID == "" || !second.Enabled {
		t.Errorf("%+v %+v %+v", first, second, again)
	}
	ensure(t, k, Wanted{Name: "one", Aliases: []string{"alias/b"}})
	got, err := Ops{k}.DescribeKey(t.Context(), &kms.DescribeKeyRequest{KeyId: "alias/b"})
	if err != nil || got.KeyMetadata.KeyId != "one" {
		t.Errorf("the alias did not move: %v", err)
	}
	for _, w := range []Wanted{{Name: "alias/"}, {Name: "a b"}, {Name: "one", Aliases: []string{"one"}}, {Name: "arn:aws:kms:us-east-1:000000000000:grant/x"}} {
		if _, err := k.Ensure(t.Context(), w); !errors.Is(err, ErrName) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

func FuzzSplitCiphertext(f *testing.F) {
	f.Add([]byte{format, 1, 'a'})
	f.Fuzz(func(t *testing.T, blob []byte) {
		if _, at, err := splitCiphertext(blob); err == nil && at > len(blob) {
			t.Error("the box begins behind the end")
		}
	})
}
