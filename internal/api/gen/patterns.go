package main

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"cognate/internal/api/rt"
)

// javaSpace is what \s means in Java; Go's lacks the vertical tab.
const javaSpace = `\t\n\x0B\f\r `

// javaDot is what . means in Java, where five characters end a line.
const javaDot = `[^\n\r\x{85}\x{2028}\x{2029}]`

// overlay replaces patterns that Go cannot express or that the service checks
// differently from its model. source is what messages print.
type overlay struct{ source, expr string }

var overlays = map[string]map[string]overlay{
	"iam": {
		// Go has no lookahead: "no two hyphens in a row" is spelled out. The length is a constraint of its own.
		`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: {
			source: `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`,
			expr:   `[a-z0-9]+(-[a-z0-9]+)*`,
		},
	},
	"cognito-idp": {
		// Go has no lookbehind: "does not end in a dot" is spelled out.
		`^[0-9A-Za-z\.\-_]*(?<!\.)$`: {
			source: `^[0-9A-Za-z\.\-_]*(?<!\.)$`,
			expr:   `([0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
		},
		// One non-space character must reach the password policy, which names the broken rule.
		`^[\S]+.*[\S]+$`: {
			source: `^[\S]+.*[\S]+$`,
			expr:   `[\S](.*[\S])?`,
		},
	},
}

// shapeOverlays changes the pattern of one shape before anything is generated.
var shapeOverlays = map[string]map[string]string{
	"cognito-idp": {
		// Recorded service messages show this pattern for passwords: spaces inside are allowed.
		"PasswordType": `^[\S]+.*[\S]+$`,
		// The model's pattern is that of prefixes; custom domains have dots. The operations hold both to their form.
		"DomainType": "",
	},
}

// patternLiteral renders the rt.Pattern of a Java pattern.
func patternLiteral(service, source string) string {
	java := source
	if o, ok := overlays[service][source]; ok {
		source, java = o.source, o.expr
	}
	expr, err := translate(java)
	if err != nil {
		panic(fmt.Sprintf("pattern %s: %v", source, err))
	}
	if _, err := regexp.Compile(expr); err != nil {
		panic(fmt.Sprintf("pattern %s needs an overlay: %v", source, err))
	}
	out := fmt.Sprintf("rt.Pattern{Source: %s, Expr: %s", quote(source), quote(expr))
	return out + fastForm(expr) + "}"
}

func quote(s string) string {
	if strings.Contains(s, "`") {
		return fmt.Sprintf("%q", s)
	}
	return "`" + s + "`"
}

// translate turns a Java regular expression into Go's dialect.
func translate(java string) (string, error) {
	var b strings.Builder
	dotAll := strings.HasPrefix(java, "(?s)")
	inClass := false
	for i := 0; i < len(java); i++ {
		c := java[i]
		switch {
		case c == '\\' && i+1 < len(java):
			i++
			switch esc := java[i]; {
			case esc == 'u' && i+4 < len(java):
				b.WriteString(`\x{` + java[i+1:i+5] + "}")
				i += 4
			case esc == 's' && inClass:
				b.WriteString(javaSpace)
			case esc == 's':
				b.WriteString("[" + javaSpace + "]")
			case esc == 'S' && inClass:
				if !strings.HasSuffix(b.String(), "[") || i+1 >= len(java) || java[i+1] != ']' {
					return "", fmt.Errorf(`\S beside others in a class`)
				}
				b.WriteString("^" + javaSpace)
			case esc == 'S':
				b.WriteString("[^" + javaSpace + "]")
			default:
				b.WriteByte('\\')
				b.WriteByte(esc)
			}
		case inClass && (c == '[' || strings.HasPrefix(java[i:], "&&")):
			return "", fmt.Errorf("class operator %q", c)
		case c == '.' && !inClass && !dotAll:
			b.WriteString(javaDot)
		default:
			switch c {
			case '[':
				inClass = true
			case ']':
				inClass = false
			}
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// fastForm recognises [class]+ and [class]+sep[class]+.
func fastForm(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		panic(err)
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = parts[:0]
		for _, sub := range re.Sub {
			if sub.Op != syntax.OpBeginText && sub.Op != syntax.OpEndText {
				parts = append(parts, sub)
			}
		}
	}
	switch {
	case len(parts) == 1 && (repeated(parts[0], syntax.OpPlus) || repeated(parts[0], syntax.OpStar)):
		out := ", Class: " + setLiteral(ascii(parts[0].Sub[0]))
		if parts[0].Op == syntax.OpStar {
			out += ", Empty: true"
		}
		return out
	case len(parts) == 3 && repeated(parts[0], syntax.OpPlus) && repeated(parts[2], syntax.OpPlus) &&
		parts[1].Op == syntax.OpLiteral && len(parts[1].Rune) == 1:
		sep := parts[1].Rune[0]
		before, after := parts[0].Sub[0], parts[2].Sub[0]
		set := ascii(after)
		if sep < 128 && !set.Has(byte(sep)) && onlyASCII(before) && onlyASCII(after) {
			return fmt.Sprintf(", Before: %s, Sep: %q, After: %s", setLiteral(ascii(before)), sep, setLiteral(set))
		}
	}
	return ""
}

func repeated(re *syntax.Regexp, op syntax.Op) bool {
	return re.Op == op && re.Sub[0].Op == syntax.OpCharClass
}

func onlyASCII(class *syntax.Regexp) bool {
	return class.Rune[len(class.Rune)-1] < 128
}

func ascii(class *syntax.Regexp) *rt.ASCIISet {
	var set rt.ASCIISet
	for i := 0; i < len(class.Rune); i += 2 {
		for r := class.Rune[i]; r <= class.Rune[i+1] && r < 128; r++ {
			set[r>>6] |= 1 << (r & 63)
		}
	}
	return &set
}

func setLiteral(s *rt.ASCIISet) string {
	return fmt.Sprintf("rt.ASCIISet{%#x, %#x}", s[0], s[1])
}
