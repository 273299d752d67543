package main

import "strings"

// emitEncode writes AppendJSON and MarshalJSON of the named structures.
func (m *model) emitEncode(e *emitter, names []string) {
	for _, name := range names {
		s := m.Shapes[name]
		e.p("// AppendJSON appends v as JSON; absent members are left out.")
		e.p("func (v *%s) AppendJSON(b []byte) []byte {", name)
		e.p("if v == nil {\nreturn append(b, \"null\"...)\n}")
		if len(s.Members) == 0 {
			e.p("return append(b, \"{}\"...)\n}\n")
		} else {
			e.p("start := len(b)")
			for _, mem := range s.Members {
				m.emitMember(e, mem, s.requires(mem.Name))
			}
			e.p("return rt.CloseObject(b, start)\n}\n")
		}
		e.p("// MarshalJSON returns what AppendJSON writes.")
		e.p("func (v %s) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }\n", name)
	}
}

func (m *model) emitMember(e *emitter, mem member, required bool) {
	s := m.Shapes[mem.Shape]
	field := "v." + fieldName(mem.Name)
	key := "append(b, `," + quoteKey(mem.Name) + ":`...)"
	if s.scalar() {
		if required {
			e.p("b = %s", m.appendScalar(s, field, key))
			return
		}
		e.p("if %s != nil {\nb = %s\n}", field, m.appendScalar(s, "*"+field, key))
		return
	}
	var expr string
	switch s.Type {
	case "list":
		expr = "rt.AppendList(" + key + ", " + field + ", " + m.elemAppender(s.Member.Shape) + ")"
	case "map":
		expr = "rt.AppendMap(" + key + ", " + field + ", " + m.elemAppender(s.Value.Shape) + ")"
	case "blob":
		expr = "rt.AppendBlob(&" + field + ", " + key + ")"
	default:
		expr = field + ".AppendJSON(" + key + ")"
	}
	if required && (s.Type == "list" || s.Type == "map") {
		e.p("b = %s", expr)
		return
	}
	e.p("if %s != nil {\nb = %s\n}", field, expr)
}

func (m *model) appendScalar(s *shape, value, key string) string {
	switch s.Type {
	case "string":
		if isEnum(s) {
			value = "string(" + value + ")"
		}
		return "rt.AppendString(" + key + ", " + value + ")"
	case "boolean":
		return "strconv.AppendBool(" + key + ", " + value + ")"
	case "integer", "long":
		return "strconv.AppendInt(" + key + ", " + value + ", 10)"
	case "timestamp":
		return strings.TrimPrefix(value, "*") + ".AppendJSON(" + key + ")"
	default:
		return "strconv.AppendFloat(" + key + ", " + value + ", 'g', -1, 64)"
	}
}

// elemAppender is a func(*T, []byte) []byte for list elements and map values.
func (m *model) elemAppender(name string) string {
	s := m.Shapes[name]
	switch s.Type {
	case "string":
		return "rt.AppendText[" + m.goType(name) + "]"
	case "integer", "long":
		return "rt.AppendInt"
	case "float", "double":
		return "rt.AppendDouble"
	case "boolean":
		return "rt.AppendBool"
	case "timestamp":
		return "rt.AppendTime"
	case "blob":
		return "rt.AppendBlob"
	case "list":
		return "func(v *" + m.goType(name) + ", b []byte) []byte { return rt.AppendList(b, *v, " + m.elemAppender(s.Member.Shape) + ") }"
	case "map":
		return "func(v *" + m.goType(name) + ", b []byte) []byte { return rt.AppendMap(b, *v, " + m.elemAppender(s.Value.Shape) + ") }"
	}
	if s.Document {
		return "rt.AppendDocument"
	}
	return "(*" + name + ").AppendJSON"
}
