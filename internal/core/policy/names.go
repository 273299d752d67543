package policy

import (
	"encoding/json"
	"strings"
)

// Named is a principal that a document names, and the statement that does.
type Named struct {
	Type      PrincipalType
	Value     string
	Statement int
}

// Principals returns the principals of a document in its order.
func (p *Policy) Principals() []Named {
	var all []Named
	for i := range p.statements {
		for _, n := range p.statements[i].principals {
			all = append(all, Named{n.kind, n.value, i})
		}
	}
	return all
}

// MapPrincipals returns the text of the document with principals replaced, everything else as it was. Whoever keeps
// policies puts unique ids in the place of ARNs with it, so that a namesake made later is not meant, and back.
func (p *Policy) MapPrincipals(replace func(Named) string) string {
	var b strings.Builder
	done := 0
	for i := range p.statements {
		for _, n := range p.statements[i].principals {
			value := replace(Named{n.kind, n.value, i})
			if value == n.value || n.start < done {
				continue
			}
			literal, err := json.Marshal(value)
			if err != nil {
				continue
			}
			b.WriteString(p.text[done:n.start])
			b.Write(literal)
			done = n.end
		}
	}
	b.WriteString(p.text[done:])
	return b.String()
}

// InvalidPrincipal is the error for a principal of the right form that does not exist.
func InvalidPrincipal(n Named) *Error {
	return &Error{Text: invalidPrincipal(n.Type, n.Value)}
}
