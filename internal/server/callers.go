package server

import (
	"context"
	"fmt"
	"net/http"

	"cognate/internal/api/cognitoidp"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/base/arn"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
	"cognate/internal/config"
	"cognate/internal/core/sts"
	"cognate/internal/rooms"
	"cognate/internal/wire"
)

// globalServices are those whose resources have no Region: their requests may
// be signed for any.
var globalServices = map[string]bool{"iam": true, "sts": true}

// callers fills the two interfaces of wire: who signed a request, and whether
// they may do what they ask for.
type callers struct {
	verifier *sigv4.Verifier
	rooms    *rooms.Rooms
	settings config.Settings
	own      httpkit.Names // pages of which may use keys that Cognate did not issue
	dev      bool
}

func newCallers(s config.Settings, own httpkit.Names, r *rooms.Rooms) callers {
	served := func(service string, region arn.Region) bool { return globalServices[service] || s.Serves(region) }
	return callers{
		verifier: sigv4.NewVerifier(sigv4.Options{Lookup: r.STS.Lookup, Region: served}),
		rooms:    r, settings: s, own: own, dev: s.Mode == config.Dev,
	}
}

// Authenticate implements wire.Authenticator.
func (c callers) Authenticate(ctx context.Context, r *http.Request, body []byte, service string) (wire.Caller, error) {
	identity, err := c.verifier.Verify(ctx, sigv4.FromHTTP(r, sigv4.HashBody(body)), service)
	if err != nil {
		return wire.Caller{}, err
	}
	if identity.Unchecked && !c.own.OwnPage(r.Header) {
		return wire.Caller{}, sigv4.UnknownKey(fmt.Sprintf(
			"the key is not one of this server's, and the page that uses it is foreign (Origin %.100q); --allowed-hosts lets pages of other hosts in", r.Header.Values("Origin")))
	}
	if identity.Unchecked && identity.Presigned {
		// Any page can have a browser send such a request; a header it cannot send without asking.
		return wire.Caller{}, sigv4.UnknownKey("the key is not one of this server's, which may sign in the header Authorization only")
	}
	if identity.Unchecked && r.Method != http.MethodPost && !c.own.Has(r.Host) {
		// A page under a name that was made to point here may send these without saying what it is.
		return wire.Caller{}, sigv4.UnknownKey(fmt.Sprintf(
			"the key is not one of this server's, and the host is not known (%.100q); --allowed-hosts makes it so", r.Host))
	}
	return wire.Caller{Principal: identity.Principal, Region: identity.Region}, nil
}

// Offers reports whether a page may be told that it can send a signature. In dev, where any key is good, that goes only
// to pages of this machine; serve checks the keys instead.
func (c callers) Offers(r *http.Request) bool { return !c.dev || c.own.OwnPage(r.Header) }

// Authorize implements wire.Authorizer. It is the one place that holds every
// signed operation to the user pools of the caller's Region; what is no pool
// there does not exist, whoever asks.
func (c callers) Authorize(ctx context.Context, p obs.Principal, a wire.Action) error {
	if err := sts.Barred(p, a.Service, a.Operation); err != nil {
		return err
	}
	if a.Service == stsapi.ServiceName && sts.Open(a.Operation) {
		return nil
	}
	if !p.Root { // what is asked for matters to policies alone
		if err := c.permit(ctx, p, a); err != nil {
			return err
		}
	}
	c.rooms.IAM.Used(ctx, a.Service)
	if a.Service == cognitoidp.ServiceName && a.Resource != "" {
		return c.rooms.Pools.InRegion(ctx, a.Resource)
	}
	return nil
}

// permit asks the policies whether the caller may do this, and pass the roles that it names.
func (c callers) permit(ctx context.Context, p obs.Principal, a wire.Action) error {
	ask, err := c.ask(ctx, a)
	if err != nil {
		return err
	}
	if err := c.rooms.IAM.Authorize(ctx, p, ask); err != nil {
		return err
	}
	return c.mayPass(ctx, p, a)
}
