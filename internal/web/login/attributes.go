package login

import (
	"net/url"
	"slices"
	"strings"

	"cognate/internal/web/login/screen"
)

// requiredPrefix begins the names of fields of required attributes, as on Cognito's pages.
const requiredPrefix = "requiredAttributes["

// askedAtSignUp are the attributes that a sign-up needs besides the identifier: the required ones, and the address that
// the confirmation code goes to.
func (v *visit) askedAtSignUp() []string {
	c := v.q.Pool.Config
	var out []string
	for _, name := range v.q.Pool.Schema.Required() {
		if name != "sub" && !v.namedBy(name) {
			out = append(out, name)
		}
	}
	for _, a := range c.AutoVerifiedAttributes {
		if name := string(a); !slices.Contains(out, name) && !v.namedBy(name) && len(c.UsernameAttributes) == 0 {
			out = append(out, name)
		}
	}
	return out
}

// namedBy reports whether an attribute is the user name itself.
func (v *visit) namedBy(name string) bool {
	u := v.q.Pool.Config.UsernameAttributes
	return len(u) == 1 && string(u[0]) == name
}

// fieldOf is the field of an attribute on the page of a sign-up.
func (v *visit) fieldOf(attribute string) string {
	if slices.Contains(v.askedAtSignUp(), attribute) {
		return requiredPrefix + attribute + "]"
	}
	return "username"
}

// inputs are how attributes are asked for: the type of the field, its autocomplete token and its hint.
var inputs = map[string][3]string{
	"email": {"email", "email"}, "phone_number": {"tel", "tel", "hint.phone"}, "name": {"text", "name"}, "given_name": {"text", "given-name"},
	"family_name": {"text", "family-name"}, "middle_name": {"text", "additional-name"}, "nickname": {"text", "nickname"},
	"birthdate": {"date", "bday", "hint.birthdate"}, "website": {"url", "url"}, "profile": {"url", ""}, "picture": {"url", "photo"},
	"gender": {"text", "sex"}, "address": {"text", "street-address"}, "locale": {"text", "language"},
}

// attributeFields are the fields of attributes, with what was typed.
func (v *visit) attributeFields(names []string, p *problem, typed url.Values) []screen.Field {
	var out []screen.Field
	for _, name := range names {
		in, known := inputs[name]
		if !known {
			in = [3]string{"text"}
		}
		field := requiredPrefix + name + "]"
		f := screen.Field{
			Name: field, Type: in[0], Autocomplete: in[1], Label: screen.Say("label." + name), Value: typed.Get(field), Required: true, Error: p.at(field),
		}
		switch {
		case name == "phone_number":
			f.Label = screen.Say("label.phone")
		case strings.HasPrefix(name, "custom:"):
			f.Label = screen.Literal(strings.TrimPrefix(name, "custom:"))
		}
		if in[2] != "" {
			f.Hint = screen.Say(in[2])
		}
		out = append(out, f)
	}
	return out
}

// attributes are those that a form was sent with.
func attributes(form url.Values) map[string]string {
	out := map[string]string{}
	for field := range form {
		if name, found := strings.CutPrefix(field, requiredPrefix); found && strings.HasSuffix(name, "]") {
			if text := strings.TrimSpace(form.Get(field)); text != "" {
				out[strings.TrimSuffix(name, "]")] = text
			}
		}
	}
	return out
}

// rules are those of a new password.
func (v *visit) rules() *screen.PasswordRules {
	p := v.q.Pool.PasswordPolicy()
	on := func(b *bool) bool { return b != nil && *b }
	out := &screen.PasswordRules{Lower: on(p.RequireLowercase), Upper: on(p.RequireUppercase), Number: on(p.RequireNumbers), Symbol: on(p.RequireSymbols)}
	if p.MinimumLength != nil {
		out.Length = int(*p.MinimumLength)
	}
	return out
}
