package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func TestInbox(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		const other = "us-east-1_bbbbbbbbb"
		at := time.Date(2026, 1, 2, 3, 4, 5, 6000000, time.UTC)
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool, other), Inbox: true, Clock: clock.Frozen(at)})
		ctx := context.Background()
		for i := range 3 {
			o := codeMail(fmt.Sprintf("u%d@example.com", i))
			o.Code = fmt.Sprint(i)
			send(t, m, o)
			list, err := m.Inbox(ctx, "", testPool) // readable as soon as Update returned
			if err != nil || len(list) != i+1 || list[0].Code != o.Code {
				t.Fatalf("%+v %v", list, err)
			}
		}
		send(t, m, Outgoing{PoolID: other, Kind: AdminCreateUser, Medium: SMS, Username: "bob", To: "+15550001111", Code: "pw"})
		checkSealed(t, d, "u1@example.com", "+15550001111")
		for _, c := range []struct {
			to, pool string
			want     int
		}{{"", "", 4}, {"", testPool, 3}, {"", other, 1}, {"U1@Example.com", "", 1}, {"u1@example.com", other, 0}, {"+15550001111", "", 1}, {"", "us-east-1_none", 0}} {
			list, err := m.Inbox(ctx, c.to, c.pool)
			if err != nil || len(list) != c.want || list == nil {
				t.Errorf("to %q pool %q: %d %v, want %d", c.to, c.pool, len(list), err, c.want)
			}
		}
		list, err := m.Inbox(ctx, "", other)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		list[0].ID = "id"
		got, err := json.Marshal(list[0])
		if err != nil {
			t.Fatal(err)
		}
		want := `{"id":"id","medium":"SMS","to":"+15550001111","subject":"","body":"Your username is bob and temporary password is pw. ","html":"","links":[],` +
			`"code":"pw","trigger":"CustomMessage_AdminCreateUser","userPoolId":"us-east-1_bbbbbbbbb","username":"bob","createdAt":"2026-01-02T03:04:05.006Z"}`
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// TestInboxIsEmptied: the state tells of every message that comes or goes.
func TestInboxIsEmptied(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Inbox: true})
		ctx := t.Context()
		states := map[string]bool{}
		state := func() {
			s, err := m.InboxState(ctx)
			if err != nil || states[s] {
				t.Fatalf("%q again, %v", s, err)
			}
			states[s] = true
		}
		state()
		for i := range 3 {
			send(t, m, codeMail(fmt.Sprintf("u%d@example.com", i)))
			state()
		}
		list, err := m.Inbox(ctx, "", "")
		if err != nil || len(list) != 3 || list[0].HTML == "" {
			t.Fatal(list, err)
		}
		if err := m.EmptyInbox(ctx, []string{list[1].ID, "none"}); err != nil {
			t.Fatal(err)
		}
		state()
		if left, err := m.Inbox(ctx, "", ""); err != nil || len(left) != 2 || left[0].ID != list[0].ID || left[1].ID != list[2].ID {
			t.Error(left, err)
		}
		if err := m.EmptyInbox(ctx, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestInboxIsTrimmed(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Inbox: true})
	ctx := context.Background()
	const batch, total = 50, inboxKeep + 3*inboxTrimEvery
	for i := 0; i < total; i += batch {
		err := d.Update(ctx, func(tx *db.Tx) error {
			for j := range batch {
				o := codeMail("u@example.com")
				o.Code = fmt.Sprint(i + j)
				if err := m.Send(ctx, tx, o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var n int
	err := d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(`SELECT count(*) FROM message_inbox`).Scan(&n) })
	if err != nil || n < inboxKeep || n > inboxKeep+2*inboxTrimEvery {
		t.Errorf("%d rows kept, %v", n, err)
	}
	list, err := m.Inbox(ctx, "", testPool)
	if err != nil || len(list) != inboxKeep || list[0].Code != fmt.Sprint((total+batch-1)/batch*batch-1) {
		t.Errorf("%d messages, newest %s, %v", len(list), list[0].Code, err)
	}
	if code, err := m.InboxCode(ctx, "U@example.com", testPool); err != nil || code != list[0].Code {
		t.Errorf("newest code %q, %v", code, err)
	}
	// One that is not among the newest few, and one that is not there.
	last := codeMail("late@example.com")
	last.Code = "4711"
	err = d.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, last) })
	for range 2 * inboxCodeFirst {
		err = errors.Join(err, d.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, codeMail("u@example.com")) }))
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, err := m.InboxCode(ctx, "late@example.com", ""); err != nil || code != "4711" {
		t.Errorf("older code %q, %v", code, err)
	}
	if code, err := m.InboxCode(ctx, "nobody@example.com", ""); err != nil || code != "" {
		t.Errorf("nobody's code %q, %v", code, err)
	}
}
