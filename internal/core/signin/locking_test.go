package signin_test

import (
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestLockout walks along the rule with the clock: for users, and for names nobody has.
func TestLockout(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		w.User(p, "ana")
		for _, name := range []string{"ana", "nobody"} {
			w.Run(name, func(w *World) { walkLockout(w, c, name) })
		}
		w.SignIn(c, "ana", Password)
		for range 4 { // a success forgot the failures
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "ana", "Wrong-1!"))
		}
		w.SignIn(c, "ana", Password)
	})
}

func walkLockout(w *World, c *pool.Client, name string) {
	fail := func(want string) {
		w.T.Helper()
		Refused(w, want, w.API.InitiateAuth, PasswordAuth(c, name, "Wrong-1!"))
	}
	for range 5 {
		fail(wrong)
	}
	for n := 5; n < 17; n++ { // n failures are counted
		lock := min(time.Second<<(n-5), 15*time.Minute)
		fail(locked)
		Refused(w, locked, w.API.InitiateAuth, PasswordAuth(c, name, Password)) // the right one too
		Refused(w, locked, w.API.AdminInitiateAuth, adminAuth(c, name, Password))
		Refused(w, locked, w.API.RespondToAuthChallenge, w.StartSRP(w.Reload(c.PoolID), c, name).Answer(Password))
		w.Clock.Advance(lock - time.Millisecond)
		fail(locked) // none of these attempts extended it
		w.Clock.Advance(time.Millisecond)
		fail(wrong)
	}
	w.Clock.Advance(15 * time.Minute)
	fail(wrong) // the lock is over, the record is not
	fail(locked)
	w.Clock.Advance(30*time.Minute + time.Millisecond)
	for range 5 { // fifteen quiet minutes after a lock
		fail(wrong)
	}
	fail(locked)
	w.Clock.Advance(time.Hour)
}

// TestParallelGuesses sends many wrong passwords at once: no more of them are judged than one after the other, and the
// right one is refused with the rest once the account is locked.
func TestParallelGuesses(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		w.User(p, "ana")
		for _, name := range []string{"ana", "nobody"} {
			got := Together(w, 32, w.API.InitiateAuth, func(int) *cognitoidp.InitiateAuthRequest {
				return PasswordAuth(c, name, "Wrong-1!")
			})
			if got[wrong] != 5 || got[locked] != 27 {
				w.T.Errorf("%s: %v", name, got)
			}
		}
		Refused(w, locked, w.API.InitiateAuth, PasswordAuth(c, "ana", Password))
		w.Clock.Advance(time.Second)
		w.SignIn(c, "ana", Password)
		srps := make([]*cognitoidp.RespondToAuthChallengeRequest, 16)
		for i := range srps {
			srps[i] = w.StartSRP(p, c, "ana").Answer("Wrong-1!")
		}
		got := Together(w, len(srps), w.API.RespondToAuthChallenge, func(i int) *cognitoidp.RespondToAuthChallengeRequest { return srps[i] })
		if got[wrong] != 5 || got[locked] != 11 {
			w.T.Errorf("SRP: %v", got)
		}
	})
}

// TestOneSessionOneUse redeems one right answer many times at once, on two nodes.
func TestOneSessionOneUse(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		w.User(p, "ana")
		other := New(w.T, w.DB, Options{})
		nodes := []*World{w, other}
		answer := w.StartSRP(p, c, "ana").Answer(Password)
		turn := 0
		got := Together(w, 64, func(ctx ctx, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
			return nodes[len(in.ClientMetadata)].API.RespondToAuthChallenge(ctx, in)
		}, func(int) *cognitoidp.RespondToAuthChallengeRequest {
			in := *answer
			turn++
			if turn%2 == 0 {
				in.ClientMetadata = map[string]string{"node": "other"}
			}
			return &in
		})
		if got[""] != 1 || got[usedOne] != 63 {
			w.T.Errorf("SRP answer: %v", got)
		}

		temporary(w, p, "eve")
		first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "eve", "Temporary-1"))
		got = Together(w, 64, w.API.RespondToAuthChallenge, func(int) *cognitoidp.RespondToAuthChallengeRequest {
			return newPassword(c, first, "eve", "Fresh-Password-1")
		})
		if got[""] != 1 || got[""]+got[usedOne]+got[badSession] != 64 {
			w.T.Errorf("new password: %v", got)
		}
		w.SignIn(c, "eve", "Fresh-Password-1")
	})
}

// TestEqualWrites holds that refusing a name nobody has writes exactly as often as refusing a user.
func TestEqualWrites(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c := w.Client(p, Hiding)
	w.User(p, "ana")
	w.User(p, "off")
	disable(w, p, "off")
	for range 7 {
		for what, try := range map[string]func(name string){
			"password": func(name string) { Refusal(w, w.API.InitiateAuth, PasswordAuth(c, name, "Wrong-1!")) },
			"srp":      func(name string) { Refusal(w, w.API.RespondToAuthChallenge, w.StartSRP(p, c, name).Answer("Wrong-1!")) },
		} {
			known := w.Writes(func() { try("ana") })
			equal(t, what+" of nobody", w.Writes(func() { try("nobody") }), known)
			equal(t, what+" of a disabled user", w.Writes(func() { try("off") }), known)
		}
	}
}

// TestSweep removes counters that no longer matter, and only these.
func TestSweep(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		for _, name := range []string{"a", "b", "c"} {
			Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, name, "Wrong-1!"))
		}
		for range 16 { // the last lock is long
			Refusal(w, w.API.InitiateAuth, PasswordAuth(c, "d", "Wrong-1!"))
			w.Clock.Advance(20 * time.Second)
		}
		sweep := func(limit int) (n int) {
			if err := w.DB.Update(w.Ctx, func(tx *db.Tx) (err error) {
				n, err = w.Engine.Sweep(tx.Context(), tx, w.Clock.Now(), limit)
				return err
			}); err != nil {
				w.T.Fatal(err)
			}
			return n
		}
		equal(w.T, "fresh ones", sweep(10), 0)
		w.Clock.Advance(11 * time.Minute)
		equal(w.T, "limited", sweep(2), 2)
		equal(w.T, "the rest", sweep(10), 1)
		w.Clock.Advance(time.Hour)
		equal(w.T, "the locked one", sweep(10), 1)

		Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, "e", "Wrong-1!"))
		dropped := 0
		if err := w.DB.Update(w.Ctx, func(tx *db.Tx) (err error) {
			dropped, err = w.Engine.DropPool(tx, p.ID, 10)
			return err
		}); err != nil {
			w.T.Fatal(err)
		}
		equal(w.T, "of a deleted pool", dropped, 1)
	})
}
