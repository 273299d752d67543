package pool

import (
	"errors"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
)

// schemaOf builds the schema of a pool that declares attributes.
func schemaOf(t *testing.T, attributes string) *Schema {
	t.Helper()
	in := new(cognitoidp.CreateUserPoolRequest)
	if err := in.UnmarshalJSON([]byte(`{"PoolName":"p","Schema":[` + attributes + `]}`)); err != nil {
		t.Fatal(err)
	}
	list, err := buildSchema(in.Schema)
	if err != nil {
		t.Fatal(err)
	}
	return newSchema(list)
}

func TestValidate(t *testing.T) {
	s := schemaOf(t, `{"Name":"s","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"2","MaxLength":"3"}},
		{"Name":"n","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"-1.5","MaxValue":"10"}},
		{"Name":"free","AttributeDataType":"Number"},{"Name":"b","AttributeDataType":"Boolean"},{"Name":"d","AttributeDataType":"DateTime"}`)
	for _, c := range []struct{ name, value, want string }{
		{"custom:s", "ab", ""},
		{"custom:s", "äöü", ""},
		{"custom:s", "a", "custom:s: String must be no shorter than 2 characters"},
		{"custom:s", "abcd", "custom:s: String must be no longer than 3 characters"},
		{"custom:n", "10", ""},
		{"custom:n", "-1.50", ""},
		{"custom:n", "-1.6", "custom:n: Attribute value is smaller than the minimum value -1.5."},
		{"custom:n", "10.000000000000000000001", "custom:n: Attribute value is larger than the maximum value 10."},
		{"custom:n", "ten", "custom:n: Attribute value is not a number."},
		{"custom:n", "1e3", "custom:n: Attribute value is not a number."},
		{"custom:n", "0x1", "custom:n: Attribute value is not a number."},
		{"custom:n", "1/2", "custom:n: Attribute value is not a number."},
		{"custom:n", strings.Repeat("9", 60), "custom:n: Attribute value is not a number."},
		{"custom:free", "12345678901234567890.5", ""},
		{"custom:b", "True", ""},
		{"custom:b", "yes", "custom:b: Attribute value is not a boolean."},
		{"custom:d", "2026-11-21", ""},
		{"custom:d", "2026-11-21T10:00:00.5Z", ""},
		{"custom:d", "1800000000", ""},
		{"custom:d", "tomorrow", "custom:d: Attribute value is not a date and time."},
		{"birthdate", "2000-01-01", ""},
		{"birthdate", "2000-1-1", "birthdate: String must be no shorter than 10 characters"},
		{"updated_at", "-1", "updated_at: Attribute value is smaller than the minimum value 0."},
		{"name", strings.Repeat("ä", 2048), ""},
		{"name", strings.Repeat("x", 2049), "name: String attributes cannot have a length of more than 2048"},
		{"custom:none", "x", "custom:none: Attribute does not exist in the schema."},
	} {
		err := s.Validate(c.name, c.value)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s=%q: %v", c.name, c.value, err)
			}
			continue
		}
		var refused *AttributeError
		if !errors.As(err, &refused) || err.Error() != c.want {
			t.Errorf("%s=%q: %v, want %s", c.name, c.value, err, c.want)
		}
	}
}

func TestSchema(t *testing.T) {
	s := schemaOf(t, `{"Name":"email","Required":true},{"Name":"x","AttributeDataType":"String","DeveloperOnlyAttribute":true,"Mutable":false}`)
	if got := strings.Join(s.Required(), " "); got != "sub email" {
		t.Errorf("required: %s", got)
	}
	a, ok := s.Attr("dev:custom:x")
	if !ok || !a.Custom() || !a.DeveloperOnly || a.Mutable || a.MaxLength != 2048 {
		t.Errorf("%+v", a)
	}
	if a, ok := s.Attr("identities"); !ok || a.Custom() {
		t.Errorf("identities: %+v", a)
	}
	if len(s.All()) != 21 {
		t.Errorf("%d attributes", len(s.All()))
	}
	for _, name := range []string{"custom:x", "x", "", "EMAIL"} {
		if _, ok := s.Attr(name); ok {
			t.Errorf("%q is in the schema", name)
		}
	}
}

func FuzzValidate(f *testing.F) {
	list, err := buildSchema([]cognitoidp.SchemaAttributeType{
		{Name: new("n"), AttributeDataType: new(cognitoidp.AttributeDataTypeNumber), NumberAttributeConstraints: &cognitoidp.NumberAttributeConstraintsType{MinValue: new("0"), MaxValue: new("9.5")}},
		{Name: new("d"), AttributeDataType: new(cognitoidp.AttributeDataTypeDateTime)},
	})
	if err != nil {
		f.Fatal(err)
	}
	s := newSchema(list)
	f.Add("custom:n", "1.5")
	f.Add("custom:d", "2026-11-21T10:00:00Z")
	f.Fuzz(func(t *testing.T, name, value string) {
		err := s.Validate(name, value)
		var refused *AttributeError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%q=%q: %v", name, value, err)
		}
	})
}

func TestPoolHelpers(t *testing.T) {
	w := memory(t)
	p, err := w.ops.Pool(t.Context(), w.pool(`"UsernameConfiguration":{"CaseSensitive":false},"AliasAttributes":["email"],"AutoVerifiedAttributes":["email"],
		"UserAttributeUpdateSettings":{"AttributesRequireVerificationBeforeUpdate":["email"]},"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true},
		"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":2},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}},"MfaConfiguration":"OPTIONAL",`+sns))
	if err != nil {
		t.Fatal(err)
	}
	if p.CaseSensitive || p.Normal("ÄbC") != "äbc" || !p.AliasAttrs.Has("email") || p.AliasAttrs.Has("phone_number") || p.UsernameAttrs.Has("email") ||
		!p.AutoVerified.Has("email") || !p.KeepUntilVerified.Has("email") || !p.AdminCreateOnly() || p.MFARequired() || !p.MFAOptional() ||
		p.TemporaryPasswordLife().Hours() != 48 || !p.AllowsFirstFactor("EMAIL_OTP") || p.AllowsFirstFactor("WEB_AUTHN") || !strings.HasSuffix(p.ID, "_"+p.Name) {
		t.Errorf("%+v", p)
	}
	p, err = w.ops.Pool(t.Context(), w.pool(`"UsernameAttributes":["email"],"MfaConfiguration":"ON",`+sns))
	if err != nil {
		t.Fatal(err)
	}
	if !p.CaseSensitive || p.Normal("ÄbC") != "ÄbC" || !p.UsernameAttrs.Has("email") || !p.MFARequired() || p.MFAOptional() || p.AdminCreateOnly() || p.AutoVerified.Has("email") {
		t.Errorf("%+v", p)
	}
}
