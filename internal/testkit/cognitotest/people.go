package cognitotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/srp"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// Password fits the default policy.
const Password = "Passw0rd!"

// Pool makes a pool whose e-mail addresses are verified on their own, with what set changes.
func (w *World) Pool(set func(*cognitoidp.CreateUserPoolRequest)) *pool.Pool {
	w.T.Helper()
	in := &cognitoidp.CreateUserPoolRequest{
		PoolName:               "test",
		AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail},
		SmsConfiguration:       &cognitoidp.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::000000000000:role/sms")},
	}
	if set != nil {
		set(in)
	}
	out := Call(w, w.API.CreateUserPool, in)
	return w.Reload(*out.UserPool.Id)
}

// Reload reads a pool's settings.
func (w *World) Reload(poolID string) *pool.Pool {
	w.T.Helper()
	p, err := w.Pools.Pool(w.Ctx, poolID)
	w.must(err)
	return p
}

// Client makes a client that allows every flow of this version, with what set changes.
func (w *World) Client(p *pool.Pool, set func(*cognitoidp.CreateUserPoolClientRequest)) *pool.Client {
	w.T.Helper()
	in := &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: p.ID, ClientName: "test",
		ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{
			cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			cognitoidp.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}
	if set != nil {
		set(in)
	}
	out := Call(w, w.API.CreateUserPoolClient, in)
	_, c, err := w.Pools.Client(w.Ctx, *out.UserPoolClient.ClientId)
	w.must(err)
	return c
}

// Hiding sets PreventUserExistenceErrors.
func Hiding(in *cognitoidp.CreateUserPoolClientRequest) {
	in.PreventUserExistenceErrors = new(cognitoidp.PreventUserExistenceErrorTypesEnabled)
}

// User makes a confirmed user with Password; attrs are name, value pairs.
func (w *World) User(p *pool.Pool, name string, attrs ...string) string {
	w.T.Helper()
	out := Call(w, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{
		UserPoolId: p.ID, Username: name, UserAttributes: Attributes(attrs...),
		MessageAction: new(cognitoidp.MessageActionTypeSuppress), TemporaryPassword: new("Temporary-1"),
	})
	w.SetPassword(p, name, Password, true)
	return *out.User.Username
}

// SetPassword sets a password as an administrator.
func (w *World) SetPassword(p *pool.Pool, name, password string, permanent bool) {
	w.T.Helper()
	Call(w, w.API.AdminSetUserPassword, &cognitoidp.AdminSetUserPasswordRequest{
		UserPoolId: p.ID, Username: name, Password: password, Permanent: &permanent,
	})
}

// Get reads a user.
func (w *World) Get(p *pool.Pool, name string) *directory.User {
	w.T.Helper()
	var u *directory.User
	w.must(w.DB.View(w.Ctx, func(tx *db.Tx) (err error) {
		u, err = w.Users.Resolve(tx, p, name)
		return err
	}))
	return u
}

// Attributes turns name, value pairs into a request member.
func Attributes(attrs ...string) []cognitoidp.AttributeType {
	var out []cognitoidp.AttributeType
	for i := 0; i+1 < len(attrs); i += 2 {
		out = append(out, cognitoidp.AttributeType{Name: attrs[i], Value: &attrs[i+1]})
	}
	return out
}

// Inbox returns the messages to an address, newest first; all of the pool for "". What is sent in the background is sent
// before.
func (w *World) Inbox(p *pool.Pool, to string) []message.InboxMessage {
	w.T.Helper()
	w.must(w.Messages.Deliver(w.Ctx))
	list, err := w.Messages.Inbox(w.Ctx, to, p.ID)
	w.must(err)
	return list
}

// Code is the newest code sent to an address; notices carry none.
func (w *World) Code(p *pool.Pool, to string) string {
	w.T.Helper()
	list := w.Inbox(p, to)
	if len(list) == 0 {
		w.T.Fatalf("no message to %s", to)
	}
	for _, m := range list {
		if m.Code != "" {
			return m.Code
		}
	}
	return ""
}

// Linking makes a pool confirm sign-ups by links.
func Linking(in *cognitoidp.CreateUserPoolRequest) {
	in.VerificationMessageTemplate = &cognitoidp.VerificationMessageTemplateType{
		DefaultEmailOption: new(cognitoidp.DefaultEmailOptionTypeConfirmWithLink),
	}
}

// Link is the newest confirmation link that was sent to an address.
func (w *World) Link(p *pool.Pool, to string) string {
	w.T.Helper()
	for _, m := range w.Inbox(p, to) {
		if _, rest, found := strings.Cut(m.Body, "("+PublicURL); found {
			link, _, _ := strings.Cut(rest, ")")
			return PublicURL + link
		}
	}
	w.T.Fatalf("no link to %s", to)
	return ""
}

// SecretHash is what a confidential client sends for a user name.
func SecretHash(c *pool.Client, name string) string {
	mac := hmac.New(sha256.New, []byte(c.Secrets[0]))
	mac.Write([]byte(name + c.ID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// PasswordAuth is a request of USER_PASSWORD_AUTH.
func PasswordAuth(c *pool.Client, name, password string) *cognitoidp.InitiateAuthRequest {
	return &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	}
}

// SignIn signs in by password and returns the tokens.
func (w *World) SignIn(c *pool.Client, name, password string) *cognitoidp.AuthenticationResultType {
	w.T.Helper()
	out := Call(w, w.API.InitiateAuth, PasswordAuth(c, name, password))
	if out.AuthenticationResult == nil {
		w.T.Fatalf("sign-in of %s: challenge %s instead of tokens", name, *out.ChallengeName)
	}
	return out.AuthenticationResult
}

// SRP is the client's side of one SRP sign-in.
type SRP struct {
	W      *World
	Pool   *pool.Pool
	Client *pool.Client
	First  *cognitoidp.InitiateAuthResponse
	client *srp.Client
}

// StartSRP runs the first hop of USER_SRP_AUTH.
func (w *World) StartSRP(p *pool.Pool, c *pool.Client, name string) *SRP {
	w.T.Helper()
	return w.StartSRPWith(p, c, &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth, AuthParameters: map[string]string{"USERNAME": name},
	})
}

// StartSRPWith is StartSRP with a request of the caller's, to which it adds SRP_A.
func (w *World) StartSRPWith(p *pool.Pool, c *pool.Client, in *cognitoidp.InitiateAuthRequest) *SRP {
	w.T.Helper()
	client, err := srp.NewShortClient(nil, 32)
	w.must(err)
	in.AuthParameters["SRP_A"] = client.A()
	return &SRP{W: w, Pool: p, Client: c, First: Call(w, w.API.InitiateAuth, in), client: client}
}

// Answer is the second hop for a password, as the AWS client libraries send it.
func (s *SRP) Answer(password string) *cognitoidp.RespondToAuthChallengeRequest {
	s.W.T.Helper()
	params := s.First.ChallengeParameters
	signature, timestamp, err := s.client.Answer(s.Pool.Name, password, srp.Challenge{
		Identity: params["USER_ID_FOR_SRP"], Salt: params["SALT"], B: params["SRP_B"], SecretBlock: params["SECRET_BLOCK"],
	}, s.W.Clock.Now())
	s.W.must(err)
	return &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: s.Client.ID, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier, Session: s.First.Session,
		ChallengeResponses: map[string]string{
			"USERNAME": params["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": params["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": timestamp,
		},
	}
}
