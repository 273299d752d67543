package login

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/site"
)

// TestErrorPageNamesTheRequest holds that the error page names the request that was refused, and tells why in dev alone.
func TestErrorPageNamesTheRequest(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, nil, nil)
	for _, dev := range []bool{false, true} {
		deps := pages(w)
		deps.Dev = dev
		handler := site.New(site.Deps{Addresses: addresses}, Routes(deps)...)
		ask := func(target string, cookies []*http.Cookie) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, target, nil)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			return rec
		}
		refused := ask(addresses.Base(a.p.Config)+"/oauth2/authorize?"+a.query("redirect_uri", callback+"/"), nil)
		to := refused.Header().Get("Location")
		page := ask(addresses.Origin()+to, refused.Result().Cookies())
		body, id := page.Body.String(), refused.Header().Get("X-Amzn-RequestId")
		if page.Code != 400 || !strings.Contains(to, "error=redirect_mismatch") || id == "" || !strings.Contains(body, id) {
			t.Errorf("dev %v: %d at %s without %s: %s", dev, page.Code, to, id, readable(body))
		}
		if told := strings.Contains(body, "has a slash at its end"); told != dev {
			t.Errorf("dev %v: the cause is told: %v", dev, told)
		}
		alone := ask(addresses.Origin()+to, nil)
		if own := alone.Header().Get("X-Amzn-RequestId"); !strings.Contains(alone.Body.String(), own) || strings.Contains(alone.Body.String(), id) {
			t.Errorf("dev %v: without the cookie: %s", dev, readable(alone.Body.String()))
		}
	}
}
