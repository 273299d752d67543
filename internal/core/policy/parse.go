package policy

import (
	"fmt"
	"slices"
)

// maxDocument is the longest text that IAM's operations take at all.
const maxDocument = 131_072

// Parse reads a document of that kind and compiles it. The error is an *Error, whose text is IAM's for the kind: policies
// of identities and of sessions are refused in other words than trust and resource policies.
func Parse(text string, kind Kind) (*Policy, error) {
	p := &parser{text: text, kind: kind, policy: &Policy{text: text, kind: kind, version: version2008}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	p.policy.collectKeys()
	return p.policy, nil
}

// parser is the state of one Parse.
type parser struct {
	text   string
	kind   Kind
	policy *Policy
	nodes  []*node // of the statements
}

// identity reports whether the document belongs to a caller and not to a resource.
func (k Kind) identity() bool { return k != Trust && k != Resource }

// fail makes the error of a document at a node. identity is the text for policies of callers, resource for the others.
func (p *parser) fail(n *node, identity, resource string) error {
	e := &Error{Text: identity}
	if !p.kind.identity() {
		e.Text = resource
	}
	if n != nil {
		e.At = position(p.text, n.start)
	}
	return e
}

func (p *parser) parse() error {
	if len(p.text) > maxDocument {
		return p.fail(nil, textSyntax, textInvalidJSON)
	}
	root, at, ok := readJSON(p.text)
	if !ok || root.kind != objectNode {
		return &Error{Text: p.fail(nil, textSyntax, textInvalidJSON).Error(), At: position(p.text, at)}
	}
	// The order of the steps is the order in which IAM reports the mistakes of a document that has several.
	for _, step := range []func(*node) error{p.top, p.shape, p.olderVersion, p.effects, p.conditions, p.principals,
		p.legacyResources, p.sids, p.actionsGiven, p.resourceForms, p.actionForms, p.resourcesGiven} {
		if err := step(root); err != nil {
			return err
		}
	}
	return nil
}

// top checks the members of the document and finds the statements.
func (p *parser) top(root *node) error {
	for i, name := range root.names {
		if n := &root.items[i]; !slices.Contains([]string{"Version", "Id", "Statement"}, name) {
			return p.fail(n, textSyntax, fmt.Sprintf(textUnknown, name))
		} else if name != "Statement" && n.kind != stringNode {
			return p.fail(n, textSyntax, fmt.Sprintf(textUnknown, name))
		}
	}
	if v := root.field("Version"); v != nil {
		if v.text != version2008 && v.text != version2012 {
			return p.fail(v, textSyntax, textBadVersion)
		}
		p.policy.version = v.text
	}
	if id := root.field("Id"); id != nil {
		p.policy.id = id.text
	}
	return p.findStatements(root)
}

func (p *parser) findStatements(root *node) error {
	n := root.field("Statement")
	switch {
	case n == nil:
		return p.fail(root, textSyntax, fmt.Sprintf(textMissing, "Statement"))
	case n.kind == objectNode:
		p.nodes = append(p.nodes, n)
	case n.kind == listNode:
		for i := range n.items {
			p.nodes = append(p.nodes, &n.items[i])
		}
	}
	if len(p.nodes) == 0 {
		return p.fail(n, textSyntax, fmt.Sprintf(textEmpty, "Statement"))
	}
	p.policy.statements = make([]statement, len(p.nodes))
	places := places{text: p.text}
	for i, n := range p.nodes {
		if n.kind != objectNode {
			return p.fail(n, textSyntax, textInvalidJSON)
		}
		s := &p.policy.statements[i]
		s.start, s.end = places.at(n.start), places.at(n.end)
	}
	return nil
}

// olderVersion refuses managed policies of the older version, which inline policies may still be.
func (p *parser) olderVersion(root *node) error {
	if p.kind == Managed && p.policy.version != version2012 {
		return p.fail(root, textVersion, textBadVersion)
	}
	return nil
}

// variables reports whether the document may have them.
func (p *parser) variables() bool { return p.policy.version == version2012 }

// sids checks the identifiers: unique, and plain for everything that IAM itself keeps.
func (p *parser) sids(*node) error {
	seen := map[string]bool{}
	for i, n := range p.nodes {
		sid := p.policy.statements[i].sid
		if sid == "" {
			continue
		}
		if seen[sid] {
			return p.fail(n.field("Sid"), textSidUnique, textSidUnique)
		}
		seen[sid] = true
		if p.kind != Resource && !alphanumeric(sid) {
			return p.fail(n.field("Sid"), textSidForm, textSidForm)
		}
	}
	return nil
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		if b := lower(s[i]); (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}
