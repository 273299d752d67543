package server

import (
	"fmt"
	"net/http"

	"cognate/internal/base/httpkit"
	"cognate/internal/core/account"
	"cognate/internal/web/login"
)

// pages are what people see in a browser.
func (a *app) pages() (http.Handler, error) {
	proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	return login.Handler(login.Deps{
		Pools: a.pools, Accounts: account.Ops{Accounts: a.accounts}, PublicURL: a.settings.PublicURL,
		Log: a.log, ClientIP: proxies.ClientIP,
	}), nil
}
