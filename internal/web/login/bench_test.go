package login

import (
	"testing"

	"cognate/internal/testkit/cognitotest"
)

// BenchmarkLoginPage is a request of the page to sign in, whose budget is 1 ms.
func BenchmarkLoginPage(b *testing.B) {
	w := cognitotest.Quick(b)
	a := newApp(w, nil, nil)
	at := addresses.Base(a.p.Config) + "/login?" + a.query()
	b.ReportAllocs()
	for b.Loop() {
		if page := a.browser().get(at); page.status != 200 {
			b.Fatalf("%d %s", page.status, page.body)
		}
	}
}

// BenchmarkJourney is the whole way of somebody new from the authorization endpoint to tokens.
func BenchmarkJourney(b *testing.B) {
	w := cognitotest.Quick(b)
	a := newApp(w, nil, nil)
	w.User(a.p, "ana", "email", "ana@example.com")
	for b.Loop() {
		page := a.browser().open().fill("username", "ana").fill("password", cognitotest.Password)
		if status, body := a.redeem(page.code()); status != 200 {
			b.Fatalf("%d %s", status, body)
		}
	}
}
