package session_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/token"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

const (
	password = "Corr3ct-horse"
	chrome   = "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36"
	firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
)

// world is a pool with two clients and a user ana.
type world struct {
	*cognitotest.World
	pool          string
	client, other string
}

func newWorld(t testing.TB, d *db.DB) *world {
	w := &world{World: cognitotest.New(t, d, cognitotest.Options{})}
	w.pool, w.client = w.newPool()
	w.other = w.newClient(w.pool)
	w.newUser(w.pool, "ana")
	return w
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) { body(newWorld(t, d)) })
}

func (w *world) newPool() (poolID, clientID string) {
	w.T.Helper()
	poolID = *cognitotest.Call(w.World, w.API.CreateUserPool, &cognitoidp.CreateUserPoolRequest{PoolName: "s"}).UserPool.Id
	return poolID, w.newClient(poolID)
}

func (w *world) newClient(poolID string) string {
	w.T.Helper()
	return *cognitotest.Call(w.World, w.API.CreateUserPoolClient, &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId: poolID, ClientName: "c", ExplicitAuthFlows: []cognitoidp.ExplicitAuthFlowsType{
			cognitoidp.ExplicitAuthFlowsTypeAllowUserPasswordAuth, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}).UserPoolClient.ClientId
}

func (w *world) newUser(poolID, name string) {
	w.T.Helper()
	cognitotest.Call(w.World, w.API.AdminCreateUser, &cognitoidp.AdminCreateUserRequest{UserPoolId: poolID, Username: name, MessageAction: new(cognitoidp.MessageActionTypeSuppress)})
	cognitotest.Call(w.World, w.API.AdminSetUserPassword, &cognitoidp.AdminSetUserPasswordRequest{UserPoolId: poolID, Username: name, Password: password, Permanent: new(true)})
}

func (w *world) track(poolID string, on bool, max int64) {
	w.T.Helper()
	how := cognitoidp.UserSessionTrackingTypeDisabled
	if on {
		how = cognitoidp.UserSessionTrackingTypeEnabled
	}
	cognitotest.Call(w.World, w.API.SetUserPoolSessionConfiguration, &cognitoidp.SetUserPoolSessionConfigurationRequest{
		UserPoolId: poolID, UserSessionTracking: how, TokenSession: &cognitoidp.UserPoolTokenSessionConfigType{MaxPerUser: max},
	})
}

// from makes the following calls come from an address with a user agent.
func (w *world) from(ip, agent string) {
	w.Ctx = obs.With(w.T.Context(), &obs.Request{ClientIP: netip.MustParseAddr(ip), UserAgent: agent})
}

// signIn signs in a second after whatever came before.
func (w *world) signIn(client, name string) *cognitoidp.AuthenticationResultType {
	w.T.Helper()
	w.Clock.Advance(time.Second)
	return cognitotest.Call(w.World, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
		AuthFlow: cognitoidp.AuthFlowTypeUserPasswordAuth, ClientId: client,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	}).AuthenticationResult
}

func (w *world) refresh(client string, r *cognitoidp.AuthenticationResultType) *cognitoidp.AuthenticationResultType {
	w.T.Helper()
	return cognitotest.Call(w.World, w.API.GetTokensFromRefreshToken, &cognitoidp.GetTokensFromRefreshTokenRequest{
		ClientId: client, RefreshToken: *r.RefreshToken,
	}).AuthenticationResult
}

// list is what the user of the tokens sees.
func (w *world) list(r *cognitoidp.AuthenticationResultType) []cognitoidp.SessionDescriptionType {
	w.T.Helper()
	return cognitotest.Call(w.World, w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken}).Sessions
}

// current is the id of the session that the tokens belong to.
func (w *world) current(r *cognitoidp.AuthenticationResultType) string {
	w.T.Helper()
	for _, s := range w.list(r) {
		if *s.IsCurrentSession {
			return *s.SessionId
		}
	}
	w.T.Fatal("no current session")
	return ""
}

func (w *world) revokeRequest(r *cognitoidp.AuthenticationResultType, id string) *cognitoidp.RevokeUserSessionRequest {
	return &cognitoidp.RevokeUserSessionRequest{AccessToken: *r.AccessToken, SessionId: id}
}

// wantDead checks that access and refresh tokens of a session are refused.
func (w *world) wantDead(client string, r *cognitoidp.AuthenticationResultType) {
	w.T.Helper()
	cognitotest.Refused(w.World, "NotAuthorizedException: Access Token has been revoked", w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *r.AccessToken})
	cognitotest.Refused(w.World, "NotAuthorizedException: Refresh Token has been revoked", w.API.GetTokensFromRefreshToken,
		&cognitoidp.GetTokensFromRefreshTokenRequest{ClientId: client, RefreshToken: *r.RefreshToken})
}

func (w *world) wantAlive(client string, r *cognitoidp.AuthenticationResultType) {
	w.T.Helper()
	cognitotest.Call(w.World, w.API.GetUser, &cognitoidp.GetUserRequest{AccessToken: *r.AccessToken})
	w.refresh(client, r)
}

func TestList(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 20)
		w.from("192.0.2.1", chrome)
		first := w.signIn(w.client, "ana")
		w.from("2001:db8::2", firefox)
		second := w.signIn(w.other, "ana")
		list := w.list(second)
		if len(list) != 2 {
			w.T.Fatalf("%d sessions", len(list))
		}
		now := w.Clock.Now()
		for i, want := range []struct {
			client, device, ip string
			at                 time.Time
			current            bool
		}{{w.other, "Firefox 126 / Linux", "2001:db8::2", now, true}, {w.client, "Chrome 125 / macOS 15.0", "192.0.2.1", now.Add(-time.Second), false}} {
			s := list[i]
			if *s.ClientId != want.client || *s.DeviceType != want.device || *s.LastIPAddress != want.ip || *s.IsCurrentSession != want.current ||
				*s.SessionType != cognitoidp.SessionTypeTypeToken || s.OriginSessionId != nil || *s.LastLocation.Country != "unknown" || s.LastLocation.City != nil ||
				!s.CreateDate.Equal(want.at.Truncate(time.Millisecond)) || !s.LastActiveDate.Equal(s.CreateDate.Time) || len(*s.SessionId) != 28 || (*s.SessionId)[:3] != "tkn" {
				w.T.Errorf("session %d: %s", i, s.AppendJSON(nil))
			}
		}
		// A refresh moves the activity, the address and the device, also before it is written down.
		w.Clock.Advance(time.Minute)
		w.from("192.0.2.9", "curl/8")
		w.refresh(w.client, first)
		s := w.list(second)[1]
		if *s.LastIPAddress != "192.0.2.9" || *s.DeviceType != "unknown" || !s.LastActiveDate.Equal(w.Clock.Now().Truncate(time.Millisecond)) {
			w.T.Errorf("after a refresh: %s", s.AppendJSON(nil))
		}
		admin := cognitotest.Call(w.World, w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: w.pool, Username: "ana"})
		if len(admin.Sessions) != 2 || *admin.Sessions[0].IsCurrentSession || *admin.Sessions[1].IsCurrentSession || admin.NextToken != nil {
			w.T.Errorf("administrators see %s", admin.AppendJSON(nil))
		}
	})
}

func TestRevoke(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 20)
		w.newUser(w.pool, "bob")
		mine, other, third, bobs := w.signIn(w.client, "ana"), w.signIn(w.other, "ana"), w.signIn(w.other, "ana"), w.signIn(w.client, "bob")
		otherID, thirdID, bobID := w.current(other), w.current(third), w.current(bobs)

		cognitotest.Refused(w.World, "InvalidParameterException: The current session cannot be revoked. Use RevokeToken or GlobalSignOut to sign out.",
			w.API.RevokeUserSession, w.revokeRequest(mine, w.current(mine)))
		for _, id := range []string{bobID, "tkn0000000000000000000000000", "sso0000000000000000000000000"} {
			missing := "ResourceNotFoundException: Session " + id + " does not exist."
			cognitotest.Refused(w.World, missing, w.API.RevokeUserSession, w.revokeRequest(mine, id))
			cognitotest.Refused(w.World, missing, w.API.AdminRevokeUserSession, &cognitoidp.AdminRevokeUserSessionRequest{UserPoolId: w.pool, Username: "ana", SessionId: id})
		}
		w.wantAlive(w.client, bobs)

		cognitotest.Call(w.World, w.API.RevokeUserSession, w.revokeRequest(mine, otherID))
		w.wantDead(w.other, other)
		w.wantAlive(w.client, mine)
		cognitotest.Refused(w.World, "ResourceNotFoundException: Session "+otherID+" does not exist.", w.API.RevokeUserSession, w.revokeRequest(mine, otherID))
		cognitotest.Refused(w.World, "NotAuthorizedException: Access Token has been revoked", w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *other.AccessToken})

		cognitotest.Call(w.World, w.API.AdminRevokeUserSession, &cognitoidp.AdminRevokeUserSessionRequest{
			UserPoolId: w.pool, Username: "ana", SessionId: thirdID, RevokeAssociatedSessions: new(cognitoidp.RevokeAssociatedSessionsTypeLinked)})
		w.wantDead(w.other, third)
		if list := w.list(mine); len(list) != 1 || !*list[0].IsCurrentSession {
			w.T.Errorf("%d sessions left", len(list))
		}
		cognitotest.Call(w.World, w.API.GlobalSignOut, &cognitoidp.GlobalSignOutRequest{AccessToken: *mine.AccessToken})
		w.wantDead(w.client, mine)
		w.wantAlive(w.client, bobs)
	})
}

// TestOneOfManyRevocations: of parallel revocations of one session exactly one finds it.
func TestOneOfManyRevocations(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 20)
		mine, other := w.signIn(w.client, "ana"), w.signIn(w.client, "ana")
		id := w.current(other)
		got := cognitotest.Together(w.World, 8, w.API.RevokeUserSession, func(int) *cognitoidp.RevokeUserSessionRequest { return w.revokeRequest(mine, id) })
		if got[""] != 1 || got["ResourceNotFoundException: Session "+id+" does not exist."] != 7 {
			w.T.Errorf("outcomes %v", got)
		}
	})
}

func TestOff(t *testing.T) {
	each(t, func(w *world) {
		mine, other := w.signIn(w.client, "ana"), w.signIn(w.client, "ana")
		if list := w.list(mine); list == nil || len(list) != 0 {
			w.T.Errorf("sessions without tracking: %v", list)
		}
		w.Clock.Advance(time.Second)
		w.track(w.pool, true, 1)
		tracked := w.signIn(w.client, "ana")
		id := w.current(tracked)
		w.track(w.pool, false, 1)
		cognitotest.Refused(w.World, "ResourceNotFoundException: Session "+id+" does not exist.", w.API.RevokeUserSession, w.revokeRequest(mine, id))
		for _, r := range []*cognitoidp.AuthenticationResultType{mine, other, tracked} {
			w.wantAlive(w.client, r)
		}
	})
}

// TestEviction is the sequence that the documentation tells: the least recently refreshed session goes.
func TestEviction(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 2)
		first, second := w.signIn(w.client, "ana"), w.signIn(w.other, "ana")
		w.Clock.Advance(time.Second)
		w.refresh(w.client, first)
		third := w.signIn(w.client, "ana")
		w.wantDead(w.other, second)
		if list := w.list(third); len(list) != 2 {
			w.T.Errorf("%d sessions", len(list))
		}
		w.wantAlive(w.client, first)
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 20)
		foreign, _ := w.newPool()
		w.track(foreign, true, 20)
		r := w.signIn(w.client, "ana")
		id := w.current(r)
		const bad = "NotAuthorizedException: Invalid Access Token"
		cognitotest.Refused(w.World, bad, w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: "x"})
		cognitotest.Refused(w.World, bad, w.API.RevokeUserSession, &cognitoidp.RevokeUserSessionRequest{AccessToken: "x", SessionId: id})
		cognitotest.Refused(w.World, "NotAuthorizedException: Could not verify signature for Access Token", w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.IdToken})
		cognitotest.Refused(w.World, "UserNotFoundException: User does not exist.", w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: w.pool, Username: "nobody"})
		cognitotest.Refused(w.World, "UserNotFoundException: User does not exist.", w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: foreign, Username: "ana"})
		cognitotest.Refused(w.World, "UserNotFoundException: User does not exist.", w.API.AdminRevokeUserSession,
			&cognitoidp.AdminRevokeUserSessionRequest{UserPoolId: foreign, Username: "ana", SessionId: id})
		const gone = "ResourceNotFoundException: User pool us-east-1_000000000 does not exist."
		cognitotest.Refused(w.World, gone, w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: "us-east-1_000000000", Username: "ana"})
		cognitotest.Refused(w.World, gone, w.API.AdminRevokeUserSession, &cognitoidp.AdminRevokeUserSessionRequest{UserPoolId: "us-east-1_000000000", Username: "ana", SessionId: id})
		for _, token := range []string{"x", "AAAA", id} {
			cognitotest.Refused(w.World, "InvalidParameterException: Invalid NextToken.", w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken, NextToken: &token})
		}
		cognitotest.Call(w.World, w.API.AdminDisableUser, &cognitoidp.AdminDisableUserRequest{UserPoolId: w.pool, Username: "ana"})
		cognitotest.Refused(w.World, "NotAuthorizedException: Access Token has been revoked", w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken})
		if n := len(cognitotest.Call(w.World, w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: w.pool, Username: "ana"}).Sessions); n != 0 {
			w.T.Errorf("%d sessions of a disabled user", n)
		}
	})
}

// TestTwoTenants: a user of the same name in another pool, even with the same sub in mind, stays apart.
func TestTwoTenants(t *testing.T) {
	each(t, func(w *world) {
		w.track(w.pool, true, 1)
		foreign, client := w.newPool()
		w.track(foreign, true, 1)
		w.newUser(foreign, "ana")
		mine, theirs := w.signIn(w.client, "ana"), w.signIn(client, "ana")
		w.wantAlive(w.client, mine)
		id := w.current(theirs)
		cognitotest.Refused(w.World, "ResourceNotFoundException: Session "+id+" does not exist.", w.API.RevokeUserSession, w.revokeRequest(mine, id))
		w.wantAlive(client, theirs)
	})
}

// TestPages walks more sessions than a page holds, and holds tokens to the user and the operation they were made for.
func TestPages(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()))
	w.newUser(w.pool, "bob")
	w.track(w.pool, true, 100)
	stale, err := w.Pools.Pool(w.Ctx, w.pool)
	if err != nil {
		t.Fatal(err)
	}
	untracked := *stale // a node that has not heard of tracking keeps no number
	untracked.Sessions.Tracking = false
	_, c, err := w.Pools.Client(w.Ctx, w.client)
	if err != nil {
		t.Fatal(err)
	}
	r := w.signIn(w.client, "ana")
	access, err := w.Tokens.VerifyAccess(w.Ctx, *r.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for range 129 {
		g, err := w.Tokens.Prepare(w.Ctx, &untracked, c, token.Subject{Sub: access.Sub, Username: "ana"}, token.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DB.Update(w.Ctx, func(tx *db.Tx) error { return w.Tokens.Commit(tx, g) }); err != nil {
			t.Fatal(err)
		}
	}
	page1 := cognitotest.Call(w.World, w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken})
	page2 := cognitotest.Call(w.World, w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken, NextToken: page1.NextToken})
	if len(page1.Sessions) != 125 || len(page2.Sessions) != 5 || page2.NextToken != nil {
		t.Fatalf("pages of %d and %d", len(page1.Sessions), len(page2.Sessions))
	}
	var ids []string
	for _, s := range slices.Concat(page1.Sessions, page2.Sessions) {
		ids = append(ids, *s.SessionId)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 130 {
		t.Error("a session is on two pages")
	}
	bob := w.signIn(w.client, "bob")
	const refusal = "InvalidParameterException: Invalid NextToken."
	cognitotest.Refused(w.World, refusal, w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *bob.AccessToken, NextToken: page1.NextToken})
	cognitotest.Refused(w.World, refusal, w.API.AdminListUserSessions, &cognitoidp.AdminListUserSessionsRequest{UserPoolId: w.pool, Username: "ana", NextToken: page1.NextToken})
	w.Clock.Advance(61 * time.Minute)
	cognitotest.Refused(w.World, "NotAuthorizedException: Access Token has expired", w.API.ListUserSessions, &cognitoidp.ListUserSessionsRequest{AccessToken: *r.AccessToken, NextToken: page1.NextToken})
}
