package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"cognate/internal/config"
	"cognate/internal/core/message"
	"cognate/internal/server"
	"cognate/internal/web/login/screen"
)

// doctorCmd checks what serve would run with. Its flags are those of serve, none
// of which is required, so that all mistakes come to light at once.
type doctorCmd struct {
	common
	Listen        string `help:"Address of the API." placeholder:"HOST:PORT"`
	PublicURL     string `help:"What clients reach the server by." placeholder:"URL"`
	MetricsListen string `help:"Address of the metrics; none when empty." placeholder:"HOST:PORT"`
	Data          string `help:"Folder of the SQLite database and keys." type:"path" placeholder:"DIR"`
	Region        string `help:"AWS Region of seeds, and the one served without --regions."`
	Account       string `help:"AWS account id the server stands for."`
	MailTo        string `help:"Send a test message to this address." placeholder:"ADDRESS" env:"-"`
	NTPServer     string `name:"ntp-server" help:"Compare the clock with this time server too." placeholder:"HOST" env:"-"`
	output
}

// doctorPatience bounds every check that waits for somebody else.
const doctorPatience = 15 * time.Second

// Run does all checks; the exit status says whether one failed.
func (c *doctorCmd) Run(e *env) error {
	serve := serveCmd{common: c.common, Listen: c.Listen, PublicURL: c.PublicURL, MetricsListen: c.MetricsListen, Data: c.Data, Region: c.Region, Account: c.Account}
	s := serve.serving()
	var all checks
	checkSettings(&all, s)
	checkFiles(&all, s)
	database := checkDatabase(e.ctx, &all, s)
	c.checkClock(e.ctx, &all, database)
	checkPorts(&all, s)
	checkTLS(&all, s, time.Now())
	checkPublicURL(e.ctx, &all, s)
	c.checkMail(e.ctx, &all, s)
	checkTexts(&all, s)
	if err := c.print(e.stdout, "", all.rows(), all); err != nil {
		return err
	}
	if n := all.failed(); n > 0 {
		return fmt.Errorf("%d of %d checks failed", n, len(all))
	}
	return nil
}

func checkSettings(all *checks, s config.Settings) {
	err := s.Validate()
	if err == nil {
		all.add("ok", "settings", "", "complete and consistent")
		return
	}
	mistakes := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		mistakes = flatten(joined.Unwrap())
	}
	for _, m := range mistakes {
		all.add("fail", "settings", `"cognate serve --help" tells what each is for`, "%v", m)
	}
}

// flatten lists the errors that joined errors are made of.
func flatten(errs []error) []error {
	var out []error
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			out = append(out, flatten(joined.Unwrap())...)
		} else {
			out = append(out, err)
		}
	}
	return out
}

// checkDatabase looks at schema and keys, and returns the clock of a PostgreSQL
// server, zero for none.
func checkDatabase(ctx context.Context, all *checks, s config.Settings) time.Time {
	if s.Data == "" && s.Database == "" {
		all.add("skip", "database", "", "none is configured")
		return time.Time{}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	state, err := server.Inspect(ctx, s)
	if err != nil {
		all.add("fail", "database", "is it running, and may this user connect and create tables in it?", "%v", err)
		return time.Time{}
	}
	switch {
	case state.Fresh:
		all.add("ok", "database", "", "empty: the first start makes its tables")
	case len(state.Pending) > 0:
		all.add("warn", "database", "back it up before the upgrade", "%d migrations run at the next start", len(state.Pending))
	default:
		all.add("ok", "database", "", "answers, its schema is current")
	}
	if err := server.CheckKeys(ctx, s, state.Fresh); err != nil {
		all.add("fail", "keys", "the key-encryption key has to be the one that this database was made with: --key-file or COGNATE_KEY", "%v", err)
	} else if state.Fresh {
		all.add("ok", "keys", "", "there is nothing to open yet")
	} else {
		all.add("ok", "keys", "", "the key-encryption key opens what is in the database")
	}
	if s.Database == "" {
		return time.Time{}
	}
	return state.Clock
}

func checkPorts(all *checks, s config.Settings) {
	for _, p := range []struct{ name, address string }{{"--listen", s.Listen}, {"--metrics-listen", s.MetricsListen}} {
		if _, _, err := net.SplitHostPort(p.address); err != nil {
			continue // the settings say so
		}
		l, err := net.Listen("tcp", p.address)
		if err != nil {
			all.add("warn", p.name, "fine if that is the server itself", "%v", err)
			continue
		}
		l.Close()
		all.add("ok", p.name, "", "%s is free", p.address)
	}
}

// checkPublicURL asks whether clients get through.
func checkPublicURL(ctx context.Context, all *checks, s config.Settings) {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" {
		return
	}
	if u.Scheme == "http" && !loopback(s.PublicURL) {
		all.add("warn", "public URL", "browsers and most OAuth clients want https", "%s sends passwords and tokens in clear", s.PublicURL)
	}
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.PublicURL+"/_cognate/health", nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		all.add("warn", "public URL", "fine before the first start; else look at DNS, proxy and firewall", "%s is not reached: %v", s.PublicURL, plain(err))
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		all.add("fail", "public URL", "does the proxy forward all paths?", "%s/_cognate/health answers %s", s.PublicURL, resp.Status)
		return
	}
	all.add("ok", "public URL", "", "%s answers", s.PublicURL)
}

// plain is an error of the HTTP client without the URL, which the caller names.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// checkTexts reads the operator's texts of messages, and templates and texts of pages.
func checkTexts(all *checks, s config.Settings) {
	if s.Pages != "" {
		if _, err := screen.Open(s.Pages, false); err != nil {
			all.add("fail", "pages", "docs/managed-login.md tells what the files hold", "%v", err)
		} else {
			all.add("ok", "pages", "", "%s can be used", s.Pages)
		}
	}
	if s.MessageTexts == "" {
		return
	}
	if _, err := message.LoadCatalog(s.MessageTexts); err != nil {
		all.add("fail", "message texts", "docs/messages.md tells what the files hold", "%v", err)
		return
	}
	all.add("ok", "message texts", "", "%s can be used", s.MessageTexts)
}

func (c *doctorCmd) checkMail(ctx context.Context, all *checks, s config.Settings) {
	ctx, cancel := context.WithTimeout(ctx, 2*doctorPatience)
	defer cancel()
	configured := s.SMTP.Host != "" || s.AWS.Email == "ses"
	switch {
	case !configured && c.MailTo == "":
		all.add("warn", "mail", "--smtp-host or --email-via ses", "none is configured: codes by e-mail cannot be sent")
	case c.MailTo != "":
		if err := server.SendTestMail(ctx, s, c.MailTo); err != nil {
			all.add("fail", "mail", "look at host, port, TLS policy, user name and sender", "%v", err)
			return
		}
		all.add("ok", "mail", "", "a test message was accepted for %s; see whether it arrives", c.MailTo)
	case s.SMTP.Host != "":
		address := net.JoinHostPort(s.SMTP.Host, fmt.Sprint(s.SMTP.Port))
		conn, err := (&net.Dialer{Timeout: doctorPatience}).DialContext(ctx, "tcp", address)
		if err != nil {
			all.add("fail", "mail", "is the port open from here?", "%v", err)
			return
		}
		conn.Close()
		all.add("ok", "mail", "--mail-to ADDRESS sends a test message", "%s is reached, nothing was sent", address)
	default:
		all.add("skip", "mail", "--mail-to ADDRESS sends a test message", "goes through SES")
	}
}
