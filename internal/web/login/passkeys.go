package login

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// owner is the signed-in user of the browser, as the owner of an account; false when somebody has to sign in first.
func (h *handler) owner(ctx context.Context, v *visit) (directory.Caller, bool, error) {
	holders, err := h.holders(ctx, v)
	if err != nil {
		return directory.Caller{}, false, err
	}
	i := slices.IndexFunc(holders, func(holder authorization.Holder) bool { return h.Requests.Answers(v.q, holder) })
	if i < 0 {
		return directory.Caller{}, false, nil
	}
	u := holders[i].User
	return directory.Caller{Pool: v.q.Pool, Client: v.q.Client, Name: u.Username, Access: &token.Access{
		Pool: v.q.Pool, Client: v.q.Client, ClientID: v.q.Client.ID, Sub: u.Sub, Username: u.Username,
	}}, true, nil
}

// showAddPasskey is the page that adds a passkey to the account of the browser's session.
func (h *handler) showAddPasskey(ctx context.Context, v *visit, f *flow) site.Reply {
	if v.classic || !h.Engine.PasskeyOffered(v.q.Pool, v.q.Client) {
		return h.apart(ctx, v.r, 404, screen.Say("error.not_found"), "")
	}
	c, signedIn, err := h.owner(ctx, v)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	if !signedIn {
		f.Enrol = true
		return v.redirect(ctx, pool.EndpointLogin, f)
	}
	return h.drawAddPasskey(ctx, v, f, c, nil)
}

func (h *handler) drawAddPasskey(ctx context.Context, v *visit, f *flow, c directory.Caller, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointAddPasskey, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	options, err := h.Factors.BeginPasskey(ctx, c)
	if err != nil {
		if p = judge(ctx, err, ""); p == nil {
			return h.fault(ctx, v.r, err)
		}
		return h.apart(ctx, v.r, p.status, p.text, "")
	}
	form.ID, form.Submit = "passkey", screen.Button{Text: screen.Say("passkey.add_submit"), Icon: "passkey"}
	form.Hidden = append(form.Hidden, [2]string{"credential", ""})
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.AddPasskey, Icon: "passkey", Title: screen.Say("passkey.add_title"), Lead: screen.Say("passkey.add_lead"), Alert: p.alert(),
		Forms: []screen.Form{form}, Passkey: &screen.Ceremony{Options: string(options), Create: true, Form: form.ID, Field: "credential"},
		Links: []screen.Link{{ID: "back", Text: screen.Say("passkey.add_skip"), URL: v.at(pool.EndpointAuthorize, nil)}},
	})
}

// takeAddPasskey adds the passkey that the browser has made, and goes back to the app.
func (h *handler) takeAddPasskey(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	c, signedIn, err := h.owner(ctx, v)
	switch {
	case err != nil:
		return h.fault(ctx, v.r, err)
	case !signedIn:
		f.Enrol = true
		return v.redirect(ctx, pool.EndpointLogin, f)
	}
	if err := h.Factors.AddPasskey(ctx, c, []byte(form.Get("credential"))); err != nil {
		p := judge(ctx, err, "")
		if p == nil {
			return h.fault(ctx, v.r, err)
		}
		var unsupported *cognitoidp.WebAuthnCredentialNotSupportedException
		if p.text = screen.Say("passkey.create_failed"); errors.As(err, &unsupported) {
			p.text = screen.Say("refused.method")
		}
		return h.drawAddPasskey(ctx, v, f, c, p)
	}
	return v.show(ctx, 200, &screen.Screen{
		Kind: screen.PasskeyAdded, Icon: "passkey", Title: screen.Say("passkey.added_title"), Lead: screen.Say("passkey.added_lead"),
		Links: []screen.Link{{ID: "continue", Text: screen.Say("page.continue_to", "app", v.app()), URL: v.at(pool.EndpointAuthorize, nil)}},
	})
}
