package config

import (
	"errors"
	"fmt"
	"net/url"
)

// AWS are services of AWS, or servers that stand in for them, that the server
// may use: for messages, and for the keys of custom senders.
type AWS struct {
	// The operator's access key; AWS_ACCESS_KEY_ID and its companions.
	AccessKeyID, SecretAccessKey, SessionToken string

	Email   string // smtp, ses, or "" for SMTP when it is configured
	SESFrom string // sender of pools that set none, when e-mail goes through SES
	SMS     string // webhook, sns, end-user-messaging, or "" for the webhook when it is configured

	SMSOrigination      string // number, sender id or pool that SMS come from
	SMSSenderID         string // of SNS
	SMSConfigurationSet string // of End User Messaging

	// Endpoints; "" is AWS, for KMS the server's own.
	SESEndpoint, SNSEndpoint, SMSVoiceEndpoint, KMSEndpoint string

	CodeSuite string // algorithm suite of codes for custom senders: 0578, 0478 or 0378
}

func (s *Settings) validateAWS() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	a := &s.AWS
	switch a.Email {
	case "", "smtp", "ses":
	default:
		bad("--email-via: smtp or ses, have %q", a.Email)
	}
	switch a.SMS {
	case "", "webhook", "sns", "end-user-messaging":
	default:
		bad("--sms-via: webhook, sns or end-user-messaging, have %q", a.SMS)
	}
	if a.Email == "smtp" && s.SMTP.Host == "" {
		bad("--smtp-host is required with --email-via smtp")
	}
	if a.Email == "ses" && a.SESFrom == "" {
		bad("--ses-from is required with --email-via ses")
	}
	if a.SMS == "webhook" && s.SMS.URL == "" {
		bad("--sms-webhook is required with --sms-via webhook")
	}
	for flag, endpoint := range map[string]string{
		"--ses-endpoint": a.SESEndpoint, "--sns-endpoint": a.SNSEndpoint,
		"--sms-voice-endpoint": a.SMSVoiceEndpoint, "--kms-endpoint": a.KMSEndpoint,
	} {
		if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			bad("%s: need an http(s) URL, have %q", flag, endpoint)
		}
	}
	calls := a.Email == "ses" || a.SMS == "sns" || a.SMS == "end-user-messaging" || a.KMSEndpoint != ""
	if calls && s.Mode == Serve && (a.AccessKeyID == "" || a.SecretAccessKey == "") {
		bad("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are required to call AWS services")
	}
	switch a.CodeSuite {
	case "", "0578", "0478", "0378":
	default:
		bad("--code-suite: 0578, 0478 or 0378, have %q", a.CodeSuite)
	}
	return errors.Join(errs...)
}
