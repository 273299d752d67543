package policy

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strings"
)

// condition is one key under one operator. Conditions of a statement must all hold; the values of one are alternatives.
type condition struct {
	operator
	set      quantifier
	ifExists bool
	key      string
	values   []value
}

// value is one of the policy's values, read once for the family of its operator.
type value struct {
	pattern pattern
	arn     *arnPattern
	number  decimal
	instant instant
	prefix  netip.Prefix
	bytes   []byte
	truth   bool
}

// compileValue reads a value of a policy; ok is false for a text that the operator cannot compare with anything.
func compileValue(f family, text string, variables bool) (v value, ok bool) {
	switch f {
	case stringValue, stringFold:
		v.pattern = compile(text, false, variables)
	case stringLike:
		v.pattern = compile(text, true, variables)
	case arnValue:
		arn := compileARN(text, variables, true)
		v.arn = &arn
	case numericValue:
		v.number, ok = parseDecimal(text)
		return v, ok
	case dateValue:
		v.instant, ok = parseInstant(text)
		return v, ok
	case boolValue:
		v.pattern = compile(text, false, variables)
		return v, v.pattern.variables || truth(text)
	case nullValue:
		v.truth = strings.EqualFold(text, "true")
		return v, truth(text)
	case binaryValue:
		b, err := base64.StdEncoding.DecodeString(text)
		v.bytes = b
		return v, err == nil
	case ipValue:
		v.prefix, ok = parsePrefix(text)
		return v, ok
	}
	return v, true
}

func truth(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// parsePrefix reads a block of addresses, or a single address as the block that contains only it.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Addr().Is4In6() {
			return netip.Prefix{}, false
		}
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}

// holds decides the condition for the keys of a request.
func (c *condition) holds(ctx *Context) bool {
	have := ctx.Get(c.key)
	if c.family == nullValue {
		return c.null(have)
	}
	if len(have) == 0 {
		return c.ifExists || c.set == forAllValues || c.set == plain && c.negated
	}
	switch c.set {
	case forAllValues:
		return empty(have) || c.all(ctx, have)
	case forAnyValue:
		return c.some(ctx, have)
	}
	if c.negated {
		return c.all(ctx, have)
	}
	return c.some(ctx, have)
}

func (c *condition) all(ctx *Context, have []string) bool {
	for _, s := range have {
		if !c.test(ctx, s) {
			return false
		}
	}
	return true
}

func (c *condition) some(ctx *Context, have []string) bool {
	for _, s := range have {
		if c.test(ctx, s) {
			return true
		}
	}
	return false
}

// test compares one value of the request with the alternatives of the policy. A negated operator holds when none of
// them matches.
func (c *condition) test(ctx *Context, s string) bool {
	for i := range c.values {
		if c.values[i].matches(c.operator, ctx, s) {
			return !c.negated
		}
	}
	return c.negated
}

// null is true for "true" when the key is absent and for "false" when it is there. A key that has only empty values
// counts as absent.
func (c *condition) null(have []string) bool {
	absent := empty(have)
	for i := range c.values {
		if c.values[i].truth == absent {
			return true
		}
	}
	return false
}

// empty reports whether there is no value that says anything.
func empty(have []string) bool {
	for _, s := range have {
		if s != "" {
			return false
		}
	}
	return true
}

// matches compares a value of the request with this one of the policy.
func (v *value) matches(op operator, ctx *Context, s string) bool {
	switch op.family {
	case stringValue, stringLike:
		return v.pattern.match(ctx, s, false)
	case stringFold, boolValue:
		return v.pattern.equalFold(ctx, s)
	case arnValue:
		return v.arn.matchText(ctx, s)
	case numericValue:
		n, ok := parseDecimal(s)
		return ok && op.relation.holds(n.compare(v.number))
	case dateValue:
		t, ok := parseInstant(s)
		return ok && op.relation.holds(t.compare(v.instant))
	case binaryValue:
		b, err := base64.StdEncoding.DecodeString(s)
		return err == nil && bytes.Equal(b, v.bytes)
	case ipValue:
		a, err := netip.ParseAddr(s)
		return err == nil && a.Zone() == "" && v.prefix.Contains(a.Unmap())
	}
	return false
}

// equalFold compares without regard to case, for which a pattern with variables has to be put together first.
func (p *pattern) equalFold(ctx *Context, s string) bool {
	if p.exact {
		return strings.EqualFold(p.text, s)
	}
	parts, ok := p.resolve(ctx, nil)
	if !ok {
		return false
	}
	var b strings.Builder
	for _, q := range parts {
		b.WriteString(q.text)
	}
	return strings.EqualFold(b.String(), s)
}
