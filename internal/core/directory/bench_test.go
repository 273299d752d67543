package directory

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/dbtest"
)

// benchSizes are the pool sizes that ListUsers is measured at; COGNATE_BENCH_USERS replaces the larger one.
func benchSizes(b *testing.B) []int {
	large := 50_000
	if text := os.Getenv("COGNATE_BENCH_USERS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		large = n
	}
	return []int{1000, large}
}

// filled makes a pool of n users.
func (f *fixture) filled(n int) *pool.Pool {
	f.t.Helper()
	p := f.newPool(caseless)
	_, err := f.BulkInsert(f.ctx, p, func(yield func(NewUser) bool) {
		for i := range n {
			if !yield(NewUser{Username: fmt.Sprint("user", i), Status: "CONFIRMED", Attributes: map[string]string{
				"email": fmt.Sprintf("user%d@example.com", i), "email_verified": "true", "family_name": fmt.Sprint("Family", i%1000),
			}}) {
				return
			}
		}
	})
	f.must(err)
	return p
}

func engines(b *testing.B, body func(b *testing.B, f *fixture)) {
	b.Run("sqlite", func(b *testing.B) {
		d, err := db.Open(b.Context(), db.Options{SQLite: b.TempDir() + "/bench.db", NoSync: true})
		if err == nil {
			err = d.Migrate(b.Context(), migrations())
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = d.Close() })
		body(b, newFixture(b, d))
	})
	b.Run("postgres", func(b *testing.B) { body(b, newFixture(b, dbtest.PG(b, migrations()))) })
}

// BenchmarkListUsers measures one page of 60 by kind of filter: the cost must not depend on the size of the pool.
func BenchmarkListUsers(b *testing.B) {
	engines(b, func(b *testing.B, f *fixture) {
		for _, n := range benchSizes(b) {
			p := f.filled(n)
			for name, filter := range map[string]string{
				"all": ``, "email": `email = "user500@example.com"`, "prefix": `username ^= "user"`, "many": `family_name = "family7"`,
				"enabled": `status = "Enabled"`, "disabled": `status = "Disabled"`, "none": `given_name ^= "x"`,
			} {
				b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
					for b.Loop() {
						if _, err := f.ListUsers(f.ctx, &cognitoidp.ListUsersRequest{UserPoolId: p.ID, Filter: &filter}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run(fmt.Sprintf("%d/count", n), func(b *testing.B) {
				for b.Loop() {
					if _, err := f.CountUsers(f.ctx, p.ID); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}

// BenchmarkBulkInsert measures loading 10,000 users.
func BenchmarkBulkInsert(b *testing.B) {
	engines(b, func(b *testing.B, f *fixture) {
		for b.Loop() {
			f.filled(10_000)
		}
	})
}

// BenchmarkGetUser measures GetUser: one signature check, one read of the session and one of the user.
func BenchmarkGetUser(b *testing.B) {
	engines(b, func(b *testing.B, f *fixture) {
		p := f.filled(1000)
		u := f.read(p, f.resolve(p, "user7"))
		in := &cognitoidp.GetUserRequest{AccessToken: f.signIn(p, f.newClient(p, nil), u, "")}
		for b.Loop() {
			if _, err := f.GetUser(f.ctx, in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSeek compares a name that somebody has with one that nobody has: the costs must be equal.
func BenchmarkSeek(b *testing.B) {
	engines(b, func(b *testing.B, f *fixture) {
		p := f.filled(benchSizes(b)[0])
		for what, prefix := range map[string]string{"known": "user", "unknown": "vser"} {
			for how, find := range map[string]func(tx *db.Tx, name, ghost string) error{
				"Seek": func(tx *db.Tx, name, ghost string) error {
					_, _, err := f.Seek(tx, p, name, ghost)
					return err
				},
				"Resolve": func(tx *db.Tx, name, _ string) error {
					_, err := f.Resolve(tx, p, name)
					if errors.Is(err, ErrUserNotFound) {
						return nil
					}
					return err
				},
			} {
				b.Run(how+"/"+what, func(b *testing.B) {
					for i := range b.N {
						name := fmt.Sprint(prefix, i%1000)
						ghost, err := f.GhostSub(b.Context(), p, name)
						f.must(err)
						f.must(f.DB.View(b.Context(), func(tx *db.Tx) error { return find(tx, name, ghost) }))
					}
				})
			}
		}
	})
}
