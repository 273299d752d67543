package rooms_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
)

// userColumns are the names under which a table of a pool keeps a user's sub.
var userColumns = []string{"sub", "account"}

// nobodys are the tables of a pool whose rows belong to no user, with the reason. A new table of a pool must either have
// one of userColumns, and is then held to TestUserGone, or stand here.
var nobodys = map[string]string{
	"user_pool":        "the pool itself",
	"app_client":       "an application",
	"resource_server":  "an API",
	"cimd_policy":      "which metadata documents describe clients",
	"client_document":  "what such a document says",
	"pool_domain":      "a name of the pool",
	"signing_key":      "keys of the pool",
	"branding_style":   "how pages of a client look",
	"branding_asset":   "images of pages",
	"ui_customization": "how the classic pages look",
	"client_terms":     "documents of a client",
	"user_group":       "a group outlives its members",
	"group_purge":      "a deleted group",
	"code_limit":       "counts by the keyed hash of a name or destination, so that deleting a user gives no new tries; swept",
	"spent_session":    "a random id that must stay spent until the session expires; swept",
	"message_outbox":   "on its way; the notice of the deletion itself may be among them",
	"message_inbox":    "what was sent, for developers",
}

// world is a node and the tables of its database.
type world struct {
	*cognitotest.World
	tables []db.CreateTable
}

func newWorld(w *cognitotest.World) *world { return &world{w, db.Tables(rooms.Migrations())} }

// column reports which of the names a table has, "" for none.
func column(t db.CreateTable, names ...string) string {
	for _, c := range t.Columns {
		if slices.Contains(names, c.Name) {
			return c.Name
		}
	}
	return ""
}

// count returns how many rows have these values in these columns.
func (w *world) count(table string, where map[string]string) (n int) {
	w.T.Helper()
	var terms []string
	var args []any
	for i, name := range slices.Sorted(maps.Keys(where)) {
		terms = append(terms, fmt.Sprintf("%s = $%d", name, i+1))
		args = append(args, where[name])
	}
	err := w.DB.Read(w.Ctx, func(tx *db.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM "+table+" WHERE "+strings.Join(terms, " AND "), args...).Scan(&n)
	})
	if err != nil {
		w.T.Fatalf("%s: %v", table, err)
	}
	return n
}

// fill makes sure that a table has a row with these values; what a test did not make itself gets any values.
func (w *world) fill(t db.CreateTable, where map[string]string, filler string) {
	w.T.Helper()
	if w.count(t.Name, where) > 0 {
		return
	}
	var names, places []string
	var args []any
	for i, c := range t.Columns {
		names, places = append(names, c.Name), append(places, fmt.Sprintf("$%d", i+1))
		value, given := where[c.Name]
		switch {
		case given:
			args = append(args, value)
		case c.Type == db.Text:
			args = append(args, filler)
		case c.Type == db.Blob:
			args = append(args, []byte(filler))
		case c.Type == db.Bool:
			args = append(args, true)
		default:
			args = append(args, w.Clock.Milli())
		}
	}
	err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO "+t.Name+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(places, ", ")+")", args...)
		return err
	})
	if err != nil {
		w.T.Fatalf("%s: %v", t.Name, err)
	}
}

// mentions lists the columns of the whole database that hold a value, with the number of rows.
func (w *world) mentions(value string) map[string]int {
	w.T.Helper()
	out := map[string]int{}
	for _, t := range w.tables {
		for _, c := range t.Columns {
			if c.Type != db.Text {
				continue
			}
			if n := w.count(t.Name, map[string]string{c.Name: value}); n > 0 {
				out[t.Name+"."+c.Name] = n
			}
		}
	}
	return out
}

// furnished makes a pool with a row in every table that has a pool's id.
func (w *world) furnished() *pool.Pool {
	w.T.Helper()
	p := w.Pool(nil)
	c := w.Client(p, nil)
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	w.SignIn(c, "ana", cognitotest.Password)
	for _, t := range w.tables {
		if column(t, "pool_id") != "" {
			w.fill(t, map[string]string{"pool_id": p.ID}, "x"+p.ID[len(p.ID)-5:])
		}
	}
	return p
}

// TestPoolGone deletes a pool that has a row in every table with a pool's id: once the purge is done, nothing in the
// database names it, and another pool has lost nothing.
func TestPoolGone(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		p, other := w.furnished(), w.furnished()
		before := w.mentions(other.ID)
		for _, table := range w.tables {
			if column(table, "pool_id") != "" && before[table.Name+".pool_id"] == 0 {
				w.T.Errorf("%s has no row", table.Name)
			}
		}
		if err := w.API.DeleteUserPool(w.Ctx, &cognitoidp.DeleteUserPoolRequest{UserPoolId: p.ID}); err != nil {
			w.T.Fatal(err)
		}
		for done, rounds := false, 0; !done; rounds++ {
			var err error
			if done, err = w.Pools.Purge(w.Ctx); err != nil || rounds > 100 {
				w.T.Fatalf("round %d: %v", rounds, err)
			}
		}
		if left := w.mentions(p.ID); len(left) > 0 {
			w.T.Errorf("left of the pool: %v", left)
		}
		if after := w.mentions(other.ID); !maps.Equal(before, after) {
			w.T.Errorf("the other pool had %v and has %v", before, after)
		}
	})
}

// settled makes a user with a row in every table that has a user's sub.
func (w *world) settled(p *pool.Pool, c *pool.Client, name string) (sub string) {
	w.T.Helper()
	w.User(p, name, "email", name+"@example.com", "email_verified", "true", "name", name)
	cognitotest.Call(w.World, w.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{
		AccessToken: *w.SignIn(c, name, cognitotest.Password).AccessToken, AttributeName: "email",
	})
	err := w.API.AdminAddUserToGroup(w.Ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: p.ID, Username: name, GroupName: "g"})
	if err != nil {
		w.T.Fatal(err)
	}
	sub = w.Get(p, name).Sub
	for _, t := range w.tables {
		if user := column(t, userColumns...); user != "" && column(t, "pool_id") != "" {
			w.fill(t, map[string]string{"pool_id": p.ID, user: sub}, "x"+name)
		}
	}
	return sub
}

// TestUserGone deletes a user who has a row in every table with a user's sub: afterwards nothing in the database names
// the sub, and another user has lost nothing.
func TestUserGone(t *testing.T) {
	cognitotest.Each(t, func(cw *cognitotest.World) {
		w := newWorld(cw)
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.AliasAttributes = []cognitoidp.AliasAttributeType{cognitoidp.AliasAttributeTypeEmail}
		})
		c := w.Client(p, nil)
		cognitotest.Call(w.World, w.API.CreateGroup, &cognitoidp.CreateGroupRequest{UserPoolId: p.ID, GroupName: "g"})
		sub, other := w.settled(p, c, "ana"), w.settled(p, c, "bob")
		before := w.mentions(other)
		for _, table := range w.tables {
			user, why := column(table, userColumns...), nobodys[table.Name]
			switch {
			case column(table, "pool_id") == "":
			case user == "" && why == "":
				w.T.Errorf("%s: give it a column of %v or list it in nobodys with the reason", table.Name, userColumns)
			case user != "" && why != "":
				w.T.Errorf("%s: has rows of users and is listed as having none", table.Name)
			case user != "" && before[table.Name+"."+user] == 0:
				w.T.Errorf("%s has no row", table.Name)
			}
		}
		if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}); err != nil {
			w.T.Fatal(err)
		}
		if left := w.mentions(sub); len(left) > 0 {
			w.T.Errorf("left of the user: %v", left)
		}
		if after := w.mentions(other); !maps.Equal(before, after) {
			w.T.Errorf("the other user had %v and has %v", before, after)
		}
	})
}

// TestBuildRefuses: what is missing is named.
func TestBuildRefuses(t *testing.T) {
	if _, err := rooms.Build(rooms.Config{}); err == nil || !strings.Contains(err.Error(), "DB is missing") {
		t.Errorf("an empty configuration: %v", err)
	}
}
