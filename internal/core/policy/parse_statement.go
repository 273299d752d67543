package policy

import (
	"fmt"
	"slices"
	"strings"
)

// elements are the members that a statement may have.
var elements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// shape checks the JSON types of all members, and that none stands beside its opposite.
func (p *parser) shape(*node) error {
	for i, n := range p.nodes {
		for j, name := range n.names {
			member := &n.items[j]
			if !slices.Contains(elements, name) {
				return p.fail(member, textSyntax, fmt.Sprintf(textUnknown, name))
			}
			opposite, negated := strings.CutPrefix(name, "Not")
			if negated && n.field(opposite) != nil {
				return p.fail(member, textSyntax, fmt.Sprintf(textProhibited, name))
			}
			if !shaped(name, member) {
				return p.fail(member, textSyntax, textBadSyntax)
			}
		}
		if n.field("Effect") == nil {
			return p.fail(n, textSyntax, fmt.Sprintf(textMissing, "Effect"))
		}
		if err := p.prohibited(n); err != nil {
			return err
		}
		if sid := n.field("Sid"); sid != nil {
			p.policy.statements[i].sid = sid.text
		}
	}
	return nil
}

// shaped reports whether a member has a JSON type that the grammar gives it.
func shaped(name string, n *node) bool {
	switch name {
	case "Sid", "Effect":
		return n.kind == stringNode
	case "Condition":
		return n.kind == objectNode
	case "Principal", "NotPrincipal":
		return n.kind == stringNode || n.kind == objectNode
	}
	_, ok := n.texts()
	return ok
}

// texts returns the strings of a string or of a list. IAM takes a null in a list and makes nothing of it.
func (n *node) texts() ([]string, bool) {
	switch n.kind {
	case stringNode:
		return []string{n.text}, true
	case listNode:
		texts := make([]string, 0, len(n.items))
		for i := range n.items {
			switch n.items[i].kind {
			case stringNode:
				texts = append(texts, n.items[i].text)
			case nullNode:
			default:
				return nil, false
			}
		}
		return texts, true
	}
	return nil, false
}

// prohibited checks the elements that only some kinds of documents have.
func (p *parser) prohibited(n *node) error {
	principal, resource := either(n, "Principal"), either(n, "Resource")
	switch {
	case p.kind.identity():
		if principal != nil {
			return p.fail(principal, textPrincipal, "")
		}
	case principal == nil:
		return p.fail(n, "", fmt.Sprintf(textMissing, "Principal"))
	case p.kind == Trust && resource != nil:
		return p.fail(resource, "", fmt.Sprintf(textProhibited, "Resource"))
	}
	return nil
}

// either returns the element or its negated form, whichever the statement has.
func either(n *node, name string) *node {
	if have := n.field(name); have != nil {
		return have
	}
	return n.field("Not" + name)
}

// effects reads the effects. IAM knows the word in any case and then takes it in one only.
func (p *parser) effects(*node) error {
	for i, n := range p.nodes {
		switch e := n.field("Effect"); {
		case e.text == "Allow":
		case e.text == "Deny":
			p.policy.statements[i].effect = Deny
		case strings.EqualFold(e.text, "Allow"), strings.EqualFold(e.text, "Deny"):
			return p.fail(e, textLegacy, fmt.Sprintf(textBadEffect, e.text))
		default:
			return p.fail(e, textSyntax, fmt.Sprintf(textBadEffect, e.text))
		}
	}
	return nil
}

// conditions compiles the Condition elements.
func (p *parser) conditions(*node) error {
	for i, n := range p.nodes {
		block := n.field("Condition")
		if block == nil {
			continue
		}
		for j, name := range block.names {
			keys := &block.items[j]
			op, set, ifExists, known := splitOperator(name)
			if keys.kind != objectNode || !known && len(keys.names) > 0 {
				return p.fail(keys, textSyntax, fmt.Sprintf(textBadCondition, name))
			}
			for k, key := range keys.names {
				c := condition{operator: op, set: set, ifExists: ifExists, key: key}
				if err := p.values(&c, &keys.items[k]); err != nil {
					return err
				}
				p.policy.statements[i].conditions = append(p.policy.statements[i].conditions, c)
			}
		}
	}
	return nil
}

// values compiles the values of one key: a string, a number or a boolean, or a list of them.
func (p *parser) values(c *condition, n *node) error {
	items := []node{*n}
	if n.kind == listNode {
		items = n.items
	}
	for i := range items {
		item := &items[i]
		if item.kind != stringNode && item.kind != numberNode && item.kind != boolNode {
			return p.fail(item, textSyntax, textBadSyntax)
		}
		v, ok := compileValue(c.family, item.text, p.variables())
		if !ok {
			return p.fail(item, textLegacy, textBadSyntax)
		}
		c.values = append(c.values, v)
	}
	return nil
}

// principals reads the Principal elements.
func (p *parser) principals(*node) error {
	for i, n := range p.nodes {
		element := either(n, "Principal")
		if element == nil {
			continue
		}
		s := &p.policy.statements[i]
		s.notPrincipal = n.field("NotPrincipal") != nil
		if s.notPrincipal && s.effect == Allow {
			return p.fail(element, "", textNotPrincipal)
		}
		if element.kind == stringNode {
			if element.text != "*" {
				return p.fail(element, "", invalidPrincipal(PrincipalAWS, element.text))
			}
			s.principals = []named{{kind: PrincipalAWS, value: "*", start: element.start, end: element.end}}
			continue
		}
		for j, kind := range element.names {
			if err := p.principal(s, PrincipalType(kind), &element.items[j]); err != nil {
				return err
			}
		}
		if len(s.principals) == 0 {
			return p.fail(element, "", fmt.Sprintf(textEmpty, "Principal"))
		}
	}
	return nil
}

func (p *parser) principal(s *statement, kind PrincipalType, n *node) error {
	items := []node{*n}
	if n.kind == listNode {
		items = n.items
	}
	for i := range items {
		item := &items[i]
		parsed, ok := parseNamed(kind, item.text)
		if !ok || item.kind != stringNode {
			return p.fail(item, "", invalidPrincipal(kind, item.text))
		}
		parsed.start, parsed.end = item.start, item.end
		s.principals = append(s.principals, parsed)
	}
	return nil
}
