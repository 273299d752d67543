package cli

import "cognate/internal/config"

// awsFlags choose AWS services, or servers that stand in for them, for messages
// and for the keys of custom senders. Endpoints and keys have the names that
// AWS's own tools use as well.
type awsFlags struct {
	EmailVia  string `help:"How e-mail goes out: smtp or ses; default smtp when --smtp-host is given." placeholder:"smtp|ses"`
	SESFrom   string `name:"ses-from" help:"Sender of pools that set none, with SES." placeholder:"ADDRESS"`
	SMSVia    string `name:"sms-via" help:"How SMS go out: webhook, sns or end-user-messaging; default webhook when --sms-webhook is given." placeholder:"webhook|sns|end-user-messaging"`
	SMSFrom   string `name:"sms-origination" help:"Number (or, with End User Messaging, pool or sender id) that SMS come from." placeholder:"IDENTITY"`
	SMSSender string `name:"sms-sender-id" help:"Sender id of SMS through SNS." placeholder:"ID"`
	SMSSet    string `name:"sms-configuration-set" help:"Configuration set of SMS through End User Messaging." placeholder:"NAME"`
	SESURL    string `name:"ses-endpoint" env:"COGNATE_SES_ENDPOINT,AWS_ENDPOINT_URL_SESV2" help:"SES at this URL instead of AWS." placeholder:"URL"`
	SNSURL    string `name:"sns-endpoint" env:"COGNATE_SNS_ENDPOINT,AWS_ENDPOINT_URL_SNS" help:"SNS at this URL instead of AWS." placeholder:"URL"`
	SMSURL    string `name:"sms-voice-endpoint" env:"COGNATE_SMS_VOICE_ENDPOINT,AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2" help:"End User Messaging at this URL instead of AWS." placeholder:"URL"`
	KMSURL    string `name:"kms-endpoint" env:"COGNATE_KMS_ENDPOINT,AWS_ENDPOINT_URL_KMS" help:"Codes for custom senders are encrypted with this KMS; default the server's own." placeholder:"URL"`
	AccessKey string `name:"aws-access-key-id" env:"COGNATE_AWS_ACCESS_KEY_ID,AWS_ACCESS_KEY_ID" help:"Access key for these services." placeholder:"ID"`
	Secret    string `name:"aws-secret-access-key" env:"COGNATE_AWS_SECRET_ACCESS_KEY,AWS_SECRET_ACCESS_KEY" help:"Its secret; prefer the environment." placeholder:"SECRET"`
	Token     string `name:"aws-session-token" env:"COGNATE_AWS_SESSION_TOKEN,AWS_SESSION_TOKEN" help:"Session token of a temporary key; prefer the environment." placeholder:"TOKEN"`
	CodeSuite string `default:"0578" enum:"0578,0478,0378" help:"Encryption SDK suite of codes for custom senders; 0378 for SDKs before 2.0."`
}

func (f *awsFlags) settings() config.AWS {
	return config.AWS{
		AccessKeyID: f.AccessKey, SecretAccessKey: f.Secret, SessionToken: f.Token,
		Email: f.EmailVia, SESFrom: f.SESFrom, SMS: f.SMSVia,
		SMSOrigination: f.SMSFrom, SMSSenderID: f.SMSSender, SMSConfigurationSet: f.SMSSet,
		SESEndpoint: f.SESURL, SNSEndpoint: f.SNSURL, SMSVoiceEndpoint: f.SMSURL, KMSEndpoint: f.KMSURL,
		CodeSuite: f.CodeSuite,
	}
}
