package server

import (
	"context"
	"net/http"

	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
	"cognate/internal/config"
	"cognate/internal/core/iam"
	"cognate/internal/core/sts"
	"cognate/internal/wire"
)

// callers fills the two interfaces of wire: who signed a request, and whether
// they may do what they ask for.
type callers struct {
	verifier *sigv4.Verifier // of the services that have a Region
	global   *sigv4.Verifier // of those that take any: IAM and STS
	iam      *iam.Room
}

func newCallers(s config.Settings, room *iam.Room) callers {
	region := s.Region
	if s.Mode == config.Dev {
		region = "" // a laptop's default region may be any
	}
	return callers{
		verifier: sigv4.NewVerifier(sigv4.Options{Lookup: room.Credentials, Region: region}),
		global:   sigv4.NewVerifier(sigv4.Options{Lookup: room.Credentials}),
		iam:      room,
	}
}

// Authenticate implements wire.Authenticator.
func (c callers) Authenticate(ctx context.Context, r *http.Request, body []byte, service string) (obs.Principal, error) {
	verifier := c.verifier
	if service == "sts" || service == "iam" {
		verifier = c.global
	}
	identity, err := verifier.Verify(ctx, sigv4.FromHTTP(r, sigv4.HashBody(body)), service)
	if err != nil {
		return obs.Principal{}, err
	}
	return identity.Principal, nil
}

// Authorize implements wire.Authorizer.
func (c callers) Authorize(ctx context.Context, p obs.Principal, a wire.Action) error {
	if a.Service == "sts" && sts.Open(a.Operation) {
		return nil
	}
	return c.iam.Authorize(ctx, p, a.Service+":"+a.Operation, a.Resource)
}
