package policy

import (
	"strings"
	"unicode/utf8"
)

// partKind says what a part of a pattern stands for.
type partKind uint8

const (
	literal  partKind = iota // exactly its text
	anyRun                   // "*": any run of characters, also none
	one                      // "?": exactly one character
	variable                 // "${key}": the value of a context key, taken literally
)

// part is one piece of a pattern.
type part struct {
	kind     partKind
	text     string // the literal, or the context key of a variable
	fallback string // what stands in for an absent key
	defaults bool   // whether there is a fallback
}

// pattern is a compiled text with wildcards and variables. A pattern of one literal or none is the commonest and is
// compared without looking at parts.
type pattern struct {
	parts     []part
	exact     bool // no wildcard and no variable: text is all there is
	variables bool
	text      string
}

// compile cuts text into parts. wild says whether "*" and "?" are wildcards, variables whether "${...}" is read.
func compile(text string, wild, variables bool) pattern {
	if !strings.ContainsAny(text, "*?$") {
		return pattern{exact: true, text: text}
	}
	c := compiler{wild: wild, variables: variables}
	c.read(text)
	c.flush()
	p := pattern{parts: c.parts, variables: c.found}
	if len(p.parts) == 1 && p.parts[0].kind == literal {
		p.exact, p.text = true, p.parts[0].text
	}
	return p
}

// compiler gathers the parts of one pattern.
type compiler struct {
	wild, variables, found bool
	parts                  []part
	literal                strings.Builder
}

func (c *compiler) read(text string) {
	for i := 0; i < len(text); {
		if c.variables && strings.HasPrefix(text[i:], "${") {
			if end := strings.IndexByte(text[i:], '}'); end > 2 {
				c.reference(text[i+2 : i+end])
				i += end + 1
				continue
			}
		}
		switch b := text[i]; {
		case c.wild && b == '*':
			c.flush()
			if n := len(c.parts); n == 0 || c.parts[n-1].kind != anyRun {
				c.parts = append(c.parts, part{kind: anyRun})
			}
		case c.wild && b == '?':
			c.flush()
			c.parts = append(c.parts, part{kind: one})
		default:
			c.literal.WriteByte(b)
		}
		i++
	}
}

// reference adds what stands between "${" and "}": one of the three escapes, or a key with an optional default.
func (c *compiler) reference(name string) {
	if name == "*" || name == "?" || name == "$" {
		c.literal.WriteString(name)
		return
	}
	c.flush()
	c.found = true
	p := part{kind: variable, text: name}
	if key, rest, found := strings.Cut(name, ","); found {
		rest = strings.TrimSpace(rest)
		if n := len(rest); n >= 2 && rest[0] == '\'' && rest[n-1] == '\'' {
			p.text, p.fallback, p.defaults = key, rest[1:n-1], true
		}
	}
	p.text = strings.TrimSpace(p.text)
	c.parts = append(c.parts, p)
}

func (c *compiler) flush() {
	if c.literal.Len() > 0 {
		c.parts = append(c.parts, part{kind: literal, text: c.literal.String()})
		c.literal.Reset()
	}
}

// keys calls add with every context key that a variable of the pattern names.
func (p *pattern) keys(add func(string)) {
	for i := range p.parts {
		if p.parts[i].kind == variable {
			add(p.parts[i].text)
		}
	}
}

// match compares s with the pattern, case by case unless fold asks for ASCII letters of either case. A pattern with a
// variable that has no value matches nothing, as IAM documents, so that what is negated holds.
func (p *pattern) match(ctx *Context, s string, fold bool) bool {
	if p.exact {
		if fold {
			return foldEqual(s, p.text)
		}
		return s == p.text
	}
	if !p.variables {
		return glob(p.parts, s, fold)
	}
	var buffer [16]part
	parts, ok := p.resolve(ctx, buffer[:0])
	return ok && glob(parts, s, fold)
}

// resolve appends the parts to into with literals in the place of variables. A value is a literal whatever it contains:
// a name that somebody gave themselves must not become a wildcard.
func (p *pattern) resolve(ctx *Context, into []part) ([]part, bool) {
	for _, q := range p.parts {
		if q.kind == variable {
			value, ok := ctx.single(q.text)
			if !ok {
				if !q.defaults {
					return nil, false
				}
				value = q.fallback
			}
			q = part{kind: literal, text: value}
		}
		into = append(into, q)
	}
	return into, true
}

// glob walks parts and s together and, where they part, lets the last "*" take one character more.
func glob(parts []part, s string, fold bool) bool {
	at, pos := 0, 0
	star, starPos := -1, 0
	for {
		if at == len(parts) && pos == len(s) {
			return true
		}
		if at < len(parts) {
			switch q := &parts[at]; q.kind {
			case anyRun:
				if at++; at == len(parts) {
					return true
				}
				star, starPos = at, pos
				continue
			case one:
				if pos < len(s) {
					_, n := utf8.DecodeRuneInString(s[pos:])
					pos, at = pos+n, at+1
					continue
				}
			default:
				if hasPrefix(s[pos:], q.text, fold) {
					pos, at = pos+len(q.text), at+1
					continue
				}
			}
		}
		if star < 0 || starPos >= len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[starPos:])
		starPos += n
		if q := &parts[star]; q.kind == literal && !fold {
			next := strings.Index(s[starPos:], q.text)
			if next < 0 {
				return false
			}
			starPos += next
		}
		at, pos = star, starPos
	}
}

func hasPrefix(s, prefix string, fold bool) bool {
	if !fold {
		return strings.HasPrefix(s, prefix)
	}
	return len(s) >= len(prefix) && foldEqual(s[:len(prefix)], prefix)
}

// foldEqual compares without regard to the case of ASCII letters, as actions and context keys compare.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
