package cognitoidp

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"cognate/internal/api/rt"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// representatives has one value per kind of member.
func representatives() map[string]any {
	at := rt.NewTime(time.UnixMilli(1548108509537))
	return map[string]any{
		"InitiateAuthResponse": &InitiateAuthResponse{
			ChallengeName:       new(ChallengeNameTypeSoftwareTokenMfa),
			Session:             new("AYABe"),
			ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": "a<b>\"c", "A": ""},
			AvailableChallenges: []ChallengeNameType{},
			AuthenticationResult: &AuthenticationResultType{
				ExpiresIn: new(int64(3600)), AccessToken: new("x"), NewDeviceMetadata: &NewDeviceMetadataType{DeviceKey: new("k")},
			},
		},
		"UserType": &UserType{
			Username: new("jane"), Attributes: []AttributeType{{Name: "email", Value: new("a@example.org")}, {Name: "x"}},
			UserCreateDate: &at, Enabled: new(false), UserStatus: new(UserStatusTypeConfirmed),
		},
		"SchemaAttributeType": &SchemaAttributeType{
			Name: new("n"), Mutable: new(true), NumberAttributeConstraints: &NumberAttributeConstraintsType{MinValue: new("1")},
		},
		"UserPoolType": &UserPoolType{
			Id: new("r_1"), UserPoolTags: map[string]string{"b": "2", "a": "1"}, EstimatedNumberOfUsers: new(int64(7)),
			AcrConfiguration: map[string]AcrLevelConfigType{"Level1": {AcrValue: "x"}},
		},
		"ManagedLoginBrandingType": &ManagedLoginBrandingType{
			Settings: rt.Document(`{"a":[1,null]}`),
			Assets:   []AssetType{{Category: AssetCategoryTypeFormLogo, ColorMode: ColorSchemeModeTypeDark, Extension: AssetExtensionTypePng, Bytes: []byte{0, 1, 254}}},
		},
		"RevokeTokenResponse": &RevokeTokenResponse{},
		"ListTermsResponse":   &ListTermsResponse{}, // a required list is written even when nil
	}
}

func TestGolden(t *testing.T) {
	for name, v := range representatives() {
		got := append(v.(rt.StructEncoder).AppendJSON(nil), '\n')
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %swant %s", name, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for name, v := range representatives() {
		text := v.(rt.StructEncoder).AppendJSON(nil)
		back := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if err := json.Unmarshal(text, back); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again := back.(rt.StructEncoder).AppendJSON(nil); !bytes.Equal(text, again) {
			t.Errorf("%s: %s became %s", name, text, again)
		}
	}
	// Values, pointers and members of other structures all use the generated form.
	for _, v := range []any{AttributeType{Name: "n"}, &AttributeType{Name: "n"}} {
		if b, err := json.Marshal(v); err != nil || string(b) != `{"Name":"n"}` {
			t.Errorf("%s %v", b, err)
		}
	}
	if b, err := json.Marshal(struct{ A *AttributeType }{}); err != nil || string(b) != `{"A":null}` {
		t.Errorf("%s %v", b, err)
	}
}

func TestUnmarshalIgnoresConstraints(t *testing.T) {
	var c UserPoolClientType
	if err := json.Unmarshal([]byte(`{"ClientId":"","RefreshTokenValidity":-5,"Future":{"x":[1]}}`), &c); err != nil {
		t.Fatal(err)
	}
	if *c.RefreshTokenValidity != -5 {
		t.Error(c)
	}
	if err := json.Unmarshal([]byte(`{"ClientId":1}`), &c); err == nil {
		t.Error("a wrong type was accepted")
	}
}
