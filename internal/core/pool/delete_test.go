package pool

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/testkit/dbtest"
)

// TestDelete holds that a deleted pool is gone at once for every operation and look-up, and its rows soon after.
func TestDelete(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		left, deleted := 3, ""
		w := newWorld(t, d, func(deps *Deps) {
			deps.PoolGone = func(_ *db.Tx, id string) error { deleted = id; return nil }
			deps.PurgePool = func(context.Context, string) (bool, error) { left--; return left <= 0, nil }
		})
		id := w.pool(`"DeletionProtection":"ACTIVE"`)
		other := w.pool("")
		client := w.client(id, `"GenerateSecret":true`)
		key := `{"UserPoolId":"` + id + `"}`
		w.refused("DeleteUserPool", key, "InvalidParameterException: The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		if _, _, err := w.ops.Client(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","DeletionProtection":"INACTIVE"}`)
		w.call("DeleteUserPool", key)
		if deleted != id {
			t.Errorf("PoolGone was given %q", deleted)
		}

		gone := "ResourceNotFoundException: User pool " + id + " does not exist."
		for _, op := range []string{"DescribeUserPool", "DeleteUserPool", "UpdateUserPool", "GetUserPoolMfaConfig", "ListUserPoolClients"} {
			w.refused(op, key, gone)
		}
		for _, op := range []string{"DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"} {
			w.refused(op, `{"UserPoolId":"`+id+`","ClientId":"`+client+`"}`, gone)
		}
		w.refused("CreateUserPoolClient", `{"UserPoolId":"`+id+`","ClientName":"c"}`, gone)
		if _, err := w.ops.Pool(t.Context(), id); !errors.Is(err, ErrPoolNotFound) {
			t.Errorf("Pool: %v", err)
		}
		if _, _, err := w.ops.Client(t.Context(), client); !errors.Is(err, ErrClientNotFound) {
			t.Errorf("Client: %v", err)
		}
		if n := len(w.call("ListUserPools", `{"MaxResults":60}`)["UserPools"].([]any)); n != 1 {
			t.Errorf("%d pools listed", n)
		}
		if _, err := w.keys.Seal(t.Context(), id, []byte("x")); !errors.Is(err, keyring.ErrUnknownScope) {
			t.Errorf("the data key is left: %v", err)
		}
		if _, err := w.ops.CreatePoolWithID(t.Context(), id, &cognitoidp.CreateUserPoolRequest{PoolName: "again"}); !errors.Is(err, ErrExists) {
			t.Errorf("the id is free before the data is gone: %v", err)
		}

		rounds := 0
		for done := false; !done; rounds++ {
			var err error
			if done, err = w.ops.Purge(t.Context()); err != nil || rounds > 10 {
				t.Fatal(rounds, err)
			}
		}
		if left != 0 || rounds != 4 {
			t.Errorf("%d rounds, %d batches left", rounds, left)
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			_, err := readClient(tx, client)
			return err
		})
		if !errors.Is(err, ErrClientNotFound) {
			t.Errorf("the client's row is left: %v", err)
		}
		if _, err := w.ops.CreatePoolWithID(t.Context(), id, &cognitoidp.CreateUserPoolRequest{PoolName: "again"}); err != nil {
			t.Errorf("the id is not free after the data is gone: %v", err)
		}
		w.describe(other)
	})
}

func TestDeleteClient(t *testing.T) {
	w := memory(t)
	poolID := w.pool("")
	id := w.client(poolID, "")
	if _, _, err := w.ops.Client(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	key := `{"UserPoolId":"` + poolID + `","ClientId":"` + id + `"}`
	w.call("DeleteUserPoolClient", key)
	w.refused("DeleteUserPoolClient", key, "ResourceNotFoundException: User pool client "+id+" does not exist.")
	if _, _, err := w.ops.ClientOrRefuse(t.Context(), id); err == nil || err.Error() != "ResourceNotFoundException: User pool client "+id+" does not exist." {
		t.Errorf("Client: %v", err)
	}
}

// TestCreateIsOne holds that a hook that fails leaves nothing of a new pool, not even its data key.
func TestCreateIsOne(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		fail := errors.New("no keys")
		var seen string
		w := newWorld(t, d, func(deps *Deps) {
			deps.PoolMade = func(tx *db.Tx, id string) error {
				seen = id
				if _, err := readPool(tx, id); err != nil {
					t.Errorf("the hook does not see the pool: %v", err)
				}
				return fail
			}
		})
		if _, err := w.ops.CreateUserPool(t.Context(), &cognitoidp.CreateUserPoolRequest{PoolName: "p"}); !errors.Is(err, fail) {
			t.Errorf("CreateUserPool: %v", err)
		}
		if _, err := w.ops.Pool(t.Context(), seen); !errors.Is(err, ErrPoolNotFound) {
			t.Errorf("Pool: %v", err)
		}
		if _, err := w.keys.Seal(t.Context(), seen, []byte("x")); !errors.Is(err, keyring.ErrUnknownScope) {
			t.Errorf("the data key is left: %v", err)
		}
		fail = nil
		w.pool("")
	})
}

func TestCountUsers(t *testing.T) {
	w := memory(t, func(d *Deps) {
		d.CountUsers = func(context.Context, string) (int64, error) { return 42, nil }
	})
	id := w.pool("")
	same(t, "EstimatedNumberOfUsers", w.describe(id)["EstimatedNumberOfUsers"], 42.0)
}

// TestDeleteRace deletes a pool while clients are being made in it: none is left behind.
func TestDeleteRace(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.pool("")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := w.ops.CreateUserPoolClient(t.Context(), &cognitoidp.CreateUserPoolClientRequest{UserPoolId: id, ClientName: "c"})
				if gone := new(cognitoidp.ResourceNotFoundException); err != nil && !errors.As(err, &gone) {
					t.Errorf("CreateUserPoolClient: %v", err)
				}
			})
		}
		if err := w.ops.DeleteUserPool(t.Context(), &cognitoidp.DeleteUserPoolRequest{UserPoolId: id}); err != nil {
			t.Error(err)
		}
		for done := false; !done; {
			var err error
			if done, err = w.ops.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		wg.Wait()
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			left, err := listClients(tx, id, "", 10)
			if len(left) > 0 {
				t.Errorf("%d clients are left", len(left))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestImpossibleIDs holds that ids which no pool or client can have are unknown without asking the database.
func TestImpossibleIDs(t *testing.T) {
	w := memory(t)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "\x00", "a b", "'", "\xff", strings.Repeat("a", 129)} {
		if _, err := w.ops.Pool(t.Context(), "eu-west-1_"+id); !errors.Is(err, ErrPoolNotFound) {
			t.Errorf("pool %q: %v", id, err)
		}
		if _, _, err := w.ops.Client(t.Context(), id); !errors.Is(err, ErrClientNotFound) {
			t.Errorf("client %q: %v", id, err)
		}
	}
}
