package policy

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse takes any text as a document of every kind: nothing panics, an error has a text and a place, and what is a
// policy decides, keeps its text and is a policy again with its principals replaced.
func FuzzParse(f *testing.F) {
	f.Add(tenStatements())
	f.Add(GuestPolicy())
	f.Add(wrap(`{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","*"],"Federated":"x.example.com"},"Action":"sts:AssumeRole","Condition":{"ForAnyValue:StringLikeIfExists":{"k:a":["${b, 'c'}",1,true]}}}`))
	f.Add(wrap(`{"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"NotAction":"s3:*","NotResource":["arn:aws:s3:::${*}?*",null],"Condition":{"Null":{"a:b":true},"DateLessThan":{"a:c":"2026-01-01t00:00:00.5+01:00"},"IpAddress":{"a:d":"::/0"}}}`))
	f.Add(with(`{"NumericLessThan":{"a:b":-1.50},"BinaryEquals":{"a:b":"AA=="},"ArnLike":{"a:b":"arn:aws:${x:y}"}}`))
	f.Fuzz(func(t *testing.T, text string) {
		for kind := Managed; kind <= Resource; kind++ {
			p, err := Parse(text, kind)
			if err != nil {
				refused, ok := err.(*Error)
				if !ok || refused.Text == "" || refused.At.Line < 0 || refused.At.Column < 0 {
					t.Fatalf("%q: %#v", text, err)
				}
				continue
			}
			ctx := NewContext(map[string][]string{"a:b": {"x"}, "k:a": {"p", "q"}})
			r := &Request{Principal: user(), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: &ctx}
			sets := &Sets{Resource: []Source{{Policy: p}}}
			if kind.identity() {
				sets = &Sets{Identity: []Source{{Policy: p}}, Boundary: []Source{{Policy: p}}}
			}
			if short, full := Evaluate(r, sets), Explain(r, sets); short.Result != full.Result {
				t.Fatalf("%q: %s, explained %s", text, short.Result, full.Result)
			}
			if p.String() != text || p.MapPrincipals(func(n Named) string { return n.Value }) != text {
				t.Fatalf("%q is kept as %q", text, p)
			}
			mapped := p.MapPrincipals(func(n Named) string {
				if n.Type == PrincipalAWS && n.Value != "*" {
					return "AROAEXAMPLEEXAMPLE12"
				}
				return n.Value
			})
			if _, err := Parse(mapped, kind); err != nil {
				t.Fatalf("%q with ids is %q: %v", text, mapped, err)
			}
		}
	})
}

// FuzzGlob holds the matching of wildcards to regular expressions.
func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"*", ""}, {"a*b?c", "axxbyc"}, {"*?*", "é"}, {"??", "é"}, {"**a", "aaa"}, {"a.*", "abc"}, {"*a*a*b", "aaaaaaaaac"}, {"?*?", "x"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > 200 || len(s) > 500 {
			return
		}
		expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`(?s)^` + expression + `$`).MatchString(s)
		p := compile(pattern, true, false)
		if got := p.match(nil, s, false); got != want {
			t.Errorf("%q matches %q: %v", pattern, s, got)
		}
		upper := strings.ToUpper(pattern)
		if folded := p.match(nil, s, true); want && !folded || len(upper) == len(pattern) && isASCII(pattern+s) && folded != regexp.MustCompile(`(?is)^`+expression+`$`).MatchString(s) {
			t.Errorf("%q matches %q in any case: %v", pattern, s, folded)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
