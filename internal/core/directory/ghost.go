package directory

import "strings"

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
