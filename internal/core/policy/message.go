package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

// Missing returns the condition keys and variables that the policies name and the request does not have, as IAM's
// simulator lists them.
func Missing(ctx *Context, sets *Sets) []string {
	var missing []string
	layers := append([][]Source{sets.Identity, sets.Boundary, sets.Resource}, sets.Session...)
	for _, layer := range layers {
		for _, source := range layer {
			for _, key := range source.Policy.keys {
				same := func(have string) bool { return foldEqual(have, key) }
				if ctx.Get(key) == nil && !slices.ContainsFunc(missing, same) {
					missing = append(missing, key)
				}
			}
		}
	}
	return missing
}

// items is how a decoded authorization message writes every list.
type items[T any] struct {
	Items []T `json:"items"`
}

type messageValue struct {
	Value string `json:"value"`
}

type messageCondition struct {
	Key    string              `json:"key"`
	Values items[messageValue] `json:"values"`
}

type messagePrincipal struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn"`
}

type messageStatement struct {
	ID         string                  `json:"statementId"`
	Effect     string                  `json:"effect"`
	Principals items[messageValue]     `json:"principals"`
	Groups     items[messageValue]     `json:"principalGroups"`
	Actions    items[messageValue]     `json:"actions"`
	Resources  items[messageValue]     `json:"resources"`
	Conditions items[messageCondition] `json:"conditions"`
}

// message is what sts:DecodeAuthorizationMessage returns of a denial.
type message struct {
	Allowed      bool                    `json:"allowed"`
	ExplicitDeny bool                    `json:"explicitDeny"`
	Matched      items[messageStatement] `json:"matchedStatements"`
	Failures     items[string]           `json:"failures"`
	Context      struct {
		Principal  messagePrincipal        `json:"principal"`
		Action     string                  `json:"action"`
		Resource   string                  `json:"resource"`
		Conditions items[messageCondition] `json:"conditions"`
	} `json:"context"`
}

// Message is the JSON text in which AWS explains a decision, the one that DecodeAuthorizationMessage decodes.
func Message(r *Request, d *Decision) string {
	m := message{Allowed: d.Allowed(), ExplicitDeny: d.Result == ExplicitDeny, Matched: items[messageStatement]{[]messageStatement{}}, Failures: items[string]{[]string{}}}
	for _, match := range d.Matched {
		m.Matched.Items = append(m.Matched.Items, match.message(r))
	}
	id := r.Principal.ID
	name := r.Principal.ARN[strings.LastIndexAny(r.Principal.ARN, "/:")+1:]
	if r.Principal.Kind == AssumedRole {
		id += ":" + name
	}
	m.Context.Principal = messagePrincipal{ID: id, Name: name, ARN: r.Principal.ARN}
	m.Context.Action, m.Context.Resource = r.Action, r.Resource
	m.Context.Conditions.Items = []messageCondition{}
	if r.Context != nil {
		for i := range r.Context.entries {
			e := &r.Context.entries[i]
			m.Context.Conditions.Items = append(m.Context.Conditions.Items, messageCondition{e.key, listed(e.values())})
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(text)
}

func listed(texts []string) items[messageValue] {
	list := items[messageValue]{[]messageValue{}}
	for _, text := range texts {
		list.Items = append(list.Items, messageValue{text})
	}
	return list
}

// message describes a statement. Its texts are read from the document again: deciding needs them compiled only.
func (m *Match) message(r *Request) messageStatement {
	p := m.Source.Policy
	s := &p.statements[m.Statement]
	described := messageStatement{ID: s.sid, Effect: "ALLOW", Principals: listed([]string{r.Principal.ID}), Groups: listed(nil),
		Conditions: items[messageCondition]{[]messageCondition{}}}
	if s.effect == Deny {
		described.Effect = "DENY"
	}
	n := p.node(m.Statement)
	for name, list := range map[string]*items[messageValue]{"Action": &described.Actions, "Resource": &described.Resources} {
		*list = listed(nil)
		if element := either(n, name); element != nil {
			texts, _ := element.texts()
			*list = listed(texts)
		}
	}
	if block := n.field("Condition"); block != nil {
		for i := range block.items {
			for j, key := range block.items[i].names {
				described.Conditions.Items = append(described.Conditions.Items, messageCondition{key, listed(block.items[i].items[j].scalars())})
			}
		}
	}
	return described
}

// scalars are the texts of a value of a condition, which is one or a list.
func (n *node) scalars() []string {
	if n.kind != listNode {
		return []string{n.text}
	}
	var texts []string
	for i := range n.items {
		texts = append(texts, n.items[i].text)
	}
	return texts
}

// node is a statement as it stands in the document.
func (p *Policy) node(statement int) *node {
	root, _, _ := readJSON(p.text)
	n := root.field("Statement")
	if n.kind == listNode {
		n = &n.items[statement]
	}
	return n
}
