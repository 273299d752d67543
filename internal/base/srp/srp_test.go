package srp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// TestClientAndServerAgree runs whole exchanges on random input, with salts and exponents that start with zero bytes.
func TestClientAndServerAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 40, 200)
		prefix, identity, password := text.Draw(t, "prefix"), text.Draw(t, "identity"), text.Draw(t, "password")
		salt := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt")
		clear(salt[:rapid.IntRange(0, 16).Draw(t, "zeros")])
		verifier := Verifier(prefix, identity, password, salt)
		source := rand.NewChaCha8([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")))
		server, err := NewServer(verifier, source)
		if err != nil {
			t.Fatal(err)
		}
		client, err := NewShortClient(source, rapid.IntRange(32, 48).Draw(t, "size"))
		if err != nil {
			t.Fatal(err)
		}
		clientKey, err := client.Key(prefix, identity, password, Hex(salt), server.B())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := server.Key(client.A()); err != nil || !bytes.Equal(got, clientKey) {
			t.Fatalf("server %x (%v), client %x", got, err, clientKey)
		}
		resumed, err := ResumeServer(verifier, server.Ephemeral())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := resumed.Key(strings.ToUpper(client.A())); err != nil || !bytes.Equal(got, clientKey) {
			t.Fatalf("resumed server %x (%v), client %x", got, err, clientKey)
		}
		kept, err := server.Begin("000" + client.A())
		if len(client.A()) < 2*Size && (err != nil || len(kept) != ExchangeSize) {
			t.Fatalf("Begin: %d bytes, %v", len(kept), err)
		}
		if err == nil {
			if got, err := Finish(verifier, kept); err != nil || !bytes.Equal(got, clientKey) {
				t.Fatalf("kept exchange %x (%v), client %x", got, err, clientKey)
			}
		}
		wrong, err := client.Key(prefix, identity, password+"x", Hex(salt), server.B())
		if err != nil || bytes.Equal(wrong, clientKey) {
			t.Fatal("a wrong password led to the same key")
		}
	})
}

// TestLeadingZeros drives exchanges until A, B and S have each had a leading zero byte, the padding trap.
func TestLeadingZeros(t *testing.T) {
	source := rand.NewChaCha8([32]byte{9})
	verifier := Verifier("pool", "user", "secret", []byte{1})
	shortA, shortB := false, false
	for range 4000 {
		if shortA && shortB {
			return
		}
		server, err := NewServer(verifier, source)
		if err != nil {
			t.Fatal(err)
		}
		client, err := NewShortClient(source, EphemeralSize)
		if err != nil {
			t.Fatal(err)
		}
		if len(client.A()) > 2*Size-2 && len(server.B()) > 2*Size-2 {
			continue
		}
		shortA = shortA || len(client.A()) <= 2*Size-2
		shortB = shortB || len(server.B()) <= 2*Size-2
		fromServer, err := server.Key(client.A())
		if err != nil {
			t.Fatal(err)
		}
		fromClient, err := client.Key("pool", "user", "secret", "01", server.B())
		if err != nil || !bytes.Equal(fromServer, fromClient) {
			t.Fatalf("keys differ for A %d and B %d digits", len(client.A()), len(server.B()))
		}
	}
	t.Fatal("no short public value met")
}

// TestShortS checks the key of an S with leading zero bytes against the formula on the integer.
func TestShortS(t *testing.T) {
	for _, s := range [][]byte{{1}, {0x80}, {0, 0, 0x7f, 1}, make([]byte, Size), leftPad([]byte{0xff, 1}, Size)} {
		u := bytes.Repeat([]byte{0x90}, 32)
		want := deriveKey(u, new(big.Int).SetBytes(s).Bytes())
		if got := deriveKey(u, leftPad(s, Size)); !bytes.Equal(got, want) {
			t.Errorf("S = %x: %x, want %x", s, got, want)
		}
	}
	if bytes.Equal(deriveKey([]byte{0x7f}, []byte{1}), deriveKey([]byte{0x80}, []byte{1})) {
		t.Error("u does not matter")
	}
}

func TestBadA(t *testing.T) {
	server, err := NewServer(Verifier("p", "u", "pw", []byte{1}), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := params().n
	times := func(i int64) string { return new(big.Int).Mul(n, big.NewInt(i)).Text(16) }
	cases := map[string]string{
		"empty": "", "zero": "0", "zeros": strings.Repeat("0", 768), "N": times(1), "2N": times(2), "3N": times(3),
		"N+1":    new(big.Int).Add(n, big.NewInt(1)).Text(16),
		"minus":  "-1f",
		"plus":   "+1f",
		"prefix": "0x1f", "space": " 1f", "newline": "1f\n", "letter": "1g", "underscore": "1_f", "unicode": "１f",
		"too long":         "1" + strings.Repeat("0", 768),
		"many zeros":       strings.Repeat("0", 4000) + "1f",
		"a megabyte":       strings.Repeat("f", 1<<20),
		"inner null byte":  "1f\x001f",
		"all ones":         strings.Repeat("f", 768),
		"non-hex at start": "z" + strings.Repeat("1", 700),
	}
	for name, a := range cases {
		if _, err := server.Key(a); !errors.Is(err, ErrBadA) {
			t.Errorf("%s: Key answered %v", name, err)
		}
		if _, err := server.Begin(a); !errors.Is(err, ErrBadA) {
			t.Errorf("%s: Begin answered %v", name, err)
		}
	}
	for _, a := range []string{"1", "f", "0F", new(big.Int).Sub(n, big.NewInt(1)).Text(16), "00" + strings.Repeat("7", 768)} {
		if _, err := server.Key(a); err != nil {
			t.Errorf("%.20s…: %v", a, err)
		}
	}
}

func TestBadVerifierAndState(t *testing.T) {
	good := Verifier("p", "u", "pw", []byte{1})
	n := params().bytes
	for name, v := range map[string][]byte{
		"nil": nil, "zero": {0}, "zeros": make([]byte, Size), "N": n, "long": append([]byte{1}, n...),
		"ones": bytes.Repeat([]byte{0xff}, Size), "long zeros": make([]byte, Size+1),
	} {
		if _, err := NewServer(v, nil); !errors.Is(err, ErrVerifier) {
			t.Errorf("verifier %s: %v", name, err)
		}
		if _, err := Finish(v, make([]byte, ExchangeSize)); !errors.Is(err, ErrVerifier) {
			t.Errorf("Finish with verifier %s: %v", name, err)
		}
	}
	for _, size := range []int{0, 31, 33, 128} {
		if _, err := ResumeServer(good, make([]byte, size)); !errors.Is(err, ErrState) {
			t.Errorf("b of %d bytes: %v", size, err)
		}
	}
	beyond := append(make([]byte, EphemeralSize+32), n...)
	for name, kept := range map[string][]byte{
		"empty": nil, "short": make([]byte, ExchangeSize-1), "A zero": make([]byte, ExchangeSize), "A = N": beyond,
	} {
		if _, err := Finish(good, kept); !errors.Is(err, ErrState) {
			t.Errorf("kept %s: %v", name, err)
		}
	}
	if _, err := NewServer(good, iotest.ErrReader(errors.New("broken"))); err == nil {
		t.Error("a failing random source was ignored")
	}
}

func TestClientRefusesBadServer(t *testing.T) {
	client, err := NewClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ salt, b string }{
		{"01", "0"}, {"01", params().n.Text(16)}, {"01", "-2"}, {"01", "xyz"}, {"", "5"}, {"-1", "5"}, {"zz", "5"},
	} {
		if _, err := client.Key("p", "u", "pw", c.salt, c.b); err == nil {
			t.Errorf("salt %q, B %.10q accepted", c.salt, c.b)
		}
	}
	for _, n := range []int{0, 31, 385} {
		if _, err := NewShortClient(nil, n); err == nil {
			t.Errorf("exponent of %d bytes accepted", n)
		}
	}
}

func TestAnswerAndCheck(t *testing.T) {
	salt, block := []byte{0, 0xc3, 4}, []byte("block")
	server, err := NewServer(Verifier("pool", "Ann", "pässword 1", salt), nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	ch := Challenge{B: server.B(), Salt: Hex(salt), SecretBlock: base64.StdEncoding.EncodeToString(block), Identity: "Ann"}
	text, stamp, err := client.Answer("pool", "pässword 1", ch, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	key, err := server.Key(client.A())
	if err != nil {
		t.Fatal(err)
	}
	if !Check(signature, key, "pool", "Ann", block, stamp) {
		t.Fatal("honest proof refused")
	}
	for i := range signature {
		bad := bytes.Clone(signature)
		bad[i] ^= 1
		if Check(bad, key, "pool", "Ann", block, stamp) {
			t.Fatalf("proof with byte %d flipped accepted", i)
		}
	}
	if Check(signature, key, "pool", "ann", block, stamp) || Check(signature, key, "pooL", "Ann", block, stamp) ||
		Check(signature, key, "pool", "Ann", []byte("blocK"), stamp) || Check(signature, key, "pool", "Ann", block, stamp+" ") ||
		Check(nil, key, "pool", "Ann", block, stamp) || Check(signature[:31], key, "pool", "Ann", block, stamp) {
		t.Fatal("proof accepted for other inputs")
	}
	ch.SecretBlock = "*"
	if _, _, err := client.Answer("pool", "pässword 1", ch, time.Now()); err == nil {
		t.Fatal("broken secret block accepted")
	}
}

func TestConcurrentExchanges(t *testing.T) {
	verifier := Verifier("p", "u", "pw", []byte{1})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			server, err := NewServer(verifier, nil)
			if err != nil {
				t.Error(err)
				return
			}
			client, _ := NewShortClient(nil, 32)
			want, _ := server.Key(client.A())
			if got, err := client.Key("p", "u", "pw", "1", server.B()); err != nil || !bytes.Equal(got, want) {
				t.Error("keys differ")
			}
		})
	}
	wg.Wait()
}

func FuzzKey(f *testing.F) {
	server, err := NewServer(Verifier("p", "u", "pw", []byte{1}), nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range []string{"", "0", "1f", "-1", vecA, vecA + "0", params().n.Text(16)} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, a string) {
		public, ok := parsePublic(a)
		x, isHex := new(big.Int).SetString(a, 16)
		if ok != (isHex && !strings.ContainsAny(a, "+-_") && len(a) <= 2*Size+2 && x.Sign() > 0 && x.Cmp(params().n) < 0) {
			t.Fatalf("parsePublic(%q) = %v", a, ok)
		}
		if ok && new(big.Int).SetBytes(public).Cmp(x) != 0 {
			t.Fatalf("parsePublic(%q) = %x", a, public)
		}
		if _, err := server.Begin(a); (err == nil) != ok {
			t.Fatalf("Begin(%q): %v", a, err)
		}
	})
}
