package oauth

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/exchange"
	"cognate/internal/core/guard"
	"cognate/internal/core/token"
	"cognate/internal/web/site"
)

// Exchanger derives tokens from tokens; *exchange.Room does. The error is an *exchange.Refusal or an AWS exception.
type Exchanger interface {
	Exchange(ctx context.Context, in *exchange.Request) (*exchange.Derived, error)
}

// The names of RFC 8693 sections 2.1 and 3.
const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

	typeAccess = "urn:ietf:params:oauth:token-type:access_token"
	typeID     = "urn:ietf:params:oauth:token-type:id_token"
	typeSAML   = "urn:ietf:params:oauth:token-type:saml2"
)

// codeTarget is the error of RFC 8693 section 2.2.2.
const codeTarget = "invalid_target"

// usesOfTypes are the kinds of tokens; one that only providers issue has no use here.
var usesOfTypes = map[string]string{typeAccess: token.UseAccess, typeID: token.UseID, typeSAML: ""}

// exchange is the grant of RFC 8693.
func (h *handler) exchange(ctx context.Context, in *asked) site.Reply {
	if in.client.HasSecret() {
		guard.Right(ctx) // what users send on to the client is no guess of the client
	}
	request, text := exchangeRequest(in.form)
	if text != "" {
		return *reject(ctx, codeRequest, text)
	}
	request.Pool, request.Client = in.pool, in.client
	made, err := h.Exchanger.Exchange(ctx, request)
	var refused *exchange.Refusal
	switch {
	case errors.As(err, &refused):
		obs.Cause(ctx, "%s", refused.Text)
		return *reject(ctx, exchangeCodes[refused.Kind], refused.Text)
	case err != nil:
		return denied(ctx, err)
	}
	return exchanged(made)
}

// exchangeCodes are the errors of refusals. RFC 8693 section 2.2.2 calls a bad token an invalid request.
var exchangeCodes = map[exchange.Kind]string{
	exchange.Forbidden: codeUnallowed, exchange.Malformed: codeRequest, exchange.BadToken: codeRequest,
	exchange.BadTarget: codeTarget, exchange.NoTarget: codeTarget, exchange.BadScope: codeScope,
}

// exchangeRequest reads the form; the text says what is wrong with it.
func exchangeRequest(form url.Values) (*exchange.Request, string) {
	out := &exchange.Request{Audience: form.Get("audience"), Resource: form.Get("resource")}
	if scopes := strings.Fields(form.Get("scope")); len(scopes) > 0 {
		out.Scopes = scopes
	}
	subject, text := proof(form, "subject_token")
	if text == "" && subject == nil {
		text = "subject_token is missing"
	}
	if text != "" {
		return nil, text
	}
	out.Subject = *subject
	if out.Actor, text = proof(form, "actor_token"); text != "" {
		return nil, text
	}
	switch wanted := form.Get("requested_token_type"); wanted {
	case "", typeAccess:
	case typeID:
		out.Use = token.UseID
	default:
		return nil, "requested_token_type is not " + typeAccess + " or " + typeID
	}
	return out, ""
}

// proof reads a token and its type, neither of which means anything without the other; nil for none.
func proof(form url.Values, name string) (*exchange.Proof, string) {
	text, kind := form.Get(name), form.Get(name+"_type")
	use, known := usesOfTypes[kind]
	switch {
	case text == "" && kind == "":
		return nil, ""
	case text == "":
		return nil, name + " is missing"
	case kind == "":
		return nil, name + "_type is missing"
	case !known:
		return nil, name + "_type is not one that is taken here"
	}
	return &exchange.Proof{Token: text, Use: use}, ""
}

// exchanged is the answer of RFC 8693 section 2.2.1.
func exchanged(d *exchange.Derived) site.Reply {
	kind, how := typeAccess, "Bearer"
	if d.Use == token.UseID {
		kind, how = typeID, "N_A"
	}
	var b []byte
	text := func(name, value string) { b = rt.AppendString(member(b, name), value) }
	text("access_token", d.Token)
	text("issued_token_type", kind)
	text("token_type", how)
	b = strconv.AppendInt(member(b, "expires_in"), d.Life, 10)
	if len(d.Scopes) > 0 {
		text("scope", strings.Join(d.Scopes, " "))
	}
	return site.JSON(200, append(b, '}'))
}
