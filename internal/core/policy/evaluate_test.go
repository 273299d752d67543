package policy

import (
	"strings"
	"testing"
)

const own = "123456789012"

func must(t testing.TB, kind Kind, document string) *Policy {
	t.Helper()
	p, err := Parse(document, kind)
	if err != nil {
		t.Fatalf("Parse(%s): %v", document, err)
	}
	return p
}

// sources parses documents, each under its number.
func sources(t testing.TB, kind Kind, documents ...string) []Source {
	t.Helper()
	all := []Source{}
	for i, d := range documents {
		all = append(all, Source{Policy: must(t, kind, d), ID: string(rune('a' + i))})
	}
	return all
}

func user() Principal {
	return Principal{Kind: User, ARN: "arn:aws:iam::" + own + ":user/ann", ID: "AIDAEXAMPLEEXAMPLE12", Account: own}
}

func session() Principal {
	return Principal{Kind: AssumedRole, ARN: "arn:aws:sts::" + own + ":assumed-role/R/s", Parent: "arn:aws:iam::" + own + ":role/p/R", ID: "AROAEXAMPLEEXAMPLE12", Account: own}
}

func federated() Principal {
	return Principal{Kind: FederatedUser, ARN: "arn:aws:sts::" + own + ":federated-user/f", Parent: "arn:aws:iam::" + own + ":user/ann", ID: "AIDAEXAMPLEEXAMPLE12", Account: own}
}

// statementCase is one statement against one request.
type statementCase struct {
	name, statement, action, resource string
	keys                              map[string][]string
	applies                           bool
}

func (c *statementCase) run(t *testing.T, version string) {
	t.Helper()
	document := `{"Version":"` + version + `","Statement":` + c.statement + `}`
	ctx := NewContext(c.keys)
	r := &Request{Principal: user(), Action: c.action, Resource: c.resource, Context: &ctx}
	d := Evaluate(r, &Sets{Identity: sources(t, Inline, document)})
	if d.Allowed() != c.applies {
		t.Errorf("%s: %s for %s on %s with %v", c.name, d.Result, c.action, c.resource, c.keys)
	}
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		element string
		yes, no []string
	}{
		{`"Action":"*"`, []string{"s3:GetObject", "iam:X"}, nil},
		{`"Action":"*:*"`, []string{"s3:GetObject"}, nil},
		{`"Action":"s3:GetObject"`, []string{"s3:GetObject", "S3:getOBJECT"}, []string{"s3:GetObjectAcl", "s3:GetObjec"}},
		{`"Action":"s3:Get*"`, []string{"s3:GetObject", "s3:Get"}, []string{"s3:PutObject", "s3express:GetObject"}},
		{`"Action":"s3:*Object"`, []string{"s3:GetObject", "s3:Object"}, []string{"s3:GetObjects"}},
		{`"Action":"s3:G?tObject*"`, []string{"s3:GetObjectAcl", "s3:gxtobject"}, []string{"s3:GtObject"}},
		{`"Action":"S3:*"`, []string{"s3:GetObject"}, []string{"sqs:GetObject"}},
		{`"Action":["iam:Get*","s3:Put*"]`, []string{"iam:GetUser", "s3:PutObject"}, []string{"iam:PutUser"}},
		{`"NotAction":["iam:*","s3:Put*"]`, []string{"s3:GetObject", "ec2:X"}, []string{"iam:GetUser", "S3:PUTOBJECT"}},
		{`"NotAction":"*"`, nil, []string{"s3:GetObject"}},
	} {
		for _, yes := range []bool{true, false} {
			for _, action := range map[bool][]string{true: c.yes, false: c.no}[yes] {
				k := statementCase{name: c.element, statement: `{"Effect":"Allow",` + c.element + `,"Resource":"*"}`, action: action, resource: "*", applies: yes}
				k.run(t, version2012)
			}
		}
	}
}

func TestResources(t *testing.T) {
	keys := map[string][]string{"aws:username": {"ann"}, "aws:PrincipalTag/Team": {"re*d"}, "cognito-identity.amazonaws.com:sub": {"eu-west-1:11-22"}, "k:many": {"a", "b"}}
	for _, c := range []struct {
		element string
		yes, no []string
	}{
		{`"Resource":"*"`, []string{"*", "arn:aws:s3:::b", ""}, nil},
		{`"Resource":"arn:aws:s3:::b"`, []string{"arn:aws:s3:::b"}, []string{"*", "arn:aws:s3:::B", "arn:aws:s3:::b/k", "arn:aws-cn:s3:::b", "arn:aws:s3:eu-west-1::b"}},
		{`"Resource":"arn:aws:s3:::b/*"`, []string{"arn:aws:s3:::b/k", "arn:aws:s3:::b/a/b:c", "arn:aws:s3:::b/"}, []string{"arn:aws:s3:::b", "arn:aws:s3:::bb/k"}},
		{`"Resource":"arn:aws:s3:::*/x?"`, []string{"arn:aws:s3:::b/xy", "arn:aws:s3:::b/c/xé"}, []string{"arn:aws:s3:::b/x", "arn:aws:s3:::b/xyz"}},
		{`"Resource":"arn:*:sqs:*:` + own + `:q*"`, []string{"arn:aws:sqs:eu-west-1:" + own + ":q1", "arn:aws-cn:sqs::" + own + ":q"}, []string{"arn:aws:sqs:eu-west-1:111111111111:q1", "arn:aws:sqs:eu-west-1:" + own + ":r:q"}},
		{`"Resource":"arn:aws:sns:*:x"`, []string{"arn:aws:sns:r:x:t"}, []string{"arn:aws:sns:r:y:x", "arn:aws:sns:r:x"}},
		{`"Resource":"arn:aws:dynamodb:*"`, []string{"arn:aws:dynamodb:r:a:table/t"}, []string{"arn:aws:s3:::b"}},
		{`"Resource":"arn:aws:s3:::b/${aws:username}/*"`, []string{"arn:aws:s3:::b/ann/k"}, []string{"arn:aws:s3:::b/bob/k", "arn:aws:s3:::b/${aws:username}/k"}},
		{`"Resource":"arn:aws:s3:::b/${AWS:UserName}"`, []string{"arn:aws:s3:::b/ann"}, nil},
		{`"Resource":"arn:aws:s3:::b/${cognito-identity.amazonaws.com:sub}/*"`, []string{"arn:aws:s3:::b/eu-west-1:11-22/k"}, []string{"arn:aws:s3:::b/eu-west-1/k"}},
		{`"Resource":"arn:aws:s3:::b/${aws:PrincipalTag/Team}"`, []string{"arn:aws:s3:::b/re*d"}, []string{"arn:aws:s3:::b/red", "arn:aws:s3:::b/reXd"}},
		{`"Resource":"arn:aws:s3:::b/${aws:missing}"`, nil, []string{"arn:aws:s3:::b/", "arn:aws:s3:::b/${aws:missing}"}},
		{`"Resource":"arn:aws:s3:::b/${k:many}"`, nil, []string{"arn:aws:s3:::b/a", "arn:aws:s3:::b/b"}},
		{`"Resource":"arn:aws:s3:::b/${aws:missing, 'none'}"`, []string{"arn:aws:s3:::b/none"}, []string{"arn:aws:s3:::b/"}},
		{`"Resource":"arn:aws:s3:::b/${aws:username,'none'}"`, []string{"arn:aws:s3:::b/ann"}, []string{"arn:aws:s3:::b/none"}},
		{`"Resource":"arn:aws:s3:::b/${*}${?}${$}{x}"`, []string{"arn:aws:s3:::b/*?${x}"}, []string{"arn:aws:s3:::b/a?${x}"}},
		{`"Resource":"arn:aws:sqs:${aws:username}:` + own + `:q"`, nil, []string{"arn:aws:sqs:ann:" + own + ":q"}},
		{`"Resource":"arn:aws:s3:::b/${aws:username"`, []string{"arn:aws:s3:::b/${aws:username"}, []string{"arn:aws:s3:::b/ann"}},
		{`"Resource":["arn:aws:s3:::b/${aws:missing}","arn:aws:s3:::c"]`, []string{"arn:aws:s3:::c"}, []string{"arn:aws:s3:::b/x"}},
		{`"NotResource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]`, []string{"arn:aws:s3:::c", "*"}, []string{"arn:aws:s3:::b", "arn:aws:s3:::b/k"}},
		{`"NotResource":"arn:aws:s3:::b/${aws:missing}"`, []string{"arn:aws:s3:::b/x", "arn:aws:s3:::c"}, nil},
	} {
		for _, yes := range []bool{true, false} {
			for _, resource := range map[bool][]string{true: c.yes, false: c.no}[yes] {
				k := statementCase{name: c.element, statement: `{"Effect":"Allow","Action":"*",` + c.element + `}`, action: "s3:GetObject", resource: resource, keys: keys, applies: yes}
				k.run(t, version2012)
			}
		}
	}
	older := statementCase{name: "older version", statement: `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}*"}`, action: "s3:GetObject", resource: "arn:aws:s3:::b/${aws:username}/k", keys: keys, applies: true}
	older.run(t, version2008)
}

// world is a table of who asks for what under which policies.
type worldCase struct {
	name      string
	principal Principal
	account   string
	sets      func(t *testing.T) Sets
	result    Result
	layer     Layer
}

const (
	get     = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`
	put     = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}`
	denyGet = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}`
)

// bucket is a resource policy for a principal in JSON.
func bucket(effect, principal string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `",` + principal + `,"Action":"s3:GetObject","Resource":"*"}}`
}

func identity(documents ...string) func(*testing.T) Sets {
	return func(t *testing.T) Sets { return Sets{Identity: sources(t, Inline, documents...)} }
}

func both(identity string, resources ...string) func(*testing.T) Sets {
	return func(t *testing.T) Sets {
		s := Sets{Resource: sources(t, Resource, resources...)}
		if identity != "" {
			s.Identity = sources(t, Inline, identity)
		}
		return s
	}
}

// limited adds a boundary that allows something else, and a session layer that does.
func limited(base func(*testing.T) Sets, boundary, session bool) func(*testing.T) Sets {
	return func(t *testing.T) Sets {
		s := base(t)
		if boundary {
			s.Boundary = sources(t, Managed, put)
		}
		if session {
			s.Session = [][]Source{sources(t, Session, put)}
		}
		return s
	}
}

func alone(base func(*testing.T) Sets) func(*testing.T) Sets {
	return func(t *testing.T) Sets {
		s := base(t)
		s.Alone = true
		return s
	}
}

func TestEvaluate(t *testing.T) {
	const (
		everybody = `"Principal":"*"`
		ann       = `"Principal":{"AWS":"arn:aws:iam::` + own + `:user/ann"}`
		annID     = `"Principal":{"AWS":"AIDAEXAMPLEEXAMPLE12"}`
		bob       = `"Principal":{"AWS":"arn:aws:iam::` + own + `:user/bob"}`
		account   = `"Principal":{"AWS":"` + own + `"}`
		root      = `"Principal":{"AWS":"arn:aws:iam::` + own + `:root"}`
		role      = `"Principal":{"AWS":"arn:aws:iam::` + own + `:role/p/R"}`
		roleID    = `"Principal":{"AWS":"AROAEXAMPLEEXAMPLE12"}`
		sessions  = `"Principal":{"AWS":"arn:aws:sts::` + own + `:assumed-role/R/s"}`
		fed       = `"Principal":{"AWS":"arn:aws:sts::` + own + `:federated-user/f"}`
		cognito   = `"Principal":{"Federated":"cognito-identity.amazonaws.com"}`
		lambda    = `"Principal":{"Service":"lambda.amazonaws.com"}`
		notAnn    = `"NotPrincipal":{"AWS":["arn:aws:iam::` + own + `:user/ann","arn:aws:iam::` + own + `:root"]}`
		other     = "210987654321"
	)
	rootUser := Principal{Kind: Root, ARN: "arn:aws:iam::" + own + ":root", ID: own, Account: own}
	nobody := Principal{}
	token := Principal{Kind: Federated, ARN: "cognito-identity.amazonaws.com"}
	service := Principal{Kind: Service, ARN: "lambda.amazonaws.com"}
	for _, c := range []worldCase{
		{"nothing", user(), "", identity(), ImplicitDeny, ByIdentity},
		{"allowed", user(), "", identity(put, get), Allowed, ByIdentity},
		{"other action", user(), "", identity(put), ImplicitDeny, ByIdentity},
		{"denied", user(), "", identity(get, denyGet), ExplicitDeny, ByIdentity},
		{"boundary denies", user(), "", func(t *testing.T) Sets {
			return Sets{Identity: sources(t, Inline, get), Boundary: sources(t, Managed, get, denyGet)}
		}, ExplicitDeny, ByBoundary},
		{"boundary alone gives nothing", user(), "", func(t *testing.T) Sets { return Sets{Boundary: sources(t, Managed, get)} }, ImplicitDeny, ByIdentity},
		{"boundary", user(), "", limited(identity(get), true, false), ImplicitDeny, ByBoundary},
		{"session", session(), "", limited(identity(get), false, true), ImplicitDeny, BySession},
		{"session denies", session(), "", func(t *testing.T) Sets {
			return Sets{Identity: sources(t, Inline, get), Session: [][]Source{sources(t, Session, get), sources(t, Session, get, denyGet)}}
		}, ExplicitDeny, BySession},
		{"session union", session(), "", func(t *testing.T) Sets {
			return Sets{Identity: sources(t, Inline, get), Session: [][]Source{sources(t, Session, put, get), sources(t, Session, get)}}
		}, Allowed, ByIdentity},
		{"session layers intersect", session(), "", func(t *testing.T) Sets {
			return Sets{Identity: sources(t, Inline, get), Session: [][]Source{sources(t, Session, get), sources(t, Session, put)}}
		}, ImplicitDeny, BySession},
		{"session alone gives nothing", session(), "", func(t *testing.T) Sets { return Sets{Session: [][]Source{sources(t, Session, get)}} }, ImplicitDeny, ByIdentity},
		{"federated user without session policy", federated(), "", func(t *testing.T) Sets {
			return Sets{Identity: sources(t, Inline, get), Session: [][]Source{{}}}
		}, ImplicitDeny, BySession},
		{"federated user of root", federated(), "", func(t *testing.T) Sets {
			return Sets{Unlimited: true, Session: [][]Source{sources(t, Session, get)}}
		}, Allowed, ByRoot},
		{"root", rootUser, "", identity(), Allowed, ByRoot},
		{"root denied by the bucket", rootUser, "", both("", bucket("Deny", everybody)), ExplicitDeny, ByResource},
		{"root elsewhere", rootUser, other, identity(), ImplicitDeny, ByResource},
		{"root elsewhere by its account", rootUser, other, both("", bucket("Allow", account)), Allowed, ByResource},

		{"bucket names the user", user(), "", both("", bucket("Allow", ann)), Allowed, ByResource},
		{"bucket names the user by id", user(), "", both("", bucket("Allow", annID)), Allowed, ByResource},
		{"bucket names somebody else", user(), "", both("", bucket("Allow", bob)), ImplicitDeny, ByIdentity},
		{"bucket names the account", user(), "", both("", bucket("Allow", account)), ImplicitDeny, ByIdentity},
		{"bucket names the account, identity allows", user(), "", both(get, bucket("Allow", root)), Allowed, ByIdentity},
		{"bucket names everybody", user(), "", both("", bucket("Allow", everybody)), Allowed, ByResource},
		{"bucket denies everybody", user(), "", both(get, bucket("Allow", ann), bucket("Deny", everybody)), ExplicitDeny, ByResource},
		{"bucket denies the account", user(), "", both(get, bucket("Deny", account)), ExplicitDeny, ByResource},
		{"boundary does not limit the user named", user(), "", limited(both("", bucket("Allow", ann)), true, false), Allowed, ByResource},
		{"boundary limits everybody", user(), "", limited(both("", bucket("Allow", everybody)), true, false), ImplicitDeny, ByBoundary},
		{"boundary limits the role named", session(), "", limited(both("", bucket("Allow", role)), true, false), ImplicitDeny, ByBoundary},
		{"session limits the role named", session(), "", limited(both("", bucket("Allow", roleID)), false, true), ImplicitDeny, BySession},
		{"nothing limits the session named", session(), "", limited(both("", bucket("Allow", sessions)), true, true), Allowed, ByResource},
		{"role named", session(), "", both("", bucket("Allow", role)), Allowed, ByResource},
		{"federated user named", federated(), "", limited(both("", bucket("Allow", fed)), true, true), Allowed, ByResource},
		{"user of the federated user named", federated(), "", limited(both("", bucket("Allow", ann)), false, true), ImplicitDeny, BySession},
		{"NotPrincipal spares the one named", user(), "", both(get, bucket("Deny", notAnn)), Allowed, ByIdentity},
		{"NotPrincipal spares nobody with a boundary", user(), "", limited(both(get, bucket("Deny", notAnn)), true, false), ExplicitDeny, ByResource},
		{"NotPrincipal denies others of the account", session(), "", both(get, bucket("Deny", notAnn)), ExplicitDeny, ByResource},
		{"NotPrincipal spares the root named", rootUser, "", both("", bucket("Deny", notAnn)), Allowed, ByRoot},

		{"elsewhere, identity only", user(), other, both(get), ImplicitDeny, ByResource},
		{"elsewhere, bucket only", user(), other, both("", bucket("Allow", ann)), ImplicitDeny, ByIdentity},
		{"elsewhere, both", user(), other, both(get, bucket("Allow", account)), Allowed, ByIdentity},
		{"elsewhere, boundary", user(), other, limited(both(get, bucket("Allow", ann)), true, false), ImplicitDeny, ByBoundary},

		{"role trusts the account, identity silent", user(), "", alone(both("", bucket("Allow", account))), ImplicitDeny, ByIdentity},
		{"role trusts the account", user(), "", alone(both(get, bucket("Allow", account))), Allowed, ByIdentity},
		{"role trusts nobody", user(), "", alone(both(get, bucket("Allow", bob))), ImplicitDeny, ByResource},
		{"role trusts the user", user(), "", alone(both("", bucket("Allow", ann))), Allowed, ByResource},
		{"token", token, own, alone(both("", bucket("Allow", cognito))), Allowed, ByResource},
		{"token, everybody", token, own, alone(both("", bucket("Allow", everybody))), ImplicitDeny, ByResource},
		{"token, everybody denied", token, own, alone(both("", bucket("Allow", cognito), bucket("Deny", everybody))), ExplicitDeny, ByResource},
		{"service", service, own, alone(both("", bucket("Allow", lambda))), Allowed, ByResource},
		{"service, other", service, own, alone(both("", bucket("Allow", cognito))), ImplicitDeny, ByResource},
		{"nobody", nobody, own, both("", bucket("Allow", everybody)), Allowed, ByResource},
		{"nobody, account", nobody, own, both("", bucket("Allow", account)), ImplicitDeny, ByResource},
	} {
		t.Run(c.name, func(t *testing.T) {
			sets := c.sets(t)
			r := &Request{Principal: c.principal, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Account: c.account}
			d := Evaluate(r, &sets)
			if d.Result != c.result || d.Layer != c.layer {
				t.Errorf("%s by layer %d, want %s by %d", d.Result, d.Layer, c.result, c.layer)
			}
			full := Explain(r, &sets)
			if full.Result != d.Result || full.Layer != d.Layer {
				t.Errorf("Explain says %s by layer %d", full.Result, full.Layer)
			}
			if len(d.Matched) > len(full.Matched) {
				t.Errorf("Explain names %d statements, Evaluate %d", len(full.Matched), len(d.Matched))
			}
		})
	}
}

func TestExplainNamesStatements(t *testing.T) {
	two := `{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Allow","Action":"s3:PutObject","Resource":"*"},{"Sid":"Yes","Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Sid":"Also","Effect":"Allow","Action":"*","Resource":"*"}]}`
	r := &Request{Principal: user(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	names := func(d Decision) string {
		var b strings.Builder
		for _, m := range d.Matched {
			b.WriteString(m.Source.ID + m.Source.Policy.Sid(m.Statement) + " ")
		}
		return b.String()
	}
	sets := &Sets{Identity: sources(t, Inline, two, get)}
	if got := names(Evaluate(r, sets)); got != "aYes " {
		t.Errorf("Evaluate names %q", got)
	}
	if got := names(Explain(r, sets)); got != "aYes aAlso b " {
		t.Errorf("Explain names %q", got)
	}
	sets.Boundary = sources(t, Managed, get, denyGet)
	if got := names(Explain(r, sets)); got != "b " {
		t.Errorf("Explain of a denial names %q", got)
	}
}

func TestDenial(t *testing.T) {
	r := &Request{Principal: user(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	const who = "User: arn:aws:iam::" + own + ":user/ann is not authorized to perform: s3:GetObject"
	const on = who + " on resource: arn:aws:s3:::b/k"
	for _, c := range []struct {
		sets     func(*testing.T) Sets
		resource string
		text     string
	}{
		{identity(), r.Resource, on + " because no identity-based policy allows the s3:GetObject action"},
		{identity(), "*", who + " because no identity-based policy allows the s3:GetObject action"},
		{identity(denyGet), r.Resource, on + " with an explicit deny in an identity-based policy"},
		{limited(identity(get), true, false), r.Resource, on + " because no permissions boundary allows the s3:GetObject action"},
		{limited(identity(get), false, true), r.Resource, on + " because no session policy allows the s3:GetObject action"},
		{both(get, bucket("Deny", `"Principal":"*"`)), r.Resource, on + " with an explicit deny in a resource-based policy"},
		{alone(both(get, bucket("Deny", `"Principal":"*"`))), r.Resource, on + " with an explicit deny in the role trust policy"},
		{alone(identity(get)), r.Resource, on + " because no role trust policy allows the s3:GetObject action"},
	} {
		sets := c.sets(t)
		r.Resource = c.resource
		d := Evaluate(r, &sets)
		if got := Denial(r, &sets, &d); got != c.text {
			t.Errorf("got  %s\nwant %s", got, c.text)
		}
	}
	if got := DenialWithoutReason(&Request{Action: "s3:GetObject"}); got != "User: anonymous is not authorized to perform: s3:GetObject" {
		t.Error(got)
	}
}
