package oauth

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	assembled "cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// request is one to an endpoint.
type request struct {
	at     pool.Endpoint
	form   url.Values
	header []string
}

func (w *world) send(r request) (status int, code, after string) {
	w.T.Helper()
	method := "POST"
	if r.form == nil {
		method = "GET"
	}
	status, out, header := w.ask(method, r.at, r.form, r.header...)
	code, _ = out["error"].(string)
	return status, code, header.Get("Retry-After")
}

// eachLimited runs body with a budget of three wrong proofs an hour for each source and six for the pool, on every engine.
func eachLimited(t *testing.T, body func(w *world)) {
	t.Helper()
	limits := guard.Limits{SourceFailures: limit.Rate{Max: 3, Per: time.Hour}, PoolFailures: limit.Rate{Max: 6, Per: time.Hour}, SourceSignUps: limit.Rate{Max: 2, Per: time.Hour}}
	dbtest.Each(t, assembled.Migrations(), func(t *testing.T, d *db.DB) {
		body(newWorld(cognitotest.New(t, d, cognitotest.Options{Limits: limits})))
	})
}

// TestBudgetOfSource: a source that was wrong too often is refused, right proofs of it too, until there is room again; right
// proofs cost nothing, and other sources go on, though the pool's budget is used up.
func TestBudgetOfSource(t *testing.T) {
	eachLimited(t, func(w *world) {
		refresh := *w.signIn(w.secret).RefreshToken
		client := func(at pool.Endpoint, secret string, pairs ...string) request {
			return request{at, values(append(pairs, "client_id", w.secret.ID, "client_secret", secret)...), nil}
		}
		info := func(text string) request {
			return request{pool.EndpointUserInfo, nil, []string{"Authorization", "Bearer " + text}}
		}
		access := w.access(w.public, "ana", "openid")
		credentials := values("client_id", w.robot.ID, "grant_type", "client_credentials", "client_secret", machine)
		for i, tc := range []struct {
			name         string
			wrong, right request
			status       int
		}{
			{"an access token", info(access + "x"), info(access), 401},
			{"a secret at the token endpoint", client(pool.EndpointToken, "wrong", "grant_type", "refresh_token", "refresh_token", refresh),
				client(pool.EndpointToken, secretA, "grant_type", "refresh_token", "refresh_token", refresh), 400},
			{"a machine's secret", request{pool.EndpointToken, values("client_id", w.robot.ID, "grant_type", "client_credentials", "client_secret", "x"), nil},
				request{pool.EndpointToken, credentials, nil}, 400},
			{"a client", request{pool.EndpointToken, values("client_id", "nobody", "grant_type", "client_credentials"), nil},
				request{pool.EndpointToken, credentials, nil}, 400},
			{"a refresh token", client(pool.EndpointToken, secretA, "grant_type", "refresh_token", "refresh_token", "wrong"),
				client(pool.EndpointToken, secretA, "grant_type", "refresh_token", "refresh_token", refresh), 400},
			{"a secret at the revocation endpoint", client(pool.EndpointRevoke, "wrong", "token", refresh), client(pool.EndpointRevoke, secretA, "token", refresh), 400},
		} {
			w.addr = "198.51.100." + string(rune('1'+i))
			if tc.right.at != pool.EndpointRevoke {
				for range 5 {
					if status, code, _ := w.send(tc.right); status != 200 {
						w.T.Fatalf("%s: a right one before: %d %s", tc.name, status, code)
					}
				}
			}
			for range 3 {
				if status, code, _ := w.send(tc.wrong); status != tc.status {
					w.T.Errorf("%s: a wrong one: %d %s", tc.name, status, code)
				}
			}
			for range 2 {
				for _, r := range []request{tc.wrong, tc.right} {
					if status, code, after := w.send(r); status != 429 || code != codeTooMany || after != "1200" {
						w.T.Errorf("%s: over the budget: %d %s, again in %s", tc.name, status, code, after)
					}
				}
			}
			w.Later(20*time.Minute - time.Microsecond)
			if status, code, after := w.send(tc.right); status != 429 || after != "1" {
				w.T.Errorf("%s: too early: %d %s, again in %s", tc.name, status, code, after)
			}
			w.Later(time.Microsecond)
			if status, code, _ := w.send(tc.right); status != 200 {
				w.T.Errorf("%s: when there is room again: %d %s", tc.name, status, code)
			}
		}
	})
}

// crowded is a body that there is no room to read.
type crowded struct{}

func (crowded) Read([]byte) (int, error) { return 0, httpkit.ErrBusy }

// TestBodyWithoutRoom: it is refused as the endpoint refuses, and not as a form that is wrong.
func TestBodyWithoutRoom(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	r := httptest.NewRequest("POST", "/"+w.p.ID+string(pool.EndpointToken), crowded{})
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != 503 || !strings.Contains(rec.Body.String(), `"temporarily_unavailable"`) || rec.Header().Get("Retry-After") == "" ||
		rec.Header().Get("Connection") != "close" {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// TestBudgetOfThoseWhoAreOver: tokens that were ours and have ended are no wrong proof.
func TestBudgetOfThoseWhoAreOver(t *testing.T) {
	eachLimited(t, func(w *world) {
		w.addr = "198.51.100.1"
		tokens := w.SignIn(w.public, "ana", cognitotest.Password)
		access := w.access(w.public, "ana", "openid")
		cognitotest.Call(w.World, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: w.p.ID, Username: "ana"})
		for range 5 {
			form := values("client_id", w.public.ID, "grant_type", "refresh_token", "refresh_token", *tokens.RefreshToken)
			if status, code, _ := w.send(request{pool.EndpointToken, form, nil}); status != 400 || code != codeGrant {
				w.T.Errorf("a refresh token that has ended: %d %s", status, code)
			}
			if status, _, _ := w.send(request{pool.EndpointUserInfo, nil, []string{"Authorization", "Bearer " + access}}); status != 401 {
				w.T.Errorf("an access token that has ended: %d", status)
			}
		}
	})
}

// TestBudgetOfKnown: whoever shows a refresh token of a user who is known from the source goes on.
func TestBudgetOfKnown(t *testing.T) {
	eachLimited(t, func(w *world) {
		w.User(w.p, "bob")
		w.addr = "198.51.100.1"
		known := *w.From(w.addr).SignIn(w.public, "ana", cognitotest.Password).RefreshToken
		stranger := *w.From("198.51.100.2").SignIn(w.public, "bob", cognitotest.Password).RefreshToken
		refresh := func(text string) int {
			status, _, _ := w.send(request{pool.EndpointToken, values("client_id", w.public.ID, "grant_type", "refresh_token", "refresh_token", text), nil})
			return status
		}
		for range 3 {
			refresh("wrong")
		}
		for text, want := range map[string]int{known: 200, stranger: 429, "wrong": 429} {
			if got := refresh(text); got != want {
				w.T.Errorf("%.8s: %d, want %d", text, got, want)
			}
		}
	})
}
