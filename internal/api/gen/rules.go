package main

import (
	"fmt"
	"sort"
	"strings"
)

// checks returns the body of a structure's check method, empty when requests
// cannot hold it or nothing is constrained.
func (m *model) checks(name string) string {
	if !m.inputs[name] {
		return ""
	}
	s := m.Shapes[name]
	bits := m.requiredBits(s)
	var e emitter
	for _, mem := range s.Members {
		ms := m.Shapes[mem.Shape]
		sensitive := ms.Sensitive || s.Sensitive
		present := "v." + fieldName(mem.Name) + " != nil"
		if bit := bits[mem.Name]; bit != "" {
			present = "seen&(" + bit + ") != 0"
		}
		body := m.memberCheck(mem, bits[mem.Name] != "")
		switch {
		case body != "" && s.requires(mem.Name):
			e.p("if %s {\n%s} else {\nd.Missing(%q, %t)\n}", present, body, pathName(mem.Name), sensitive)
		case body != "":
			e.p("if %s {\n%s}", present, body)
		case s.requires(mem.Name):
			absent := strings.NewReplacer("!= nil", "== nil", "!= 0", "== 0").Replace(present)
			e.p("if %s {\nd.Missing(%q, %t)\n}", absent, pathName(mem.Name), sensitive)
		}
	}
	return e.String()
}

// memberCheck returns the checks of one member that is present.
func (m *model) memberCheck(mem member, value bool) string {
	s := m.Shapes[mem.Shape]
	path := pathName(mem.Name)
	field := "v." + fieldName(mem.Name)
	scalar := field
	if !value {
		scalar = "*" + field
	}
	var e emitter
	switch s.Type {
	case "string":
		if m.stringRule(s) != "" {
			if isEnum(s) {
				scalar = "string(" + scalar + ")"
			}
			e.p("d.CheckString(%q, %s, &rule%s)", path, scalar, mem.Shape)
		}
	case "integer", "long":
		if m.intRule(s) != "" {
			e.p("d.CheckInt(%q, %s, &rule%s)", path, scalar, mem.Shape)
		}
	case "blob":
		if m.lenRule(s) != "" {
			e.p("d.CheckLen(%q, len(%s), \"\", &rule%s)", path, field, mem.Shape)
		}
	case "list":
		if m.lenRule(s) != "" {
			e.p("d.CheckLen(%q, len(%s), \"[]\", &rule%s)", path, field, mem.Shape)
		}
		elem := m.Shapes[s.Member.Shape]
		if m.constrained(elem) {
			e.p("rt.CheckStrings(d, %q, %s, &rule%s)", path, field, s.Member.Shape)
		}
	case "map":
		m.mapCheck(&e, mem, s)
	}
	return e.String()
}

func (m *model) mapCheck(e *emitter, mem member, s *shape) {
	path, field := pathName(mem.Name), "v."+fieldName(mem.Name)
	if m.lenRule(s) != "" {
		e.p("d.CheckLen(%q, len(%s), \"{}\", &rule%s)", path, field, mem.Shape)
	}
	keys, values := "nil", "nil"
	if m.stringRule(m.Shapes[s.Key.Shape]) != "" {
		keys = "&rule" + s.Key.Shape
	}
	if m.constrained(m.Shapes[s.Value.Shape]) {
		values = "&rule" + s.Value.Shape
	}
	switch {
	case m.Shapes[s.Value.Shape].Type == "string" && (keys != "nil" || values != "nil"):
		e.p("rt.CheckMap(d, %q, %s, %t, %s, %s)", path, field, s.Sensitive, keys, values)
	case keys != "nil":
		e.p("rt.CheckKeys(d, %q, %s, %s)", path, field, keys)
	}
}

// constrained reports whether an element or map value has constraints of its
// own. Only strings are supported there; the models have nothing else.
func (m *model) constrained(s *shape) bool {
	switch s.Type {
	case "string":
		return m.stringRule(s) != ""
	case "list", "map", "blob":
		if m.lenRule(s) != "" || (s.Member != nil && m.constrained(m.Shapes[s.Member.Shape])) {
			panic("constraints on nested lists, maps and blobs are not supported")
		}
	case "integer", "long":
		if m.intRule(s) != "" {
			panic("constraints on numbers in lists are not supported")
		}
	}
	return false
}

// emitRules writes one rule variable per constrained shape that requests use
// and one per pattern.
func (m *model) emitRules(e *emitter) {
	patterns := map[string]string{}
	e.p("// Constraint rules by shape. They are constant data: nothing is built at start.\nvar (")
	for _, name := range m.inputShapes() {
		s := m.Shapes[name]
		switch s.Type {
		case "string":
			if r := m.stringRule(s); r != "" {
				if s.Pattern != "" && patterns[s.Pattern] == "" {
					patterns[s.Pattern] = "pattern" + name
				}
				r = strings.Replace(r, "PATTERN", "&"+patterns[s.Pattern], 1)
				e.p("rule%s = rt.StringRule{%s}", name, r)
			}
		case "integer", "long":
			if r := m.intRule(s); r != "" {
				e.p("rule%s = rt.IntRule{%s}", name, r)
			}
		case "list", "map", "blob":
			if r := m.lenRule(s); r != "" {
				e.p("rule%s = rt.LenRule{%s}", name, r)
			}
		}
	}
	e.p(")\n")
	m.emitPatterns(e, patterns)
}

func (m *model) emitPatterns(e *emitter, patterns map[string]string) {
	sources := make([]string, 0, len(patterns))
	for source := range patterns {
		sources = append(sources, source)
	}
	sort.Slice(sources, func(i, j int) bool { return patterns[sources[i]] < patterns[sources[j]] })
	e.p("// Patterns, shared by shapes that have the same one.\nvar (")
	for _, source := range sources {
		e.p("%s = %s", patterns[source], patternLiteral(m.service, source))
	}
	e.p(")")
}

// inputShapes returns the simple shapes that occur in requests, sorted.
func (m *model) inputShapes() []string {
	used := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		used[name] = true
		s := m.Shapes[name]
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil && !used[r.Shape] {
				add(r.Shape)
			}
		}
	}
	for name := range m.inputs {
		for _, mem := range m.Shapes[name].Members {
			add(mem.Shape)
		}
	}
	out := make([]string, 0, len(used))
	for name := range used {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func (m *model) stringRule(s *shape) string {
	var parts []string
	if s.Min != nil && *s.Min > 0 {
		parts = append(parts, fmt.Sprintf("Min: %d", int(*s.Min)))
	}
	if s.Max != nil {
		parts = append(parts, fmt.Sprintf("Max: %d", int(*s.Max)))
	}
	if s.Pattern != "" {
		parts = append(parts, "Pattern: PATTERN")
	}
	if len(s.Enum) > 0 {
		parts = append(parts, fmt.Sprintf("Enum: %#v", s.Enum))
	}
	if len(parts) > 0 && s.Sensitive {
		parts = append(parts, "Sensitive: true")
	}
	return strings.Join(parts, ", ")
}

func (m *model) intRule(s *shape) string {
	var parts []string
	if s.Min != nil {
		parts = append(parts, fmt.Sprintf("HasMin: true, Min: %d", int64(*s.Min)))
	}
	if s.Max != nil {
		parts = append(parts, fmt.Sprintf("HasMax: true, Max: %d", int64(*s.Max)))
	}
	return strings.Join(parts, ", ")
}

func (m *model) lenRule(s *shape) string {
	var parts []string
	if s.Min != nil && *s.Min > 0 {
		parts = append(parts, fmt.Sprintf("Min: %d", int(*s.Min)))
	}
	if s.Max != nil {
		parts = append(parts, fmt.Sprintf("Max: %d", int(*s.Max)))
	}
	if len(parts) > 0 && s.Sensitive {
		parts = append(parts, "Sensitive: true")
	}
	return strings.Join(parts, ", ")
}
