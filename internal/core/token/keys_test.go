package token

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/jose"
)

// published returns the key ids in the JWKS.
func (f *fixture) published() map[string]bool {
	f.t.Helper()
	text, err := f.Keys(f.t.Context(), f.pool.ID)
	f.must(err)
	keys, err := jose.ParseJWKS(text)
	f.must(err)
	kids := map[string]bool{}
	for kid := range keys {
		kids[kid] = true
	}
	return kids
}

// kidOf returns the key id in a token's header.
func (f *fixture) kidOf(text string) string {
	f.t.Helper()
	return strings.Split(part(f.t, text, 0), `"`)[3]
}

// TestRotateKeys follows a rotation on the node that makes it and on another: new keys are published before they sign,
// and old tokens are accepted until they expire.
func TestRotateKeys(t *testing.T) {
	each(t, func(f *fixture) {
		c := f.newClient(nil)
		second := node(t, f.db, f.clock)
		second.pool = f.pool
		old := *f.signIn(c, ana()).Result().AccessToken
		second.wantAccess(old, "") // the other node has read the keys
		f.must(f.RotateKeys(t.Context(), f.pool.ID))
		if err := f.RotateKeys(t.Context(), f.pool.ID); !errors.Is(err, ErrRotating) {
			t.Fatalf("second rotation: %v", err)
		}
		kids := f.published()
		if len(kids) != 4 || !kids[f.kidOf(old)] {
			t.Fatalf("published %v", kids)
		}
		f.clock.Advance(publishAhead - time.Millisecond)
		if again := *f.signIn(c, ana()).Result().AccessToken; f.kidOf(again) != f.kidOf(old) {
			t.Fatal("a new key signs before its time")
		}
		f.clock.Advance(time.Millisecond)
		r := f.signIn(c, ana()).Result()
		if f.kidOf(*r.AccessToken) == f.kidOf(old) || f.kidOf(*r.IdToken) == f.kidOf(*r.AccessToken) {
			t.Fatal("the new keys do not sign")
		}
		// The other node learns of the new key by the token.
		second.expireRing()
		second.wantAccess(*r.AccessToken, "")
		second.wantAccess(old, "")

		f.clock.Advance(keyLinger)
		f.update(func(tx *db.Tx) error { _, err := f.Sweep(t.Context(), tx, f.clock.Now(), 100); return err })
		f.Forget()
		if kids := f.published(); len(kids) != 2 || kids[f.kidOf(old)] {
			t.Fatalf("published after the sweep: %v", kids)
		}
		f.must(f.RotateKeys(t.Context(), f.pool.ID))
	})
}

// expireRing makes the node's keys as old as they become within seconds.
func (f *fixture) expireRing() {
	v, _ := f.rings.Load(f.pool.ID)
	r := v.(*ring)
	set := *r.set.Load()
	set.read = set.read.Add(-ringRetry)
	r.set.Store(&set)
}

// TestFirstKeysOnce: nodes that need the first keys of a pool at the same time end with the same two.
func TestFirstKeysOnce(t *testing.T) {
	each(t, func(f *fixture) {
		poolID := "us-east-1_again0000"
		f.update(func(tx *db.Tx) error { return f.ring.Create(tx, poolID) })
		var sets [8]string
		var wg sync.WaitGroup
		for i := range sets {
			n := node(t, f.db, f.clock)
			wg.Go(func() {
				set, err := n.Keys(t.Context(), poolID)
				if err != nil {
					t.Error(err)
				}
				sets[i] = string(set)
			})
		}
		wg.Wait()
		for _, s := range sets {
			if s != sets[0] || strings.Count(s, `"kid"`) != 2 {
				t.Fatalf("nodes publish\n%s\nand\n%s", sets[0], s)
			}
		}
	})
}

// TestKeysAreSealed: no private key stands in the database, and a row moved to another pool does not open.
func TestKeysAreSealed(t *testing.T) {
	f := quick(t)
	other := f.newPool()
	for _, id := range []string{f.pool.ID, other.ID} { // made in the background otherwise
		_, err := f.Keys(t.Context(), id)
		must(t, err)
	}
	f.update(func(tx *db.Tx) error {
		if err := deleteKeys(tx, other.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO signing_key (pool_id, kid, purpose, private, active_from, expires_at)
			SELECT $1, kid, purpose, private, active_from, expires_at FROM signing_key WHERE pool_id = $2`,
			other.ID, f.pool.ID)
		return err
	})
	f.Forget()
	if _, err := f.Keys(t.Context(), other.ID); err == nil {
		t.Fatal("a key of another pool was accepted")
	}
	if _, err := f.Keys(t.Context(), "us-east-1_nothing00"); !errors.Is(err, ErrNoKeys) {
		t.Fatalf("a pool without keys: %v", err)
	}
}

// TestRingsAreBounded: a node of very many pools forgets the keys of some, not those it was asked for.
func TestRingsAreBounded(t *testing.T) {
	f := quick(t)
	for i := range maxRings + 50 {
		id := strconv.Itoa(i)
		if first := f.ringOf(id); first != f.ringOf(id) {
			t.Fatal("a ring was dropped at once")
		}
	}
	n := 0
	f.rings.Range(func(_, _ any) bool { n++; return true })
	if n > maxRings || int64(n) != f.ringCount.Load() {
		t.Fatalf("%d rings, %d counted", n, f.ringCount.Load())
	}
	f.Forget()
	if n := f.ringCount.Load(); n != 0 {
		t.Fatalf("%d rings after Forget", n)
	}
}
