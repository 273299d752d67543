package screen

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

//go:embed exceptions.json
var exceptionsFile []byte

// said are texts of the catalog for what the AWS exceptions say: by the message or, where a type has many messages that mean
// the same to a person, by the type. It is a dictionary of texts that other rooms own; a test holds that they still say them.
var said = sync.OnceValue(func() map[string]string {
	var out map[string]string
	if err := json.Unmarshal(exceptionsFile, &out); err != nil {
		panic(err)
	}
	return out
})

// Exception is what a page says about an AWS exception: a text of the catalog where there is one for its message or its
// type, else the message as it is. What functions of the pool's owner say is never translated.
func Exception(code, message string) Text {
	if code != "UserLambdaValidationException" {
		if key, found := said()[message]; found {
			return Say(key)
		}
		if code == "InvalidPasswordException" {
			return policyText(message)
		}
		if key, found := composed(code, message); found {
			return Say(key)
		}
		if key, found := said()[code]; found {
			return Say(key)
		}
	}
	return Literal(message)
}

// composed is the text for messages that name an attribute or a status.
func composed(code, message string) (string, bool) {
	exists := code == "UsernameExistsException" || code == "AliasExistsException"
	switch {
	case exists && strings.Contains(message, " email "):
		return "refused.exists_email", true
	case exists && strings.Contains(message, " phone_number "):
		return "refused.exists_phone", true
	case strings.HasSuffix(message, "Current status is CONFIRMED"):
		return "confirm.already", true
	}
	return "", false
}

// policies are texts for what the message about a password that does not follow the policy has in it.
var policies = []struct{ part, key string }{
	{"lowercase", "wrong.lower"}, {"uppercase", "wrong.upper"}, {"numeric", "wrong.number"}, {"symbol", "wrong.symbol"},
	{"leading or trailing spaces", "wrong.space"}, {"longer than", "wrong.long"},
}

var digits = regexp.MustCompile(`\d+`)

// policyText is a text for the message about a password that does not follow the policy.
func policyText(message string) Text {
	for _, p := range policies {
		if strings.Contains(message, p.part) {
			return Say(p.key, count, digits.FindString(message))
		}
	}
	return Say("wrong.rules")
}
