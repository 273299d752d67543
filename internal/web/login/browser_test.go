package login

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/oauth"
	"cognate/internal/web/site"
)

// callback is the redirect URI of the app.
const callback = "https://app.example.com/callback"

// app is a pool, a client and the pages and endpoints of a node, and the browser of one person.
type app struct {
	*cognitotest.World
	p       *pool.Pool
	c       *pool.Client
	handler http.Handler
}

// newApp makes an app. edits change the client.
func newApp(w *cognitotest.World, poolEdit func(*cognitoidp.CreateUserPoolRequest), edit func(*cognitoidp.CreateUserPoolClientRequest)) *app {
	a := &app{World: w, p: w.Pool(poolEdit)}
	a.c = w.Client(a.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		webClient(in)
		if edit != nil {
			edit(in)
		}
	})
	a.handler = site.New(site.Deps{Addresses: addresses, Guard: w.Guard}, append(Routes(pages(w)), oauth.Routes(oauth.Deps{
		Pools: w.Pools, Tokens: w.Tokens, Addresses: addresses, Machines: w.Machines, Codes: w.Requests, Engine: w.Engine, Users: w.Users, Facts: w.Visits,
		Registrar: w.Registration, Clients: w.Requests, Documents: w.ClientDocs, Revoker: token.Ops{Tokens: w.Tokens},
	})...)...)
	return a
}

// webClient is a client that may use the pages.
func webClient(in *cognitoidp.CreateUserPoolClientRequest) {
	in.AllowedOAuthFlowsUserPoolClient = new(true)
	in.AllowedOAuthFlows = []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode, cognitoidp.OAuthFlowTypeImplicit}
	in.AllowedOAuthScopes = []string{"openid", "email", "profile", "phone", "aws.cognito.signin.user.admin"}
	in.CallbackURLs = []string{callback}
	in.LogoutURLs = []string{"https://app.example.com/out"}
	in.SupportedIdentityProviders = []string{"COGNITO"}
}

// query is an authorization request; pairs replace or add parameters, and "" takes one away.
func (a *app) query(pairs ...string) string {
	q := url.Values{"client_id": {a.c.ID}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid email"}, "state": {"st-1"}}
	for i := 0; i < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}

// browser is one person's: its cookies and the page that it shows.
type browser struct {
	*app
	jar    map[string]*http.Cookie
	at     string // of the page
	status int
	body   string
	header http.Header
	agent  string // User-Agent, "" for none
	// left is where the browser went outside of the pages.
	left *url.URL
}

func (a *app) browser() *browser { return &browser{app: a, jar: map[string]*http.Cookie{}} }

// open opens the authorization endpoint.
func (b *browser) open(pairs ...string) *browser {
	b.get(addresses.Base(b.p.Config) + "/oauth2/authorize?" + b.query(pairs...))
	return b
}

func (b *browser) get(target string) *browser {
	b.send(httptest.NewRequest(http.MethodGet, target, nil))
	return b
}

// send sends a request with the cookies that belong to it and follows redirects as long as they stay on the pages.
func (b *browser) send(r *http.Request) {
	b.T.Helper()
	for range 10 {
		if b.agent != "" {
			r.Header.Set("User-Agent", b.agent)
		}
		for _, c := range b.jar {
			if strings.HasPrefix(r.URL.Path, c.Path) {
				r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
			}
		}
		rec := httptest.NewRecorder()
		b.handler.ServeHTTP(rec, r)
		for _, c := range rec.Result().Cookies() {
			if c.MaxAge < 0 {
				delete(b.jar, c.Name+c.Path)
			} else {
				b.jar[c.Name+c.Path] = c
			}
		}
		body, _ := io.ReadAll(rec.Result().Body)
		b.status, b.body, b.at, b.left, b.header = rec.Code, strings.ReplaceAll(string(body), "<wbr>", ""), r.URL.String(), nil, rec.Header()
		if rec.Code != http.StatusFound {
			return
		}
		to, err := r.URL.Parse(rec.Header().Get("Location"))
		if err != nil {
			b.T.Fatal(err)
		}
		if to.Host != r.URL.Host {
			b.left = to
			return
		}
		r = httptest.NewRequest(http.MethodGet, to.String(), nil)
	}
	b.T.Fatalf("redirected in a circle at %s", b.at)
}

var (
	formPattern   = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	actionPattern = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	inputPattern  = regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]*>`)
	valuePattern  = regexp.MustCompile(` value="([^"]*)"`)
)

// form finds the form of the page that has all these inputs or buttons, and what it is sent with.
func (b *browser) form(names ...string) (action string, values url.Values) {
	b.T.Helper()
	for _, text := range formPattern.FindAllString(b.body, -1) {
		has := func(name string) bool { return strings.Contains(text, ` name="`+name+`"`) }
		ok := true
		for _, name := range names {
			ok = ok && has(name)
		}
		m := actionPattern.FindStringSubmatch(text)
		if !ok || m == nil {
			continue
		}
		values = url.Values{}
		for _, in := range inputPattern.FindAllStringSubmatch(text, -1) {
			if v := valuePattern.FindStringSubmatch(in[0]); v != nil && (!strings.Contains(in[0], `type="checkbox"`) || strings.Contains(in[0], " checked")) {
				values.Set(html.UnescapeString(in[1]), html.UnescapeString(v[1]))
			}
		}
		return html.UnescapeString(m[1]), values
	}
	b.T.Fatalf("no form with %v at %s: %d %s", names, b.at, b.status, readable(b.body))
	return "", nil
}

// fill sends the form that has these inputs, filled in.
func (b *browser) fill(pairs ...string) *browser {
	b.T.Helper()
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
	}
	action, values := b.form(names...)
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	b.post(action, values)
	return b
}

func (b *browser) post(action string, values url.Values) {
	r := httptest.NewRequest(http.MethodPost, addresses.Origin()+action, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.send(r)
}

// says fails the test unless the page has this text.
func (b *browser) says(text string) *browser {
	b.T.Helper()
	if !strings.Contains(html.UnescapeString(b.body), text) {
		b.T.Fatalf("at %s (%d), want %q: %s", b.at, b.status, text, readable(b.body))
	}
	return b
}

// code is what the browser brings back to the app.
func (b *browser) code() string {
	b.T.Helper()
	if b.left == nil || !strings.HasPrefix(b.left.String(), callback+"?") || b.left.Query().Get("code") == "" || b.left.Query().Get("state") != "st-1" {
		b.T.Fatalf("no code: left for %v, at %s (%d): %s", b.left, b.at, b.status, readable(b.body))
	}
	return b.left.Query().Get("code")
}

var tagPattern = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)

// readable is a page without its markup.
func readable(body string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tagPattern.ReplaceAllString(body, " "))), " ")
}

// token asks the token endpoint.
func (a *app) token(pairs ...string) (status int, body string) {
	form := url.Values{"client_id": {a.c.ID}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, addresses.Base(a.p.Config)+"/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.c.HasSecret() {
		r.SetBasicAuth(a.c.ID, a.c.Secrets[0])
	}
	rec := httptest.NewRecorder()
	a.handler.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

// redeem exchanges a code.
func (a *app) redeem(code string, pairs ...string) (status int, body string) {
	return a.token(append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback}, pairs...)...)
}

// csrf is the token of the form of the page.
func (b *browser) csrf() string {
	b.T.Helper()
	_, values := b.form("_csrf")
	return values.Get("_csrf")
}
