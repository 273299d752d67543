package directory

import (
	"strings"
	"unicode/utf8"

	"cognate/internal/core/pool"
)

// longestUsername is the limit of user names in characters.
const longestUsername = 128

// GhostUsername is the user name that a name nobody has seems to belong to: the name itself, as it would be stored, or
// the ghost's sub where user names are subs and where the name could only be an alias of a user.
func GhostUsername(p *pool.Pool, name, ghost string) string {
	key := aliasKey(p, name)
	switch {
	case name == "", len(p.UsernameAttrs) > 0, utf8.RuneCountInString(key) > longestUsername, strings.HasPrefix(key, digestMark):
	case p.AliasAttrs.Has(kindEmail) && IsEmail(name), p.AliasAttrs.Has(kindPhone) && IsPhone(name):
	default:
		return key
	}
	return ghost
}

// GhostAddress makes up the e-mail address or phone number of a name nobody has: the name itself when it is one, else
// one that follows from the ghost's sub and looks like anybody's. Masked, it is all that a caller ever sees.
func GhostAddress(attribute, name, ghost string) string {
	switch {
	case attribute == kindEmail && IsEmail(name), attribute == kindPhone && IsPhone(name):
		return name
	case attribute == kindPhone:
		return "+1555" + ghostDigits(ghost, 7)
	}
	return ghostLetter(ghost[0]) + "@" + ghostLetter(ghost[1])
}

func ghostLetter(b byte) string {
	if strings.IndexByte("0123456789", b) >= 0 {
		return string(rune('j' + b - '0'))
	}
	return string(rune(b))
}

func ghostDigits(sub string, n int) string {
	var out []byte
	for i := 0; len(out) < n; i = (i + 1) % len(sub) {
		if sub[i] != '-' {
			out = append(out, '0'+sub[i]%10)
		}
	}
	return string(out)
}
