package directory

import (
	"maps"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

const (
	conform   = "InvalidParameterException: Attributes did not conform to the schema: "
	unwritten = "NotAuthorizedException: A client attempted to write unauthorized attribute"
)

func TestCheckAttributes(t *testing.T) {
	f := quick(t)
	plain := f.newPool(nil)
	strict := f.newPool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.Schema = append(in.Schema,
			cognitoidp.SchemaAttributeType{Name: new("email"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Required: new(true), Mutable: new(true)},
			cognitoidp.SchemaAttributeType{Name: new("nickname"), AttributeDataType: new(cognitoidp.AttributeDataTypeString), Required: new(true), Mutable: new(false)})
	})
	aliased := f.newPool(withAliases)
	open := f.newClient(plain, nil)
	narrow := f.newClient(plain, func(in *cognitoidp.CreateUserPoolClientRequest) { in.WriteAttributes = []string{"email", "name"} })
	wide := f.newClient(plain, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.WriteAttributes = []string{"email", "custom:tier", "custom:born", "custom:vip", "custom:seen"}
	})
	strictClient, aliasedClient := f.newClient(strict, nil), f.newClient(aliased, nil)
	for _, c := range []struct {
		what string
		p    *pool.Pool
		c    *pool.Client // nil: administrator
		mode Mode
		in   []string
		want string            // refusal
		out  map[string]string // stored form where it differs
	}{
		{"nothing", plain, open, Create, nil, "", nil},
		{"standard", plain, open, Create, []string{"name", "Jo", "email", "jo@example.com", "updated_at", "1735689600", "birthdate", "1990-01-02"}, "", nil},
		{"empty values are dropped at creation", plain, open, Create, []string{"name", ""}, "", map[string]string{}},
		{"empty and unknown", plain, open, Create, []string{"custom:none", ""}, conform + "Type for attribute {custom:none} could not be determined", nil},
		{"empty and not writable", plain, open, Create, []string{"email_verified", ""}, unwritten, nil},

		{"unknown", plain, open, Create, []string{"custom:x", "1"}, conform + "Type for attribute {custom:x} could not be determined", nil},
		{"unknown, several", plain, nil, Create, []string{"custom:y", "1", "colour", "1"},
			conform + "Type for attribute {colour} could not be determined", nil},
		{"unknown later", plain, nil, Update, []string{"custom:y", "1"}, "InvalidParameterException: user.custom:y: Attribute does not exist in the schema.\n", nil},
		{"unknown, deleted", plain, nil, Update, []string{"custom:y", ""}, "InvalidParameterException: user.custom:y: Attribute does not exist in the schema.\n", nil},
		{"wrong case of a name", plain, nil, Update, []string{"Email", "a@b.com"}, "InvalidParameterException: user.Email: Attribute does not exist in the schema.\n", nil},

		{"required", strict, strictClient, Create, nil, conform + "nickName: The attribute nickName is required, emails: The attribute emails is required", nil},
		{"required, empty", strict, strictClient, Create, []string{"email", "", "nickname", "j"}, conform + "emails: The attribute emails is required", nil},
		{"unknown and required", strict, strictClient, Create, []string{"custom:x", "1", "nickname", "j"},
			conform + "Type for attribute {custom:x} could not be determined", nil},
		{"required, by an administrator", strict, nil, Create, nil, "", nil},
		{"required, deleted", strict, nil, Update, []string{"email", ""}, "InvalidParameterException: user.email: Required attribute cannot be deleted.\n", nil},
		{"required, not sent later", strict, strictClient, Update, []string{"name", "Jo"}, "", nil},

		{"immutable at creation", plain, wide, Create, []string{"custom:born", "1990"}, "", nil},
		{"immutable later", plain, wide, Update, []string{"custom:born", "1990"}, "InvalidParameterException: user.custom:born: Attribute cannot be updated.\n", nil},
		{"immutable later, administrator", plain, nil, Update, []string{"custom:born", "1990", "name", "Jo"}, "InvalidParameterException: user.custom:born: Attribute cannot be updated.\n", nil},
		{"immutable, deleted", strict, nil, Update, []string{"nickname", ""}, "InvalidParameterException: user.nickname: Attribute cannot be updated.\n", nil},

		{"too short", plain, wide, Create, []string{"custom:tier", "x"}, conform + "custom:tier: String must be no shorter than 2 characters", nil},
		{"too long", plain, wide, Update, []string{"custom:tier", "golden"}, "InvalidParameterException: user.custom:tier: String must be no longer than 5 characters\n", nil},
		{"length in characters", plain, wide, Create, []string{"custom:tier", "ßßßßß"}, "", nil},
		{"2049 characters", plain, nil, Create, []string{"name", strings.Repeat("x", 2049)}, conform + "name.formatted: String attributes cannot have a length of more than 2048", nil},
		{"2048 characters", plain, nil, Create, []string{"name", strings.Repeat("é", 2048)}, "", nil},
		{"birthdate, length", plain, open, Create, []string{"birthdate", "1990-1-2"}, conform + "birthdate: String must be no shorter than 10 characters", nil},
		{"birthdate, form", plain, open, Create, []string{"birthdate", "1990-13-02"}, conform + "birthdate: Attribute value is not a date of the form YYYY-MM-DD.", nil},
		{"number", plain, nil, Create, []string{"custom:born", "x"}, conform + "custom:born: Attribute value is not a number.", nil},
		{"number, low", plain, nil, Create, []string{"custom:born", "1899"}, conform + "custom:born: Attribute value is smaller than the minimum value 1900.", nil},
		{"number, high", plain, nil, Create, []string{"custom:born", "2100.5"}, conform + "custom:born: Attribute value is larger than the maximum value 2100.", nil},
		{"updated_at", plain, open, Update, []string{"updated_at", "-1"}, "InvalidParameterException: user.updated_at: Attribute value is smaller than the minimum value 0.\n", nil},
		{"updated_at, text", plain, open, Update, []string{"updated_at", "now"}, "InvalidParameterException: user.updated_at: Attribute value is not a number.\n", nil},
		{"boolean", plain, wide, Update, []string{"custom:vip", "yes"}, "InvalidParameterException: user.custom:vip: Attribute value is not a boolean.\n", nil},
		{"boolean, stored form", plain, wide, Update, []string{"custom:vip", "TRUE"}, "", map[string]string{"custom:vip": "true"}},
		{"date and time", plain, wide, Update, []string{"custom:seen", "2026-01-07T03:04:05Z"}, "", nil},
		{"date and time, form", plain, wide, Update, []string{"custom:seen", "yesterday"}, "InvalidParameterException: user.custom:seen: Attribute value is not a date and time.\n", nil},

		{"e-mail", plain, open, Create, []string{"email", "jo"}, "InvalidParameterException: Invalid email address format.", nil},
		{"e-mail, header injection", plain, nil, Update, []string{"email", "jo@example.com\nBcc: x@example.com"}, "InvalidParameterException: Invalid email address format.", nil},
		{"phone", plain, open, Update, []string{"phone_number", "0171 555"}, "InvalidParameterException: Invalid phone number format.", nil},

		{"custom attribute without a list", plain, open, Create, []string{"custom:tier", "gold"}, "", nil},
		{"custom attribute not listed", plain, narrow, Create, []string{"custom:tier", "gold"}, unwritten, nil},
		{"standard attribute not listed", plain, wide, Update, []string{"name", "Jo"}, unwritten, nil},
		{"not listed, deleted", plain, wide, Update, []string{"name", ""}, unwritten, nil},
		{"listed", plain, wide, Update, []string{"custom:tier", "gold"}, "", nil},
		{"developer-only", plain, nil, Update, []string{"dev:custom:note", "x"}, "", nil},
		{"developer-only by a client", plain, open, Update, []string{"dev:custom:note", "x"}, unwritten, nil},
		{"verified flag by a client", plain, open, Create, []string{"email", "a@b.com", "email_verified", "true"}, unwritten, nil},
		{"verified flag by a client later", plain, open, Update, []string{"email_verified", "True"}, unwritten, nil},
		{"verified flag, even false", plain, open, Update, []string{"phone_number_verified", "false"}, unwritten, nil},
		{"verified flag, deleted", plain, open, Update, []string{"email_verified", ""}, unwritten, nil},
		{"verified flag by an administrator", plain, nil, Create, []string{"email", "a@b.com", "email_verified", "True"}, "",
			map[string]string{"email": "a@b.com", "email_verified": "true"}},
		{"verified flag of nothing", plain, nil, Create, []string{"email_verified", "true"},
			"InvalidParameterException: user.email_verified: Attribute cannot be set to true without a value for email.\n", nil},
		{"verified flag, form", plain, nil, Update, []string{"email_verified", "1"}, "InvalidParameterException: user.email_verified: Attribute value is not a boolean.\n", nil},
		{"sub", plain, nil, Create, []string{"sub", "2c5d5d5e-1111-4222-8333-444455556666"}, conform + "sub: Attribute cannot be updated.", nil},
		{"sub later", plain, nil, Update, []string{"sub", "x"}, "InvalidParameterException: user.sub: Attribute cannot be updated.\n", nil},
		{"identities", plain, nil, Update, []string{"identities", "[]"}, "InvalidParameterException: user.identities: Attribute cannot be updated.\n", nil},
		{"identities by a client", plain, open, Update, []string{"identities", "[]"}, "InvalidParameterException: user.identities: Attribute cannot be updated.\n", nil},
		{"preferred name at sign-up", aliased, aliasedClient, Create, []string{"preferred_username", "jo"},
			"InvalidParameterException: preferred_username can not be provided for unconfirmed account", nil},
		{"preferred name later", aliased, aliasedClient, Update, []string{"preferred_username", "jo"}, "", nil},
		{"preferred name, no alias", plain, open, Create, []string{"preferred_username", "jo"}, "", nil},
	} {
		attrs := pairs(c.in)
		err := f.CheckAttributes(c.p, c.c, attrs, c.mode)
		if got := refusal(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
			continue
		}
		if c.out == nil {
			c.out = pairs(c.in)
		}
		if err == nil && !maps.Equal(attrs, c.out) {
			t.Errorf("%s: stored %v, want %v", c.what, attrs, c.out)
		}
	}
}

// TestNoAttributeOpensByClient writes every attribute of the schema as a user of a client with default permissions: what
// the service vouches for stays closed (threats 40 and 53).
func TestNoAttributeOpensByClient(t *testing.T) {
	f := quick(t)
	p := f.newPool(nil)
	everything := f.newClient(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		for _, a := range p.Schema.All() {
			switch a.Name {
			case "sub", "email_verified", "phone_number_verified":
			default:
				if !a.DeveloperOnly {
					in.WriteAttributes = append(in.WriteAttributes, a.Name)
				}
			}
		}
	})
	for _, c := range []*pool.Client{f.newClient(p, nil), everything} {
		u := f.user(p, "user-"+c.ID, "email", "a@example.com", "phone_number", "+15550001")
		access := f.signIn(p, c, u, "")
		for _, name := range []string{"sub", "identities", "email_verified", "phone_number_verified", "dev:custom:note", "custom:nope",
			"cognito:user_status", "username", "Sub", "EMAIL_VERIFIED", "email_verified ", "status", "enabled"} {
			for _, v := range []string{"true", "", "x"} {
				_, err := f.UpdateUserAttributes(f.ctx, &cognitoidp.UpdateUserAttributesRequest{AccessToken: access, UserAttributes: list("name", "mallory", name, v)})
				if err == nil {
					t.Errorf("%s = %q was accepted", name, v)
				}
				if name != "sub" && v == "" {
					_, err := f.DeleteUserAttributes(f.ctx, &cognitoidp.DeleteUserAttributesRequest{AccessToken: access, UserAttributeNames: []string{name}})
					if err == nil {
						t.Errorf("%s was deleted", name)
					}
				}
			}
		}
		if got := f.read(p, u.Sub); !maps.Equal(got.Attributes, u.Attributes) || got.Version != u.Version {
			t.Errorf("attributes are now %v", got.Attributes)
		}
	}
}
