package password

import (
	"io"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/id"
)

const (
	// temporaryLength is the length of generated passwords unless the policy asks for more: 72 bits.
	temporaryLength = 12
	// temporaryAlphabet has all classes, without the symbols that mail programs, shells or HTML might change and
	// without those that end a sentence.
	temporaryAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^*-_=+"
)

// GenerateTemporary returns a random password that has characters of every class and so satisfies any policy of its
// length. Each such password is equally likely: candidates that lack a class are thrown away whole. A nil source means
// crypto/rand.
func GenerateTemporary(p *cognitoidp.PasswordPolicyType, source io.Reader) string {
	ids, n := id.Source{Rand: source}, max(temporaryLength, minimum(p))
	for {
		pw := ids.String(min(n, MaxLength), temporaryAlphabet)
		if classesOf(pw) == (classes{true, true, true, true}) {
			return pw
		}
	}
}
