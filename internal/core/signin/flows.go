package signin

import (
	"cognate/internal/api/cognitoidp"
)

// flowOff is AWS's text for each flow that the client does not allow; admin marks flows that only AdminInitiateAuth has
// (spec/user-pools-auth-flows.md section 1).
var flowOff = map[cognitoidp.AuthFlowType]struct {
	admin bool
	text  string
}{
	cognitoidp.AuthFlowTypeUserPasswordAuth:      {text: "USER_PASSWORD_AUTH flow not enabled for this client"},
	cognitoidp.AuthFlowTypeAdminUserPasswordAuth: {admin: true, text: "Auth flow not enabled for this client"},
	cognitoidp.AuthFlowTypeAdminNoSrpAuth:        {admin: true, text: "Auth flow not enabled for this client"},
	cognitoidp.AuthFlowTypeUserSrpAuth:           {text: "USER_SRP_AUTH is not enabled for the client."},
	cognitoidp.AuthFlowTypeRefreshToken:          {text: "REFRESH_TOKEN_AUTH flow not enabled for this client"},
	cognitoidp.AuthFlowTypeRefreshTokenAuth:      {text: "REFRESH_TOKEN_AUTH flow not enabled for this client"},
	cognitoidp.AuthFlowTypeCustomAuth:            {text: "CUSTOM_AUTH flow not enabled for this client"},
	cognitoidp.AuthFlowTypeUserAuth:              {text: "USER_AUTH flow not enabled for this client"},
}

// errNoFlow is a flow that does not exist at the door.
func errNoFlow() error { return cognitoidp.NewInvalidParameter("Initiate Auth method not supported") }

// allowFlow refuses flows that do not exist at the door and those that the client has switched off.
func allowFlow(r *Request, elsewhere bool) error {
	off, ok := flowOff[r.Flow]
	if !ok || elsewhere {
		return errNoFlow()
	}
	if !r.Client.Allows(r.Flow) {
		return cognitoidp.NewInvalidParameter("%s", off.text)
	}
	return nil
}
