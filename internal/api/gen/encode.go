package main

import "fmt"

// emitEncode writes EncodeTo and the JSON forms of the named structures.
func (m *model) emitEncode(e *emitter, names []string) {
	outputs := map[string]bool{}
	for _, o := range m.Operations {
		outputs[o.Output] = true
	}
	for _, name := range names {
		s := m.Shapes[name]
		e.p("// EncodeTo writes the members that are there.")
		if len(s.Members) == 0 {
			e.p("func (v *%s) EncodeTo(e *rt.Encoder) { e.Close(e.Object()) }\n", name)
		} else {
			e.p("func (v *%s) EncodeTo(e *rt.Encoder) {", name)
			m.emitMembers(e, s, outputs[name])
			e.p("}\n")
		}
		e.p("// AppendJSON appends v as JSON; absent members are left out.")
		e.p("func (v *%s) AppendJSON(b []byte) []byte {", name)
		e.p("if v == nil {\nreturn append(b, \"null\"...)\n}\nreturn rt.AppendJSON(b, v)\n}\n")
		e.p("// MarshalJSON returns what AppendJSON writes.")
		e.p("func (v %s) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }\n", name)
	}
}

func (m *model) emitMembers(e *emitter, s *shape, output bool) {
	if output && s.Payload != "" {
		e.p("if v.%[1]s != nil && e.Payload(v.%[1]s) {\nreturn\n}", fieldName(s.Payload))
	}
	e.p("start := e.Object()")
	for _, mem := range s.Members {
		if output && mem.Location != "" {
			m.emitHead(e, mem, s.requires(mem.Name))
		} else {
			m.emitMember(e, mem, s.requires(mem.Name))
		}
	}
	e.p("e.Close(start)")
}

// emitHead writes a member of an output that belongs into the head of a REST
// answer; where there is none, it is a member like others.
func (m *model) emitHead(e *emitter, mem member, required bool) {
	value := "v." + fieldName(mem.Name)
	if !required {
		e.p("if %s != nil {", value)
		value = "*" + value
	}
	if mem.Location == "statusCode" {
		e.p("if !e.Status(%s) {", value)
	} else {
		e.p("if !e.Header(%q, %s) {", mem.LocationName, m.headText(mem, value))
	}
	m.emitMember(e, mem, true)
	e.p("}")
	if !required {
		e.p("}")
	}
}

// emitMember writes one member; required ones are never nil.
func (m *model) emitMember(e *emitter, mem member, required bool) {
	s := m.Shapes[mem.Shape]
	field, name := "v."+fieldName(mem.Name), m.wireName(mem)
	if s.scalar() {
		if required {
			e.p("%s", m.putScalar(mem, name, field))
			return
		}
		e.p("if %s != nil {\n%s\n}", field, m.putScalar(mem, name, "*"+field))
		return
	}
	var put string
	switch s.Type {
	case "list":
		put = fmt.Sprintf("rt.EncodeList(e, %q, %s, %s, %s)", name, m.item(mem.ref), field, m.elemWriter(*s.Member))
	case "map":
		put = fmt.Sprintf("rt.EncodeMap(e, %q, %s, %s, %s)", name, m.mapForm(mem.ref), field, m.elemWriter(*s.Value))
	case "blob":
		put = fmt.Sprintf("e.Blob(%q, %s)", name, field)
	case "structure":
		put = fmt.Sprintf("e.Struct(%q, %s)", name, field)
		if s.Document {
			put = fmt.Sprintf("e.Doc(%q, %s)", name, field)
		}
	}
	if required && (s.Type == "list" || s.Type == "map") {
		e.p("%s", put)
		return
	}
	e.p("if %s != nil {\n%s\n}", field, put)
}

func (m *model) putScalar(mem member, name, value string) string {
	method := ""
	switch s := m.Shapes[mem.Shape]; s.Type {
	case "string":
		method = "String"
		if isEnum(s) {
			value = "string(" + value + ")"
		}
	case "boolean":
		method = "Bool"
	case "integer", "long":
		method = "Int"
	case "timestamp":
		method = "Time"
		if m.iso(mem.ref) {
			method = "TimeISO"
		}
	default:
		method = "Double"
	}
	return fmt.Sprintf("e.%s(%q, %s)", method, name, value)
}

// elemWriter is a func(*T, *rt.Encoder) for list elements and map values.
func (m *model) elemWriter(r ref) string {
	s := m.Shapes[r.Shape]
	switch s.Type {
	case "string":
		return "rt.EncodeText[" + m.goType(r.Shape) + "]"
	case "integer", "long":
		return "rt.EncodeInt"
	case "float", "double":
		return "rt.EncodeDouble"
	case "boolean":
		return "rt.EncodeBool"
	case "timestamp":
		if m.iso(r) {
			return "rt.EncodeTimeISO"
		}
		return "rt.EncodeTime"
	case "blob":
		return "rt.EncodeBlob"
	case "list":
		return fmt.Sprintf("func(v *%s, e *rt.Encoder) { rt.EncodeItems(e, %s, *v, %s) }", m.goType(r.Shape), m.item(r), m.elemWriter(*s.Member))
	case "map":
		return fmt.Sprintf("func(v *%s, e *rt.Encoder) { rt.EncodeEntries(e, %s, *v, %s) }", m.goType(r.Shape), m.mapForm(r), m.elemWriter(*s.Value))
	}
	if s.Document {
		return "rt.EncodeDoc"
	}
	return "(*" + r.Shape + ").EncodeTo"
}
