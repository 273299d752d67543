package policy

import (
	"errors"
	"strings"
	"testing"
)

// wrap makes a managed policy of one statement.
func wrap(statement string) string {
	return `{"Version":"2012-10-17","Statement":` + statement + `}`
}

// with makes a managed policy whose statement has a condition.
func with(condition string) string {
	return wrap(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":` + condition + `}`)
}

// on makes a managed policy for a resource.
func on(resource string) string {
	return wrap(`{"Effect":"Allow","Action":"s3:Get*","Resource":` + resource + `}`)
}

func TestParseIdentityRefusals(t *testing.T) {
	const iamPath = `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`
	for name, c := range map[string]struct{ document, text string }{
		"no JSON":                  {`policy`, textSyntax},
		"nothing":                  {``, textSyntax},
		"a list":                   {`[]`, textSyntax},
		"two documents":            {wrap(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + `{}`, textSyntax},
		"trailing comma":           {`{"Version":"2012-10-17","Statement":[],}`, textSyntax},
		"no UTF-8":                 {wrap("{\"Sid\":\"\xff\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}"), textSyntax},
		"no version":               {`{"Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}`, textVersion},
		"older version":            {`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}`, textVersion},
		"no such version":          {`{"Version":"2024-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}`, textSyntax},
		"version twice":            {`{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		"effect twice":             {wrap(`{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}`), textSyntax},
		"no statement":             {`{"Version":"2012-10-17"}`, textSyntax},
		"no statements":            {wrap(`[]`), textSyntax},
		"statement is a text":      {wrap(`["x"]`), textSyntax},
		"member of the document":   {`{"Version":"2012-10-17","Comment":"x","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		"lower-case member":        {`{"version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		"Id is a list":             {`{"Version":"2012-10-17","Id":["a"],"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		"member of the statement":  {wrap(`{"Effect":"Allow","Action":"*","Resource":"*","Comment":"x"}`), textSyntax},
		"no effect":                {wrap(`{"Action":"*","Resource":"*"}`), textSyntax},
		"unknown effect":           {wrap(`{"Effect":"Maybe","Action":"*","Resource":"*"}`), textSyntax},
		"effect in other case":     {wrap(`{"Effect":"deny","Action":"*","Resource":"*"}`), textLegacy},
		"effect before sid":        {wrap(`[{"Sid":"a","Effect":"ALLOW","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]`), textLegacy},
		"principal":                {wrap(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}`), textPrincipal},
		"not principal":            {wrap(`{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":"*"}}`), textPrincipal},
		"sid twice":                {wrap(`[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]`), textSidUnique},
		"sid with hyphen":          {wrap(`{"Sid":"a-b","Effect":"Allow","Action":"*","Resource":"*"}`), textSidForm},
		"sid is an object":         {wrap(`{"Sid":{},"Effect":"Allow","Action":"*","Resource":"*"}`), textSyntax},
		"no actions":               {wrap(`{"Effect":"Allow","Resource":"*"}`), textNoActions},
		"empty actions":            {wrap(`{"Effect":"Allow","Action":[],"Resource":"*"}`), textNoActions},
		"action and not":           {wrap(`{"Effect":"Allow","Action":"s3:Get*","NotAction":[],"Resource":"*"}`), textSyntax},
		"action is an object":      {wrap(`{"Effect":"Allow","Action":{},"Resource":"*"}`), textSyntax},
		"action in a list":         {wrap(`{"Effect":"Allow","Action":[["*"]],"Resource":"*"}`), textSyntax},
		"action without vendor":    {wrap(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), textNoVendor},
		"empty action":             {wrap(`{"Effect":"Allow","NotAction":"","Resource":"*"}`), textNoVendor},
		"action without resource":  {wrap(`{"Effect":"Allow","Action":"GetObject"}`), textNoVendor},
		"vendor with blank":        {wrap(`{"Effect":"Allow","Action":"s 3:Get*","Resource":"*"}`), "Vendor s 3 is not valid"},
		"vendor with star":         {wrap(`{"Effect":"Allow","Action":"s*:Get*","Resource":"*"}`), "Vendor s* is not valid"},
		"two colons":               {wrap(`{"Effect":"Allow","Action":"s3:Get:Object","Resource":"*"}`), textOneColon},
		"no resources":             {wrap(`{"Effect":"Allow","Action":"s3:Get*"}`), textNoResources},
		"empty resources":          {on(`[]`), textNoResources},
		"only null resources":      {on(`[null]`), textNoResources},
		"resource and not":         {wrap(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*","NotResource":"*"}`), textSyntax},
		"resource is an object":    {on(`{"a":"*"}`), textSyntax},
		"resource in a list":       {on(`["*",{}]`), textSyntax},
		"resource is a word":       {on(`"bucket"`), `Resource bucket must be in ARN format or "*".`},
		"empty resource":           {on(`""`), `Resource  must be in ARN format or "*".`},
		"partition of two":         {on(`"x:nowhere"`), `Partition "nowhere" is not valid for resource "arn:nowhere:*:*:*:*".`},
		"partition of three":       {on(`"x:nowhere:s3"`), `Partition "nowhere" is not valid for resource "arn:nowhere:s3:*:*:*".`},
		"partition of many":        {on(`"x:nowhere:s3:r:a:b:c:d"`), `Partition "nowhere" is not valid for resource "arn:nowhere:s3:r:a:b:c:d".`},
		"partition before the end": {on(`"arn:nowhere:s3::bucket"`), `Partition "nowhere" is not valid for resource "arn:nowhere:s3::bucket:*".`},
		"arn of two":               {on(`"arn:aws"`), textService},
		"any service":              {on(`"arn:aws:*:::bucket"`), textService},
		"one field missing":        {on(`"arn:aws:s3::bucket"`), textLegacy},
		"no service":               {on(`"arn:aws::::bucket"`), textLegacy},
		"legacy before actions":    {wrap(`{"Effect":"Allow","Resource":"arn:aws:s3::bucket"}`), textLegacy},
		"resource before actions":  {wrap(`{"Effect":"Allow","Action":"a:b:c","Resource":"bucket"}`), `Resource bucket must be in ARN format or "*".`},
		"path of IAM":              {on(`"arn:aws:iam::123456789012:thing/x"`), iamPath},
		"region of IAM":            {on(`"arn:aws:iam:us-east-1::user/x"`), "IAM resource arn:aws:iam:us-east-1::user/x cannot contain region information."},
		"region of S3":             {on(`"arn:aws:s3:us-east-1::bucket"`), "Resource arn:aws:s3:us-east-1::bucket can not contain region information."},
		"condition is a list":      {with(`[]`), textSyntax},
		"operator with a text":     {with(`{"StringEquals":"a"}`), textSyntax},
		"operator with a list":     {with(`{"StringEquals":[]}`), textSyntax},
		"no such operator":         {with(`{"StringMatches":{"aws:username":"a"}}`), textSyntax},
		"operator in other case":   {with(`{"stringequals":{"aws:username":"a"}}`), textSyntax},
		"two colons of a prefix":   {with(`{"ForAnyValue::StringEquals":{"aws:username":"a"}}`), textSyntax},
		"null if exists":           {with(`{"NullIfExists":{"aws:username":"true"}}`), textSyntax},
		"object as value":          {with(`{"DateLessThan":{"aws:CurrentTime":{}}}`), textSyntax},
		"null as value":            {with(`{"StringEquals":{"aws:username":null}}`), textSyntax},
		"key twice":                {with(`{"StringEquals":{"aws:username":"a","aws:username":"b"}}`), textSyntax},
		"operator twice":           {with(`{"StringEquals":{"aws:username":"a"},"StringEquals":{"aws:userid":"b"}}`), textSyntax},
		"no date":                  {with(`{"DateLessThan":{"aws:CurrentTime":"soon"}}`), textLegacy},
		"month 13":                 {with(`{"DateLessThan":{"aws:CurrentTime":"2026-13"}}`), textLegacy},
		"zone of one digit":        {with(`{"DateLessThan":{"aws:CurrentTime":"2026-12-13T02:00:00.5+1"}}`), textLegacy},
		"ten digits of a second":   {with(`{"DateLessThan":{"aws:CurrentTime":"2026-12-13T02:00:00.1999999999Z"}}`), textLegacy},
		"epoch beyond 64 bits":     {with(`{"DateLessThan":{"aws:CurrentTime":"9223372036854775808"}}`), textLegacy},
		"date before resource":     {wrap(`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:nowhere:s3:::b","Condition":{"DateLessThan":{"a:b":"x"}}}`), textLegacy},
		"no number":                {with(`{"NumericEquals":{"s3:max-keys":"ten"}}`), textLegacy},
		"no address":               {with(`{"IpAddress":{"aws:SourceIp":"203.0.113"}}`), textLegacy},
		"no boolean":               {with(`{"Bool":{"aws:SecureTransport":"yes"}}`), textLegacy},
		"no base64":                {with(`{"BinaryEquals":{"k:b":"?"}}`), textLegacy},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c.document, Managed)
			var refused *Error
			if !errors.As(err, &refused) || refused.Text != c.text {
				t.Errorf("Parse(%s)\n got %v\nwant %s", c.document, err, c.text)
			}
		})
	}
}

func TestParseResourceRefusals(t *testing.T) {
	statement := func(members string) string {
		return wrap(`{"Effect":"Allow","Action":"sts:AssumeRole"` + members + `}`)
	}
	const trusted = `,"Principal":{"AWS":"123456789012"}`
	for name, c := range map[string]struct {
		kind           Kind
		document, text string
	}{
		"no JSON":             {Trust, `{`, textInvalidJSON},
		"trailing comma":      {Trust, wrap(`[{"Effect":"Allow",}]`), textInvalidJSON},
		"no statement":        {Trust, `{"Version":"2012-10-17"}`, "Missing required field Statement"},
		"unknown member":      {Trust, statement(trusted + `,"Comment":"x"`), "Unknown field Comment"},
		"resource":            {Trust, statement(trusted + `,"Resource":"*"`), "Has prohibited field Resource"},
		"no principal":        {Trust, statement(``), "Missing required field Principal"},
		"empty principal":     {Trust, statement(`,"Principal":{}`), "Missing required field Principal cannot be empty!"},
		"principal text":      {Trust, statement(`,"Principal":"me"`), `Invalid principal in policy: "AWS":"me"`},
		"short account":       {Trust, statement(`,"Principal":{"AWS":"12345"}`), `Invalid principal in policy: "AWS":"12345"`},
		"wildcard in a name":  {Trust, statement(`,"Principal":{"AWS":"arn:aws:iam::123456789012:role/*"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*"`},
		"group":               {Trust, statement(`,"Principal":{"AWS":"arn:aws:iam::123456789012:group/g"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/g"`},
		"account with root":   {Trust, statement(`,"Principal":{"AWS":"123456789012:root"}`), `Invalid principal in policy: "AWS":"123456789012:root"`},
		"unknown type":        {Trust, statement(`,"Principal":{"aws":"*"}`), `Invalid principal in policy: "aws":"*"`},
		"service":             {Trust, statement(`,"Principal":{"Service":"*"}`), `Invalid principal in policy: "Service":"*"`},
		"provider":            {Trust, statement(`,"Principal":{"Federated":"google"}`), `Invalid principal in policy: "Federated":"google"`},
		"principal is a list": {Trust, statement(`,"Principal":["*"]`), textBadSyntax},
		"not principal":       {Trust, statement(`,"NotPrincipal":{"AWS":"123456789012"}`), textNotPrincipal},
		"action of S3":        {Trust, wrap(`{"Effect":"Allow","Action":"s3:Get*","Principal":{"AWS":"*"}}`), textOnlyAssume},
		"no action":           {Trust, wrap(`{"Effect":"Allow","Principal":{"AWS":"*"}}`), "Missing required field Action"},
		"effect":              {Trust, wrap(`{"Effect":"allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}`), "Invalid effect: allow"},
		"operator":            {Trust, statement(trusted + `,"Condition":{"Equals":{"a:b":"c"}}`), "Invalid Condition type : Equals"},
		"bucket without":      {Resource, statement(trusted), "Missing required field Resource"},
		"bucket resource":     {Resource, statement(trusted + `,"Resource":"bucket"`), textBadResource},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c.document, c.kind)
			var refused *Error
			if !errors.As(err, &refused) || refused.Text != c.text {
				t.Errorf("Parse(%s)\n got %v\nwant %s", c.document, err, c.text)
			}
		})
	}
}

func TestParseTakes(t *testing.T) {
	for _, c := range []struct {
		kind     Kind
		document string
	}{
		{Managed, wrap(`{"Effect":"Allow","Action":"*","Resource":"*"}`)},
		{Managed, wrap(`[{"Sid":"","Effect":"Allow","Action":["*:*"],"Resource":["*"]},{"Sid":"","Effect":"Deny","NotAction":"iam:*","NotResource":["arn:aws:s3:::b",null]}]`)},
		{Managed, `{"Statement":[{"Resource":"*","Action":"aws-portal:*","Effect":"Allow"}],"Id":"x","Version":"2012-10-17"}`},
		{Managed, on(`["arn:aws:s3:us-west-2:123456789012:accesspoint/x","arn:*:s3:::b*","arn:aws-cn:s3:::b","arn:aws:iam::*:*","arn:aws:iam::aws:policy/x","arn:aws:sns:*:*:${aws:username}"]`)},
		{Managed, with(`{}`)},
		{Managed, with(`{"StringEquals":{}}`)},
		{Managed, with(`{"Bool":{"a:b":true},"ForAllValues:Bool":{"a:b":"False"},"Null":{"a:c":false},"NumericLessThan":{"a:d":[5,"6.5",-1]},"BoolIfExists":{"a:e":"${aws:SecureTransport}"}}`)},
		{Managed, with(`{"DateGreaterThan":{"a:b":["2026","2026-11","2026-11-30","2026-11-30T12:00Z","2026-11-30t12:00:00.123456789+01:00","2026-11-30T12:00:00-0530","1480000000","-1-01-01",1480000000]}}`)},
		{Managed, with(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","203.0.113.7","2001:db8::/32","::1"]}}`)},
		{Inline, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`},
		{Session, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`},
		{Trust, wrap(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`)},
		{Trust, wrap(`{"Effect":"Allow","Principal":{"Federated":["cognito-identity.amazonaws.com","arn:aws:iam::123456789012:oidc-provider/example.com/x"],"Service":"lambda.amazonaws.com","AWS":["AROAEXAMPLEEXAMPLE12","arn:aws:iam::123456789012:root","arn:aws:sts::123456789012:assumed-role/R/s"]},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]}`)},
		{Resource, wrap(`{"Sid":"a b","Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`)},
	} {
		p, err := Parse(c.document, c.kind)
		if err != nil {
			t.Errorf("Parse(%s): %v", c.document, err)
			continue
		}
		if p.String() != c.document || p.Kind() != c.kind || p.Statements() == 0 {
			t.Errorf("Parse(%s) = %q, kind %d, %d statements", c.document, p, p.Kind(), p.Statements())
		}
	}
}

// TestPositions holds where mistakes and statements are said to be. The first span is one that IAM's simulator reports.
func TestPositions(t *testing.T) {
	p, err := Parse(`{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}`, Managed)
	if err != nil {
		t.Fatal(err)
	}
	if start, end := p.Span(0); start != (Position{1, 41}) || end != (Position{1, 113}) {
		t.Errorf("span %v to %v", start, end)
	}
	document := "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"Allow\",\n   \"Action\": \"s3:*\", \"Resource\": \"ä\"}]}"
	var refused *Error
	if _, err := Parse(document, Managed); !errors.As(err, &refused) || refused.At != (Position{5, 34}) {
		t.Errorf("%v at %v", err, refused.At)
	}
	if _, err := Parse("{\n  \"Version\" \"x\"}", Managed); !errors.As(err, &refused) || refused.At.Line != 2 {
		t.Errorf("%v at %v", err, refused.At)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int{"{ \"a\" :\n [ 1, 2 ] }": 11, `{"ä b":1}`: 9, "x y": 3} {
		if got := Size(text); got != want {
			t.Errorf("Size(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestContextKeys(t *testing.T) {
	p, err := Parse(wrap(`[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/${aws:PrincipalTag/a b, 'x'}","Condition":{"StringLike":{"s3:prefix":"${aws:UserName}${*}"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::${s3:x}"},"Null":{"s3:ExistingObjectTag/k":"true"}}}]`), Managed)
	if err != nil {
		t.Fatal(err)
	}
	want := "aws:username aws:PrincipalTag/a b s3:prefix aws:SourceArn s3:x s3:ExistingObjectTag/k"
	if got := strings.Join(p.ContextKeys(), " "); got != want {
		t.Errorf("keys %q, want %q", got, want)
	}
	for key, want := range map[string]bool{"S3:Prefix": true, "s3:existingobjecttag/": true, "s3:x": true, "s3:y": false, "aws:RequestTag/": false} {
		if p.Names(key) != want {
			t.Errorf("Names(%q) = %v", key, !want)
		}
	}
}

func TestMapPrincipals(t *testing.T) {
	document := wrap(`[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:role/\u0052","123456789012"],"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]`)
	p, err := Parse(document, Trust)
	if err != nil {
		t.Fatal(err)
	}
	if names := p.Principals(); len(names) != 4 || names[0].Value != "arn:aws:iam::123456789012:role/R" || names[3].Statement != 1 {
		t.Fatalf("principals %v", names)
	}
	mapped := p.MapPrincipals(func(n Named) string {
		return strings.Replace(n.Value, "arn:aws:iam::123456789012:role/R", "AROAEXAMPLEEXAMPLE12", 1)
	})
	if want := strings.Replace(document, `arn:aws:iam::123456789012:role/\u0052`, "AROAEXAMPLEEXAMPLE12", 1); mapped != want {
		t.Errorf("mapped to %s", mapped)
	}
	if same := p.MapPrincipals(func(n Named) string { return n.Value }); same != document {
		t.Errorf("changed to %s", same)
	}
	if got := InvalidPrincipal(p.Principals()[0]).Error(); got != `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/R"` {
		t.Error(got)
	}
}
