package operator

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestGuides(t *testing.T) {
	h := Handler(Deps{Docs: fstest.MapFS{"a.md": {Data: []byte("# Alpha <b>\n\ntext")}, "key": {Data: []byte("secret")}}})
	if w := ask(h, "GET", "/_cognate/docs/", "", func(r *http.Request) { r.Header.Set("Accept", "text/html") }); w.Code != 200 ||
		!strings.Contains(w.Body.String(), `href="/_cognate/docs/a.md">Alpha &lt;b&gt;<`) || strings.Contains(w.Body.String(), "key") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/_cognate/docs/a.md", "", nil); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "# Alpha") ||
		w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, path := range []string{"key", "b.md", "%2e%2e%2fa.md", "..%2Fa.md"} {
		if w := ask(h, "GET", "/_cognate/docs/"+path, "", nil); w.Code == 200 {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}
