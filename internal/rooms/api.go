package rooms

import (
	"cognate/internal/api/cognitoidp"
	iamapi "cognate/internal/api/iam"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/core/account"
	"cognate/internal/core/branding"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/exchange"
	"cognate/internal/core/factor"
	"cognate/internal/core/iam"
	"cognate/internal/core/machine"
	"cognate/internal/core/pool"
	"cognate/internal/core/session"
	"cognate/internal/core/signin"
	"cognate/internal/core/sts"
	"cognate/internal/core/token"
)

// The operations of each room, under names that can be embedded side by side.
type (
	poolOps      = pool.Ops
	brandingOps  = branding.Ops
	directoryOps = directory.Ops
	tokenOps     = token.Ops
	factorOps    = factor.Ops
	deviceOps    = device.Ops
	signinOps    = signin.Ops
	accountOps   = account.Ops
	machineOps   = machine.Ops
	sessionOps   = session.Ops
	exchangeOps  = exchange.Ops
	clientdocOps = clientdoc.Ops
)

// UserPools is the cognito-idp API. An operation in two rooms is ambiguous and does not compile; one in none is answered
// by Unimplemented, which stands one level deeper than any room.
type UserPools struct {
	poolOps
	brandingOps
	directoryOps
	tokenOps
	factorOps
	deviceOps
	signinOps
	accountOps
	machineOps
	sessionOps
	exchangeOps
	clientdocOps
	fallback
}

type fallback struct{ deeper }

type deeper struct{ cognitoidp.Unimplemented }

var _ cognitoidp.Service = UserPools{}

// AccessManagement is the IAM API.
type AccessManagement struct {
	accessOps
	noAccess
}

type (
	accessOps = iam.Ops
	noAccess  struct{ iamapi.Unimplemented }
)

var _ iamapi.Service = AccessManagement{}

// Access is the IAM API of these rooms.
func (r *Rooms) Access() AccessManagement { return AccessManagement{accessOps: accessOps{Room: r.IAM}} }

// TokenService is the STS API.
type TokenService struct {
	tokenServiceOps
	noTokenService
}

type tokenServiceOps = sts.Ops

type noTokenService struct{ stsapi.Unimplemented }

var _ stsapi.Service = TokenService{}

// TokenService is the STS API of these rooms.
func (r *Rooms) TokenService() TokenService {
	return TokenService{tokenServiceOps: tokenServiceOps{Room: r.STS}}
}
