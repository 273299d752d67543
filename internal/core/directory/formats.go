package directory

import (
	"strings"
	"time"
	"unicode"
)

// IsEmail accepts what can stand as a bare address in a mail header: one @ between a local part and a domain, no
// spaces, controls or the characters with a meaning of their own there (RFC 5322 specials).
func IsEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || len(local) > 256 {
		return false
	}
	if strings.ContainsAny(s, `()<>[],;:\"`) || strings.Contains(domain, "@") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	edge := func(b byte) bool { return b == '.' || b == '-' }
	return !edge(domain[0]) && !edge(domain[len(domain)-1]) && local[0] != '.' && local[len(local)-1] != '.'
}

// IsPhone accepts E.164: a plus and up to fifteen digits, the first of them not zero.
func IsPhone(s string) bool {
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parseBoolean reads true or false in any case, as AWS does, and returns the stored form.
func parseBoolean(s string) (string, bool) {
	switch lower := strings.ToLower(s); lower {
	case "true", "false":
		return lower, true
	}
	return "", false
}

// isBirthdate accepts YYYY-MM-DD, year 0000 for a withheld year (OpenID Connect Core section 5.1), and MM/DD/YYYY, which
// CSV imports use.
func isBirthdate(s string) bool {
	if rest, ok := strings.CutPrefix(s, "0000-"); ok {
		s = "2000-" + rest
	}
	if _, err := time.Parse("01/02/2006", s); err == nil {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
