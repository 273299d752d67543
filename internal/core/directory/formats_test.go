package directory

import "testing"

func TestIsEmail(t *testing.T) {
	for s, want := range map[string]bool{
		"a@b.com": true, "first.last+tag@sub.example.org": true, "user@localhost": true, "zoë@exämple.org": true,
		"o'neil@example.com": true, "a@b": true, "A_%-@x.io": true,

		"": false, "a": false, "@b.com": false, "a@": false, "a@b@c.com": false, "a b@c.com": false, "a@b c.com": false,
		"a@b.com\r\nBcc: x@y.z": false, "a@.com": false, "a@b.": false, "a..b@c.com": false, ".a@c.com": false,
		"a.@c.com": false, "a,b@c.com": false, "<a@b.com>": false, "a@b.com>": false, `"a"@b.com`: false, "a@-b.com": false,
		"a\u200b@b.com": false, "a\u202e@b.com": false, "a;b@c.com": false, "a:b@c.com": false, "a\x00@b.com": false,
		"\ufffd@b.com": false, "a(c)@b.com": false,
	} {
		if got := IsEmail(s); got != want {
			t.Errorf("IsEmail(%q) = %v", s, got)
		}
	}
}

func TestIsPhone(t *testing.T) {
	for s, want := range map[string]bool{
		"+14325551212": true, "+4915112345678": true, "+12": true, "+123456789012345": true,
		"": false, "+": false, "+1": false, "14325551212": false, "+1 432 555": false, "+1-432": false, "+0123456": false,
		"+1234567890123456": false, "+1432555121a": false, "+１４３２": false, "++1432": false,
	} {
		if got := IsPhone(s); got != want {
			t.Errorf("IsPhone(%q) = %v", s, got)
		}
	}
}

func TestIsBirthdate(t *testing.T) {
	for s, want := range map[string]bool{
		"1990-02-28": true, "2000-02-29": true, "0000-12-31": true, "12/31/1990": true,
		"1990-02-30": false, "1990-2-28": false, "90-02-28": false, "1990/02/28": false, "28.02.1990": false, "": false,
	} {
		if got := isBirthdate(s); got != want {
			t.Errorf("isBirthdate(%q) = %v", s, got)
		}
	}
}

func TestIsUUID(t *testing.T) {
	for s, want := range map[string]bool{
		"2c5d5d5e-1111-4222-8333-444455556666": true,
		"2C5D5D5E-1111-4222-8333-444455556666": false, "2c5d5d5e-1111-4222-8333-44445555666": false,
		"2c5d5d5e11114222833344445555666600000": false, "2c5d5d5g-1111-4222-8333-444455556666": false, "": false,
	} {
		if got := isUUID(s); got != want {
			t.Errorf("isUUID(%q) = %v", s, got)
		}
	}
}
