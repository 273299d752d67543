package policy

import "strings"

// family is the kind of value that an operator compares.
type family uint8

const (
	stringValue family = iota
	stringFold
	stringLike
	numericValue
	dateValue
	boolValue
	binaryValue
	ipValue
	arnValue
	nullValue
)

// relation is how a value has to stand to one of the policy's.
type relation uint8

const (
	equal relation = iota
	less
	lessEqual
	greater
	greaterEqual
)

// operator is one of the condition operators without prefix and suffix.
type operator struct {
	family   family
	relation relation
	negated  bool
}

// operators are the names of the language. ArnEquals and ArnLike are the same, as IAM documents.
var operators = map[string]operator{
	"StringEquals":              {family: stringValue},
	"StringNotEquals":           {family: stringValue, negated: true},
	"StringEqualsIgnoreCase":    {family: stringFold},
	"StringNotEqualsIgnoreCase": {family: stringFold, negated: true},
	"StringLike":                {family: stringLike},
	"StringNotLike":             {family: stringLike, negated: true},
	"NumericEquals":             {family: numericValue},
	"NumericNotEquals":          {family: numericValue, negated: true},
	"NumericLessThan":           {family: numericValue, relation: less},
	"NumericLessThanEquals":     {family: numericValue, relation: lessEqual},
	"NumericGreaterThan":        {family: numericValue, relation: greater},
	"NumericGreaterThanEquals":  {family: numericValue, relation: greaterEqual},
	"DateEquals":                {family: dateValue},
	"DateNotEquals":             {family: dateValue, negated: true},
	"DateLessThan":              {family: dateValue, relation: less},
	"DateLessThanEquals":        {family: dateValue, relation: lessEqual},
	"DateGreaterThan":           {family: dateValue, relation: greater},
	"DateGreaterThanEquals":     {family: dateValue, relation: greaterEqual},
	"Bool":                      {family: boolValue},
	"BinaryEquals":              {family: binaryValue},
	"IpAddress":                 {family: ipValue},
	"NotIpAddress":              {family: ipValue, negated: true},
	"ArnEquals":                 {family: arnValue},
	"ArnLike":                   {family: arnValue},
	"ArnNotEquals":              {family: arnValue, negated: true},
	"ArnNotLike":                {family: arnValue, negated: true},
	"Null":                      {family: nullValue},
}

// quantifier is the prefix that says how the values of a multivalued key count.
type quantifier uint8

const (
	plain quantifier = iota
	forAllValues
	forAnyValue
)

// splitOperator takes the name of an operator apart.
func splitOperator(name string) (op operator, set quantifier, ifExists, ok bool) {
	if rest, found := strings.CutPrefix(name, "ForAllValues:"); found {
		name, set = rest, forAllValues
	} else if rest, found := strings.CutPrefix(name, "ForAnyValue:"); found {
		name, set = rest, forAnyValue
	}
	name, ifExists = strings.CutSuffix(name, "IfExists")
	op, ok = operators[name]
	return op, set, ifExists, ok && !(ifExists && op.family == nullValue)
}

// holds reports whether a comparison with that order is what the relation asks for.
func (r relation) holds(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterEqual:
		return order >= 0
	}
	return order == 0
}
