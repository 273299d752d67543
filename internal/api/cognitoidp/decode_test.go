package cognitoidp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"cognate/internal/api/rt"
)

const unicodePattern = `Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`

// TestConstraints has one row per kind of constraint, with the texts that
// recorded answers of the real service show where there are any.
func TestConstraints(t *testing.T) {
	const one = "1 validation error detected: "
	signUp := func(username, password string) string {
		return `{"ClientId":"abc","Username":"` + username + `","Password":"` + password + `"}`
	}
	for _, tt := range []struct{ op, body, want string }{
		{"DescribeUserPool", `{"UserPoolId":"not a pool"}`, one + `Value 'not a pool' at 'userPoolId' failed to satisfy constraint: ` +
			`Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		{"DescribeUserPool", `{}`, one + "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		{"DescribeUserPool", `{"userPoolId":"r_1"}`, one + "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		{"SignUp", signUp("", "Passw0rd!"), "2 validation errors detected: Value at 'username' failed to satisfy constraint: " + unicodePattern +
			"; Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"SignUp", signUp("a b", "Passw0rd!"), one + "Value at 'username' failed to satisfy constraint: " + unicodePattern},
		{"SignUp", signUp(strings.Repeat("ü", 129), "Passw0rd!"), one + "Value at 'username' failed to satisfy constraint: " +
			"Member must have length less than or equal to 128"},
		{"SignUp", signUp(strings.Repeat("ü", 128), "Passw0rd!"), ""},
		{"SignUp", signUp("jane", " x"), one + `Value at 'password' failed to satisfy constraint: ` +
			`Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`},
		{"SignUp", signUp("jane", "x"), ""},
		{"SignUp", signUp("jane", "correct horse battery"), ""},
		{"SignUp", signUp("jane", "ends in space "), one + `Value at 'password' failed to satisfy constraint: ` +
			`Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`},
		{"SignUp", `{"Username":"jane","Password":"x"}`, one + "Value at 'clientId' failed to satisfy constraint: Member must not be null"},
		{"SignUp", `{"ClientId":"abc","Username":"jane","Password":"x","UserAttributes":[{"Name":"a"},{"Value":"v"}]}`,
			one + "Value null at 'userAttributes.2.member.name' failed to satisfy constraint: Member must not be null"},
		{"SignUp", `{"ClientId":"abc","Username":"jane","Password":"x","UserAttributes":[{"Name":"a","Value":"` + strings.Repeat("v", 2049) + `"}]}`,
			one + "Value at 'userAttributes.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 2048"},
		{"InitiateAuth", `{"ClientId":"abc","AuthFlow":"NOPE"}`, one + "Value 'NOPE' at 'authFlow' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, " +
			"USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]"},
		{"InitiateAuth", `{"ClientId":"abc","AuthFlow":"USER_AUTH","AuthParameters":{"A":"` + strings.Repeat("x", 131073) + `"}}`,
			one + "Value at 'authParameters' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length " +
				"less than or equal to 131072, Member must have length greater than or equal to 0]"},
		{"ListUserPools", `{"MaxResults":61}`, one + "Value '61' at 'maxResults' failed to satisfy constraint: " +
			"Member must have value less than or equal to 60"},
		{"ListUserPools", `{"MaxResults":0}`, one + "Value '0' at 'maxResults' failed to satisfy constraint: " +
			"Member must have value greater than or equal to 1"},
		{"AddCustomAttributes", `{"UserPoolId":"r_1","CustomAttributes":[]}`, one + "Value '[]' at 'customAttributes' failed to satisfy " +
			"constraint: Member must have length greater than or equal to 1"},
		{"AddCustomAttributes", `{"UserPoolId":"r_1","CustomAttributes":[{"Name":"","AttributeDataType":"Text"}]}`,
			"3 validation errors detected: Value '' at 'customAttributes.1.member.name' failed to satisfy constraint: " + unicodePattern +
				"; Value '' at 'customAttributes.1.member.name' failed to satisfy constraint: Member must have length greater than or equal to 1" +
				"; Value 'Text' at 'customAttributes.1.member.attributeDataType' failed to satisfy constraint: " +
				"Member must satisfy enum value set: [String, Number, DateTime, Boolean]"},
		{"CreateUserPoolClient", `{"UserPoolId":"r_1","ClientName":"c","ExplicitAuthFlows":["ALLOW_CLIENT_TOKEN_AUTH"]}`, ""},
		{"CreateUserPoolClient", `{"UserPoolId":"r_1","ClientName":"c","AllowedOAuthFlows":["code","x"]}`,
			one + "Value '[code, x]' at 'allowedOAuthFlows' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [code, implicit, client_credentials]]"},
		{"CreateUserPoolClient", `{"UserPoolId":"r_1","ClientName":"c","AllowedOAuthFlows":["code","code","code","code"]}`,
			one + "Value at 'allowedOAuthFlows' failed to satisfy constraint: Member must have length less than or equal to 3"},
		{"CreateUserPool", `{"PoolName":"p","UserPoolTags":{"":"v"}}`, one + "Value '{=v}' at 'userPoolTags' failed to satisfy constraint: " +
			"Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
		{"CreateUserPool", `{"PoolName":"p","AcrConfiguration":{"Level9":{"AcrValue":"x"}}}`, one + "Value at 'acrConfiguration' failed to " +
			"satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: Level[1-4]]"},
		{"CreateUserPool", `{"PoolName":"p","AcrConfiguration":{"Level1":{"AcrValue":" "}}}`, one + "Value ' ' at " +
			"'acrConfiguration.Level1.member.acrValue' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
			`[\x21\x23-\x5B\x5D-\x7E]+`},
		{"CreateUserPool", `{"PoolName":"p","Policies":{"PasswordPolicy":{"MinimumLength":5}}}`, one + "Value '5' at " +
			"'policies.passwordPolicy.minimumLength' failed to satisfy constraint: Member must have value greater than or equal to 6"},
		{"CreateUserPool", `{"PoolName":"p\u000bq"}`, ""}, // Java's \s knows the vertical tab
		{"CreateUserPool", `{"PoolName":"p","SmsVerificationMessage":"a\u2028{####}"}`, one + "Value 'a\u2028{####}' at 'smsVerificationMessage' " +
			`failed to satisfy constraint: Member must satisfy regular expression pattern: .*\{####\}.*`},
	} {
		_, err := decodeFor(t, tt.op, tt.body)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %.120s\n got %s\nwant %s", tt.op, tt.body, got, tt.want)
		}
	}
}

func decodeFor(t testing.TB, op, body string) (any, error) {
	t.Helper()
	for i := range Operations {
		if Operations[i].Name == op {
			return Operations[i].Decode(rt.NewDecoder([]byte(body)))
		}
	}
	t.Fatalf("no operation %s", op)
	return nil, nil
}

// TestFlag: one boolean of the API is made of texts, too.
func TestFlag(t *testing.T) {
	for value, want := range map[string]string{
		`true`: "true", `false`: "false", `"false"`: "false", `"true"`: "true", `"yes"`: "true", `""`: "true",
		`1`: "SerializationException", `null`: "SerializationException", `{}`: "SerializationException", `[]`: "SerializationException",
	} {
		in, err := DecodeCreateManagedLoginBrandingRequest(rt.NewDecoder([]byte(`{"UserPoolId":"r_1","ClientId":"c","UseCognitoProvidedValues":` + value + `}`)))
		got := "absent"
		var serialization *rt.SerializationError
		if errors.As(err, &serialization) {
			got = "SerializationException"
		} else if in.UseCognitoProvidedValues != nil {
			got = strconv.FormatBool(*in.UseCognitoProvidedValues)
		}
		if got != want {
			t.Errorf("%s is %s (%v), want %s", value, got, err, want)
		}
	}
}

// TestWholeList: one list of the API takes no null elements.
func TestWholeList(t *testing.T) {
	for list, want := range map[string]string{
		`[null]`: "1 validation error detected: Value '[null]' at 'assets' failed to satisfy constraint: Member must satisfy constraint: [Member must not be null]",
		`[]`:     "", `null`: "", `[{"Category":"FORM_LOGO","ColorMode":"DARK","Extension":"PNG"}]`: "",
	} {
		_, err := DecodeUpdateManagedLoginBrandingRequest(rt.NewDecoder([]byte(`{"Assets":` + list + `}`)))
		if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
			t.Errorf("%s: %s", list, got)
		}
	}
}

func TestInvalidInputIsReturned(t *testing.T) {
	in, err := decodeFor(t, "DescribeUserPool", `{"UserPoolId":"???"}`)
	var v *rt.ValidationError
	if !errors.As(err, &v) || in.(*DescribeUserPoolRequest).UserPoolId != "???" {
		t.Fatalf("%v %v", in, err)
	}
}

func TestPatternsCompile(t *testing.T) {
	// The lazily compiled expressions are all forced here, with a value that no fast form decides.
	for _, p := range []*rt.Pattern{&patternArnType, &patternPasswordType, &patternEmailAddressType,
		&patternLanguageIdType, &patternManagedLoginBrandingIdType, &patternProviderNameTypeV2, &patternSessionIdType,
		&patternTokenModelType, &patternCustomAttributeNameType} {
		p.Match("ä\n")
	}
}

func FuzzDecodeAll(f *testing.F) {
	f.Add(0, []byte(`{"UserPoolId":"r_1","UserAttributes":[{"Name":"x"}],"AcrConfiguration":{"Level1":{}}}`))
	f.Add(77, []byte(`{"AuthFlow":"USER_AUTH","ClientId":"a","AuthParameters":{"USERNAME":"x"},"ClientMetadata":null}`))
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		op := &Operations[uint(i)%uint(len(Operations))]
		in, err := op.Decode(rt.NewDecoder(body))
		if err != nil {
			return
		}
		// What was accepted must survive our own writer.
		out := in.(rt.StructEncoder).AppendJSON(nil)
		if _, err := op.Decode(rt.NewDecoder(out)); err != nil {
			t.Fatalf("%s: %s: %v", op.Name, out, err)
		}
	})
}

var initiateAuth = []byte(`{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"38fjsnc484p94kpqsnet7mpld0","AuthParameters":` +
	`{"USERNAME":"jane.doe@example.org","PASSWORD":"Correct-Horse-7","SECRET_HASH":"Jc6t0mO1u8c1oVfS3mH1X1u9qkJQ7p0mJr8w2w3tq4E="},` +
	`"ClientMetadata":{"source":"web"},"UserContextData":{"EncodedData":"eyJwYXlsb2FkIjoie30ifQ=="}}`)

func BenchmarkDecodeInitiateAuth(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeInitiateAuthRequest(rt.NewDecoder(initiateAuth)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeUserPoolId(b *testing.B) {
	b.ReportAllocs()
	body := []byte(`{"UserPoolId":"us-east-1_AbCdEfGhI"}`)
	for b.Loop() {
		if _, err := DecodeDescribeUserPoolRequest(rt.NewDecoder(body)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendInitiateAuth(b *testing.B) {
	token := strings.Repeat("x", 1000)
	out := &InitiateAuthResponse{ChallengeParameters: map[string]string{}, AuthenticationResult: &AuthenticationResultType{
		AccessToken: &token, IdToken: &token, RefreshToken: &token, ExpiresIn: new(int64(3600)), TokenType: new("Bearer"),
	}}
	b.ReportAllocs()
	for b.Loop() {
		_ = out.AppendJSON(make([]byte, 0, 4096))
	}
}
