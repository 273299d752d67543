package server

import (
	"fmt"
	"net"
	"net/url"

	"cognate/internal/base/awscall"
	"cognate/internal/base/esdk"
	"cognate/internal/base/httpkit"
	"cognate/internal/config"
	"cognate/internal/core/kms"
	"cognate/internal/core/message"
	"cognate/internal/rooms"
)

// transports chooses how messages travel: what is configured, and in dev the
// inbox besides.
func (a *app) transports(c *rooms.Config) (err error) {
	s := a.settings
	c.Inbox = s.Mode == config.Dev
	if c.Email, err = a.emailSender(); err != nil {
		return err
	}
	if c.SMS, err = a.smsSender(); err != nil {
		return err
	}
	if c.DataKeys, err = a.dataKeys(); err != nil {
		return err
	}
	if s.MessageTexts != "" {
		if c.Catalog, err = message.LoadCatalog(s.MessageTexts); err != nil {
			return fmt.Errorf("--message-texts: %w", err)
		}
	}
	if s.AWS.CodeSuite != "" {
		c.Suite, err = esdk.ParseSuite(s.AWS.CodeSuite)
	}
	return err
}

// awsKey is the operator's access key; stand-ins for AWS in dev take any.
func (a *app) awsKey() awscall.Credentials {
	c := a.settings.AWS
	if a.settings.Mode == config.Dev && c.AccessKeyID == "" {
		return awscall.Credentials{AccessKeyID: "test", Secret: "test"}
	}
	return awscall.Credentials{AccessKeyID: c.AccessKeyID, Secret: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// emailSender is the transport of e-mail, nil for none.
func (a *app) emailSender() (message.Sender, error) {
	s := a.settings
	switch {
	case s.AWS.Email == "ses":
		return senderOf(message.NewSES(message.SESOptions{
			Endpoint: s.AWS.SESEndpoint, Region: s.Region, Credentials: a.awsKey(), From: s.AWS.SESFrom,
		}))
	case s.SMTP.Host != "":
		return senderOf(message.NewSMTP(message.SMTPOptions{
			Host: s.SMTP.Host, Port: s.SMTP.Port, Username: s.SMTP.Username, Password: s.SMTP.Password,
			From: s.SMTP.From, TLS: message.TLSPolicy(s.SMTP.TLS),
		}))
	}
	return nil, nil
}

// smsSender is the transport of SMS, nil for none.
func (a *app) smsSender() (message.Sender, error) {
	s := a.settings
	switch {
	case s.AWS.SMS == "sns":
		return senderOf(message.NewSNS(message.SNSOptions{
			Endpoint: s.AWS.SNSEndpoint, Region: s.Region, Credentials: a.awsKey(),
			SenderID: s.AWS.SMSSenderID, OriginationNumber: s.AWS.SMSOrigination,
		}))
	case s.AWS.SMS == "end-user-messaging":
		return senderOf(message.NewEndUserMessaging(message.EndUserMessagingOptions{
			Endpoint: s.AWS.SMSVoiceEndpoint, Region: s.Region, Credentials: a.awsKey(),
			Origination: s.AWS.SMSOrigination, ConfigurationSet: s.AWS.SMSConfigurationSet,
		}))
	case s.SMS.URL != "":
		options := httpkit.ClientOptions{AllowLocal: s.SMS.AllowPrivate, AllowHTTP: s.SMS.AllowPrivate}
		return senderOf(message.NewWebhook(message.WebhookOptions{
			URL: s.SMS.URL, Secret: s.SMS.Secret, Client: httpkit.NewClient(options),
		}))
	}
	return nil, nil
}

// senderOf keeps a nil pointer from becoming a Sender.
func senderOf[S message.Sender](s S, err error) (message.Sender, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// dataKeys is the KMS that wraps the codes of custom senders: the operator's, or
// nil for the server's own. Shells that point AWS's tools at this server set the
// endpoint to it, which means its own.
func (a *app) dataKeys() (message.DataKeys, error) {
	endpoint := a.settings.AWS.KMSEndpoint
	if endpoint == "" || sameServer(endpoint, a.settings.PublicURL) {
		return nil, nil
	}
	return kms.NewRemote(kms.RemoteOptions{Endpoint: endpoint, Region: a.settings.Region, Credentials: a.awsKey()})
}

// sameServer reports whether two URLs name one server; loopback names are alike.
func sameServer(one, other string) bool {
	a, errA := url.Parse(one)
	b, errB := url.Parse(other)
	if errA != nil || errB != nil || a.Scheme != b.Scheme || a.Port() != b.Port() {
		return false
	}
	loopback := func(host string) bool {
		ip := net.ParseIP(host)
		return host == "localhost" || ip != nil && ip.IsLoopback()
	}
	return a.Hostname() == b.Hostname() || loopback(a.Hostname()) && loopback(b.Hostname())
}
