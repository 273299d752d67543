package kms

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"cognate/internal/api/kms"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/testkit/dbtest"
)

// TestRegions: keys of one id and alias in two Regions are two keys, and a request reaches those of its own Region.
func TestRegions(t *testing.T) {
	const there = "arn:aws:kms:eu-west-1:000000000000:key/codes"
	in := func(r arn.Region) context.Context { return obs.With(t.Context(), &obs.Request{Region: r}) }
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		k := newKeys(t, d, true)
		ops := Ops{k}
		here := ensure(t, k, Wanted{Name: "codes", Aliases: []string{"alias/a"}})
		plain, wrapped, name, err := k.DataKey(t.Context(), there, nil) // makes it
		if err != nil || name != there {
			t.Fatalf("%s %v", name, err)
		}
		if key := ensure(t, k, Wanted{Name: there, Aliases: []string{"alias/a"}}); key.ARN != there || key.ID != "codes" {
			t.Errorf("%+v", key)
		}
		if made := ensure(t, k, Wanted{Name: "arn:aws:kms:ap-south-1:000000000000:alias/fresh"}); len(made.ID) != 36 ||
			made.ARN != "arn:aws:kms:ap-south-1:000000000000:key/"+made.ID {
			t.Errorf("by alias: %+v", made)
		}
		for region, want := range map[arn.Region]string{"us-east-1": here.ARN, "": here.ARN, "eu-west-1": there} {
			for _, id := range []string{"codes", "alias/a", want} {
				got, err := ops.DescribeKey(in(region), &kms.DescribeKeyRequest{KeyId: id})
				if err != nil || *got.KeyMetadata.Arn != want || got.KeyMetadata.KeyId != "codes" {
					t.Errorf("%s in %q: %+v %v", id, region, got, err)
				}
			}
		}
		if out, err := ops.Decrypt(in("eu-west-1"), &kms.DecryptRequest{CiphertextBlob: wrapped}); err != nil || !bytes.Equal(out.Plaintext, plain) || *out.KeyId != there {
			t.Errorf("%+v %v", out, err)
		}
		_, elsewhere := ops.Decrypt(in("us-east-1"), &kms.DecryptRequest{CiphertextBlob: wrapped})
		_, byName := ops.DescribeKey(in("us-east-1"), &kms.DescribeKeyRequest{KeyId: there})
		_, nothing := ops.DescribeKey(in("ap-south-1"), &kms.DescribeKeyRequest{KeyId: "codes"})
		if code(elsewhere) != "InvalidCiphertextException" || code(byName) != "NotFoundException" || code(nothing) != "NotFoundException" {
			t.Errorf("from other Regions: %v, %v, %v", elsewhere, byName, nothing)
		}
		for _, bad := range []string{"arn:aws:kms:mars:000000000000:key/x", "arn:aws-cn:kms:eu-west-1:000000000000:key/x", "arn:aws:kms:eu-west-1:000000000000:key/a/b"} {
			if _, err := k.Ensure(t.Context(), Wanted{Name: bad}); !errors.Is(err, ErrName) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		// An alias in the ARN form must be of its key's Region.
		if _, err := k.Ensure(t.Context(), Wanted{Name: "codes", Aliases: []string{"arn:aws:kms:eu-west-1:000000000000:alias/b"}}); !errors.Is(err, ErrName) {
			t.Errorf("alias of another Region: %v", err)
		}
	})
}
