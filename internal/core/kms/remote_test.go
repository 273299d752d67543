package kms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"cognate/internal/api/kms"
	"cognate/internal/api/rt"
	"cognate/internal/base/arn"
	"cognate/internal/base/awscall"
	"cognate/internal/base/sigv4"
	"cognate/internal/testkit/dbtest"
)

// TestRemote reaches this room's own operations by signed requests, decoded
// with every constraint of the model.
func TestRemote(t *testing.T) {
	k := newKeys(t, dbtest.SQLite(t, migrations()), false)
	ensure(t, k, Wanted{Name: keyARN})
	served := func(_ string, region arn.Region) bool { return region == "us-east-1" }
	verifier := sigv4.NewVerifier(sigv4.Options{Region: served, Lookup: func(context.Context, string, string) (sigv4.Credential, error) {
		return sigv4.Credential{Secret: "secret"}, nil
	}})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := verifier.Verify(r.Context(), sigv4.FromHTTP(r, sigv4.HashBody(body)), "kms"); err != nil {
			t.Error(err)
		}
		if r.Header.Get("X-Amz-Target") != "TrentService.GenerateDataKey" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
			t.Error(r.Header)
		}
		in, err := kms.DecodeGenerateDataKeyRequest(rt.NewDecoder(body))
		if err != nil {
			t.Error(err)
		}
		out, err := Ops{k}.GenerateDataKey(r.Context(), in)
		var e rt.Exception
		if errors.As(err, &e) {
			w.WriteHeader(e.HTTPStatus())
			_, _ = io.WriteString(w, `{"__type":"`+e.ErrorCode()+`","message":"`+e.ErrorMessage()+`"}`)
			return
		}
		_, _ = w.Write(out.AppendJSON(nil))
	}))
	defer s.Close()
	r, err := NewRemote(RemoteOptions{Endpoint: s.URL, Region: "eu-west-1", Credentials: awscall.Credentials{AccessKeyID: "AKID", Secret: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	plain, wrapped, arn, err := r.DataKey(t.Context(), keyARN, map[string]string{"a": "1"})
	if err != nil || arn != keyARN {
		t.Fatal(arn, err)
	}
	got, err := Ops{k}.Decrypt(t.Context(), &kms.DecryptRequest{CiphertextBlob: wrapped, EncryptionContext: map[string]string{"a": "1"}})
	if err != nil || !bytes.Equal(got.Plaintext, plain) {
		t.Error(err)
	}
	var f *awscall.Failure
	if _, _, _, err := r.DataKey(t.Context(), "arn:aws:kms:us-east-1:000000000000:key/nobody", nil); !errors.As(err, &f) || f.Code != "NotFoundException" {
		t.Error(err)
	}
}
