package esdk

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// service is a key management service of one key: it binds data keys to the
// encryption context, as the real ones do.
type service struct{ gcm cipher.AEAD }

func newService(seed byte) service {
	block, err := aes.NewCipher(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return service{gcm}
}

func aad(m map[string]string) []byte {
	if m == nil {
		m = map[string]string{}
	}
	b, _ := json.Marshal(m)
	return b
}

func (s service) GenerateDataKey(_ context.Context, m map[string]string) ([]byte, WrappedKey, error) {
	key := bytes.Repeat([]byte{9}, 32)
	blob := s.gcm.Seal(nil, make([]byte, 12), key, aad(m))
	return key, WrappedKey{Provider: "aws-kms", Info: "arn:aws:kms:us-east-1:000000000000:key/k", Blob: blob}, nil
}

var errWrongKey = errors.New("wrong key or context")

func (s service) UnwrapDataKey(_ context.Context, w WrappedKey, m map[string]string) ([]byte, error) {
	key, err := s.gcm.Open(nil, make([]byte, 12), w.Blob, aad(m))
	if err != nil {
		return nil, errWrongKey
	}
	return key, nil
}

var suites = []Suite{CommittedSigned, Committed, SignedOnly}

func TestRoundTrip(t *testing.T) {
	keys := newService(1)
	for _, s := range suites {
		for _, size := range []int{0, 1, 6, FrameLength - 1, FrameLength, FrameLength + 1, 3*FrameLength + 7} {
			plain := bytes.Repeat([]byte{'x'}, size)
			message, err := Encrypt(t.Context(), keys, plain, Options{Suite: s, Context: map[string]string{"userpool-id": "us-east-1_a", "b": "2"}})
			if err != nil {
				t.Fatal(err)
			}
			got, m, err := Decrypt(t.Context(), keys, message)
			if err != nil || !bytes.Equal(got, plain) || m["userpool-id"] != "us-east-1_a" || m["b"] != "2" {
				t.Errorf("%04x %d: %d bytes, %v, %v", uint16(s), size, len(got), m, err)
			}
			if _, there := m[PublicKeyContext]; there != s.signs() {
				t.Errorf("%04x: public key in the context: %v", uint16(s), there)
			}
		}
	}
}

// TestPrefix holds the first bytes that were measured with the JavaScript SDK.
func TestPrefix(t *testing.T) {
	for s, want := range map[Suite][]byte{CommittedSigned: {2, 5, 0x78}, Committed: {2, 4, 0x78}, SignedOnly: {1, 0x80, 3, 0x78}} {
		message, err := Encrypt(t.Context(), newService(1), []byte("123456"), Options{Suite: s})
		if err != nil || !bytes.HasPrefix(message, want) {
			t.Errorf("%x, %v", message[:4], err)
		}
	}
}

// TestEveryBit: no altered, cut or lengthened message opens.
func TestEveryBit(t *testing.T) {
	keys := newService(1)
	for _, s := range suites {
		message, err := Encrypt(t.Context(), keys, []byte("123456"), Options{Suite: s, Context: map[string]string{"a": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range message {
			for bit := range 8 {
				bad := bytes.Clone(message)
				bad[i] ^= 1 << bit
				if got, _, err := Decrypt(t.Context(), keys, bad); err == nil || got != nil {
					t.Errorf("%04x: byte %d bit %d altered, opened %q", uint16(s), i, bit, got)
				}
			}
			if _, _, err := Decrypt(t.Context(), keys, message[:i]); err == nil {
				t.Errorf("%04x: opened when cut to %d bytes", uint16(s), i)
			}
		}
		if _, _, err := Decrypt(t.Context(), keys, append(bytes.Clone(message), 0)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%04x: with a byte more: %v", uint16(s), err)
		}
	}
}

func TestWrongKey(t *testing.T) {
	message, err := Encrypt(t.Context(), newService(1), []byte("123456"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Decrypt(t.Context(), newService(2), message); !errors.Is(err, errWrongKey) {
		t.Error(err)
	}
}

// forger answers another data key than the one of the message.
type forger struct{}

func (forger) UnwrapDataKey(context.Context, WrappedKey, map[string]string) ([]byte, error) {
	return bytes.Repeat([]byte{8}, 32), nil
}

// TestCommitment: a second data key cannot be slipped under a message.
func TestCommitment(t *testing.T) {
	for _, s := range suites {
		message, err := Encrypt(t.Context(), newService(1), []byte("123456"), Options{Suite: s})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Decrypt(t.Context(), forger{}, message); !errors.Is(err, ErrForged) {
			t.Errorf("%04x: %v", uint16(s), err)
		}
	}
}

// TestDowngrade: taking signature and public key off a signed message leaves
// one that does not open.
func TestDowngrade(t *testing.T) {
	message, err := Encrypt(t.Context(), newService(1), []byte("123456"), Options{Suite: CommittedSigned})
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(message[1:], uint16(Committed))
	if _, _, err := Decrypt(t.Context(), newService(1), message); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	keys := newService(1)
	if _, err := Encrypt(t.Context(), keys, nil, Options{Suite: 0x0014}); !errors.Is(err, ErrSuite) {
		t.Error(err)
	}
	if _, err := Encrypt(t.Context(), keys, nil, Options{Context: map[string]string{PublicKeyContext: "x"}}); err == nil {
		t.Error("the reserved context key was taken")
	}
	if _, err := Encrypt(t.Context(), keys, nil, Options{Context: map[string]string{"a": string(make([]byte, 1<<16))}}); err == nil {
		t.Error("a context of more than 64 KiB was taken")
	}
	for text, want := range map[string]Suite{"0578": CommittedSigned, "0478": Committed, "0378": SignedOnly, "0x578": 0, "": 0} {
		if got, err := ParseSuite(text); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %x %v", text, got, err)
		}
	}
}

func TestRoundTripProperty(t *testing.T) {
	keys := newService(3)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(suites).Draw(t, "suite")
		plain := rapid.SliceOfN(rapid.Byte(), 0, 9000).Draw(t, "plain")
		m := rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "context")
		delete(m, PublicKeyContext)
		message, err := Encrypt(context.Background(), keys, plain, Options{Suite: s, Context: m})
		if err != nil {
			t.Fatal(err)
		}
		got, back, err := Decrypt(context.Background(), keys, message)
		delete(back, PublicKeyContext)
		if err != nil || !bytes.Equal(got, plain) || !maps.Equal(m, back) {
			t.Fatalf("%v %v", back, err)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	keys := newService(1)
	for _, s := range suites {
		message, err := Encrypt(context.Background(), keys, []byte("123456"), Options{Suite: s})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message)
		f.Add(message[:len(message)/2])
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		got, _, err := Decrypt(context.Background(), keys, message)
		if err != nil && got != nil {
			t.Error("plaintext was released with an error")
		}
	})
}

func ExampleEncrypt() {
	keys := newService(1)
	message, _ := Encrypt(context.Background(), keys, []byte("123456"), Options{Context: map[string]string{"userpool-id": "us-east-1_a"}})
	plain, m, _ := Decrypt(context.Background(), keys, message)
	fmt.Println(string(plain), m["userpool-id"])
	// Output: 123456 us-east-1_a
}
