package policy

import (
	"encoding/json"
	"math/rand/v2"
)

// pair is a generated request with the policies that apply to it, in a form that any evaluator can read.
type pair struct {
	Identity  []json.RawMessage   `json:"identity"`
	Boundary  json.RawMessage     `json:"boundary,omitempty"`
	Session   json.RawMessage     `json:"session,omitempty"`
	Resource  json.RawMessage     `json:"resource,omitempty"`
	Principal string              `json:"principal"`
	Action    string              `json:"action"`
	ARN       string              `json:"arn"`
	Account   string              `json:"account"`
	Context   map[string][]string `json:"context"`

	stopped bool // whether the session policy allows nothing; only for rewriting
}

// generator makes pairs. What it draws from is small and related, so that statements apply often enough to matter.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// some returns one to n draws.
func (g generator) some(n int, draw func() string) []string {
	list := []string{}
	for range 1 + g.IntN(n) {
		list = append(list, draw())
	}
	return list
}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

const (
	foreignAccount = "210987654321"
	pairUser       = "arn:aws:iam::" + own + ":user/ann"
	pairSession    = "arn:aws:sts::" + own + ":assumed-role/R/s"
)

// next makes a pair.
func (g generator) next() pair {
	p := pair{Context: map[string][]string{}}
	p.Principal = g.pick(pairUser, pairSession)
	p.Account = own
	if g.chance(10) {
		p.Account = foreignAccount
	}
	// An action and a resource of its service, and now and then two that do not belong together.
	i := g.IntN(4)
	p.Action = []string{"dynamodb:GetItem", "dynamodb:Query", "sqs:SendMessage", "lambda:InvokeFunction"}[i]
	if g.chance(10) {
		i = g.IntN(4)
	}
	p.ARN = []string{"arn:aws:dynamodb:eu-west-1:" + p.Account + ":table/ann", "arn:aws:dynamodb:eu-west-1:" + p.Account + ":table/t/index/i",
		"arn:aws:sqs:us-east-1:" + p.Account + ":q", "arn:aws:lambda:eu-west-1:" + p.Account + ":function:f:live"}[i]
	for _, k := range g.keys() {
		if g.chance(65) {
			p.Context[k.name] = k.draw()
		}
	}
	for range 1 + g.IntN(2) {
		p.Identity = append(p.Identity, g.document(false))
	}
	if g.chance(25) {
		p.Boundary = g.document(false)
	}
	if p.Principal != pairUser && g.chance(25) {
		p.Session = g.document(false)
	}
	if g.chance(30) {
		p.Resource = g.document(true)
	}
	return p
}

// drawnKey is a context key and what it may be.
type drawnKey struct {
	name string
	draw func() []string
}

func (g generator) keys() []drawnKey {
	one := func(from ...string) func() []string { return func() []string { return []string{g.pick(from...)} } }
	return []drawnKey{
		{"aws:username", one("ann", "bob", "a*", "An?")},
		{"aws:SourceIp", one("203.0.113.7", "198.51.100.1", "2001:db8::1")},
		{"aws:SecureTransport", one("true", "false")},
		{"aws:CurrentTime", one("2026-11-30T12:00:00Z", "2025-01-01T00:00:00Z", "2026-11-30T11:59:59Z")},
		{"k:number", one("5", "10", "-1", "7.5")},
		{"k:arn", one("arn:aws:sns:eu-west-1:1234:t", "arn:aws:s3:::ann/k:v")},
		{"k:text", one("Ann", "ann", "bob", "x/y", "a?c")},
		{"k:empty", one("", "x")},
		{"k:list", func() []string { return g.some(3, func() string { return g.pick("red", "green", "blue", "ann") }) }},
	}
}

// document makes a policy of one to three statements.
func (g generator) document(resource bool) json.RawMessage {
	statements := []map[string]any{}
	for range 1 + g.IntN(3) {
		statements = append(statements, g.statement(resource))
	}
	text, err := json.Marshal(map[string]any{"Version": version2012, "Statement": statements})
	if err != nil {
		panic(err)
	}
	return text
}

func (g generator) statement(resource bool) map[string]any {
	s := map[string]any{"Effect": "Allow"}
	if g.chance(25) {
		s["Effect"] = "Deny"
	}
	name := func(name string, percent int) string {
		if g.chance(percent) {
			return "Not" + name
		}
		return name
	}
	s[name("Action", 15)] = g.some(2, func() string {
		return g.pick("*", "*", "dynamodb:*", "DynamoDB:getitem", "dynamodb:?etItem", "sqs:Send*", "lambda:*Function", "s3:GetObject")
	})
	resources := []string{"*", "*", "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:" + own + ":table/${k:text, 'ann'}", "arn:aws:sqs:us-east-?:" + own + ":q",
		"arn:aws:lambda:*:*:function:f*", "arn:aws:dynamodb:eu-*:*:table/t/*/?", "arn:aws:dynamodb:*:*:table/a${*}"}
	element := name("Resource", 15)
	if element == "Resource" {
		resources = append(resources, "arn:aws:dynamodb:eu-west-1:"+own+":table/${aws:username}", "arn:aws:sqs:*:*:${aws:username}*")
	}
	s[element] = g.some(2, func() string { return g.pick(resources...) })
	if g.chance(60) {
		s["Condition"] = g.condition()
	}
	if resource {
		element := "Principal"
		if s["Effect"] == "Deny" && g.chance(30) {
			element = "NotPrincipal"
		}
		s[element] = g.principal()
	}
	return s
}

func (g generator) principal() any {
	return map[string]any{"AWS": g.some(2, func() string {
		return g.pick("*", own, "arn:aws:iam::"+own+":root", foreignAccount, "arn:aws:iam::"+own+":user/ann", "arn:aws:iam::"+own+":user/bob",
			"arn:aws:iam::"+own+":role/R", "arn:aws:sts::"+own+":assumed-role/R/s", "arn:aws:sts::"+own+":assumed-role/R/other")
	})}
}

// condition makes one or two operators with a key each.
func (g generator) condition() map[string]any {
	block := map[string]any{}
	for range 1 + g.IntN(2) {
		var operator, key string
		var draw func() string
		switch g.IntN(8) {
		case 0, 1:
			operator = g.pick("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike")
			key = g.pick("k:text", "k:empty", "aws:username", "AWS:UserName")
			draw = func() string {
				return g.pick("ann", "Ann", "a*", "*n?", "b?b", "${aws:username}", "${k:text, 'bob'}", "a${?}c", "")
			}
		case 2:
			operator = g.pick("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals")
			key, draw = "k:number", func() string { return g.pick("5", "10", "7.5", "0") }
		case 3:
			operator = g.pick("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals")
			key, draw = "aws:CurrentTime", func() string { return g.pick("2026-11-30T12:00:00Z", "2025-06-01T00:00:00Z") }
		case 4:
			operator = g.pick("Bool", "Null")
			key, draw = g.pick("aws:SecureTransport", "k:missing"), func() string { return g.pick("true", "false") }
		case 5:
			operator = g.pick("IpAddress", "NotIpAddress")
			key, draw = "aws:SourceIp", func() string { return g.pick("203.0.113.0/24", "198.51.100.1", "2001:db8::/32") }
		case 6:
			operator = g.pick("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
			key = "k:arn"
			draw = func() string {
				return g.pick("arn:aws:sns:*:*:t", "arn:aws:s3:::ann/*", "arn:aws:s3:::${aws:username}/*", "arn:aws:sns:eu-west-1:1234:?")
			}
		default:
			operator = g.pick("ForAllValues:", "ForAnyValue:") + g.pick("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
			key, draw = "k:list", func() string { return g.pick("red", "green", "*e*", "${aws:username}") }
		}
		if operator != "Null" && g.chance(20) {
			operator += "IfExists"
		}
		block[operator] = map[string]any{key: g.some(2, draw)}
	}
	return block
}
