package factor_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

func (w *world) options(p *pool.Pool, name string) (options string, state []byte) {
	w.T.Helper()
	u := w.Get(p, name)
	w.must(w.DB.View(w.Ctx, func(tx *db.Tx) (err error) {
		options, state, err = w.WebAuthnOptions(tx, p, u)
		return err
	}))
	return options, state
}

func (w *world) assert(p *pool.Pool, name string, state []byte, credential string) (method string, verified bool, err error) {
	w.T.Helper()
	u := w.Get(p, name)
	err = w.update(func(tx *db.Tx) (err error) {
		method, verified, err = w.VerifyWebAuthn(tx, p, u, state, credential)
		return err
	})
	return method, verified, err
}

func TestPasskeySignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p, q := w.passkeyPool("example.com"), w.passkeyPool("example.com")
		c, qc := w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		w.User(q, "ana")
		d, e := newDevice("example.com", "https://example.com"), newDevice("example.com", "https://example.com")
		far := newDevice("example.com", "https://example.com")
		w.wants(w.DB.View(w.Ctx, func(tx *db.Tx) error {
			u, err := w.Users.Resolve(tx, p, "ana")
			if err == nil {
				_, _, err = w.WebAuthnOptions(tx, p, u)
			}
			return err
		}), factor.ErrNotSetUp)
		w.enrol(w.access(p, c, "ana"), d)
		w.enrol(w.access(p, c, "bob"), e)
		w.enrol(w.access(q, qc, "ana"), far)

		options, state := w.options(p, "ana")
		var shown map[string]any
		w.must(json.Unmarshal([]byte(options), &shown))
		if shown["rpId"] != "example.com" || shown["timeout"] != 180000.0 || shown["userVerification"] != "preferred" ||
			fmt.Sprint(shown["allowCredentials"]) != fmt.Sprintf("[map[id:%s type:public-key]]", base64.RawURLEncoding.EncodeToString(d.key.ID)) {
			t.Errorf("options %s", options)
		}
		d.key.Counter = 1
		answer := d.answer(t, options)
		method, verified, err := w.assert(p, "ana", state, answer)
		if w.wants(err, nil); method != "swk" || !verified {
			t.Errorf("proves %s, verified %v", method, verified)
		}
		_, _, err = w.assert(p, "ana", state, answer)
		w.wants(err, factor.ErrReplayed)

		// Foreign users, pools, challenges, origins and parties.
		refused := func(name string, why error, state []byte, answer string) {
			t.Helper()
			if _, _, err := w.assert(p, name, state, answer); !errors.Is(err, why) {
				t.Errorf("%v, want %v", err, why)
			}
		}
		options, state = w.options(p, "ana")
		d.key.Counter = 2
		refused("bob", factor.ErrMismatch, state, d.answer(t, options))
		refused("ana", factor.ErrMismatch, state, e.answer(t, options))
		refused("ana", factor.ErrMismatch, state, far.answer(t, options))
		_, stale := w.options(p, "ana")
		refused("ana", factor.ErrMismatch, stale, d.answer(t, options))
		wrongOrigin, wrongParty := *d, *d
		wrongOrigin.party.Origin = "https://evil.test"
		wrongParty.party.ID = "evil.test"
		refused("ana", factor.ErrMismatch, state, wrongOrigin.answer(t, options))
		refused("ana", factor.ErrMismatch, state, wrongParty.answer(t, options))
		absent := *d
		absent.auth.Options.UserNotPresent = true
		refused("ana", factor.ErrMismatch, state, absent.answer(t, options))
		handle := *d
		handle.auth.Options.UserHandle = []byte(w.Get(p, "bob").Sub)
		refused("ana", factor.ErrMismatch, state, handle.answer(t, options))
		for _, member := range []string{"signature", "authenticatorData", "clientDataJSON"} {
			refused("ana", factor.ErrMismatch, state, flip(d.answer(t, options), member, -2))
		}
		for _, doc := range []string{"", "{}", "null", strings.Repeat("x", 70_000)} {
			refused("ana", factor.ErrMismatch, state, doc)
		}
		refused("ana", factor.ErrMismatch, nil, d.answer(t, options))
		d.auth.Options.UserHandle = []byte(w.Get(p, "ana").Sub)
		_, _, err = w.assert(p, "ana", state, d.answer(t, options))
		w.wants(err, nil)

		// A counter that does not grow belongs to a copy.
		for _, counter := range []uint32{2, 1, 0} {
			options, state = w.options(p, "ana")
			d.key.Counter = counter
			refused("ana", factor.ErrCloned, state, d.answer(t, options))
		}
		options, state = w.options(p, "ana")
		d.key.Counter = 9
		answer = d.answer(t, options)
		u := w.Get(p, "ana")
		got := w.together(4, func(tx *db.Tx) error {
			_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
			return err
		})
		if got[nil] != 1 || got[factor.ErrReplayed] != 3 {
			t.Errorf("parallel use of one answer: %v", got)
		}
	})
}

// TestForeignOriginIsNamed holds that the log tells which page was refused, which is how a wrong RelyingPartyId shows.
func TestForeignOriginIsNamed(t *testing.T) {
	w := quick(t)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	access := w.access(p, c, "ana")
	d, elsewhere := newDevice("example.com", "https://example.com"), newDevice("example.com", "https://partner.test")
	named := func(do func()) {
		t.Helper()
		var event obs.Request
		ctx := w.Ctx
		w.Ctx = obs.With(ctx, &event)
		do()
		w.Ctx = ctx
		if !strings.Contains(event.Cause, `"https://partner.test" is not one of example.com`) {
			t.Errorf("cause %q", event.Cause)
		}
	}
	made := completing(access, elsewhere.register(t, w.start(access)))
	named(func() {
		Refused(w.World, "WebAuthnOriginNotAllowedException: The origin of the passkey is not allowed for the relying party.", w.CompleteWebAuthnRegistration, made)
	})
	w.enrol(access, d)
	d.party.Origin = elsewhere.party.Origin
	options, state := w.options(p, "ana")
	named(func() {
		_, _, err := w.assert(p, "ana", state, d.answer(t, options))
		w.wants(err, factor.ErrMismatch)
	})
}

// TestPasskeyWithoutCounter holds that synchronised passkeys, whose counter stays zero, can sign in again and again but
// not twice by one challenge.
func TestPasskeyWithoutCounter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.passkeyPool("localhost")
		c := w.Client(p, nil)
		w.User(p, "ana")
		d := newDevice("localhost", "http://localhost:3000")
		d.auth.Options.BackupEligible, d.auth.Options.BackupState = true, true
		w.enrol(w.access(p, c, "ana"), d)
		for range 2 {
			options, state := w.options(p, "ana")
			answer := d.answer(t, options)
			u := w.Get(p, "ana")
			got := w.together(3, func(tx *db.Tx) error {
				_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
				return err
			})
			if got[nil] != 1 || got[factor.ErrReplayed] != 2 {
				t.Errorf("parallel use of one answer: %v", got)
			}
		}
	})
}

func BenchmarkVerifyWebAuthn(b *testing.B) {
	w := quick(b)
	p := w.passkeyPool("example.com")
	c := w.Client(p, nil)
	w.User(p, "ana")
	d := newDevice("example.com", "https://example.com")
	w.enrol(w.access(p, c, "ana"), d)
	u := w.Get(p, "ana")
	for b.Loop() {
		b.StopTimer()
		options, state := w.options(p, "ana")
		answer := d.answer(b, options)
		b.StartTimer()
		if err := w.update(func(tx *db.Tx) error {
			_, _, err := w.VerifyWebAuthn(tx, p, u, state, answer)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}
