package site

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/testkit/dbtest"
)

const otherPool = "us-east-1_Other0000"

// jar is a browser's cookies and the two pools whose pages it visits.
type jar struct {
	Cookies
	t     *testing.T
	clock *clock.Clock
}

func newJar(t *testing.T) *jar {
	d := dbtest.SQLite(t, keyring.Migrations)
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Open(t.Context(), d, kek)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{poolID, otherPool} {
		if err := d.Update(t.Context(), func(tx *db.Tx) error { return keys.Create(tx, id) }); err != nil {
			t.Fatal(err)
		}
	}
	j := &jar{t: t, clock: clock.Frozen(time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC))}
	j.Cookies = Cookies{Keys: keys, Now: j.clock.Now}
	return j
}

func at(id string) Place { return Place{PoolID: id, Path: "/login", Base: "/" + id} }

// request is one that the browser sends with these cookies.
func request(place Place, method string, cookies ...*http.Cookie) *Request {
	r := httptest.NewRequest(method, "https://id.example.com"+place.Base+place.Path, nil)
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return &Request{Request: r, Place: place}
}

var kept = Cookie{Name: "cognito", Life: time.Hour}

func (j *jar) seal(place Place, kind Cookie, value string) *http.Cookie {
	j.t.Helper()
	c, err := j.Seal(j.t.Context(), place, kind, []byte(value))
	if err != nil {
		j.t.Fatal(err)
	}
	return c
}

func TestCookie(t *testing.T) {
	j := newJar(t)
	c := j.seal(at(poolID), kept, "sso123")
	if strings.Contains(c.Value, "sso123") || len(c.Value) < 40 || c.Valid() != nil {
		t.Errorf("%+v", c)
	}
	if got, err := j.Open(t.Context(), request(at(poolID), "GET", c), kept); err != nil || string(got) != "sso123" {
		t.Errorf("%q, %v", got, err)
	}
	if again := j.seal(at(poolID), kept, "sso123"); again.Value == c.Value {
		t.Error("the same value is sealed to the same text")
	}
	if _, err := j.Seal(t.Context(), at(poolID), kept, make([]byte, 4000)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large: %v", err)
	}
}

// TestCookieForms: where a cookie is sent and who may set it follow from how the pool is addressed.
func TestCookieForms(t *testing.T) {
	j := newJar(t)
	for _, c := range []struct {
		name  string
		place Place
		kind  Cookie
		want  string
	}{
		{"path", at(poolID), kept, "cognito=v; Path=/" + poolID + "; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{"host", Place{PoolID: poolID}, kept, "__Host-cognito=v; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{"local path", Place{PoolID: poolID, Base: "/auth/" + poolID, Local: true}, kept, "cognito=v; Path=/auth/" + poolID + "; Max-Age=3600; HttpOnly; SameSite=Lax"},
		{"local host", Place{PoolID: poolID, Local: true}, kept, "cognito=v; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"},
		{"strict", at(poolID), Cookie{Name: "s", Life: time.Minute, SameSite: http.SameSiteStrictMode}, "s=v; Path=/" + poolID + "; Max-Age=60; HttpOnly; Secure; SameSite=Strict"},
	} {
		sealed := j.seal(c.place, c.kind, "x")
		if got, err := j.Open(t.Context(), request(c.place, "GET", sealed), c.kind); err != nil || string(got) != "x" {
			t.Errorf("%s does not read back: %v", c.name, err)
		}
		gone := j.Drop(c.place, c.kind)
		if gone.Name != sealed.Name || gone.Path != sealed.Path || gone.MaxAge != -1 || gone.Value != "" || gone.Secure != sealed.Secure {
			t.Errorf("%s: dropped by %s", c.name, gone)
		}
		if sealed.Value = "v"; sealed.String() != c.want {
			t.Errorf("%s: %s", c.name, sealed)
		}
	}
}

func TestNoCookie(t *testing.T) {
	j := newJar(t)
	good := j.seal(at(poolID), kept, "sso123")
	as := func(name, value string) *http.Cookie { return &http.Cookie{Name: name, Value: value} }
	flipped := []byte(good.Value)
	flipped[len(flipped)/2] ^= 1
	for name, r := range map[string]*Request{
		"none":          request(at(poolID), "GET"),
		"empty":         request(at(poolID), "GET", as("cognito", "")),
		"rubbish":       request(at(poolID), "GET", as("cognito", "%%%")),
		"altered":       request(at(poolID), "GET", as("cognito", string(flipped))),
		"cut":           request(at(poolID), "GET", as("cognito", good.Value[:len(good.Value)-4])),
		"longer":        request(at(poolID), "GET", as("cognito", good.Value+strings.Repeat("A", maxValue))),
		"foreign pool":  request(at(otherPool), "GET", good),
		"no such pool":  request(at("us-east-1_nobody"), "GET", good),
		"another name":  request(at(poolID), "GET", as("cognito", j.seal(at(poolID), Cookie{Name: "lang", Life: time.Hour}, "sso123").Value)),
		"path for host": request(Place{PoolID: poolID}, "GET", good),
		"planted":       request(at(poolID), "GET", good, j.seal(at(poolID), kept, "of an attacker")),
	} {
		if got, err := j.Open(t.Context(), r, kept); !errors.Is(err, ErrNoCookie) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := j.Open(t.Context(), request(at(poolID), "GET", as("cognito", "x"), good), kept); err != nil {
		t.Errorf("rubbish beside the good one: %v", err)
	}
	j.clock.Advance(time.Hour - time.Millisecond)
	if _, err := j.Open(t.Context(), request(at(poolID), "GET", good), kept); err != nil {
		t.Errorf("just alive: %v", err)
	}
	j.clock.Advance(time.Millisecond)
	if _, err := j.Open(t.Context(), request(at(poolID), "GET", good), kept); !errors.Is(err, ErrNoCookie) {
		t.Errorf("expired: %v", err)
	}
}

// brokenKeys fail as a database does.
type brokenKeys struct{ Keys }

var errKeys = errors.New("no connection")

func (brokenKeys) Open(context.Context, string, []byte, ...string) ([]byte, error) {
	return nil, errKeys
}

// TestKeysFail: a failure of ours is not taken for a browser without cookies.
func TestKeysFail(t *testing.T) {
	j := newJar(t)
	r := request(at(poolID), "POST", j.seal(at(poolID), kept, "x"), j.seal(at(poolID), browser, "x"))
	j.Keys = brokenKeys{j.Keys}
	if _, err := j.Open(t.Context(), r, kept); !errors.Is(err, errKeys) {
		t.Error(err)
	}
	csrf, err := NewCSRF(j.Cookies, "https://id.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := csrf.Check(t.Context(), r, "login", "x"); !errors.Is(err, errKeys) {
		t.Error(err)
	}
	if _, _, err := csrf.Token(t.Context(), r, "login"); !errors.Is(err, errKeys) {
		t.Error(err)
	}
}
