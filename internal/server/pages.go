package server

import (
	"fmt"
	"net/http"

	"cognate/internal/base/httpkit"
	"cognate/internal/web/login"
	"cognate/internal/web/recovery"
)

// pages are what people see in a browser, and recoveryCodes a resource that their applications use beside the API.
func (a *app) pages() (pages, recoveryCodes http.Handler, err error) {
	proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies)
	if err != nil {
		return nil, nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	pages = login.Handler(login.Deps{
		Pools: a.Pools, Accounts: a.Accounts, PublicURL: a.settings.PublicURL,
		Log: a.log, ClientIP: proxies.ClientIP,
	})
	recoveryCodes = recovery.Handler(recovery.Deps{
		Codes: a.Factors, PublicURL: a.settings.PublicURL, Log: a.log, ClientIP: proxies.ClientIP,
	})
	return pages, recoveryCodes, nil
}
