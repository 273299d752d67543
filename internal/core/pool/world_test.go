package pool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/arn"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/testkit/dbtest"
)

// tables are the migrations that the room's tests need.
var tables = slices.Concat(keyring.Migrations, Migrations)

// world is a room on a database, called as the wire calls it.
type world struct {
	t      *testing.T
	ops    Ops
	clock  *clock.Clock
	keys   *keyring.Keyring
	db     *db.DB
	region arn.Region // of the caller's signature; empty for the server itself
}

func (w *world) ctx() context.Context {
	return obs.With(context.Background(), &obs.Request{Region: w.region})
}

func newWorld(t *testing.T, d *db.DB, change ...func(*Deps)) *world {
	t.Helper()
	kek, err := keyring.NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Open(context.Background(), d, kek)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock.Frozen(time.UnixMilli(1_800_000_000_123)), keys: keys, db: d}
	deps := Deps{DB: d, Keys: keys, Clock: w.clock, Region: "eu-west-1", Account: "123456789012"}
	for _, f := range change {
		f(&deps)
	}
	w.ops = Ops{New(deps)}
	return w
}

// memory is a world on an empty SQLite database.
func memory(t *testing.T, change ...func(*Deps)) *world {
	t.Helper()
	return newWorld(t, dbtest.SQLite(t, tables), change...)
}

// deeper and service make the room a whole Service, as the server does.
type deeper struct{ cognitoidp.Unimplemented }

type service struct {
	Ops
	deeper
}

// try calls an operation with a JSON request and returns its JSON answer or its error, which must be one that the
// operation declares.
func (w *world) try(operation, request string) (map[string]any, error) {
	w.t.Helper()
	for _, op := range cognitoidp.Operations {
		if op.Name != operation {
			continue
		}
		in, err := op.Decode(rt.NewDecoder([]byte(request)))
		if err != nil {
			return nil, err
		}
		out, err := op.Invoke(w.ctx(), service{Ops: w.ops}, in)
		if err != nil {
			var e rt.Exception
			if !errors.As(err, &e) || !slices.Contains(op.Errors, e.ErrorCode()) {
				w.t.Errorf("%s answers %v, which it does not declare", operation, err)
			}
			return nil, err
		}
		answer := map[string]any{}
		if v := reflect.ValueOf(out); out != nil && !v.IsNil() {
			if err := json.Unmarshal(out.AppendJSON(nil), &answer); err != nil {
				w.t.Fatalf("%s answers no JSON: %v", operation, err)
			}
		}
		return answer, nil
	}
	w.t.Fatalf("no operation %s", operation)
	return nil, nil
}

// call is try for requests that must succeed.
func (w *world) call(operation, request string) map[string]any {
	w.t.Helper()
	out, err := w.try(operation, request)
	if err != nil {
		w.t.Fatalf("%s %s: %v", operation, request, err)
	}
	return out
}

// refused checks that a request is refused with "Code: message".
func (w *world) refused(operation, request, want string) {
	w.t.Helper()
	out, err := w.try(operation, request)
	if err == nil {
		w.t.Errorf("%s %s\naccepted: %v\n    want: %s", operation, request, out, want)
		return
	}
	if got := err.Error(); got != want {
		w.t.Errorf("%s %s\n got: %s\nwant: %s", operation, request, got, want)
	}
}

// pool creates a pool from the members given as JSON without braces and returns its id.
func (w *world) pool(members string) string {
	w.t.Helper()
	if members != "" {
		members = "," + members
	}
	return dig(w.call("CreateUserPool", `{"PoolName":"p"`+members+`}`), "UserPool", "Id").(string)
}

// client creates a client likewise and returns its id.
func (w *world) client(poolID, members string) string {
	w.t.Helper()
	if members != "" {
		members = "," + members
	}
	return dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c"`+members+`}`), "UserPoolClient", "ClientId").(string)
}

// describe returns the UserPool that DescribeUserPool answers.
func (w *world) describe(poolID string) map[string]any {
	w.t.Helper()
	return dig(w.call("DescribeUserPool", `{"UserPoolId":"`+poolID+`"}`), "UserPool").(map[string]any)
}

// dig follows keys into nested JSON objects; nil when one is missing.
func dig(v any, keys ...string) any {
	for _, key := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// same compares JSON values.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if text, ok := want.(string); ok && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		e, _ := json.Marshal(want)
		t.Errorf("%s\n got: %s\nwant: %s", what, g, e)
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}
