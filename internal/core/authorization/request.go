package authorization

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/pool"
)

// Request is an authorization request that was found to be in order.
type Request struct {
	Pool   *pool.Pool
	Client *pool.Client
	// Implicit asks for tokens at once (response_type=token), and else for a code.
	Implicit    bool
	RedirectURI string
	// Sent tells whether the request named the redirect URI, which the token request then has to do too.
	Sent      bool
	Mode      Mode
	Scopes    []string
	State     string
	HasState  bool
	Nonce     string
	Challenge string // code_challenge of S256, "" for none
	Resource  string // RFC 8707, "" for none
	// None, Login and Select are the values of prompt that matter here.
	None, Login, Select bool
	MaxAge              int64 // seconds, -1 for any
	ACR                 []string
	LoginHint, Lang     string
	// Hint is the id_token_hint as it was sent.
	Hint string
	// Provider is the identity provider that the request names, "" for none.
	Provider string

	issuer string
	stepUp bool // the pool's tier has it
}

// Mode is how the answer reaches the client (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response
// Mode).
type Mode string

// The response modes.
const (
	ModeQuery    Mode = "query"
	ModeFragment Mode = "fragment"
	ModeForm     Mode = "form_post"
)

// OpenID reports whether the request asks for an ID token.
func (q *Request) OpenID() bool { return slices.Contains(q.Scopes, "openid") }

// parameters are those that may stand once only in a request.
var parameters = []string{
	"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "identity_provider",
	"idp_identifier", "login_hint", "prompt", "lang", "resource", "acr_values", "max_age", "response_mode", "id_token_hint", "request", "request_uri",
}

// Parse validates an authorization request for a pool. The errors are *Refused, *Denied or internal.
func (r *Room) Parse(ctx context.Context, poolID string, in url.Values) (*Request, error) {
	if len(in["client_id"]) > 1 || len(in["redirect_uri"]) > 1 {
		return nil, &Refused{CodeRequest, "", "client_id or redirect_uri is repeated"}
	}
	clientID := in.Get("client_id")
	if clientID == "" {
		return nil, &Refused{errorMissing, "", "client_id is missing"}
	}
	p, c, err := r.Client(ctx, poolID, clientID)
	var over *limit.Over
	switch {
	case errors.Is(err, clientdoc.ErrDocument):
		return nil, &Refused{CodeRequest, "", err.Error()}
	case errors.As(err, &over):
		return nil, &Refused{CodeBusy, "", "too many client metadata documents were fetched from the network address of the browser"}
	case errors.Is(err, pool.ErrPoolNotFound), errors.Is(err, pool.ErrClientNotFound):
		return nil, &Refused{CodeRequest, clientID, "the pool has no app client with this client_id"}
	case err != nil:
		return nil, err
	}
	obs.From(ctx).Client = c.ID
	return r.parse(p, c, in)
}

// Client returns a pool and one of its clients: an app client by its id, or the one that stands behind the address of a
// metadata document, narrowed to that. The errors are pool.ErrPoolNotFound and pool.ErrClientNotFound, and those of
// clientdoc.Resolve.
func (r *Room) Client(ctx context.Context, poolID, clientID string) (*pool.Pool, *pool.Client, error) {
	if !clientdoc.IsURL(clientID) {
		return r.Pools.PoolClient(ctx, poolID, clientID)
	}
	p, err := r.Pools.Pool(ctx, poolID)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.Documents.Resolve(ctx, p, clientID)
	if errors.Is(err, clientdoc.ErrUnknown) {
		err = pool.ErrClientNotFound
	}
	return p, c, err
}

func (r *Room) parse(p *pool.Pool, c *pool.Client, in url.Values) (*Request, error) {
	q := &Request{Pool: p, Client: c, MaxAge: -1, Mode: ModeQuery, State: in.Get("state"), HasState: len(in["state"]) > 0, issuer: r.Addresses.Issuer(p), stepUp: r.Pools.StepUp(p) == nil}
	q.Sent = in.Get("redirect_uri") != ""
	if q.RedirectURI = in.Get("redirect_uri"); !q.Sent {
		if q.RedirectURI = str(c.Config.DefaultRedirectURI); q.RedirectURI == "" {
			return nil, &Refused{errorMissing, c.ID, "redirect_uri is missing and the app client has no DefaultRedirectURI"}
		}
	}
	if !slices.Contains(c.Config.CallbackURLs, q.RedirectURI) {
		return nil, &Refused{errorMismatch, c.ID, Mismatch("redirect_uri", q.RedirectURI, "callback URL", c.Config.CallbackURLs)}
	}
	switch {
	case !c.OAuth():
		return nil, &Refused{errorUnauthorized, c.ID, "AllowedOAuthFlowsUserPoolClient of the app client is false"}
	case len(c.Config.SupportedIdentityProviders) == 0:
		return nil, &Refused{errorUnauthorized, c.ID, "the app client has no SupportedIdentityProviders; COGNITO is the user pool itself"}
	}
	for _, step := range []func(url.Values) error{q.responseType, q.once, q.proofKey, q.scopes, q.target, q.prompt, q.level, q.unsupported, q.provider} {
		if err := step(in); err != nil {
			return nil, err
		}
	}
	q.Nonce, q.LoginHint, q.Hint = in.Get("nonce"), in.Get("login_hint"), in.Get("id_token_hint")
	q.Lang = in.Get("lang")
	if words := strings.Fields(in.Get("ui_locales")); q.Lang == "" && len(words) > 0 {
		q.Lang = words[0]
	}
	return q, nil
}

// Deny is the refusal of the request with a code.
func (q *Request) Deny(code, description, cause string) *Denied {
	return &Denied{Request: q, Code: code, Text: description, Cause: cause}
}

// responseType reads response_mode, which says how every refusal from here on is told, and response_type.
func (q *Request) responseType(in url.Values) error {
	mode := Mode(in.Get("response_mode"))
	if mode == ModeForm || mode == ModeFragment {
		q.Mode = mode
	}
	flow := cognitoidp.OAuthFlowTypeCode
	switch kind := in.Get("response_type"); kind {
	case "code":
	case "token":
		q.Implicit, flow = true, cognitoidp.OAuthFlowTypeImplicit
		if q.Mode == ModeQuery {
			q.Mode = ModeFragment
		}
	case "":
		return q.Deny(CodeRequest, "", "response_type is missing")
	default:
		return q.Deny(CodeResponseType, "", "response_type must be code or token")
	}
	if mode != "" && mode != q.Mode {
		return q.Deny(CodeRequest, "", "response_mode is not one of query, fragment and form_post, or does not fit response_type")
	}
	if !slices.Contains(q.Client.Config.AllowedOAuthFlows, flow) {
		return q.Deny(CodeUnauthorized, "", "AllowedOAuthFlows of the app client does not have "+string(flow))
	}
	return nil
}

func (q *Request) once(in url.Values) error {
	for _, name := range parameters {
		if len(in[name]) > 1 {
			return q.Deny(CodeRequest, "", name+" is repeated")
		}
	}
	return nil
}

// proofKey reads the PKCE challenge (RFC 7636 section 4.3).
func (q *Request) proofKey(in url.Values) error {
	challenge, method := in.Get("code_challenge"), in.Get("code_challenge_method")
	if challenge == "" && method == "" {
		switch {
		case q.Pool.ProofKeyRequired():
			return q.Deny(CodeRequest, "", "the pool asks for PKCE: code_challenge is missing")
		case q.Client.Stranger() && !q.Client.HasSecret() && !q.Implicit:
			return q.Deny(CodeRequest, "", "code_challenge is missing, which a client without a secret needs that registered itself or has a metadata document")
		}
		return nil
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	switch {
	case method != "S256":
		return q.Deny(CodeRequest, "", "code_challenge_method must be S256")
	case err != nil || len(sum) != 32:
		return q.Deny(CodeRequest, "", "code_challenge must be the base64url form of a SHA-256 hash, 43 characters")
	}
	q.Challenge = challenge
	return nil
}

func (q *Request) scopes(in url.Values) error {
	wanted := strings.Fields(in.Get("scope"))
	if len(wanted) == 0 {
		wanted = q.Client.Scopes
	}
	if len(wanted) == 0 { // those that it had do not exist any more
		return q.Deny(CodeRequest, scopeDescription, "none of the scopes of the app client exists")
	}
	for _, scope := range wanted {
		if !slices.Contains(q.Client.Scopes, scope) {
			return q.Deny(CodeRequest, scopeDescription, "the scope "+scope+" does not exist or is not enabled for the app client")
		}
		if !slices.Contains(q.Scopes, scope) {
			q.Scopes = append(q.Scopes, scope)
		}
	}
	return nil
}

// target reads the resource that access tokens are for: an https address, one of this machine, or of a private-use scheme.
func (q *Request) target(in url.Values) error {
	text := in.Get("resource")
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || strings.Contains(text, "#"),
		u.Scheme == "http" && u.Hostname() != "localhost", (u.Scheme == "http" || u.Scheme == "https") && u.Host == "",
		u.Scheme != "http" && !strings.Contains(text, "://"):
		return q.Deny(CodeTarget, "", "resource must begin with https://, http://localhost or a scheme of its own, and have no fragment")
	}
	q.Resource = text
	return nil
}

func (q *Request) prompt(in url.Values) error {
	words := strings.Fields(in.Get("prompt"))
	for _, word := range words {
		switch word {
		case "none":
			q.None = true
		case "login":
			q.Login = true
		case "select_account":
			q.Select = true
		case "consent":
		default:
			return q.Deny(CodeRequest, "", "prompt has a value that is not none, login, select_account or consent")
		}
	}
	if q.None && len(words) > 1 {
		return q.Deny(CodeRequest, "", "prompt=none stands alone")
	}
	// Whoever registered a client, or wrote its document, may be anybody: users see its name before it gets anything.
	if q.Client.Stranger() {
		if q.Select = true; q.None {
			return q.Deny(CodeLogin, "", "prompt=none, but a client that registered itself or has a metadata document gets nothing without the user")
		}
	}
	return nil
}

// level reads max_age and acr_values. On a tier without step-up the latter is left out of account, and so are names that
// the pool does not know.
func (q *Request) level(in url.Values) error {
	if text := in.Get("max_age"); text != "" {
		age, err := strconv.ParseUint(text, 10, 62)
		if err != nil {
			return q.Deny(CodeRequest, "", "max_age must be a whole number of seconds")
		}
		q.MaxAge = int64(age)
	}
	if !q.stepUp {
		return nil
	}
	for _, name := range strings.Fields(in.Get("acr_values")) {
		if q.Pool.ACRLevel(name) > 0 && !slices.Contains(q.ACR, name) {
			q.ACR = append(q.ACR, name)
		}
	}
	return nil
}

// unsupported refuses request objects, which would otherwise be lost without a word (OpenID Connect Core section 6).
func (q *Request) unsupported(in url.Values) error {
	switch {
	case in.Get("request") != "":
		q.tellAs(in.Get("request"), in)
		return q.Deny(CodeNoRequest, "", "request objects are not supported")
	case in.Get("request_uri") != "":
		return q.Deny(CodeNoRequestURI, "", "request objects are not supported")
	}
	return nil
}

// tellAs takes from a request object, of which nothing is checked, how and with which state its refusal is told, for
// clients that say so there alone. Both are as good as from the query: the answer goes to the client's redirect URI.
func (q *Request) tellAs(object string, in url.Values) {
	parts := strings.Split(object, ".")
	if len(parts) != 3 {
		return
	}
	var said struct {
		Mode  Mode    `json:"response_mode"`
		State *string `json:"state"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return
	}
	if !in.Has("response_mode") && (said.Mode == ModeForm || said.Mode == ModeFragment) {
		q.Mode = said.Mode
	}
	if !q.HasState && said.State != nil {
		q.State, q.HasState = *said.State, true
	}
}

// local is the name of the user pool itself among the providers of a client.
const local = "COGNITO"

func (q *Request) provider(in url.Values) error {
	name := in.Get("identity_provider")
	if name == "" && in.Get("idp_identifier") == "" {
		return nil
	}
	if name != local || !slices.Contains(q.Client.Config.SupportedIdentityProviders, local) {
		return q.Deny(CodeRequest, "", "the app client has no such identity provider")
	}
	q.Provider = name
	return nil
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
