package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"cognate/internal/core/pool"
)

// callback is where the backend waits for its codes; nobody goes there.
const callback = "https://app.example.com/callback"

// browser is that of one person: its cookies, and the page that it shows.
type browser struct {
	w      *world
	client *http.Client
	at     *url.URL // of the page, or where it left for the app
	body   string
}

func newBrowser(w *world) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{w: w, client: &http.Client{
		Transport: w.server.client.Transport, Jar: jar,
		CheckRedirect: func(req *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(req.URL.String(), callback) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}, nil
}

// send sends a request and follows redirects until they lead to the app.
func (b *browser) send(req *http.Request) error {
	res, err := b.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	b.at, b.body = res.Request.URL, string(raw)
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusFound:
		b.at, err = res.Location()
		return err
	}
	return fmt.Errorf("%s: HTTP %d", res.Request.URL.Path, res.StatusCode)
}

func (b *browser) left() bool { return strings.HasPrefix(b.at.String(), callback) }

var (
	formPattern   = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	actionPattern = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	inputPattern  = regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]*>`)
	valuePattern  = regexp.MustCompile(` value="([^"]*)"`)
)

// fill sends the form of the page that has one of the inputs, with what it is sent with by itself.
func (b *browser) fill(values map[string]string) error {
	for _, form := range formPattern.FindAllString(b.body, -1) {
		action, filled, sent := actionPattern.FindStringSubmatch(form), false, url.Values{}
		for _, input := range inputPattern.FindAllStringSubmatch(form, -1) {
			name := html.UnescapeString(input[1])
			if v := valuePattern.FindStringSubmatch(input[0]); v != nil {
				sent.Set(name, html.UnescapeString(v[1]))
			}
			if v, wanted := values[name]; wanted {
				sent.Set(name, v)
				filled = true
			}
		}
		if !filled || action == nil {
			continue
		}
		to, err := b.at.Parse(html.UnescapeString(action[1]))
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(sent.Encode()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		return b.send(req)
	}
	return fmt.Errorf("no form to fill at %s", b.at.Path)
}

// authorize opens the authorization endpoint and signs a person in where it asks to. It returns the code and what proves
// that it is ours (PKCE).
func (b *browser) authorize(name string) (code, verifier string, err error) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {b.w.relying.backend.id}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid email profile"},
		"state": {"bench"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	req, err := http.NewRequest(http.MethodGet, b.w.server.url+"/"+poolID+string(pool.EndpointAuthorize)+"?"+query.Encode(), nil)
	if err != nil {
		return "", "", err
	}
	if err = b.send(req); err != nil {
		return "", "", err
	}
	for range 3 { // the name, the password, and a try that would be one too many
		if b.left() {
			break
		}
		if err = b.fill(map[string]string{"username": name, "password": userPassword}); err != nil {
			return "", "", err
		}
	}
	if code = b.at.Query().Get("code"); !b.left() || code == "" {
		return "", "", fmt.Errorf("no code but %s", b.at)
	}
	return code, verifier, nil
}

// redeem exchanges a code for tokens, of which it returns the access token.
func (w *world) redeem(code, verifier string) (string, error) {
	out, err := w.post(w.relying.backend, pool.EndpointToken, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	})
	if err == nil && (text(out, "id_token") == "" || text(out, "refresh_token") == "") {
		err = errors.New("tokens are missing")
	}
	return text(out, "access_token"), err
}

// journey is all of it with a new browser: authorization endpoint, pages, callback, token endpoint.
func journey(w *world, worker, i int) error {
	b, err := newBrowser(w)
	if err != nil {
		return err
	}
	_, err = b.signIn(w.known[(worker*31+i)%len(w.known)])
	return err
}

// again is a journey of a browser that is signed in; every worker has one.
func again(w *world, worker, _ int) error {
	b, err := w.relying.browser(w, worker)
	if err != nil {
		return err
	}
	_, err = b.signIn(w.known[worker%len(w.known)])
	return err
}

func (b *browser) signIn(name string) (access string, err error) {
	code, verifier, err := b.authorize(name)
	if err != nil {
		return "", err
	}
	return b.w.redeem(code, verifier)
}

// loginPage is what somebody who opens the authorization endpoint is shown.
func loginPage(w *world, _, _ int) error {
	b, err := newBrowser(w)
	if err != nil {
		return err
	}
	query := url.Values{"client_id": {w.relying.backend.id}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid"}}
	req, err := http.NewRequest(http.MethodGet, w.server.url+"/"+poolID+string(pool.EndpointLogin)+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	if err = b.send(req); err == nil && !strings.Contains(b.body, "</form>") {
		err = errors.New("no page to sign in")
	}
	return err
}

// userInfo asks about the user of a journey.
func userInfo(w *world, _, _ int) error {
	req, err := http.NewRequest(http.MethodGet, w.server.url+"/"+poolID+string(pool.EndpointUserInfo), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+w.relying.open)
	out, err := w.read(req)
	if err == nil && text(out, "email") == "" {
		err = fmt.Errorf("no address: %v", out)
	}
	return err
}
