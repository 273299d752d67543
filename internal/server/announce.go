package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/config"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/server/seed"
)

// announce tells what was started. In dev that is where everything is and what
// to paste first.
func (a *app) announce(out io.Writer) {
	s := a.settings
	if s.Mode != config.Dev {
		regions := s.Regions
		if len(regions) == 0 {
			regions = []string{s.Region}
		}
		a.log.Info("cognate serves", "url", s.PublicURL, "listen", s.Listen, "region", s.Region, "regions", regions, "account", s.Account)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nCognate (dev)\n  endpoint  %s\n  inbox     %s/_cognate/inbox\n  data      %s\n", s.PublicURL, s.PublicURL, a.whereData())
	if f := a.seededFile(); f != nil {
		fmt.Fprintf(&b, "  seed      %s\n", s.Seed)
		a.announceSeed(&b, f.Pools)
	} else {
		a.announceDemo(&b)
	}
	_, _ = io.WriteString(out, b.String()+"\n")
}

// whereData names what keeps the data, without the password of a database.
func (a *app) whereData() string {
	s := a.settings
	switch {
	case s.Database != "":
		return "PostgreSQL"
	case s.Ephemeral:
		return "in memory, gone at exit"
	}
	if dir, err := filepath.Abs(s.Data); err == nil {
		return dir
	}
	return s.Data
}

// announceSeed lists the pools of the seed file with their clients, and shows how to look at the first.
func (a *app) announceSeed(b *strings.Builder, pools []seed.Pool) {
	for i, want := range pools {
		fmt.Fprintf(b, "  pool      %s%s\n", want.ID, called(want.Name))
		for _, c := range want.Clients {
			fmt.Fprintf(b, "    client  %s%s\n", c.ID, called(c.Name))
			a.announceLogin(b, c.ID)
		}
		p, err := a.Pools.Pool(context.Background(), want.ID)
		if err != nil {
			continue
		}
		fmt.Fprintf(b, "    issuer  %s\n", a.addresses.Issuer(p))
		if i == 0 {
			defer func() {
				fmt.Fprintf(b, "\nPaste to look at users (dev takes any access key):\n\n%s"+
					"  AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev \\\n  %s list-users --user-pool-id %s\n", a.trust(), a.cli(string(p.Region)), p.ID)
			}()
		}
	}
}

// announceLogin tells where users of a client sign in, if they do.
func (a *app) announceLogin(b *strings.Builder, clientID string) {
	p, c, err := a.Pools.Client(context.Background(), clientID)
	if err != nil {
		return
	}
	if login := a.loginURL(p, c); login != "" {
		fmt.Fprintf(b, "    sign in %s\n", login)
	}
}

func called(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// announceDemo tells of the demo pool, and gives commands that work whatever was pasted before.
func (a *app) announceDemo(b *strings.Builder) {
	ctx := context.Background()
	p, client, err := a.Pools.Client(ctx, demoClientID)
	if err != nil {
		return
	}
	fmt.Fprintf(b, "  pool      %s (demo)\n    client  %s\n    issuer  %s\n", p.ID, demoClientID, a.addresses.Issuer(p))
	if taken, err := a.taken(ctx, p, demoUser); err == nil && taken {
		fmt.Fprintf(b, "    user    %s, made with the password %s\n", demoUser, demoPassword)
	}
	a.announceLogin(b, client.ID)
	name, err := a.freshName(ctx, p)
	if err != nil {
		return
	}
	fmt.Fprintf(b, `
Paste to sign up, confirm with the code from the inbox and sign in, and look at the user:

%[4]s  %[1]s sign-up --client-id %[2]s --username %[5]s \
    --password 'Passw0rd!' --user-attributes Name=email,Value=%[5]s@example.com
  %[1]s confirm-sign-up --client-id %[2]s --username %[5]s \
    --confirmation-code "$(curl -s '%[3]s/_cognate/inbox?to=%[5]s@example.com&format=code')" &&
  TOKEN=$(%[1]s initiate-auth --client-id %[2]s \
    --auth-flow USER_PASSWORD_AUTH --auth-parameters USERNAME=%[5]s,PASSWORD='Passw0rd!' \
    --query AuthenticationResult.AccessToken --output text)
  %[1]s get-user --access-token "$TOKEN"
`, a.cli(a.settings.Region), demoClientID, a.settings.PublicURL, a.trust(), name)
}

func (a *app) cli(region string) string {
	return fmt.Sprintf("aws cognito-idp --endpoint-url %s --region %s", a.settings.PublicURL, region)
}

// trust are the lines that make the CLI and curl believe the certificate of --tls-cert.
func (a *app) trust() string {
	if a.settings.TLSCert == "" {
		return ""
	}
	file := a.settings.TLSCert
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return fmt.Sprintf("  export AWS_CA_BUNDLE='%[1]s' CURL_CA_BUNDLE='%[1]s'   # not needed when the system trusts the certificate\n", file)
}

// freshName is a name that nobody has in the pool, so that signing up with it works at every start.
func (a *app) freshName(ctx context.Context, p *pool.Pool) (string, error) {
	for i := 1; ; i++ {
		name := "ana"
		if i > 1 {
			name += fmt.Sprint(i)
		}
		if taken, err := a.taken(ctx, p, name); err != nil || !taken || i > 1000 {
			return name, err
		}
	}
}

func (a *app) taken(ctx context.Context, p *pool.Pool, name string) (bool, error) {
	err := a.db.Read(ctx, func(tx *db.Tx) error {
		_, err := a.Users.Resolve(tx, p, name)
		return err
	})
	if errors.Is(err, directory.ErrUserNotFound) {
		return false, nil
	}
	return err == nil, err
}
