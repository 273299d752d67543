package token

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
)

func TestRefreshWithoutRotation(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		subj := ana()
		subj.AuthTime = f.clock.Now().Unix() - 5
		g := f.signIn(c, subj)
		first := claimsOf(t, *g.Result().AccessToken)
		f.clock.Advance(10 * time.Minute)
		for range 2 { // the token stays good
			r, err := f.refresh(c, *g.Result().RefreshToken)
			f.must(err)
			if r.Writes() || r.Result().RefreshToken != nil {
				t.Fatal("a refresh without rotation writes or hands out a refresh token")
			}
			m := claimsOf(t, *r.Result().AccessToken)
			for _, name := range []string{"sub", "auth_time", "origin_jti", "event_id", "scope", "client_id"} {
				if m[name] != first[name] {
					t.Errorf("%s changed from %v to %v", name, first[name], m[name])
				}
			}
			if m["jti"] == first["jti"] || m["iat"] == first["iat"] || m["exp"] == first["exp"] {
				t.Error("jti, iat or exp did not change")
			}
			f.wantAccess(*r.Result().AccessToken, "")
		}
	})
}

func TestRefreshTokenForm(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	text := *f.signIn(c, ana()).Result().RefreshToken
	if p := strings.Split(text, "."); len(p) != 5 || part(t, text, 0) != `{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}` {
		t.Fatalf("%q", text)
	}
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.") != "" {
		t.Fatalf("%q", text)
	}
	other := f.newClient(nil)
	f.wantRefresh(other, text, ErrInvalidRefresh)
	for i := range text {
		f.wantRefresh(c, text[:i], ErrInvalidRefresh)
		for _, ch := range []string{"A", "_", ".", string(rune(text[i] ^ 1))} {
			if ch != text[i:i+1] {
				f.wantRefresh(c, text[:i]+ch+text[i+1:], ErrInvalidRefresh)
			}
		}
	}
	for _, bad := range []string{"", "....", text + "A", text + ".A", " " + text, text + "\n", strings.Repeat(text, 9)} {
		f.wantRefresh(c, bad, ErrInvalidRefresh)
	}
	// The same user and client in another pool.
	home := f.pool
	f.pool = f.newPool()
	f.wantRefresh(c, text, ErrInvalidRefresh)
	f.pool = home
	if _, err := f.refresh(c, text); err != nil {
		t.Fatal(err)
	}
}

// TestSeedIsNeeded: who reads the database and can compute the keyed hash still lacks the secret.
func TestSeedIsNeeded(t *testing.T) {
	f := quick(t)
	c := f.newClient(nil)
	s := *f.signIn(c, ana()).Session()
	s.seed = make([]byte, seedSize)
	text, err := f.refreshText(t.Context(), &s, 0)
	must(t, err)
	f.wantRefresh(c, text, ErrInvalidRefresh)
}

func TestRotation(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(0))
		g := f.signIn(c, ana())
		var texts []string
		text := *g.Result().RefreshToken
		for range 4 {
			texts = append(texts, text)
			f.clock.Advance(24 * time.Hour)
			r, err := f.refresh(c, text)
			f.must(err)
			text = *r.Result().RefreshToken
			f.wantAccess(*r.Result().AccessToken, "")
		}
		// Rotation does not extend the life of thirty days.
		f.clock.Advance(26*24*time.Hour - time.Millisecond)
		s, err := f.find(c, text)
		f.must(err)
		if s.Expires != g.Session().Expires {
			t.Fatal("the expiry moved")
		}
		f.clock.Advance(time.Millisecond)
		f.wantRefresh(c, text, ErrRefreshExpired)
		f.clock.Advance(-25 * 24 * time.Hour)
		// An old token, however old, ends the session: the newest and its access tokens die too.
		access := claimsOf(t, *g.Result().AccessToken)["jti"]
		if access == nil {
			t.Fatal("no jti")
		}
		f.wantRefresh(c, texts[0], ErrRefreshReuse)
		f.wantRefresh(c, text, ErrRefreshRevoked)
		f.wantRefresh(c, texts[0], ErrRefreshRevoked)
	})
}

func TestReuseEndsAccess(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(0))
		g, bystander := f.signIn(c, ana()), f.signIn(c, ana())
		r, err := f.refresh(c, *g.Result().RefreshToken)
		f.must(err)
		f.wantRefresh(c, *g.Result().RefreshToken, ErrRefreshReuse)
		f.wantAccess(*r.Result().AccessToken, revoked)
		f.wantAccess(*g.Result().AccessToken, revoked)
		f.wantAccess(*bystander.Result().AccessToken, "")
	})
}

func TestGrace(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(10))
		old := *f.signIn(c, ana()).Result().RefreshToken
		r, err := f.refresh(c, old)
		f.must(err)
		next := *r.Result().RefreshToken
		f.clock.Advance(10*time.Second - time.Millisecond)
		r, err = f.refresh(c, old)
		f.must(err)
		if *r.Result().RefreshToken != next || r.Writes() {
			t.Fatal("a repeated request within the grace period got another token")
		}
		if _, err := f.refresh(c, next); err != nil {
			t.Fatal(err)
		}
		// One generation further the first token is no longer the previous one.
		f.wantRefresh(c, old, ErrRefreshReuse)

		old = *f.signIn(c, ana()).Result().RefreshToken
		_, err = f.refresh(c, old)
		f.must(err)
		f.clock.Advance(10 * time.Second)
		f.wantRefresh(c, old, ErrRefreshReuse)
	})
}

// parallel redeems one token 64 times at once and counts the outcomes.
func (f *fixture) parallel(grace int64) (won, reused, ended int64, next map[string]bool) {
	f.t.Helper()
	c := f.newClient(rotating(grace))
	text := *f.signIn(c, ana()).Result().RefreshToken
	var w, r, e atomic.Int64
	var mu sync.Mutex
	next = map[string]bool{}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			switch g, err := f.refresh(c, text); {
			case err == nil:
				w.Add(1)
				mu.Lock()
				next[*g.Result().RefreshToken] = true
				mu.Unlock()
			case errors.Is(err, ErrRefreshReuse):
				r.Add(1)
			case errors.Is(err, ErrRefreshRevoked):
				e.Add(1)
			default:
				f.t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	return w.Load(), r.Load(), e.Load(), next
}

func TestParallelRedemptions(t *testing.T) {
	each(t, func(f *fixture) {
		won, reused, ended, _ := f.parallel(0)
		if won != 1 || reused < 1 || won+reused+ended != 64 {
			t.Fatalf("no grace: %d won, %d reused, %d ended", won, reused, ended)
		}
		won, _, _, next := f.parallel(60)
		if won != 64 || len(next) != 1 {
			t.Fatalf("within the grace period: %d won with %d tokens", won, len(next))
		}
	})
}

// TestLateLoser: a redemption that read the time before the one that won wins nothing without a grace period.
func TestLateLoser(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(0))
		text := *f.signIn(c, ana()).Result().RefreshToken
		grant := func() *Grant {
			s, err := f.find(c, text)
			f.must(err)
			g, err := f.Renew(t.Context(), f.pool, c, s, ana(), nil)
			f.must(err)
			return g
		}
		loser, winner := grant(), grant()
		f.clock.Advance(time.Millisecond)
		f.update(func(tx *db.Tx) error { return f.Commit(tx, winner) })
		f.clock.Advance(-time.Millisecond)
		if _, err := f.find(c, text); !errors.Is(err, ErrRefreshReuse) {
			t.Errorf("found: %v", err)
		}
		if err := f.db.Update(t.Context(), func(tx *db.Tx) error { return f.Commit(tx, loser) }); !errors.Is(err, ErrRefreshReuse) {
			t.Errorf("committed: %v", err)
		}
	})
}

// TestRotateAgainstSignOut: a rotation that meets a sign-out leaves nothing behind.
func TestRotateAgainstSignOut(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(rotating(60))
		s, err := f.find(c, *f.signIn(c, ana()).Result().RefreshToken)
		f.must(err)
		g, err := f.Renew(t.Context(), f.pool, c, s, ana(), nil)
		f.must(err)
		f.update(func(tx *db.Tx) error { return f.RevokeUser(tx, f.pool.ID, s.Sub) })
		err = f.db.Update(t.Context(), func(tx *db.Tx) error { return f.Commit(tx, g) })
		if !errors.Is(err, ErrRefreshRevoked) {
			t.Fatalf("got %v", err)
		}
		f.wantAccess(*g.Result().AccessToken, revoked)
	})
}

func TestActivity(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		g := f.signIn(c, ana())
		f.clock.Advance(time.Minute)
		s, err := f.find(c, *g.Result().RefreshToken)
		f.must(err)
		subj := ana()
		subj.IP, subj.UserAgent = "2001:db8::1", "other\x00/2 \xff"+strings.Repeat("x", 600)
		_, err = f.Renew(t.Context(), f.pool, c, s, subj, nil)
		f.must(err)
		f.must(f.Flush(t.Context()))
		s, err = f.find(c, *g.Result().RefreshToken)
		f.must(err)
		if s.LastActive != f.clock.Milli() || s.IP != subj.IP || !strings.HasPrefix(s.UserAgent, "other/2 \uFFFDx") || len(s.UserAgent) > maxAgent+3 {
			t.Fatalf("%+v", s)
		}
		f.must(f.Flush(t.Context()))
	})
}

func TestActivityIsBounded(t *testing.T) {
	var a activity
	for i := range maxTouches + 10 {
		a.note(&Session{EventID: string(rune(i + 0x10000))}, touch{at: 1})
	}
	seen := 0
	for batch := a.take(); len(batch) > 0; batch = a.take() {
		if len(batch) > flushBatch {
			t.Fatalf("batch of %d", len(batch))
		}
		seen += len(batch)
	}
	if seen != maxTouches {
		t.Fatalf("%d touches kept", seen)
	}
}

func TestCheckDevice(t *testing.T) {
	s := &Session{DeviceKey: "a"}
	if s.CheckDevice("a") != nil || !errors.Is(s.CheckDevice(""), ErrInvalidRefresh) || (&Session{}).CheckDevice("") != nil {
		t.Fatal("devices are mixed up")
	}
}

func FuzzParseRefresh(f *testing.F) {
	fix := quick(f)
	good := *fix.signIn(fix.newClient(nil), ana()).Result().RefreshToken
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(strings.Repeat(".", 5))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := fix.openRefresh(t.Context(), fix.pool.ID, text)
		if (err == nil) != (text == good) || (r == nil) != (err != nil) || err != nil && !errors.Is(err, ErrInvalidRefresh) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
