package device_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
	"cognate/internal/core/token"
	. "cognate/internal/testkit/cognitotest"
)

// nameOf is the operation whose request in is.
func nameOf(in any) string {
	name := fmt.Sprintf("%T", in)
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "Request")
}

// attributes are the attributes of a device, in order.
func attributes(d *cognitoidp.DeviceType) (names []string, values map[string]string) {
	values = map[string]string{}
	for _, a := range d.DeviceAttributes {
		names = append(names, a.Name)
		values[a.Name] = *a.Value
	}
	return names, values
}

func TestViews(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, true)
		c := w.Client(p, nil)
		w.User(p, "ana")
		l := w.device(p, c, "ana")

		mine := Call(w.World, w.GetDevice, &cognitoidp.GetDeviceRequest{AccessToken: &l.access, DeviceKey: l.DeviceKey}).Device
		names, got := attributes(mine)
		want := map[string]string{"device_status": "valid", "device_name": "phone", "last_ip_used": "192.0.2.7"}
		if *mine.DeviceKey != l.DeviceKey || len(names) != 3 || !maps.Equal(got, want) {
			w.T.Errorf("the user sees %s with %v", *mine.DeviceKey, got)
		}
		admin := Call(w.World, w.AdminGetDevice, &cognitoidp.AdminGetDeviceRequest{UserPoolId: p.ID, Username: "ana", DeviceKey: l.DeviceKey}).Device
		want["dev:device_arn"] = "arn:aws:cognito-idp:us-east-1:000000000000:owner/ana." + p.ID + "/device/" + l.DeviceKey
		want["dev:device_owner"] = "ana." + p.ID
		want["dev:device_remembered_status"] = "not_remembered"
		want["dev:device_sdk"] = "aws-sdk"
		if _, got := attributes(admin); !maps.Equal(got, want) {
			w.T.Errorf("an administrator sees %v", got)
		}

		set := func(by string, status *cognitoidp.DeviceRememberedStatusType, want bool) {
			w.T.Helper()
			if by == "user" {
				Call(w.World, w.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
					AccessToken: l.access, DeviceKey: l.DeviceKey, DeviceRememberedStatus: status,
				})
			} else {
				Call(w.World, w.AdminUpdateDeviceStatus, &cognitoidp.AdminUpdateDeviceStatusRequest{
					UserPoolId: p.ID, Username: "ana", DeviceKey: l.DeviceKey, DeviceRememberedStatus: status,
				})
			}
			if device.Remembered(l.known()) != want {
				w.T.Errorf("%s set %v: remembered is not %v", by, status, want)
			}
		}
		yes, no := cognitoidp.DeviceRememberedStatusTypeRemembered, cognitoidp.DeviceRememberedStatusTypeNotRemembered
		set("user", &yes, true)
		set("user", nil, true)
		set("admin", &no, false)
		set("admin", nil, false)
		set("admin", &yes, true)
		set("user", &no, false)
	})
}

func TestBareDevice(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	w.Ctx = obs.With(w.Ctx, &obs.Request{})
	l := w.signIn(p, w.Client(p, nil), "ana", "")
	in := l.request()
	in.DeviceName = nil
	Call(w.World, w.ConfirmDevice, in)
	d := Call(w.World, w.GetDevice, &cognitoidp.GetDeviceRequest{AccessToken: &l.access, DeviceKey: l.DeviceKey}).Device
	if names, _ := attributes(d); !slices.Equal(names, []string{"device_status"}) {
		t.Errorf("a device without name and address has %v", names)
	}

	l = w.signIn(p, l.client, "ana", "")
	in = l.request()
	in.DeviceName = new("a\x00b")
	Call(w.World, w.ConfirmDevice, in)
	if got := l.known().Name; got != "ab" {
		t.Errorf("name is %q", got)
	}
}

// TestForget: a forgotten device is gone and its sessions with it, those of other devices and users stay.
func TestForget(t *testing.T) {
	for _, by := range []string{"user", "admin"} {
		t.Run(by, func(t *testing.T) {
			each(t, func(w *world) {
				p := w.tracking(true, false)
				c := w.Client(p, nil)
				w.User(p, "ana")
				w.User(p, "bob")
				l, other, bob := w.device(p, c, "ana"), w.device(p, c, "ana"), w.device(p, c, "bob")
				later := w.signIn(p, c, "ana", l.DeviceKey)
				found := l.known()
				if by == "user" {
					Call(w.World, w.forget, &cognitoidp.ForgetDeviceRequest{AccessToken: &other.access, DeviceKey: l.DeviceKey})
				} else {
					Call(w.World, w.adminForget, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: p.ID, Username: "ana", DeviceKey: l.DeviceKey})
				}
				if _, err := l.find(); !errors.Is(err, device.ErrUnknownDevice) {
					w.T.Errorf("forgotten device: %v", err)
				}
				for _, s := range []*login{l, later} {
					if err := s.redeem(); !errors.Is(err, token.ErrRefreshRevoked) {
						w.T.Errorf("refresh token of the forgotten device: %v", err)
					}
					Refused(w.World, revoked, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: s.access})
				}
				w.must(other.redeem())
				w.must(bob.redeem())
				Refused(w.World, unknownDevice, w.forget, &cognitoidp.ForgetDeviceRequest{AccessToken: &other.access, DeviceKey: l.DeviceKey})

				// A sign-in that found the device before must not open a session.
				err := w.update(func(tx *db.Tx) error { return w.Touch(tx, found, w.Clock.Now(), "192.0.2.9") })
				if !errors.Is(err, device.ErrUnknownDevice) {
					w.T.Errorf("touching a forgotten device: %v", err)
				}
			})
		})
	}
}

// redeem looks the refresh token up.
func (l *login) redeem() error {
	return l.w.DB.View(l.w.Ctx, func(tx *db.Tx) error {
		_, err := l.w.Tokens.FindRefresh(tx, l.pool, l.client, l.fresh)
		return err
	})
}

func TestTouch(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		w.User(p, "ana")
		l := w.device(p, w.Client(p, nil), "ana")
		w.Clock.Advance(time.Hour)
		ip := netip.MustParseAddr("2001:db8::1").String()
		w.must(w.update(func(tx *db.Tx) error { return w.Touch(tx, l.known(), w.Clock.Now(), ip) }))
		v := l.known()
		if v.Authenticated != w.Clock.Now().Unix()*1000 || v.IP != ip || v.Modified == v.Authenticated {
			w.T.Errorf("touched device: %+v", v)
		}
	})
}

// TestTwoTenants calls every operation with what another user or another pool knows a device by (threat 52).
func TestTwoTenants(t *testing.T) {
	each(t, func(w *world) {
		p, q := w.tracking(true, false), w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		w.User(q, "ana")
		victim := w.device(p, c, "ana")
		before := *victim.known()
		bob, twin := w.signIn(p, c, "bob", ""), w.signIn(q, w.Client(q, nil), "ana", "")
		for what, got := range map[string]map[string]string{
			"another user": bob.all(bob.access, p.ID, "bob", victim.DeviceKey),
			"another pool": twin.all(twin.access, q.ID, "ana", victim.DeviceKey),
		} {
			for op, text := range got {
				want := unknownDevice
				switch op {
				case "ConfirmDevice":
					want = badKey
				case "ListDevices", "AdminListDevices":
					want = ""
				}
				if text != want {
					w.T.Errorf("%s as %s: %q, want %q", op, what, text, want)
				}
			}
		}
		if len(bob.list(60)) != 0 || len(twin.list(60)) != 0 {
			w.T.Error("a list shows a foreign device")
		}
		if after := *victim.known(); fmt.Sprint(after) != fmt.Sprint(before) {
			w.T.Error("the device was changed")
		}
		w.must(victim.redeem())

		// The very key may belong to a user of each pool; it is two devices then.
		same := w.signIn(q, twin.client, "ana", victim.DeviceKey).confirm()
		Call(w.World, w.adminForget, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: q.ID, Username: "ana", DeviceKey: same.DeviceKey})
		w.must(victim.redeem())
		victim.known()
	})
}

func TestNobody(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	l := w.device(p, w.Client(p, nil), "ana")
	noPool := "ResourceNotFoundException: User pool us-east-1_nobodyhas does not exist."
	for op, got := range l.all("", p.ID, "nobody", l.DeviceKey) {
		want := badAccess
		switch op {
		case "AdminGetDevice", "AdminListDevices":
			want = noUser
		case "AdminForgetDevice", "AdminUpdateDeviceStatus":
			want = unknownUser
		}
		if got != want {
			t.Errorf("%s: %q, want %q", op, got, want)
		}
	}
	for op, got := range l.all("", "us-east-1_nobodyhas", "ana", l.DeviceKey) {
		if strings.HasPrefix(op, "Admin") && got != noPool {
			t.Errorf("%s: %q", op, got)
		}
	}
	Refused(w.World, badAccess, w.GetDevice, &cognitoidp.GetDeviceRequest{DeviceKey: l.DeviceKey})
	Refused(w.World, badAccess, w.forget, &cognitoidp.ForgetDeviceRequest{DeviceKey: l.DeviceKey})
	l.known()
}

// list reads all devices of a login's user by pages of a size, as the user and as an administrator.
func (l *login) list(size int64) []string {
	l.w.T.Helper()
	w := l.w
	var mine, theirs []string
	for next, more := (*string)(nil), true; more; more = next != nil {
		out := Call(w.World, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: l.access, Limit: &size, PaginationToken: next})
		for _, d := range out.Devices {
			mine = append(mine, *d.DeviceKey)
		}
		next = out.PaginationToken
	}
	for next, more := (*string)(nil), true; more; more = next != nil {
		out := Call(w.World, w.AdminListDevices, &cognitoidp.AdminListDevicesRequest{
			UserPoolId: l.pool.ID, Username: l.name, Limit: &size, PaginationToken: next,
		})
		for _, d := range out.Devices {
			if _, values := attributes(&d); values["dev:device_owner"] != l.name+"."+l.pool.ID {
				w.T.Errorf("owner is %s", values["dev:device_owner"])
			}
			theirs = append(theirs, *d.DeviceKey)
		}
		next = out.PaginationToken
	}
	if !slices.Equal(mine, theirs) {
		w.T.Errorf("the user sees %v, an administrator %v", mine, theirs)
	}
	return mine
}

func TestPaging(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		var keys []string
		var l *login
		for range 5 {
			l = w.device(p, c, "ana")
			keys = append(keys, l.DeviceKey)
		}
		bob := w.device(p, c, "bob")
		slices.Sort(keys)
		for _, size := range []int64{0, 1, 2, 4, 5, 6, 60} {
			if got := l.list(size); !slices.Equal(got, keys) {
				w.T.Errorf("pages of %d: %v, want %v", size, got, keys)
			}
		}
		// A token continues the operation and the user that it was made for, for an hour.
		first := Call(w.World, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: l.access, Limit: new(int64(2))})
		next := *first.PaginationToken
		Refused(w.World, badPage, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: bob.access, PaginationToken: &next})
		Refused(w.World, badPage, w.AdminListDevices, &cognitoidp.AdminListDevicesRequest{UserPoolId: p.ID, Username: "ana", PaginationToken: &next})
		Refused(w.World, badPage, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: l.access, PaginationToken: new("x" + next[1:])})
		w.Clock.Advance(61 * time.Minute)
		fresh := w.signIn(p, c, "ana", "")
		Refused(w.World, badPage, w.ListDevices, &cognitoidp.ListDevicesRequest{AccessToken: fresh.access, PaginationToken: &next})
	})
}

func TestGoneWithUserAndPool(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		ana, bob, second := w.device(p, c, "ana"), w.device(p, c, "bob"), w.device(p, c, "bob")
		Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: "ana"})
		ana.known() // disabling forgets nothing
		w.must(w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}))
		if _, err := ana.find(); !errors.Is(err, device.ErrUnknownDevice) {
			w.T.Errorf("device of a deleted user: %v", err)
		}
		bob.known()
		second.known()
		drop := func() (n int) {
			w.must(w.update(func(tx *db.Tx) (err error) {
				n, err = w.DropPool(tx, p.ID, 1)
				return err
			}))
			return n
		}
		if a, b, c := drop(), drop(), drop(); a != 1 || b != 1 || c != 0 {
			w.T.Errorf("dropped %d, %d, %d", a, b, c)
		}
	})
}
