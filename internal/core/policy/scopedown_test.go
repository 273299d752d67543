package policy

import "testing"

func TestScopeDown(t *testing.T) {
	everything := sources(t, Inline, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	managed := Source{Policy: must(t, Managed, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"rum:PutRumEvents","Resource":"*"}}`), ID: "m"}
	guests, err := ScopeDown(nil, managed)
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := ScopeDown(must(t, Session, get))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action  string
		layer   []Source
		allowed bool
	}{
		{"s3:PutObject", guests, true}, {"dynamodb:GetItem", guests, true}, {"execute-api:Invoke", guests, true},
		{"kms:GenerateDataKeyPair", guests, true}, {"kms:CreateKey", guests, false}, {"rum:PutRumEvents", guests, true},
		{"iam:CreateUser", guests, false}, {"sts:AssumeRole", guests, false}, {"ssm:GetParameter", guests, false},
		{"states:StartExecution", guests, false}, {"kinesis:PutRecord", guests, false}, {"s3express:CreateSession", guests, false},
		{"s3:GetObject", narrow, true}, {"s3:PutObject", narrow, false},
	} {
		d := Evaluate(&Request{Principal: session(), Action: c.action, Resource: "*"}, &Sets{Identity: everything, Session: [][]Source{c.layer}})
		if d.Allowed() != c.allowed || !c.allowed && d.Layer != BySession {
			t.Errorf("%s: %s by layer %d", c.action, d.Result, d.Layer)
		}
	}
	if size := Size(GuestPolicy()); size > MaxSession {
		t.Errorf("the policy of guests has %d characters, a session policy at most %d", size, MaxSession)
	}
}
