package policy

import "strings"

// segments is the number of fields of an ARN; the last keeps further colons.
const segments = 6

// arnParts is an ARN in its fields; a text that is not one has none.
type arnParts struct {
	field [segments]string
	valid bool
}

func splitARN(s string) (a arnParts) {
	if !strings.HasPrefix(s, "arn:") {
		return a
	}
	for i := range segments - 1 {
		field, rest, found := strings.Cut(s, ":")
		if !found {
			return arnParts{}
		}
		a.field[i], s = field, rest
	}
	a.field[segments-1], a.valid = s, true
	return a
}

// arnPattern is an ARN with wildcards, which never reach over the colon of a field.
type arnPattern struct {
	all   bool // "*": any resource, also one that has no ARN
	whole bool // fields could not be told apart: text is compared as one
	text  pattern
	field [segments]pattern
}

// compileARN compiles the ARN of a Resource, where variables count in the last field only, or of a condition, where they
// count everywhere. Fields that are left out at the end are "*", as IAM reads them.
func compileARN(text string, variables, everywhere bool) arnPattern {
	if text == "*" {
		return arnPattern{all: true}
	}
	fields := cutFields(text, variables)
	if everywhere && len(fields) < segments && variables && strings.Contains(text, "${") {
		return arnPattern{whole: true, text: compile(text, true, true)}
	}
	var p arnPattern
	for i := range segments {
		field := "*"
		if i < len(fields) {
			field = fields[i]
		}
		p.field[i] = compile(field, true, variables && (everywhere || i == segments-1))
	}
	return p
}

// cutFields cuts an ARN at its first five colons, not counting those of variables.
func cutFields(text string, variables bool) []string {
	var fields []string
	start := 0
	for i := 0; i < len(text) && len(fields) < segments-1; i++ {
		if variables && strings.HasPrefix(text[i:], "${") {
			if end := strings.IndexByte(text[i:], '}'); end > 0 {
				i += end
				continue
			}
		}
		if text[i] == ':' {
			fields = append(fields, text[start:i])
			start = i + 1
		}
	}
	return append(fields, text[start:])
}

// match compares a split ARN, field by field.
func (p *arnPattern) match(ctx *Context, a *arnParts) bool {
	if p.all {
		return true
	}
	if !a.valid {
		return false
	}
	for i := segments - 1; i >= 0; i-- {
		if !p.field[i].match(ctx, a.field[i], false) {
			return false
		}
	}
	return true
}

// matchText compares the value of a condition key.
func (p *arnPattern) matchText(ctx *Context, s string) bool {
	if p.whole {
		return p.text.match(ctx, s, false)
	}
	a := splitARN(s)
	return a.valid && p.match(ctx, &a)
}

func (p *arnPattern) keys(add func(string)) {
	p.text.keys(add)
	for i := range p.field {
		p.field[i].keys(add)
	}
}
