package server

import (
	"cognate/internal/base/httpkit"
	"cognate/internal/config"
	"cognate/internal/core/message"
)

// buildMessages chooses the transports: what is configured, and in dev the
// inbox besides.
func (a *app) buildMessages() error {
	s := a.settings
	d := message.Deps{DB: a.db, Keyring: a.keys, Clock: a.clock, Log: a.log, Inbox: s.Mode == config.Dev}
	if s.SMTP.Host != "" {
		smtp, err := message.NewSMTP(message.SMTPOptions{
			Host: s.SMTP.Host, Port: s.SMTP.Port, Username: s.SMTP.Username, Password: s.SMTP.Password,
			From: s.SMTP.From, TLS: message.TLSPolicy(s.SMTP.TLS),
		})
		if err != nil {
			return err
		}
		d.Email = smtp
	}
	if s.SMS.URL != "" {
		options := httpkit.ClientOptions{AllowLocal: s.SMS.AllowPrivate, AllowHTTP: s.SMS.AllowPrivate}
		webhook, err := message.NewWebhook(message.WebhookOptions{
			URL: s.SMS.URL, Secret: s.SMS.Secret, Client: httpkit.NewClient(options),
		})
		if err != nil {
			return err
		}
		d.SMS = webhook
	}
	a.messages = message.New(d)
	return nil
}
