package factor

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp"
	otptotp "github.com/pquerna/otp/totp"
	"pgregory.net/rapid"
)

// TestRFC6238 holds the SHA-1 vectors of RFC 6238 appendix B.
func TestRFC6238(t *testing.T) {
	seed := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totp(seed, totpStep(unix), 8); got != want {
			t.Errorf("at %d: %s, want %s", unix, got, want)
		}
	}
}

// TestRFC4226 holds the vectors of RFC 4226 appendix D.
func TestRFC4226(t *testing.T) {
	want := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	for i, w := range want {
		if got := totp([]byte("12345678901234567890"), int64(i), 6); got != w {
			t.Errorf("counter %d: %s, want %s", i, got, w)
		}
	}
}

// TestOracle compares with another implementation.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), seedSize, seedSize).Draw(t, "seed")
		unix := rapid.Int64Range(0, 1<<36).Draw(t, "unix")
		want, err := otptotp.GenerateCodeCustom(secretCode(seed), time.Unix(unix, 0), otptotp.ValidateOpts{
			Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := totp(seed, totpStep(unix), totpDigits); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestMatchWindow(t *testing.T) {
	seed := []byte("12345678901234567890")
	const now = int64(1_767_755_045)
	here := totpStep(now)
	for name, c := range map[string]struct {
		step, used int64
		want       error
	}{
		"this step":            {here, 0, nil},
		"one before":           {here - 1, 0, nil},
		"one after":            {here + 1, 0, nil},
		"two before":           {here - 2, 0, ErrMismatch},
		"two after":            {here + 2, 0, ErrMismatch},
		"the one used":         {here, here, ErrReplayed},
		"before the one used":  {here - 1, here, ErrReplayed},
		"after the one used":   {here, here - 1, nil},
		"used ahead of time":   {here + 1, here + 1, ErrReplayed},
		"all of them used":     {here + 1, here + 7, ErrReplayed},
		"old and long used up": {here - 9, here, ErrMismatch},
	} {
		got, err := matchTOTP(seed, totp(seed, c.step, 6), now, c.used)
		if !errors.Is(err, c.want) || c.want == nil && got != c.step {
			t.Errorf("%s: step %d, %v; want %v", name, got, err, c.want)
		}
	}
	for _, text := range []string{"", "0", "0000000", "abcdef", "１２３４５６"} {
		if _, err := matchTOTP(seed, text, now, 0); !errors.Is(err, ErrMismatch) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretCode(t *testing.T) {
	seed, err := newSeed((&Factors{}).random())
	if err != nil || len(secretCode(seed)) != 52 {
		t.Errorf("secret code %q, %v", secretCode(seed), err)
	}
}

func TestLockFor(t *testing.T) {
	for n, want := range map[int64]time.Duration{
		0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 14: 512 * time.Second, 15: failures.Lock.Longest, 1 << 40: failures.Lock.Longest,
	} {
		if got := failures.Lock.For(n); got != want {
			t.Errorf("after %d failures %v, want %v", n, got, want)
		}
	}
}

func BenchmarkMatchTOTP(b *testing.B) {
	seed := make([]byte, seedSize)
	for b.Loop() {
		_, _ = matchTOTP(seed, "123456", 1_767_755_045, 0)
	}
}
