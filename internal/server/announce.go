package server

import (
	"context"
	"fmt"
	"io"

	"cognate/internal/config"
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
	fmt.Fprintf(out, "\nCognate (dev)\n  endpoint  %s\n  inbox     %s/_cognate/inbox\n", s.PublicURL, s.PublicURL)
	demo, _, err := a.Pools.Client(context.Background(), demoClientID)
	if err != nil {
		fmt.Fprintln(out)
		return
	}
	fmt.Fprintf(out, "  demo pool %s, client %s\n  issuer    %s\n", demo.ID, demoClientID, a.addresses.Issuer(demo))
	aws := fmt.Sprintf("aws cognito-idp --endpoint-url %s --region %s", s.PublicURL, s.Region)
	fmt.Fprintf(out, `
Paste to sign up, confirm with the code from the inbox and sign in, and look at the user:

  %[1]s sign-up --client-id %[2]s --username ana \
    --password 'Passw0rd!' --user-attributes Name=email,Value=ana@example.com
  %[1]s confirm-sign-up --client-id %[2]s --username ana \
    --confirmation-code "$(curl -s '%[3]s/_cognate/inbox?to=ana@example.com&format=code')" &&
  %[1]s initiate-auth --client-id %[2]s \
    --auth-flow USER_PASSWORD_AUTH --auth-parameters USERNAME=ana,PASSWORD='Passw0rd!' \
    --query AuthenticationResult.AccessToken --output text | tee /tmp/access-token
  %[1]s get-user --access-token "$(cat /tmp/access-token)"

`, aws, demoClientID, s.PublicURL)
}
