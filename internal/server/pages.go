package server

import (
	"fmt"
	"slices"

	"cognate/internal/base/httpkit"
	"cognate/internal/core/token"
	"cognate/internal/web/login"
	"cognate/internal/web/oauth"
	"cognate/internal/web/recovery"
	"cognate/internal/web/site"
)

// site is what browsers and relying parties ask.
func (a *app) site() (*site.Site, error) {
	proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	return site.New(site.Deps{Addresses: a.addresses, ByHost: a.Pools.ByHost, Gate: &a.gate, Guard: a.Guard, Log: a.log, ClientIP: proxies.ClientIP}, slices.Concat(
		login.Routes(login.Deps{Pools: a.Pools, Accounts: a.Accounts}),
		login.AssetRoutes(a.Branding),
		oauth.Routes(oauth.Deps{
			Pools: a.Pools, Tokens: a.Tokens, Addresses: a.addresses,
			Machines: a.Machines, Engine: a.Engine, Revoker: token.Ops{Tokens: a.Tokens}, Users: a.Users, Facts: a.Visits, Registrar: a.Registration, Exchanger: a.Exchange,
		}),
		recovery.Routes(a.Factors),
	)...), nil
}
