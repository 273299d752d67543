package pool

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// onEach runs body in a world on every engine.
func onEach(t *testing.T, body func(w *world)) {
	t.Helper()
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) { body(newWorld(t, d)) })
}

const readWrite = `"Scopes":[{"ScopeName":"read","ScopeDescription":"r"},{"ScopeName":"write","ScopeDescription":"w"}]`

// server creates a resource server with the members given as JSON without braces.
func (w *world) server(poolID, identifier, members string) map[string]any {
	w.t.Helper()
	return w.call("CreateResourceServer", `{"UserPoolId":"`+poolID+`","Identifier":"`+identifier+`","Name":"n",`+members+`}`)
}

func TestResourceServers(t *testing.T) {
	onEach(t, func(w *world) {
		id := w.pool("")
		at := func(members string) string { return `{"UserPoolId":"` + id + `"` + members + `}` }
		made := w.server(id, "https://api.example.com/v1", readWrite)
		want := `{"ResourceServer":{"UserPoolId":"` + id + `","Identifier":"https://api.example.com/v1","Name":"n",` + readWrite + `}}`
		same(w.t, "created", made, want)
		same(w.t, "described", w.call("DescribeResourceServer", at(`,"Identifier":"https://api.example.com/v1"`)), want)
		same(w.t, "without scopes", w.call("CreateResourceServer", at(`,"Identifier":"bare","Name":"b"`)),
			`{"ResourceServer":{"UserPoolId":"`+id+`","Identifier":"bare","Name":"b"}}`)

		w.refused("CreateResourceServer", at(`,"Identifier":"bare","Name":"b"`), "InvalidParameterException: bare already exists in user pool "+id+".")
		for _, name := range []string{"aws.cognito", "aws.cognito/dcr", "AWS.Cognito.x"} {
			w.refused("CreateResourceServer", at(`,"Identifier":"`+name+`","Name":"b"`),
				"InvalidParameterException: The identifier "+name+" is reserved: it must not start with aws.cognito.")
		}
		w.refused("CreateResourceServer", at(`,"Identifier":"x","Name":"b","Scopes":[{"ScopeName":"a","ScopeDescription":"1"},{"ScopeName":"a","ScopeDescription":"2"}]`),
			"InvalidParameterException: Scopes has more than one scope with the ScopeName a.")
		for what, members := range map[string]string{
			"space in identifier": `,"Identifier":"a b","Name":"b"`, "empty identifier": `,"Identifier":"","Name":"b"`,
			"long identifier": `,"Identifier":"` + strings.Repeat("x", 257) + `","Name":"b"`, "quote in name": `,"Identifier":"x","Name":"a\"b"`,
			"slash in scope": `,"Identifier":"x","Name":"b","Scopes":[{"ScopeName":"a/b","ScopeDescription":"1"}]`,
			"101 scopes":     `,"Identifier":"x","Name":"b",` + scopes(101),
		} {
			if _, err := w.try("CreateResourceServer", at(members)); err == nil {
				w.t.Errorf("%s: accepted", what)
			}
		}
		w.call("CreateResourceServer", at(`,"Identifier":"full","Name":"b",`+scopes(100)))

		same(w.t, "updated", w.call("UpdateResourceServer", at(`,"Identifier":"bare","Name":"new",`+readWrite)),
			`{"ResourceServer":{"UserPoolId":"`+id+`","Identifier":"bare","Name":"new",`+readWrite+`}}`)
		same(w.t, "omitted scopes", w.call("UpdateResourceServer", at(`,"Identifier":"bare","Name":"new"`)),
			`{"ResourceServer":{"UserPoolId":"`+id+`","Identifier":"bare","Name":"new"}}`)
		w.call("DeleteResourceServer", at(`,"Identifier":"bare"`))
		missing := "ResourceNotFoundException: Resource server bare does not exist."
		other := w.pool("")
		for _, op := range []string{"DescribeResourceServer", "DeleteResourceServer", "UpdateResourceServer"} {
			name := ""
			if op == "UpdateResourceServer" {
				name = `,"Name":"n"`
			}
			w.refused(op, at(`,"Identifier":"bare"`+name), missing)
			w.refused(op, `{"UserPoolId":"`+other+`","Identifier":"full"`+name+`}`, "ResourceNotFoundException: Resource server full does not exist.")
			w.refused(op, `{"UserPoolId":"eu-west-1_000000000","Identifier":"full"`+name+`}`, "ResourceNotFoundException: User pool eu-west-1_000000000 does not exist.")
		}
	})
}

// scopes is a Scopes member with n scopes.
func scopes(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"ScopeName":"s%d","ScopeDescription":"d"}`, i))
	}
	return `"Scopes":[` + strings.Join(list, ",") + `]`
}

func TestListResourceServers(t *testing.T) {
	onEach(t, func(w *world) {
		id, other := w.pool(""), w.pool("")
		var want []string
		for i := range 52 {
			want = append(want, fmt.Sprintf("s%02d", i))
			w.server(id, want[i], readWrite)
		}
		w.server(other, "foreign", readWrite)
		walk := func(members string) (got []string, pages int) {
			for token := ""; ; {
				page := w.call("ListResourceServers", `{"UserPoolId":"`+id+`"`+members+token+`}`)
				pages++
				for _, s := range page["ResourceServers"].([]any) {
					got = append(got, dig(s, "Identifier").(string))
				}
				next, more := page["NextToken"].(string)
				if !more {
					return got, pages
				}
				token = `,"NextToken":"` + next + `"`
			}
		}
		for members, size := range map[string]int{"": 50, `,"MaxResults":50`: 50, `,"MaxResults":7`: 7} {
			if got, pages := walk(members); !slices.Equal(got, want) || pages != 51/size+1 {
				w.t.Errorf("%q: %d servers in %d pages", members, len(got), pages)
			}
		}
		for _, n := range []string{"0", "51"} {
			if _, err := w.try("ListResourceServers", `{"UserPoolId":"`+id+`","MaxResults":`+n+`}`); err == nil {
				w.t.Errorf("MaxResults %s accepted", n)
			}
		}
		token := w.call("ListResourceServers", `{"UserPoolId":"`+id+`","MaxResults":1}`)["NextToken"].(string)
		w.refused("ListResourceServers", `{"UserPoolId":"`+other+`","NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
		w.refused("ListUserPoolClients", `{"UserPoolId":"`+id+`","NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
		if list := w.call("ListResourceServers", `{"UserPoolId":"`+w.pool("")+`"}`)["ResourceServers"].([]any); len(list) != 0 {
			w.t.Errorf("servers of a new pool: %v", list)
		}
	})
}

func TestServerQuota(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	for i := range maxServers {
		w.server(id, "s"+itoa(i), `"Scopes":[]`)
	}
	w.refused("CreateResourceServer", `{"UserPoolId":"`+id+`","Identifier":"more","Name":"n"}`,
		"LimitExceededException: The maximum number of resource servers of user pool "+id+" is reached.")
	w.call("DeleteResourceServer", `{"UserPoolId":"`+id+`","Identifier":"s0"}`)
	w.server(id, "more", `"Scopes":[]`)
}

func TestCustomScopes(t *testing.T) {
	onEach(t, func(w *world) {
		id, other := w.pool(""), w.pool("")
		w.server(id, "api", readWrite)
		w.server(id, "api/v1", readWrite)
		w.server(other, "foreign", readWrite)
		clients := `{"UserPoolId":"` + id + `","ClientName":"c",`
		for _, scope := range []string{"api/none", "foreign/read", "api", "api/", "/read", "read", "API/read", "api/v1", "aws.cognito/x"} {
			w.refused("CreateUserPoolClient", clients+`"AllowedOAuthScopes":["`+scope+`"]}`, "ScopeDoesNotExistException: Invalid scope requested: "+scope)
		}
		machine := w.client(id, `"GenerateSecret":true,"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["client_credentials"],"AllowedOAuthScopes":["api/read","api/v1/write"]`)
		w.wantScopes(machine, "api/read", "api/v1/write")
		mixed := w.client(id, `"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["code"],"CallbackURLs":["https://x.y"],"AllowedOAuthScopes":["openid","api/write"]`)

		const flow = `"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthFlows":["client_credentials"],`
		w.refused("CreateUserPoolClient", clients+flow+`"AllowedOAuthScopes":["api/read"]}`,
			"InvalidOAuthFlowException: client_credentials flow can not be selected if client does not have a client secret.")
		w.refused("CreateUserPoolClient", clients+`"GenerateSecret":true,`+flow+`"AllowedOAuthScopes":["api/read","openid"]}`,
			"InvalidOAuthFlowException: openid is not supported with client_credentials flow")
		w.refused("CreateUserPoolClient", clients+`"GenerateSecret":true,"AllowedOAuthFlows":["client_credentials"]}`,
			"InvalidOAuthFlowException: client_credentials flow can not be selected if client does not have a custom scope.")
		for _, users := range []string{"code", "implicit"} {
			w.refused("CreateUserPoolClient", clients+`"GenerateSecret":true,"AllowedOAuthFlowsUserPoolClient":true,"CallbackURLs":["https://x.y"],"AllowedOAuthFlows":["client_credentials","`+users+`"],"AllowedOAuthScopes":["api/read"]}`,
				"InvalidOAuthFlowException: client_credentials flow can not be selected along with code flow or implicit flow.")
		}

		// A deleted scope stays listed, grants nothing and bars the next update until it is left out.
		w.call("UpdateResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api","Name":"n","Scopes":[{"ScopeName":"write","ScopeDescription":"w"}]}`)
		w.wantScopes(machine, "api/v1/write")
		w.wantScopes(mixed, "openid", "api/write")
		same(w.t, "listed", dig(w.call("DescribeUserPoolClient", `{"UserPoolId":"`+id+`","ClientId":"`+machine+`"}`), "UserPoolClient", "AllowedOAuthScopes"), `["api/read","api/v1/write"]`)
		w.refused("UpdateUserPoolClient", `{"UserPoolId":"`+id+`","ClientId":"`+machine+`",`+flow+`"AllowedOAuthScopes":["api/read","api/v1/write"]}`,
			"ScopeDoesNotExistException: Invalid scope requested: api/read")
		w.call("DeleteResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api/v1"}`)
		w.wantScopes(machine)
		w.call("UpdateResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api","Name":"n",`+readWrite+`}`)
		w.wantScopes(machine, "api/read")
		w.call("DeleteResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api"}`)
		w.server(id, "api", readWrite)
		w.wantScopes(machine, "api/read")
	})
}

// wantScopes checks which scopes a client's snapshot grants.
func (w *world) wantScopes(clientID string, want ...string) {
	w.t.Helper()
	_, c, err := w.ops.Client(w.t.Context(), clientID)
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(c.Scopes, want) {
		w.t.Errorf("scopes %v, want %v", c.Scopes, want)
	}
}

// TestScopesOnOtherNodes: a node that has a client in memory learns that a scope is gone.
func TestScopesOnOtherNodes(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w, other := newWorld(t, d), newWorld(t, d)
		id := w.pool("")
		w.server(id, "api", readWrite)
		c := w.client(id, `"AllowedOAuthScopes":["api/read"]`)
		poll := func() {
			t.Helper()
			if err := other.ops.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		poll()
		other.wantScopes(c, "api/read")
		w.call("DeleteResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api"}`)
		poll()
		other.wantScopes(c)
	})
}

// TestScopeRace: a client cannot be given a scope while that scope is being deleted and end up with it.
func TestScopeRace(t *testing.T) {
	onEach(t, func(w *world) {
		id := w.pool("")
		for range 5 {
			w.server(id, "api", readWrite)
			var wg sync.WaitGroup
			var clientID string
			wg.Go(func() {
				if out, err := w.try("CreateUserPoolClient", `{"UserPoolId":"`+id+`","ClientName":"c","AllowedOAuthScopes":["api/read"]}`); err == nil {
					clientID = dig(out, "UserPoolClient", "ClientId").(string)
				}
			})
			wg.Go(func() { w.call("DeleteResourceServer", `{"UserPoolId":"`+id+`","Identifier":"api"}`) })
			wg.Wait()
			if clientID != "" {
				w.wantScopes(clientID)
			}
		}
	})
}

// TestServersGoWithTheirPool: purging a deleted pool takes them along.
func TestServersGoWithTheirPool(t *testing.T) {
	onEach(t, func(w *world) {
		id := w.pool("")
		w.server(id, "api", readWrite)
		w.call("DeleteUserPool", `{"UserPoolId":"`+id+`"}`)
		w.refused("ListResourceServers", `{"UserPoolId":"`+id+`"}`, "ResourceNotFoundException: User pool "+id+" does not exist.")
		for done := false; !done; {
			var err error
			if done, err = w.ops.Purge(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		}
		err := w.db.View(w.t.Context(), func(tx *db.Tx) error {
			n, err := countServers(tx, id)
			if n != 0 {
				w.t.Errorf("%d servers left", n)
			}
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	})
}
