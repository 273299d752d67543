package login

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/device"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/web/site"
)

// remembering is a pool with codes by mail as the second factor that tracks devices.
func remembering(newOnly, prompt bool) func(*cognitoidp.CreateUserPoolRequest) {
	return func(in *cognitoidp.CreateUserPoolRequest) {
		in.EmailConfiguration = &cognitoidp.EmailConfigurationType{
			EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper), SourceArn: new("arn:aws:ses:us-east-1:000000000000:identity/example.com"),
		}
		in.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{ChallengeRequiredOnNewDevice: &newOnly, DeviceOnlyRememberedOnUserPrompt: &prompt}
	}
}

// newDevices makes an app whose users ana and bob have a second factor by mail.
func newDevices(w *cognitotest.World, newOnly, prompt bool) *app {
	w.T.Helper()
	a := newApp(w, remembering(newOnly, prompt), func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)
	})
	cognitotest.Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: a.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional), EmailMfaConfiguration: &cognitoidp.EmailMfaConfigType{},
	})
	for _, name := range []string{"ana", "bob"} {
		w.User(a.p, name, "email", name+"@example.com", "email_verified", "true")
		cognitotest.Call(w, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
			UserPoolId: a.p.ID, Username: name, EmailMfaSettings: &cognitoidp.EmailMfaSettingsType{Enabled: new(true)},
		})
	}
	return a
}

// password signs in as far as a password leads.
func (b *browser) password(name string) *browser {
	b.T.Helper()
	b.agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	return b.open("prompt", "login", "scope", "openid aws.cognito.signin.user.admin").fill("username", name).fill("password", cognitotest.Password)
}

// mailed answers the second factor; more are fields besides the code.
func (b *browser) mailed(name string, more ...string) *browser {
	b.T.Helper()
	b.says("Check your email")
	return b.fill(append([]string{"code", b.Code(b.p, name+"@example.com")}, more...)...)
}

// signedIn are the tokens of the code that the browser brings back.
type signedIn struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (b *browser) tokens() signedIn {
	b.T.Helper()
	var out signedIn
	if status, body := b.redeem(b.code()); status != 200 || json.Unmarshal([]byte(body), &out) != nil {
		b.T.Fatalf("%d %s", status, body)
	}
	return out
}

// deviceKey is the claim of an access token.
func deviceKey(t testing.TB, access string) string {
	t.Helper()
	var claims struct {
		DeviceKey string `json:"device_key"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims.DeviceKey
}

// devices are the devices of a user.
func (a *app) devices(name string) []cognitoidp.DeviceType {
	a.T.Helper()
	return cognitotest.Call(a.World, a.API.AdminListDevices, &cognitoidp.AdminListDevicesRequest{UserPoolId: a.p.ID, Username: name}).Devices
}

func told(d cognitoidp.DeviceType, name string) string {
	i := slices.IndexFunc(d.DeviceAttributes, func(at cognitoidp.AttributeType) bool { return at.Name == name })
	if i < 0 {
		return ""
	}
	return *d.DeviceAttributes[i].Value
}

// TestRememberedBrowser skips the second factor in a browser that is a remembered device, until it is forgotten.
func TestRememberedBrowser(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newDevices(w, true, false)
		b := a.browser().password("ana").mailed("ana")
		first := b.tokens()
		key := deviceKey(w.T, first.Access)
		known := a.devices("ana")
		if len(known) != 1 || *known[0].DeviceKey != key || told(known[0], "device_name") != "Chrome 140 / Linux" ||
			told(known[0], "dev:device_remembered_status") != "remembered" {
			w.T.Fatalf("devices of %s: %+v", key, known)
		}
		w.Clock.Advance(time.Minute)
		again := b.password("ana").tokens() // no code is asked for
		if deviceKey(w.T, again.Access) != key || len(a.devices("ana")) != 1 {
			w.T.Errorf("the second sign-in: %s, %+v", deviceKey(w.T, again.Access), a.devices("ana"))
		}
		if d := a.devices("ana")[0]; !d.DeviceLastAuthenticatedDate.After(d.DeviceCreateDate.Time) {
			w.T.Error("the sign-in is not noted")
		}

		// A session of the pages is refreshed without a device key, or with its own.
		if status, body := a.token("grant_type", "refresh_token", "refresh_token", first.Refresh); status != 200 {
			w.T.Errorf("refresh: %d %s", status, body)
		}
		for given, want := range map[string]string{"": "", key: "", key + "0": "NotAuthorizedException: Invalid Refresh Token."} {
			in := &cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: a.c.ID, RefreshToken: first.Refresh}
			if given != "" {
				in.DeviceKey = &given
			}
			if got := cognitotest.Refusal(w, w.API.GetTokensFromRefreshToken, in); got != want {
				w.T.Errorf("refresh with the key %q: %q, want %q", given, got, want)
			}
		}

		// Silent sign-ins carry the device too, and it is one of its user alone.
		if silent := b.open().tokens(); deviceKey(w.T, silent.Access) != key {
			w.T.Errorf("silent: %q", deviceKey(w.T, silent.Access))
		}
		b.password("bob").mailed("bob").code()
		b.password("bob").code()
		b.password("ana").code()
		b.get(addresses.Base(a.p.Config) + "/logout?client_id=" + a.c.ID + "&logout_uri=https://app.example.com/out")
		b.password("ana").code() // signed out is not forgotten
		cognitotest.Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: a.p.ID, Username: "ana"})
		last := b.password("ana").tokens()

		// Forgotten: its sessions end, codes under way too, and it is a new device with the next sign-in.
		pending := b.open().code()
		if err := w.API.ForgetDevice(w.Ctx, &cognitoidp.ForgetDeviceRequest{AccessToken: &last.Access, DeviceKey: key}); err != nil {
			w.T.Fatal(err)
		}
		if status, body := a.redeem(pending); status != 400 || !strings.Contains(body, "invalid_grant") {
			w.T.Errorf("a code of before: %d %s", status, body)
		}
		if status, _ := a.token("grant_type", "refresh_token", "refresh_token", last.Refresh); status != 400 {
			w.T.Errorf("refresh of a forgotten device: %d", status)
		}
		b.open("prompt", "none")
		if b.left == nil || b.left.Query().Get("error") != "login_required" {
			w.T.Errorf("the session of a forgotten device: %v", b.left)
		}
		b.password("bob").code()
		next := b.password("ana").mailed("ana").tokens()
		if got := deviceKey(w.T, next.Access); got == key || got != *a.devices("ana")[0].DeviceKey {
			w.T.Errorf("after it was forgotten: %s", got)
		}
	})
}

// TestRememberOnPrompt asks whether to remember a device where the pool leaves that to its users.
func TestRememberOnPrompt(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newDevices(w, true, true)
		b := a.browser().password("ana").says("Remember this device").says("We ask for no code on it next time")
		b.mailed("ana").code()
		if got := told(a.devices("ana")[0], "dev:device_remembered_status"); got != "not_remembered" {
			w.T.Fatalf("without a tick: %s", got)
		}
		b.password("ana")
		b.fill("code", "00000000", "remember", "true").says("not right")
		if !strings.Contains(b.body, " checked") {
			w.T.Error("the tick is lost with a wrong code")
		}
		b.mailed("ana", "remember", "true").code()
		if got := a.devices("ana"); len(got) != 1 || told(got[0], "dev:device_remembered_status") != "remembered" {
			w.T.Fatalf("with a tick: %+v", got)
		}
		access := b.password("ana").tokens().Access
		cognitotest.Call(w, w.API.UpdateDeviceStatus, &cognitoidp.UpdateDeviceStatusRequest{
			AccessToken: access, DeviceKey: deviceKey(w.T, access), DeviceRememberedStatus: new(cognitoidp.DeviceRememberedStatusTypeNotRemembered),
		})
		b.password("ana").says("Remember this device").mailed("ana").code()
		if got := a.devices("ana"); len(got) != 1 || told(got[0], "dev:device_remembered_status") != "not_remembered" {
			w.T.Errorf("asked again: %+v", got)
		}
		other := a.browser().password("bob")
		other.mailed("bob", "remember", "true").code()
		other.password("bob").code()
	})
}

// TestDevicesBesidesMFA holds that devices of a pool that asks for the second factor on all of them change nothing but what
// sessions are bound to, and that a pool without devices keeps none.
func TestDevicesBesidesMFA(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newDevices(w, false, false)
	b := a.browser().password("ana").mailed("ana")
	key := deviceKey(t, b.tokens().Access)
	if got := deviceKey(t, b.password("ana").mailed("ana").tokens().Access); got != key || key == "" {
		t.Errorf("%s, then %s", key, got)
	}
	if strings.Contains(b.body, "Remember this device") {
		t.Error("asked in vain")
	}
	plain := newApp(w, nil, nil)
	w.User(plain.p, "ana")
	p := plain.browser().password("ana")
	if p.tokens(); p.jar["cognito-device/"+plain.p.ID] != nil {
		t.Error("a device of a pool that tracks none")
	}
}

// TestStolenDevice holds that what a browser keeps of a device proves nothing at another pool, for another user, under
// another name, altered, or without the first factor.
func TestStolenDevice(t *testing.T) {
	w := cognitotest.Quick(t)
	a, far := newDevices(w, true, false), newDevices(w, true, false)
	b := a.browser().password("ana").mailed("ana")
	b.code()
	name := "cognito-device/" + a.p.ID
	genuine := b.jar[name]
	if genuine == nil || !genuine.HttpOnly || genuine.SameSite != http.SameSiteLaxMode || genuine.MaxAge < 300*24*3600 {
		t.Fatalf("%+v", b.jar)
	}
	with := func(a *app, value, path string) *browser {
		out := a.browser()
		out.jar["cognito-device/"+a.p.ID] = &http.Cookie{Name: "cognito-device", Value: value, Path: path}
		return out
	}
	asks := func(what string, b *browser) {
		t.Helper()
		if !strings.Contains(b.body, "Check your email") {
			t.Errorf("%s: no second factor: %v, %d", what, b.left, b.status)
		}
	}
	// Alone it signs nobody in, and the wrong password stays wrong.
	thief := with(a, genuine.Value, genuine.Path)
	thief.open("prompt", "none")
	if thief.left == nil || thief.left.Query().Get("error") != "login_required" {
		t.Errorf("the device alone: %v", thief.left)
	}
	thief.open().fill("username", "ana").fill("password", "Wrong-123!").says("not right")
	thief.password("ana").code() // with the password it is the device, wherever it is
	asks("another user", with(a, genuine.Value, genuine.Path).password("bob"))
	asks("another pool", with(far, genuine.Value, "/"+far.p.ID).password("ana"))
	asks("no cookie", a.browser().password("ana"))
	flipped := []byte(genuine.Value)
	flipped[len(flipped)/2] ^= 1
	asks("altered", with(a, string(flipped), genuine.Path).password("ana"))
	asks("cut short", with(a, genuine.Value[:len(genuine.Value)-4], genuine.Path).password("ana"))
	asks("in the place of another cookie", func() *browser {
		out := a.browser()
		out.jar["x"] = &http.Cookie{Name: "cognito-device", Value: b.jar["cognito/"+a.p.ID].Value, Path: "/"}
		return out.password("ana")
	}())
	w.Clock.Advance(401 * 24 * time.Hour)
	asks("expired", with(a, genuine.Value, genuine.Path).password("ana"))
	w.Clock.Advance(time.Hour)

	// A cookie of ours with a secret that is not the device's: counted, and no proof.
	cookies := site.Cookies{Keys: w.Keys, Now: w.Clock.Now}
	forge := func(held ...device.Held) *browser {
		plain, err := json.Marshal(held)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cookies.Seal(w.Ctx, site.Place{PoolID: a.p.ID, Base: "/" + a.p.ID}, deviceCookie, plain)
		if err != nil {
			t.Fatal(err)
		}
		return with(a, c.Value, c.Path)
	}
	ana, key := w.Get(a.p, "ana").Sub, *a.devices("ana")[0].DeviceKey
	asks("no such device", forge(device.Held{Sub: ana, Key: "us-east-1_00000000-0000-4000-8000-000000000000", Secret: "x"}).password("ana"))
	for range 5 {
		asks("a wrong secret", forge(device.Held{Sub: ana, Key: key, Secret: "wrong"}).password("ana"))
	}
	forge(device.Held{Sub: ana, Key: key, Secret: "wrong"}).password("ana").says("oo many")
}

// TestRememberWhileSettingUp asks on the page that sets an authenticator app up too.
func TestRememberWhileSettingUp(t *testing.T) {
	w := cognitotest.Quick(t)
	a := newApp(w, remembering(true, true), nil)
	cognitotest.Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
		UserPoolId: a.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOn), SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
	})
	w.User(a.p, "ana")
	b := a.browser().password("ana").says("Set up your authenticator app").says("Remember this device")
	m := keyPattern.FindStringSubmatch(html.UnescapeString(b.body))
	code, err := totp.GenerateCode(strings.ReplaceAll(m[1], " ", ""), w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.fill("code", code, "remember", "true").code()
	b.password("ana").code()
}

// TestForgetWhileRedeeming holds that nothing that is opened from a device while it is forgotten outlives it.
func TestForgetWhileRedeeming(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newDevices(w, true, false)
		b := a.browser().password("ana").mailed("ana")
		key := deviceKey(w.T, b.tokens().Access)
		var codes [8]string
		for i := range codes {
			codes[i] = b.open().code()
		}
		var opened [len(codes)]signedIn
		var wg sync.WaitGroup
		for i, code := range codes {
			wg.Go(func() {
				if status, body := a.redeem(code); status == 200 {
					_ = json.Unmarshal([]byte(body), &opened[i])
				}
			})
			if i == len(codes)/2 {
				wg.Go(func() {
					if err := w.API.AdminForgetDevice(w.Ctx, &cognitoidp.AdminForgetDeviceRequest{UserPoolId: a.p.ID, Username: "ana", DeviceKey: key}); err != nil {
						w.T.Error(err)
					}
				})
			}
		}
		wg.Wait()
		for i, s := range opened {
			if s.Refresh == "" {
				continue
			}
			if status, body := a.token("grant_type", "refresh_token", "refresh_token", s.Refresh); status != 400 {
				w.T.Errorf("session %d outlives its device: %d %s", i, status, body)
			}
		}
	})
}
