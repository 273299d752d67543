package config

import (
	"strings"
	"testing"
)

func serving() Settings {
	return Settings{
		Mode: Serve, Listen: ":8080", PublicURL: "https://id.example.com", Region: "us-east-1", Account: "000000000000", Data: "/data",
		LogFormat: "text", LogLevel: "info",
	}
}

func TestValidateAWS(t *testing.T) {
	key := func(s *Settings) { s.AWS.AccessKeyID, s.AWS.SecretAccessKey = "AKID", "secret" }
	for _, c := range []struct {
		edit func(*Settings)
		want string // part of the text; "" for none
	}{
		{func(*Settings) {}, ""},
		{func(s *Settings) { key(s); s.AWS.Email, s.AWS.SESFrom = "ses", "a@b.c" }, ""},
		{func(s *Settings) { key(s); s.AWS.Email = "ses" }, "--ses-from"},
		{func(s *Settings) { s.AWS.Email, s.AWS.SESFrom = "ses", "a@b.c" }, "AWS_ACCESS_KEY_ID"},
		{func(s *Settings) { s.Mode, s.AWS.Email, s.AWS.SESFrom = Dev, "ses", "a@b.c" }, ""},
		{func(s *Settings) { s.AWS.Email = "pigeon" }, "--email-via"},
		{func(s *Settings) { s.AWS.Email = "smtp" }, "--smtp-host"},
		{func(s *Settings) { s.AWS.SMS = "pigeon" }, "--sms-via"},
		{func(s *Settings) { s.AWS.SMS = "webhook" }, "--sms-webhook"},
		{func(s *Settings) { s.AWS.SMS = "sns" }, "AWS_ACCESS_KEY_ID"},
		{func(s *Settings) { key(s); s.AWS.SMS = "end-user-messaging" }, ""},
		{func(s *Settings) { key(s); s.AWS.KMSEndpoint = "kms.example.com" }, "--kms-endpoint"},
		{func(s *Settings) { key(s); s.AWS.KMSEndpoint = "https://kms.example.com" }, ""},
		{func(s *Settings) { s.AWS.KMSEndpoint = "https://kms.example.com" }, "AWS_ACCESS_KEY_ID"},
		{func(s *Settings) { s.AWS.SNSEndpoint = "ftp://x" }, "--sns-endpoint"},
		{func(s *Settings) { s.AWS.CodeSuite = "0378" }, ""},
		{func(s *Settings) { s.AWS.CodeSuite = "0014" }, "--code-suite"},
	} {
		s := serving()
		c.edit(&s)
		err := s.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", s.AWS, err, c.want)
		}
	}
}
