package pool

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api/cognitoidp"
)

// maxValue is the longest attribute value in characters, whatever the schema says.
const maxValue = 2048

// Prefixes of the names of attributes that an owner defines.
const (
	customPrefix = "custom:"
	devPrefix    = "dev:custom:"
)

// Attribute is one entry of a schema.
type Attribute struct {
	// Name is the full name: "email", "custom:level" or "dev:custom:level".
	Name string
	// Type is the data type; values are always kept as text.
	Type cognitoidp.AttributeDataType
	// Mutable attributes can be changed after the user was made.
	Mutable bool
	// Required attributes must have a value from sign-up on; only standard ones can be.
	Required bool
	// DeveloperOnly attributes are written by administrators only.
	DeveloperOnly bool
	// MinLength and MaxLength bound the characters of a String.
	MinLength, MaxLength int
	// MinValue and MaxValue bound a Number; nil is no bound.
	MinValue, MaxValue *big.Rat
}

// Custom reports whether the pool's owner defined the attribute.
func (a *Attribute) Custom() bool { return isCustom(a.Name) }

// AttributeError is a value that its schema refuses. Its text is "<name>: <reason>", as it stands in one line of AWS's
// "Attributes did not conform to the schema" answers.
type AttributeError struct{ Name, Reason string }

// Error is the attribute's name and the reason.
func (e *AttributeError) Error() string { return e.Name + ": " + e.Reason }

// Schema is the immutable attribute schema of a pool.
type Schema struct {
	byName   map[string]*Attribute
	list     []*Attribute
	required []string
}

// newSchema reads the effective SchemaAttributes of a pool.
func newSchema(list []cognitoidp.SchemaAttributeType) *Schema {
	s := &Schema{byName: make(map[string]*Attribute, len(list)+1)}
	for _, in := range list {
		a := attribute(in)
		s.byName[a.Name] = a
		s.list = append(s.list, a)
		if a.Required {
			s.required = append(s.required, a.Name)
		}
	}
	if s.byName["identities"] == nil {
		s.byName["identities"] = &Attribute{Name: "identities", Type: cognitoidp.AttributeDataTypeString, Mutable: true, MaxLength: maxValue}
	}
	return s
}

// attribute reads one stored schema entry; malformed bounds, which cannot have been stored, count as none.
func attribute(in cognitoidp.SchemaAttributeType) *Attribute {
	a := &Attribute{
		Name: str(in.Name), Type: val(in.AttributeDataType), Mutable: on(in.Mutable), Required: on(in.Required),
		DeveloperOnly: on(in.DeveloperOnlyAttribute), MaxLength: maxValue,
	}
	if c := in.StringAttributeConstraints; c != nil {
		if n, err := strconv.Atoi(str(c.MinLength)); err == nil {
			a.MinLength = n
		}
		if n, err := strconv.Atoi(str(c.MaxLength)); err == nil {
			a.MaxLength = min(n, maxValue)
		}
	}
	if c := in.NumberAttributeConstraints; c != nil {
		a.MinValue, _ = number(str(c.MinValue))
		a.MaxValue, _ = number(str(c.MaxValue))
	}
	return a
}

// Attr returns the entry of a full attribute name. "identities" is known in every pool.
func (s *Schema) Attr(name string) (*Attribute, bool) {
	a, ok := s.byName[name]
	return a, ok
}

// All returns the entries in Describe order. The slice must not be changed.
func (s *Schema) All() []*Attribute { return s.list }

// Required returns the names of required attributes in schema order, "sub" among them. The slice must not be changed.
func (s *Schema) Required() []string { return s.required }

// Validate checks a value against type and bounds of its attribute. The error is an *AttributeError. An empty value,
// which deletes an attribute, is not for Validate.
func (s *Schema) Validate(name, value string) error {
	a, ok := s.byName[name]
	if !ok {
		return &AttributeError{name, "Attribute does not exist in the schema."}
	}
	refuse := func(format string, args ...any) error { return &AttributeError{name, fmt.Sprintf(format, args...)} }
	length := utf8.RuneCountInString(value)
	if length > maxValue {
		return refuse("String attributes cannot have a length of more than %d", maxValue)
	}
	switch a.Type {
	case cognitoidp.AttributeDataTypeNumber:
		n, ok := number(value)
		switch {
		case !ok:
			return refuse("Attribute value is not a number.")
		case a.MinValue != nil && n.Cmp(a.MinValue) < 0:
			return refuse("Attribute value is smaller than the minimum value %s.", plain(a.MinValue))
		case a.MaxValue != nil && n.Cmp(a.MaxValue) > 0:
			return refuse("Attribute value is larger than the maximum value %s.", plain(a.MaxValue))
		}
	case cognitoidp.AttributeDataTypeBoolean:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return refuse("Attribute value is not a boolean.")
		}
	case cognitoidp.AttributeDataTypeDateTime:
		if !dateTime(value) {
			return refuse("Attribute value is not a date and time.")
		}
	default:
		switch {
		case length < a.MinLength:
			return refuse("String must be no shorter than %d characters", a.MinLength)
		case length > a.MaxLength:
			return refuse("String must be no longer than %d characters", a.MaxLength)
		}
	}
	return nil
}

// decimal is how numbers are written: digits with an optional sign and fraction. 50 digits bound the arithmetic.
var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,50}(\.[0-9]{1,50})?$`)

// number reads a decimal number exactly.
func number(s string) (*big.Rat, bool) {
	if !decimal.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// plain writes a bound as its owner did, without trailing zeros.
func plain(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(50), "0")
}

// dateTime accepts the notations of RFC 3339 (with and without time) and seconds since 1970.
func dateTime(s string) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	_, ok := number(s)
	return ok
}

// isCustom tells attributes that an owner defines from standard ones.
func isCustom(name string) bool {
	return strings.HasPrefix(name, customPrefix) || strings.HasPrefix(name, devPrefix)
}

// neverWritable are the attributes that no client may write, listed or not.
func neverWritable(name string) bool {
	switch name {
	case "sub", "identities", "email_verified", "phone_number_verified":
		return true
	}
	return strings.HasPrefix(name, devPrefix)
}

// isStandard reports whether name is one of the attributes that every pool has.
func isStandard(name string) bool { return slices.Contains(standardNames, name) }
