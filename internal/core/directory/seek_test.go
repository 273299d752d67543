package directory

import (
	"strings"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// TestSeekSub looks for users, ghosts and deleted users by sub: nobody but the user is told apart from the next one.
func TestSeekSub(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p, empty := f.newPool(nil), f.newPool(nil)
		u, err := f.create(p, NewUser{Username: "ana"})
		f.must(err)
		ghost, err := f.GhostSub(f.ctx, p, "nobody")
		f.must(err)
		for _, c := range []struct {
			pool  *pool.Pool
			sub   string
			known bool
		}{
			{p, u.Sub, true}, {p, ghost, false}, {p, strings.Repeat("0", 8) + u.Sub[8:], false}, {p, "f" + ghost[1:], false},
			{p, "", false}, {p, "no uuid", false}, {empty, u.Sub, false}, {empty, ghost, false},
		} {
			f.must(f.DB.View(f.ctx, func(tx *db.Tx) error {
				got, known, err := f.SeekSub(tx, c.pool, c.sub)
				if known != c.known || (got == nil) != (c.pool == empty) || got != nil && got.Sub != u.Sub {
					t.Errorf("SeekSub of %q in %s: %v, %+v", c.sub, c.pool.ID, known, got)
				}
				return err
			}))
		}
	})
}

// TestGhostMark holds that ghosts are recognised in their pool alone, and altered ones nowhere.
func TestGhostMark(t *testing.T) {
	f := quick(t)
	p, q := f.newPool(nil), f.newPool(nil)
	u, err := f.create(p, NewUser{Username: "ana"})
	f.must(err)
	ghost, err := f.GhostSub(f.ctx, p, "nobody")
	f.must(err)
	last := "0"
	if strings.HasSuffix(ghost, last) {
		last = "1"
	}
	for _, c := range []struct {
		pool *pool.Pool
		sub  string
		want bool
	}{
		{p, ghost, true}, {q, ghost, false}, {p, u.Sub, false}, {p, ghost[:35] + last, false}, {p, "", false}, {p, ghost + "00", false},
	} {
		if got, err := f.isGhost(f.ctx, c.pool, c.sub); got != c.want || err != nil {
			t.Errorf("isGhost(%q) = %v, %v", c.sub, got, err)
		}
	}
}
