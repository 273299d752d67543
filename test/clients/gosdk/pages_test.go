package gosdk

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a person's before the pages of managed login, without script: it follows redirects as long as they stay on
// the host, and left is where it went then.
type browser struct {
	t      *testing.T
	client *http.Client
	at     *url.URL
	body   string
	left   *url.URL
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host {
			b.left = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

func (b *browser) send(r *http.Request, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	b.left = nil
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.body = res.Request.URL, string(body)
}

func (b *browser) open(address string) { b.send(http.NewRequest(http.MethodGet, address, nil)) }

var (
	formPattern  = regexp.MustCompile(`(?s)<form[^>]* action="([^"]*)".*?</form>`)
	inputPattern = regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]*>`)
	valuePattern = regexp.MustCompile(` value="([^"]*)"`)
)

// fill sends the form that has this field, filled in.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	for _, form := range formPattern.FindAllStringSubmatch(b.body, -1) {
		if !strings.Contains(form[0], ` name="`+name+`"`) {
			continue
		}
		values := url.Values{}
		for _, input := range inputPattern.FindAllStringSubmatch(form[0], -1) {
			if v := valuePattern.FindStringSubmatch(input[0]); v != nil {
				values.Set(html.UnescapeString(input[1]), html.UnescapeString(v[1]))
			}
		}
		values.Set(name, value)
		action, err := b.at.Parse(html.UnescapeString(form[1]))
		if err != nil {
			b.t.Fatal(err)
		}
		r, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(values.Encode()))
		if err == nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", action.Scheme+"://"+action.Host)
		}
		b.send(r, err)
		return
	}
	b.t.Fatalf("no form with %s at %s: %s", name, b.at, b.body)
}

// signIn opens an address, signs in where that asks for it, and returns where it leads to.
func (b *browser) signIn(address, name, word string) *url.URL {
	b.t.Helper()
	if b.open(address); b.left == nil {
		b.fill("username", name)
		b.fill("password", word)
	}
	if b.left == nil {
		b.t.Fatalf("still at %s: %s", b.at, b.body)
	}
	return b.left
}
