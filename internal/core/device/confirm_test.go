package device_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/srp"
	"cognate/internal/core/device"
	. "cognate/internal/testkit/cognitotest"
)

func TestConfirm(t *testing.T) {
	each(t, func(w *world) {
		for _, prompt := range []bool{false, true} {
			p := w.tracking(true, prompt)
			w.User(p, "ana")
			l := w.signIn(p, w.Client(p, nil), "ana", "")
			out := Call(w.World, w.ConfirmDevice, l.request())
			if *out.UserConfirmationNecessary != prompt {
				w.T.Errorf("prompt %v: UserConfirmationNecessary is %v", prompt, *out.UserConfirmationNecessary)
			}
			v := l.known()
			if device.Remembered(v) == prompt {
				w.T.Errorf("prompt %v: status is %s", prompt, v.Status)
			}
			if v.GroupKey != l.GroupKey || v.Name != "phone" || v.IP != "192.0.2.7" {
				w.T.Errorf("kept %+v", v)
			}
			x := l.exchange(v, l.password)
			w.wantProof("right proof", v, x.state, x.proof, true)
			Refused(w.World, exists, w.ConfirmDevice, l.request())
		}
	})
}

// TestConfirmRefusals: a token confirms the device of its own session and no other.
func TestConfirmRefusals(t *testing.T) {
	each(t, func(w *world) {
		p, q := w.tracking(true, false), w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		w.User(q, "ana")
		ana, bob, other := w.signIn(p, c, "ana", ""), w.signIn(p, c, "bob", ""), w.signIn(q, w.Client(q, nil), "ana", "")
		again := w.signIn(p, c, "ana", "")
		for what, key := range map[string]string{
			"another user's": bob.DeviceKey, "another pool's": other.DeviceKey, "another session's": again.DeviceKey,
			"made up": "us-east-1_12345678-90ab-cdef-1234-567890abcdef", "longer": ana.DeviceKey + "0",
		} {
			in := ana.request()
			in.DeviceKey = key
			if got := Refusal(w.World, w.ConfirmDevice, in); got != badKey {
				w.T.Errorf("key %s: %q", what, got)
			}
		}
		in := ana.request()
		in.AccessToken = "nonsense"
		Refused(w.World, badAccess, w.ConfirmDevice, in)

		// A session from before the pool tracked devices has no key to confirm.
		bare := w.signIn(p, c, "ana", unbound)
		Refused(w.World, badKey, w.ConfirmDevice, bare.request())

		if _, err := ana.find(); err == nil {
			w.T.Error("a refused device was kept")
		}
		ana.confirm()

		signedOut := w.signIn(p, c, "ana", "")
		Call(w.World, w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: signedOut.access})
		Refused(w.World, revoked, w.ConfirmDevice, signedOut.request())
	})
}

func TestVerifierSizes(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	l := w.signIn(p, w.Client(p, nil), "ana", "")
	good := l.config()
	b64 := func(b []byte) *string { return new(base64.StdEncoding.EncodeToString(b)) }
	fill := func(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }
	type config = cognitoidp.DeviceSecretVerifierConfigType
	cases := map[string]*config{
		"nothing":              nil,
		"neither":              {},
		"no salt":              {PasswordVerifier: good.PasswordVerifier},
		"no verifier":          {Salt: good.Salt},
		"empty salt":           {PasswordVerifier: good.PasswordVerifier, Salt: new("")},
		"empty verifier":       {PasswordVerifier: new(""), Salt: good.Salt},
		"salt no base64":       {PasswordVerifier: good.PasswordVerifier, Salt: new("?")},
		"short salt":           {PasswordVerifier: good.PasswordVerifier, Salt: b64(fill(7, 1))},
		"zero salt":            {PasswordVerifier: good.PasswordVerifier, Salt: b64(fill(16, 0))},
		"long salt":            {PasswordVerifier: good.PasswordVerifier, Salt: b64(fill(65, 1))},
		"longer salt":          {PasswordVerifier: good.PasswordVerifier, Salt: b64(fill(66, 0))},
		"verifier no base64":   {PasswordVerifier: new("?"), Salt: good.Salt},
		"verifier 0":           {PasswordVerifier: b64(fill(384, 0)), Salt: good.Salt},
		"verifier 1":           {PasswordVerifier: b64(append(fill(383, 0), 1)), Salt: good.Salt},
		"verifier above N":     {PasswordVerifier: b64(fill(384, 0xff)), Salt: good.Salt},
		"verifier of 385":      {PasswordVerifier: b64(fill(385, 1)), Salt: good.Salt},
		"verifier of 386":      {PasswordVerifier: b64(append(fill(2, 0), fill(384, 1)...)), Salt: good.Salt},
		"verifier of 375":      {PasswordVerifier: b64(fill(375, 1)), Salt: good.Salt},
		"verifier of megabyte": {PasswordVerifier: new(strings.Repeat("A", 1<<20)), Salt: good.Salt},
	}
	for what, bad := range cases {
		in := l.request()
		in.DeviceSecretVerifierConfig = bad
		if got := Refusal(w.World, w.ConfirmDevice, in); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%s: %q", what, got)
		}
	}
	// Integers lose leading zero bytes on the wire, one salt and one verifier in 256.
	for what, ok := range map[string]*config{
		"as sent":        good,
		"16 bytes":       {PasswordVerifier: b64(fill(384, 1)), Salt: b64(fill(16, 0xff))},
		"17 bytes":       {PasswordVerifier: b64(append([]byte{0}, fill(384, 0xf0)...)), Salt: b64(append([]byte{0}, fill(16, 0xff)...))},
		"32 bytes":       {PasswordVerifier: good.PasswordVerifier, Salt: b64(fill(32, 0xd4))},
		"shorter by two": {PasswordVerifier: b64(fill(382, 1)), Salt: b64(fill(14, 1))},
	} {
		if _, v, err := device.ReadConfig(ok); err != nil || len(v) != srp.Size {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestConfirmTogether: of parallel confirmations of one device exactly one wins.
func TestConfirmTogether(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		w.User(p, "ana")
		l := w.signIn(p, w.Client(p, nil), "ana", "")
		w.Ctx = context.Background() // each request has its own record
		counts := Together(w.World, 6, w.ConfirmDevice, func(int) *cognitoidp.ConfirmDeviceRequest { return l.request() })
		if counts[""] != 1 || counts[exists] != 5 {
			w.T.Errorf("outcomes %v", counts)
		}
	})
}

// TestOff: without tracking every operation refuses, also about devices from before.
func TestOff(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		w.User(p, "ana")
		l := w.device(p, w.Client(p, nil), "ana")
		Call(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{UserPoolId: p.ID})
		if p = w.Reload(p.ID); device.Tracking(p) {
			w.T.Skip("UpdateUserPool leaves tracking as it is")
		}
		for op, got := range l.all(l.access, p.ID, "ana", l.DeviceKey) {
			if got != off {
				w.T.Errorf("%s: %q", op, got)
			}
		}
	})
}

// all calls every operation about a device and returns the refusals, "" for success. The operations that delete come
// last.
func (l *login) all(access, poolID, username, key string) map[string]string {
	l.w.T.Helper()
	w, out := l.w, map[string]string{}
	status := new(cognitoidp.DeviceRememberedStatusTypeNotRemembered)
	run(w, out, w.ConfirmDevice, &cognitoidp.ConfirmDeviceRequest{
		AccessToken: access, DeviceKey: key, DeviceSecretVerifierConfig: l.config(),
	})
	run(w, out, w.GetDevice, &cognitoidp.GetDeviceRequest{AccessToken: &access, DeviceKey: key})
	run(w, out, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: access})
	run(w, out, w.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
		AccessToken: access, DeviceKey: key, DeviceRememberedStatus: status,
	})
	run(w, out, w.AdminGetDevice, &cognitoidp.AdminGetDeviceRequest{UserPoolId: poolID, Username: username, DeviceKey: key})
	run(w, out, w.AdminListDevices, &cognitoidp.AdminListDevicesRequest{UserPoolId: poolID, Username: username})
	run(w, out, w.AdminUpdateDeviceStatus, &cognitoidp.AdminUpdateDeviceStatusRequest{
		UserPoolId: poolID, Username: username, DeviceKey: key, DeviceRememberedStatus: status,
	})
	run(w, out, w.adminForget, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: poolID, Username: username, DeviceKey: key})
	run(w, out, w.forget, &cognitoidp.ForgetDeviceRequest{AccessToken: &access, DeviceKey: key})
	return out
}

func TestTimes(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	l := w.signIn(p, w.Client(p, nil), "ana", "")
	signedIn := w.Clock.Now().Unix()
	w.Clock.Advance(90 * time.Second)
	l.confirm()
	confirmed := w.Clock.Now().Unix()
	w.Clock.Advance(time.Hour)
	Call(w.World, w.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
		AccessToken: w.signIn(p, l.client, "ana", "").access, DeviceKey: l.DeviceKey,
		DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeNotRemembered),
	})
	changed := w.Clock.Now().Unix()
	d := Call(w.World, w.AdminGetDevice, &cognitoidp.AdminGetDeviceRequest{UserPoolId: p.ID, Username: "ana", DeviceKey: l.DeviceKey}).Device
	for what, c := range map[string][2]int64{
		"created": {d.DeviceCreateDate.UnixMilli(), confirmed}, "modified": {d.DeviceLastModifiedDate.UnixMilli(), changed},
		"authenticated": {d.DeviceLastAuthenticatedDate.UnixMilli(), signedIn},
	} {
		if c[0] != c[1]*1000 {
			t.Errorf("%s is %d, want %d in whole seconds", what, c[0], c[1])
		}
	}
}

// run calls one operation and notes its refusal under the operation's name.
func run[I, O any](w *world, out map[string]string, operation func(context.Context, *I) (*O, error), in *I) {
	w.T.Helper()
	out[nameOf(in)] = Refusal(w.World, operation, in)
}
