package pool

import (
	"errors"
	"fmt"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// TestRegister: what the pool allows is asked for when the client is made, and there are never more than there may be.
func TestRegister(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.pool(`"DcrConfiguration":{"OpenDcrEnabled":true}`)
		register := func(open bool, flow cognitoidp.OAuthFlowType) error {
			in := &cognitoidp.CreateUserPoolClientRequest{
				UserPoolId: id, ClientName: "c", AllowedOAuthFlowsUserPoolClient: new(true), AllowedOAuthFlows: []cognitoidp.OAuthFlowType{flow},
				AllowedOAuthScopes: []string{"openid"}, CallbackURLs: []string{"https://a.example"},
			}
			_, err := w.ops.Register(w.ctx(), open, in)
			return err
		}
		if err := register(true, "code"); err != nil {
			w.t.Fatal(err)
		}
		if err := register(true, "client_credentials"); !errors.Is(err, ErrNoRegistration) {
			w.t.Errorf("a flow that is not open: %v", err)
		}
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","DcrConfiguration":{"AuthenticatedGrantTypes":[]}}`)
		for _, open := range []bool{true, false} {
			if err := register(open, "code"); !errors.Is(err, ErrNoRegistration) {
				w.t.Errorf("switched off meanwhile, open %v: %v", open, err)
			}
		}
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","DcrConfiguration":{}}`)
		err := w.db.Update(w.ctx(), func(tx *db.Tx) error {
			for i := range MaxRegistered - 1 {
				row := clientRow{id: fmt.Sprintf("made%d", i), poolID: id, version: 1, config: `{}`, secrets: []byte{}, registered: true}
				if err := insertClient(tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if err := register(false, "code"); !errors.Is(err, ErrRegisteredFull) {
			w.t.Errorf("full: %v", err)
		}
		w.call("CreateUserPoolClient", `{"UserPoolId":"`+id+`","ClientName":"made by hand"}`)
	})
}

// TestRegistrationScopes: those that exist, and never the one that lets register others.
func TestRegistrationScopes(t *testing.T) {
	w := memory(t)
	id := w.pool(`"DcrConfiguration":{"AllowedScopes":["email","api/read","api/gone","aws.cognito/dcr/register","aws.cognito.signin.user.admin"]}`)
	w.call("CreateResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api","Name":"api","Scopes":[{"ScopeName":"read","ScopeDescription":"r"}]}`)
	p, err := w.ops.Pool(w.ctx(), id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.ops.RegistrationScopes(w.ctx(), p)
	if want := "[openid email phone profile api/read aws.cognito.signin.user.admin]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v %v, want %s", got, err, want)
	}
}
