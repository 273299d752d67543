package signin_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/device"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// visitor is somebody at the pages, with what their browser keeps.
type visitor struct {
	*World
	p    *pool.Pool
	c    *pool.Client
	end  *recorder
	held []device.Held
}

func (v *visitor) request() *signin.Request {
	return &signin.Request{Door: signin.Hosted(v.end), Pool: v.p, Client: v.c, Held: v.held}
}

// password is a first hop.
func (v *visitor) password(name, password string) (*signin.Answer, error) {
	r := v.request()
	r.Flow, r.Params = cognitoidp.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": name, "PASSWORD": password}
	return v.Engine.Start(v.Ctx, r)
}

// next is a later one.
func (v *visitor) next(a *signin.Answer, name string, pairs ...string) (*signin.Answer, error) {
	r := v.request()
	r.Challenge, r.Session, r.Params = a.Challenge, a.Session, map[string]string{"USERNAME": name}
	for i := 0; i < len(pairs); i += 2 {
		r.Params[pairs[i]] = pairs[i+1]
	}
	return v.Engine.Respond(v.Ctx, r)
}

// must is an answer that is no refusal and poses a challenge, "" for none.
func (v *visitor) must(want cognitoidp.ChallengeNameType) func(*signin.Answer, error) *signin.Answer {
	return func(a *signin.Answer, err error) *signin.Answer {
		v.T.Helper()
		if err != nil || a.Challenge != want {
			v.T.Fatalf("want %q: %+v, %v", want, a, err)
		}
		return a
	}
}

// mail answers the second factor.
func (v *visitor) mail(a *signin.Answer, name string) *signin.Answer {
	v.T.Helper()
	return v.must("")(v.next(a, name, "EMAIL_OTP_CODE", v.Code(v.p, name+"@example.com")))
}

// become signs a user in by both factors and keeps what the browser is told to keep.
func (v *visitor) become(name string) device.Held {
	v.T.Helper()
	held := v.mail(v.must("EMAIL_OTP")(v.password(name, Password)), name).Device
	v.held = append(v.held, *held)
	return *held
}

// newVisitor makes a pool whose remembered devices replace codes by mail, with users ana and bob.
func newVisitor(w *World, set func(*cognitoidp.CreateUserPoolRequest)) *visitor {
	v := &visitor{World: w, end: &recorder{}}
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		tracked(true)(in)
		if set != nil {
			set(in)
		}
	})
	v.p = setMFA(w, p, "OPTIONAL", "email")
	v.c = w.Client(v.p, allFlows)
	for _, name := range []string{"ana", "bob"} {
		w.User(v.p, name, "email", name+"@example.com", "email_verified", "true")
		prefer(w, v.p, name, "email*")
	}
	return v
}

// TestBrowserDevice takes the proof of a browser in place of the second factor, from its user alone, and counts wrong ones.
func TestBrowserDevice(t *testing.T) {
	Each(t, func(w *World) {
		v, far := newVisitor(w, nil), newVisitor(w, nil)
		ana := v.become("ana")
		foreign := far.become("ana")
		if key := v.end.admitted.Subject.DeviceKey; key != ana.Key || v.end.admitted.NewDevice == nil {
			w.T.Fatalf("admitted %+v", v.end.admitted)
		}
		again := v.must("")(v.password("ana", Password))
		if a := v.end.admitted; again.Device == nil || *again.Device != ana || a.Subject.DeviceKey != ana.Key || a.NewDevice != nil {
			w.T.Fatalf("once known: %+v, %+v", again, a)
		}
		_, err := v.password("ana", "Wrong-1234")
		refused(w.T, "with a wrong password", err, wrong)
		sub := func(name string) string { return w.Get(v.p, name).Sub }
		for what, held := range map[string][]device.Held{
			"nothing":             nil,
			"of another pool":     {foreign},
			"of another pool, ":   {{Sub: ana.Sub, Key: foreign.Key, Secret: foreign.Secret}},
			"another key":         {{Sub: ana.Sub, Key: ana.Key[:len(ana.Key)-1] + "x", Secret: ana.Secret}},
			"no key":              {{Sub: ana.Sub, Secret: ana.Secret}},
			"of somebody else":    {{Sub: sub("bob"), Key: ana.Key, Secret: ana.Secret}},
			"a wrong secret":      {{Sub: ana.Sub, Key: ana.Key, Secret: ana.Secret[1:]}},
			"no secret":           {{Sub: ana.Sub, Key: ana.Key}},
			"a longer secret":     {{Sub: ana.Sub, Key: ana.Key, Secret: ana.Secret + "A"}},
			"the key as a secret": {{Sub: ana.Sub, Key: ana.Key, Secret: ana.Key}},
		} {
			v.held = held
			a, err := v.password("ana", Password)
			if err != nil || a.Challenge != "EMAIL_OTP" {
				w.T.Errorf("%s: %+v, %v", what, a, err)
			}
		}
		w.Clock.Advance(20 * time.Minute)
		v.held = []device.Held{{Sub: sub("bob"), Key: ana.Key, Secret: ana.Secret}}
		v.must("EMAIL_OTP")(v.password("bob", Password))

		// The API knows no such proof.
		r := v.request()
		r.Door, r.Held = page(v.end), []device.Held{ana}
		r.Flow, r.Params = cognitoidp.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": "ana", "PASSWORD": Password}
		if a, err := w.Engine.Start(w.Ctx, r); err != nil || a.Challenge != "EMAIL_OTP" {
			w.T.Errorf("at a door without browsers: %+v, %v", a, err)
		}

		// Nothing is judged before a first factor is proven.
		v.held = []device.Held{{Sub: ana.Sub, Key: ana.Key, Secret: "wrong"}}
		for range 6 {
			begun := v.request()
			begun.Flow, begun.Params = cognitoidp.AuthFlowTypeUserAuth, map[string]string{"USERNAME": "ana"}
			if a, err := w.Engine.Start(w.Ctx, begun); err != nil || a.Challenge != "SELECT_CHALLENGE" {
				w.T.Fatalf("%+v, %v", a, err)
			}
		}
		v.must("EMAIL_OTP")(v.password("ana", Password))
		w.Clock.Advance(20 * time.Minute)

		// The fifth wrong secret locks; what is locked is not judged at all.
		for range 6 {
			_, err = v.password("ana", Password)
		}
		refused(w.T, "after wrong secrets", err, locked)
	})
}

// TestBrowserOverHops holds that a proof of before counts for the sign-in only as long as the device is what it was.
func TestBrowserOverHops(t *testing.T) {
	Each(t, func(w *World) {
		v := newVisitor(w, nil)
		temporary := func() {
			w.SetPassword(v.p, "ana", "Temporary-1", false)
		}
		ana := v.become("ana")
		hop := func() *signin.Answer {
			temporary()
			return v.must("NEW_PASSWORD_REQUIRED")(v.password("ana", "Temporary-1"))
		}
		v.must("")(v.next(hop(), "ana", "NEW_PASSWORD", Password))
		equal(w.T, "device", v.end.admitted.Subject.DeviceKey, ana.Key)

		a := hop()
		Call(w, w.API.AdminUpdateDeviceStatus, &cognitoidp.AdminUpdateDeviceStatusRequest{
			UserPoolId: v.p.ID, Username: "ana", DeviceKey: ana.Key, DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeNotRemembered),
		})
		v.must("EMAIL_OTP")(v.next(a, "ana", "NEW_PASSWORD", Password+"2"))

		w.SetPassword(v.p, "ana", Password, true)
		Call(w, w.API.AdminUpdateDeviceStatus, &cognitoidp.AdminUpdateDeviceStatusRequest{
			UserPoolId: v.p.ID, Username: "ana", DeviceKey: ana.Key, DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeRemembered),
		})
		a = hop()
		if err := w.API.AdminForgetDevice(w.Ctx, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: v.p.ID, Username: "ana", DeviceKey: ana.Key}); err != nil {
			w.T.Fatal(err)
		}
		v.must("EMAIL_OTP")(v.next(a, "ana", "NEW_PASSWORD", Password+"3"))

		both := newVisitor(w, func(in *cognitoidp.CreateUserPoolRequest) {
			in.DeviceConfiguration.ChallengeRequiredOnNewDevice = new(false)
		})
		ana = both.become("ana")
		a = both.must("EMAIL_OTP")(both.password("ana", Password))
		both.held = nil // it was proven with the password
		both.mail(a, "ana")
		equal(w.T, "device beside the second factor", both.end.admitted.Subject.DeviceKey, ana.Key)
	})
}

// told keeps newDeviceUsed of PostAuthentication, and runs something meanwhile.
type told struct {
	mu   sync.Mutex
	news []bool
	run  func()
}

// Invoke implements lambda.Invoker.
func (f *told) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var e struct {
		Source  string `json:"triggerSource"`
		Request struct {
			New bool `json:"newDeviceUsed"`
		} `json:"request"`
	}
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.news = append(f.news, e.Request.New)
	f.mu.Unlock()
	if f.run != nil {
		f.run()
	}
	return &lambda.Result{Payload: in.Payload}, nil
}

// TestBrowserForgottenMeanwhile holds that a device which is forgotten while functions run ends the sign-in that it proved.
func TestBrowserForgottenMeanwhile(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		f := &told{}
		w := New(t, d, Options{Functions: f})
		v := newVisitor(w, func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{PostAuthentication: new(gateARN)}
		})
		ana := v.become("ana")
		v.must("")(v.password("ana", Password))
		if len(f.news) != 2 || !f.news[0] || f.news[1] {
			w.T.Errorf("newDeviceUsed: %v", f.news)
		}
		committed := v.end.committed
		f.run = func() {
			f.run = nil
			if err := w.API.AdminForgetDevice(w.Ctx, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: v.p.ID, Username: "ana", DeviceKey: ana.Key}); err != nil {
				w.T.Error(err)
			}
		}
		_, err := v.password("ana", Password)
		refused(w.T, "forgotten meanwhile", err, badSession)
		equal(w.T, "endings", v.end.committed, committed)
	})
}
