package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"cognate/internal/core/device"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// deviceCookie holds the devices that a browser is: one for each user of the pool who signed in with it, the last one
// first. It outlives sign-outs, as devices do, and lives as long as browsers keep a cookie. It signs nobody in: the engine
// takes it in place of a second factor, from a user who has proven the first.
var deviceCookie = site.Cookie{Name: "cognito-device", Life: 400 * 24 * time.Hour}

// held are the devices that the browser is.
func (h *handler) held(ctx context.Context, v *visit) ([]device.Held, error) {
	if !device.Tracking(v.q.Pool) {
		return nil, nil
	}
	value, err := h.Cookies.Peek(ctx, v.r, deviceCookie)
	if errors.Is(err, site.ErrNoCookie) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []device.Held
	if json.Unmarshal(value, &out) != nil || len(out) > maxAccounts {
		return nil, nil
	}
	return out, nil
}

// hold is the cookie that names a device before those of other users.
func (h *handler) hold(ctx context.Context, v *visit, first device.Held, have []device.Held) (*http.Cookie, error) {
	others := slices.DeleteFunc(slices.Clone(have), func(d device.Held) bool { return d.Sub == first.Sub })
	value, err := json.Marshal(append([]device.Held{first}, others[:min(len(others), maxAccounts-1)]...))
	if err != nil {
		return nil, err
	}
	return h.Cookies.Seal(ctx, v.r.Place, deviceCookie, value)
}

// rememberField is the checkbox by which a user has the browser remembered.
const rememberField = "remember"

// remember adds that checkbox to the form of a code, where the pool asks its users. A form with it is not sent by the last
// digit alone.
func (v *visit) remember(f *flow, form *screen.Form) {
	if !f.Asks {
		return
	}
	form.Fields[0].MaxLength = 0
	box := screen.Field{Name: rememberField, Type: "checkbox", Label: screen.Say("code.remember")}
	if device.SparesMFA(v.q.Pool) {
		box.Hint = screen.Say("code.remember_hint")
	}
	if f.Remember {
		box.Value = "true"
	}
	form.Fields = append(form.Fields, box)
}
