package rooms_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

var updateMatrix = flag.Bool("update-matrix", false, "write the table of docs/security.md")

// stage is one cell of the matrix: a user of a pool, and the client that they use.
type stage struct {
	*World
	p         *pool.Pool
	c         *pool.Client
	f         *crossing
	name      string
	access    string // token of the user from before; "" for users who cannot sign in
	moves     string // the attribute that a column about addresses moves
	end       func() // of the column, for what happens while a function runs
	confirmed bool
}

func (s *stage) mail() string  { return s.name + "@example.com" }
func (s *stage) phone() string { return "+1415555" + s.name[len(s.name)-4:] }

// underWay is a row: something is begun, and the rest is returned, which completes it with the right proof.
type underWay struct {
	name   string
	moves  string // what the columns about addresses move; email when ""
	signUp bool   // the user is signing up
	pool   func(*cognitoidp.CreateUserPoolRequest)
	mfa    func(*pool.Pool, *cognitoidp.SetUserPoolMfaConfigRequest) // nil: no second factors
	begin  func(s *stage) (finish func() error)
}

// ender is a column. It reports false where it cannot be done to the user of the row.
type ender struct {
	name string
	end  func(s *stage) bool
}

const crossingARN = "arn:aws:lambda:us-east-1:000000000000:function:crossing"

// crossing are the functions of the pools: custom challenges, and one that is asked before a sign-in, during which a column
// can happen.
type crossing struct {
	mu        sync.Mutex
	meanwhile func()
}

func (f *crossing) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	event, response := string(in.Payload), `{}`
	switch {
	case strings.Contains(event, `"PreAuthentication_Authentication"`), strings.Contains(event, `"TokenGeneration_RefreshTokens"`):
		f.mu.Lock()
		run := f.meanwhile
		f.meanwhile = nil
		f.mu.Unlock()
		if run != nil {
			run()
		}
	case strings.Contains(event, `"DefineAuthChallenge_Authentication"`) && strings.Contains(event, `"challengeResult":true`):
		response = `{"issueTokens":true,"failAuthentication":false}`
	case strings.Contains(event, `"DefineAuthChallenge_Authentication"`):
		response = `{"challengeName":"CUSTOM_CHALLENGE","issueTokens":false,"failAuthentication":false}`
	case strings.Contains(event, `"CreateAuthChallenge_Authentication"`):
		response = `{"publicChallengeParameters":{"q":"1"},"privateChallengeParameters":{"a":"2"},"challengeMetadata":"m"}`
	case strings.Contains(event, `"VerifyAuthChallengeResponse_Authentication"`):
		response = `{"answerCorrect":true}`
	}
	return &lambda.Result{Payload: []byte(`{"response":` + response + `}`)}, nil
}

// respond is a right answer that is sent later.
func (s *stage) respond(challenge string, session *string, pairs ...string) func() error {
	in := &cognitoidp.RespondToAuthChallengeRequest{
		ClientId: s.c.ID, ChallengeName: cognitoidp.ChallengeNameType(challenge), Session: session,
		ChallengeResponses: map[string]string{"USERNAME": s.name},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		in.ChallengeResponses[pairs[i]] = pairs[i+1]
	}
	return func() error {
		_, err := s.API.RespondToAuthChallenge(s.Ctx, in)
		return err
	}
}

func (s *stage) auth(flow string, pairs ...string) *cognitoidp.InitiateAuthResponse {
	s.T.Helper()
	in := &cognitoidp.InitiateAuthRequest{
		ClientId: s.c.ID, AuthFlow: cognitoidp.AuthFlowType(flow), AuthParameters: map[string]string{"USERNAME": s.name},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		in.AuthParameters[pairs[i]] = pairs[i+1]
	}
	return Call(s.World, s.API.InitiateAuth, in)
}

var rows = []underWay{
	{name: "sign-in that waits for a function", begin: func(s *stage) func() error {
		return func() error {
			s.f.meanwhile = s.end
			_, err := s.API.InitiateAuth(s.Ctx, PasswordAuth(s.c, s.name, Password))
			return err
		}
	}},
	{name: "refresh that waits for a function", begin: func(s *stage) func() error {
		in := &cognitoidp.InitiateAuthRequest{ClientId: s.c.ID, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: map[string]string{
			"REFRESH_TOKEN": *s.SignIn(s.c, s.name, Password).RefreshToken,
		}}
		return func() error {
			s.f.meanwhile = s.end
			_, err := s.API.InitiateAuth(s.Ctx, in)
			return err
		}
	}},
	{name: "session of PASSWORD_VERIFIER", begin: func(s *stage) func() error {
		last := s.StartSRP(s.p, s.c, s.name).Answer(Password)
		return func() error { _, err := s.API.RespondToAuthChallenge(s.Ctx, last); return err }
	}},
	{name: "session of SELECT_CHALLENGE", begin: func(s *stage) func() error {
		return s.respond("SELECT_CHALLENGE", s.auth("USER_AUTH").Session, "ANSWER", "PASSWORD", "PASSWORD", Password)
	}},
	{name: "session of EMAIL_OTP, first factor", begin: func(s *stage) func() error {
		session := s.auth("USER_AUTH", "PREFERRED_CHALLENGE", "EMAIL_OTP").Session
		return s.respond("EMAIL_OTP", session, "EMAIL_OTP_CODE", s.Code(s.p, s.mail()))
	}},
	{name: "session of SMS_MFA, second factor", moves: "phone_number", mfa: bySMS, begin: func(s *stage) func() error {
		s.preferSMS()
		session := s.auth("USER_PASSWORD_AUTH", "PASSWORD", Password).Session
		return s.respond("SMS_MFA", session, "SMS_MFA_CODE", s.Code(s.p, s.phone()))
	}},
	{name: "session of NEW_PASSWORD_REQUIRED", begin: func(s *stage) func() error {
		s.SetPassword(s.p, s.name, "Temporary-1", false)
		s.confirmed = false
		session := s.auth("USER_PASSWORD_AUTH", "PASSWORD", "Temporary-1").Session
		return s.respond("NEW_PASSWORD_REQUIRED", session, "NEW_PASSWORD", "Brand-New-1!")
	}},
	{name: "session of CUSTOM_CHALLENGE", begin: func(s *stage) func() error {
		return s.respond("CUSTOM_CHALLENGE", s.auth("CUSTOM_AUTH").Session, "ANSWER", "2")
	}},
	{name: "sign-up code", signUp: true, begin: func(s *stage) func() error {
		code := s.Code(s.p, s.mail())
		return func() error {
			_, err := s.API.ConfirmSignUp(s.Ctx, &cognitoidp.ConfirmSignUpRequest{ClientId: s.c.ID, Username: s.name, ConfirmationCode: code})
			return err
		}
	}},
	{name: "confirmation link", signUp: true, pool: Linking, begin: func(s *stage) func() error {
		_, secret, _ := strings.Cut(s.Link(s.p, s.mail()), "confirmation_code=")
		return func() error {
			_, client, err := s.Pools.PoolClient(s.Ctx, s.p.ID, s.c.ID)
			if err != nil {
				return err
			}
			return s.Accounts.ConfirmByLink(s.Ctx, s.p, client, secret)
		}
	}},
	{name: "code of ForgotPassword", begin: func(s *stage) func() error {
		Call(s.World, s.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: s.c.ID, Username: s.name})
		return s.recover(s.Code(s.p, s.mail()))
	}},
	{name: "code of AdminResetUserPassword", begin: func(s *stage) func() error {
		Call(s.World, s.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: s.p.ID, Username: s.name})
		s.confirmed = false
		return s.recover(s.Code(s.p, s.mail()))
	}},
	{name: "code for an attribute", moves: "phone_number", begin: func(s *stage) func() error {
		Call(s.World, s.API.GetUserAttributeVerificationCode, &cognitoidp.GetUserAttributeVerificationCodeRequest{
			AccessToken: s.access, AttributeName: "phone_number",
		})
		code := s.Code(s.p, s.phone())
		other := s.tokens() // the token of before may have ended for itself
		return func() error {
			access := other()
			_, err := s.API.VerifyUserAttribute(s.Ctx, &cognitoidp.VerifyUserAttributeRequest{AccessToken: access, AttributeName: "phone_number", Code: code})
			return err
		}
	}},
	{name: "refresh token", begin: func(s *stage) func() error {
		refresh := *s.SignIn(s.c, s.name, Password).RefreshToken
		return func() error {
			_, err := s.API.InitiateAuth(s.Ctx, &cognitoidp.InitiateAuthRequest{
				ClientId: s.c.ID, AuthFlow: cognitoidp.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": refresh},
			})
			return err
		}
	}},
	{name: "access token, at this server", begin: func(s *stage) func() error {
		return func() error {
			_, err := s.API.GetUser(s.Ctx, &cognitoidp.GetUserRequest{AccessToken: s.access})
			return err
		}
	}},
	{name: "token derived from it by another client, at this server", begin: func(s *stage) func() error {
		backend := s.Client(s.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			in.ClientSecret, in.AllowedOAuthScopes = new("the0secret0of0the0exchanging0client"), []string{token.AdminScope}
			in.ExplicitAuthFlows = []cognitoidp.ExplicitAuthFlowsType{cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation}
		})
		derived := Call(s.World, s.API.GetDerivedToken, &cognitoidp.GetDerivedTokenRequest{
			ClientId: backend.ID, ClientSecret: &backend.Secrets[0], SubjectToken: s.access, SubjectTokenType: cognitoidp.TokenTypeIdentifierTypeAccessToken,
		})
		return func() error {
			_, err := s.API.GetUser(s.Ctx, &cognitoidp.GetUserRequest{AccessToken: derived.IssuedToken})
			return err
		}
	}},
}

// recover is a new password by a code.
func (s *stage) recover(code string) func() error {
	return func() error {
		_, err := s.API.ConfirmForgotPassword(s.Ctx, &cognitoidp.ConfirmForgotPasswordRequest{
			ClientId: s.c.ID, Username: s.name, ConfirmationCode: code, Password: "Recovered-1!",
		})
		return err
	}
}

// tokens returns how to get an access token whatever has happened since: by another client, with any of the passwords.
func (s *stage) tokens() func() string {
	c := s.Client(s.p, nil)
	return func() string {
		for _, pw := range []string{Password, "Changed-1!", "Recovered-1!"} {
			out, err := s.API.InitiateAuth(s.Ctx, PasswordAuth(c, s.name, pw))
			if err == nil && out.AuthenticationResult != nil {
				return *out.AuthenticationResult.AccessToken
			}
		}
		return s.access
	}
}

// update sets attributes as an administrator.
func (s *stage) update(attrs ...string) bool {
	Call(s.World, s.API.AdminUpdateUserAttributes, &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: s.p.ID, Username: s.name, UserAttributes: Attributes(attrs...),
	})
	return true
}

func (s *stage) moved() string {
	if s.moves == "phone_number" {
		return "+14155559999"
	}
	return "moved-" + s.mail()
}

var columns = []ender{
	{"global sign-out by the user", func(s *stage) bool {
		if s.access == "" {
			return false
		}
		Refusal(s.World, s.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: s.access})
		return true
	}},
	{"by an administrator", func(s *stage) bool {
		Call(s.World, s.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: s.p.ID, Username: s.name})
		return true
	}},
	{"ChangePassword", func(s *stage) bool {
		if s.access == "" || !s.confirmed {
			return false
		}
		Call(s.World, s.API.ChangePassword, &cognitoidp.ChangePasswordRequest{
			AccessToken: s.access, PreviousPassword: new(Password), ProposedPassword: "Changed-1!",
		})
		return true
	}},
	{"AdminSetUserPassword", func(s *stage) bool {
		s.SetPassword(s.p, s.name, "Changed-1!", true)
		return true
	}},
	{"ForgotPassword completed", func(s *stage) bool {
		if !s.confirmed {
			return false
		}
		Call(s.World, s.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: s.c.ID, Username: s.name})
		if err := s.recover(s.Code(s.p, s.mail()))(); err != nil {
			s.T.Fatal(err)
		}
		return true
	}},
	{"AdminResetUserPassword", func(s *stage) bool {
		if !s.confirmed {
			return false
		}
		Call(s.World, s.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: s.p.ID, Username: s.name})
		return true
	}},
	{"disabled and enabled", func(s *stage) bool {
		Call(s.World, s.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: s.p.ID, Username: s.name})
		Call(s.World, s.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: s.p.ID, Username: s.name})
		return true
	}},
	{"deleted and made again", func(s *stage) bool {
		if err := s.API.AdminDeleteUser(s.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: s.p.ID, Username: s.name}); err != nil {
			s.T.Fatal(err)
		}
		s.User(s.p, s.name, "email", s.mail(), "email_verified", "true", "phone_number", s.phone(), "phone_number_verified", "true")
		return true
	}},
	{"address moved by the user", func(s *stage) bool {
		if s.access == "" {
			return false
		}
		_, err := s.API.UpdateUserAttributes(s.Ctx, &cognitoidp.UpdateUserAttributesRequest{
			AccessToken: s.access, UserAttributes: Attributes(s.moves, s.moved()),
		})
		return err == nil
	}},
	{"by an administrator ", func(s *stage) bool { return s.update(s.moves, s.moved(), s.moves+"_verified", "true") }},
	{"address marked unverified", func(s *stage) bool { return s.update(s.moves+"_verified", "false") }},
	{"client deleted", func(s *stage) bool {
		if err := s.API.DeleteUserPoolClient(s.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: s.p.ID, ClientId: s.c.ID}); err != nil {
			s.T.Fatal(err)
		}
		return true
	}},
}

// newStage makes the pool, the client and the user of a cell.
func newStage(w *World, f *crossing, row underWay, n int) *stage {
	s := &stage{World: w, f: f, name: fmt.Sprintf("user%04d", n), moves: row.moves, confirmed: !row.signUp}
	if s.moves == "" {
		s.moves = "email"
	}
	s.p = w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{}
		in.LambdaConfig.DefineAuthChallenge, in.LambdaConfig.CreateAuthChallenge = new(crossingARN), new(crossingARN)
		in.LambdaConfig.VerifyAuthChallengeResponse, in.LambdaConfig.PreAuthentication = new(crossingARN), new(crossingARN)
		in.LambdaConfig.PreTokenGeneration = new(crossingARN)
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"},
		}}
		in.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{RecoveryMechanisms: []cognitoidp.RecoveryOptionType{
			{Name: cognitoidp.RecoveryOptionNameTypeVerifiedEmail, Priority: 1}}}
		if row.pool != nil {
			row.pool(in)
		}
	})
	if row.mfa != nil {
		in := &cognitoidp.SetUserPoolMfaConfigRequest{UserPoolId: s.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOptional)}
		row.mfa(s.p, in)
		Call(w, w.API.SetUserPoolMfaConfig, in)
		s.p = w.Reload(s.p.ID)
	}
	s.c = w.Client(s.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH")
	})
	if row.signUp {
		Call(w, w.API.SignUp, &cognitoidp.SignUpRequest{
			ClientId: s.c.ID, Username: s.name, Password: new(Password), UserAttributes: Attributes("email", s.mail(), "phone_number", s.phone()),
		})
		return s
	}
	w.User(s.p, s.name, "email", s.mail(), "email_verified", "true", "phone_number", s.phone(), "phone_number_verified", "true")
	s.access = *w.SignIn(s.c, s.name, Password).AccessToken
	return s
}

// cell tells what becomes of a row when a column happens.
func cell(w *World, f *crossing, row underWay, column ender, n int) string {
	s := newStage(w, f, row, n)
	possible, waits := true, strings.Contains(row.name, "waits for a function")
	s.end = func() {
		w.Clock.Advance(time.Second)
		possible = column.end(s)
	}
	finish := row.begin(s)
	if !waits {
		s.end()
	}
	err := finish()
	switch {
	case !possible:
		return "–"
	case err == nil:
		return "lives"
	}
	return "ends"
}

const matrixBegin, matrixEnd = "<!-- epoch matrix -->\n", "<!-- end -->\n"

// TestEpochMatrix holds what is under way against what ends it, on every engine, and the table in docs/security.md to it.
// Run it with -update-matrix to write the table.
func TestEpochMatrix(t *testing.T) {
	const doc = "../../docs/security.md"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), matrixBegin)
	want, after, closed := strings.Cut(rest, matrixEnd)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", doc)
	}
	var first string
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		f := &crossing{}
		w := New(t, d, Options{Functions: f})
		got := matrix(w, f)
		if first == "" {
			first = got
		}
		if got != want && !*updateMatrix {
			t.Errorf("the table is\n%s\nand %s says\n%s", got, doc, want)
		}
	})
	if *updateMatrix && first != "" {
		if err := os.WriteFile(doc, []byte(before+matrixBegin+first+matrixEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// matrix is the table as the product behaves.
func matrix(w *World, f *crossing) string {
	var b strings.Builder
	b.WriteString("| under way |")
	for _, c := range columns {
		b.WriteString(" " + strings.TrimSpace(c.name) + " |")
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(columns)+1) + "\n")
	n := 0
	for _, row := range slices.Concat(rows, factorRows, pageRows) {
		cells := []string{row.name}
		for _, c := range columns {
			n++
			cells = append(cells, cell(w, f, row, c, n))
		}
		if !slices.Contains(cells, "ends") {
			w.T.Errorf("nothing ends a %s", row.name)
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}
