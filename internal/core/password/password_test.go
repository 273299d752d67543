package password

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
)

// policy returns a policy of a minimum length that requires the classes named by their first letters: l, u, n, s.
func policy(length int64, need string) *cognitoidp.PasswordPolicyType {
	return &cognitoidp.PasswordPolicyType{
		MinimumLength:    &length,
		RequireLowercase: new(strings.Contains(need, "l")),
		RequireUppercase: new(strings.Contains(need, "u")),
		RequireNumbers:   new(strings.Contains(need, "n")),
		RequireSymbols:   new(strings.Contains(need, "s")),
	}
}

func TestCheck(t *testing.T) {
	full := policy(8, "luns")
	const (
		short  = "Password did not conform with policy: Password not long enough"
		lower  = "Password did not conform with policy: Password must have lowercase characters"
		upper  = "Password did not conform with policy: Password must have uppercase characters"
		number = "Password did not conform with policy: Password must have numeric characters"
		symbol = "Password did not conform with policy: Password must have symbol characters"
	)
	cases := []struct {
		name   string
		policy *cognitoidp.PasswordPolicyType
		pw     string
		want   string // "" for accepted, "*" for any text
		rule   Rule
	}{
		{"good", full, "Passw0rd!", "", ""},
		{"empty", full, "", short, RuleLength},
		{"seven", full, "Passw0!", short, RuleLength},
		{"length first", full, "a", short, RuleLength},
		{"no lower", full, "PASSW0RD!", lower, RuleLower},
		{"lower before upper", full, "12345678!", lower, RuleLower},
		{"no upper", full, "passw0rd!", upper, RuleUpper},
		{"upper before number", full, "password!", upper, RuleUpper},
		{"no number", full, "Password!", number, RuleNumbers},
		{"number before symbol", full, "Passwords", number, RuleNumbers},
		{"no symbol", full, "Passw0rds", symbol, RuleSymbols},
		{"nil policy is the default", nil, "passw0rd!", upper, RuleUpper},
		{"nil policy accepts", nil, "Passw0rd!", "", ""},
		{"nil policy length", nil, "Pw0!abc", short, RuleLength},
		{"only length", policy(6, ""), "aaaaaa", "", ""},
		{"other letters do not count", full, "ПарольÄÖÜ1!", lower, RuleLower},
		{"other digits do not count", full, "Passwort!٣", number, RuleNumbers},
		{"other symbols do not count", full, "Passw0rd€§", symbol, RuleSymbols},
		{"other characters are allowed", full, "Passw0rd!Ä€", "", ""},
		{"length in characters", policy(6, ""), "äöüäöü", "", ""},
		{"length not in bytes", policy(6, ""), "äöüäö", short, RuleLength},
		{"space counts as symbol", full, "Pass w0rd", "", ""},
		{"leading space", full, " Passw0rd", "*", RuleSpaces},
		{"trailing space", full, "Passw0rd! ", "*", RuleSpaces},
		{"256 characters", full, "Pw0!" + strings.Repeat("x", 252), "", ""},
		{"257 characters", full, "Pw0!" + strings.Repeat("x", 253), "*", RuleMaximum},
		{"256 wide characters", full, "Pw0!" + strings.Repeat("ä", 252), "", ""},
		{"minimum 99", policy(99, ""), strings.Repeat("x", 98), short, RuleLength},
	}
	for _, c := range cases {
		err := Check(c.policy, c.pw)
		var p *PolicyError
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		case !errors.As(err, &p) || p.Rule != c.rule || c.want != "*" && p.Message != c.want:
			t.Errorf("%s: %v", c.name, err)
		case len(c.pw) > 3 && strings.Contains(err.Error(), c.pw):
			t.Errorf("%s: the error repeats the password", c.name)
		}
	}
	for _, s := range Symbols {
		if err := Check(full, "Passw0"+string(s)+"rd"); err != nil {
			t.Errorf("symbol %q: %v", s, err)
		}
	}
	if len(Symbols) != 33 {
		t.Errorf("%d symbols", len(Symbols))
	}
}

func TestRefusal(t *testing.T) {
	var invalid *cognitoidp.InvalidPasswordException
	if err := Refusal(Check(nil, "x")); !errors.As(err, &invalid) || !strings.HasSuffix(invalid.Message, "Password not long enough") {
		t.Errorf("got %v", err)
	}
	other := errors.New("other")
	if Refusal(nil) != nil || !errors.Is(Refusal(other), other) {
		t.Error("other errors must stay")
	}
}

func TestTemporaryExpiryAndHistorySize(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for days, want := range map[int64]int{0: 7, 1: 1, 7: 7, 365: 365} {
		p := &cognitoidp.PasswordPolicyType{TemporaryPasswordValidityDays: &days}
		if got := TemporaryExpiry(p, now); !got.Equal(now.AddDate(0, 0, want)) {
			t.Errorf("%d days: %v", days, got)
		}
	}
	if !TemporaryExpiry(nil, now).Equal(TemporaryExpiry(&cognitoidp.PasswordPolicyType{}, now)) {
		t.Error("no policy and no days differ")
	}
	c := Credential{Temporary: true, ExpiresAt: now.UnixMilli()}
	if !c.Expired(now) || c.Expired(now.Add(-time.Millisecond)) {
		t.Error("expiry is off by one")
	}
	if (&Credential{ExpiresAt: 1}).Expired(now) || (&Credential{Temporary: true}).Expired(now) {
		t.Error("permanent or unlimited credential expired")
	}
	if HistorySize(nil) != 0 || HistorySize(&cognitoidp.PasswordPolicyType{PasswordHistorySize: new(int64(24))}) != 24 ||
		HistorySize(&cognitoidp.PasswordPolicyType{PasswordHistorySize: new(int64(-1))}) != 0 {
		t.Error("history size")
	}
}

func TestVerify(t *testing.T) {
	c, err := New("AbCdEf123", "ann", "Passw0rd! ä", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Verify("AbCdEf123", "ann", "Passw0rd! ä") {
		t.Error("right password refused")
	}
	for _, wrong := range [][3]string{
		{"AbCdEf123", "ann", "passw0rd! ä"}, {"AbCdEf123", "ann", ""}, {"AbCdEf123", "ann", "Passw0rd! ä "},
		{"AbCdEf123", "Ann", "Passw0rd! ä"}, {"abCdEf123", "ann", "Passw0rd! ä"}, {"", "", ""},
	} {
		if c.Verify(wrong[0], wrong[1], wrong[2]) {
			t.Errorf("%q accepted", wrong)
		}
	}
	other, err := New("AbCdEf123", "ann", "Passw0rd! ä", nil)
	if err != nil || bytes.Equal(c.Salt, other.Salt) || bytes.Equal(c.Verifier, other.Verifier) {
		t.Error("two credentials share a salt")
	}
	for _, none := range []*Credential{nil, {}} {
		if none.HasPassword() || none.Verify("p", "u", "") {
			t.Error("no password accepted")
		}
	}
	if _, err := New("p", "u", "x", iotest.ErrReader(errors.New("broken"))); err == nil {
		t.Error("a failing random source was ignored")
	}
}

func TestHistory(t *testing.T) {
	set := func(pw string, old *Credential, n int) *Credential {
		t.Helper()
		c, err := New("p", "u", pw, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Remember(old, n)
		return c
	}
	one := set("one", nil, 3)
	two := set("two", one, 3)
	three := set("three", two, 3)
	four := set("four", three, 3)
	for pw, want := range map[string]bool{"four": true, "three": true, "two": true, "one": false, "five": false} {
		if got := four.UsedBefore(3, "p", "u", pw); got != want {
			t.Errorf("last three, %s: %v", pw, got)
		}
	}
	if !four.UsedBefore(1, "p", "u", "four") || four.UsedBefore(1, "p", "u", "three") || four.UsedBefore(0, "p", "u", "four") {
		t.Error("smaller sizes")
	}
	if four.UsedBefore(3, "p", "other", "three") {
		t.Error("history of another user")
	}
	if (*Credential)(nil).UsedBefore(3, "p", "u", "x") {
		t.Error("no credential")
	}
	temporary := set("temporary", four, 3)
	temporary.Temporary = true
	final := set("final", temporary, 3)
	for pw, want := range map[string]bool{"final": true, "four": true, "three": true, "two": false, "temporary": false} {
		if got := final.UsedBefore(3, "p", "u", pw); got != want {
			t.Errorf("over a temporary one, %s: %v", pw, got)
		}
	}
	if temporary.UsedBefore(3, "p", "u", "temporary") || !temporary.UsedBefore(3, "p", "u", "four") {
		t.Error("temporary credential")
	}
	if got := set("x", final, 1).History; len(got) != 0 {
		t.Errorf("size one keeps %d", len(got))
	}
	if got := set("x", final, 0).History; len(got) != 0 {
		t.Errorf("size zero keeps %d", len(got))
	}
}

func TestDummy(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	c := Dummy("pool", "nobody", key)
	if again := Dummy("pool", "nobody", key); !bytes.Equal(c.Salt, again.Salt) || !bytes.Equal(c.Verifier, again.Verifier) {
		t.Error("not stable")
	}
	for name, other := range map[string]*Credential{
		"user": Dummy("pool", "nobodx", key), "pool": Dummy("poo", "nobody", key), "key": Dummy("pool", "nobody", key[:31]),
		"split": Dummy("pool nobody", "", key),
	} {
		if bytes.Equal(c.Salt, other.Salt) || bytes.Equal(c.Verifier, other.Verifier) {
			t.Errorf("another %s gives the same", name)
		}
	}
	if len(c.Salt) != saltSize || len(c.Verifier) != srp.Size || !c.HasPassword() || c.Temporary || c.Verify("pool", "nobody", "") {
		t.Error("looks unlike a credential")
	}
	for i := range 200 {
		if _, err := srp.NewServer(Dummy("pool", strings.Repeat("n", i), key).Verifier, nil); err != nil {
			t.Fatalf("not a verifier: %v", err)
		}
	}
}

func TestGenerateTemporary(t *testing.T) {
	source := rand.NewChaCha8([32]byte{3})
	count := map[byte]int{}
	for range 3000 {
		pw := GenerateTemporary(nil, source)
		if err := Check(nil, pw); err != nil || len(pw) != temporaryLength {
			t.Fatalf("%q: %v", pw, err)
		}
		for i := range len(pw) {
			count[pw[i]]++
		}
	}
	if len(count) != len(temporaryAlphabet) {
		t.Errorf("%d of %d characters drawn", len(count), len(temporaryAlphabet))
	}
	for length, want := range map[int64]int{6: 12, 12: 12, 13: 13, 99: 99} {
		p := policy(length, "luns")
		if pw := GenerateTemporary(p, nil); len(pw) != want || Check(p, pw) != nil {
			t.Errorf("minimum %d: %q", length, pw)
		}
	}
}

func TestMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytesOf := func(name string, n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name) }
		c := Credential{
			Salt: bytesOf("salt", saltSize), Verifier: bytesOf("verifier", srp.Size), Temporary: rapid.Bool().Draw(t, "temporary"),
			SetAt: rapid.Int64().Draw(t, "set"), ExpiresAt: rapid.Int64().Draw(t, "expires"),
		}
		for range rapid.IntRange(0, 24).Draw(t, "history") {
			c.History = append(c.History, Past{Salt: bytesOf("past", saltSize), Hash: [32]byte(bytesOf("hash", 32))})
		}
		data, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var got Credential
		if err := got.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		again, err := got.Marshal()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("round trip differs: %v", err)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		if (&Credential{}).Unmarshal(data[:cut]) == nil || (&Credential{}).Unmarshal(append(data, 0)) == nil {
			t.Fatal("truncated or extended data accepted")
		}
	})
	if _, err := (&Credential{History: make([]Past, maxPast+1)}).Marshal(); err == nil {
		t.Error("endless history accepted")
	}
}

func FuzzUnmarshal(f *testing.F) {
	c, err := New("p", "u", "pw", nil)
	if err != nil {
		f.Fatal(err)
	}
	c.History = []Past{{Salt: []byte("salt")}}
	data, err := c.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Credential
		if c.Unmarshal(data) != nil {
			return
		}
		again, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var second Credential
		if err := second.Unmarshal(again); err != nil {
			t.Fatalf("own form refused: %v", err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	srp.Warm()
	c, err := New("pool", "user", "Passw0rd!", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Verify("pool", "user", "Passw0rd!")
	}
}

func BenchmarkDummy(b *testing.B) {
	key := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		Dummy("pool", "user", key)
	}
}
