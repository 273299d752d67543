package login

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"cognate/internal/api/rt"
	"cognate/internal/web/login/screen"
)

// fits holds what a form was sent with to the constraints of the API's model, as the API does: what one entrance does not
// take, the other must not make.
func fits[T any](decode func(*rt.Decoder) (*T, error), in *T) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	_, err = decode(rt.NewDecoder(text))
	return err
}

// constraint finds the member that a refusal of the model is about.
var constraint = regexp.MustCompile(`^Value .*at '([A-Za-z]+)`)

// fields are the fields of forms, by the members that they are sent as.
var fields = map[string]string{"username": "username", "password": "password", "confirmationCode": "code"}

// impossible is the problem of a value that the model does not have; nil for another error.
func impossible(err error) *problem {
	var e *rt.ValidationError
	if !errors.As(err, &e) || len(e.Violations) == 0 {
		return nil
	}
	member := ""
	if m := constraint.FindStringSubmatch(e.Violations[0]); m != nil {
		member = m[1]
	}
	p := missing(fields[member], "wrong.value")
	if p.field == "code" {
		p.text = screen.Say("code.wrong")
	}
	return p
}

// text reports whether everything that a form was sent with is text that can be kept.
func text(form url.Values) bool {
	for name, values := range form {
		for _, v := range append(values, name) {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return false
			}
		}
	}
	return true
}

// maxName is more characters than an identifier that is typed has.
const maxName = 128

// named reports whether a text can be an identifier: addresses, numbers and names have no controls in them.
func named(text string) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxName && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f
	})
}
