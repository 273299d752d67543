package site

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"cognate/internal/base/id"
	"cognate/internal/base/obs"
)

// ErrForged means that a form was not sent from the page that this server gave to this browser, or too late. The reason
// is in the log event.
var ErrForged = errors.New("site: the form does not come from its page")

// formLife is how long a form can be sent after its page was made.
const formLife = time.Hour

// browser is the cookie that forms are bound to, by the name that Cognito gives it.
var browser = Cookie{Name: "XSRF-TOKEN", Life: formLife, Unprefixed: true}

// CSRF protects forms. A form holds a sealed token that names its action and the browser that its page was made for; the
// browser holds a sealed cookie with the other half. A request must have both, and must not say that another origin
// caused it. The proof is the authentication tag of the seal, which is compared in constant time, and every token is
// sealed afresh, so that compressed pages tell nothing about it.
//
// The cookie's own text is taken for a token too: see twice.
//
// A page with a form that browsers without Sec-Fetch-Site may send needs a Referrer-Policy other than no-referrer, under
// which they name no Origin.
type CSRF struct {
	cookies Cookies
	origins *http.CrossOriginProtection
}

// NewCSRF returns the protection of a site whose pages have this origin, besides the Host of their requests. The error
// is about an origin that is none.
func NewCSRF(cookies Cookies, origin string) (*CSRF, error) {
	c := &CSRF{cookies: cookies, origins: http.NewCrossOriginProtection()}
	return c, c.origins.AddTrustedOrigin(origin)
}

// Token returns what the form of an action has to hold, and the cookie that has to be set with its page.
func (c *CSRF) Token(ctx context.Context, r *Request, action string) (token string, set *http.Cookie, err error) {
	name, err := c.name(ctx, r)
	if err != nil {
		return "", nil, err
	}
	if set, err = c.cookies.Seal(ctx, r.Place, browser, name); err != nil { // a known browser keeps its name, longer
		return "", nil, err
	}
	token, err = c.cookies.seal(ctx, r.Place.PoolID, formLife, nil, "form", action, string(name))
	return token, set, err
}

// name is that of the browser, a new one where it has none: the same for all forms of a page.
func (c *CSRF) name(ctx context.Context, r *Request) (name []byte, err error) {
	if r.browser == nil {
		r.browser, err = c.cookies.find(ctx, r, browser)
		if errors.Is(err, ErrNoCookie) {
			r.browser, err = []byte(id.UUID()), nil
		}
	}
	return r.browser, err
}

// Check returns ErrForged unless token was made for the action and the browser that sends it. Other errors are those of
// Keys.
func (c *CSRF) Check(ctx context.Context, r *Request, action, token string) error {
	if err := c.origins.Check(r.Request); err != nil {
		obs.Cause(ctx, "form: %v", err)
		return ErrForged
	}
	name, err := c.cookies.find(ctx, r, browser)
	if err == nil && c.twice(r, token) {
		return nil
	}
	if err == nil {
		_, err = c.cookies.open(ctx, r.Place.PoolID, token, "form", action, string(name))
	}
	if errors.Is(err, ErrNoCookie) {
		obs.Cause(ctx, "form: the token is missing, expired, altered, or made for another page or browser")
		return ErrForged
	}
	return err
}

// twice reports whether the token is the browser's cookie itself, which is known to be genuine: programs that drive
// Cognito's classic form send it so. Another site can neither read the cookie nor send one along, and origins are compared
// besides.
func (c *CSRF) twice(r *Request, token string) bool {
	sent := r.CookiesNamed(browser.shape(r.Place).Name)
	return len(sent) == 1 && subtle.ConstantTimeCompare([]byte(sent[0].Value), []byte(token)) == 1
}
