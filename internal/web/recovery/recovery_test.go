package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
	"cognate/internal/web/site"
)

const public = "https://id.example.com/auth"

// world is a pool with recovery codes in which ana is asked for codes by SMS.
type world struct {
	*cognitotest.World
	p       *pool.Pool
	c       *pool.Client
	handler http.Handler
	log     strings.Builder
}

func newWorld(cw *cognitotest.World) *world {
	w := &world{World: cw}
	w.serve(cw.Factors)
	w.p = cw.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.UserPoolTags = map[string]string{pool.TagRecoveryCodes: "2"}
	})
	cognitotest.Call(cw, cw.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: w.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional),
		SmsMfaConfiguration: &cognitoidp.SmsMfaConfigType{SmsConfiguration: w.p.Config.SmsConfiguration},
	})
	w.p, w.c = cw.Reload(w.p.ID), cw.Client(w.p, nil)
	cw.User(w.p, "ana", "phone_number", "+15550100")
	w.asked(true)
	return w
}

// serve puts the codes on a site.
func (w *world) serve(codes Codes) {
	w.handler = site.New(site.Deps{
		Addresses: pool.NewAddresses(public + "/"), Guard: w.Guard, Log: obs.NewLogger(&w.log, obs.JSON, slog.LevelInfo),
	}, Routes(codes)...)
}

// asked turns SMS codes on or off for ana.
func (w *world) asked(on bool) {
	w.T.Helper()
	cognitotest.Call(w.World, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
		UserPoolId: w.p.ID, Username: "ana", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: &on},
	})
}

// access is an access token of ana whose session has just proven these methods.
func (w *world) access(methods ...string) string {
	w.T.Helper()
	s := w.Users.Subject(w.Get(w.p, "ana"), nil)
	s.AMR, s.AuthTime = methods, w.Clock.Now().Unix()
	g, err := w.Tokens.Prepare(w.Ctx, w.p, w.c, s, token.Options{})
	if err == nil {
		err = w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, g) })
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return *g.Result().AccessToken
}

// ask sends a request with an access token, none for "".
func (w *world) ask(method, target, access string, edit func(*http.Request)) *httptest.ResponseRecorder {
	w.T.Helper()
	r := httptest.NewRequest(method, target, nil)
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	if edit != nil {
		edit(r)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	h := rec.Header()
	if h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Cache-Control"), "no-store") || h.Get("X-Amzn-RequestId") == "" {
		w.T.Errorf("%s %s: header %v", method, target, h)
	}
	return rec
}

func (w *world) url() string { return public + "/" + w.p.ID + "/recovery-codes" }

// state is what GET answers.
type stateOf struct {
	Left, Made   int
	CreationDate float64
}

func decode[T any](w *world, rec *httptest.ResponseRecorder, status int) T {
	w.T.Helper()
	var out T
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != status || rec.Header().Get("Content-Type") != "application/json;charset=UTF-8" {
		w.T.Fatalf("%d %s, %v", rec.Code, rec.Body, err)
	}
	return out
}

func TestRecoveryCodes(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		access := w.access("pwd", "sms")
		if s := decode[stateOf](w, w.ask("GET", w.url(), access, nil), 200); s != (stateOf{}) {
			w.T.Errorf("before any: %+v", s)
		}
		rec := w.ask("POST", w.url(), access, nil)
		made := decode[map[string][]string](w, rec, 200)["RecoveryCodes"]
		if len(made) != 2 || len(made[0]) != 11 || made[0] == made[1] {
			w.T.Errorf("made %s", rec.Body)
		}
		if s := decode[stateOf](w, w.ask("GET", w.url(), w.access("pwd"), nil), 200); s.Left != 2 || s.Made != 2 || s.CreationDate != float64(w.Clock.Now().UnixMilli())/1000 {
			w.T.Errorf("made: %+v", s)
		}
		again := decode[map[string][]string](w, w.ask("POST", w.url(), access, nil), 200)["RecoveryCodes"]
		if again[0] == made[0] {
			w.T.Error("the same codes again")
		}
		rec = w.ask("DELETE", w.url(), access, nil)
		if rec.Code != 204 || rec.Body.Len() != 0 {
			w.T.Errorf("deleted: %d %s", rec.Code, rec.Body)
		}
		if s := decode[stateOf](w, w.ask("GET", w.url(), access, nil), 200); s != (stateOf{}) {
			w.T.Errorf("after deletion: %+v", s)
		}
		for _, secret := range []string{made[0], again[1], access} {
			if strings.Contains(w.log.String(), secret) {
				w.T.Error("a secret is in the log")
			}
		}
		for _, fact := range []string{`"operation":"MakeRecoveryCodes"`, `"pool":"` + w.p.ID, `"user":"` + w.Get(w.p, "ana").Sub, `"status":204`} {
			if !strings.Contains(w.log.String(), fact) {
				w.T.Errorf("the log has no %s", fact)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	access := w.access("pwd", "sms")
	plain := w.Pool(nil)
	elsewhere := func(path string) string { return public + path }
	for _, c := range []struct {
		name, method, target, access string
		edit                         func(*http.Request)
		status                       int
		code, challenge              string
	}{
		{name: "no token", method: "POST", status: 401, code: "invalid_token", challenge: "Bearer"},
		{name: "rubbish", method: "GET", access: "x.y.z", status: 401, code: "invalid_token",
			challenge: `Bearer error="invalid_token", error_description="Invalid Access Token"`},
		{name: "another scheme", method: "GET", edit: func(r *http.Request) { r.Header.Set("Authorization", "Basic "+access) },
			status: 401, code: "invalid_token", challenge: "Bearer"},
		{name: "two tokens", method: "GET", access: access, edit: func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+access) },
			status: 401, code: "invalid_token", challenge: "Bearer"},
		{name: "in the query", method: "GET", target: w.url() + "?access_token=" + access, status: 401, code: "invalid_token", challenge: "Bearer"},
		{name: "weak", method: "POST", access: w.access("pwd"), status: 401, code: "insufficient_user_authentication",
			challenge: `Bearer error="insufficient_user_authentication", error_description="Sign in again with a second factor or a passkey; ` +
				`the sign-in may be 900 seconds old.", max_age="900", acr_values="urn:cognito:loa:3 urn:cognito:loa:4"`},
		{name: "pool without codes", method: "POST", target: elsewhere("/" + plain.ID + "/recovery-codes"), access: access, status: 404, code: "not_found"},
		{name: "no such pool", method: "GET", target: elsewhere("/us-east-1_000000000/recovery-codes"), access: access, status: 404, code: "not_found"},
		{name: "no pool", method: "GET", target: elsewhere("/recovery-codes"), access: access, status: 404, code: "not_found"},
		{name: "deeper", method: "GET", target: w.url() + "/recovery-codes", access: access, status: 404, code: "not_found"},
		{name: "dots", method: "GET", target: elsewhere("/../recovery-codes"), access: access, status: 404, code: "not_found"},
		{name: "PUT", method: "PUT", access: access, status: 405, code: "invalid_request"},
	} {
		if c.target == "" {
			c.target = w.url()
		}
		rec := w.ask(c.method, c.target, c.access, c.edit)
		got := decode[map[string]string](w, rec, c.status)
		if got["error"] != c.code || got["error_description"] == "" || rec.Header().Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %s, %v", c.name, rec.Body, rec.Header())
		}
	}
	if rec := w.ask("HEAD", w.url(), access, nil); rec.Code != 405 || rec.Header().Get("Allow") != "GET, POST, DELETE, OPTIONS" || rec.Body.Len() > 0 {
		t.Errorf("HEAD: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	w.asked(false)
	if got := decode[map[string]string](w, w.ask("POST", w.url(), access, nil), 409); got["error"] != "no_second_factor" {
		t.Errorf("no second factor: %v", got)
	}
	rec := w.ask("GET", w.url(), "", func(r *http.Request) { r.Header.Set("Authorization", "bearer   "+access) })
	if rec.Code != 200 {
		t.Errorf("another spelling: %d %s", rec.Code, rec.Body)
	}
	w.Clock.Advance(2 * time.Hour)
	if got := decode[map[string]string](w, w.ask("DELETE", w.url(), access, nil), 401); got["error_description"] != "Access Token has expired" {
		t.Errorf("late: %v", got)
	}
}

func TestPreflight(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	for asked, want := range map[string]string{"": "Authorization, Content-Type", "authorization,x-mine": "authorization,x-mine", strings.Repeat("a", 2000): "Authorization, Content-Type"} {
		rec := w.ask("OPTIONS", w.url(), "", func(r *http.Request) { r.Header.Set("Access-Control-Request-Headers", asked) })
		h := rec.Header()
		if rec.Code != 204 || h.Get("Access-Control-Allow-Headers") != want || h.Get("Access-Control-Allow-Methods") != "GET, POST, DELETE, OPTIONS" {
			t.Errorf("%.20q: %d, %v", asked, rec.Code, h)
		}
	}
}

// broken fails within.
type broken struct{ Codes }

func (broken) RecoveryCodes(context.Context, string, string) (factor.RecoverySet, error) {
	return factor.RecoverySet{}, errors.New("disk on fire")
}

func TestFault(t *testing.T) {
	w := newWorld(cognitotest.Quick(t))
	w.serve(broken{})
	rec := w.ask("GET", w.url(), "x", nil)
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "fire") || !strings.Contains(w.log.String(), "disk on fire") {
		t.Errorf("%d %s\n%s", rec.Code, rec.Body, w.log.String())
	}
}

// TestBudget: a source that showed wrong tokens too often is refused until there is room again.
func TestBudget(t *testing.T) {
	limits := guard.Limits{SourceFailures: limit.Rate{Max: 3, Per: time.Hour}}
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		w := newWorld(cognitotest.New(t, d, cognitotest.Options{Limits: limits}))
		target := public + "/" + w.p.ID + string(pool.EndpointRecoveryCodes)
		access := w.access(factor.AMRPassword, factor.AMRSMS)
		for range 3 {
			if rec := w.ask("GET", target, access+"x", nil); rec.Code != 401 {
				t.Errorf("a wrong token: %d", rec.Code)
			}
		}
		for _, text := range []string{access + "x", access} {
			rec := w.ask("GET", target, text, nil)
			if rec.Code != 429 || rec.Header().Get("Retry-After") != "1200" || !strings.Contains(rec.Body.String(), `"temporarily_unavailable"`) {
				t.Errorf("over the budget: %d %s %s", rec.Code, rec.Header(), rec.Body)
			}
		}
		w.Later(20 * time.Minute)
		for range 5 {
			if rec := w.ask("GET", target, access, nil); rec.Code != 200 {
				t.Errorf("when there is room again: %d %s", rec.Code, rec.Body)
			}
		}
	})
}
