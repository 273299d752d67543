package policy

import "slices"

// Kind is what a document is for, which decides the elements that it may have.
type Kind uint8

// The kinds of documents.
const (
	Managed  Kind = iota // a managed policy: needs the newer version
	Inline               // of a user, a group or a role
	Session              // handed to STS for one session
	Trust                // of a role: who may assume it
	Resource             // of a bucket or another resource
)

// Quotas of AWS in characters, in each case as Size counts.
const (
	MaxManaged     = 6144
	MaxUserInline  = 2048 // of all inline policies of a user together
	MaxRoleInline  = 10240
	MaxGroupInline = 5120
	MaxTrust       = 2048
	MaxSession     = 2048 // of the plain text, white space included
)

// Effect is what a statement does.
type Effect uint8

// The effects of statements.
const (
	Allow Effect = iota
	Deny
)

// Policy is a parsed document. It does not change and may be used by any number of goroutines.
type Policy struct {
	text       string
	kind       Kind
	version    string
	id         string
	statements []statement
	keys       []string
}

// Versions of the language. Only the newer one has variables.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// statement is a compiled statement.
type statement struct {
	sid          string
	effect       Effect
	principals   []named
	notPrincipal bool
	actions      []pattern
	notAction    bool
	resources    []arnPattern
	notResource  bool
	conditions   []condition
	start, end   Position
}

// String returns the document as it was parsed.
func (p *Policy) String() string { return p.text }

// Kind returns what the document was parsed as.
func (p *Policy) Kind() Kind { return p.kind }

// ID returns the Id element, mostly empty.
func (p *Policy) ID() string { return p.id }

// Statements returns how many statements the document has.
func (p *Policy) Statements() int { return len(p.statements) }

// Sid returns the identifier of a statement, empty when it has none.
func (p *Policy) Sid(i int) string { return p.statements[i].sid }

// Span returns where a statement stands: behind its opening brace and behind its closing one, as the simulator of IAM
// reports it.
func (p *Policy) Span(i int) (start, end Position) { return p.statements[i].start, p.statements[i].end }

// ContextKeys returns the condition keys and the variables that the document names, in order and in its spelling.
func (p *Policy) ContextKeys() []string { return slices.Clone(p.keys) }

// Names reports whether the document asks for key, or for any key with that prefix when it ends with a slash. With it,
// keys that are dear to find out are found out only when a policy in play asks for them.
func (p *Policy) Names(key string) bool {
	return slices.ContainsFunc(p.keys, func(have string) bool {
		if len(key) > 0 && key[len(key)-1] == '/' {
			return hasPrefix(have, key, true)
		}
		return foldEqual(have, key)
	})
}

// collectKeys gathers the keys of all statements once.
func (p *Policy) collectKeys() {
	add := func(key string) {
		if !slices.ContainsFunc(p.keys, func(have string) bool { return foldEqual(have, key) }) {
			p.keys = append(p.keys, key)
		}
	}
	for i := range p.statements {
		s := &p.statements[i]
		for j := range s.resources {
			s.resources[j].keys(add)
		}
		for j := range s.conditions {
			c := &s.conditions[j]
			add(c.key)
			for k := range c.values {
				c.values[k].pattern.keys(add)
				if c.values[k].arn != nil {
					c.values[k].arn.keys(add)
				}
			}
		}
	}
}
