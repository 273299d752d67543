package server

import (
	"fmt"
	"slices"

	"cognate/internal/base/httpkit"
	"cognate/internal/config"
	"cognate/internal/core/factor"
	"cognate/internal/core/token"
	"cognate/internal/web/login"
	"cognate/internal/web/login/screen"
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
	pages, err := a.pages()
	if err != nil {
		return nil, err
	}
	return site.New(site.Deps{Addresses: a.addresses, ByHost: a.Pools.ByHost, Gate: &a.gate, Guard: a.Guard, Log: a.log, ClientIP: proxies.ClientIP}, slices.Concat(
		pages,
		login.AssetRoutes(a.Branding),
		oauth.Routes(oauth.Deps{
			Pools: a.Pools, Tokens: a.Tokens, Addresses: a.addresses,
			Machines: a.Machines, Codes: a.Requests, Engine: a.Engine, Revoker: token.Ops{Tokens: a.Tokens}, Users: a.Users, Facts: a.Visits, Registrar: a.Registration, Exchanger: a.Exchange,
			Clients: a.Requests, Documents: a.ClientDocs,
		}),
		recovery.Routes(a.Factors),
	)...), nil
}

// pages are those that people sign in on.
func (a *app) pages() ([]site.Route, error) {
	drawer, err := screen.Open(a.settings.Pages, a.settings.Mode == config.Dev)
	if err != nil {
		return nil, fmt.Errorf("--pages: %w", err)
	}
	cookies := site.Cookies{Keys: a.keys, Now: a.clock.Now}
	csrf, err := site.NewCSRF(cookies, a.addresses.Origin())
	if err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	return login.Routes(login.Deps{
		Pools: a.Pools, Accounts: a.Accounts, Requests: a.Requests, Engine: a.Engine, Factors: factor.Ops{Factors: a.Factors}, Tokens: a.Tokens,
		Guard: a.Guard, Brands: a.Branding, Cookies: cookies, CSRF: csrf, Drawer: drawer, Clock: a.clock, Dev: a.settings.Mode == config.Dev, StyleNeeded: a.settings.StyleNeeded,
	}), nil
}
