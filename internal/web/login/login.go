package login

import (
	"context"
	"net/http"

	"cognate/internal/base/clock"
	"cognate/internal/core/account"
	"cognate/internal/core/authorization"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// Pools is what the pages ask about pools; *pool.Pools answers it.
type Pools interface {
	// Pool returns the settings of a pool, or pool.ErrPoolNotFound.
	Pool(ctx context.Context, poolID string) (*pool.Pool, error)
	// PoolClient returns a client of a pool, or an error that wraps pool.ErrPoolNotFound or pool.ErrClientNotFound.
	PoolClient(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error)
}

// Deps are what the pages are made of; all but Dev and StyleNeeded are required.
type Deps struct {
	Pools    Pools
	Accounts *account.Accounts
	Requests *authorization.Room
	Engine   *signin.Engine
	Factors  factor.Ops
	Tokens   *token.Tokens
	Guard    *guard.Guard
	Brands   Brands
	Cookies  site.Cookies
	CSRF     *site.CSRF
	Drawer   *screen.Drawer
	Clock    *clock.Clock
	// Dev lets error pages tell developers what was wrong with a request.
	Dev bool
	// StyleNeeded shows no pages of managed login for a client without a style, as AWS does.
	StyleNeeded bool
}

type handler struct {
	Deps
	dresses looks
}

// Routes are the pages of every pool, and the endpoints to which an app sends a browser.
func Routes(d Deps) []site.Route {
	h := &handler{Deps: d, dresses: looks{brands: d.Brands}}
	pages := map[pool.Endpoint]map[string]site.Endpoint{
		pool.EndpointAuthorize: {
			http.MethodGet: {Operation: "Authorize_GET", Handle: h.authorize}, http.MethodPost: {Operation: "Authorize_POST", Handle: byQuery},
		},
		pool.EndpointLogin:         {http.MethodGet: h.get("Login_GET", h.showLogin), http.MethodPost: h.post("Login_POST", h.takeLogin)},
		pool.EndpointSignUp:        {http.MethodGet: h.get("Signup_GET", h.showSignUp), http.MethodPost: h.post("Signup_POST", h.takeSignUp)},
		pool.EndpointConfirm:       {http.MethodGet: h.get("Confirm_GET", h.showConfirm), http.MethodPost: h.post("Confirm_POST", h.takeConfirm)},
		pool.EndpointResend:        {http.MethodGet: h.get("ResendCode_GET", h.showConfirm), http.MethodPost: h.post("ResendCode_POST", h.takeResend)},
		pool.EndpointForgot:        {http.MethodGet: h.get("ForgotPassword_GET", h.showForgot), http.MethodPost: h.post("ForgotPassword_POST", h.takeForgot)},
		pool.EndpointConfirmForgot: {http.MethodGet: h.get("ConfirmForgotPassword_GET", h.showReset), http.MethodPost: h.post("ConfirmForgotPassword_POST", h.takeReset)},
		pool.EndpointMFA:           {http.MethodGet: h.get("Mfa_GET", h.showMFA), http.MethodPost: h.post("Mfa_POST", h.takeMFA)},
		pool.EndpointMFAOption:     {http.MethodGet: h.get("MfaOption_GET", h.showOption), http.MethodPost: h.post("MfaOption_POST", h.takeOption)},
		pool.EndpointNewPassword:   {http.MethodGet: h.get("ChangePassword_GET", h.showReplace), http.MethodPost: h.post("ChangePassword_POST", h.takeReplace)},
		pool.EndpointAddPasskey:    {http.MethodGet: h.get("AddPasskey_GET", h.showAddPasskey), http.MethodPost: h.post("AddPasskey_POST", h.takeAddPasskey)},
		pool.EndpointLogout:        {http.MethodGet: {Operation: "Logout_GET", Handle: h.logout}, http.MethodPost: {Operation: "Logout_POST", Handle: h.logoutPosted}},
		pool.EndpointError:         {http.MethodGet: {Operation: "Error_GET", Handle: h.failed}},
		pool.EndpointConfirmUser:   {http.MethodGet: {Operation: "Confirm_With_Link_GET", Handle: h.opened, Proof: true}},
	}
	for path, methods := range pages {
		if get, found := methods[http.MethodGet]; found && !acts[path] {
			methods[http.MethodHead] = get
		}
	}
	for alias, of := range aliases {
		pages[alias] = pages[of]
	}
	var routes []site.Route
	for path, methods := range pages {
		routes = append(routes, site.Route{Path: string(path), Methods: methods, Refuse: h.turned})
	}
	return append(routes, script())
}

// acts are the pages whose GET does something, which a program that only asks whether they are there must not.
var acts = map[pool.Endpoint]bool{
	pool.EndpointAuthorize: true, pool.EndpointLogout: true, pool.EndpointConfirmUser: true, pool.EndpointAddPasskey: true,
}

// aliases are other spellings of pages, as people type them and as documentation has them. Confirmation links have a slash
// at their end, as on AWS.
var aliases = map[pool.Endpoint]pool.Endpoint{
	"/authorize": pool.EndpointAuthorize, "/oauth2/login": pool.EndpointLogin, "/confirmForgotPassword": pool.EndpointConfirmForgot,
	"/ConfirmForgotPassword": pool.EndpointConfirmForgot, "/confirmforgotpassword": pool.EndpointConfirmForgot,
	"/forgotpassword": pool.EndpointForgot, "/resendCode": pool.EndpointResend, "/signUp": pool.EndpointSignUp,
	pool.EndpointConfirmUser + "/": pool.EndpointConfirmUser,
}

// script is the route of the script of the pages, whose address names its content.
func script() site.Route {
	get := site.Endpoint{Operation: "Script_GET", Handle: func(context.Context, *site.Request) site.Reply {
		return site.Content("text/javascript; charset=utf-8", screen.Script()).Immutable()
	}}
	return site.Route{
		Path: screen.ScriptPath, Light: true, Methods: map[string]site.Endpoint{http.MethodGet: get, http.MethodHead: get},
		Refuse: func(_ context.Context, status int, _ string) site.Reply { return site.Empty(status) },
	}
}
