package directory

import (
	"errors"
	"strings"
	"testing"
)

func TestParseFilter(t *testing.T) {
	cases := []struct {
		in   string
		want filter
		err  error
	}{
		{``, filter{}, nil},
		{`   `, filter{}, nil},
		{`email = "a@b.com"`, filter{"email", false, "a@b.com"}, nil},
		{`email="a@b.com"`, filter{"email", false, "a@b.com"}, nil},
		{`email ^= "a"`, filter{"email", true, "a"}, nil},
		{`email^="a"`, filter{"email", true, "a"}, nil},
		{`"email" = "a"`, filter{"email", false, "a"}, nil},
		{` "email"^="a"`, filter{"email", true, "a"}, nil},
		{"  given_name\t=\n\"Jon\"  ", filter{"given_name", false, "Jon"}, nil},
		{`cognito:user_status = "confirmed"`, filter{"cognito:user_status", false, "confirmed"}, nil},
		{`family_name = "O\"Neil"`, filter{"family_name", false, `O"Neil`}, nil},
		{`family_name = "a\\b"`, filter{"family_name", false, `a\b`}, nil},
		{`username = "corp\jane"`, filter{"username", false, `corp\jane`}, nil},
		{`name = ""`, filter{"name", false, ""}, nil},
		{`name = "a = \"b\""`, filter{"name", false, `a = "b"`}, nil},
		{`name = "^="`, filter{"name", false, "^="}, nil},
		{`name = "Zoë 字"`, filter{"name", false, "Zoë 字"}, nil},
		{`status = "Enabled"`, filter{"status", false, "Enabled"}, nil},

		{`email`, filter{}, errFilterSyntax},
		{`email =`, filter{}, errFilterSyntax},
		{`email = a`, filter{}, errFilterSyntax},
		{`email = "a`, filter{}, errFilterSyntax},
		{`email = a"`, filter{}, errFilterSyntax},
		{`email = "a" and name = "b"`, filter{}, errFilterSyntax},
		{`email = "a"b"`, filter{}, errFilterSyntax},
		{`email = "a\"`, filter{}, errFilterSyntax},
		{`email == "a"`, filter{}, errFilterSyntax},
		{`email ^ = "a"`, filter{}, errFilterSyntax},
		{`email =^ "a"`, filter{}, errFilterSyntax},
		{`email != "a"`, filter{}, errFilterSyntax},
		{`email > "a"`, filter{}, errFilterSyntax},
		{`= "a"`, filter{}, errFilterSyntax},
		{`"email = "a"`, filter{}, errFilterSyntax},
		{`"" = "a"`, filter{}, errFilterSyntax},
		{`"email" "a"`, filter{}, errFilterSyntax},
		{`"email`, filter{}, errFilterSyntax},
		{`email = 'a'`, filter{}, errFilterSyntax},
		{`custom:level = "1"`, filter{}, errFilterAttribute},
		{`address = "x"`, filter{}, errFilterAttribute},
		{`EMAIL = "x"`, filter{}, errFilterAttribute},
	}
	for _, c := range cases {
		got, err := parseFilter(c.in)
		if !errors.Is(err, c.err) || got != c.want {
			t.Errorf("parseFilter(%q) = %+v, %v; want %+v, %v", c.in, got, err, c.want, c.err)
		}
	}
}

// FuzzParseFilter holds that no text panics, that what is accepted names a searchable attribute and that writing the
// condition again is read as the same condition.
func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{``, `email = "a"`, `name ^= "a\"b"`, `sub="\\"`, `"`, `username = "x" or 1=1 --"`, `status="\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseFilter(s)
		if err != nil || got.Attribute == "" {
			return
		}
		if _, ok := searchable[got.Attribute]; !ok {
			t.Fatalf("%q was accepted with attribute %q", s, got.Attribute)
		}
		op := ` = "`
		if got.Prefix {
			op = ` ^= "`
		}
		again := got.Attribute + op + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(got.Value) + `"`
		if back, err := parseFilter(again); err != nil || back != got {
			t.Fatalf("%q is %+v, but %q is %+v, %v", s, got, again, back, err)
		}
	})
}
