package login

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// drawAccounts lists the accounts that the browser is signed in with.
func (h *handler) drawAccounts(ctx context.Context, v *visit, holders []authorization.Holder) site.Reply {
	form, err := v.form(ctx, pool.EndpointLogin, nil)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID = "accounts"
	for i, holder := range holders {
		row := screen.Button{
			Name: "account", Value: holder.User.Sub, Icon: "user", Text: screen.Literal(shownName(holder)), Hint: screen.Say("accounts.signed_in"),
		}
		if !h.Requests.Answers(v.q, holder) {
			row.Hint = screen.Text{}
		}
		if i == 0 {
			form.Submit = row
			continue
		}
		form.Other = append(form.Other, row)
	}
	form.Other = append(form.Other, screen.Button{Name: "account", Value: "other", Text: screen.Say("accounts.other"), Icon: "user"})
	s := &screen.Screen{
		Kind: screen.Accounts, Title: screen.Say("accounts.title"), Lead: screen.Say("accounts.lead", "app", v.app()), Forms: []screen.Form{form},
	}
	if err := h.introduce(ctx, v, s); err != nil {
		return h.fault(ctx, v.r, err)
	}
	return v.show(ctx, http.StatusOK, s)
}

// denied is the value of the button that says no to a client of a stranger.
const denied = "denied"

// introduce tells what a client asks for that no administrator of the pool has made, and lets people say no.
func (h *handler) introduce(ctx context.Context, v *visit, s *screen.Screen) error {
	if !v.q.Client.Stranger() {
		return nil
	}
	no, err := v.form(ctx, pool.EndpointLogin, nil)
	if err != nil {
		return err
	}
	no.ID, no.Quiet, no.Submit = "deny", true, screen.Button{Name: "account", Value: denied, Text: screen.Say("page.cancel")}
	s.Forms = append(s.Forms, no)
	if s.Alert == nil {
		s.Alert = &screen.Alert{Kind: screen.AlertInfo, Text: screen.Say("accounts.asks", "app", v.app(), "scopes", strings.Join(v.q.Scopes, ", "))}
	}
	return nil
}

// signsInAs is what somebody signs in with: an address where the pool takes it, as for a user name.
func (v *visit) signsInAs(holder authorization.Holder) string {
	u, c := holder.User, v.q.Pool.Config
	for _, a := range c.UsernameAttributes {
		if text := u.Attributes[string(a)]; text != "" {
			return text
		}
	}
	for _, a := range c.AliasAttributes {
		name := string(a)
		if text := u.Attributes[name]; text != "" && (a == cognitoidp.AliasAttributeTypePreferredUsername || u.Attributes[name+"_verified"] == "true") {
			return text
		}
	}
	return u.Username
}

// shownName is how people know an account.
func shownName(holder authorization.Holder) string {
	for _, name := range []string{"email", "phone_number", "preferred_username"} {
		if text := holder.User.Attributes[name]; text != "" {
			return text
		}
	}
	return holder.User.Username
}

// takeAccount goes on with the account that was picked: at once where its session answers the request, else by signing in
// again.
func (h *handler) takeAccount(ctx context.Context, v *visit, sub string) site.Reply {
	if sub == denied {
		return h.refuse(ctx, v.r, v.q.Deny(authorization.CodeDenied, "", "the person said no"))
	}
	holders, err := h.holders(ctx, v)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	f := &flow{Query: mark(v.query)}
	i := slices.IndexFunc(holders, func(holder authorization.Holder) bool { return holder.User.Sub == sub })
	if i < 0 {
		return v.redirect(ctx, pool.EndpointLogin, f)
	}
	if reply, done := h.silent(ctx, v, holders[i]); done {
		have := make([]authorization.Session, len(holders))
		for n, holder := range holders {
			have[n] = holder.Session
		}
		first, err := h.keep(ctx, v, holders[i].Session, have)
		if err != nil {
			return h.fault(ctx, v.r, err)
		}
		return reply.WithCookie(first)
	}
	f.Name = v.signsInAs(holders[i])
	return v.redirect(ctx, pool.EndpointLogin, f)
}
