package policy

import (
	"reflect"
	"testing"
)

func TestMessage(t *testing.T) {
	deny := `{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Deny","Action":["ec2:Stop*"],"Resource":"*","Condition":{"StringEquals":{"ec2:Tenancy":["default"]}}}]}`
	ctx := NewContext(nil)
	ctx.Set("ec2:Tenancy", "default")
	ctx.Set("aws:TagKeys", "a", "b")
	r := &Request{Principal: session(), Action: "ec2:StopInstances", Resource: "arn:aws:ec2:us-east-1:123456789012:instance/i-1", Context: &ctx}
	const about = `"context":{"principal":{"id":"AROAEXAMPLEEXAMPLE12:s","name":"s","arn":"arn:aws:sts::123456789012:assumed-role/R/s"},"action":"ec2:StopInstances","resource":"arn:aws:ec2:us-east-1:123456789012:instance/i-1","conditions":{"items":[{"key":"ec2:Tenancy","values":{"items":[{"value":"default"}]}},{"key":"aws:TagKeys","values":{"items":[{"value":"a"},{"value":"b"}]}}]}}}`
	d := Explain(r, &Sets{Identity: sources(t, Inline, deny)})
	want := `{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"No","effect":"DENY","principals":{"items":[{"value":"AROAEXAMPLEEXAMPLE12"}]},"principalGroups":{"items":[]},"actions":{"items":[{"value":"ec2:Stop*"}]},"resources":{"items":[{"value":"*"}]},"conditions":{"items":[{"key":"ec2:Tenancy","values":{"items":[{"value":"default"}]}}]}}]},"failures":{"items":[]},` + about
	if got := Message(r, &d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	d = Evaluate(r, &Sets{})
	want = `{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},` + about
	if got := Message(r, &d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMissing(t *testing.T) {
	ctx := NewContext(map[string][]string{"AWS:username": {"ann"}})
	sets := &Sets{
		Identity: sources(t, Inline, wrap(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}/${aws:userid}"}`)),
		Session:  [][]Source{sources(t, Session, wrap(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:UserId":"true","aws:SecureTransport":"true"}}}`))},
	}
	if got := Missing(&ctx, sets); !reflect.DeepEqual(got, []string{"aws:userid", "aws:SecureTransport"}) {
		t.Errorf("missing %v", got)
	}
}

func TestExplainLayers(t *testing.T) {
	r := &Request{Principal: session(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	d := Explain(r, &Sets{Identity: sources(t, Inline, get), Boundary: sources(t, Managed, put), Session: [][]Source{sources(t, Session, get, denyGet)}})
	want := map[Layer]Result{ByIdentity: Allowed, ByBoundary: ImplicitDeny, BySession: ExplicitDeny}
	if !reflect.DeepEqual(d.Layers, want) || d.Result != ExplicitDeny {
		t.Errorf("%s, layers %v", d.Result, d.Layers)
	}
}
