package main

import (
	"fmt"
	"strings"
)

// The protocols of models.
const (
	protocolQuery = "query"
	protocolREST  = "rest-json"
)

// wireName is the name of a member in a body. The JSON protocol knows only the
// names of the model.
func (m *model) wireName(mem member) string {
	if m.Metadata.Protocol != protocolQuery && m.Metadata.Protocol != protocolREST {
		return mem.Name
	}
	if s := m.Shapes[mem.Shape]; s.Type == "list" && m.itemName(mem.ref) == "" && s.Member.LocationName != "" {
		return s.Member.LocationName
	}
	if mem.LocationName != "" && mem.Location == "" {
		return mem.LocationName
	}
	return mem.Name
}

// itemName is the name of a list's elements outside JSON, "" when the list is
// flattened.
func (m *model) itemName(r ref) string {
	s := m.Shapes[r.Shape]
	switch {
	case s.Flattened || r.Flattened:
		return ""
	case s.Member.LocationName != "":
		return s.Member.LocationName
	}
	return "member"
}

// item is itemName as Go source.
func (m *model) item(r ref) string {
	if name := m.itemName(r); name != "member" {
		return fmt.Sprintf("%q", name)
	}
	return "rt.PlainItem"
}

// mapForm is the *rt.MapForm of a map as Go source.
func (m *model) mapForm(r ref) string {
	s := m.Shapes[r.Shape]
	or := func(name, usual string) string {
		if name == "" {
			return usual
		}
		return name
	}
	entry, key, value := "entry", or(s.Key.LocationName, "key"), or(s.Value.LocationName, "value")
	if s.Flattened || r.Flattened {
		entry = ""
	}
	if entry == "entry" && key == "key" && value == "value" {
		return "&rt.PlainMap"
	}
	return fmt.Sprintf("&rt.MapForm{Entry: %q, Key: %q, Value: %q}", entry, key, value)
}

// iso reports whether a timestamp is ISO 8601 in every format.
func (m *model) iso(r ref) bool {
	return r.TimeForm == "iso8601" || m.Shapes[r.Shape].TimeForm == "iso8601"
}

// emitHTTP writes where a REST operation stands.
func (m *model) emitHTTP(e *emitter, o *operation) {
	if o.HTTP == nil || m.Metadata.Protocol != protocolREST {
		return
	}
	if strings.Contains(o.HTTP.URI, "?") {
		panic("queries in URI templates are not supported: " + o.HTTP.URI)
	}
	in := m.Shapes[o.Input]
	e.p("HTTP: &rt.HTTP{\nMethod: %q,\nPath: %q,\nStatus: %d,", o.HTTP.Method, o.HTTP.URI, max(o.HTTP.Status, 200))
	if in.Payload != "" {
		e.p("Payload: %q,", in.Payload)
		for _, mem := range in.Members {
			if t := m.Shapes[mem.Shape].Type; mem.Name == in.Payload && t != "structure" {
				if t != "blob" {
					panic("payload of type " + t + " is not supported")
				}
				e.p("Bytes: true,")
			}
		}
	}
	var heads emitter
	for _, mem := range in.Members {
		if mem.Location == "" {
			continue
		}
		where, ok := map[string]string{"uri": "rt.InPath", "querystring": "rt.InQuery", "header": "rt.InHeader", "headers": "rt.InHeaders"}[mem.Location]
		if !ok {
			panic(fmt.Sprintf("input member %s has location %q", mem.Name, mem.Location))
		}
		name := mem.LocationName
		if name == "" {
			name = mem.Name
		}
		many := ""
		if m.Shapes[mem.Shape].Type == "list" {
			many = ", Many: true"
		}
		heads.p("{Key: %q, Name: %q, In: %s%s},", m.wireName(mem), name, where, many)
	}
	if heads.Len() > 0 {
		e.p("Head: []rt.HeadMember{\n%s},", heads.String())
	}
	e.p("},")
}

// headText is the text of an output member in the head, as Go source.
func (m *model) headText(mem member, value string) string {
	switch s := m.Shapes[mem.Shape]; s.Type {
	case "string":
		return "string(" + value + ")"
	case "integer", "long":
		return "strconv.FormatInt(" + value + ", 10)"
	case "boolean":
		return "strconv.FormatBool(" + value + ")"
	case "timestamp":
		return strings.TrimPrefix(value, "*") + ".HTTPDate()"
	}
	panic("no header form for " + mem.Name)
}
