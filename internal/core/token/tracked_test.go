package token

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// track switches tracking in the fixture's pool.
func (f *fixture) track(on bool, max int64) {
	f.t.Helper()
	how := cognitoidp.UserSessionTrackingTypeDisabled
	if on {
		how = cognitoidp.UserSessionTrackingTypeEnabled
	}
	_, err := pool.Ops{Pools: f.pools}.SetUserPoolSessionConfiguration(f.t.Context(), &cognitoidp.SetUserPoolSessionConfigurationRequest{
		UserPoolId: f.pool.ID, UserSessionTracking: how, TokenSession: &cognitoidp.UserPoolTokenSessionConfigType{MaxPerUser: max},
	})
	f.must(err)
	f.reload()
}

// tag sets a tag of the fixture's pool.
func (f *fixture) tag(key, value string) {
	f.t.Helper()
	_, err := pool.Ops{Pools: f.pools}.TagResource(f.t.Context(), &cognitoidp.TagResourceRequest{ResourceArn: f.pool.ARN, Tags: map[string]string{key: value}})
	f.must(err)
	f.reload()
}

func (f *fixture) reload() {
	f.t.Helper()
	p, err := f.pools.Pool(f.t.Context(), f.pool.ID)
	f.must(err)
	f.pool = p
}

// listed are the ids of the sessions that the user sees, the newest first.
func (f *fixture) listed(sub string) []string {
	f.t.Helper()
	var ids []string
	f.must(f.db.View(f.t.Context(), func(tx *db.Tx) error {
		ids = nil
		list, next, err := f.ListTracked(tx, f.pool, sub, "", 125)
		if next != "" {
			f.t.Errorf("a second page after %d sessions", len(list))
		}
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return err
	}))
	return ids
}

func (f *fixture) wantListed(want ...string) {
	f.t.Helper()
	if got := f.listed(ana().Sub); !slices.Equal(got, want) {
		f.t.Errorf("listed %v, want %v", got, want)
	}
}

func (f *fixture) end(id string, linked bool) (found bool) {
	f.t.Helper()
	f.update(func(tx *db.Tx) (err error) {
		found, err = f.EndTracked(tx, f.pool, ana().Sub, id, linked)
		return err
	})
	return found
}

// TestLeastRecentlyUsedMakesRoom: the session that was refreshed longest ago goes, not the oldest, and its tokens with it.
func TestLeastRecentlyUsedMakesRoom(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 2)
		c, other := f.newClient(nil), f.newClient(nil)
		first := f.signIn(c, ana())
		f.clock.Advance(time.Second)
		second := f.signIn(other, ana())
		f.clock.Advance(time.Second)
		_, err := f.refresh(c, *first.Result().RefreshToken)
		f.must(err)
		f.clock.Advance(time.Second)
		third := f.signIn(c, ana())
		f.wantListed(third.Session().ID, first.Session().ID)
		f.wantAccess(*second.Result().AccessToken, revoked)
		f.wantRefresh(other, *second.Result().RefreshToken, ErrRefreshRevoked)
		f.wantAccess(*first.Result().AccessToken, "")
		f.must(f.Flush(f.t.Context()))
		f.clock.Advance(time.Second)
		_, err = f.refresh(c, *first.Result().RefreshToken)
		f.must(err)
		f.must(f.Flush(f.t.Context()))
		// A lower number acts at the next sign-in, which may end several.
		f.track(true, 1)
		f.wantListed(third.Session().ID, first.Session().ID)
		f.clock.Advance(time.Second)
		fourth := f.signIn(c, ana())
		f.wantListed(fourth.Session().ID)
		// Another user and a pool without tracking are not touched.
		bob := ana()
		bob.Sub = "3c5d5d5e-1111-4222-8333-444455556666"
		f.signIn(c, bob)
		f.wantListed(fourth.Session().ID)
		f.track(false, 1)
		f.signIn(c, ana())
		f.wantListed()
		f.wantAccess(*fourth.Result().AccessToken, "")
	})
}

// TestParallelSignInsKeepTheNumber: sign-ins at the same time cannot both take the last place.
func TestParallelSignInsKeepTheNumber(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 3)
		c := f.newClient(nil)
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				g, err := f.Prepare(f.t.Context(), f.pool, c, ana(), Options{})
				if err == nil {
					err = f.db.Update(f.t.Context(), func(tx *db.Tx) error { return f.Commit(tx, g) })
				}
				if err != nil {
					f.t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(f.listed(ana().Sub)); n != 3 {
			f.t.Errorf("%d sessions", n)
		}
	})
}

// TestTrackingStartsClean: sessions from before live on and are neither listed nor counted.
func TestTrackingStartsClean(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		before := f.signIn(c, ana())
		f.wantListed()
		f.clock.Advance(time.Second)
		f.track(true, 1)
		f.wantListed()
		if f.end(before.Session().ID, false) {
			f.t.Error("ended a session that is not tracked")
		}
		f.clock.Advance(time.Second)
		g := f.signIn(c, ana())
		f.wantListed(g.Session().ID)
		f.wantAccess(*before.Result().AccessToken, "")
		f.clock.Advance(time.Second)
		f.track(true, 1) // again, without a switch, forgets nothing
		f.wantListed(g.Session().ID)
		f.track(false, 1)
		if f.end(g.Session().ID, false) {
			f.t.Error("ended a session while tracking is off")
		}
		f.clock.Advance(time.Second)
		f.track(true, 1)
		f.wantListed()
		f.clock.Advance(c.RefreshTTL())
		f.wantListed()
	})
}

func TestEndTracked(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 20)
		c, other := f.newClient(nil), f.newClient(nil)
		now := f.clock.Milli()
		sso := &SSO{PoolID: f.pool.ID, Sub: ana().Sub, ClientID: c.ID, AMR: []string{"pwd"}, Created: now, LastActive: now, Expires: now + 3600_000}
		f.update(func(tx *db.Tx) error { sso.ID = ""; return f.OpenSSO(tx, sso) })
		through := func(c *pool.Client) *Grant {
			f.clock.Advance(time.Second)
			g, err := f.Prepare(f.t.Context(), f.pool, c, ana(), Options{Parent: sso.ID, Scope: AdminScope})
			f.must(err)
			f.update(func(tx *db.Tx) error { return f.Commit(tx, g) })
			return g
		}
		a, b := through(c), through(other)
		f.clock.Advance(time.Second)
		alone := f.signIn(c, ana())
		f.wantListed(alone.Session().ID, b.Session().ID, a.Session().ID, sso.ID)

		for _, id := range []string{"tkn0000000000000000000000000", "sso0000000000000000000000000", ""} {
			if f.end(id, true) {
				f.t.Errorf("ended %q", id)
			}
		}
		if !f.end(a.Session().ID, false) || f.end(a.Session().ID, false) {
			f.t.Error("a session ends exactly once")
		}
		f.wantListed(alone.Session().ID, b.Session().ID, sso.ID)
		f.wantAccess(*a.Result().AccessToken, revoked)
		f.wantRefresh(c, *a.Result().RefreshToken, ErrRefreshRevoked)

		// LINKED on a token session takes the parent and leaves the siblings.
		c2 := through(c)
		if !f.end(c2.Session().ID, true) {
			f.t.Error("not ended")
		}
		f.wantListed(alone.Session().ID, b.Session().ID)
		f.wantAccess(*b.Result().AccessToken, "")

		// The managed-login session alone leaves its children; LINKED takes them.
		f.update(func(tx *db.Tx) error { sso.ID = ""; return f.OpenSSO(tx, sso) })
		d, e := through(c), through(other)
		if !f.end(sso.ID, false) || f.end(sso.ID, true) {
			f.t.Error("a managed-login session ends exactly once")
		}
		f.wantAccess(*d.Result().AccessToken, "")
		f.update(func(tx *db.Tx) error { return f.OpenSSO(tx, sso) })
		if !f.end(sso.ID, true) {
			f.t.Error("not ended")
		}
		f.wantAccess(*d.Result().AccessToken, revoked)
		f.wantAccess(*e.Result().AccessToken, revoked)
		f.wantListed(alone.Session().ID, b.Session().ID)

		f.update(func(tx *db.Tx) error { sso.ID = ""; return f.OpenSSO(tx, sso) })
		f.update(func(tx *db.Tx) error { return f.RevokeUser(tx, f.pool.ID, ana().Sub) })
		f.wantListed()
	})
}

// TestForeignSessions: neither another user nor another pool reaches a session by its id.
func TestForeignSessions(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 20)
		g := f.signIn(f.newClient(nil), ana())
		mine := f.pool
		f.update(func(tx *db.Tx) error {
			found, err := f.EndTracked(tx, mine, "3c5d5d5e-1111-4222-8333-444455556666", g.Session().ID, true)
			if found {
				f.t.Error("ended another user's session")
			}
			return err
		})
		f.pool = f.newPool()
		f.track(true, 20)
		if f.end(g.Session().ID, true) || len(f.listed(ana().Sub)) != 0 {
			f.t.Error("reached the session from another pool")
		}
		f.pool = mine
		f.wantListed(g.Session().ID)
	})
}

func TestRevokeTokenLinked(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		how := cognitoidp.RevokeAssociatedSessionsTypeLinked
		for _, tc := range []struct {
			tracking bool
			how      *cognitoidp.RevokeAssociatedSessionsType
			left     int
		}{{true, nil, 1}, {true, new(cognitoidp.RevokeAssociatedSessionsTypeNone), 1}, {true, &how, 0}, {false, &how, 1}} {
			f.track(true, 20)
			now := f.clock.Milli()
			sso := &SSO{PoolID: f.pool.ID, Sub: ana().Sub, ClientID: c.ID, Created: now, LastActive: now, Expires: now + 3600_000}
			f.update(func(tx *db.Tx) error { sso.ID = ""; return f.OpenSSO(tx, sso) })
			g, err := f.Prepare(f.t.Context(), f.pool, c, ana(), Options{Parent: sso.ID, Scope: AdminScope})
			f.must(err)
			f.update(func(tx *db.Tx) error { return f.Commit(tx, g) })
			f.track(tc.tracking, 20)
			_, err = Ops{f.Tokens}.RevokeToken(f.t.Context(), &cognitoidp.RevokeTokenRequest{ClientId: c.ID, Token: *g.Result().RefreshToken, RevokeAssociatedSessions: tc.how})
			f.must(err)
			f.wantAccess(*g.Result().AccessToken, revoked)
			left := 0
			f.must(f.db.View(f.t.Context(), func(tx *db.Tx) error {
				list, err := listSSO(tx, f.pool.ID, ana().Sub, alive{}, cursor{created: 1 << 62}, 10)
				left = len(list)
				return err
			}))
			if left != tc.left {
				f.t.Errorf("%+v: %d managed-login sessions left", tc, left)
			}
			f.update(func(tx *db.Tx) error { return f.RevokeUser(tx, f.pool.ID, ana().Sub) })
		}
	})
}

// TestPagesOfSessions walks 130 sessions, as a cap that is not reached yet may leave, in pages of 125 and of 7.
func TestPagesOfSessions(t *testing.T) {
	f := quick(t)
	stale := f.pool // a node that has not heard of tracking
	f.track(true, 1)
	c := f.newClient(nil)
	for range 130 {
		g, err := f.Prepare(t.Context(), stale, c, ana(), Options{})
		must(t, err)
		f.update(func(tx *db.Tx) error { return f.Commit(tx, g) })
	}
	for _, size := range []int{7, 125} {
		seen := map[string]bool{}
		pages, from := 0, ""
		for pages == 0 || from != "" {
			pages++
			must(t, f.db.View(t.Context(), func(tx *db.Tx) error {
				list, next, err := f.ListTracked(tx, f.pool, ana().Sub, from, size)
				for _, s := range list {
					seen[s.ID] = true
				}
				from = next
				return err
			}))
		}
		if len(seen) != 130 || pages != 129/size+1 {
			t.Errorf("%d sessions in %d pages of %d", len(seen), pages, size)
		}
	}
}

func TestLimits(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(func(in *cognitoidp.CreateUserPoolClientRequest) { in.AccessTokenValidity = new(int64(24)) })
		f.tag(pool.TagSessionIdle, "30m")
		f.tag(pool.TagSessionAbsolute, "2h")
		g := f.signIn(c, ana())
		for range 3 {
			f.clock.Advance(29 * time.Minute)
			again, err := f.refresh(c, *g.Result().RefreshToken)
			f.must(err)
			if !again.Writes() {
				f.t.Error("activity that a limit depends on was not written at once")
			}
		}
		f.clock.Advance(29 * time.Minute) // 116 minutes
		f.wantAccess(*g.Result().AccessToken, "")
		_, err := f.refresh(c, *g.Result().RefreshToken)
		f.must(err)
		f.clock.Advance(4 * time.Minute) // the end of the absolute limit
		f.wantAccess(*g.Result().AccessToken, expired)
		f.wantRefresh(c, *g.Result().RefreshToken, ErrRefreshExpired)

		idle := f.signIn(c, ana())
		f.clock.Advance(30*time.Minute - time.Millisecond)
		f.wantAccess(*idle.Result().AccessToken, "")
		f.clock.Advance(time.Millisecond)
		f.wantAccess(*idle.Result().AccessToken, expired)
		f.wantRefresh(c, *idle.Result().RefreshToken, ErrRefreshExpired)

		rotates := f.newClient(rotating(10))
		r := f.signIn(rotates, ana())
		f.clock.Advance(29 * time.Minute)
		next, err := f.refresh(rotates, *r.Result().RefreshToken)
		f.must(err)
		f.clock.Advance(29 * time.Minute)
		_, err = f.refresh(rotates, *next.Result().RefreshToken)
		f.must(err)

		// A session that ends between the look-up and the commit of a refresh is refused.
		last := f.signIn(c, ana())
		s, err := f.find(c, *last.Result().RefreshToken)
		f.must(err)
		again, err := f.Renew(f.t.Context(), f.pool, c, s, ana(), nil)
		f.must(err)
		f.update(func(tx *db.Tx) error { return f.RevokeSession(tx, s) })
		if err := f.db.Update(f.t.Context(), func(tx *db.Tx) error { return f.Commit(tx, again) }); !errors.Is(err, ErrRefreshRevoked) {
			f.t.Errorf("commit of an ended session: %v", err)
		}
	})
}

// TestLimitsAndTracking: a session that a limit has ended is neither listed nor counted.
func TestLimitsAndTracking(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 2)
		f.tag(pool.TagSessionIdle, "1h")
		c := f.newClient(nil)
		f.signIn(c, ana())
		f.clock.Advance(30 * time.Minute)
		second := f.signIn(c, ana())
		f.clock.Advance(30 * time.Minute)
		f.wantListed(second.Session().ID)
		third := f.signIn(c, ana())
		f.wantListed(third.Session().ID, second.Session().ID)
	})
}

// TestSweepAndDropTracked: rows of tracking go with their time and with their pool.
func TestSweepAndDropTracked(t *testing.T) {
	each(t, func(f *fixture) {
		f.track(true, 2)
		now := f.clock.Milli()
		for range 3 {
			f.signIn(f.newClient(nil), ana())
			f.update(func(tx *db.Tx) error {
				return f.OpenSSO(tx, &SSO{PoolID: f.pool.ID, Sub: ana().Sub, Created: now, LastActive: now, Expires: now + 1000})
			})
		}
		f.clock.Advance(time.Second)
		f.update(func(tx *db.Tx) error {
			n, err := f.Sweep(f.t.Context(), tx, f.clock.Now(), 500)
			if n != 3 {
				f.t.Errorf("swept %d", n)
			}
			return err
		})
		f.update(func(tx *db.Tx) error {
			n, err := f.DropPool(tx, f.pool.ID, 500)
			if n != 3 { // two sessions and the row of the user
				f.t.Errorf("dropped %d", n)
			}
			return err
		})
		f.wantListed()
	})
}
