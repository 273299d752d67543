package rooms_test

import (
	"net/url"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/signin"
	. "cognate/internal/testkit/cognitotest"
)

// pageRows are the rows of the matrix that begin on the pages of managed login.
var pageRows = []underWay{
	{name: "authorization code", begin: func(s *stage) func() error {
		q, ending := s.onPages()
		s.signInOn(q, ending)
		return func() error {
			_, err := s.Requests.Redeem(s.Ctx, q.Pool, q.Client, authorization.Redemption{Code: ending.Answer.Members[0][1], RedirectURI: q.RedirectURI})
			return err
		}
	}},
	{name: "managed-login session", begin: func(s *stage) func() error {
		q, ending := s.onPages()
		s.signInOn(q, ending)
		return func() error {
			holders, err := s.Requests.Holders(s.Ctx, q.Pool.ID, []authorization.Session{ending.Session})
			if err != nil {
				return err
			}
			if len(holders) == 0 {
				return authorization.ErrNoSession
			}
			_, err = s.Requests.Silent(s.Ctx, q, holders[0])
			return err
		}
	}},
	{name: "session of EMAIL_OTP, on the pages", begin: func(s *stage) func() error {
		q, ending := s.onPages()
		door := signin.Hosted(ending)
		a, err := s.Engine.Start(s.Ctx, &signin.Request{
			Door: door, Pool: q.Pool, Client: q.Client, Flow: cognitoidp.AuthFlowTypeUserAuth,
			Params: map[string]string{"USERNAME": s.name, "PREFERRED_CHALLENGE": "EMAIL_OTP"},
		})
		if err != nil {
			s.T.Fatal(err)
		}
		code := s.Code(s.p, s.mail())
		return func() error {
			_, err := s.Engine.Respond(s.Ctx, &signin.Request{
				Door: door, Pool: q.Pool, Client: q.Client, Challenge: a.Challenge, Session: a.Session,
				Params: map[string]string{"USERNAME": s.name, "EMAIL_OTP_CODE": code},
			})
			return err
		}
	}, pool: byAnyCode},
}

func byAnyCode(in *cognitoidp.CreateUserPoolRequest) {
	in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{
		cognitoidp.AuthFactorTypePassword, cognitoidp.AuthFactorTypeEmailOtp,
	}}}
}

// onPages lets the client use the pages and makes an authorization request.
func (s *stage) onPages() (*authorization.Request, *authorization.Ending) {
	s.T.Helper()
	const callback = "https://app.example.com/callback"
	Call(s.World, s.API.UpdateUserPoolClient, &cognitoidp.UpdateUserPoolClientRequest{
		UserPoolId: s.p.ID, ClientId: s.c.ID, ExplicitAuthFlows: s.c.Config.ExplicitAuthFlows, AllowedOAuthFlowsUserPoolClient: new(true),
		AllowedOAuthFlows: []cognitoidp.OAuthFlowType{cognitoidp.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid"},
		CallbackURLs: []string{callback}, SupportedIdentityProviders: []string{"COGNITO"},
	})
	q, err := s.Requests.Parse(s.Ctx, s.p.ID, url.Values{"client_id": {s.c.ID}, "response_type": {"code"}, "redirect_uri": {callback}})
	if err != nil {
		s.T.Fatal(err)
	}
	return q, s.Requests.Ending(q, nil)
}

// signInOn signs the user in by the password.
func (s *stage) signInOn(q *authorization.Request, ending *authorization.Ending) {
	s.T.Helper()
	_, err := s.Engine.Start(s.Ctx, &signin.Request{
		Door: signin.Hosted(ending), Pool: q.Pool, Client: q.Client, Flow: cognitoidp.AuthFlowTypeUserPasswordAuth,
		Params: map[string]string{"USERNAME": s.name, "PASSWORD": Password},
	})
	if err != nil {
		s.T.Fatal(err)
	}
}
