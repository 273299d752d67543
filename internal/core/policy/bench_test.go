package policy

import (
	"fmt"
	"strings"
	"testing"
)

// tenStatements is a role as identity pools have it: own prefix of a bucket, own rows of a table, tags, addresses, denials.
func tenStatements() string {
	const sub = "${cognito-identity.amazonaws.com:sub}"
	list := []string{
		`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::photos","Condition":{"StringLike":{"s3:prefix":["public/*","protected/*","private/` + sub + `/*"]}}}`,
		`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::photos/public/*","arn:aws:s3:::photos/protected/` + sub + `/*","arn:aws:s3:::photos/private/` + sub + `/*"]}`,
		`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem","dynamodb:UpdateItem"],"Resource":"arn:aws:dynamodb:*:123456789012:table/notes","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["` + sub + `"],"dynamodb:Attributes":["id","text","at"]},"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}}`,
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
		`{"Effect":"Deny","NotAction":["s3:*","dynamodb:*","cognito-sync:*"],"Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}}`,
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2099-01-01T00:00:00Z"}}}`,
		`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/tenant":["red","green"]}}}`,
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"s3:max-keys":"1000"},"Null":{"s3:max-keys":"false"}}}`,
		`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/GET/*"}`,
		`{"Effect":"Allow","Action":"mobiletargeting:*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:mobiletargeting:*:123456789012:apps/*"}}}`,
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

func benchContext() *Context {
	ctx := NewContext(nil)
	for _, e := range [][2]string{{"aws:CurrentTime", "2026-11-30T12:00:00Z"}, {"aws:EpochTime", "1796040000"}, {"aws:SecureTransport", "true"},
		{"aws:SourceIp", "203.0.113.9"}, {"aws:UserAgent", "aws-sdk-js/3"}, {"aws:RequestedRegion", "eu-west-1"}, {"aws:PrincipalType", "AssumedRole"},
		{"aws:PrincipalAccount", own}, {"aws:PrincipalArn", "arn:aws:iam::123456789012:role/guest"}, {"aws:TokenIssueTime", "2026-11-30T11:00:00Z"},
		{"aws:userid", "AROAEXAMPLE:CognitoIdentityCredentials"}, {"aws:PrincipalTag/tenant", "red"}, {"aws:PrincipalTag/client", "web"},
		{"cognito-identity.amazonaws.com:aud", "eu-west-1:11111111-2222-3333-4444-555555555555"},
		{"cognito-identity.amazonaws.com:sub", "eu-west-1:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}, {"s3:authType", "REST-HEADER"}, {"s3:signatureversion", "AWS4-HMAC-SHA256"}} {
		ctx.Set(e[0], e[1])
	}
	ctx.Set("cognito-identity.amazonaws.com:amr", "authenticated", "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a")
	return &ctx
}

// BenchmarkEvaluate decides by ten statements; the budget is 20 microseconds.
func BenchmarkEvaluate(b *testing.B) {
	sets := &Sets{Identity: sources(b, Inline, tenStatements())}
	guests, err := ScopeDown(nil)
	if err != nil {
		b.Fatal(err)
	}
	limited := &Sets{Identity: sets.Identity, Boundary: sources(b, Managed, tenStatements()), Session: [][]Source{guests}}
	for _, c := range []struct {
		name, action, resource string
		sets                   *Sets
		result                 Result
	}{
		{"allowed", "s3:GetObject", "arn:aws:s3:::photos/private/eu-west-1:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/2026/11/30/sunset.jpg", sets, Allowed},
		{"implicitDeny", "s3:GetObject", "arn:aws:s3:::photos/private/eu-west-1:00000000-bbbb-cccc-dddd-eeeeeeeeeeee/2026/11/30/sunset.jpg", sets, ImplicitDeny},
		{"boundary-and-session", "s3:GetObject", "arn:aws:s3:::photos/public/sunset.jpg", limited, Allowed},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := &Request{Principal: session(), Action: c.action, Resource: c.resource, Context: benchContext()}
			if d := Evaluate(r, c.sets); d.Result != c.result {
				b.Fatalf("%s, want %s", d.Result, c.result)
			}
			b.ReportAllocs()
			for b.Loop() {
				Evaluate(r, c.sets)
			}
		})
	}
	b.Run("context", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchContext()
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := tenStatements()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, Inline); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGlob takes patterns on which matchers without a bound take for ever.
func BenchmarkGlob(b *testing.B) {
	for _, n := range []int{8, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := compile(strings.Repeat("*a", n)+"b", true, false)
			s := strings.Repeat("a", 1000)
			for b.Loop() {
				p.match(nil, s, false)
			}
		})
	}
}
