package login

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/site"
)

// TestAssets: images stand below their pool alone, may be kept for good, and run nothing.
func TestAssets(t *testing.T) {
	w := cognitotest.Quick(t)
	p := w.Pool(nil)
	c, other := w.Client(p, nil), w.Pool(nil)
	const image = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	cognitotest.Call(w, w.API.CreateManagedLoginBranding, &cognitoidp.CreateManagedLoginBrandingRequest{
		UserPoolId: p.ID, ClientId: c.ID, Settings: rt.Document(`{}`),
		Assets: []cognitoidp.AssetType{{Category: "FORM_LOGO", ColorMode: "DYNAMIC", Extension: "SVG", Bytes: []byte(image)}},
	})
	look, err := w.Branding.Look(w.Ctx, w.Reload(p.ID), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	handler := site.New(site.Deps{Addresses: addresses}, AssetRoutes(w.Branding)...)
	ask := func(method, path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, cognitotest.PublicURL+path, nil)
		r.Header.Set("If-None-Match", etag)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec
	}
	path := look.Asset("FORM_LOGO", true).Path()
	rec := ask(http.MethodGet, "/"+p.ID+path, "")
	if rec.Code != http.StatusOK || rec.Body.String() != image {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, c := range []struct {
		method, path, etag string
		status             int
	}{
		{http.MethodHead, "/" + p.ID + path, "", http.StatusOK},
		{http.MethodGet, "/" + p.ID + path, rec.Header().Get("ETag"), http.StatusNotModified},
		{http.MethodGet, "/" + p.ID + path, `"x"`, http.StatusOK},
		{http.MethodGet, "/" + other.ID + path, "", http.StatusNotFound},
		{http.MethodGet, "/" + p.ID + path + "/x", "", http.StatusNotFound},
		{http.MethodGet, "/" + p.ID + "/_assets/", "", http.StatusNotFound},
		{http.MethodGet, "/" + p.ID + "/_assets", "", http.StatusNotFound},
		{http.MethodGet, "/" + p.ID + "/_assets/../" + path, "", http.StatusNotFound},
		{http.MethodPost, "/" + p.ID + path, "", http.StatusMethodNotAllowed},
	} {
		if rec := ask(c.method, c.path, c.etag); rec.Code != c.status || c.status != http.StatusOK && rec.Body.Len() > 0 && rec.Header().Get("Content-Type") == "image/svg+xml" {
			t.Errorf("%s %s: %d", c.method, c.path, rec.Code)
		}
	}
}
