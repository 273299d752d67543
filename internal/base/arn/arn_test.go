package arn

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]ARN{
		"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a": {"aws", "cognito-idp", "us-east-1", "000000000000", "userpool/us-east-1_a"},
		"arn:aws:iam::123456789012:role/path/Name":                        {"aws", "iam", "", "123456789012", "role/path/Name"},
		"arn:aws-cn:lambda:cn-north-1:1:function:f:live":                  {"aws-cn", "lambda", "cn-north-1", "1", "function:f:live"},
		"arn:aws:s3:::bucket":                                             {"aws", "s3", "", "", "bucket"},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v", text, got, err)
		}
		if got.String() != text {
			t.Errorf("String() = %q, want %q", got.String(), text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "arn", "arn:aws:s3", "ARN:aws:s3:::b", "arn::s3:::b", "arn:aws::::b", "arn:aws:s3:::", "arn:aws:iam::12a:role/x",
		"arn:aws:s3:::a b", "arn:aws:s3:::a\n", "arn:aws:s3:::" + strings.Repeat("x", maxLength),
	} {
		if got, err := Parse(text); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%q) = %+v, %v; want ErrInvalid", text, got, err)
		}
	}
}

func TestParts(t *testing.T) {
	for resource, want := range map[string][2]string{
		"userpool/us-east-1_a": {"userpool", "us-east-1_a"},
		"function:f:live":      {"function", "f:live"},
		"bucket":               {"", "bucket"},
	} {
		a := ARN{Resource: resource}
		if a.Type() != want[0] || a.Name() != want[1] {
			t.Errorf("%q: %q, %q", resource, a.Type(), a.Name())
		}
	}
	for region, want := range map[string]string{"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		if got := Partition(region); got != want {
			t.Errorf("Partition(%q) = %q", region, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a")
	f.Add("arn:::::")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err == nil && a.String() != s {
			t.Errorf("Parse(%q).String() = %q", s, a.String())
		}
		_, _ = a.Type(), a.Name()
	})
}
