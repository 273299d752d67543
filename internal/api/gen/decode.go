package main

import (
	"fmt"
	"strconv"
)

// emitDecode writes the reader of the named structures and, for those
// that requests can hold, the constraint check.
func (m *model) emitDecode(e *emitter, names []string) {
	for _, name := range names {
		s := m.Shapes[name]
		input := m.inputs[name]
		check := m.checks(name)
		bits := m.requiredBits(s)
		track := input && len(bits) > 0
		if m.operationInput(name) {
			e.p("// Decode%s reads a request and checks every constraint. After a", name)
			e.p("// *rt.ValidationError the returned value holds what was read.")
			e.p("func Decode%[1]s(d *rt.Decoder) (*%[1]s, error) {\nv := new(%[1]s)\nreturn v, d.Run(v)\n}\n", name)
		}
		e.p("// UnmarshalJSON reads v without checking constraints.")
		e.p("func (v *%s) UnmarshalJSON(b []byte) error { return rt.Unmarshal(b, v) }\n", name)
		e.p("// DecodeFrom reads one structure.")
		e.p("func (v *%s) DecodeFrom(d *rt.Decoder) {", name)
		if track {
			e.p("var seen uint64\nvar set bool")
		}
		m.emitReadLoop(e, name, s, bits, track)
		if check != "" {
			args := "d"
			if track {
				args = "d, seen"
			}
			e.p("if d.Strict() {\nv.check(%s)\n}", args)
		}
		e.p("}\n")
		if check != "" {
			params := "d *rt.Decoder"
			if track {
				params += ", seen uint64"
			}
			e.p("func (v *%s) check(%s) {\n%s}\n", name, params, check)
		}
	}
}

// coerced are the booleans that the service makes of texts, too, by structure and member.
var coerced = map[string]bool{
	"CreateManagedLoginBrandingRequest.UseCognitoProvidedValues": true,
	"UpdateManagedLoginBrandingRequest.UseCognitoProvidedValues": true,
}

// whole are the lists that the service refuses null elements in, by structure and member.
var whole = map[string]bool{
	"CreateManagedLoginBrandingRequest.Assets": true,
	"UpdateManagedLoginBrandingRequest.Assets": true,
}

func (m *model) emitReadLoop(e *emitter, name string, s *shape, bits map[string]string, track bool) {
	if len(s.Members) == 0 {
		e.p("for _, ok := d.Object(); ok; _, ok = d.Next() {\nd.Skip()\n}")
		return
	}
	e.p("for k, ok := d.Object(); ok; k, ok = d.Next() {\nswitch string(k) {")
	for _, mem := range s.Members {
		e.p("case %q:", m.wireName(mem))
		field := "v." + fieldName(mem.Name)
		ms := m.Shapes[mem.Shape]
		bit := bits[mem.Name]
		switch {
		case coerced[name+"."+mem.Name]:
			e.p("%s = rt.Ptr(rt.Flag(d))", field)
		case isStruct(ms):
			e.p("%s = rt.StructPtr[%s](d, %q)", field, mem.Shape, pathName(mem.Name))
		case ms.Type == "list":
			reader := "rt.List"
			if whole[name+"."+mem.Name] {
				reader = "rt.Whole"
			}
			e.p("%s = %s(d, %q, %s, %s)", field, reader, pathName(mem.Name), m.item(mem.ref), m.elemReader(*ms.Member))
		case ms.Type == "map":
			e.p("%s = rt.Map(d, %q, %s, %s)", field, pathName(mem.Name), m.mapForm(mem.ref), m.elemReader(*ms.Value))
		case !ms.scalar():
			e.p("%s, _ = %s", field, m.readCall(mem.ref))
		case bit == "":
			e.p("%s = rt.Ptr(%s)", field, m.readCall(mem.ref))
		case track:
			e.p("%s, set = %s\nseen = rt.Mark(seen, %s, set)", field, m.readCall(mem.ref), bit)
		default:
			e.p("%s, _ = %s", field, m.readCall(mem.ref))
		}
	}
	e.p("default:\nd.Skip()\n}\n}")
}

// requiredBits gives each required scalar its bit: its value alone cannot tell
// absent from empty.
func (m *model) requiredBits(s *shape) map[string]string {
	bits := map[string]string{}
	for _, mem := range s.Members {
		if s.requires(mem.Name) && m.Shapes[mem.Shape].scalar() {
			bits[mem.Name] = "1<<" + strconv.Itoa(len(bits))
		}
	}
	if len(bits) > 64 {
		panic("more than 64 required scalars")
	}
	return bits
}

func (m *model) readCall(r ref) string {
	s := m.Shapes[r.Shape]
	if s.Type != "integer" {
		return m.elemReader(r) + "(d)"
	}
	if m.intRule(s) != "" && m.simple[r.Shape] {
		return "rt.Int(d, &rule" + r.Shape + ")"
	}
	return "rt.Int(d, nil)"
}

// elemReader is a func(*rt.Decoder) (T, bool).
func (m *model) elemReader(r ref) string {
	s := m.Shapes[r.Shape]
	switch s.Type {
	case "string":
		return "rt.String[" + m.goType(r.Shape) + "]"
	case "long":
		return "rt.Long"
	case "float", "double":
		return "rt.Double"
	case "boolean":
		return "rt.Bool"
	case "timestamp":
		if m.iso(r) {
			return "rt.TimestampISO"
		}
		return "rt.Timestamp"
	case "blob":
		return "rt.Blob"
	case "integer":
		return "func(d *rt.Decoder) (int64, bool) { return " + m.readCall(r) + " }"
	case "list":
		return fmt.Sprintf("func(d *rt.Decoder) (%s, bool) {\nv := rt.List(d, \"\", %s, %s)\nreturn v, v != nil\n}",
			m.goType(r.Shape), m.item(r), m.elemReader(*s.Member))
	case "map":
		return fmt.Sprintf("func(d *rt.Decoder) (%s, bool) {\nv := rt.Map(d, \"\", %s, %s)\nreturn v, v != nil\n}",
			m.goType(r.Shape), m.mapForm(r), m.elemReader(*s.Value))
	}
	if s.Document {
		return "rt.Doc"
	}
	return "rt.Struct[" + r.Shape + "]"
}

func (m *model) operationInput(name string) bool {
	for _, o := range m.Operations {
		if o.Input == name {
			return true
		}
	}
	return false
}

// findInputs collects the structures that a request body can hold.
func (m *model) findInputs() {
	m.inputs = map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		s := m.Shapes[name]
		if isStruct(s) {
			if m.inputs[name] {
				return
			}
			m.inputs[name] = true
		}
		for _, mem := range s.Members {
			visit(mem.Shape)
		}
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil {
				visit(r.Shape)
			}
		}
	}
	for _, o := range m.Operations {
		visit(o.Input)
	}
	m.simple = map[string]bool{}
	for _, name := range m.inputShapes() {
		m.simple[name] = true
	}
}
