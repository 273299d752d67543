package cli

import (
	"path/filepath"
	"time"

	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/server"
)

// common are the flags that dev and serve share.
type common struct {
	Database       string     `help:"PostgreSQL instead of SQLite." placeholder:"postgres://..."`
	Seed           string     `help:"YAML file that declares pools, clients, groups and users." type:"existingfile" placeholder:"FILE"`
	Regions        []string   `help:"AWS Regions that requests may be signed for, --region among them; default all of AWS in dev, --region in serve. Others than AWS's must be named here." placeholder:"REGION"`
	Functions      string     `help:"YAML file that says how trigger functions are reached." type:"existingfile" placeholder:"FILE"`
	LocalFunctions bool       `name:"allow-local-functions" help:"serve: let functions run as processes of this machine. dev, where they may: accept them from other machines too."`
	KeyFile        string     `help:"File with the key-encryption key; default kek in the data folder." placeholder:"FILE"`
	Key            string     `help:"The key-encryption key itself, 32 bytes in base64; prefer the environment." placeholder:"BASE64"`
	PreviousKeys   []string   `name:"previous-key-file" help:"Files with other key-encryption keys that the database needs until keys rewrap has finished." placeholder:"FILE"`
	RootAccessKey  string     `name:"root-access-key-id" help:"Access key id of the account's root." placeholder:"ID"`
	RootSecret     string     `name:"root-access-key-secret" help:"Its secret; prefer the environment." env:"COGNATE_ROOT_ACCESS_KEY_SECRET,COGNATE_ROOT_SECRET_ACCESS_KEY" placeholder:"SECRET"`
	TLSCert        string     `help:"PEM certificate chain; serves HTTPS." placeholder:"FILE"`
	TLSKey         string     `help:"PEM private key." placeholder:"FILE"`
	DomainCerts    string     `name:"domain-certificates" help:"Folder with the certificates of custom domains, <certificate id or host>.pem and .key; others have that of --tls-cert." type:"path" placeholder:"DIR"`
	TrustedProxies []string   `help:"CIDR ranges whose X-Forwarded-For is believed." placeholder:"CIDR"`
	SMTPHost       string     `name:"smtp-host" help:"E-mail goes out through this server."`
	SMTPPort       int        `name:"smtp-port" default:"587" help:"Its port."`
	SMTPUsername   string     `name:"smtp-username" help:"User name, when the server wants one."`
	SMTPPassword   string     `name:"smtp-password" help:"Password; prefer the environment."`
	SMTPFrom       string     `name:"smtp-from" help:"Sender of pools that set none." placeholder:"ADDRESS"`
	SMTPTLS        string     `name:"smtp-tls" default:"mandatory" enum:"mandatory,opportunistic,implicit,none" help:"STARTTLS policy, or implicit TLS."`
	SMSWebhook     string     `name:"sms-webhook" help:"SMS are POSTed to this https URL, signed." placeholder:"URL"`
	SMSSecret      string     `name:"sms-webhook-secret" help:"HMAC key of the signature, at least 16 characters; prefer the environment."`
	SMSPrivate     bool       `name:"sms-webhook-allow-private" help:"Permit a webhook on loopback or private addresses."`
	Branding       string     `default:"cognate" enum:"cognate,aws" help:"What clients without a managed-login style show: cognate's own style, or, as at AWS, no pages (403)." placeholder:"cognate|aws"`
	MessageTexts   string     `help:"Folder with texts of messages for pools that set none: <language>.yaml, and <user pool id>/<language>.yaml." type:"existingdir" placeholder:"DIR"`
	Pages          string     `help:"Folder with templates and texts of yours for the sign-in pages; dev shows changes at once." type:"existingdir" placeholder:"DIR"`
	AWSServices    awsFlags   `embed:""`
	Budgets        limitFlags `embed:""`
	Records        auditFlags `embed:""`
	LogFormat      string     `enum:"text,json," default:"" help:"Log format: text, one short line each, is the default of dev; json, with everything, that of serve." placeholder:"text|json"`
	LogLevel       string     `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged."`
}

func (c *common) settings(mode config.Mode) config.Settings {
	if c.LogFormat == "" {
		c.LogFormat = string(map[config.Mode]obs.Format{config.Dev: obs.Text, config.Serve: obs.JSON}[mode])
	}
	return config.Settings{
		Mode: mode, Database: c.Database, Regions: c.Regions, Seed: c.Seed, Functions: c.Functions, AllowLocalFunctions: c.LocalFunctions, KeyFile: c.KeyFile, Key: c.Key, PreviousKeyFiles: c.PreviousKeys, AuditRetention: c.Records.Retention,
		RootAccessKeyID: c.RootAccessKey, RootSecretAccessKey: c.RootSecret,
		TLSCert: c.TLSCert, TLSKey: c.TLSKey, DomainCertificates: c.DomainCerts, TrustedProxies: c.TrustedProxies,
		SMTP: config.SMTP{
			Host: c.SMTPHost, Port: c.SMTPPort, Username: c.SMTPUsername,
			Password: c.SMTPPassword, From: c.SMTPFrom, TLS: c.SMTPTLS,
		},
		AWS:    c.AWSServices.settings(),
		Limits: c.Budgets.settings(), MessageTexts: c.MessageTexts, Pages: c.Pages, StyleNeeded: c.Branding == "aws",
		SMS:     config.SMSWebhook{URL: c.SMSWebhook, Secret: c.SMSSecret, AllowPrivate: c.SMSPrivate},
		Version: Version(), LogFormat: c.LogFormat, LogLevel: c.LogLevel,
	}
}

type devCmd struct {
	common
	Listen      string `default:"127.0.0.1:7654" help:"Address of the API."`
	PublicURL   string `help:"What clients reach the server by; default http(s)://localhost:<port>." placeholder:"URL"`
	LoginDomain string `default:"localhost" help:"Domain below which pages of pools have their prefixes: <prefix>.auth.<region>.<domain>." placeholder:"DOMAIN"`
	Data        string `default:".cognate" help:"Folder of the database and keys." type:"path" placeholder:"DIR"`
	Ephemeral   bool   `help:"Write nothing to disk; all is gone at exit."`
	Region      string `default:"us-east-1" help:"AWS Region of seeds and of the demo pool."`
	Account     string `default:"000000000000" help:"AWS account id the server stands for."`

	Drain time.Duration `default:"0s" help:"How long requests are answered after SIGTERM, while ready says 503." placeholder:"DURATION"`

	AllowedHosts []string `help:"Further hosts that the server is reached by and whose web pages are trusted, such as a container's name; this machine's and that of --public-url always are." placeholder:"HOST"`
	Token        string   `name:"function-token" help:"What clients of /_cognate/functions prove to be yours with; default one in the data folder. Prefer the environment." placeholder:"TOKEN"`
}

// Run starts a development server and blocks until it is stopped.
func (d *devCmd) Run(e *env) error {
	s := d.settings(config.Dev)
	s.Listen, s.PublicURL, s.Region, s.Account = d.Listen, d.PublicURL, d.Region, d.Account
	s.Data, s.Ephemeral, s.LoginDomain, s.AllowedHosts = d.Data, d.Ephemeral, d.LoginDomain, d.AllowedHosts
	s.Drain = d.Drain
	s.FunctionToken = d.Token
	return server.Run(e.ctx, s, e.stdout)
}

type serveCmd struct {
	common
	Listen        string `required:"" help:"Address of the API." placeholder:"HOST:PORT"`
	PublicURL     string `required:"" help:"What clients reach the server by." placeholder:"URL"`
	LoginDomain   string `help:"Domain below which pages of pools have their prefixes: <prefix>.auth.<region>.<domain>; without it pages stand below the public URL." placeholder:"DOMAIN"`
	MetricsListen string `help:"Address of the metrics; none when empty." placeholder:"HOST:PORT"`
	Data          string `help:"Folder of the SQLite database and keys." type:"path" placeholder:"DIR"`
	Region        string `required:"" help:"AWS Region of seeds, and the one served without --regions."`
	Account       string `required:"" help:"AWS account id the server stands for."`

	Drain time.Duration `default:"5s" help:"How long requests are answered after SIGTERM, while ready says 503." placeholder:"DURATION"`
}

// serving is what the flags of serve come to.
func (c *serveCmd) serving() config.Settings {
	s := c.settings(config.Serve)
	s.Listen, s.PublicURL, s.Region, s.Account = c.Listen, c.PublicURL, c.Region, c.Account
	s.Data, s.MetricsListen, s.LoginDomain = c.Data, c.MetricsListen, c.LoginDomain
	s.Drain = c.Drain
	if s.KeyFile == "" && s.Data != "" && s.Key == "" {
		s.KeyFile = filepath.Join(s.Data, "kek")
	}
	return s
}

// Run starts a production server and blocks until it is stopped.
func (c *serveCmd) Run(e *env) error { return server.Run(e.ctx, c.serving(), e.stdout) }
