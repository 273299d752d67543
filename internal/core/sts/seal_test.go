package sts

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

func TestEncode(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, secretBytes)
	at := time.UnixMilli(1_767_755_045_000)
	for name, s := range map[string]*iam.Session{
		"least": {Kind: policy.User, Issued: at, Expires: at},
		"most": {
			Kind: policy.AssumedRole, Of: "R", ID: "AROA", Name: "s", Issued: at, Expires: at.Add(time.Hour), MFA: at.Add(-time.Second), SourceIdentity: "al",
			Layers: []iam.Layer{{Document: strings.Repeat("x", 2048), ARNs: []string{"a", "b"}}, {}, {Document: policy.GuestPolicy()}},
			Tags:   []iam.Tag{{Key: "k", Value: "v"}, {Key: "e"}}, Transitive: []string{"k"}, Chained: true, Scoped: 2,
			Context: map[string][]string{"a:aud": {"x"}, "a:amr": {"authenticated", "b"}},
		},
	} {
		plain := encode(secret, s)
		gotSecret, got, ok := decode(append(plain, 0, 0, 0))
		if !ok || !bytes.Equal(gotSecret, secret) || !reflect.DeepEqual(got, s) {
			t.Errorf("%s: %+v %t", name, got, ok)
		}
		if len(plain) > 600 {
			t.Errorf("%s: %d bytes", name, len(plain))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(make([]byte, secretBytes), &iam.Session{Kind: policy.AssumedRole, Layers: []iam.Layer{{Document: strings.Repeat("ab", 500)}}, Tags: []iam.Tag{{Key: "k"}}}))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if secret, s, ok := decode(plain); ok && (len(secret) != secretBytes || s == nil) {
			t.Fatal("read, but not whole")
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	secret := bytes.Repeat([]byte{7}, secretBytes)
	plain := encode(secret, &iam.Session{Kind: policy.AssumedRole, Of: "R", Layers: []iam.Layer{{Document: strings.Repeat(`{"Effect":"Allow"}`, 60)}}})
	for b.Loop() {
		if _, _, ok := decode(plain); !ok {
			b.Fatal()
		}
	}
}
