package policy

import "testing"

// ask is a request of an example and what AWS's guides say comes of it.
type ask struct {
	action, resource string
	keys             map[string][]string
	result           Result
}

// example is a policy in the form that AWS publishes it for a purpose, with names of our own.
type example struct {
	purpose                               string
	identity, boundary, session, resource string
	principal                             Principal
	alone                                 bool
	asks                                  []ask
}

func having(pairs ...string) map[string][]string {
	m := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = append(m[pairs[i]], pairs[i+1])
	}
	return m
}

const (
	identitySub   = "cognito-identity.amazonaws.com:sub"
	identityAud   = "cognito-identity.amazonaws.com:aud"
	identityAmr   = "cognito-identity.amazonaws.com:amr"
	subA, subB    = "eu-west-1:aaaaaaaa-1111-2222-3333-444444444444", "eu-west-1:bbbbbbbb-1111-2222-3333-444444444444"
	identityPool  = "eu-west-1:cccccccc-1111-2222-3333-444444444444"
	assumeWithWeb = "sts:AssumeRoleWithWebIdentity"
)

func token() Principal { return Principal{Kind: Federated, ARN: "cognito-identity.amazonaws.com"} }

var examples = []example{
	{purpose: "own folder of a bucket, by the identity of an identity pool",
		identity: `[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::app"],"Condition":{"StringLike":{"s3:prefix":["${cognito-identity.amazonaws.com:sub}/*"]}}},
			{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::app/${cognito-identity.amazonaws.com:sub}/*"]}]`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::app/" + subA + "/a.jpg", having(identitySub, subA), Allowed},
			{"s3:GetObject", "arn:aws:s3:::app/" + subB + "/a.jpg", having(identitySub, subA), ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::app/" + subA, having(identitySub, subA), ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::app/" + subA + "/../" + subB + "/a.jpg", having(identitySub, subA), Allowed}, // the key itself; the gate does not resolve it
			{"s3:GetObject", "arn:aws:s3:::app/" + subB + "/x/" + subA + "/a.jpg", having(identitySub, subA), ImplicitDeny},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA, "s3:prefix", subA+"/"), Allowed},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA, "s3:prefix", subB+"/"), ImplicitDeny},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA, "s3:prefix", ""), ImplicitDeny},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA), ImplicitDeny},
			{"s3:DeleteObject", "arn:aws:s3:::app/" + subA + "/a.jpg", having(identitySub, subA), ImplicitDeny},
		}},
	{purpose: "levels of a storage library: public, protected, private",
		identity: `[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::app/public/*","arn:aws:s3:::app/protected/${cognito-identity.amazonaws.com:sub}/*","arn:aws:s3:::app/private/${cognito-identity.amazonaws.com:sub}/*"]},
			{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::app/uploads/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::app/protected/*"},
			{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::app","Condition":{"StringLike":{"s3:prefix":["public/","public/*","protected/","protected/*","private/${cognito-identity.amazonaws.com:sub}/","private/${cognito-identity.amazonaws.com:sub}/*"]}}}]`,
		asks: []ask{
			{"s3:PutObject", "arn:aws:s3:::app/public/a", having(identitySub, subA), Allowed},
			{"s3:GetObject", "arn:aws:s3:::app/protected/" + subB + "/a", having(identitySub, subA), Allowed},
			{"s3:PutObject", "arn:aws:s3:::app/protected/" + subB + "/a", having(identitySub, subA), ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::app/private/" + subB + "/a", having(identitySub, subA), ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::app/uploads/a", having(identitySub, subA), ImplicitDeny},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA, "s3:prefix", "private/"+subB+"/"), ImplicitDeny},
			{"s3:ListBucket", "arn:aws:s3:::app", having(identitySub, subA, "s3:prefix", "protected/"), Allowed},
		}},
	{purpose: "home folders by user name, as the console lists them",
		identity: `[{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"},{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::corp","Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}},
			{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::corp/home/${aws:username}","arn:aws:s3:::corp/home/${aws:username}/*"]}]`,
		asks: []ask{
			{"s3:ListAllMyBuckets", "*", nil, Allowed},
			{"s3:ListBucket", "arn:aws:s3:::corp", having("aws:username", "ann", "s3:prefix", ""), Allowed},
			{"s3:ListBucket", "arn:aws:s3:::corp", having("aws:username", "ann", "s3:prefix", "home/ann/x"), Allowed},
			{"s3:ListBucket", "arn:aws:s3:::corp", having("aws:username", "ann", "s3:prefix", "home/bob/"), ImplicitDeny},
			{"s3:DeleteObject", "arn:aws:s3:::corp/home/ann/x", having("aws:username", "ann"), Allowed},
			{"s3:DeleteObject", "arn:aws:s3:::corp/home/annette/x", having("aws:username", "ann"), ImplicitDeny},
		}},
	{purpose: "rows of a table whose key is the identity, and some of their attributes",
		identity: `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem","dynamodb:BatchGetItem"],"Resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/scores",
			"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${cognito-identity.amazonaws.com:sub}"],"dynamodb:Attributes":["user","title","score"]},"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES","dynamodb:ReturnValues":["NONE","UPDATED_OLD","UPDATED_NEW"]}}}`,
		asks: []ask{
			{"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:Attributes", "user", "dynamodb:Attributes", "score", "dynamodb:Select", "SPECIFIC_ATTRIBUTES"), Allowed},
			{"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subB, "dynamodb:Attributes", "user", "dynamodb:Select", "SPECIFIC_ATTRIBUTES"), ImplicitDeny},
			{"dynamodb:BatchGetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:LeadingKeys", subB, "dynamodb:Select", "SPECIFIC_ATTRIBUTES"), ImplicitDeny},
			{"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:Attributes", "secret", "dynamodb:Select", "SPECIFIC_ATTRIBUTES"), ImplicitDeny},
			{"dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:Select", "ALL_ATTRIBUTES"), ImplicitDeny},
			{"dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:Attributes", "score", "dynamodb:ReturnValues", "ALL_OLD"), ImplicitDeny},
			{"dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/scores/index/i", having(identitySub, subA, "dynamodb:LeadingKeys", subA, "dynamodb:Select", "SPECIFIC_ATTRIBUTES"), ImplicitDeny},
		}},
	{purpose: "users look after their own keys",
		identity: `{"Effect":"Allow","Action":["iam:*AccessKey*","iam:GetAccessKeyLastUsed"],"Resource":"arn:aws:iam::*:user/${aws:username}"}`,
		asks: []ask{
			{"iam:CreateAccessKey", "arn:aws:iam::123456789012:user/ann", having("aws:username", "ann"), Allowed},
			{"iam:CreateAccessKey", "arn:aws:iam::123456789012:user/bob", having("aws:username", "ann"), ImplicitDeny},
			{"iam:ListAccessKeys", "arn:aws:iam::123456789012:user/ann", nil, ImplicitDeny},
		}},
	{purpose: "everything but setting up MFA is denied without MFA",
		identity: `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice","sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`,
		asks: []ask{
			{"s3:ListAllMyBuckets", "*", nil, ExplicitDeny},
			{"s3:ListAllMyBuckets", "*", having("aws:MultiFactorAuthPresent", "false"), ExplicitDeny},
			{"s3:ListAllMyBuckets", "*", having("aws:MultiFactorAuthPresent", "true"), Allowed},
			{"iam:EnableMFADevice", "*", nil, Allowed},
		}},
	{purpose: "only from the company's addresses, services of AWS excepted",
		identity: `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},"Bool":{"aws:ViaAWSService":"false"}}}]`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SourceIp", "203.0.113.4", "aws:ViaAWSService", "false"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SourceIp", "198.51.100.4", "aws:ViaAWSService", "false"), ExplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SourceIp", "198.51.100.4", "aws:ViaAWSService", "true"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SourceIp", "2001:db8::1", "aws:ViaAWSService", "false"), ExplicitDeny},
		}},
	{purpose: "between two dates",
		identity: `{"Effect":"Allow","Action":"service-prefix:action-name","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-06-30T23:59:59Z"}}}`,
		asks: []ask{
			{"service-prefix:action-name", "*", having("aws:CurrentTime", "2026-05-01T00:00:00Z"), Allowed},
			{"service-prefix:action-name", "*", having("aws:CurrentTime", "2026-04-01T00:00:00Z"), ImplicitDeny},
			{"service-prefix:action-name", "*", having("aws:CurrentTime", "2026-07-01T00:00:00Z"), ImplicitDeny},
		}},
	{purpose: "sessions issued before a time are revoked",
		identity: `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-30T12:00:00.000Z"}}}]`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:TokenIssueTime", "2026-11-30T11:59:59Z"), ExplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:TokenIssueTime", "2026-11-30T12:00:00Z"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/k", nil, Allowed},
		}},
	{purpose: "no temporary credentials",
		identity: `{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"true"}}}`,
		asks: []ask{
			{"ec2:StopInstances", "*", nil, Allowed},
			{"ec2:StopInstances", "*", having("aws:TokenIssueTime", "2026-11-30T12:00:00Z"), ImplicitDeny},
		}},
	{purpose: "one Region, global services excepted",
		identity: `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:*","sts:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}}]`,
		asks: []ask{
			{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:q", having("aws:RequestedRegion", "eu-west-1"), Allowed},
			{"sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q", having("aws:RequestedRegion", "us-east-1"), ExplicitDeny},
			{"iam:GetUser", "*", having("aws:RequestedRegion", "us-east-1"), Allowed},
		}},
	{purpose: "access by tags: what carries the team of the caller, and no other tags given to it",
		identity: `[{"Effect":"Allow","Action":"secretsmanager:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/access-project":"${aws:PrincipalTag/access-project}"},"ForAllValues:StringEquals":{"aws:TagKeys":["access-project","cost-center"]},"StringEqualsIfExists":{"aws:RequestTag/access-project":"${aws:PrincipalTag/access-project}"}}}]`,
		asks: []ask{
			{"secretsmanager:GetSecretValue", "*", having("aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg"), Allowed},
			{"secretsmanager:GetSecretValue", "*", having("aws:ResourceTag/Access-Project", "peg", "aws:PrincipalTag/ACCESS-PROJECT", "peg"), Allowed},
			{"secretsmanager:GetSecretValue", "*", having("aws:ResourceTag/access-project", "uni", "aws:PrincipalTag/access-project", "peg"), ImplicitDeny},
			{"secretsmanager:GetSecretValue", "*", having("aws:ResourceTag/access-project", "peg"), ImplicitDeny},
			{"secretsmanager:TagResource", "*", having("aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg", "aws:TagKeys", "cost-center", "aws:TagKeys", "owner"), ImplicitDeny},
			{"secretsmanager:TagResource", "*", having("aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg", "aws:TagKeys", "access-project", "aws:RequestTag/access-project", "uni"), ImplicitDeny},
		}},
	{purpose: "a default where the caller has no tag",
		identity: `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::corp/${aws:PrincipalTag/team, 'company-wide'}/*"]}`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::corp/yellow/x", having("aws:PrincipalTag/team", "yellow"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::corp/company-wide/x", having("aws:PrincipalTag/team", "yellow"), ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::corp/company-wide/x", nil, Allowed},
		}},
	{purpose: "a variable without a value denies what its negation guards",
		identity: `[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:ExistingObjectTag/Team":"${aws:PrincipalTag/Team}"}}}]`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/k", having("s3:ExistingObjectTag/Team", "a", "aws:PrincipalTag/Team", "a"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("s3:ExistingObjectTag/Team", "a", "aws:PrincipalTag/Team", "b"), ExplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("s3:ExistingObjectTag/Team", "a"), ExplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::b/k", nil, ExplicitDeny},
		}},
	{purpose: "a star in a name is meant literally",
		identity: `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${*}/what${?}"}`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/*/what?", nil, Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/a/whats", nil, ImplicitDeny},
		}},
	{purpose: "a boundary caps a user who may manage everything",
		identity: `{"Effect":"Allow","Action":"*","Resource":"*"}`,
		boundary: `{"Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*"}`,
		asks: []ask{
			{"s3:CreateBucket", "arn:aws:s3:::b", nil, Allowed},
			{"iam:CreateUser", "arn:aws:iam::123456789012:user/x", nil, ImplicitDeny},
		}},
	{purpose: "a session policy narrows a role", principal: session(),
		identity: `{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::prod","arn:aws:s3:::prod/*"]}`,
		session:  `{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::prod/public/*","arn:aws:s3:::other/*"]}`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::prod/public/x", nil, Allowed},
			{"s3:PutObject", "arn:aws:s3:::prod/public/x", nil, ImplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::other/x", nil, ImplicitDeny},
		}},
	{purpose: "all but one user are kept out of a bucket",
		identity: `{"Effect":"Allow","Action":"*","Resource":"*"}`,
		resource: `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:user/bob","arn:aws:iam::123456789012:root"]},"Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/k", nil, ExplicitDeny},
			{"s3:GetObject", "arn:aws:s3:::c/k", nil, Allowed},
		}},
	{purpose: "a queue takes messages of one topic only", principal: Principal{Kind: Service, ARN: "sns.amazonaws.com"},
		resource: `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-2:123456789012:q","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-2:123456789012:t"}}}`,
		asks: []ask{
			{"sqs:SendMessage", "arn:aws:sqs:us-east-2:123456789012:q", having("aws:SourceArn", "arn:aws:sns:us-east-2:123456789012:t"), Allowed},
			{"sqs:SendMessage", "arn:aws:sqs:us-east-2:123456789012:q", having("aws:SourceArn", "arn:aws:sns:us-east-2:123456789012:u"), ImplicitDeny},
		}},
	{purpose: "a bucket takes requests over TLS only", principal: Principal{},
		resource: `[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]`,
		asks: []ask{
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SecureTransport", "true"), Allowed},
			{"s3:GetObject", "arn:aws:s3:::b/k", having("aws:SecureTransport", "false"), ExplicitDeny},
			{"s3:PutObject", "arn:aws:s3:::b/k", having("aws:SecureTransport", "true"), ImplicitDeny},
		}},
	{purpose: "a role for those who signed in at one identity pool", principal: token(), alone: true,
		resource: `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + identityPool + `"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}`,
		asks: []ask{
			{assumeWithWeb, "", having(identityAud, identityPool, identityAmr, "authenticated", identityAmr, "graph.facebook.com"), Allowed},
			{"sts:TagSession", "", having(identityAud, identityPool, identityAmr, "authenticated"), Allowed},
			{assumeWithWeb, "", having(identityAud, identityPool, identityAmr, "unauthenticated"), ImplicitDeny},
			{assumeWithWeb, "", having(identityAud, subA, identityAmr, "authenticated"), ImplicitDeny},
			{assumeWithWeb, "", having(identityAmr, "authenticated"), ImplicitDeny},
			{assumeWithWeb, "", having(identityAud, identityPool), ImplicitDeny},
			{"sts:AssumeRole", "", having(identityAud, identityPool, identityAmr, "authenticated"), ImplicitDeny},
		}},
	{purpose: "a role for a partner who names the agreed id", alone: true,
		identity: `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`,
		resource: `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"12345"}}}`,
		asks: []ask{
			{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r", having("sts:ExternalId", "12345"), Allowed},
			{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r", having("sts:ExternalId", "54321"), ImplicitDeny},
			{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r", nil, ImplicitDeny},
		}},
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		t.Run(e.purpose, func(t *testing.T) {
			sets := &Sets{Alone: e.alone, Identity: e.sources(t, Inline, e.identity), Boundary: e.sources(t, Managed, e.boundary)}
			kind := Resource
			if e.alone {
				kind = Trust
			}
			sets.Resource = e.sources(t, kind, e.resource)
			if e.session != "" {
				sets.Session = [][]Source{e.sources(t, Session, e.session)}
			}
			if e.principal == (Principal{}) && e.identity != "" {
				e.principal = user()
			}
			for _, a := range e.asks {
				ctx := NewContext(a.keys)
				d := Evaluate(&Request{Principal: e.principal, Action: a.action, Resource: a.resource, Context: &ctx}, sets)
				if d.Result != a.result {
					t.Errorf("%s on %q with %v: %s, want %s", a.action, a.resource, a.keys, d.Result, a.result)
				}
			}
		})
	}
}

// sources parses the statements of an example, nil when it has none of the kind.
func (e *example) sources(t *testing.T, kind Kind, statements string) []Source {
	t.Helper()
	if statements == "" {
		return nil
	}
	return sources(t, kind, wrap(statements))
}
